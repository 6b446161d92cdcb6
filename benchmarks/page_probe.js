// Watches a page on which somebody draws, from inside, and never touches it. It runs before the
// page's own scripts; `window.probePlan` says where the pad, its ink and its answer are.
(() => {
  const plan = window.probePlan;
  const probe = (window.probe = {
    pixels: [], // milliseconds from a pointermove to the frame that shows ink under it
    answers: [], // milliseconds from lifting the pen to the frame that shows the settled answer
    changes: 0, // answers shown while the pen is down
    points: [], // where the pen was, as the page's events say it, pixels of the pad
    firstInk: null, // milliseconds from the navigation to the first ink that a movement left
    firstAnswer: null, // milliseconds from the navigation to the first settled answer
    down: 0, // when the pen was put down
    drawn: 0, // milliseconds for which the pen was down, in all
    unseen: 0, // movements that were never followed by ink
    forget() {
      Object.assign(probe, { pixels: [], answers: [], changes: 0, points: [], drawn: 0, unseen: 0 });
    },
  });
  let pending = [];
  let lifted = null;
  let pressed = false;
  let shown = "";
  let touched = false; // something beside an answer, or in it, was written anew

  const pad = () => document.querySelector(plan.pad);
  const settled = () => Boolean(document.querySelector(plan.settled));
  const words = () => [...document.querySelectorAll(plan.answer)].map((e) => e.innerHTML).join();

  const hasInk = (x, y) => {
    for (const canvas of document.querySelectorAll(plan.ink)) {
      const box = canvas.getBoundingClientRect();
      if (!box.width || !canvas.width) continue;
      const column = Math.floor(((x - box.left) * canvas.width) / box.width);
      const row = Math.floor(((y - box.top) * canvas.height) / box.height);
      const [red, , , opacity] = canvas.getContext("2d").getImageData(column, row, 1, 1).data;
      if ((red * opacity) / 255 > 127) return true;
    }
    return false;
  };

  const note = ({ clientX, clientY }) => {
    const box = pad().getBoundingClientRect();
    const place = (value) => Math.round(100 * Math.min(Math.max(value, 0), 300)) / 100;
    const point = [
      place(((clientX - box.left) * 300) / box.width),
      place(((clientY - box.top) * 300) / box.height),
    ];
    const last = probe.points.at(-1)?.at(-1);
    if (!last || last[0] !== point[0] || last[1] !== point[1]) probe.points.at(-1).push(point);
  };

  const listen = (kind, hear) => window.addEventListener(kind, hear, { capture: true, passive: true });
  listen("pointerdown", (event) => {
    if (!pad()?.contains(event.target)) return;
    pressed = true;
    shown = words();
    probe.down = event.timeStamp;
    probe.points.push([]);
    note(event);
  });
  listen("pointermove", (event) => {
    if (!pressed) return;
    for (const one of event.getCoalescedEvents?.() ?? [event]) note(one);
    const { clientX: x, clientY: y, timeStamp: time } = event;
    if (!hasInk(x, y)) pending.push({ x, y, time });
  });
  listen("pointerup", (event) => {
    if (!pressed) return;
    pressed = false;
    note(event);
    probe.drawn += event.timeStamp - probe.down;
    lifted = event.timeStamp;
  });

  // To read all words in every frame would take time from what is measured.
  new MutationObserver((records) => {
    touched ||= records.some(({ target }) => target.parentElement?.querySelector(plan.answer));
  }).observe(document, { childList: true, characterData: true, subtree: true });

  // A message that is sent in a frame's callback arrives when that frame has been painted.
  const after = new MessageChannel();
  after.port1.onmessage = () => {
    const now = performance.now();
    pending = pending.filter(({ x, y, time }) => {
      if (hasInk(x, y)) {
        probe.pixels.push(now - time);
        probe.firstInk ??= now;
      }
      else if (now - time < 5000) return true;
      else probe.unseen += 1;
      return false;
    });
    if (pressed && touched) {
      touched = false;
      const said = words();
      if (said !== shown) probe.changes += 1;
      shown = said;
    }
    if (lifted !== null && settled()) {
      probe.answers.push(now - lifted);
      probe.firstAnswer ??= now;
      lifted = null;
    }
  };
  const frame = () => {
    after.port2.postMessage(0);
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
})();
