"""Drawing on the outline, before the widgets are there."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.handwriting import UPRIGHT
from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 375, "height": 700}, "has_touch": True, "is_mobile": True}
OUTLINE = "#frame-skeleton canvas"
SEVEN = UPRIGHT[7]


@contextlib.contextmanager
def held(browser: Browser, server: str, **options: Any) -> Iterator[tuple[Visit, Any]]:
    """Give a page that shows its outline, and what lets the rest of it come."""
    page = browser.new_context(**options).new_page()
    visit = Visit(page, server)
    waiting: list[Any] = []

    def hold(route: Any) -> None:
        waiting.append(route)

    page.route("**/voila.js", hold)
    page.on("framenavigated", lambda _: waiting.clear())
    page.goto(server, wait_until="commit")
    page.locator(OUTLINE).wait_for()

    def go_on() -> None:
        while not waiting:
            page.wait_for_timeout(20)
        waiting.pop().continue_()

    yield visit, go_on
    page.context.close()
    visit.check()


def draw(visit: Visit, strokes: list[list[tuple[float, float]]]) -> None:
    box = visit.page.locator(OUTLINE).bounding_box()
    assert box is not None
    mouse = visit.page.mouse
    for stroke in strokes:
        mouse.move(box["x"] + stroke[0][0], box["y"] + stroke[0][1])
        mouse.down()
        for x, y in stroke[1:]:
            mouse.move(box["x"] + x, box["y"] + y, steps=3)
        mouse.up()


def test_a_digit_drawn_on_the_outline_is_answered_when_the_pad_is_there(
    browser: Browser, server: str
) -> None:
    with held(browser, server, **DESKTOP) as (visit, go_on):
        expect(visit.page.locator(".frame-hint")).to_be_visible()
        draw(visit, SEVEN)
        x, y = (round(value) for value in SEVEN[0][0])
        assert visit.brightness(x, y, OUTLINE) > 127
        expect(visit.page.locator(".frame-hint")).to_be_hidden()
        go_on()
        visit.ready()
        assert visit.settled() == "That's a 7."
        visit.wait_for_pixel(x, y, bright=True)
        assert len(visit.kept()) == len(SEVEN)
        visit.press("Clear")
        visit.waiting()
        visit.draw(UPRIGHT[1])
        assert visit.settled() == "That's a 1."


def test_a_line_that_was_begun_on_the_outline_is_ended_there(browser: Browser, server: str) -> None:
    with held(browser, server, **DESKTOP) as (visit, go_on):
        page = visit.page
        box = page.locator(OUTLINE).bounding_box()
        assert box is not None
        points = [(box["x"] + x, box["y"] + y) for x, y in SEVEN[0]]
        middle = len(points) // 2
        page.mouse.move(*points[0])
        page.mouse.down()
        for point in points[1:middle]:
            page.mouse.move(*point)
        go_on()
        page.locator(".dr-echo").wait_for(state="attached")
        for point in points[middle:]:
            page.mouse.move(*point)
        expect(page.locator("#frame-skeleton")).to_be_visible()
        page.mouse.up()
        visit.ready()
        assert visit.settled() == "That's a 7."
        assert len(visit.kept()) == 1
        expect(page.locator("#frame-skeleton")).to_be_hidden()


LATE = """
const real = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (act) => real((now) => {
  const root = document.documentElement;
  if (root.classList.contains("frame-ready") || !document.querySelector(".dr-echo")) act(now);
  else setTimeout(() => { act(now); root.dataset.late = "over"; }, 1500);
});
"""
"""A machine that is too busy for a frame just when the pad takes the place of its outline."""


def test_a_line_between_the_outline_and_the_pad_is_not_lost(browser: Browser, server: str) -> None:
    with held(browser, server, **DESKTOP) as (visit, go_on):
        page = visit.page
        page.add_init_script(LATE)
        page.reload(wait_until="commit")
        page.locator(OUTLINE).wait_for()
        first, second = UPRIGHT[4]
        draw(visit, [first])
        go_on()
        page.locator(".dr-echo").wait_for(state="attached")
        expect(page.locator("#frame-skeleton")).to_be_visible()
        box = page.locator(OUTLINE).bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + second[0][0], box["y"] + second[0][1])
        page.mouse.down()
        page.locator("html[data-late=over]").wait_for()
        expect(page.locator("#frame-skeleton")).to_be_visible()
        for x, y in second[1:]:
            page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
        page.mouse.up()
        expect(page.locator("#frame-skeleton")).to_be_hidden()
        visit.ready()
        assert visit.settled() == "That's a 4."
        assert len(visit.kept()) == 2
        page.reload(wait_until="commit")
        go_on()
        visit.ready()
        assert len(visit.kept()) == 2


def test_a_finger_draws_on_the_outline_and_a_reload_loses_nothing(
    browser: Browser, server: str
) -> None:
    with held(browser, server, **PHONE) as (visit, go_on):
        page = visit.page
        box = page.locator(OUTLINE).bounding_box()
        assert box is not None
        for stroke in SEVEN:
            points = [(box["x"] + x, box["y"] + y) for x, y in stroke]
            visit.touch("touchStart", points[0])
            for point in points[1:]:
                visit.touch("touchMove", point)
            visit.touch("touchEnd")
        x, y = (round(value) for value in SEVEN[0][0])
        assert visit.brightness(x, y, OUTLINE) > 127
        page.reload(wait_until="commit")
        page.locator(OUTLINE).wait_for()
        assert visit.brightness(x, y, OUTLINE) > 127
        go_on()
        visit.ready()
        assert visit.settled() == "That's a 7."


def test_ink_beside_the_outline_is_not_taken(browser: Browser, server: str) -> None:
    with held(browser, server, **DESKTOP) as (visit, go_on):
        draw(visit, [[(100, 100), (100, 250), (100, 350), (200, 350), (200, 250)]])
        go_on()
        visit.ready()
        kept = visit.kept()
        assert len(kept) == 2
        assert all(0 <= value <= 300 for stroke in kept for point in stroke for value in point)
