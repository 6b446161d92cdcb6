"""A real server, and what somebody sends who did not come to draw."""

import asyncio
import http.client
import json
import re
import time
import urllib.parse
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from digitrec import resources
from digitrec.serving.pages import PAD
from tests.browser.conftest import serving

pytestmark = pytest.mark.slow

PATIENCE = 60.0
"""Seconds that a machine with other work to do may take to answer."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("queue")) as address:
        yield urllib.parse.urlsplit(address).netloc


def ask(server: str, method: str, path: str, **headers: str) -> tuple[int, str]:
    """Ask for a path as it is written, which no browser would do."""
    connection = http.client.HTTPConnection(server, timeout=PATIENCE)
    try:
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    finally:
        connection.close()


async def leave(line: WebSocketClientConnection) -> None:
    """Close a line, and wait until it is closed."""
    line.close()
    while await asyncio.wait_for(line.read_message(), PATIENCE) is not None:
        pass


class Visitor:
    """Who opened the pad, and speaks to its kernel without the page."""

    def __init__(self, server: str) -> None:
        self.server = server
        status, page = ask(server, "GET", f"/voila/render/{PAD}")
        assert status == 200
        found = re.search(r'"kernelId": "([0-9a-f-]{36})"', page)
        assert found is not None
        self.kernel = found[1]
        self.session = ""

    async def connect(self, **headers: str) -> WebSocketClientConnection:
        # Of two lines with one name the server closes the older.
        self.session = uuid.uuid4().hex
        address = f"ws://{self.server}/api/kernels/{self.kernel}/channels"
        request = HTTPRequest(
            f"{address}?session_id={self.session}", headers=headers, request_timeout=PATIENCE
        )
        return await websocket_connect(request)

    def message(self, kind: str, content: Any = None, channel: str = "shell") -> str:
        header = {
            "msg_id": uuid.uuid4().hex, "msg_type": kind, "session": self.session,
            "username": "", "version": "5.3", "date": "2026-01-01T00:00:00Z",
        }  # fmt: skip
        parts = {"parent_header": {}, "metadata": {}, "content": content or {}, "buffers": []}
        return json.dumps({"header": header, "channel": channel, **parts})

    async def is_answered(self, line: WebSocketClientConnection) -> bool:
        """Ask the kernel who it is; what else it says is passed over."""
        await line.write_message(self.message("kernel_info_request"))
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            heard = await asyncio.wait_for(line.read_message(), PATIENCE)
            if heard is None:
                return False
            if isinstance(heard, str) and '"kernel_info_reply"' in heard:
                return True
        return False


@pytest.fixture(scope="module")
def visitor(server: str) -> Visitor:
    return Visitor(server)


@pytest.mark.parametrize("kind", ["execute_request", "complete_request", "inspect_request"])
@pytest.mark.parametrize("channel", ["shell", "control"])
def test_a_visitor_cannot_have_the_kernel_run_anything(
    visitor: Visitor, kind: str, channel: str, tmp_path: Path
) -> None:
    sign = tmp_path / "sign"
    code = f"open({str(sign)!r}, 'w').close()"

    async def try_it() -> bool:
        line = await visitor.connect()
        content = {"code": code, "silent": False, "cursor_pos": 3}
        await line.write_message(visitor.message(kind, content, channel))
        answered = await visitor.is_answered(line)
        await leave(line)
        return answered

    assert asyncio.run(try_it())  # it came after, and is answered all the same
    assert not sign.exists()


NONSENSE: list[Any] = [
    "", "no JSON", "{}", "[]", "null", '{"channel": "shell"}', '{"header": 7, "channel": "shell"}',
    '{"channel": "nowhere", "header": {}}', "[" * 50_000, b"", b"\xff\xfe\x00", b"\x00" * 5_000,
    b"\xff\xff\xff\x7f" * 20,
]  # fmt: skip


def test_nonsense_ends_its_own_line_at_most(server: str, visitor: Visitor) -> None:
    async def try_it() -> bool:
        other = await visitor.connect()
        for nonsense in NONSENSE:
            line = await visitor.connect()
            await line.write_message(nonsense, binary=isinstance(nonsense, bytes))
            await leave(line)
        answered = await visitor.is_answered(other)
        await leave(other)
        return answered

    assert asyncio.run(try_it())
    assert json.loads(ask(server, "GET", "/health")[1])["status"] == "ok"


def test_messages_to_widgets_that_are_not_there_or_make_no_sense(visitor: Visitor) -> None:
    contents: list[Any] = [
        {"comm_id": "nothing", "data": {"method": "update", "state": {"value": 1}}},
        {"comm_id": ["x"], "data": 7},
        {"comm_id": {}, "data": {"method": "custom", "content": "x" * 1_000_000}},
        {"target_name": "jupyter.widget", "comm_id": "a", "data": {"state": {"_model_name": "x"}}},
        {"target_name": "os.system", "comm_id": "b", "data": {"state": "ls"}},
        {},
    ]

    async def try_it() -> bool:
        line = await visitor.connect()
        for content in contents:
            for kind in ("comm_msg", "comm_open", "comm_close"):
                await line.write_message(visitor.message(kind, content))
        answered = await visitor.is_answered(line)
        await leave(line)
        return answered

    assert asyncio.run(try_it())


def test_while_one_floods_the_server_another_is_served(server: str, visitor: Visitor) -> None:
    other = Visitor(server)

    async def try_it() -> tuple[bool, bool]:
        flood, calm = await visitor.connect(), await other.connect()
        content = {"comm_id": "nothing", "data": {"method": "custom", "content": {}}}
        message = visitor.message("comm_msg", content)
        for _ in range(1_999):
            flood.write_message(message)  # and waits for nothing
        last = flood.write_message(message)
        during = await other.is_answered(calm)
        await last
        after = await other.is_answered(calm)
        await leave(flood)
        await leave(calm)
        return during, after

    assert asyncio.run(try_it()) == (True, True)


def test_nobody_elses_page_may_speak_to_a_kernel(visitor: Visitor) -> None:
    async def status(**headers: str) -> int:
        try:
            line = await visitor.connect(**headers)
        except HTTPClientError as error:
            return error.code
        await leave(line)
        return 101

    assert asyncio.run(status(Origin="http://elsewhere.example")) == 403
    assert asyncio.run(status(Origin=f"http://{visitor.server}")) == 101


def test_a_kernel_is_found_by_its_visitor_alone(server: str, visitor: Visitor) -> None:
    """Their names are random and are listed nowhere; guessing one is hopeless."""
    assert uuid.UUID(visitor.kernel).version == 4
    for path in ("/api/kernels", "/api/sessions", "/api/contents", "/api/terminals", "/api/status"):
        for method in ("GET", "POST"):
            status, said = ask(server, method, path)
            assert status in (403, 404, 405), path
            assert visitor.kernel not in said

    async def status(kernel: str) -> int:
        stranger = Visitor.__new__(Visitor)
        stranger.server, stranger.kernel, stranger.session = server, kernel, "x"
        try:
            line = await stranger.connect()
        except HTTPClientError as error:
            return error.code
        await leave(line)
        return 101

    assert asyncio.run(status(str(uuid.uuid4()))) == 404
    assert asyncio.run(status("..%2f..%2fx")) == 404
    # Nor can it be ended or interrupted by a form on somebody's page.
    for method, path, refused in (
        ("DELETE", f"/api/kernels/{visitor.kernel}", 405),
        ("POST", f"/api/kernels/{visitor.kernel}/interrupt", 404),
        ("POST", f"/voila/api/shutdown/{visitor.kernel}", 403),
    ):
        assert ask(server, method, path)[0] == refused
    assert ask(server, "GET", f"/api/kernels/{visitor.kernel}")[0] == 200


UP = ("../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..\\", "..%5c", "%252e%252e%252f", "....//", "/")
FOLDERS = (
    "/voila/static/", "/voila/templates/digitrec/static/", "/voila/files/", "/voila/labextensions/",
    "/voila/render/", "/course/", "/static/", "/", "/voila/api/themes/", "/voila/templates/",
)  # fmt: skip
TREASURES = ("etc/passwd", "pyproject.toml", "digitrec/serving/run.py")


@pytest.mark.parametrize("folder", FOLDERS)
def test_no_path_climbs_out_of_what_is_served(server: str, folder: str) -> None:
    root = Path(resources.__file__).parents[1]
    assert (root / TREASURES[2]).is_file()
    for up in UP:
        for treasure in TREASURES:
            for depth in (1, 2, 4, 12):
                status, said = ask(server, "GET", folder + up * depth + treasure)
                assert status in (301, 302, 400, 403, 404, 405), (folder, up, treasure, status)
                assert "root:x:" not in said
                assert "[build-system]" not in said
                assert "def serve" not in said
    assert ask(server, "GET", f"{folder}%00")[0] in (400, 403, 404)
