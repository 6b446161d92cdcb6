"""What strangers can have the server print: a line at most, and nothing about who they are."""

import asyncio
import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from digitrec.serving import pages
from tests.serving.test_addresses import CLOSED
from tests.serving.test_class import Served
from tests.serving.test_strangers import NONSENSE, Visitor, leave

pytestmark = pytest.mark.slow

MALFORMED = (
    b"\n\n", b"x\n\n", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\xff" * 100,
    b"GET\n\n", b"GET / HTTP/9.9\n\n", b"GET / HTTP/1.1\nHost: a\nHost: b\n\n",
    b"GET / HTTP/1.1\nno colon\n\n", b"GET /%ff HTTP/1.1\n\n", b"FETCH / HTTP/1.1\n\n",
    b"GET /voila/static/%ff HTTP/1.1\n\n", b"GET /health?%ff=%ff HTTP/1.1\n\n",
    b"GET http://elsewhere.example/ HTTP/1.1\n\n", b"GET / HTTP/1.1\nHost: [::\n\n",
    b"GET / HTTP/1.1\nHost: a@b:99999\n\n", b"GET / HTTP/1.1\nCookie: _xsrf=2|\xff|x\n\n",
    b"POST /voila/api/shutdown/x HTTP/1.1\nContent-Length: -1\n\n",
    b"POST /voila/api/shutdown/x HTTP/1.1\nContent-Length: 99999999999\n\n",
    b"POST /voila/api/shutdown/x HTTP/1.1\nTransfer-Encoding: chunked\n\nzz\n",
    b"POST / HTTP/1.1\nContent-Type: multipart/form-data; boundary=\xff\nContent-Length: 1\n\na",
    b"POST /voila/api/shutdown/x HTTP/1.1\nCookie: _xsrf=2|1|2|3\nX-XSRFToken: 2|x|y|z\n\n",
    b"GET /voila/static/voila.js HTTP/1.1\nRange: bytes=9-1\nIf-Modified-Since: never\n\n",
    b"GET /voila/static/voila.js HTTP/1.1\nRange: bytes=\xff\nIf-None-Match: \xff\n\n",
    b"GET /course/01_explore_the_data.html HTTP/1.1\nAccept-Language: \xff;q=x\n\n",
    b"GET / HTTP/1.1\n" + 5000 * b"A: b\n" + b"\n", b"GET /" + 70_000 * b"x",
    b"HEAD /voila/render/06_drawing_pad.ipynb HTTP/1.1\nAuthorization: token \xff\n\n",
    b"GET /voila/render/06_drawing_pad.ipynb HTTP/1.1\nSec-Fetch-Dest: image\n\n",
    b"GET /api/kernels/a-a-a-a-a/channels HTTP/1.1\nUpgrade: websocket\n\n",
)  # fmt: skip


def send(netloc: str, content: bytes) -> bytes:
    """Send bytes as they are; return what is answered, if anything."""
    host, port = netloc.split(":")
    with (
        contextlib.suppress(ConnectionError, TimeoutError),
        socket.create_connection((host, int(port)), timeout=1) as line,
    ):
        line.sendall(content.replace(b"\n", b"\r\n"))
        return line.recv(65_536)
    return b""


async def talk(visitor: Visitor) -> None:
    """Say what no page says, to the server and to the kernel behind it."""
    contents: list[Any] = [{"comm_id": ["x"], "data": 7}, {"target_name": "os", "comm_id": "b"}, {}]
    for nonsense in NONSENSE[:9]:
        line = await visitor.connect()
        await line.write_message(nonsense, binary=isinstance(nonsense, bytes))
        await leave(line)
    line = await visitor.connect()
    for content in contents:
        for kind in ("comm_msg", "comm_open", "comm_close", "comm_info_request"):
            await line.write_message(visitor.message(kind, content))
    assert await visitor.is_answered(line)
    await leave(line)


@pytest.mark.parametrize("log", ["true", "false"])
def test_no_stranger_has_a_trace_or_an_address_printed(tmp_path: Path, log: str) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(f"port = 0\nopen_browser = false\nwaiting_pads = 1\nlog = {log}\n")
    command = [sys.executable, "-m", "digitrec", "dashboard", "--settings", str(mine)]
    said = tmp_path / "said"
    queue = {"DIGITREC_QUEUE": str(tmp_path / "queue")}
    with (
        said.open("w") as stream,
        subprocess.Popen(
            command, stdout=stream, stderr=subprocess.STDOUT, env=os.environ | queue
        ) as process,
    ):
        try:
            served = Served(process, said)
            netloc = urlsplit(served.address).netloc
            for content in MALFORMED:
                assert b" 500 " not in send(netloc, content), content
            for path in CLOSED:
                served.get(path[1:])
            visitor = Visitor(netloc)
            asyncio.run(talk(visitor))
            assert served.health()["status"] == "ok"
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        finally:
            process.kill()
    first, *lines = said.read_text(encoding="utf-8").splitlines()
    assert served.address in first
    stamp = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
    opens = rf"A visitor opens {pages.PAD.removesuffix('.ipynb')}; pads in use: 1\."
    visits = [line for line in lines if re.fullmatch(f"{stamp} {opens}", line)]
    assert len(visits) == (1 if log == "true" else 0)
    # What reaches a kernel is its own affair: of that, one line each at most.
    rest = [line for line in lines if line not in visits]
    assert all(re.fullmatch(rf"{stamp} A pad reports (Key|Type)Error", line) for line in rest), rest
    assert len(rest) <= 12
