"""The web socket between a page and its kernel, called a line: what may pass, and what may wait.

Jupyter's own believes every number that a browser sends, and lets what a browser does not read pile
up in the server. A line here ends when it brings what no page sends, or when too much waits on it;
nobody else notices.
"""

import asyncio
import uuid
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError

from digitrec.serving import wire
from digitrec.serving.descriptors import FOR_A_LINE, Descriptors
from digitrec.serving.handlers import Answer

MAX_OPENED = 100
"""Comms that may be opened to one kernel. A page opens one whenever it is connected anew."""

MAX_AHEAD = 256
"""Messages that a line may be ahead of its kernel: more than a fast pen sends in ten seconds."""

RATE = 200
"""Messages a second that are taken from one line; a pen sends 16."""

JSON_RATE = 10_000_000
"""Bytes of JSON a second. Reading it holds up everybody, and a page has seldom a few hundred."""

ALL_RATE = 10
"""How often a second a page may ask for all that widgets hold. It does once."""

BURST = 2.0
"""Seconds of all these that a line may be ahead."""

PATIENCE = 20.0
"""Seconds after which a line ends that is full, and of which nothing is read."""

_LOOK_AGAIN = 5.0  # seconds after which a line that waits looks whether it is still there
_INVALID = 1007  # the code of RFC 6455 for a message that is not what it should be


def _now() -> float:
    return asyncio.get_running_loop().time()


class Budget:
    """What all lines to one kernel have together; honest pages have one.

    Parameters
    ----------
    most : int
        Bytes that may wait to be read.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self.unread = 0
        self.opened = 0
        self.lines: weakref.WeakSet[Line] = weakref.WeakSet()

    def relieve(self) -> None:
        """End the lines on which most waits, until no more waits than may."""
        while self.unread > self.most and self.lines:
            self.end(max(self.lines, key=lambda line: line.unread))

    def end(self, line: "Line") -> None:
        """End a line, with what waits on it."""
        self.lines.discard(line)
        self.unread -= line.unread
        line.unread = 0
        line.cut()


_budgets: weakref.WeakKeyDictionary[Any, Budget] = weakref.WeakKeyDictionary()


class Kept(list[tuple[str, list[bytes]]]):
    """Messages for a page that lost its line and may come back, up to a number of bytes.

    Parameters
    ----------
    most : int
        Bytes.
    too_many : callable
        Called when there are more; nothing is kept then.
    """

    def __init__(self, most: int, too_many: Callable[[], None]) -> None:
        super().__init__()
        self._room = most
        self._too_many = too_many

    def append(self, message: tuple[str, list[bytes]]) -> None:
        """Keep one more, or none."""
        self._room -= sum(map(len, message[1]))
        if self._room >= 0:
            super().append(message)
        else:
            self.clear()
            # Not while the socket hands out messages: that closes it.
            asyncio.get_running_loop().call_soon(self._too_many)


class Line(ZMQChannelsWebsocketConnection):  # type: ignore[misc] # Jupyter's server is not checked
    """A page's web socket on one side and its kernel's sockets on the other.

    jupyter_server up to 2.21 runs over counts and offsets without a look at the message's length,
    and bounds nothing that waits. When a version does both, its own ``handle_incoming_message`` and
    ``write_message`` will do, and of this class the check of what a page may open and change stays.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.unread = 0
        self._ahead = self._ahead_bytes = 0
        self._due = 0.0
        self._question = ""
        self._is_cut = False
        self._news = asyncio.Event()
        most = self.websocket_handler.settings["unread_bytes"]
        self._budget = _budgets.setdefault(self.kernel_manager, Budget(most))
        self._budget.lines.add(self)

    # ---- From the page to the kernel
    def handle_incoming_message(self, incoming_msg: str | bytes) -> None:
        """Check a message and pass it on, if it is one that a page may send.

        Raises
        ------
        WireError
            If it does not keep to its form, or is larger than a page's.
        """
        message = wire.read(incoming_msg, self.subprotocol)
        self._ahead_bytes += len(incoming_msg)
        cost = 1 / RATE + len(message.written) / JSON_RATE + message.asks_for_all / ALL_RATE
        self._due = max(self._due, _now() - BURST) + cost
        if not self.channels or not self._may_pass(message):
            return
        self._ahead += MAX_AHEAD if message.asks_for_all else 1
        self.session.send_raw(self.channels["shell"], message.parts())

    def _may_pass(self, message: wire.Message) -> bool:
        known = self.multi_kernel_manager.allowed_message_types
        if message.channel != "shell" or message.kind not in known or not message.makes_sense:
            return False
        if message.kind == "comm_open":
            self._budget.opened += 1
            if self._budget.opened > MAX_OPENED:
                raise wire.WireError("A page opens fewer comms.")
        return True

    async def room(self) -> None:
        """Wait until the kernel has caught up and the page has read what waits for it.

        Nothing more is read from the page meanwhile, so that what it sends waits on its side.
        """
        early = self._due - _now()
        if early > 0:
            await asyncio.sleep(early)
        looked = 0
        while self._is_open and self._is_full:
            if not self._question and self._is_ahead:
                self._ask()
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), _LOOK_AGAIN)
                looked = 0
            except TimeoutError:
                looked += 1
                if looked * _LOOK_AGAIN >= PATIENCE and not self._is_ahead:
                    self._budget.end(self)  # as nothing of all that was read

    @property
    def _is_open(self) -> bool:
        connection = self.websocket_handler.ws_connection
        return bool(self.channels) and connection is not None and not connection.is_closing()

    @property
    def _is_ahead(self) -> bool:
        return self._ahead >= MAX_AHEAD or self._ahead_bytes > self._budget.most // 2

    @property
    def _is_full(self) -> bool:
        return self._is_ahead or self._budget.unread > self._budget.most // 2

    def _ask(self) -> None:
        """Ask the kernel for a sign of life; it comes when all that was sent before is done."""
        question = self.session.msg("kernel_info_request")
        # A name of our own: a page cannot answer in the kernel's place.
        question["header"]["msg_id"] = self._question = uuid.uuid4().hex
        self.session.send(self.channels["shell"], question)

    # ---- From the kernel to the page
    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[bytes]) -> None:
        """Pass a message of the kernel on to the page."""
        if self._is_cut:
            return
        _, parts = self.session.feed_identities(outgoing_msg)
        kind = self.session.unpack(parts[1])["msg_type"]
        if kind == "execute_input":
            return  # the notebook's source, which Voila does not show either
        asked = kind == "kernel_info_reply" and self._question
        if asked and self.session.unpack(parts[2]).get("msg_id") == asked:
            self._question = ""
            self._ahead = self._ahead_bytes = 0
            self._news.set()
            return
        super().handle_outgoing_message(stream, outgoing_msg)

    def write_message(self, message: str | bytes, binary: bool = False) -> None:
        """Write to the page, and end the line if too much waits there to be read."""
        try:
            written = self.websocket_handler.write_message(message, binary)
        except WebSocketClosedError:
            return  # it is just being closed
        size = len(message)
        self.unread += size
        self._budget.unread += size

        def done(result: "asyncio.Future[None]") -> None:
            _ = result.cancelled() or result.exception()  # a line that ended is no fault
            if not self._is_cut:
                self.unread -= size
                self._budget.unread -= size
                self._news.set()

        written.add_done_callback(done)
        self._budget.relieve()

    # ---- The end
    def cut(self) -> None:
        """End the line at once, with all that waits on it: nobody would read why."""
        self._is_cut = True
        if self.websocket_handler.ws_connection is not None:
            self.websocket_handler.ws_connection.stream.close()
        self._news.set()

    def disconnect(self) -> None:
        """Let go of the kernel; keep what it says for a page that comes back, within limits."""
        super().disconnect()
        self._budget.lines.discard(self)
        self._news.set()
        kernels, kernel = self.multi_kernel_manager, self.kernel_id
        kept = kernels._kernel_buffers.get(kernel) if kernel in kernels else None
        if not kept or kept["session_key"] != self.session_key:
            return

        def drop() -> None:
            if kernel in kernels and kernels._kernel_buffers.get(kernel) is kept:
                kernels.stop_buffering(kernel)

        kept["buffer"] = Kept(self._budget.most // 2, drop)
        if self._is_cut:
            drop()


class Lines:
    """Counts the open lines of every pad.

    Parameters
    ----------
    most : int
        Lines that one pad may have.
    descriptors : Descriptors
        Those of the process: a line takes several.

    Examples
    --------
    >>> lines = Lines(1, Descriptors(print))
    >>> with lines.open("a pad"):
    ...     lines.has_room("a pad"), lines.has_room("another")
    (False, True)
    >>> lines.has_room("a pad")
    True
    """

    def __init__(self, most: int, descriptors: Descriptors) -> None:
        self._most = most
        self._descriptors = descriptors
        self._open: Counter[str] = Counter()

    def has_room(self, kernel_id: str) -> bool:
        """Tell whether another line of a pad may be opened."""
        return self._open[kernel_id] < self._most and self._descriptors.are_left(FOR_A_LINE)

    @contextmanager
    def open(self, kernel_id: str) -> Iterator[None]:
        """Be an open line of a pad."""
        self._open[kernel_id] += 1
        try:
            yield
        finally:
            self._open[kernel_id] -= 1
            if not self._open[kernel_id]:
                del self._open[kernel_id]


class LineHandler(Answer, KernelWebsocketHandler):  # type: ignore[misc] # Jupyter's server is not checked
    """Opens a line where a page asks for one, in place of Voila's handler.

    That one (up to 0.5.13 of Voila) takes every message of bytes to the page for the newer form,
    and runs over what it takes for a count.
    """

    SUPPORTED_METHODS = ("GET",)
    kernel_websocket_connection_class = Line

    async def prepare(self) -> None:
        """Refuse what is no web socket, for which Jupyter would open lines to the kernel."""
        if self.request.headers.get("Upgrade", "").lower() != "websocket":
            raise HTTPError(404)
        await ensure_async(super().prepare())

    async def get(self, kernel_id: str) -> None:
        """Open the line, if its pad may have another."""
        lines: Lines = self.settings["lines"]
        if not lines.has_room(kernel_id):
            raise HTTPError(429)
        with lines.open(kernel_id):
            await super().get(kernel_id)  # type: ignore[misc] # until it is closed; Jupyter has no types

    async def on_message(self, ws_message: str | bytes) -> None:
        """Pass on what the page says; what is no message of a page ends the line."""
        line = self.connection
        if line is None or self.ws_connection is None or self.ws_connection.is_closing():
            return
        try:
            line.handle_incoming_message(ws_message)
        except wire.WireError as error:
            self.close(_INVALID, str(error))
            return
        await line.room()
