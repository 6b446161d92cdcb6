"""The pad below a path, behind the proxies that the README names, as they are configured there."""

import contextlib
import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESKTOP, serving
from tests.browser.handwriting import UPRIGHT
from tests.browser.hub import until
from tests.browser.proxies import caddy, nginx
from tests.browser.test_pad_page import find_faults, unwatched
from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOST = "proxy_set_header Host $http_host;"
UPGRADE = "proxy_set_header Upgrade $http_upgrade;"


@pytest.fixture(scope="module")
def below(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a server that serves below a path."""
    with serving(tmp_path_factory.mktemp("queue"), 0, "--base-path", "/digits/") as address:
        yield address


def ask(address: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - our own server
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_the_address_that_is_printed_has_the_path(below: str) -> None:
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/digits/", below)


def test_everything_is_below_the_path_and_nothing_beside_it(below: str) -> None:
    beside = below.removesuffix("digits/")
    for path in ("health", "voila/render/06_drawing_pad.ipynb", "course/01_explore_the_data.html"):
        assert ask(f"{beside}{path}")[0] == 404
    status, page = ask(beside)
    assert status == 404
    assert 'href="/digits/"' in page
    status, page = ask(f"{below}nothing/here")
    assert status == 404
    assert 'href="/digits/"' in page
    assert ask(f"{below}health")[0] == 200
    assert ask(below.removesuffix("/"))[0] == 200  # which is led to the pad


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_a_visitor_draws_below_a_path_behind_a_proxy(
    browser: Browser,
    below: str,
    tmp_path: Path,
    proxy: Callable[..., contextlib.AbstractContextManager[str]],
) -> None:
    with proxy(below, tmp_path) as front:
        # The slash at the end is left out by many who type an address.
        assert ask(f"{front}digits")[0] == 200
        visit = Visit(browser.new_context(**DESKTOP).new_page(), f"{front}digits/")
        visit.open()
        visit.draw(UPRIGHT[7])
        assert visit.settled() == "That's a 7."
        cookies = visit.page.context.cookies()
        assert {cookie["path"] for cookie in cookies} == {"/digits/"}

        # What was drawn is there again after a reload, as without a proxy.
        visit.page.reload()
        visit.ready()
        visit.wait_for_pixel(150, 60, bright=True)
        assert visit.settled() == "That's a 7."

        kernel = visit.kernel()
        visit.page.context.new_page()
        visit.page.close(run_before_unload=True)
        until(lambda: not kernel.is_running(), "the tab's pad was not ended")
        visit.check()


def test_the_course_is_read_and_tried_below_a_path_behind_a_proxy(
    browser: Browser, below: str, tmp_path: Path
) -> None:
    with nginx(below, tmp_path) as front:
        visit = Visit(browser.new_context(**DESKTOP).new_page(), f"{front}digits/")
        page = visit.page
        page.goto(f"{front}digits/course/01_explore_the_data.html")
        live = page.get_by_role("link", name="What does a convolution do?").first
        live.click()
        page.wait_for_url(f"{front}digits/voila/render/02_inside_a_cnn.ipynb")
        page.locator("html.frame-ready").wait_for()
        expect(page.locator("#rendered_cells .jupyter-widgets").first).to_be_visible()
        page.go_back()
        page.get_by_role("link", name="The drawing pad").first.click()
        visit.ready()
        visit.check()
        page.context.close()


def reason(front: str, kernel: str, origin: str) -> dict[str, object]:
    query = urllib.parse.urlencode({"origin": origin})
    status, body = ask(f"{front}digits/line/{kernel}?{query}")
    assert status == 200
    return json.loads(body)


@pytest.mark.parametrize(
    ("changes", "found", "says"),
    [
        ([(HOST, "")], "origin", "the proxy has to pass the header Host on"),
        ([(UPGRADE, "")], "blocked", "passes no web sockets on"),
    ],
)
def test_a_proxy_that_is_not_told_is_told_of(
    browser: Browser,
    below: str,
    tmp_path: Path,
    changes: list[tuple[str, str]],
    found: str,
    says: str,
) -> None:
    with nginx(below, tmp_path, *changes) as front:
        status, page = ask(f"{front}digits/")
        assert status == 200
        kernel = re.search(r'"kernelId": "([0-9a-f-]{36})"', page)
        assert kernel is not None
        answer = reason(front, kernel[1], front.removesuffix("/"))
        assert answer["reason"] == found
        assert says in str(answer["says"])
        assert answer["reload"] is False
        nobody = reason(front, f"{kernel[1][:-4]}0000", front.removesuffix("/"))
        assert (nobody["reason"], nobody["reload"]) == ("gone", True)

        with unwatched(browser, f"{front}digits/") as visit:
            visit.page.goto(visit.address)
            expect(visit.page.get_by_role("alert")).to_contain_text(str(answer["says"]))
            expect(visit.button("Reload")).to_be_hidden()
            assert find_faults(visit) == []
            assert visit.foreign == []
