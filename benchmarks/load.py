"""Let a class of visitors draw at once, and see whether each is answered in time, and rightly.

    python benchmarks/load.py [--visitors 1 5 10 20 30] [--peers 1 3 5] [--out docs/load.png]

For each number a real `digitrec dashboard` is started as people start it, and that many visitors
come within the same moment: each loads the page over HTTP, connects to its own kernel, and draws
digits of the generating hand for a while, with a pause after each to look at the answer. They say
what the page would say, but paint nothing; `--browsers` adds real browsers beside the largest
number of them. A figure is

- open: from asking for the page to having its widgets, of the first and the last visitor;
- right: answers that say the digit, in the words in which the network says it here;
- pen-up to answer: median and 95th percentile of all answers of all visitors;
- memory: of the server and all its kernels, what they share counted once (proportional set size),
  by visitor; the kernels that wait for the next visitors are in it;
- busy: processor cores that server and kernels kept busy while all were drawing, and the share of
  the server alone, which is one process.

Then, with the largest number, some of the visitors train, one after another as the queue lets
them, while the others draw on. At the end all tabs are closed but for one that vanishes without a
word, and it is measured when the processes of both are gone.

The peer is what people write: a notebook in Voila that imports TensorFlow in every kernel, with
ipycanvas's own events (see page.py); its network is untrained, so its answers are not judged.
"""

import argparse
import asyncio
import contextlib
import functools
import json
import math
import os
import random
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import inference
import page
import psutil
from visitors import OurVisitor, PlainVisitor, Strokes, Visitor

GONE_AFTER = 300.0
"""Seconds after which every process of a visitor who left should be gone."""
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#555555"
COMFORT = 0.7
"""Share of a processor that may be busy, so that answers need not wait for each other."""


@dataclass
class Level:
    """What was measured with one number of visitors."""

    visitors: int
    opened: list[float]
    answers: list[float] = field(default_factory=list)  # seconds
    right: int = 0
    memory: float = 0.0  # MB, of all processes
    busy: float = 0.0  # cores
    server: float = 0.0  # cores, of the server's own process
    clients: float = 0.0  # cores, of these visitors
    failures: int = 0


@functools.cache
def digits(seed: int) -> tuple[tuple[Strokes, str], ...]:
    """Return the ten digits as the hand writes them, each with what is answered to it.

    Drawings that the packaged network reads wrongly, or not surely, are drawn anew.
    """
    import numpy as np

    from digitrec import hand, ink
    from digitrec.network import bundled

    network, rng = bundled(), np.random.default_rng(seed)
    found: list[tuple[Strokes, str]] = []
    while len(found) < 10:
        digit = len(found)
        drawn = [np.asarray(stroke) for stroke in hand.draw(digit, rng)]
        # As a mouse would have it: about every 16 ms, and on whole pixels.
        strokes = [
            [*stroke[:-1:2].round().tolist(), stroke[-1].round().tolist()] for stroke in drawn
        ]
        strokes = [[(float(x), float(y)) for x, y in stroke] for stroke in strokes]
        image = ink.image(strokes)
        said = network.predict(image) if image is not None else None
        if said is not None and said.kind == "sure" and said.digit == digit:
            found.append((strokes, said.sentence))
    return tuple(found)


def prepare(seeds: Sequence[int]) -> None:
    """Have all digits there before anybody's time is taken: all visitors are one process."""
    for seed in seeds:
        digits(seed)


# ---- Servers and what they take


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[page.Server]:
    """Run the pad as `digitrec dashboard` does, with its own queue for trainings."""
    with subprocess.Popen(
        [sys.executable, "-m", "digitrec", "dashboard", "--no-browser", "--port", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "DIGITREC_QUEUE": str(folder / "queue")},
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            address = re.search(r"http://\S+", process.stdout.readline())
            assert address is not None
            yield page.Server(address[0], psutil.Process(process.pid))
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def family(server: page.Server) -> list[psutil.Process]:
    """Return the server's process and all that it started."""
    return [server.process, *server.process.children(recursive=True)]


def megabytes(server: page.Server) -> float:
    """Return the memory of all processes, what they share counted once."""
    total = 0.0
    for process in family(server):
        with contextlib.suppress(psutil.NoSuchProcess):
            total += page.megabytes(process)
    return total


def seconds_used(processes: Sequence[psutil.Process]) -> float:
    """Return the processor time of processes that are still there."""
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            total += sum(process.cpu_times()[:2])
    return total


# ---- Visitors


async def draw_for(
    visitor: Visitor, seed: int, seconds: float, pause: float, stop: asyncio.Event | None = None
) -> list[tuple[float, bool]]:
    """Draw digit after digit; return the time of each answer, and whether it was right."""
    rng, found = random.Random(seed), []
    drawings = list(digits(seed))
    rng.shuffle(drawings)
    await asyncio.sleep(rng.uniform(0, pause))
    begun, place = time.monotonic(), 0
    while time.monotonic() - begun < seconds and not (stop and stop.is_set()):
        strokes, expected = drawings[place % len(drawings)]
        place += 1
        took, said = await visitor.draw(strokes)
        found.append((took, said.replace("&#x27;", "'") == expected))
        await asyncio.sleep(rng.uniform(0.5, 1.5) * pause)
    return found


async def measure_level(
    server: page.Server, visitors: Sequence[Visitor], options: argparse.Namespace
) -> Level:
    """Have all of them come at once and draw."""
    prepare(range(len(visitors)))
    await asyncio.gather(*(visitor.open() for visitor in visitors))
    level = Level(len(visitors), [visitor.opened for visitor in visitors])
    await asyncio.to_thread(server.rest)
    everybody, me = family(server), psutil.Process()
    before = [seconds_used(them) for them in (everybody, [server.process], [me])]
    begun = time.monotonic()
    drawn = await asyncio.gather(
        *(
            draw_for(visitor, seed, options.seconds, options.pause)
            for seed, visitor in enumerate(visitors)
        )
    )
    passed = time.monotonic() - begun
    after = [seconds_used(them) for them in (everybody, [server.process], [me])]
    level.busy, level.server, level.clients = (
        (late - early) / passed for early, late in zip(before, after, strict=True)
    )
    level.answers = [took for answers in drawn for took, _right in answers]
    level.right = sum(right for answers in drawn for _took, right in answers)
    level.memory = await asyncio.to_thread(megabytes, server)
    level.failures = sum(visitor.failures for visitor in visitors)
    return level


async def measure_training(
    visitors: Sequence[OurVisitor], options: argparse.Namespace
) -> dict[str, Any]:
    """Have the first of them train, in turn, while the others draw."""
    learning, drawing = visitors[: options.trainings], visitors[options.trainings :]
    prepare(range(1000, 1000 + len(drawing)))
    over = asyncio.Event()
    draws = [
        asyncio.create_task(draw_for(visitor, 1000 + seed, math.inf, options.pause, over))
        for seed, visitor in enumerate(drawing)
    ]
    trained = await asyncio.gather(*(visitor.train() for visitor in learning))
    over.set()
    answers = [answer for answered in await asyncio.gather(*draws) for answer in answered]
    return {
        "trained": trained,
        "answers": [took for took, _right in answers],
        "right": sum(right for _took, right in answers),
        "failures": sum(visitor.failures for visitor in visitors),
    }


async def measure_leaving(server: page.Server, visitors: Sequence[Visitor]) -> dict[str, float]:
    """Close all tabs but one, which vanishes; return when the processes of both were gone."""
    begun = time.monotonic()
    *polite, rude = visitors
    rude.vanish()
    await asyncio.gather(*(visitor.leave() for visitor in polite))
    gone: dict[str, float] = {}
    while len(gone) < 2 and time.monotonic() - begun < GONE_AFTER + 30:
        left, passed = started_for(server), time.monotonic() - begun
        if not any(visitor.kernel_id in left for visitor in polite):
            gone.setdefault("closed", passed)
        if rude.kernel_id not in left:
            gone.setdefault("vanished", passed)
        await asyncio.sleep(0.5)
    return gone


def started_for(server: page.Server) -> str:
    """Return the command lines of all kernels; each has the name of its kernel in it.

    Counting would not do: the server makes others ready meanwhile.
    """
    lines = []
    for kernel in server.kernels():
        with contextlib.suppress(psutil.NoSuchProcess):
            lines += kernel.cmdline()
    return "\n".join(lines)


async def measure_browsers(server: page.Server, number: int) -> list[float]:
    """Draw in real browsers; return the milliseconds from pen-up to the frame with the answer."""
    from playwright.async_api import async_playwright

    chromium = next(filter(None, map(shutil.which, page.CHROMIUM)), None)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=list(page.ARGUMENTS)
        )

        async def visit() -> list[float]:
            async with page.visiting(browser, server.address, page.OURS) as visited:
                return (await page.measure_drawing(visited, 1))["answers"]

        found = await asyncio.gather(*(visit() for _ in range(number)))
        await browser.close()
    return [took for answers in found for took in answers]


async def measure_ours(options: argparse.Namespace) -> dict[str, Any]:
    """Measure every number of visitors, and with the largest the rest."""
    found: dict[str, Any] = {"levels": []}
    for number in options.visitors:
        note(f"digitrec: {number} visitors")
        with tempfile.TemporaryDirectory() as folder, serving(Path(folder)) as server:
            await asyncio.to_thread(server.rest)
            visitors = [OurVisitor(server.address) for _ in range(number)]
            found["levels"].append(await measure_level(server, visitors, options))
            if number == max(options.visitors):
                if options.browsers:
                    note(f"digitrec: {options.browsers} browsers beside them")
                    others = [
                        asyncio.create_task(draw_for(visitor, seed, 20, options.pause))
                        for seed, visitor in enumerate(visitors)
                    ]
                    found["browsers"] = await measure_browsers(server, options.browsers)
                    await asyncio.gather(*others)
                if options.trainings:
                    note("digitrec: trainings")
                    found["training"] = await measure_training(visitors, options)
                note("digitrec: leaving")
                found["leaving"] = await measure_leaving(server, visitors)
    return found


async def measure_peers(options: argparse.Namespace) -> list[Level]:
    """Measure the plain pad."""
    levels = []
    for number in options.peers:
        note(f"plain pad with TensorFlow: {number} visitors")
        with (
            tempfile.TemporaryDirectory() as folder,
            page.serving("plain", Path(folder), preheat=True) as server,
        ):
            await asyncio.to_thread(server.rest)
            visitors = [PlainVisitor(server.address) for _ in range(number)]
            levels.append(await measure_level(server, visitors, options))
    return levels


def note(text: str) -> None:
    """Say on stderr what is being done, and how busy the machine is."""
    load = os.getloadavg()[0]
    print(f"{time.strftime('%H:%M:%S')} (load {load:.1f}) {text}", file=sys.stderr, flush=True)


# ---- What it means


def line(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """Return where a straight line through points begins, and how it rises.

    With one point it goes through zero.
    """
    if len(points) < 2:
        return 0.0, points[0][1] / points[0][0]
    fitted = statistics.linear_regression(*zip(*points, strict=True))
    return fitted.intercept, fitted.slope


def outlook(levels: Sequence[Level], number: int) -> str:
    """Say what a number of visitors would need, from straight lines through what was measured."""

    def at(values: Sequence[float]) -> float:
        start, rise = line([(lv.visitors, v) for lv, v in zip(levels, values, strict=True)])
        return start + rise * number

    memory = at([level.memory for level in levels]) / 1000
    busy = at([level.busy for level in levels])
    server = at([level.server for level in levels])
    servers = max(1, math.ceil(server / COMFORT))
    return (
        f"{number} visitors who draw like these: {memory:.1f} GB and 1.5 GB for a training, "
        f"{busy:.1f} cores busy, so {math.ceil(busy / COMFORT)} cores to be busy for "
        f"{100 * COMFORT:.0f} % of the time, in {servers} server{'s' * (servers > 1)}, as one "
        f"takes {server / number * 100:.2f} cores for a hundred."
    )


def table(kinds: dict[str, Sequence[Level]]) -> str:
    """Return all numbers of visitors as a Markdown table."""
    lines = [
        (
            "| | visitors | open, first / last, s | answers | right | pen-up to answer, median / "
            "95 %, ms | memory a visitor, MB | busy, of it the server, cores |"
        ),
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, levels in kinds.items():
        for level in levels:
            right = f"{level.right}" if name == "this pad" else "–"
            lines.append(
                f"| {name} | {level.visitors} | {min(level.opened):.1f} / {max(level.opened):.1f} "
                f"| {len(level.answers)} | {right} | {milliseconds(level.answers)} "
                f"| {level.memory / level.visitors:.0f} | {level.busy:.2f}, {level.server:.2f} |"
            )
    return "\n".join(lines)


def milliseconds(answers: Sequence[float]) -> str:
    """Write the median and the 95th percentile of seconds."""
    return page.middle_and_most([1000 * took for took in answers])


def story(found: dict[str, Any], levels: Sequence[Level], options: argparse.Namespace) -> str:
    """Say what happened beside the table."""
    said = []
    failures = sum(level.failures for level in levels)
    said.append(f"The kernels told of {failures} failures.")
    if "browsers" in found:
        middle = page.middle_and_most(found["browsers"])
        said.append(
            f"{options.browsers} real browsers beside {max(options.visitors)} visitors: pen-up to "
            f"the frame with the answer {middle} ms."
        )
    if "training" in found:
        training = found["training"]
        ends = ", ".join(f"{took:.0f}" for took in sorted(training["trained"]))
        said.append(
            f"{options.trainings} trainings in the queue were over after {ends} s; meanwhile "
            f"{len(training['answers'])} answers, {training['right']} right, pen-up to answer "
            f"{milliseconds(training['answers'])} ms."
        )
    gone = found["leaving"]
    times = [
        f"{name} {gone[name]:.0f} s" if name in gone else f"{name} not after {GONE_AFTER:.0f} s"
        for name in ("closed", "vanished")
    ]
    said.append(f"Processes gone after the tabs: {', '.join(times)}.")
    return "\n".join(said + [outlook(levels, number) for number in (100, 1000)])


def figure(kinds: dict[str, Sequence[Level]], path: Path) -> None:
    """Draw how time and memory grow with the visitors."""
    from matplotlib.figure import Figure

    drawing = Figure(figsize=(9, 4.4), layout="constrained")
    times, sizes = drawing.subplots(1, 2)
    for (name, levels), colour, marker in zip(
        kinds.items(), (BLUE, ORANGE), ("o", "s"), strict=False
    ):
        where = [level.visitors for level in levels]
        for share, style in ((0.5, "-"), (0.95, "--")):
            values = [1000 * quantile(level.answers, share) for level in levels]
            label = f"{name}, {'median' if share == 0.5 else '95th percentile'}"
            times.plot(where, values, style, color=colour, marker=marker, label=label)
        memory = [level.memory / level.visitors for level in levels]
        sizes.plot(where, memory, color=colour, marker=marker, label=name)
    times.set(ylabel="pen-up to answer, ms", yscale="log", title="Time")
    sizes.set(ylabel="memory a visitor, MB", yscale="log", title="Memory")
    for part, target in ((times, 500), (sizes, 120)):
        part.axhline(target, color=GREY, linestyle=":", linewidth=1.5, label=f"target: {target}")
        part.set_xlabel("visitors at once")
        part.grid(alpha=0.3, which="both")
        part.spines[["top", "right"]].set_visible(False)
        part.yaxis.set_major_formatter("{x:.0f}")
        part.yaxis.set_minor_formatter("{x:.0f}")
        part.legend(fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.16))
    drawing.savefig(path, dpi=150)


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which a share of them lies."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def main() -> None:
    """Measure, print, draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--visitors", type=int, nargs="+", default=[1, 5, 10, 20, 30], help="%(default)s")
    add("--peers", type=int, nargs="*", default=[1, 3, 5], help="of the plain pad; %(default)s")
    add("--seconds", type=float, default=30, help="to draw for; %(default)s")
    add("--pause", type=float, default=2, help="seconds between two drawings; %(default)s")
    add("--trainings", type=int, default=2, help="with the most visitors, at most all but one; 2")
    add("--browsers", type=int, default=0, help="real ones, with the most; %(default)s")
    add("--out", type=Path, help="where the figure is drawn")
    add("--json", type=Path, help="where all that was measured is written")
    options = parser.parse_args()
    if min(options.visitors) < 1:
        parser.error("there must be visitors")
    # Somebody has to draw meanwhile.
    options.trainings = min(options.trainings, max(options.visitors) - 1)
    load = os.getloadavg()[0]
    found = asyncio.run(measure_ours(options))
    peers = asyncio.run(measure_peers(options))
    levels = found["levels"]
    kinds = {"this pad": levels, "plain ipycanvas, TensorFlow": peers}
    print(f"{inference.machine()}, load {load:.1f} before it began\n\n{table(kinds)}\n")
    print(story(found, levels, options))
    if options.out:
        figure({name: levels for name, levels in kinds.items() if levels}, options.out)
    if options.json:
        plain = {**found, "levels": [asdict(level) for level in levels]}
        plain["peers"] = [asdict(level) for level in peers]
        options.json.write_text(json.dumps(plain), encoding="utf-8")


if __name__ == "__main__":
    main()
