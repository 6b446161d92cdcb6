// Ink before the widgets are there: what is drawn on the outline's pad is kept as strokes, which
// digitrec/app/pad/overlay.js takes over as it takes over ink from before a reload. What is drawn after
// that, and before the outline has gone, it is told of when the pen is lifted.
(() => {
  const SIDE = 300;
  const PEN_WIDTH = 18;
  const KEY = `digitrec:pad:${location.pathname}`;
  const canvas = document.querySelector("#frame-skeleton canvas");
  const hint = document.querySelector(".frame-hint");
  const context = canvas.getContext("2d");
  Object.assign(context, {
    fillStyle: "#fff", strokeStyle: "#fff", lineWidth: PEN_WIDTH, lineCap: "round", lineJoin: "round",
  });

  // From before a reload.
  const kept = () => {
    try {
      const { strokes } = JSON.parse(sessionStorage.getItem(KEY));
      const real = (point) => point.length === 2 && point.every(Number.isFinite);
      return strokes.every((stroke) => stroke.length && stroke.every(real)) ? strokes : [];
    } catch {
      return []; // there is none, or it is damaged
    }
  };

  const early = { strokes: kept(), whenLifted, isDrawing: () => pointer !== null, onLift() {} };
  let isDown = false;
  let pointer = null;
  let waiting = []; // for the pen to be lifted

  function whenLifted(act) {
    if (pointer === null) act();
    else waiting.push(act);
  }

  const paint = (points) => {
    context.beginPath();
    if (points.length === 1) {
      context.arc(...points[0], PEN_WIDTH / 2, 0, 2 * Math.PI);
      context.fill();
      return;
    }
    context.moveTo(...points[0]);
    for (const point of points.slice(1)) context.lineTo(...point);
    context.stroke();
  };

  const keep = () => {
    try {
      sessionStorage.setItem(KEY, JSON.stringify({ strokes: early.strokes }));
    } catch {
      // It is on the page all the same.
    }
  };

  const place = ({ clientX, clientY }) => {
    const { left, top } = canvas.getBoundingClientRect();
    return [clientX - left, clientY - top].map((value) => Math.round(value * 100) / 100);
  };
  const inside = (point) => point.every((value) => value >= 0 && value <= SIDE);

  const to = (event) => {
    const point = place(event);
    if (!inside(point)) {
      isDown = false;
      return;
    }
    if (isDown) early.strokes.at(-1).push(point);
    else early.strokes.push([point]);
    isDown = true;
    paint(early.strokes.at(-1).slice(-2));
  };

  canvas.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    event.preventDefault();
    pointer = event.pointerId;
    canvas.setPointerCapture(pointer);
    hint.hidden = true;
    to(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (event.pointerId !== pointer) return;
    const all = event.getCoalescedEvents?.() ?? [];
    for (const each of all.length ? all : [event]) to(each);
  });
  const lift = (event) => {
    if (event.pointerId !== pointer) return;
    pointer = null;
    isDown = false;
    keep();
    for (const act of waiting.splice(0)) act();
    early.onLift();
  };
  for (const name of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(name, lift);
  window.addEventListener("pagehide", () => {
    if (pointer !== null) keep();
  });
  // Without this an iPhone selects text, or zooms, under a finger that draws.
  canvas.addEventListener("touchstart", (event) => event.preventDefault(), { passive: false });

  early.strokes.forEach(paint);
  hint.hidden = early.strokes.length > 0;
  window.digitrecEarly = early;
})();
