"""Two servers behind one proxy: who loses one finds model, corrections and drawing at the other."""

import contextlib
import json
import os
import secrets
import signal
import subprocess
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import serving
from tests.browser.handwriting import UPRIGHT
from tests.browser.hub import free_ports, proxy_program, until
from tests.browser.test_pad_store import count, keep_model, note, say
from tests.browser.visit import Visit
from tests.stand_ins import small

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@dataclass
class Proxy:
    """A running configurable-http-proxy, which leads all visitors to one server."""

    address: str
    _orders: str
    _token: str

    def lead_to(self, server: str) -> None:
        """Take everybody who comes from now on to a server."""
        request = urllib.request.Request(  # noqa: S310 - our own proxy
            f"{self._orders}api/routes/",
            data=json.dumps({"target": server.rstrip("/")}).encode(),
            headers={"Authorization": f"token {self._token}"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - as above
            assert answer.status == 201

    def is_up(self) -> bool:
        with contextlib.suppress(OSError):
            self.lead_to("http://127.0.0.1:9")
            return True
        return False


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    port, orders = free_ports(2)
    token = secrets.token_hex(16)
    command = [*proxy_program(), "--ip=127.0.0.1", f"--port={port}"]
    command += ["--api-ip=127.0.0.1", f"--api-port={orders}"]
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "CONFIGPROXY_AUTH_TOKEN": token},
        start_new_session=True,
    ) as process:
        try:
            running = Proxy(f"http://127.0.0.1:{port}/", f"http://127.0.0.1:{orders}/", token)
            until(running.is_up, "the proxy did not start")
            yield running
        finally:
            # All of them: where Node.js comes from PyPI, `node` is a program that starts another.
            os.killpg(process.pid, signal.SIGTERM)


def visitors(server: str) -> int:
    with urllib.request.urlopen(f"{server}health", timeout=10) as answer:  # noqa: S310 - our own
        return int(json.load(answer)["visitors"])


def test_a_visitor_moves_to_the_other_server(
    browser: Browser, proxy: Proxy, tmp_path: Path
) -> None:
    small(5).save(tmp_path / "mine.safetensors")
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    visit = Visit(page, proxy.address)
    with serving(tmp_path / "queue") as second:
        with serving(tmp_path / "queue") as first:
            proxy.lead_to(first)
            visit.open()
            keep_model(visit, tmp_path / "mine.safetensors")
            visit.draw(UPRIGHT[7])
            expect(page.locator(".dr-said")).to_have_text("That's a 5.")
            say(visit, 7)
            count(visit).to_contain_text("One digit that you corrected")
            strokes = visit.kept()
            assert len(strokes) == len(UPRIGHT[7])
            assert (visitors(first), visitors(second)) == (1, 0)
            visit.check()
        expect(page.get_by_text("Lost touch with the server.")).to_be_visible()
        proxy.lead_to(second)
        visit.press("Reload")
        note(visit).to_contain_text("You opened this model on")
        visit.ready()
        visit.errors.clear()  # of the server that was gone; the browser notes that, as it should

        expect(page.locator(".dr-said")).to_have_text("That's a 5.")
        visit.wait_for_pixel(160, 60, bright=True)
        assert visit.kept() == strokes
        count(visit).to_contain_text("One digit that you corrected")
        assert visitors(second) == 1
        # And it goes on there: the line drawn now belongs to the same drawing.
        visit.draw([[(40, 270), (260, 270)]])
        assert len(visit.kept()) == len(strokes) + 1
        page.context.close()
    visit.check()
