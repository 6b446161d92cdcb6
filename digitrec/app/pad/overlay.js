// Ink under the pen. The kernel may be busy or far away: what is drawn appears here at once, goes
// to the kernel in numbered batches, and is cleared when ipycanvas, below, has painted it.
const SIDE = 300;
const PEN_WIDTH = 18;
const GATHER = 64; // milliseconds for which points are gathered into a batch
const PATIENCE = 2000; // milliseconds without an answer after which batches are sent again
const MOST_PATIENCE = 30000; // and at most, since a busy kernel answers late
const LONGEST_SIDE = 1200; // of a picture that is sent, pixels
const MOST_BYTES = 20e6; // of a file that is chosen
const MOST_UNREAD = 8e6; // of one that this browser cannot read, but the kernel might
const MOST_PNG = 1.5e6;
const REST = 150; // milliseconds without a point after which the last ones are to be answered, too
const STEP = 4; // of an arrow key, pixels
const LONG_STEP = 20; // and together with Shift

const LABEL = "Drawing pad. Draw a digit with mouse, finger or pen, or with the keyboard: arrow keys move, "
  + "with Shift faster, Space puts the pen down and lifts it, Enter predicts, Delete clears.";

const clip = (value) => Math.min(Math.max(value, 0), SIDE);
const short = (value) => Math.round(value * 100) / 100;
const inside = ([x, y]) => x >= 0 && y >= 0 && x <= SIDE && y <= SIDE;

// Where the way from a point on the pad to one beside it crosses the edge.
function edge([x, y], [u, v]) {
  let share = 1;
  if (u < 0) share = Math.min(share, x / (x - u));
  if (u > SIDE) share = Math.min(share, (SIDE - x) / (u - x));
  if (v < 0) share = Math.min(share, y / (y - v));
  if (v > SIDE) share = Math.min(share, (SIDE - y) / (v - y));
  return [clip(x + share * (u - x)), clip(y + share * (v - y))];
}

// The strokes that a list of actions makes of others.
function applied(strokes, actions) {
  let after = strokes;
  for (const [name, points] of actions) {
    if (name === "hello") after = points;
    else if (name === "down") after = [...after, points];
    else if (name === "move" && after.length) after = [...after.slice(0, -1), [...after.at(-1), ...points]];
    else if (name === "undo") after = after.slice(0, -1);
    else if (name === "clear" || name === "picture") after = [];
  }
  return after;
}

// Numbers batches, keeps them until they are taken, and sends again what may have been lost.
class Line {
  constructor(send, pen) {
    this.send = send;
    this.pen = pen;
    this.batches = [];
    this.actions = [];
    this.number = 0;
    this.taken = 0; // by the kernel
    this.shown = 0; // by ipycanvas
    this.kept = 0; // in the kernel's last list of all ink
    this.patience = PATIENCE;
    this.clock = setInterval(() => this.sendAgain(), PATIENCE / 4);
  }

  act(name, value, ...more) {
    const last = this.actions.at(-1);
    if (name === "move" && (last?.[0] === "down" || last?.[0] === "move")) last[1].push(...value);
    else this.actions.push(value === undefined ? [name] : [name, value, ...more]);
    this.timer ??= setTimeout(() => this.flush(), GATHER);
  }

  flush(buffers = []) {
    clearTimeout(this.timer);
    this.timer = null;
    if (!this.actions.length) return;
    this.number += 1;
    const batch = { number: this.number, actions: this.actions, buffers };
    this.actions = [];
    if (!this.waiting().length) this.heard = performance.now();
    this.batches.push(batch);
    this.post(batch);
  }

  post({ number, actions, buffers }) {
    try {
      this.send({ pen: this.pen, number, do: actions }, buffers);
    } catch {
      // No connection: it is sent again until there is one.
    }
  }

  waiting() {
    return this.batches.filter(({ number }) => number > this.taken);
  }

  sendAgain() {
    const waiting = this.waiting();
    if (!waiting.length || performance.now() - this.heard < this.patience) return;
    this.heard = performance.now();
    this.patience = Math.min(2 * this.patience, MOST_PATIENCE);
    for (const batch of waiting) this.post(batch);
  }

  hear(taken) {
    if (taken <= this.taken) return;
    this.taken = taken;
    this.heard = performance.now();
    this.patience = PATIENCE;
  }

  forget() {
    const done = Math.min(this.taken, this.shown, this.kept);
    this.batches = this.batches.filter(({ number }) => number > done);
  }

  // What was done after a batch.
  since(number) {
    return [...this.batches.filter((batch) => batch.number > number).flatMap(({ actions }) => actions), ...this.actions];
  }

  end() {
    this.flush();
    clearInterval(this.clock);
  }
}

// The ink that ipycanvas has not painted yet.
class Echo {
  constructor(canvas) {
    this.context = canvas.getContext("2d");
    Object.assign(this.context, {
      fillStyle: "#fff", strokeStyle: "#fff", lineWidth: PEN_WIDTH, lineCap: "round", lineJoin: "round",
    });
  }

  line(points) {
    const { context } = this;
    context.beginPath();
    if (points.length === 1) {
      context.arc(...points[0], PEN_WIDTH / 2, 0, 2 * Math.PI);
      context.fill();
      return;
    }
    context.moveTo(...points[0]);
    for (const point of points.slice(1)) context.lineTo(...point);
    context.stroke();
  }

  // Paints a list of actions anew, the first of which may go on with a stroke that ends in `from`.
  again(actions, from) {
    this.context.clearRect(0, 0, SIDE, SIDE);
    let last = from;
    for (const [name, points] of actions) {
      if (name === "hello") points.filter((stroke) => stroke.length).forEach((stroke) => this.line(stroke));
      if ((name !== "down" && name !== "move") || !points.length) continue;
      this.line(name === "move" && last ? [last, ...points] : points);
      last = points.at(-1);
    }
  }
}

// What this tab keeps over a reload; a browser may forbid that, or have no room.
class Shelf {
  constructor(name) {
    this.key = name && `digitrec:${name}:${location.pathname}`;
  }

  read() {
    try {
      const found = JSON.parse(sessionStorage.getItem(this.key) ?? "{}");
      const strokes = Array.isArray(found.strokes) ? found.strokes.filter(Array.isArray) : [];
      const real = ([x, y]) => Number.isFinite(x) && Number.isFinite(y);
      return { strokes: strokes.map((stroke) => stroke.filter((p) => Array.isArray(p) && real(p))), picture: found.picture };
    } catch {
      return { strokes: [] };
    }
  }

  write(strokes, picture) {
    if (!this.key) return;
    try {
      if (strokes.length || picture) sessionStorage.setItem(this.key, JSON.stringify({ strokes, picture }));
      else sessionStorage.removeItem(this.key);
    } catch {
      // The ink is on the page and in the kernel all the same.
    }
  }
}

const toBytes = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));

async function toBase64(blob) {
  const reader = new FileReader();
  await new Promise((resolve, reject) => {
    Object.assign(reader, { onload: resolve, onerror: reject });
    reader.readAsDataURL(blob);
  });
  return reader.result.split(",")[1];
}

// A picture made small enough to travel; as it is when this browser cannot read it.
async function shrunk(file) {
  const url = URL.createObjectURL(file);
  try {
    const image = new Image();
    image.src = url;
    await image.decode();
    const [width, height] = [image.naturalWidth || SIDE, image.naturalHeight || SIDE];
    const factor = Math.min(1, LONGEST_SIDE / Math.max(width, height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.max(1, Math.round(width * factor));
    canvas.height = Math.max(1, Math.round(height * factor));
    const context = canvas.getContext("2d");
    const blob = (type) => new Promise((resolve) => canvas.toBlob(resolve, type, 0.92));
    context.drawImage(image, 0, 0, canvas.width, canvas.height);
    const png = await blob("image/png");
    if (png.size <= MOST_PNG) return png;
    context.globalCompositeOperation = "destination-over";
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    return await blob("image/jpeg");
  } catch {
    return file;
  } finally {
    URL.revokeObjectURL(url);
  }
}

function render({ model, el }) {
  const ending = new AbortController();
  const { signal } = ending;
  const pen = Array.from(crypto.getRandomValues(new Uint32Array(3)), (part) => part.toString(36)).join("");
  const shelf = new Shelf(model.get("name"));

  el.classList.add("dr-overlay");
  el.innerHTML = '<p class="dr-hint" aria-hidden="true">Draw a digit<br>from 0 to 9</p>'
    + `<canvas class="dr-echo" width="${SIDE}" height="${SIDE}" tabindex="0" role="application"></canvas>`
    + '<span class="dr-cursor" aria-hidden="true" hidden></span><span class="dr-pen-said" role="status"></span>';
  const [hint, canvas, cursor, said] = el.children;
  // JupyterLab has other plans for arrows, Space and Delete, unless this stands at what has the focus.
  canvas.dataset.lmSuppressShortcuts = "true";
  canvas.setAttribute("aria-label", LABEL);
  const echo = new Echo(canvas);
  const line = new Line((content, buffers) => model.send(content, undefined, buffers), pen);

  // ---- What the kernel has, and what it has not yet
  let ink = []; // in the kernel's last list
  let picture = null; // its number, there
  const pictures = new Map(); // what this page sent: number to base64
  let frame = 0;
  let anchor = null; // the last point that ipycanvas has
  let stroke = null; // the last point, while the pen is down
  let pointer = null; // of several fingers the first draws
  let last = null; // where that one was
  let greeted = false; // the kernel was offered what there was before

  const save = () => {
    if (!shelf.key || !greeted) return;
    const news = line.since(line.kept);
    // Another view of this pad may have sent it, and has kept it then.
    if (!news.length && picture !== null && !pictures.has(picture)) return;
    const strokes = applied(ink, news);
    const shown = strokes.length || news.some(([name]) => name === "clear" || name === "undo") ? null : picture;
    shelf.write(strokes, pictures.has(shown) ? { number: shown, base64: pictures.get(shown) } : undefined);
  };

  const mark = () => {
    const fresh = line.since(line.shown).some(([name, value, picture]) => name === "down" || (name === "hello" && (value.length || picture)));
    hint.classList.toggle("dr-gone", fresh || stroke !== null || !model.get("empty"));
    el.dataset.waiting = line.waiting().length + (line.actions.length ? 1 : 0);
  };

  const settle = () => {
    frame = 0;
    // The last point of what goes is the first of the line that stays.
    let from = null;
    for (const { number, actions } of line.batches) {
      if (number > line.taken) break;
      for (const [name, points] of actions) if (name === "down" || name === "move") from = points.at(-1) ?? from;
    }
    line.shown = line.taken;
    if (from) anchor = from;
    echo.again(line.since(line.shown), anchor);
    line.forget();
    mark();
  };

  const hear = (message) => {
    const taken = message?.taken?.[pen];
    if (!Number.isInteger(taken)) return;
    line.hear(taken);
    if (message.ink) {
      [ink, picture] = [message.ink, message.picture];
      line.kept = taken;
      save();
    } else if (!shelf.key) {
      line.kept = taken;
    }
    // ipycanvas has heard of this ink before, and has painted it by the next frame.
    frame ||= requestAnimationFrame(settle);
    if (document.hidden) settle();
  };
  model.on("msg:custom", hear);
  model.on("change:empty", mark);

  // ---- The pen
  let resting = 0;
  const rest = () => {
    clearTimeout(resting);
    resting = setTimeout(() => line.act("move", []), REST);
  };
  const begin = (point) => {
    stroke = point.map(short);
    echo.line([stroke]);
    line.act("down", [stroke]);
    rest();
    mark();
  };
  const goOn = (point) => {
    const next = point.map(short);
    if (next[0] === stroke[0] && next[1] === stroke[1]) return;
    echo.line([stroke, next]);
    line.act("move", [next]);
    rest();
    stroke = next;
  };
  const lift = () => {
    if (stroke === null) return;
    clearTimeout(resting);
    stroke = null;
    line.act("up");
    line.flush();
    mark();
    save();
  };
  const command = (name, value) => {
    lift();
    pointer = null;
    line.act(name, value);
    line.flush();
    mark();
  };

  const place = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [(clientX - left) * SIDE / width, (clientY - top) * SIDE / height];
  };
  const to = (point) => {
    if (inside(point)) {
      if (stroke) goOn(point);
      else {
        if (last && !inside(last)) begin(edge(point, last));
        if (stroke) goOn(point);
        else begin(point);
      }
    } else if (stroke) {
      goOn(edge(stroke, point));
      lift();
    }
    last = point;
  };
  const listen = (node, name, handle, options = {}) => node.addEventListener(name, handle, { signal, ...options });

  listen(canvas, "pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    event.preventDefault();
    lift();
    cursor.hidden = true;
    el.classList.add("dr-by-pointer");
    canvas.focus({ preventScroll: true });
    pointer = event.pointerId;
    try {
      canvas.setPointerCapture(pointer);
    } catch {
      // It was let go in the meantime.
    }
    last = null;
    to(place(event).map(clip));
  });
  listen(canvas, "pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const each of all.length ? all : [event]) to(place(each));
  });
  const letGo = (event) => {
    if (event.pointerId !== pointer) return;
    if (event.type === "pointerup") to(place(event));
    pointer = null;
    lift();
  };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) listen(canvas, name, letGo);
  // Without this an iPhone selects text, or zooms, under a finger that draws.
  listen(canvas, "touchstart", (event) => event.preventDefault(), { passive: false });

  // ---- The keyboard
  let at = [SIDE / 2, SIDE / 2];
  const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const showCursor = () => {
    cursor.hidden = false;
    cursor.style.transform = `translate(${at[0]}px, ${at[1]}px)`;
    cursor.classList.toggle("dr-down", stroke !== null);
  };
  const keys = {
    " ": () => {
      if (stroke) lift();
      else begin(at);
      said.textContent = stroke ? "Pen down." : "Pen up.";
      showCursor();
    },
    Enter: () => command("predict"),
    Delete: () => command("clear"),
    Backspace: () => command("clear"),
    Escape: () => command("clear"),
  };
  const press = (event) => {
    el.classList.remove("dr-by-pointer");
    const { key, target, shiftKey } = event;
    const control = event.ctrlKey || event.metaKey;
    let act = null;
    if (control && !event.altKey) {
      const letter = key.toLowerCase();
      if (letter === "z") act = () => command(shiftKey ? "redo" : "undo");
      if (letter === "y" && !shiftKey) act = () => command("redo");
    } else if (target === canvas && !event.altKey && pointer === null) {
      const way = ARROWS[key];
      if (way) {
        act = () => {
          at = at.map((value, axis) => clip(value + way[axis] * (shiftKey ? LONG_STEP : STEP)));
          if (stroke) goOn(at);
          showCursor();
        };
      } else if (!event.repeat) act = keys[key] ?? null;
    }
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
    if (stroke === null) cursor.classList.remove("dr-down");
  };
  listen(canvas, "blur", () => {
    if (pointer === null) lift();
    cursor.hidden = true;
  });

  // ---- Pictures
  let numbers = Date.now(); // other than those of the page before a reload
  const take = async (file) => {
    lift();
    let why = file.size > MOST_BYTES ? "too large" : null;
    const blob = why ? null : await shrunk(file);
    if (blob === file && file.size > MOST_UNREAD) why = "no picture";
    if (signal.aborted) return;
    if (why) {
      command("refuse", why);
      return;
    }
    const base64 = await toBase64(blob).catch(() => null);
    if (base64 === null) return;
    numbers += 1;
    pictures.set(numbers, base64);
    if (pictures.size > 4) pictures.delete(pictures.keys().next().value);
    line.flush();
    line.act("picture", numbers);
    line.flush([toBytes(base64)]);
    mark();
  };
  const pictureIn = (transfer) => [...(transfer?.files ?? [])][0];
  const chooser = document.createElement("input");
  Object.assign(chooser, { type: "file", accept: "image/*", hidden: true, tabIndex: -1 });
  listen(chooser, "change", () => {
    if (chooser.files[0]) take(chooser.files[0]);
    chooser.value = "";
  });

  // ---- What is around, once it is there
  let side = null; // the pad with its buttons
  const grey = () => {
    for (const name of ["undo", "redo"]) {
      // Not disabled, which would take the focus away.
      side?.querySelector(`.dr-${name}`)?.setAttribute("aria-disabled", String(!model.get(`can_${name}`)));
    }
  };
  const watcher = new MutationObserver(grey);
  model.on("change:can_undo change:can_redo", grey);
  const settleIn = () => {
    if (signal.aborted) return;
    const box = el.parentElement;
    if (!el.isConnected || !box?.querySelector(".dr-canvas")) {
      requestAnimationFrame(settleIn);
      return;
    }
    // The canvas below is only looked at: this one has the name and the focus.
    const below = box.querySelector(".dr-canvas");
    below.tabIndex = -1;
    below.setAttribute("aria-hidden", "true");
    side = el.closest(".dr-padside") ?? box;
    listen(side, "keydown", press, { capture: true });
    watcher.observe(side, { childList: true, subtree: true });
    grey();

    if (!model.get("pictures")) return;
    el.append(chooser);
    listen(side, "click", (event) => {
      if (event.target.closest?.(".dr-choose")) chooser.click();
    });
    const over = (event) => {
      if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
      event.preventDefault();
      event.stopPropagation();
      box.classList.toggle("dr-drop", event.type === "dragover");
      const file = event.type === "drop" && pictureIn(event.dataTransfer);
      if (file) take(file);
    };
    for (const name of ["dragover", "drop", "dragleave"]) listen(side, name, over);
    listen(document, "paste", (event) => {
      const active = document.activeElement;
      const file = pictureIn(event.clipboardData);
      if (!file || (active !== document.body && !side.contains(active))) return;
      event.preventDefault();
      take(file);
    });
  };

  // ---- Hello: the ink from before a reload, or from before this was there, is offered to the kernel
  const greet = (early) => {
    if (signal.aborted) return;
    greeted = true;
    const before = early?.strokes.length ? { strokes: early.strokes } : shelf.read();
    const { number, base64 } = before.picture ?? {};
    let buffers = [];
    if (Number.isInteger(number) && typeof base64 === "string") {
      try {
        buffers = [toBytes(base64)];
        pictures.set(number, base64);
      } catch {
        // No base64, and so no picture.
      }
    }
    line.act("hello", before.strokes, buffers.length ? number : null);
    echo.again(line.actions, null);
    line.flush(buffers);
    mark();
  };
  // On its own page the outline of the pad takes ink first, until it has gone.
  const goOnWith = (early) => {
    let num = early.strokes.length;
    early.onLift = () => {
      const strokes = early.strokes.slice(num);
      if (signal.aborted || !strokes.length) return;
      num += strokes.length;
      for (const [first, ...rest] of strokes) {
        line.act("down", [first]);
        if (rest.length) line.act("move", rest);
        line.act("up");
      }
      line.flush();
      echo.again(line.since(line.shown), anchor);
      mark();
      save();
    };
  };
  const early = shelf.key && window.digitrecEarly;
  if (early && !early.isTaken) {
    early.isTaken = true;
    early.whenLifted(() => {
      greet(early);
      goOnWith(early);
    });
  } else {
    greet();
  }
  settleIn();
  listen(window, "pagehide", save);

  return () => {
    lift();
    line.end();
    ending.abort();
    cancelAnimationFrame(frame);
    model.off("msg:custom", hear);
    model.off("change:empty", mark);
    model.off("change:can_undo change:can_redo", grey);
    watcher.disconnect();
  };
}

export default { render };
