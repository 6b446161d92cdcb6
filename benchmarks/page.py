"""Time the page in a real browser, next to a plain ipycanvas pad with TensorFlow in its kernel.

    python benchmarks/page.py [--rounds N] [--delay MILLISECONDS]

Chromium draws on a real `digitrec dashboard`, by way of a proxy that adds nothing, and again by way
of one that holds every byte back for a while in each direction. A figure is the median and the 95th
percentile of what was seen:

- pointer to pixel: from a movement's own time stamp to the end of the first frame in which the
  canvas, or the one that lies over it, has ink under the pen; moves come at random times.
- pen-up to answer: from the time stamp of lifting the pen to the end of the frame that shows the
  settled answer, over digits of the generating hand.
- answers a second: how often the shown answer changed while a line was drawn for seconds.
- points lost: of the points in the browser's pointer events, coalesced ones included, those of
  which the kernel has none within a twentieth of a pixel; drawn as fast as the browser takes them,
  and once more while the kernel does something else for a second.
- first ink and first answer: from the navigation until a pen that goes down as soon as there is a
  pad has left ink, and until that was answered; with a kernel that waited for the visitor and with
  none.
- memory: what the kernel's process has for itself and its share of what it has with others
  (proportional set size), when the page is ready and after drawing, unfolding everything and a
  training.

The peer is what people write: a notebook in Voila that imports TensorFlow, paints each movement on
an ipycanvas, reads the pixels back, and predicts with the Keras documentation's example (untrained,
as only its times are looked at) when the pen is lifted.
"""

import argparse
import asyncio
import contextlib
import json
import os
import random
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import inference
import proxy
import psutil
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

HERE = Path(__file__).parent
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
PATIENCE = 120
"""Seconds that anything may take."""

OURS = {
    # One takes ink until the other is there.
    "pad": "html:not(.frame-ready) .frame-outline-pad, html.frame-ready .dr-padbox",
    "ink": ".frame-outline-pad canvas, .dr-canvas, canvas.dr-echo",
    "settled": ".dr-said:not(.dr-is-drawing):not(.dr-is-waiting)",
    "answer": ".dr-said, .dr-bars",
    "empty": ".dr-said.dr-is-waiting",
}
PLAIN = {
    "pad": "canvas",
    "ink": "canvas",
    "settled": ".peer-said.peer-answered",
    "answer": ".peer-said",
    "empty": ".peer-said:not(.peer-answered)",
}
OUR_POINTS = """[[list(point) for point in stroke]
    for thing in __import__("gc").get_objects() if type(thing).__name__ == "Pad"
    for stroke in thing.strokes]"""

PLAIN_NOTEBOOK = """
import sys

import ipywidgets
import numpy as np
import tensorflow
from ipycanvas import Canvas, hold_canvas
from PIL import Image

sys.path.insert(0, {folder!r})
import peer

model = peer.build()
canvas = Canvas(
    width=300, height=300, sync_image_data=True,
    layout=ipywidgets.Layout(width="300px", height="300px"),
)
said = ipywidgets.HTML('<p class="peer-said">Draw a digit.</p>')
clear = ipywidgets.Button(description="Clear")
strokes, drawing = [], False


def empty(*_):
    strokes.clear()
    with hold_canvas():
        canvas.fill_style = "black"
        canvas.fill_rect(0, 0, 300, 300)
        canvas.stroke_style = "white"
        canvas.line_width = 18
        canvas.line_cap = "round"
    said.value = '<p class="peer-said">Draw a digit.</p>'


def predict(*_):
    if drawing or not strokes or not canvas.image_data:
        return
    picture = Image.fromarray(canvas.get_image_data()).convert("L").resize((28, 28))
    share = model.predict(np.array(picture)[None, :, :, None] / 255, verbose=0)[0]
    said.value = (
        f'<p class="peer-said peer-answered">It is a {{share.argmax()}} '
        f'({{100 * share.max():.1f}} %).</p>'
    )


def down(x, y):
    global drawing
    drawing = True
    strokes.append([(x, y)])


def move(x, y):
    if drawing:
        canvas.stroke_line(*strokes[-1][-1], x, y)
        strokes[-1].append((x, y))


def up(x, y):
    global drawing
    drawing = False
    predict()


canvas.on_client_ready(empty)
canvas.on_mouse_down(down)
canvas.on_mouse_move(move)
canvas.on_mouse_up(up)
canvas.observe(predict, "image_data")
clear.on_click(empty)
ipywidgets.VBox([canvas, clear, said])
"""

Figures = dict[str, list[Any]]


@dataclass
class Server:
    """A running server and its kernels."""

    address: str
    process: psutil.Process

    def kernels(self) -> list[psutil.Process]:
        """Return the processes of its kernels, the youngest last."""
        found = []
        for child in self.process.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if any("ipykernel" in part for part in child.cmdline()):
                    found.append(child)
        return sorted(found, key=lambda child: child.create_time())

    def rest(self) -> None:
        """Wait until none of its kernels has anything to do."""
        before, since = -1.0, time.monotonic()
        while time.monotonic() - since < PATIENCE:
            used = [sum(kernel.cpu_times()[:2]) for kernel in self.kernels()]
            if sum(used) - before < 0.03 and used:
                return
            before = sum(used)
            time.sleep(0.7)


@contextlib.contextmanager
def serving(kind: str, folder: Path, *, preheat: bool) -> Iterator[Server]:
    """Run our server, or Voila with the plain pad."""
    if kind == "digitrec":
        command = [sys.executable, __file__, "--serve", "warm" if preheat else "cold"]
    else:
        notebook = _plain_notebook(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [sys.executable, "-m", "voila", str(notebook), "--no-browser", f"--port={port}"]
        command += [f"--preheat_kernel={preheat}", "--pool_size=1", "--Voila.log_level=ERROR"]
    queue = {"DIGITREC_QUEUE": str(folder / "queue")}
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, **queue, "TF_CPP_MIN_LOG_LEVEL": "3"},
        start_new_session=True,
    ) as process:
        try:
            if kind == "digitrec":
                address = re.search(r"http://\S+", process.stdout.readline())[0]
            else:
                address = f"http://127.0.0.1:{port}/"
                _wait_for(port)
            yield Server(address, psutil.Process(process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def serve(preheat: bool) -> None:
    """Be the server of the pad, with or without a kernel that waits for a visitor."""
    from digitrec.serving import serve as serve_pads
    from digitrec.serving import settings

    chosen = settings.read(port=0, open_browser=False, waiting_pads=int(preheat))
    serve_pads(chosen)


def _plain_notebook(folder: Path) -> Path:
    import nbformat

    cell = nbformat.v4.new_code_cell(PLAIN_NOTEBOOK.format(folder=str(HERE)).strip())
    path = folder / "plain.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    return path


def _wait_for(port: int) -> None:
    since = time.monotonic()
    while time.monotonic() - since < PATIENCE:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)


@dataclass
class Visit:
    """A browser's page with the pad on it."""

    page: Page
    plan: dict[str, str]
    rng: random.Random = field(default_factory=lambda: random.Random(0))

    async def ready(self) -> None:
        """Wait until a pointer would meet the pad."""
        await self.page.wait_for_function(
            """pad => {
                const box = document.querySelector(pad)?.getBoundingClientRect();
                if (!box || box.width < 300) return false;
                const there = document.elementFromPoint(box.x + 150, box.y + 150);
                return Boolean(there && document.querySelector(pad).contains(there));
            }""",
            arg=self.plan["pad"],
            polling="raf",
        )

    async def corner(self) -> tuple[float, float]:
        """Return where the pad begins in the window."""
        # While the outline makes way for the pad, what was found may have gone when it is measured.
        pad = self.page.locator(self.plan["pad"]).first
        while (box := await pad.bounding_box()) is None:
            await asyncio.sleep(0.01)
        return box["x"], box["y"]

    async def draw(self, strokes: list[list[tuple[float, float]]]) -> None:
        """Draw as a hand does, with moves that fall anywhere within a frame."""
        left, top = await self.corner()
        mouse = self.page.mouse
        for stroke in strokes:
            await mouse.move(left + stroke[0][0], top + stroke[0][1])
            await mouse.down()
            for x, y in stroke[1:]:
                await asyncio.sleep(self.rng.uniform(0, 1 / 60))
                await mouse.move(left + x, top + y)
            await mouse.up()

    async def draw_fast(self, stroke: list[tuple[float, float]]) -> None:
        """Draw with all moves on their way at once, so that the browser coalesces them."""
        left, top = await self.corner()
        wire = await self.page.context.new_cdp_session(self.page)

        def send(kind: str, x: float, y: float) -> Any:
            event = {"type": kind, "x": left + x, "y": top + y, "button": "left", "clickCount": 1}
            return wire.send("Input.dispatchMouseEvent", {**event, "buttons": 1})

        await self.page.mouse.move(left + stroke[0][0], top + stroke[0][1])
        await self.page.mouse.down()
        await asyncio.gather(*(send("mouseMoved", x, y) for x, y in stroke[1:]))
        await self.page.mouse.up()

    async def settled(self) -> None:
        """Wait until the pen's last lift is answered."""
        await self.page.wait_for_selector(self.plan["settled"])
        await self.page.wait_for_timeout(100)

    async def clear(self) -> None:
        """Empty the pad."""
        await self.page.get_by_role("button", name="Clear", exact=True).click()
        await self.page.wait_for_selector(self.plan["empty"])

    async def seen(self) -> dict[str, Any]:
        """Return what the probe in the page has seen, and let it forget."""
        return await self.page.evaluate(
            "() => { const seen = { ...window.probe }; window.probe.forget(); return seen; }"
        )


@contextlib.asynccontextmanager
async def visiting(browser: Browser, address: str, plan: dict[str, str]) -> Any:
    """Open the page with the probe in it."""
    context: BrowserContext = await browser.new_context(viewport={"width": 1280, "height": 900})
    context.set_default_timeout(1000 * PATIENCE)
    await context.add_init_script(f"window.probePlan = {json.dumps(plan)};")
    await context.add_init_script(path=HERE / "page_probe.js")
    page = await context.new_page()
    try:
        await page.goto(address, wait_until="commit")
        visit = Visit(page, plan)
        await visit.ready()
        yield visit
        await page.close(run_before_unload=True)
        await asyncio.sleep(1)
    finally:
        await context.close()


def serpentine() -> list[tuple[float, float]]:
    """Return a long line that never comes near itself, in steps wider than half the pen."""
    points = []
    for row in range(7):
        across = [(20 + 13 * step, 25 + 40 * row) for step in range(21)]
        between = [(across[-1 if row % 2 == 0 else 0][0], 25 + 40 * row + 13 * k) for k in (1, 2)]
        points += (across if row % 2 == 0 else across[::-1]) + between
    return points[:-2]


def digits(seed: int) -> list[list[list[tuple[float, float]]]]:
    """Return the ten digits as the generating hand writes them, on a pad of 300 pixels."""
    import numpy as np

    from digitrec import hand

    rng = np.random.default_rng(seed)
    drawn = []
    for digit in range(10):
        strokes = [np.asarray(stroke, dtype=float) for stroke in hand.draw(digit, rng)]
        points = np.concatenate(strokes)
        low, scale = points.min(axis=0), 200 / np.ptp(points, axis=0).max()
        moved = [50 + (stroke - low) * scale for stroke in strokes]
        drawn.append([[(float(x), float(y)) for x, y in stroke[::3]] for stroke in moved])
    return drawn


def ask_kernel(kernel: psutil.Process, expression: str, *, before: str = "") -> Any:
    """Run something in a kernel and return the value of an expression there."""
    from jupyter_client.blocking import BlockingKernelClient

    where = kernel.cmdline()[kernel.cmdline().index("-f") + 1]
    client = BlockingKernelClient(connection_file=where)
    client.load_connection_file()
    client.start_channels()
    try:
        reply = client.execute(
            before,
            silent=True,
            user_expressions={"value": f"__import__('json').dumps({expression})"},
            reply=True,
            timeout=PATIENCE,
        )
        text = reply["content"]["user_expressions"]["value"]["data"]["text/plain"]
        return json.loads(text.strip("'"))
    finally:
        client.stop_channels()


def num_lost(sent: list[list[list[float]]], kept: list[list[list[float]]]) -> int:
    """Count the points of which the kernel has none within a twentieth of a pixel."""
    have = [point for stroke in kept for point in stroke]
    lost = 0
    for point in (point for stroke in sent for point in stroke):
        near = (abs(point[0] - x) <= 0.05 and abs(point[1] - y) <= 0.05 for x, y in have)
        lost += not any(near)
    return lost


async def measure_drawing(visit: Visit, rounds: int) -> Figures:
    """Draw lines and digits; return the times of ink and answers."""
    found: Figures = {"pixels": [], "answers": [], "rate": []}
    await visit.draw([serpentine()[:10]])  # the first of anything is slower
    await visit.settled()
    for _ in range(rounds):
        await visit.clear()
        await visit.seen()
        await visit.draw([serpentine()])
        await visit.settled()
        seen = await visit.seen()
        found["pixels"] += seen["pixels"] + [5000.0] * seen["unseen"]
        found["rate"].append(1000 * seen["changes"] / seen["drawn"])
    for number in range(rounds):
        for strokes in digits(number):
            await visit.clear()
            await visit.seen()
            await visit.draw(strokes)
            await visit.settled()
            found["answers"] += (await visit.seen())["answers"][-1:]
    return found


async def measure_points(
    visit: Visit, kernel: psutil.Process, points: str, *, busy: float
) -> tuple[int, int]:
    """Draw fast; return how many points the browser had, and how many of them the kernel has not.

    Parameters
    ----------
    busy : float
        Seconds for which the kernel is kept from listening meanwhile.
    """
    await visit.clear()
    await visit.seen()
    keep = asyncio.create_task(
        asyncio.to_thread(ask_kernel, kernel, "1", before=f"import time; time.sleep({busy})")
    )
    await asyncio.sleep(0.2)
    await visit.draw_fast(serpentine())
    await keep
    await visit.settled()
    await asyncio.sleep(1)
    sent = (await visit.seen())["points"]
    kept = await asyncio.to_thread(ask_kernel, kernel, points)
    return sum(len(stroke) for stroke in sent), num_lost(sent, kept)


async def measure_start(
    browser: Browser, server: Server, plan: dict[str, str]
) -> tuple[float, float]:
    """Return the milliseconds from the navigation to the first ink and to the first answer."""
    async with visiting(browser, server.address, plan) as visit:
        for _ in range(100):
            await visit.draw([[(150.0, 60.0 + 30 * step) for step in range(6)]])
            for _ in range(8):
                ink, answer = await visit.page.evaluate(
                    "[window.probe.firstInk, window.probe.firstAnswer]"
                )
                if ink is not None and answer is not None:
                    return float(ink), float(answer)
                await asyncio.sleep(0.05)
    raise SystemExit("The pad never answered.")


def megabytes(kernel: psutil.Process) -> float:
    """Return the memory of a process, of what it shares only its share."""
    memory = kernel.memory_full_info()
    return getattr(memory, "pss", memory.uss) / 1e6


async def use_everything(visit: Visit, *, training: bool) -> None:
    """Use all that is on our page."""
    page = visit.page
    for name in ("Undo", "Redo", "Predict", "Show others"):
        button = page.get_by_role("button", name=name, exact=True)
        if await button.count() and await button.is_enabled():
            await button.click()
    await page.evaluate("document.querySelectorAll('details').forEach(part => (part.open = true))")
    if training:
        await page.get_by_role("button", name="(Re)Train", exact=True).click()
        await page.get_by_role("button", name="Keep it", exact=True).click(timeout=600_000)
    await visit.draw(digits(1)[-1])
    await visit.settled()


async def measure_pad(
    browser: Browser, server: Server, kind: str, options: argparse.Namespace
) -> list[Figures]:
    """Measure the drawing on one of the two pads, near and far."""
    plan = OURS if kind == "digitrec" else PLAIN
    points = OUR_POINTS if kind == "digitrec" else "strokes"
    both: list[Figures] = []
    for seconds in (0.0, options.delay / 1000):
        print(f"{kind}: drawing, {1000 * seconds:.0f} ms away", file=sys.stderr)
        with proxy.Proxy(server.address, seconds) as between:
            async with visiting(browser, between.address, plan) as visit:
                kernel = server.kernels()[-1]
                await asyncio.to_thread(server.rest)
                ready = megabytes(kernel)
                found = await measure_drawing(visit, options.rounds)
                found["ready"] = [ready]
                counts = [
                    await measure_points(visit, kernel, points, busy=busy) for busy in (0.0, 1.0)
                ]
                found["sent"], found["lost"] = ([count[k] for count in counts] for k in (0, 1))
                if kind == "digitrec":
                    await use_everything(visit, training=not (seconds or options.no_training))
                found["used"] = [megabytes(kernel)]
        both.append(found)
    return both


async def measure(kind: str, options: argparse.Namespace) -> list[Figures]:
    """Measure all of one of the two pads, near and far."""
    plan = OURS if kind == "digitrec" else PLAIN
    chromium = next(filter(None, map(shutil.which, CHROMIUM)), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        with tempfile.TemporaryDirectory() as name:
            with serving(kind, Path(name), preheat=False) as server:
                near, far = await measure_pad(browser, server, kind, options)
                print(f"{kind}: opening with no kernel waiting", file=sys.stderr)
                near["cold"] = [
                    await measure_start(browser, server, plan) for _ in range(options.rounds)
                ]
            with serving(kind, Path(name), preheat=True) as server:
                print(f"{kind}: opening with a kernel waiting", file=sys.stderr)
                near["warm"] = []
                for _ in range(options.rounds):
                    await asyncio.to_thread(server.rest)
                    near["warm"].append(await measure_start(browser, server, plan))
        await browser.close()
    return [near, far]


def middle_and_most(values: list[float], digits: int = 0) -> str:
    """Write the median and the 95th percentile."""
    ordered = sorted(values)
    high = ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))]
    return f"{statistics.median(ordered):.{digits}f} / {high:.{digits}f}"


def table(results: dict[str, list[Figures]], delay: float) -> str:
    """Return all that was measured as a Markdown table, the delay in milliseconds."""
    columns = [found for both in results.values() for found in both]
    names = {"digitrec": "this pad", "plain": "plain ipycanvas, TensorFlow"}
    distances = ("no delay", f"{delay:.0f} ms each way")
    heads = [f"{names[kind]}, {distance}" for kind in results for distance in distances]
    rows = [
        ("pointer to pixel, ms", lambda f: middle_and_most(f["pixels"], 1)),
        ("pen-up to answer, ms", lambda f: middle_and_most(f["answers"])),
        ("answers a second while drawing", lambda f: f"{statistics.median(f['rate']):.1f}"),
        ("points lost, drawn fast", lambda f: f"{f['lost'][0]} of {f['sent'][0]}"),
        ("points lost, kernel busy", lambda f: f"{f['lost'][1]} of {f['sent'][1]}"),
        ("first ink, kernel waiting, s", lambda f: _seconds(f, "warm", 0)),
        ("first answer, kernel waiting, s", lambda f: _seconds(f, "warm", 1)),
        ("first ink, no kernel waiting, s", lambda f: _seconds(f, "cold", 0)),
        ("first answer, no kernel waiting, s", lambda f: _seconds(f, "cold", 1)),
        ("kernel's memory when ready, MB", lambda f: f"{f['ready'][0]:.0f}"),
        ("kernel's memory after everything, MB", lambda f: f"{f['used'][0]:.0f}"),
    ]
    lines = ["| median / 95th percentile | " + " | ".join(heads) + " |"]
    lines.append("| --- |" + " ---: |" * len(heads))
    for label, write in rows:
        lines.append(f"| {label} | " + " | ".join(write(found) for found in columns) + " |")
    return "\n".join(lines)


def _seconds(found: Figures, which: str, place: int) -> str:
    both = found.get(which)
    return middle_and_most([times[place] / 1000 for times in both], 2) if both else "–"


def main() -> None:
    """Measure both pads and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument(
        "--delay", type=float, default=150, help="milliseconds in each direction; %(default)s"
    )
    parser.add_argument("--only", choices=("digitrec", "plain"), help="leave the other out")
    parser.add_argument("--no-training", action="store_true", help="do not press (Re)Train")
    parser.add_argument("--serve", choices=("warm", "cold"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rounds < 1 or options.delay < 0:
        parser.error("--rounds must be at least 1 and --delay at least 0.")
    if options.serve:
        serve(options.serve == "warm")
        return
    kinds = [options.only] if options.only else ["digitrec", "plain"]
    results = {kind: asyncio.run(measure(kind, options)) for kind in kinds}
    print(f"{inference.machine()}, {options.rounds} rounds\n\n{table(results, options.delay)}")


if __name__ == "__main__":
    main()
