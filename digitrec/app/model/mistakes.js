// A table whose cells can be chosen: with the pointer, a finger, or the arrow keys and Enter.
const WAYS = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
const SIDE = 10;

function step(cell, key) {
  const row = Math.floor(cell / SIDE);
  const column = cell % SIDE;
  if (key === "Home") return row * SIDE;
  if (key === "End") return row * SIDE + SIDE - 1;
  const [down, right] = WAYS[key];
  const clip = (place) => Math.min(Math.max(place, 0), SIDE - 1);
  return clip(row + down) * SIDE + clip(column + right);
}

function render({ model, el }) {
  const box = document.createElement("div");
  // It stays while the table comes and goes, so that what is put into it is read out.
  const said = document.createElement("p");
  said.className = "dr-announcement";
  said.setAttribute("role", "status");
  el.append(box, said);
  let stop = 0; // the one cell that the Tab key comes to

  const find = (cell) => box.querySelector(`[data-cell="${cell}"]`);
  const move = (cell) => {
    find(stop)?.setAttribute("tabindex", "-1");
    stop = cell;
    find(stop)?.setAttribute("tabindex", "0");
  };
  const mark = () => {
    const chosen = model.get("cell");
    for (const cell of box.querySelectorAll("[data-cell]")) {
      cell.setAttribute("aria-selected", String(Number(cell.dataset.cell) === chosen));
    }
    if (chosen >= 0) move(chosen);
  };
  const draw = () => {
    const inside = box.contains(document.activeElement);
    box.innerHTML = model.get("table");
    // JupyterLab would take the arrow keys, and asks what has the focus first.
    for (const cell of box.querySelectorAll("[data-cell]")) cell.dataset.lmSuppressShortcuts = "true";
    move(stop);
    mark();
    if (inside) find(stop)?.focus({ preventScroll: true });
  };
  const tell = () => { said.textContent = model.get("said"); };
  const choose = (cell) => {
    move(cell);
    model.set("cell", cell);
    model.save_changes();
  };

  box.addEventListener("click", ({ target }) => {
    const cell = target.closest("[data-cell]");
    if (cell) choose(Number(cell.dataset.cell));
  });
  box.addEventListener("keydown", (event) => {
    const cell = event.target.closest("[data-cell]");
    if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key in WAYS || event.key === "Home" || event.key === "End") {
      move(step(Number(cell.dataset.cell), event.key));
      find(stop).focus();
    } else if (event.key === "Enter" || event.key === " ") {
      choose(Number(cell.dataset.cell));
    } else {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  });

  model.on("change:table", draw);
  model.on("change:cell", mark);
  model.on("change:said", tell);
  draw();
  tell();
  return () => {
    model.off("change:table", draw);
    model.off("change:cell", mark);
    model.off("change:said", tell);
  };
}

export default { render };
