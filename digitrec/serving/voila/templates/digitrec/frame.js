// What Voila's page does before and around the widgets: takes the outline away when there is
// something to see, and names what has no name.
(() => {
  const root = document.documentElement;
  const isPad = root.classList.contains("frame-pad");
  const { giveUp } = window.digitrecLifeline;

  // Voila calls these by name while it sends the page.
  window.voila_heartbeat = () => {};
  window.voila_process = () => {};
  let ready = false;
  const show = () => {
    if (ready) return;
    ready = true;
    watcher.disconnect();
    root.classList.add("frame-ready");
  };
  // The overlay asked for the ink before, and has it by then.
  const reveal = () => {
    const early = window.digitrecEarly;
    early.whenLifted(() => requestAnimationFrame(() => (early.isDrawing() ? reveal() : show())));
  };
  let whole = false;
  window.voila_finish = () => {
    whole = true;
    if (!isPad) show();
  };
  // What made the page died on the way, or the connection broke off: no more will come.
  document.addEventListener("DOMContentLoaded", () => {
    if (!whole) giveUp();
  });

  // The pad is there when it takes ink; a line that was begun on the outline is ended there first.
  // An error in the notebook has to be seen instead.
  const watcher = new MutationObserver(() => {
    const cells = document.getElementById("rendered_cells");
    if (!cells) return;
    if (cells.querySelector('[data-mime-type$="stderr"], [data-mime-type$="error"]')) {
      show();
      giveUp();
    } else if (isPad && cells.querySelector(".dr-echo")) {
      watcher.disconnect();
      reveal();
    }
  });
  watcher.observe(root, { childList: true, subtree: true });

  // A picture that misses the pad must not take its place: browsers open what is dropped on a page.
  for (const kind of ["dragover", "drop"]) {
    window.addEventListener(kind, (event) => {
      if (!event.dataTransfer?.types.includes("Files") || event.defaultPrevented) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = "none";
    });
  }

  // What ipywidgets and notebooks leave without a name, screen readers call after what is written
  // beside it: a slider after its label, a figure after the heading that it stands below.
  const name = () => {
    for (const handle of document.querySelectorAll(".noUi-handle[role=slider]:not([aria-label])")) {
      const label = handle.closest(".widget-slider")?.querySelector(".widget-label")?.textContent;
      if (label) handle.setAttribute("aria-label", label);
    }
    const headings = [...document.querySelectorAll("#rendered_cells :is(h1, h2, h3)")];
    for (const image of document.querySelectorAll("#rendered_cells img:not([alt])")) {
      const above = headings.findLast((heading) =>
        heading.compareDocumentPosition(image) & Node.DOCUMENT_POSITION_FOLLOWING);
      const title = above?.firstChild?.textContent.trim();
      image.alt = title ? `A figure to “${title}”` : "A figure";
    }
    // On a phone, wide tables scroll sideways; the arrow keys have to reach them, too.
    const wide = "#rendered_cells div[style*=overflow-x]:not([tabindex])";
    for (const part of document.querySelectorAll(wide)) part.tabIndex = 0;
  };
  if (!isPad) new MutationObserver(name).observe(root, { childList: true, subtree: true });

  // JupyterLab's style sheets look at this attribute of the body.
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    document.body.dataset.jpThemeLight = String(!dark.matches);
    document.body.dataset.jpThemeName = dark.matches ? "JupyterLab Dark" : "JupyterLab Light";
  };
  follow();
  dark.addEventListener("change", follow);
})();
