"""The page says so when nobody answers it: a kernel that died or hangs, a line that cannot open."""

import contextlib
from collections.abc import Iterator
from typing import Any

import proxy
import psutil
import pytest
from playwright.sync_api import Browser, expect

from tests.browser.handwriting import UPRIGHT
from tests.browser.test_pad_early import OUTLINE, draw, held
from tests.browser.test_pad_page import LOST, find_faults, unwatched
from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LAST = "script[src$='voila.js']"
"""When this is there, the page is whole, and waits for its programs."""

SOON = 20_000
"""Milliseconds in which the page has to say that nobody answers."""


@contextlib.contextmanager
def stopped(process: psutil.Process) -> Iterator[None]:
    """A process that is there and does nothing."""
    process.suspend()
    try:
        yield
    finally:
        process.resume()


@pytest.mark.parametrize("late", [False, True], ids=["kernel gone first", "programs late as well"])
def test_a_kernel_killed_before_its_first_question(
    browser: Browser, server: str, late: bool
) -> None:
    with held(browser, server) as (visit, go_on):
        visit.page.locator(LAST).wait_for(state="attached")
        draw(visit, UPRIGHT[7])
        visit.kernel().kill()
        if not late:
            go_on()
        expect(visit.page.get_by_text(LOST)).to_be_visible(timeout=SOON)
        expect(visit.page.get_by_text("Starting…")).to_be_hidden()
        expect(visit.page.get_by_role("alert")).to_contain_text(LOST)
        assert visit.brightness(*map(round, UPRIGHT[7][0][0]), OUTLINE) > 127
        visit.button("Reload").click()
        go_on()
        visit.ready()
        expect(visit.page.get_by_text(LOST)).to_be_hidden()
        assert visit.settled() == "That's a 7."
        visit.errors.clear()  # of Voila's programs, which found no kernel


def test_a_kernel_that_hangs_before_its_first_question(browser: Browser, server: str) -> None:
    with held(browser, server) as (visit, go_on):
        visit.page.locator(LAST).wait_for(state="attached")
        with stopped(visit.kernel()):
            go_on()
            expect(visit.page.get_by_text(LOST)).to_be_visible(timeout=SOON)
            expect(visit.button("Reload")).to_be_visible()
        visit.ready()
        expect(visit.page.get_by_text(LOST)).to_be_hidden()
        visit.draw(UPRIGHT[7])
        assert visit.settled() == "That's a 7."


def test_a_kernel_that_hangs_under_an_open_pad(visit: Visit) -> None:
    lost = visit.page.get_by_text(LOST)
    with stopped(visit.kernel()):
        visit.draw(UPRIGHT[7], reached=False)
        expect(lost).to_be_visible(timeout=SOON)
        expect(visit.button("Reload")).to_be_visible()
    expect(lost).to_be_hidden()
    assert visit.settled() == "That's a 7."


def is_answer(word: str | bytes) -> bool:
    """Tell whether the kernel answers the page's question whether it is there."""
    return isinstance(word, bytes) and b"kernel_info_reply" in word and b"lifeline-" in word


def test_a_kernel_is_asked_and_answers(visit: Visit) -> None:
    with visit.page.expect_websocket(lambda line: "/channels" in line.url) as opened:
        visit.page.reload()
    opened.value.wait_for_event("framereceived", is_answer)
    expect(visit.page.get_by_text(LOST)).to_be_hidden()


def test_an_hour_of_sleep_is_not_taken_for_a_kernel_that_hangs(
    browser: Browser, server: str
) -> None:
    with unwatched(browser, server) as visit:
        visit.page.clock.install()
        visit.open()
        lost = visit.page.get_by_text(LOST)
        with stopped(visit.kernel()):
            visit.page.clock.pause_at(visit.page.evaluate("Date.now() + 1000"))
            visit.page.clock.run_for(6_000)  # the kernel is asked, and does not answer
            visit.page.clock.fast_forward(3_600_000)
            expect(lost).to_be_hidden()
            visit.page.clock.run_for(SOON)
            expect(lost).to_be_visible()


def test_a_program_of_the_page_that_does_not_come_is_said(browser: Browser, server: str) -> None:
    with unwatched(browser, server) as visit:
        visit.page.route("**/voila.js", lambda route: route.abort())
        visit.page.goto(visit.address)
        expect(visit.page.get_by_role("alert")).to_contain_text("The page could not start.")
        visit.page.unroute("**/voila.js")
        visit.button("Reload").click()
        visit.ready()
        expect(visit.page.get_by_role("alert")).to_be_hidden()


class Edited(proxy.Proxy):
    """A proxy that changes what a browser says: words of it and what takes their place."""

    def __init__(self, address: str, **words: str) -> None:
        super().__init__(address)
        self.words = words

    async def _meet(self, reader: Any, writer: Any) -> None:
        hear = reader.read

        async def read(most: int) -> bytes:
            said: bytes = await hear(most)
            for theirs, ours in self.words.items():
                said = said.replace(theirs.encode(), ours.encode())
            return said

        reader.read = read
        await super()._meet(reader, writer)


def test_a_page_whose_web_sockets_are_not_passed_on_says_so(browser: Browser, server: str) -> None:
    words = {"Upgrade: websocket": "Accept-Language: en"}
    with Edited(server, **words) as between, unwatched(browser, between.address) as visit:
        visit.page.goto(visit.address)
        said = visit.page.get_by_role("alert")
        expect(said).to_contain_text("web socket", timeout=SOON)
        expect(visit.button("Reload")).to_be_hidden()
        assert find_faults(visit) == []


def test_a_page_that_is_asked_for_under_another_name_says_so(browser: Browser, server: str) -> None:
    with Edited(server) as between, unwatched(browser, between.address) as visit:
        ours, theirs = (url.removeprefix("http://").strip("/") for url in (visit.address, server))
        between.words[f"Host: {ours}"] = f"Host: {theirs}"
        visit.page.goto(visit.address)
        said = visit.page.get_by_role("alert")
        expect(said).to_contain_text("Host", timeout=SOON)
        expect(visit.button("Reload")).to_be_hidden()
        assert find_faults(visit) == []


def test_a_slow_phone_has_time_to_begin_its_widgets(visit: Visit) -> None:
    ended = visit.page.evaluate(
        "() => new Promise((say) => {"
        " const [theirs, ours] = [2000, 2001].map((time) => AbortSignal.timeout(time));"
        " ours.addEventListener('abort', () => say([theirs.aborted, ours.aborted])); })"
    )
    assert ended == [False, True]
