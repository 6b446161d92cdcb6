"""A real server, and what comes over web sockets that is no page's, or is never read."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import siege
from tornado.websocket import WebSocketClientConnection, WebSocketClosedError
from visitors import PROTOCOL, OurVisitor

from tests.drawings import SEVEN

pytestmark = pytest.mark.slow

PATIENCE = 60.0
"""Seconds that a machine with other work to do may take to answer."""
STROKES = [[(float(x), float(y)) for x, y in stroke] for stroke in SEVEN]


class Served:
    """A running server, and what its processes print."""

    def __init__(self, address: str, process: psutil.Process, errors: Path) -> None:
        self.address = address
        self.process = process
        self._errors = errors

    def said(self) -> str:
        return self._errors.read_text(encoding="utf-8")

    def megabytes(self) -> float:
        return float(self.process.memory_info().rss / 1e6)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("server")
    with siege.serving(folder) as (address, process):
        yield Served(address, process, folder / "errors")


def run(scene: Callable[[OurVisitor, OurVisitor], Awaitable[Any]], server: Served) -> Any:
    """Have somebody do odd things beside a visitor, who must be answered afterwards."""

    async def both() -> Any:
        odd, calm = OurVisitor(server.address), OurVisitor(server.address)
        await asyncio.wait_for(odd.open(), PATIENCE)
        await asyncio.wait_for(calm.open(), PATIENCE)
        found = await asyncio.wait_for(scene(odd, calm), 5 * PATIENCE)
        assert await is_answered(calm)
        assert calm.failures == 0
        await calm.leave()
        await odd.leave()
        return found

    return asyncio.run(both())


async def is_answered(calm: OurVisitor) -> bool:
    _seconds, said = await asyncio.wait_for(calm.draw(STROKES), PATIENCE)
    return said.replace("&#x27;", "'") == "That's a 7."


async def leave(line: WebSocketClientConnection) -> None:
    line.close()
    await asyncio.wait_for(siege.closed(line), PATIENCE)


LIES = [
    *((PROTOCOL, lie) for lie in siege.LIES),
    *(("", lie) for lie in siege.OLDER_LIES),
]


def test_a_number_that_lies_ends_its_own_line(server: Served) -> None:
    async def scene(odd: OurVisitor, calm: OurVisitor) -> None:
        before = server.megabytes()
        for protocol, lie in LIES:
            line = await siege.connect(odd, [protocol] if protocol else [])
            await line.write_message(lie, binary=True)
            code, reason = await asyncio.wait_for(siege.closed(line), PATIENCE)
            assert (code, reason) == (1007, "A table of offsets does not fit its message.")
            assert await is_answered(calm)
        assert server.megabytes() < before + 50

    run(scene, server)


def test_a_page_that_speaks_the_older_form_is_answered(server: Served) -> None:
    """Chromium does behind a proxy that drops the newer one's name: see `browser/test_line.py`."""

    async def scene(odd: OurVisitor, _calm: OurVisitor) -> None:
        line = await siege.connect(odd, [])
        data = {"method": "custom", "content": {"pen": "p", "number": 1, "do": [["picture", 1]]}}
        about = {"comm_id": odd._overlay, "data": data}
        message = siege.written("comm_msg", about, (siege.picture(),), older=True)
        await line.write_message(message, binary=True)
        heard = ""
        # The painting comes in binary messages, and what is said in text.
        while '"taken": {"p": 1' not in heard:
            said = await asyncio.wait_for(line.read_message(), PATIENCE)
            assert said is not None
            heard = said if isinstance(said, str) else said.decode("utf-8", "replace")
        await leave(line)

    run(scene, server)


ODD_CONTENTS: list[Any] = [
    {"comm_id": "nothing", "data": {"method": "update", "state": {"value": 1}}},
    {"comm_id": ["x"], "data": 7},
    {"comm_id": {}, "data": {"method": "custom", "content": "x"}},
    {"comm_id": "nothing", "data": {"method": "nonsense"}},
    {"target_name": "jupyter.widget.control", "comm_id": ["a"], "data": 7},
    {"target_name": "jupyter.widget", "comm_id": "a", "data": {"state": {}}},
    {},
]


def test_no_nonsense_is_printed_about(server: Served) -> None:
    async def scene(odd: OurVisitor, _calm: OurVisitor) -> None:
        line = await siege.connect(odd, [PROTOCOL])
        for content in ODD_CONTENTS:
            for kind in ("comm_msg", "comm_open", "comm_close", "comm_info_request"):
                await line.write_message(siege.written(kind, content), binary=True)
        await line.write_message(siege.written("kernel_info_request", {}), binary=True)
        while b"kernel_info_reply" not in (await line.read_message() or b""):
            assert line.close_code is None
        await leave(line)

    run(scene, server)
    assert server.said() == ""


def test_what_a_widget_would_keep_is_small(server: Served) -> None:
    async def scene(odd: OurVisitor, _calm: OurVisitor) -> None:
        line = await siege.connect(odd, [PROTOCOL])
        data = {"method": "update", "state": {"value": "x" * 9_000_000}, "buffer_paths": []}
        content = {"comm_id": odd._said, "data": data}
        await line.write_message(siege.written("comm_msg", content), binary=True)
        code, _reason = await asyncio.wait_for(siege.closed(line), PATIENCE)
        assert code == 1007

    run(scene, server)


def test_a_page_opens_few_comms(server: Served) -> None:
    async def scene(odd: OurVisitor, _calm: OurVisitor) -> None:
        line = await siege.connect(odd, [PROTOCOL])
        for _ in range(200):
            with contextlib.suppress(WebSocketClosedError):
                await line.write_message(siege.opening("a"), binary=True)
        await asyncio.wait_for(siege.closed(line), PATIENCE)
        assert (line.close_code, line.close_reason) == (1007, "A page opens fewer comms.")

    run(scene, server)


@pytest.mark.parametrize("attack", [siege.ask_for_states, siege.ask_for_downloads])
def test_who_sends_and_does_not_read_makes_nothing_grow(server: Served, attack: Any) -> None:
    async def scene(odd: OurVisitor, calm: OurVisitor) -> None:
        before = peak = server.megabytes()
        attacking = asyncio.create_task(attack(odd))
        while not attacking.done():
            assert await is_answered(calm)
            peak = max(peak, server.megabytes())
        await attacking
        assert peak < before + 60

    run(scene, server)


def test_five_attacks_at_once_and_two_visitors(server: Served) -> None:
    names = ["lies", "older", "states", "downloads", "flood"]
    found = asyncio.run(siege.besiege(server.address, server.process, names, 2, 8.0))
    assert min(found.attacks.values()) >= 1
    assert found.right == len(found.answers) > 0
    assert found.failures == 0
    assert found.peak < found.before + 150
    assert server.said() == ""
    said = siege.story(found)
    assert f"answers: {found.right}, right: {found.right}" in said
