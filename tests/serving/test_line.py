"""One line: when it waits, when it ends, and what is kept for a page that is gone.

`serving/test_attacks.py` has the same done to a real server.
"""

import asyncio
import json
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from jupyter_client.session import Session
from siege import written
from traitlets.config import Configurable

from digitrec.serving import line, wire

MOST = 1_000_000
"""Bytes that may wait on the lines here."""


class Kernels(Configurable):  # type: ignore[misc] # traitlets has no types
    allowed_message_types = ("comm_open", "comm_msg", "kernel_info_request")
    allow_tracebacks = True


class Kernel(Configurable):  # type: ignore[misc] # as above
    kernel_id = "k"

    def __init__(self) -> None:
        super().__init__(parent=Kernels())


class Handler(line.LineHandler):
    """A web socket of which nothing is read unless a test does."""

    settings: ClassVar = {"unread_bytes": MOST}
    selected_subprotocol = wire.PROTOCOL

    def __init__(self) -> None:
        self.written: list[asyncio.Future[None]] = []
        self.is_cut = False
        stream = SimpleNamespace(close=self.cut)
        self.ws_connection = SimpleNamespace(stream=stream, is_closing=lambda: self.is_cut)

    def cut(self) -> None:
        self.is_cut = True

    def write_message(self, *_message: Any) -> "asyncio.Future[None]":
        self.written.append(asyncio.get_running_loop().create_future())
        return self.written[-1]


class Shell:
    """The kernel's side, which keeps what was sent to it."""

    channel = "shell"

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_multipart(self, parts: list[Any], *_flags: Any, **_options: Any) -> None:
        begin = parts.index(b"<IDS|MSG>")
        self.sent.append(json.loads(bytes(parts[begin + 2])))

    def closed(self) -> bool:
        return False


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


def a_line(kernel: Kernel) -> tuple[line.Line, Handler, Shell]:
    handler, shell = Handler(), Shell()
    made = line.Line(parent=kernel, websocket_handler=handler, session=Session(key=b"k"))
    made.channels = {"shell": shell}
    return made, handler, shell


async def turns() -> None:
    """Let callbacks be called that are due."""
    for _ in range(3):
        await asyncio.sleep(0)


def test_a_line_ends_when_too_much_waits_on_it(kernel: Kernel) -> None:
    async def scene() -> None:
        full, handler, _ = a_line(kernel)
        calm, beside, _ = a_line(kernel)
        calm.write_message(b"x" * 100_000)
        for _ in range(9):
            full.write_message(b"x" * 100_000)
        assert not handler.is_cut
        handler.written[0].set_result(None)
        await turns()
        full.write_message(b"x" * 100_000)
        assert (full.unread, handler.is_cut) == (900_000, False)
        # All lines to one kernel have this together, and the fullest ends.
        calm.write_message(b"x")
        assert (full.unread, calm.unread) == (0, 100_001)
        assert (handler.is_cut, beside.is_cut) == (True, False)
        # What comes of what was written to it counts no more.
        for result in handler.written[1:]:
            result.set_exception(OSError("closed"))
        await turns()
        for _ in range(8):
            calm.write_message(b"x" * 100_000)
        assert not beside.is_cut

    asyncio.run(scene())


def test_a_line_of_which_nothing_is_read_ends(
    kernel: Kernel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "_LOOK_AGAIN", 0.001)
    monkeypatch.setattr(line, "PATIENCE", 0.005)

    async def scene() -> None:
        full, handler, _ = a_line(kernel)
        full.write_message(b"x" * 400_000)
        await full.room()
        assert not handler.is_cut
        full.write_message(b"x" * 400_000)
        await full.room()
        assert handler.is_cut

    asyncio.run(scene())


def message(number: int = 0, method: str = "custom") -> bytes:
    return written("comm_msg", {"comm_id": "a", "data": {"method": method, "content": number}})


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """How long the lines would have waited for their pace."""
    found: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        if seconds:
            found.append(seconds)
        await sleep(0)

    monkeypatch.setattr(line.asyncio, "sleep", note)
    return found


def reply(question: str) -> list[bytes]:
    parts = ({"msg_type": "kernel_info_reply"}, {"msg_id": question}, {}, {})
    return [b"<IDS|MSG>", b"signature", *(json.dumps(part).encode() for part in parts)]


@pytest.mark.parametrize("method", ["custom", "request_state"])
def test_a_page_waits_for_its_kernel(kernel: Kernel, method: str) -> None:
    async def scene() -> None:
        ahead, _handler, shell = a_line(kernel)
        for number in range(line.MAX_AHEAD if method == "custom" else 1):
            ahead._due = 0.0  # the pace is another matter
            await asyncio.wait_for(ahead.room(), 10)
            ahead.handle_incoming_message(message(number, method))
        ahead._due = 0.0
        waiting = asyncio.create_task(ahead.room())
        await turns()
        assert shell.sent[-1]["msg_type"] == "kernel_info_request"
        # Only that question's answer counts: a page cannot name it, nor give it.
        ahead.handle_outgoing_message(shell, reply("another"))
        await turns()
        assert not waiting.done()
        ahead.handle_outgoing_message(shell, reply(shell.sent[-1]["msg_id"]))
        await asyncio.wait_for(waiting, 10)

    asyncio.run(scene())


def test_a_page_is_taken_from_at_a_pace(
    kernel: Kernel, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "_now", lambda: 100.0)

    async def send(fast: line.Line, messages: int) -> None:
        for number in range(messages):
            fast.handle_incoming_message(message(number))
            fast._ahead = 0
            await fast.room()

    async def scene() -> None:
        fast, _handler, shell = a_line(kernel)
        await send(fast, 390)
        assert pauses == []  # that much at once is what a line may be ahead
        await send(fast, 210)
        assert len(shell.sent) == 600

    asyncio.run(scene())
    # Each is longer, as here no time passes.
    assert pauses == sorted(pauses)
    assert pauses[-1] == pytest.approx(1.0, abs=0.05)


def test_what_waits_for_a_page_that_is_gone_is_bounded() -> None:
    async def scene() -> None:
        dropped: list[bool] = []
        kept = line.Kept(1000, lambda: dropped.append(True))
        kept.append(("iopub", [b"x" * 600, b"y"]))
        kept.append(("shell", [b"x" * 300]))
        await turns()
        assert [channel for channel, _ in kept] == ["iopub", "shell"]
        assert not dropped
        kept.append(("iopub", [b"x" * 100]))
        await turns()
        # Some of it would be worse than nothing.
        assert kept == []
        assert dropped == [True]
        kept.append(("iopub", [b"x"]))
        assert kept == []

    asyncio.run(scene())


def test_the_source_of_a_page_is_not_shown(kernel: Kernel) -> None:
    async def scene() -> None:
        quiet, handler, shell = a_line(kernel)
        parts = ({"msg_type": "execute_input"}, {}, {}, {"code": "secret"})
        written = [json.dumps(part).encode() for part in parts]
        quiet.handle_outgoing_message(shell, [b"<IDS|MSG>", b"signature", *written])
        assert handler.written == []

    asyncio.run(scene())
