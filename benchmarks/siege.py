"""Attack a server in every way we know while a few visitors draw; print how they were answered.

    python benchmarks/siege.py [--seconds 120] [--visitors 5] [--attacks lies older …]

A real `digitrec dashboard` is started, and the visitors of `load.py` open their pads and draw. Then
all attacks begin at once, in a process of their own, and go on until the visitors stop:

- lies: messages whose counts and offsets do not fit them, on a web socket of the attacker's pad;
- older: pictures in the older form of messages, which is spoken where a proxy drops the name of the
  newer, and every tenth of them with a count that lies;
- states: all widgets are asked for again and again, and nothing of the answer is read;
- downloads: the model is asked for again and again, and nothing of the answer is read;
- flood: messages as fast as they can be sent, to a widget that is not there;
- idle: 300 connections that ask for nothing;
- strangers: pages that are asked for and not waited for.

An attack that is refused begins anew. `--descriptors 256` starts the server under `ulimit -n 256`.
"""

import argparse
import asyncio
import contextlib
import io
import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import urllib.parse
import uuid
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import inference
import load
import psutil
from jupyter_server.services.kernels.connection.base import (
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)
from tornado.httpclient import HTTPClientError
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError, websocket_connect
from visitors import PROTOCOL, GaveUpError, OurVisitor, Visitor

IN_TIME = 0.5
"""Seconds within which a visitor should be answered."""
PAGE = "voila/render/06_drawing_pad.ipynb"
LIES = (
    b"\xff" * 8,  # far more parts than bytes
    (2**62).to_bytes(8, "little") + bytes(40),
    (8).to_bytes(8, "little") + (2**50).to_bytes(8, "little") * 8,  # parts behind the end
    (8).to_bytes(8, "little") + b"".join(n.to_bytes(8, "little") for n in range(80, 72, -1)),
    b"\x06" + bytes(7),  # a table that is cut off
)
OLDER_LIES = (
    b"\xff" * 4 + bytes(60),
    b"\x7f\xff\xff\xff" + bytes(60),
    b"\x00\x00\x00\x02" + b"\xff" * 8 + b"{}",
)


@dataclass
class Siege:
    """What came of it."""

    answers: list[float]  # seconds
    right: int
    failures: int
    before: float  # MB of the server's own process
    peak: float
    after: float
    attacks: dict[str, int]  # how often each began

    @property
    def in_time(self) -> float:
        """The share of answers that came in time."""
        return sum(took <= IN_TIME for took in self.answers) / len(self.answers)


# ---- Attacks


async def connect(visitor: Visitor, protocols: list[str]) -> WebSocketClientConnection:
    """Open one more web socket to the attacker's own pad."""
    channels = f"/api/kernels/{visitor.kernel_id}/channels?session_id={uuid.uuid4().hex}"
    address = urllib.parse.urljoin(visitor.address, channels).replace("http", "ws", 1)
    return await websocket_connect(address, subprotocols=protocols, connect_timeout=20)


async def closed(line: WebSocketClientConnection) -> tuple[int | None, str | None]:
    """Wait until the server has closed a web socket; return why."""
    while await line.read_message() is not None:
        pass
    line.close()  # this end too, or Tornado warns that nobody did
    return line.close_code, line.close_reason


async def tell_lies(visitor: Visitor) -> None:
    """Send what does not fit, in the newer form."""
    for lie in LIES:
        line = await connect(visitor, [PROTOCOL])
        await line.write_message(lie, binary=True)
        await asyncio.wait_for(closed(line), 20)


def header(kind: str) -> dict[str, str]:
    """Return the header of a message."""
    return {"msg_id": uuid.uuid4().hex, "msg_type": kind, "session": uuid.uuid4().hex,
            "username": "", "version": "5.2", "date": "2026-01-01T00:00:00Z"}  # fmt: skip


def written(kind: str, content: Any, buffers: tuple[bytes, ...] = (), older: bool = False) -> bytes:
    """Return a message as bytes, in one of both forms."""
    if older:
        parts = {"parent_header": {}, "metadata": {}, "content": content, "channel": "shell"}
        message = {"header": header(kind), **parts, "buffers": list(buffers)}
        return bytes(serialize_binary_message(message))
    four = [json.dumps(part).encode() for part in (header(kind), {}, {}, content)]
    return bytes(serialize_msg_to_ws_v1([*four, *buffers], "shell"))


def picture() -> bytes:
    """Return a picture that is large enough to be worth sending."""
    import numpy as np
    from PIL import Image

    file = io.BytesIO()
    noise = np.random.default_rng(1).integers(0, 255, (600, 600), dtype=np.uint8)
    Image.fromarray(noise).save(file, "PNG")
    return file.getvalue()


async def speak_older(visitor: Visitor) -> None:
    """Be a page behind a proxy that drops a header, and now and then lie."""
    shown = picture()
    overlay = visitor.find(_anywidget_id="digitrec.app.pad.overlay.Overlay", name="pad")
    for lie in OLDER_LIES:
        line = await connect(visitor, [])
        pen = uuid.uuid4().hex[:8]
        for number in range(1, 10):
            batch = {"pen": pen, "number": number, "do": [["picture", number]]}
            content = {"comm_id": overlay, "data": {"method": "custom", "content": batch}}
            await line.write_message(written("comm_msg", content, (shown,), older=True), True)
            while b"taken" not in (heard := await asyncio.wait_for(line.read_message(), 20) or b""):
                if not heard:
                    return
                await asyncio.sleep(0)
                if isinstance(heard, str) and '"taken"' in heard:
                    break
        await line.write_message(lie, binary=True)
        await asyncio.wait_for(closed(line), 20)


async def hoard(visitor: Visitor, messages: Callable[[], list[bytes]]) -> None:
    """Ask and ask, and read nothing."""
    line = await connect(visitor, [PROTOCOL])
    for _ in range(40):
        for message in messages():
            with contextlib.suppress(asyncio.TimeoutError, WebSocketClosedError):
                await asyncio.wait_for(line.write_message(message, binary=True), 0.5)
    await asyncio.sleep(5)
    line.close()


def opening(name: str) -> bytes:
    """Return the message with which a page opens the way to ask for all of its widgets."""
    about = {"target_name": "jupyter.widget.control", "comm_id": name, "data": {}}
    four = (header("comm_open"), {}, {"version": "1.0.0"}, about)
    return bytes(serialize_msg_to_ws_v1([json.dumps(part).encode() for part in four], "shell"))


async def ask_for_states(visitor: Visitor) -> None:
    """Ask for all widgets, read nothing."""
    control = uuid.uuid4().hex
    first = [opening(control)]

    def messages() -> list[bytes]:
        ask = {"comm_id": control, "data": {"method": "request_states"}}
        sent = [*first, *(written("comm_msg", ask) for _ in range(20))]
        first.clear()
        return sent

    await hoard(visitor, messages)


async def ask_for_downloads(visitor: Visitor) -> None:
    """Ask for the model, read nothing."""
    named = [
        model
        for model, state in visitor.states.items()
        if str(state.get("_anywidget_id", "")).endswith(".Exchange")
    ]
    data = {"method": "custom", "content": {"event": "download", "ticket": 1}}
    await hoard(
        visitor,
        lambda: [written("comm_msg", {"comm_id": model, "data": data}) for model in named * 20],
    )


async def flood(visitor: Visitor) -> None:
    """Send as fast as can be."""
    line = await connect(visitor, [PROTOCOL])
    content = {"comm_id": "nothing", "data": {"method": "custom", "content": {}}}
    reading = asyncio.create_task(closed(line))
    for _ in range(20_000):
        await line.write_message(written("comm_msg", content), binary=True)
    line.close()
    await asyncio.wait_for(reading, 20)


async def stay_idle(netloc: str) -> None:
    """Open connections and ask for nothing."""
    host, _, port = netloc.partition(":")
    writers = []
    try:
        for _ in range(300):
            _reader, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 20)
            writers.append(writer)
        await asyncio.sleep(20)
    finally:
        for writer in writers:
            writer.transport.abort()


async def call_and_go(netloc: str) -> None:
    """Ask for pages, as a crawler does and as somebody who hangs up."""
    host, _, port = netloc.partition(":")
    for kind in ("Sec-Fetch-Dest: image\r\n", "", "User-Agent: crawler\r\n"):
        _reader, writer = await asyncio.wait_for(asyncio.open_connection(host, int(port)), 20)
        writer.write(f"GET /{PAGE} HTTP/1.1\r\nHost: {netloc}\r\n{kind}\r\n".encode())
        await writer.drain()
        writer.transport.abort()
        await asyncio.sleep(0.3)


BY_VISITORS: dict[str, Callable[[Visitor], Awaitable[None]]] = {
    "lies": tell_lies,
    "older": speak_older,
    "states": ask_for_states,
    "downloads": ask_for_downloads,
    "flood": flood,
}
BY_STRANGERS: dict[str, Callable[[str], Awaitable[None]]] = {
    "idle": stay_idle,
    "strangers": call_and_go,
}
ATTACKS = (*BY_VISITORS, *BY_STRANGERS)
REFUSED = (OSError, TimeoutError, GaveUpError, HTTPClientError, WebSocketClosedError)


async def attack(address: str, names: list[str]) -> None:
    """Attack in all of these ways until the end of the process; print the name of each attempt."""

    async def go_on(name: str, visitor: Visitor | None) -> None:
        while True:
            try:
                if name in BY_VISITORS:
                    if visitor is None:
                        visitor = await open_pad(address)
                    print(name, flush=True)
                    await BY_VISITORS[name](visitor)
                else:
                    print(name, flush=True)
                    await BY_STRANGERS[name](urllib.parse.urlsplit(address).netloc)
            except REFUSED:
                visitor = None  # its pad may be gone: the next attempt has another
                await asyncio.sleep(1)
            await asyncio.sleep(0.1)

    # All have a pad before the first attack begins, which would keep the others from theirs.
    pads = {name: await open_pad(address) for name in names if name in BY_VISITORS}
    await asyncio.gather(*(go_on(name, pads.get(name)) for name in names))


async def open_pad(address: str) -> Visitor:
    """Open a pad for an attacker, however long that takes."""
    while True:
        visitor = OurVisitor(address)
        try:
            await asyncio.wait_for(visitor.open(), 120)
        except REFUSED:
            await asyncio.sleep(1)
        else:
            return visitor


@contextlib.contextmanager
def attacking(address: str, names: list[str]) -> Iterator[Callable[[], Counter[str]]]:
    """Attack in a process of its own; give a way to ask how often each attack began."""
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(
            [sys.executable, __file__, "--against", address, "--attacks", *names],
            stdout=said,
            stderr=subprocess.DEVNULL,
        ) as process,
    ):
        try:
            # Not with the file's own place in it, which is the attackers' too.
            yield lambda: Counter(os.pread(said.fileno(), 10_000_000, 0).decode().split())
        finally:
            process.kill()


# ---- Visitors


async def besiege(
    address: str, server: psutil.Process, names: list[str], visitors: int, seconds: float
) -> Siege:
    """Have visitors draw under attack.

    Parameters
    ----------
    address : str
        Where the page is.
    server : psutil.Process
        The server's own process.
    names : list of str
        Of :data:`ATTACKS`.
    visitors : int
        How many draw.
    seconds : float
        For how long.
    """

    def megabytes() -> float:
        return float(server.memory_info().rss / 1e6)

    load.prepare(range(visitors))
    drawing = [OurVisitor(address) for _ in range(visitors)]
    await asyncio.gather(*(visitor.open() for visitor in drawing))
    before = peak = megabytes()
    with attacking(address, names) as counts:
        async with asyncio.timeout(300):
            while set(counts()) != set(names):
                await asyncio.sleep(0.2)
        tasks = [
            asyncio.create_task(load.draw_for(visitor, seed, seconds, 1.0))
            for seed, visitor in enumerate(drawing)
        ]
        while not all(task.done() for task in tasks):
            peak = max(peak, megabytes())
            await asyncio.sleep(0.2)
        drawn = [answer for task in tasks for answer in await task]
        attacks = counts()
    await asyncio.gather(*(visitor.leave() for visitor in drawing))
    await asyncio.sleep(5)
    return Siege(
        answers=[took for took, _right in drawn],
        right=sum(right for _took, right in drawn),
        failures=sum(visitor.failures for visitor in drawing),
        before=before,
        peak=peak,
        after=megabytes(),
        attacks={name: attacks[name] for name in names},
    )


@contextlib.contextmanager
def serving(folder: Path, descriptors: int = 0) -> Iterator[tuple[str, psutil.Process]]:
    """Run the server; give its address and its process."""
    dashboard = [sys.executable, "-m", "digitrec", "dashboard", "--no-browser", "--port", "0"]
    # Room for visitors and attackers, however little memory is free just now.
    (folder / "siege.toml").write_text("most_pads = 40\n", encoding="utf-8")
    dashboard += ["--settings", str(folder / "siege.toml")]
    limit = f"ulimit -n {descriptors}; " if descriptors else ""
    with (
        (folder / "errors").open("w") as errors,
        subprocess.Popen(
            ["/bin/sh", "-c", f'{limit}exec "$@"', "sh", *dashboard],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**os.environ, "DIGITREC_QUEUE": str(folder / "queue")},
            start_new_session=True,
        ) as process,
    ):
        try:
            assert process.stdout is not None
            address = re.search(r"http://\S+", process.stdout.readline())
            assert address is not None
            yield address[0], psutil.Process(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=30)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def story(found: Siege) -> str:
    """Say what came of it."""
    took = [1000 * seconds for seconds in found.answers]
    attempts = ", ".join(f"{name} {number:,}" for name, number in found.attacks.items())
    lines = [
        f"attacks begun: {attempts}",
        f"answers: {len(took)}, right: {found.right}",
        f"within {IN_TIME * 1000:.0f} ms: {100 * found.in_time:.1f} %",
        (
            f"median {statistics.median(took):.0f} ms, 95 % {load.quantile(took, 0.95):.0f} ms, "
            f"slowest {max(took):.0f} ms"
        ),
        f"the kernels told of {found.failures} failures",
        (
            f"memory of the server alone: {found.before:.0f} MB before, "
            f"{found.peak:.0f} MB at most, {found.after:.0f} MB after"
        ),
    ]
    return "\n".join(f"- {line}" for line in lines)


def main() -> None:
    """Besiege a server and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("--seconds", type=float, default=120, help="to draw for; %(default)s")
    add("--visitors", type=int, default=5, help="who draw; %(default)s")
    add("--attacks", nargs="+", choices=ATTACKS, default=list(ATTACKS))
    add("--descriptors", type=int, default=0, help="files that the server may open; as it is")
    add("--against", help=argparse.SUPPRESS)  # the attackers' process
    options = parser.parse_args()
    if options.against:
        asyncio.run(attack(options.against, options.attacks))
        return
    with (
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), options.descriptors) as (address, server),
    ):
        found = asyncio.run(
            besiege(address, server, options.attacks, options.visitors, options.seconds)
        )
        log = (Path(folder) / "errors").read_text().count("\n")
    before = f"{os.getloadavg()[0]:.1f}"
    print(f"{inference.machine()}, load {before} at the end\n\n{story(found)}")
    print(f"- lines of errors that the server printed: {log}")


if __name__ == "__main__":
    main()
