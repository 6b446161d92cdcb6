"""What a stranger gets at every address of the server, by every method, and what that leaves."""

import asyncio
import contextlib
import gc
import logging
import os
import signal
import socket
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import AsyncHTTPClient, HTTPResponse
from tornado.httputil import HTTPHeaders
from tornado.websocket import websocket_connect
from voila.app import Voila
from voila.request_info_handler import RequestInfoSocketHandler

from digitrec import resources, serving
from digitrec.serving import door as doors
from digitrec.serving import pages, settings
from digitrec.serving.run import template_root
from digitrec.serving.server import PadKernels, PadServer

PAD = f"/voila/render/{pages.PAD}"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
NOBODY = uuid.UUID(int=1)
"""The name of a kernel that is not there."""


@dataclass
class Opened:
    """A server in this process, which a test can look into."""

    server: PadServer
    address: str

    async def ask(self, path: str, method: str = "GET", **headers: str) -> HTTPResponse:
        sent = HTTPHeaders({name.replace("_", "-"): value for name, value in headers.items()})
        return await AsyncHTTPClient(force_instance=True).fetch(
            self.address + path,
            method=method,
            headers=sent,
            body=b"" if method in ("POST", "PUT", "PATCH") else None,
            allow_nonstandard_methods=True,
            follow_redirects=False,
            raise_error=False,
            request_timeout=120,
        )

    @property
    def kernels(self) -> list[str]:
        return self.server.kernel_manager.list_kernel_ids()

    @property
    def visitors(self) -> int:
        return self.server.app.settings["door"].num_here

    async def until(self, condition: Any) -> None:
        async with asyncio.timeout(120):
            while not condition():
                await asyncio.sleep(0.02)


@contextlib.asynccontextmanager
async def opened(**chosen: Any) -> AsyncIterator[Opened]:
    wanted = settings.read(open_browser=False, **{"waiting_pads": 0, "log": False} | chosen)
    kept = dict(os.environ), logging.getLogger().handlers[:], signal.getsignal(signal.SIGTERM)
    os.environ["JUPYTER_PATH"] = str(template_root())
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setblocking(False)
    server = PadServer(config=serving.configuration(resources.notebooks(), wanted))
    server.initialize(argv=[])
    private = tempfile.TemporaryDirectory(prefix="digitrec-")
    server.open(listening, wanted, Path(private.name))
    try:
        yield Opened(server, f"http://127.0.0.1:{listening.getsockname()[1]}")
    finally:
        await server.close()
        listening.close()
        private.cleanup()
        os.environ.clear()
        os.environ.update(kept[0])
        logging.getLogger().handlers[:] = kept[1]
        signal.signal(signal.SIGTERM, kept[2])


def run(scene: Coroutine[Any, Any, None]) -> None:
    """Run what looks into a server; what Voila was in the middle of is collected at once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        asyncio.run(scene)
        gc.collect()


READ = {"GET": 200, "HEAD": 200}

SERVED: dict[str, tuple[str, dict[str, int]]] = {
    r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)$": (f"/api/kernels/{NOBODY}", {"GET": 404}),
    r"/api/kernels/(?P<kernel_id>\w+-\w+-\w+-\w+-\w+)/channels$": (
        f"/api/kernels/{NOBODY}/channels", {"GET": 404},
    ),
    r"/voila/templates/(.*)$": ("/voila/templates/digitrec/static/voila-style.js", READ),
    r"/voila/static/(.*)$": ("/voila/static/voila.js", READ),
    # Whoever has not opened a page has no cookie.
    r"/voila/api/shutdown/(.*)$": (f"/voila/api/shutdown/{NOBODY}", {"POST": 403}),
    r"/voila/labextensions/(.*)$": ("/voila/labextensions/anywidget/package.json", READ),
    r"/?$": ("/", {"GET": 302, "HEAD": 302}),
    r"/health$": ("/health", READ),
    r"/line/([0-9a-f-]{36})$": (f"/line/{NOBODY}", {"GET": 200}),
    r"/robots\.txt$": ("/robots.txt", READ),
    r"/course/([0-9]{2}_[a-z_]+)\.html$": ("/course/01_explore_the_data.html", READ),
    r"/voila/claim/([0-9a-f-]+)$": (f"/voila/claim/{NOBODY}", {"POST": 404}),
    r"/voila/render/(06_drawing_pad\.ipynb|02_inside_a_cnn\.ipynb)$": (PAD, READ),
}  # fmt: skip
"""All there is, as patterns; of each an address, and what its methods answer there."""

CLOSED = (
    "/login", "/logout", "/voila/tree", "/voila/tree/x", "/voila/api/contents",
    "/voila/api/themes/x", "/voila/api/themes/", "/voila/files/x.png", "/voila/files/",
    f"/voila/query/{NOBODY}", f"/voila/execution/{NOBODY}", "/voila/render/", "/voila/render",
    "/voila/render/no_such_page.ipynb", "/voila/static/", "/voila/static", "/voila/templates/",
    "/voila/templates/digitrec/", "/voila/templates/digitrec/static", "/voila/labextensions/",
    "/voila/templates/digitrec/static/", "/voila/templates/lab/static/voila-style.js",
    "/voila/labextensions/anywidget", "/voila/labextensions/anywidget/",
    "/voila/labextensions/jupyterlab_pygments/package.json", "/voila/static/./voila.js",
    "/voila/static//voila.js", "/voila/labextensions/anywidget/x/../package.json",
    "/voila/static/%00", "/voila/static/" + 300 * "x", "/course/", "/voila/", "/voila/claim/",
    "/line/",
    "/api", "/api/", "/api/me", "/api/status", "/api/kernels", "/api/kernelspecs", "/api/sessions",
    "/api/terminals", "/api/contents", "/api/config/x", "/api/spec.yaml", "/api/nbconvert",
    "/api/events", "/api/events/subscribe", "/api/security/csp-report", "/api/shutdown",
    f"/api/kernels/{NOBODY}/interrupt", f"/api/kernels/{NOBODY}/restart", "/metrics", "/lab",
    "/tree", "/files/x", "/static/x", "/view/x", "/edit/x", "/nbconvert/html/x", "/kernelspecs/x",
    "/terminals/websocket/1", "/lsp/ws/x", "/custom/x", "/favicon.ico", "/.git/config", "//", "/x",
)  # fmt: skip
"""What Voila and Jupyter's server have besides, in one version or another, and odd ways to ask."""

KNOWN = {
    "KernelHandler", "VoilaKernelWebsocketHandler", "TemplateStaticFileHandler",
    "MultiStaticFileHandler", "ThemesHandler", "VoilaShutdownKernelHandler",
    "RequestInfoSocketHandler", "FileFindHandler", "AllowListFileHandler",
    "TornadoVoilaTreeHandler", "TornadoVoilaHandler", "VoilaContentsHandler", "LogoutHandler",
    "LoginHandler", "VoilaLoginHandler",
}  # fmt: skip
"""What answers in Voila itself: each was looked at, and is served above or closed."""


def rules(app: Any) -> list[Any]:
    return [rule for entry in app.default_router.rules for rule in entry.target.rules]


@pytest.mark.slow
def test_every_route_and_what_a_stranger_gets_there() -> None:
    """Something new fails here, in this server or in a new version of Voila or Jupyter's server."""

    async def look() -> None:
        async with opened(waiting_pads=1) as one:
            names = {entry[1].__name__ for entry in Voila.init_handlers(one.server)}
            assert names <= KNOWN
            assert [rule.matcher.regex.pattern for rule in rules(one.server.app)] == list(SERVED)
            for path, known in SERVED.values():
                for method in METHODS:
                    answer = await one.ask(path, method)
                    assert answer.code == known.get(method, 405), (method, path)
                    if method == "HEAD":
                        assert answer.body == b""
                    is_page = (path, method) == (PAD, "GET")
                    assert ("Set-Cookie" in answer.headers) == is_page, (method, path)

    run(look())


@pytest.mark.slow
def test_whatever_is_not_served_is_not_there(caplog: pytest.LogCaptureFixture) -> None:
    async def look() -> None:
        async with opened() as one:
            logging.getLogger().addHandler(caplog.handler)
            for path in CLOSED:
                for method in METHODS:
                    answer = await one.ask(path, method)
                    assert answer.code == 404 or (answer.code == 405 and method != "GET"), path
                    assert "Set-Cookie" not in answer.headers
                assert b"There is nothing at this address" in (await one.ask(path)).body, path

    run(look())
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.slow
def test_a_page_of_a_kernel_that_is_not_there_gets_no_socket() -> None:
    async def look() -> None:
        async with opened() as one:
            for path in (f"/voila/query/{NOBODY}", f"/api/kernels/{NOBODY}/channels"):
                with pytest.raises(Exception, match="404"):
                    await websocket_connect(f"ws{one.address.removeprefix('http')}{path}")

    run(look())


@pytest.mark.slow
def test_head_starts_no_pad_and_nothing_else_but_a_page_takes_one() -> None:
    async def look() -> None:
        async with opened() as one:
            assert (await one.ask(PAD, "HEAD")).code == 200
            for headers in (
                {"Sec_Fetch_Dest": "image", "Sec_Fetch_Mode": "no-cors"},
                {"Sec_Fetch_Dest": "empty", "Sec_Fetch_Mode": "cors"},
                {"Sec_Fetch_Dest": "iframe", "Sec_Fetch_Mode": "navigate"},
                {"Sec_Fetch_Dest": "document", "Sec_Fetch_Mode": "navigate",
                 "Sec_Purpose": "prefetch;prerender"},
                {"Purpose": "prefetch"},
                {"X_Moz": "prefetch"},
            ):  # fmt: skip
                answer = await one.ask(PAD, **headers)
                assert answer.code == 403
                assert "Set-Cookie" not in answer.headers
            assert one.kernels == []
            assert one.visitors == 0
            wanted = {"Sec_Fetch_Dest": "document", "Sec_Fetch_Mode": "navigate"}
            asked = f"{PAD}?{60_000 * 'x'}=1"
            answer = await one.ask(asked, Sec_Fetch_Site="cross-site", **wanted)
            assert answer.code == 200
            assert len(one.kernels) == 1
            # Nothing of what was asked is kept for anybody.
            assert RequestInfoSocketHandler._cache == {}

    run(look())


@pytest.mark.slow
def test_a_pad_that_nobody_claims_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "UNCLAIMED_AFTER", 1.0)

    async def look() -> None:
        async with opened(waiting_pads=1) as one:
            page = (await one.ask(PAD)).body.decode()
            (claimed,) = set(one.kernels) & {name for name in one.kernels if name in page}
            # The page's script says so before anything that has to be loaded.
            head = page[: page.index('<meta name="viewport"')]
            assert f'fetch("/voila/claim/{claimed}", {{ method: "POST" }})' in head
            assert (await one.ask(f"/voila/claim/{claimed}", "POST")).code == 204
            connected = (await one.ask(PAD)).body.decode()
            (other,) = {name for name in one.kernels if name in connected}
            line = await websocket_connect(
                f"ws{one.address.removeprefix('http')}/api/kernels/{other}/channels"
            )
            left = (await one.ask(PAD)).body.decode()
            (nobodys,) = {name for name in one.kernels if name in left}
            assert one.visitors == 3
            await one.until(lambda: nobodys not in one.kernels)
            assert one.visitors == 2
            assert {claimed, other} <= set(one.kernels)
            line.close()

    run(look())


@pytest.mark.slow
def test_requests_that_are_hung_up_at_once_take_no_place(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doors, "UNCLAIMED_AFTER", 1000.0)

    async def hang_up(one: Opened) -> None:
        host, port = one.address.removeprefix("http://").split(":")
        _reader, writer = await asyncio.open_connection(host, int(port))
        writer.write(f"GET {PAD} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
        await writer.drain()
        await asyncio.sleep(0.1)  # so that the request is being answered
        writer.close()

    async def look() -> None:
        async with opened(most_pads=4, waiting_pads=1, starting_at_once=2) as one:
            await asyncio.gather(*(hang_up(one) for _ in range(20)))
            # Nothing waits to be claimed: that they are gone was heard.
            await one.until(lambda: one.visitors == 0)
            answers = await asyncio.gather(*(one.ask(PAD) for _ in range(2)))
            assert [answer.code for answer in answers] == [200, 200]
            assert all(b"voila_finish();</script>" in answer.body for answer in answers)

    run(look())


@pytest.mark.slow
def test_a_kernel_that_dies_while_its_page_is_written_ends_the_page() -> None:
    async def look() -> None:
        async with opened() as one:
            asked = asyncio.create_task(one.ask(PAD))
            await one.until(lambda: one.visitors == 1 and one.kernels)
            (kernel,) = one.kernels
            await one.until(lambda: kernel in one.server.app.settings["door"]._here)
            await one.server.kernel_manager.shutdown_kernel(kernel, now=True)
            answer = await asked
            assert b"voila_finish();</script>" not in answer.body
            assert one.visitors == 0

    run(look())


@pytest.mark.slow
def test_waiting_pads_are_made_ready_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    unfinished: list[int] = []
    start = PadKernels.start_kernel

    async def watched(self: PadKernels, **options: Any) -> str:
        tasks = [task for pool in self._pools.values() for task in pool if task.done()]
        made = [task.result()["task"] for task in tasks]
        unfinished.append(len(unfinished) - sum(task.done() for task in made))
        return await start(self, **options)

    monkeypatch.setattr(PadKernels, "start_kernel", watched)

    async def look() -> None:
        async with opened(waiting_pads=2, starting_at_once=1) as one:
            await one.until(lambda: len(one.kernels) == 2)

    run(look())
    assert unfinished == [0, 0]
