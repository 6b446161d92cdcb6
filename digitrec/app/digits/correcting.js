// "It was a …": ten buttons in a row that may wrap, and a line that takes the same room.
let number = 0;

function render({ model, el }) {
  const make = (name, properties, ...children) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };
  const id = `dr-correcting-${(number += 1)}`;
  const name = make("span", { id, className: "dr-correcting-name", textContent: "It was a …" });
  const digits = Array.from({ length: 10 }, (_, digit) => {
    const button = make("button", { type: "button", className: "dr-button", textContent: digit });
    button.setAttribute("aria-label", `It was ${digit === 8 ? "an" : "a"} ${digit}`);
    button.addEventListener("click", () => model.send({ event: "label", digit }));
    return button;
  });
  const group = make("div", { className: "dr-correcting-digits" }, ...digits);
  group.setAttribute("role", "group");
  group.setAttribute("aria-labelledby", id);
  const said = make("span", { className: "dr-correcting-said" });
  said.setAttribute("role", "status");
  const undo = make("button", {
    type: "button", className: "dr-button dr-quiet dr-correcting-undo", textContent: "Take it back",
  });
  undo.addEventListener("click", () => model.send({ event: "undo" }));
  const line = make("div", { className: "dr-correcting-line" }, said, undo);
  el.classList.add("dr-correcting");
  el.append(name, group, line);

  const show = () => {
    const noted = model.get("label");
    digits.forEach((button, digit) => {
      button.disabled = !model.get("ready");
      button.setAttribute("aria-pressed", String(noted === digit));
    });
    const undoable = model.get("undoable");
    // A button that goes while it has the focus would lose the keyboard's place.
    if (!undoable && document.activeElement === undo) digits[noted ?? 0].focus();
    undo.classList.toggle("dr-unseen", !undoable);
    const words = model.get("said")
      || (noted === null ? "" : `You said that this is ${noted === 8 ? "an" : "a"} ${noted}.`);
    if (said.textContent !== words) said.textContent = words;
  };
  model.on("change", show);
  show();
  return () => model.off("change", show);
}

export default { render };
