"""Serving many: who is let in, whose pad is ended, what is too large, and what the log says."""

import asyncio
import contextlib
import gc
import http.client
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import urlsplit

import psutil
import pytest
from visitors import OurVisitor

from digitrec.serving import pages
from digitrec.serving.door import Door
from tests.drawings import SEVEN

pytestmark = pytest.mark.slow

SETTINGS = """
port = 0
open_browser = false
waiting_pads = 1
most_pads = 3
abandoned_after = 4
look_every = 1
message_megabytes = 5
"""
PATIENCE = 90.0
"""Seconds that anything may take on a busy machine."""


class Served:
    """A server with the settings above, and what it prints."""

    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self.log = log
        self.until(lambda: "http://" in self.said())
        self.address = re.search(r"http://\S+", self.said())[0]

    def said(self) -> str:
        return self.log.read_text(encoding="utf-8")

    def health(self) -> dict[str, object]:
        return json.loads(self.get("health")[1])

    def get(self, path: str, body: bytes | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection(urlsplit(self.address).netloc, timeout=PATIENCE)
        try:
            connection.request("GET" if body is None else "POST", f"/{path}", body)
            response = connection.getresponse()
            return response.status, response.read().decode()
        finally:
            connection.close()

    def kernels(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def until(self, condition) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, f"it did not happen in time; the log: {self.said()}"
            time.sleep(0.1)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    mine = tmp_path / "class.toml"
    mine.write_text(SETTINGS, encoding="utf-8")
    log = tmp_path / "log"
    command = [sys.executable, "-m", "digitrec", "dashboard", "--settings", str(mine)]
    with (
        log.open("w") as stream,
        subprocess.Popen(
            command,
            stdout=stream,
            stderr=subprocess.STDOUT,
            env={**os.environ, "DIGITREC_QUEUE": str(tmp_path / "queue")},
            start_new_session=True,
        ) as process,
    ):
        try:
            yield Served(process, log)
            children = psutil.Process(process.pid).children(recursive=True)
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
            assert [child for child in children if child.is_running()] == []
        finally:
            process.kill()


async def answered(visitor: OurVisitor) -> str:
    _seconds, sentence = await visitor.draw([[(float(x), float(y)) for x, y in s] for s in SEVEN])
    return sentence.replace("&#x27;", "'")


def test_a_class_comes_at_once_and_one_finds_no_room(served):
    async def come() -> None:
        visitors = [OurVisitor(served.address) for _ in range(3)]
        await asyncio.gather(*(visitor.open() for visitor in visitors))
        for visitor in visitors:
            assert await answered(visitor) == "That's a 7."
            assert visitor.failures == 0
        status, body = await asyncio.to_thread(served.get, f"voila/render/{pages.PAD}")
        assert status == 503
        assert "All pads are in use" in body
        await visitors[0].leave()
        served.until(lambda: served.health()["visitors"] == 2)
        late = OurVisitor(served.address)
        await late.open()
        assert await answered(late) == "That's a 7."
        for visitor in (*visitors[1:], late):
            await visitor.leave()
        # All have gone, and one pad waits for the next.
        served.until(lambda: (served.health()["visitors"], served.health()["kernels"]) == (0, 1))

    asyncio.run(come())
    lines = served.said().splitlines()[1:]
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    for line in lines:
        assert re.match(rf"{stamp} A visitor (opens 06_drawing_pad; pads|finds no room)", line)
    assert len(lines) == 5


def test_a_pad_without_a_page_is_ended_and_one_with_a_page_is_not(served):
    async def come() -> None:
        stays, vanishes = OurVisitor(served.address), OurVisitor(served.address)
        await stays.open()
        await vanishes.open()
        # Loads the page, and never connects.
        assert (await asyncio.to_thread(served.get, f"voila/render/{pages.PAD}"))[0] == 200
        assert served.health()["visitors"] == 3
        vanishes.vanish()
        await asyncio.to_thread(served.until, lambda: served.health()["visitors"] == 1)
        assert await answered(stays) == "That's a 7."
        await asyncio.to_thread(served.until, lambda: served.health()["kernels"] == 2)
        assert len(served.kernels()) == 2
        await stays.leave()

    asyncio.run(come())


def test_a_picture_passes_and_twenty_megabytes_do_not(served):
    async def come() -> None:
        visitor, careless = OurVisitor(served.address), OurVisitor(served.address)
        await visitor.open()
        visitor.show_picture(os.urandom(1_500_000))
        await visitor.until(lambda: visitor.sentence()[1] == "notice", "a word on the picture")
        assert await answered(visitor) == "That's a 7."
        await careless.open()
        careless.show_picture(bytes(20_000_000))
        await careless.gone()
        # Nobody else has noticed.
        assert await answered(visitor) == "That's a 7."
        await visitor.leave()
        careless.vanish()

    asyncio.run(come())
    with contextlib.suppress(ConnectionError):  # closed while it is still being sent: as good
        assert served.get("voila/api/shutdown/none", bytes(2_000_000))[0] in (400, 413)
    assert served.health()["status"] == "ok"


def test_the_log_tells_of_a_training_and_of_its_end(served):
    async def come() -> None:
        visitor = OurVisitor(served.address)
        await visitor.open()
        training = asyncio.create_task(visitor.train())
        await asyncio.to_thread(served.until, lambda: "A training begins." in served.said())
        visitor.press("Cancel")
        await training
        await asyncio.to_thread(served.until, lambda: "A training ends" in served.said())
        await visitor.leave()

    asyncio.run(come())
    visit, begins, ends = served.said().splitlines()[1:]
    assert visit.endswith("A visitor opens 06_drawing_pad; pads in use: 1.")
    assert begins.endswith("A training begins.")
    assert re.search(r" A training ends: cancelled after \d+ s\.$", ends)


def test_a_first_kernel_that_dies_while_it_is_made_ready_is_not_printed_about():
    async def ready() -> dict[str, object]:
        return {"task": asyncio.create_task(rendered())}

    async def rendered() -> None:
        raise RuntimeError("Kernel died before replying to kernel_info")

    async def refused() -> dict[str, object]:
        raise OSError("no more processes")

    async def scene() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, about: printed.append(about))
        kernels = SimpleNamespace(
            _initialize=lambda make: make(), get_rendered_notebook=ready, start_kernel=ready
        )
        Door(kernels, most=3, at_once=1)
        first = [asyncio.create_task(kernels._initialize(make)) for make in (ready, refused)]
        await asyncio.sleep(0.05)
        first.clear()
        gc.collect()

    printed: list[object] = []
    asyncio.run(scene())
    assert printed == []


class OnePad:
    """A manager of kernels in the manner of Voila's, of whose pads one waits at a time."""

    def __init__(self) -> None:
        self.made = 0
        self.dead = {"1"}
        self._pools = {}
        self.fill_if_needed(notebook_name="pad")

    def fill_if_needed(self, delay: float | None = None, *, notebook_name: str) -> None:
        pool = self._pools.setdefault(notebook_name, [])
        if not pool:
            self.made += 1
            pool.append(asyncio.create_task(self._initialize(str(self.made), delay)))

    async def _initialize(self, kernel_id: str, delay: float | None) -> dict[str, object]:
        await asyncio.sleep(0.05 if delay is None else delay)
        return {"kernel_id": kernel_id, "task": asyncio.create_task(asyncio.sleep(0, "a page"))}

    async def get_rendered_notebook(self, notebook_name: str) -> tuple[object, list, str]:
        content = await self._pools[notebook_name].pop(0)
        self.fill_if_needed(notebook_name=notebook_name)
        return content["task"], [], content["kernel_id"]

    async def start_kernel(self) -> str:
        raise AssertionError("no pad is started cold here")

    def __contains__(self, kernel_id: str) -> bool:
        return True

    def get_kernel(self, kernel_id: str) -> SimpleNamespace:
        async def is_alive() -> bool:
            await asyncio.sleep(0.01)  # in which another visitor comes
            return kernel_id not in self.dead

        return SimpleNamespace(is_alive=is_alive)


def test_two_visitors_share_no_pad_and_none_finds_the_pool_empty():
    async def scene() -> list[str]:
        kernels = OnePad()
        Door(kernels, most=3, at_once=1)
        await asyncio.sleep(0.05)

        async def visitor() -> str:
            return (await kernels.get_rendered_notebook(notebook_name="pad"))[2]

        return await asyncio.gather(visitor(), visitor())

    assert sorted(asyncio.run(scene())) == ["2", "3"]
