"""What visitors can hold on to: connections, lines, descriptors; and calm where these run short."""

import asyncio
import contextlib
import errno
import re
import resource
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tornado.httpclient import HTTPClientError
from tornado.web import Application, RequestHandler
from tornado.websocket import websocket_connect
from visitors import PROTOCOL, OurVisitor

from digitrec.serving import connections, descriptors, settings, why_no_line
from digitrec.serving.connections import Connections
from tests.drawings import SEVEN
from tests.serving.test_serving import ONE_WAITS, Running, num_waiting, until

PATIENCE = 60.0
ASK = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


# ---- The limits, in this process
class Descriptors:
    """As many as the test says, and a count of how often they were short."""

    def __init__(self, for_connections: int = 10_000) -> None:
        self.for_connections = for_connections
        self.num_short = 0

    def are_left(self, _number: int) -> bool:
        return True

    def run_short(self) -> None:
        self.num_short += 1


class Slow(RequestHandler):
    """Answers when the test lets it."""

    async def get(self) -> None:
        await self.settings["release"].wait()
        self.write("there")


class Large(RequestHandler):
    """Answers with more than any buffer on the way holds."""

    def get(self) -> None:
        self.write(b"x" * 50_000_000)


class Served:
    """A server that runs in this loop, and connections to it."""

    def __init__(self, descriptors: Descriptors | None = None, **chosen: Any) -> None:
        self.release = asyncio.Event()
        handlers = [("/", Slow), ("/large", Large)]
        app = Application(handlers, release=self.release, log_function=lambda _: None)
        self.descriptors = descriptors or Descriptors()
        self.server = Connections(app, settings.read(**chosen), self.descriptors)
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.listening.setblocking(False)
        self.port = self.listening.getsockname()[1]
        self.server.open(self.listening)
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self, say: bytes = b"") -> asyncio.StreamReader:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        writer.write(say)
        await writer.drain()
        return reader

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE):
            while not condition():
                await asyncio.sleep(0.02)

    async def close(self) -> None:
        self.release.set()
        self.server.stop()
        for writer in self._writers:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        await self.server.close_all_connections()


@contextlib.asynccontextmanager
async def served(descriptors: Descriptors | None = None, **chosen: Any):
    one = Served(descriptors, **chosen)
    try:
        yield one
    finally:
        await one.close()


async def first_line(reader: asyncio.StreamReader) -> bytes:
    """Return the first line of an answer; nothing for a connection that was closed."""
    async with asyncio.timeout(PATIENCE):
        try:
            return await reader.readline()
        except ConnectionResetError:
            return b""


@pytest.mark.parametrize(
    "said",
    [b"", b"GET / HT", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "half a request", "half a body"],
)
def test_who_does_not_finish_a_request_is_closed(said: bytes) -> None:
    async def come() -> None:
        async with served(idle_after=1) as one:
            reader = await one.connect(said)
            async with asyncio.timeout(PATIENCE):
                assert b"200" not in await reader.read()

    asyncio.run(come())


def test_who_waits_for_an_answer_is_not_idle() -> None:
    async def come() -> None:
        async with served(idle_after=1) as one:
            reader = await one.connect(ASK)
            idle = await one.connect()
            assert await first_line(idle) == b""  # after what is patience enough for both
            one.release.set()
            assert b"200" in await first_line(reader)

    asyncio.run(come())


def test_who_does_not_read_an_answer_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_LOOK_EVERY", 0.2)

    async def come() -> None:
        async with served(idle_after=1) as one:
            with socket.create_connection(("127.0.0.1", one.port)) as deaf:
                deaf.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
                await one.until(lambda: len(one.server._connections) == 1)
                await one.until(lambda: not one.server._connections)
            assert not one.server._open  # nothing is kept about it either

    asyncio.run(come())


def test_one_address_has_so_many_and_the_idle_ones_give_way(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "_counted", lambda _: "a stranger")

    async def come() -> None:
        async with served(connections_per_address=3) as one:
            idle = await one.connect()
            busy = [await one.connect(ASK) for _ in range(2)]
            await one.until(lambda: len(one.server._idle) == 1)
            # A fourth takes the place of the one that says nothing, and a fifth finds none.
            busy.append(await one.connect(ASK))
            assert await first_line(idle) == b""
            await one.until(lambda: not one.server._idle)
            assert await first_line(await one.connect(ASK)) == b""
            one.release.set()
            for reader in busy:
                assert b"200" in await first_line(reader)
            assert one.descriptors.num_short == 0

    asyncio.run(come())


def test_an_address_that_left_may_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "_counted", lambda _: "a stranger")

    async def come() -> None:
        async with served(connections_per_address=1) as one:
            one.release.set()
            for _ in range(5):
                reader = await one.connect(
                    ASK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
                )
                assert b"200" in await first_line(reader)
                await reader.read()

    asyncio.run(come())


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        (("127.0.0.1", 5), ""),
        (("127.9.9.9", 5), ""),
        (("::1", 5, 0, 0), ""),
        (("::ffff:127.0.0.1", 5, 0, 0), ""),
        ("/run/a socket", ""),
        (("192.0.2.7", 5), "192.0.2.7"),
        (("::ffff:192.0.2.7", 5, 0, 0), "192.0.2.7"),
        (("2001:db8:1:2:3:4:5:6", 5, 0, 0), "2001:db8:1:2::/64"),
        (("fe80::1%eth0", 5, 0, 2), "fe80::/64"),
    ],
)
def test_visitors_are_counted_by_address_and_those_of_a_proxy_here_are_not(
    address: Any, counted: str
) -> None:
    assert connections._counted(address) == counted


def test_with_too_few_descriptors_idle_connections_give_way_and_others_wait() -> None:
    async def come() -> None:
        # Those that are open already have the lower numbers.
        with socket.socket() as next_one:
            most = next_one.fileno() + 8
        async with served(Descriptors(for_connections=most)) as one:
            idle = [await one.connect() for _ in range(20)]
            await one.until(lambda: one.descriptors.num_short > 0)
            assert await first_line(idle[0]) == b""  # the oldest goes first
            reader = await one.connect(ASK)
            one.release.set()
            assert b"200" in await first_line(reader)

    asyncio.run(come())


def test_with_no_descriptor_at_all_nothing_is_taken_for_a_while() -> None:
    class Listening:
        """A socket that finds no descriptor for the first connections."""

        def __init__(self, real: socket.socket) -> None:
            self.real = real
            self.num_tries = 0

        def accept(self) -> tuple[socket.socket, Any]:
            self.num_tries += 1
            if self.num_tries < 3:
                raise OSError(errno.EMFILE, "Too many open files")
            return self.real.accept()

        def fileno(self) -> int:
            return self.real.fileno()

        def close(self) -> None:
            self.real.close()

    async def come() -> None:
        app = Application([("/", Slow)], release=asyncio.Event(), log_function=lambda _: None)
        app.settings["release"].set()
        short = Descriptors()
        server = Connections(app, settings.read(), short)
        listening: Any = Listening(socket.create_server(("127.0.0.1", 0)))
        listening.real.setblocking(False)
        server.open(listening)
        reader, writer = await asyncio.open_connection(*listening.real.getsockname())
        writer.write(ASK)
        assert b"200" in await first_line(reader)
        writer.close()
        await writer.wait_closed()
        server.stop()
        await server.close_all_connections()
        assert short.num_short == 2
        assert listening.num_tries <= 5  # and not as many as a processor can

    asyncio.run(come())


def test_a_shortage_is_told_once() -> None:
    told: list[str] = []
    some = descriptors.Descriptors(told.append)
    assert some.are_left(1)
    assert told == []
    for _ in range(1000):
        assert not some.are_left(10**6)
    assert len(told) == 1
    assert re.search(r"Short of file descriptors: \d+ may be open \(ulimit -n\)", told[0])


def test_what_is_held_for_nothing_gives_way() -> None:
    some = descriptors.Descriptors(lambda _: None)
    missing = some._num_left() + 3
    held = [True] * 5
    some.give_way = lambda: bool(held and held.pop())
    assert some.are_left(missing)
    assert len(held) == 2
    assert not some.are_left(missing + 3)
    assert held == []


def test_the_limit_is_raised_to_what_is_allowed() -> None:
    code = (
        "import resource\n"
        "from digitrec.serving.descriptors import Descriptors\n"
        "print(Descriptors(print).limit, resource.getrlimit(resource.RLIMIT_NOFILE))"
    )
    command = ["sh", "-c", 'ulimit -S -n 200; ulimit -H -n 300; exec "$@"', "sh"]
    done = subprocess.run(
        [*command, sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout == "300 (300, 300)\n"


def test_there_are_no_more_pads_than_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "free_memory", lambda: 10**12)
    monkeypatch.setattr(settings, "num_descriptors", lambda: 1024)
    assert settings.read().most_pads == 46
    assert settings.read(most_pads=200).most_pads == 200


def test_no_limit_means_a_limit_of_our_own(monkeypatch: pytest.MonkeyPatch) -> None:
    unlimited = resource.RLIM_INFINITY
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, unlimited))
    assert settings.num_descriptors() == settings._MOST_DESCRIPTORS


# ---- Why a line is not opened
def test_a_page_is_told_why_its_line_is_not_opened() -> None:
    def reason(origin: str, host: str, **there: bool) -> tuple[str, bool]:
        known = {"has_kernel": True, "has_room": True, **there}
        found, says, reload = why_no_line.explain(origin, host, **known)
        assert says.endswith(".")
        return found, reload

    assert reason("https://pad.example", "pad.example") == ("blocked", False)
    assert reason("HTTPS://Pad.Example", "pad.example") == ("blocked", False)
    assert reason("", "pad.example") == ("blocked", False)
    assert reason("https://pad.example", "127.0.0.1:8866") == ("origin", False)
    assert reason("https://pad.example:8443", "pad.example") == ("origin", False)
    assert reason("https://pad.example", "pad.example", has_room=False) == ("many", True)
    assert reason("https://pad.example", "other", has_kernel=False) == ("gone", True)


# ---- A whole server
@contextlib.contextmanager
def with_few_descriptors(most: int, tmp_path: Path, text: str = "") -> Iterator[Running]:
    chosen = tmp_path / "few.toml"
    chosen.write_text(f"{ONE_WAITS.read_text()}\n{text}", encoding="utf-8")
    command = ["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh", sys.executable, "-m", "digitrec"]
    command += ["dashboard", "--no-browser", "--port", "0", "--settings", str(chosen)]
    log = tmp_path / "log"
    with (
        log.open("w") as stream,
        subprocess.Popen(
            command, stdout=stream, stderr=subprocess.STDOUT, text=True, start_new_session=True
        ) as process,
    ):
        try:
            until(lambda: "http://" in log.read_text() or process.poll() is not None)
            yield Running(process, log.read_text())
        finally:
            process.terminate()
            process.wait(PATIENCE)


async def answered(visitor: OurVisitor) -> str:
    _seconds, said = await visitor.draw([[(float(x), float(y)) for x, y in s] for s in SEVEN])
    return said.replace("&#x27;", "'")


@pytest.mark.slow
def test_three_hundred_idle_connections_leave_a_server_of_256_descriptors_calm(
    tmp_path: Path,
) -> None:
    async def come(one: Running) -> None:
        early = OurVisitor(one.address)
        await early.open()
        host, port = one.netloc.split(":")
        with contextlib.ExitStack() as held:
            for _ in range(300):
                held.enter_context(
                    contextlib.closing(socket.create_connection((host, int(port)), PATIENCE))
                )
            assert (await asyncio.to_thread(one.get, "/health"))[0] == 200
            late = OurVisitor(one.address)
            await late.open()
            assert [await answered(early), await answered(late)] == ["That's a 7."] * 2
            assert early.failures == late.failures == 0
            await early.leave()
            await late.leave()

    with with_few_descriptors(256, tmp_path) as one:
        until(lambda: num_waiting(one) == 1)
        asyncio.run(come(one))
        said = (tmp_path / "log").read_text()
        assert said.count("Short of file descriptors: 256 may be open") == 1
        assert len(said.splitlines()) < 20


@pytest.mark.slow
def test_one_pad_has_so_many_lines_and_no_more(tmp_path: Path) -> None:
    async def come(one: Running) -> None:
        visitor = OurVisitor(one.address)
        await visitor.open()
        channels = f"ws://{one.netloc}/api/kernels/{visitor.kernel_id}/channels?session_id="
        more = [
            await websocket_connect(f"{channels}{number}", subprotocols=[PROTOCOL])
            for number in range(3)
        ]
        held = psutil.Process(one.process.pid).num_fds()
        for number in range(200):
            with pytest.raises(HTTPClientError) as caught:
                await websocket_connect(f"{channels}more-{number}")
            assert caught.value.code == 429
        assert psutil.Process(one.process.pid).num_fds() <= held + 20
        why = await asyncio.to_thread(one.get, f"/line/{visitor.kernel_id}")
        assert '"reason": "many"' in why[2]
        other = OurVisitor(one.address)
        await other.open()
        assert [await answered(visitor), await answered(other)] == ["That's a 7."] * 2
        for line in more:
            line.close()
        while '"many"' in (await asyncio.to_thread(one.get, f"/line/{visitor.kernel_id}"))[2]:
            await asyncio.sleep(0.1)
        await visitor.leave()
        await other.leave()

    with with_few_descriptors(1024, tmp_path) as one:
        asyncio.run(come(one))
