// What ipywidgets cannot say in Python: names and roles for screen readers.
const ATTRIBUTES = [
  [".dr-announcement", { role: "status", "aria-live": "polite", "aria-atomic": "true" }],
  [".dr-trouble", { role: "alert" }],
  [".dr-padside", { id: "digit-pad" }],
];

function findRoot(el, found) {
  const root = el.closest(".digitrec");
  if (root) found(root);
  else requestAnimationFrame(() => findRoot(el, found));
}

function render({ model, el }) {
  const ending = new AbortController();
  const { signal } = ending;
  let watcher = null;

  findRoot(el, (root) => {
    if (signal.aborted) return;
    const open = new Set();
    const mend = () => {
      for (const [selector, attributes] of ATTRIBUTES) {
        for (const node of root.querySelectorAll(selector)) {
          for (const [name, value] of Object.entries(attributes)) {
            if (node.getAttribute(name) !== value) node.setAttribute(name, value);
          }
        }
      }
      // A folded part that is written anew stays as the reader left it.
      for (const node of root.querySelectorAll("details[data-dr-key]")) {
        if (open.has(node.dataset.drKey)) node.open = true;
      }
    };
    watcher = new MutationObserver(mend);
    watcher.observe(root, { childList: true, subtree: true });
    mend();
    model.send({ event: "ready" });

    root.addEventListener("toggle", ({ target }) => {
      const key = target.dataset?.drKey;
      if (!key || !target.isConnected) return;
      if (target.open) open.add(key);
      else open.delete(key);
    }, { capture: true, signal });

    root.addEventListener("pointerdown", () => { root.dataset.drBy = "pointer"; }, { capture: true, signal });
    root.addEventListener("keydown", () => { root.dataset.drBy = "keyboard"; }, { capture: true, signal });

    root.addEventListener("click", (event) => {
      const link = event.target.closest?.("a[data-dr-jump]");
      if (!link) return;
      event.preventDefault();
      const canvas = root.querySelector(".dr-echo");
      const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
      canvas?.focus({ preventScroll: true });
      canvas?.scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "center" });
    }, { signal });
  });

  return () => {
    ending.abort();
    watcher?.disconnect();
  };
}

export default { render };
