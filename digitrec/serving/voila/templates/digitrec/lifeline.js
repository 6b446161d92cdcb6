// Says when the page has lost its kernel, and why a line to it does not open. Voila itself does not:
// its page would show "Starting…", or a pad that never answers, for ever. Everything that page and
// kernel say to each other goes through one web socket, the line, so that is what is watched here.
(() => {
  const EVERY = 1500; // milliseconds between two looks
  const QUIET = 3; // looks without a word from the kernel, after which it is asked whether it is there
  const OWING = 7; // looks for which it may owe the answer: one that is busy takes some seconds
  const CLOSED = 3; // looks without a line, after which the server is asked: JupyterLab may open another
  const OPENING = 5; // looks for which a line may be opening: the server waits for the kernel meanwhile
  const LIMIT = 5000; // milliseconds in which it has to answer
  const LATE = 4 * EVERY; // a look that comes later than this follows a sleep, and nothing is to be read from it
  const LOST = "Lost touch with the server.";

  // anywidget (up to 0.11) gives a widget up for good whose script has not begun within two seconds. A
  // slow phone needs longer, and its pad would never take ink.
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (milliseconds) => timeout(milliseconds === 2000 ? 60_000 : milliseconds);

  const notice = document.getElementById("frame-lost");
  const [text, button] = notice.children;
  let isFinal = false; // what is said now does not become untrue
  button.addEventListener("click", () => window.location.reload());

  const say = (sentence, { reload = true, final = false } = {}) => {
    text.textContent = sentence;
    button.hidden = !reload;
    isFinal = final;
    notice.hidden = false;
  };

  let leaving = false;
  window.addEventListener("pagehide", () => { leaving = true; });
  window.addEventListener("pageshow", () => { leaving = false; });

  // ---- The line
  let line = null; // the web socket to the kernel that is open
  let opening = false; // whether another is on the way,
  let tried = 0; // and for how many looks
  let closed = 0; // looks without a line
  let quiet = 0; // looks since the kernel was heard
  let owing = null; // looks since it was asked
  let heard = false; // ever
  let refused = false; // a line was tried, and ended before the kernel was heard

  const decoder = new TextDecoder();
  const dead = /"execution_state":\s*"(restarting|autorestarting|dead)"/;
  const hear = ({ data }) => {
    let words = "";
    if (typeof data === "string") words = data.length < 4096 ? data : "";
    else if (data instanceof ArrayBuffer && data.byteLength < 4096) words = decoder.decode(data);
    if (dead.test(words)) {
      say(LOST, { final: true });
      return;
    }
    heard = true;
    quiet = 0;
    owing = null;
    // Late, but there again, and with the kernel that it had: nothing was lost.
    if (!isFinal) notice.hidden = true;
  };

  // Jupyter's own question whether somebody is there, in the two forms that a web socket may have.
  // It does not count as use, so that a server still sees which kernels nobody uses.
  let numAsked = 0;
  const ask = () => {
    owing = 0;
    numAsked += 1;
    const header = {
      msg_id: `lifeline-${numAsked}`, msg_type: "kernel_info_request", session: "lifeline",
      username: "", date: new Date().toISOString(), version: "5.3",
    };
    if (line.protocol === "") {
      const empty = { parent_header: {}, metadata: {}, content: {}, buffers: [] };
      line.send(JSON.stringify({ channel: "shell", header, ...empty }));
      return;
    }
    const parts = ["shell", JSON.stringify(header), "{}", "{}", "{}"]; // all of it ASCII
    const offsets = [8 * (parts.length + 2)];
    for (const part of parts) offsets.push(offsets.at(-1) + part.length);
    const message = new Uint8Array(offsets.at(-1));
    const view = new DataView(message.buffer);
    [offsets.length, ...offsets].forEach((number, place) => view.setUint32(8 * place, number, true));
    message.set(new TextEncoder().encode(parts.join("")), offsets[0]);
    line.send(message);
  };

  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(url, protocols) {
      super(url, protocols);
      if (!/\/api\/kernels\/[^/]+\/channels/.test(String(url))) return;
      opening = true;
      tried = 0;
      this.addEventListener("message", hear);
      this.addEventListener("open", () => {
        opening = false;
        line = this;
        closed = 0;
        quiet = 0;
        ask();
      });
      this.addEventListener("close", () => {
        opening = false;
        // JupyterLab tries again, without what a proxy may have dropped; that may take its time.
        if (!heard && !refused) closed = 0;
        refused = !heard;
        if (line === this) line = null;
      });
    }
  };

  // ---- The looks
  const kernel = () => {
    try {
      const { baseUrl, kernelId } = JSON.parse(document.getElementById("jupyter-config-data").textContent);
      return { base: baseUrl, id: kernelId };
    } catch {
      return null; // the page has not come so far
    }
  };
  // On a hub a page has to show its cookie to be told anything, as JupyterLab's own requests do.
  const get = (where) => {
    const token = document.cookie.match(/(?:^|; )_xsrf=([^;]*)/);
    const headers = token ? { "X-XSRFToken": decodeURIComponent(token[1]) } : {};
    return fetch(where, { cache: "no-store", redirect: "error", headers, signal: AbortSignal.timeout(LIMIT) });
  };

  // What to say about a page without a line, if anything.
  const why = async () => {
    const { base, id } = kernel();
    try {
      if (heard) return [LOST];
      if (opening && tried < OPENING) return null;
      if (refused) {
        const answer = await get(`${base}line/${id}?origin=${encodeURIComponent(location.origin)}`);
        const { says, reload } = await answer.json();
        return answer.ok ? [says, { reload }] : [LOST];
      }
      const { ok, status } = await get(`${base}api/kernels/${id}`);
      if (status === 404) return [LOST, { final: true }];
      return ok && tried < OPENING ? null : [LOST];
    } catch {
      return [LOST];
    }
  };

  let before = performance.now();
  let isAsking = false;
  const look = async () => {
    const now = performance.now();
    const late = now - before > LATE;
    before = now;
    // In the background browsers hold back timers, and a machine that slept has heard nothing.
    if (document.hidden || late || leaving) {
      [tried, closed, quiet, owing] = [0, 0, 0, null];
      return;
    }
    if (line) {
      quiet += 1;
      if (owing !== null) owing += 1;
      else if (quiet >= QUIET) ask();
      if (owing > OWING && notice.hidden) say(LOST);
      return;
    }
    closed += 1;
    if (opening) tried += 1;
    if (closed < CLOSED || !notice.hidden || isAsking || !kernel()) return;
    closed = 0;
    isAsking = true;
    const found = await why();
    isAsking = false;
    if (found && !line && !leaving && notice.hidden) say(...found);
  };
  setInterval(look, EVERY);

  const giveUp = () => {
    if (!leaving) say("The page could not start.", { final: true });
  };
  // A program of the page that does not come is not asked for again.
  window.addEventListener("error", ({ target }) => {
    if (target instanceof HTMLScriptElement && !heard) giveUp();
  }, { capture: true });

  window.digitrecLifeline = { giveUp };
})();
