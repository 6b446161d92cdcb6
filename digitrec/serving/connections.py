"""Connections: which are taken, which are closed, and how many one visitor may have."""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import (
    HTTPConnection,
    HTTPHeaders,
    HTTPMessageDelegate,
    RequestStartLine,
    ResponseStartLine,
)
from tornado.iostream import IOStream

from digitrec.serving.descriptors import Descriptors
from digitrec.serving.settings import Settings

_AT_ONCE = 64  # connections taken before anything else gets its turn
_PAUSE = 0.5  # seconds for which none is taken when there is no room for another
_LOOK_EVERY = 10.0  # seconds between two looks for readers that do not read
_CHUNK = 65536  # bytes read at a time, as by Tornado's own server


class Connections(HTTPServer):
    """Tornado's server, with bounds on what visitors can hold on to.

    Tornado takes every connection, keeps each for an hour, and when the system has no descriptor
    for the next one, meets the same error as fast as it can. Here one that says nothing, or does
    not read, is closed after a while, one that brings no request is closed at once where its
    place is needed, and where none can be closed, the next waits.

    Parameters
    ----------
    app : tornado.web.Application
        What answers the requests.
    settings : Settings
        How the pad is served.
    descriptors : Descriptors
        Those of the process.
    """

    def initialize(self, app: Any, settings: Settings, descriptors: Descriptors) -> None:  # type: ignore[override]
        """Take what Tornado would give to a constructor."""
        super().initialize(
            app,
            max_body_size=int(settings.request_megabytes * 1e6),
            idle_connection_timeout=settings.idle_after,
            body_timeout=settings.idle_after,
            chunk_size=_CHUNK,
        )
        self._most = settings.connections_per_address
        self._patience = settings.idle_after
        self._descriptors = descriptors
        self._idle: dict[Any, None] = {}  # in the order in which they began to say nothing
        # By address: how much of it was read, and since when that much.
        self._open: dict[str, dict[IOStream, tuple[int, float]]] = {}
        self._listening: socket.socket | None = None
        self._timers: list[asyncio.TimerHandle] = []

    def open(self, listening: socket.socket) -> None:
        """Take connections from a socket that listens and does not block."""
        self._listening = listening
        self._descriptors.give_way = self._drop_idle
        self._go_on()
        self._look()

    def stop(self) -> None:
        """Take no more."""
        for timer in self._timers:
            timer.cancel()
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
            self._listening = None
        super().stop()

    def _go_on(self) -> None:
        if self._listening is not None:
            asyncio.get_running_loop().add_reader(self._listening, self._accept, self._listening)

    def _pause(self, listening: socket.socket) -> None:
        self._descriptors.run_short()
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        self._after(_PAUSE, self._go_on)

    def _after(self, seconds: float, call: Callable[[], None]) -> None:
        now = asyncio.get_running_loop().time()
        self._timers = [timer for timer in self._timers if timer.when() > now]
        self._timers.append(asyncio.get_running_loop().call_later(seconds, call))

    def _accept(self, listening: socket.socket) -> None:
        for _ in range(_AT_ONCE):
            try:
                connection, address = listening.accept()
            except BlockingIOError:
                return
            except ConnectionAbortedError:
                continue
            except OSError:  # no descriptor, no memory, no network: all may be back in a while
                self._drop_idle()
                self._pause(listening)
                return
            if not self._take(connection, address):
                self._pause(listening)
                return

    def _take(self, connection: socket.socket, address: Any) -> bool:
        """Take a connection, or close it; tell whether there may be room for another."""
        # The system gives out the lowest number that is free.
        if connection.fileno() >= self._descriptors.for_connections:
            self._descriptors.run_short()
            if not self._drop_idle():
                connection.close()
                return False
        host = _counted(address)
        streams = self._open.setdefault(host, {})
        if host and self._most and len(streams) >= self._most:
            self._forget_closed(host)
            if len(streams) >= self._most and not self._drop_idle(host):
                connection.close()
                return True
        connection.setblocking(False)
        stream = IOStream(connection, max_buffer_size=self.max_buffer_size, read_chunk_size=_CHUNK)
        self._open.setdefault(host, {})[stream] = 0, asyncio.get_running_loop().time()
        self.handle_stream(stream, address)
        return True

    def _drop_idle(self, host: str | None = None) -> bool:
        """Close what has said nothing for the longest, of one address or of all."""
        for connection in self._idle:
            if host is None or connection.stream in self._open.get(host, {}):
                del self._idle[connection]
                connection.stream.close()
                return True
        return False

    def _forget_closed(self, host: str) -> None:
        streams = self._open[host]
        for stream in [stream for stream in streams if stream.closed()]:
            del streams[stream]
        if not streams:
            del self._open[host]

    def _look(self) -> None:
        """Close what has been waiting for long to be read."""
        now = asyncio.get_running_loop().time()
        for host in list(self._open):
            for stream, (written, since) in self._open[host].items():
                reached = stream._total_write_done_index
                if reached != written or not stream.writing():
                    self._open[host][stream] = reached, now
                elif now - since > self._patience:
                    stream.close()
            self._forget_closed(host)
        self._after(_LOOK_EVERY, self._look)

    def start_request(
        self, server_conn: object, request_conn: HTTPConnection
    ) -> HTTPMessageDelegate:
        """Wait for the next request of a connection; Tornado calls this."""
        self._idle[server_conn] = None
        whole = partial(self._idle.pop, server_conn, None)
        return _Request(super().start_request(server_conn, request_conn), whole)

    def on_close(self, server_conn: object) -> None:
        """Forget a connection; Tornado calls this."""
        self._idle.pop(server_conn, None)
        super().on_close(server_conn)


class _Request(HTTPMessageDelegate):
    """A request on its way, and what to call when all of it has come."""

    def __init__(self, answer: HTTPMessageDelegate, whole: Callable[[], object]) -> None:
        self._answer = answer
        self._whole = whole

    def headers_received(
        self, start_line: RequestStartLine | ResponseStartLine, headers: HTTPHeaders
    ) -> Awaitable[None] | None:
        return self._answer.headers_received(start_line, headers)

    def data_received(self, chunk: bytes) -> Awaitable[None] | None:
        return self._answer.data_received(chunk)

    def finish(self) -> None:
        self._whole()
        self._answer.finish()

    def on_connection_close(self) -> None:
        self._answer.on_connection_close()


def _counted(address: Any) -> str:
    """Return what to count a connection by; nothing for this machine, where a proxy would be."""
    try:
        host = ipaddress.ip_address(str(address[0]).partition("%")[0])
    except (IndexError, ValueError):
        return ""
    host = getattr(host, "ipv4_mapped", None) or host
    if host.is_loopback:
        return ""
    if host.version == 6:  # one household has all addresses that begin so
        return str(ipaddress.ip_network((host, 64), strict=False))
    return str(host)
