"""A network that is slow, or cut: what stands between a browser and a server on one machine.

Bytes go through in order, each after a delay in its direction, and unchanged but for a header that
may be left out. It runs in a thread of its own, so that a program that waits for a browser does not
slow it down.
"""

import asyncio
import contextlib
import re
import threading
import urllib.parse
from collections.abc import Coroutine
from types import TracebackType
from typing import Any, Self

_LARGEST = 2**16  # bytes that are passed on at once


class Proxy:
    """Passes on what a browser and a server say to each other, later.

    Parameters
    ----------
    address : str
        The server's address, such as ``"http://127.0.0.1:8866/"``.
    delay : float
        Seconds added in each direction, so that an answer comes two delays later.
    without : str
        Name of a header of requests that is left out, as by a proxy that does not know it.

    Attributes
    ----------
    address : str
        The address under which the server is reached by way of the proxy.
    """

    def __init__(self, address: str, delay: float = 0.0, without: str = "") -> None:
        parts = urllib.parse.urlsplit(address)
        self._host, self._port = parts.hostname or "127.0.0.1", parts.port or 80
        self.delay = delay
        self._left_out = re.compile(rb"(?im)^%s:.*\n" % re.escape(without.encode()))
        self._leaves_out = bool(without)
        self._is_cut = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._meet, "127.0.0.1", 0))
        port = self._server.sockets[0].getsockname()[1]
        self.address = f"http://127.0.0.1:{port}/"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._call(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self) -> None:
        """End every connection, and refuse new ones until :meth:`mend`."""
        self._is_cut = True
        self._call(self._drop())

    def mend(self) -> None:
        """Let new connections through again."""
        self._is_cut = False

    def _call(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _drop(self) -> None:
        for writer in tuple(self._writers):
            writer.transport.abort()

    async def _close(self) -> None:
        self._server.close()
        await self._drop()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=10)

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        self._writers.add(writer)
        try:
            there_reader, there_writer = await asyncio.open_connection(self._host, self._port)
        except OSError:
            self._writers.discard(writer)
            writer.transport.abort()
            return
        self._writers.add(there_writer)
        try:
            await asyncio.gather(
                self._pass_on(reader, there_writer, asking=True),
                self._pass_on(there_reader, writer),
            )
        finally:
            for end in (writer, there_writer):
                self._writers.discard(end)
                end.transport.abort()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, asking: bool = False
    ) -> None:
        """Send on what comes in, each piece a delay after it came; an empty piece is the end."""
        waiting: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def send() -> None:
            piece = b"-"
            while piece:
                due, piece = await waiting.get()
                await asyncio.sleep(max(0.0, due - self._loop.time()))
                writer.write(piece)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()

        async def receive() -> None:
            piece = b"-"
            while piece:
                with contextlib.suppress(ConnectionError):
                    piece = await reader.read(_LARGEST)
                if reader.exception():
                    piece = b""
                if asking and self._leaves_out:
                    piece = self._left_out.sub(b"", piece)
                await waiting.put((self._loop.time() + self.delay, piece))

        with contextlib.suppress(OSError):  # the other end went away meanwhile
            await asyncio.gather(receive(), send())
