// A drawing whose marked parts can be chosen: with the pointer, a finger or the arrow keys.
const SVG = "http://www.w3.org/2000/svg";
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
let pickers = 0;

function middle(part) {
  const { left, top, width, height } = part.getBoundingClientRect();
  return [left + width / 2, top + height / 2];
}

function least(parts, cost) {
  let best = null;
  let lowest = Infinity;
  for (const part of parts) {
    const price = cost(part);
    if (price < lowest) [best, lowest] = [part, price];
  }
  return best;
}

function render({ model, el }) {
  const name = `digitrec-picker-${(pickers += 1)}`;
  const box = document.createElement("div");
  box.className = "digitrec-picker";
  box.tabIndex = 0;
  box.setAttribute("role", "listbox");
  box.dataset.lmSuppressShortcuts = "true"; // JupyterLab would take the arrow keys
  el.append(box);
  let parts = [];
  let frame = [];

  const draw = () => {
    box.innerHTML = model.get("svg");
    box.setAttribute("aria-label", model.get("words"));
    parts = [...box.querySelectorAll("[data-value]")];
    for (const part of parts) part.id = `${name}-${part.dataset.value}`;
    frame = ["#000000", "#ffd600"].map((colour, place) => {
      const line = document.createElementNS(SVG, "rect");
      line.setAttribute("fill", "none");
      line.setAttribute("stroke", colour);
      line.setAttribute("stroke-width", place ? 2 : 4);
      line.setAttribute("pointer-events", "none");
      box.firstElementChild.append(line);
      return line;
    });
    mark();
  };

  const chosen = () => parts.find((part) => Number(part.dataset.value) === model.get("value"));

  const mark = () => {
    for (const part of parts) part.setAttribute("aria-selected", part === chosen());
    const part = chosen();
    for (const line of frame) line.style.display = part ? "" : "none";
    if (!part) return;
    box.setAttribute("aria-activedescendant", part.id);
    const { x, y, width, height } = part.getBBox();
    for (const line of frame) {
      for (const [key, value] of Object.entries({ x, y, width, height })) {
        line.setAttribute(key, value);
      }
    }
  };

  const choose = (part) => {
    if (!part || part === chosen()) return;
    model.set("value", Number(part.dataset.value));
    model.save_changes();
  };

  const pointAt = (event) => {
    choose(
      least(parts, (part) => {
        const [x, y] = middle(part);
        return Math.hypot(x - event.clientX, y - event.clientY);
      }),
    );
  };

  // The next part in a direction: no farther aside than ahead, and rather straight ahead.
  const step = ([right, down]) => {
    const here = chosen();
    if (!here) return parts[0];
    const [fromX, fromY] = middle(here);
    return least(parts, (part) => {
      const [x, y] = middle(part);
      const ahead = (x - fromX) * right + (y - fromY) * down;
      const aside = Math.abs((x - fromX) * down) + Math.abs((y - fromY) * right);
      return part !== here && ahead > 0.5 && aside <= ahead ? ahead + 2 * aside : Infinity;
    });
  };

  let moved = null;
  box.addEventListener("click", pointAt);
  box.addEventListener("pointermove", (event) => {
    if (!model.get("hover") || event.pointerType === "touch") return;
    if (!moved) {
      requestAnimationFrame(() => {
        pointAt(moved);
        moved = null;
      });
    }
    moved = event;
  });
  box.addEventListener("keydown", (event) => {
    if (!(event.key in WAYS)) return;
    event.preventDefault();
    event.stopPropagation();
    choose(step(WAYS[event.key]));
  });

  model.on("change:svg", draw);
  model.on("change:value", mark);
  draw();
  // What is drawn before it is in the page has no size yet, and so no frame.
  const watcher = new ResizeObserver(mark);
  watcher.observe(box);
  return () => {
    watcher.disconnect();
    model.off("change:svg", draw);
    model.off("change:value", mark);
  };
}

export default { render };
