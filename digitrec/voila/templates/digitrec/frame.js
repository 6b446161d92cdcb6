// What Voila's page does before and around the widgets: takes the outline away when there is
// something to see, and says so when the server can no longer be reached.
(() => {
  const root = document.documentElement;
  const isPad = root.classList.contains("frame-pad");
  const lost = document.getElementById("frame-lost");

  const showLost = (sentence) => {
    if (sentence) lost.firstElementChild.textContent = sentence;
    lost.hidden = false;
  };
  lost.querySelector("button").addEventListener("click", () => window.location.reload());

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
  window.voila_finish = () => {
    if (!isPad) show();
  };

  // The pad is there when its canvas is; an error in the notebook has to be seen instead.
  const watcher = new MutationObserver(() => {
    const cells = document.getElementById("rendered_cells");
    if (!cells) return;
    if (cells.querySelector('[data-mime-type$="stderr"], [data-mime-type$="error"]')) {
      show();
      showLost("The page could not start.");
    } else if (isPad && cells.querySelector("canvas")) {
      requestAnimationFrame(show);
    }
  });
  watcher.observe(root, { childList: true, subtree: true });

  // JupyterLab's style sheets look at this attribute of the body.
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const follow = () => {
    document.body.dataset.jpThemeLight = String(!dark.matches);
    document.body.dataset.jpThemeName = dark.matches ? "JupyterLab Dark" : "JupyterLab Light";
  };
  follow();
  dark.addEventListener("change", follow);

  // Voila itself does not say when its kernel is gone. Everything the page and the kernel say to
  // each other goes through one web socket, so that one is watched: closed for longer than a
  // reconnection takes, or a kernel that had to be started anew and knows nothing of this page.
  const patience = 4000;
  let leaving = false;
  let open = 0;
  let timer = null;
  window.addEventListener("pagehide", () => { leaving = true; });
  window.addEventListener("pageshow", () => { leaving = false; });
  const decoder = new TextDecoder();
  const gone = /"execution_state":\s*"(restarting|autorestarting|dead)"/;
  const listen = ({ data }) => {
    let text = "";
    if (typeof data === "string") text = data.length < 4096 ? data : "";
    else if (data instanceof ArrayBuffer && data.byteLength < 4096) text = decoder.decode(data);
    if (gone.test(text)) showLost();
  };
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(url, protocols) {
      super(url, protocols);
      if (!/\/api\/kernels\/[^/]+\/channels/.test(String(url))) return;
      this.addEventListener("open", () => {
        open += 1;
        clearTimeout(timer);
      });
      this.addEventListener("message", listen);
      let counted = false;
      this.addEventListener("open", () => { counted = true; });
      this.addEventListener("close", () => {
        if (counted) open -= 1;
        if (leaving || open > 0) return;
        clearTimeout(timer);
        timer = setTimeout(() => { if (open === 0 && !leaving) showLost(); }, patience);
      });
    }
  };
})();
