"""The page that explains the network, met by a reader with a mouse, a keyboard and a finger."""

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.handwriting import UPRIGHT
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

PAGE = "voila/render/02_inside_a_cnn.ipynb"


@contextlib.contextmanager
def reading(browser: Browser, server: str, **options: Any) -> Iterator[Visit]:
    """Open the page; check the visit when it ends."""
    visit = Visit(browser.new_context(**options).new_page(), server)
    visit.page.goto(server + PAGE)
    visit.ready()
    visit.page.wait_for_function("document.querySelectorAll('figure').length === 4")
    yield visit
    visit.page.context.close()
    visit.check()


# One page for all tests on a desktop and one for those on a phone: each looks for a change alone.
@pytest.fixture(scope="module")
def desktop(browser: Browser, server: str) -> Iterator[Visit]:
    with reading(browser, server, **DESKTOP) as visit:
        yield visit


@pytest.fixture
def page(desktop: Visit) -> Iterator[Visit]:
    """Give the page as the test before has left it."""
    yield desktop
    desktop.check()


@pytest.fixture(scope="module")
def phone(browser: Browser, server: str) -> Iterator[Visit]:
    with reading(browser, server, **PHONE) as visit:
        yield visit


def figure(visit: Visit, number: int) -> Locator:
    """The picture and caption of the sliding kernel, the pooling, the digits or the drawing."""
    return visit.page.locator("figure").nth(number)


def pictures(visit: Visit, number: int) -> list[str]:
    images = figure(visit, number).locator("img")
    return images.evaluate_all("images => images.map(image => image.src)")


def changes(visit: Visit, number: int, before: list[str]) -> None:
    """Wait until a picture is another."""
    visit.page.wait_for_function(
        "([number, before]) => [...document.querySelectorAll('figure')[number]"
        ".querySelectorAll('img')].some((image, index) => image.src !== before[index])",
        arg=[number, before],
    )


def test_everything_is_there_before_anything_is_touched(page):
    expect(page.page).to_have_title("What does a convolution do? · Digit Recogniser")
    assert len(page.widths("img")) >= 20
    assert page.page.locator("table.digitrec-numbers").count() == 4
    for number, words in enumerate(("products add up to", "the largest is", "a 3", "a 5")):
        expect(figure(page, number).locator("figcaption")).to_contain_text(words)
    expect(page.page.locator(".jp-CodeCell .cm-content, .jp-InputArea-editor")).to_have_count(0)


def test_what_only_jupyterlab_can_do_is_left_out(page):
    words = page.page.locator("main").inner_text()
    assert "Can you say why?" in words
    for absent in ("Exercise", "Solution", "Not yet", "Shift", "notebook of the course"):
        assert absent not in words
    links = page.page.locator("main a").evaluate_all("all => all.map(one => one.href)")
    pages = {link.partition("#")[0].rpartition("/")[2] for link in links}
    assert pages == {"02_inside_a_cnn.ipynb", "06_drawing_pad.ipynb"}


@pytest.mark.parametrize(("number", "first_slider"), [(0, 0), (1, 2)])
def test_a_slider_moves_the_picture(page, number, first_slider):
    for slider in (first_slider, first_slider + 1):
        before = pictures(page, number)
        page.page.get_by_role("slider").nth(slider).press("ArrowRight")
        changes(page, number, before)


def test_the_sum_is_said_for_every_place(page):
    caption = figure(page, 0).locator("figcaption")
    row = page.page.get_by_role("slider").first
    row.press("Home")
    expect(caption).to_contain_text("In row 0, column")
    row.press("ArrowRight")
    expect(caption).to_contain_text("In row 1, column")


def test_another_kernel_has_other_weights(page):
    table = page.page.locator("table.digitrec-numbers").nth(1)
    weights = table.inner_text()
    chosen = page.page.get_by_label("kernel").first
    chosen.select_option("0" if chosen.input_value() != "0" else "1")
    expect(table).not_to_have_text(weights)


def test_another_digit_is_seen_through_all_layers(page):
    before = pictures(page, 2)
    page.page.get_by_label("digit").first.select_option("8")
    changes(page, 2, before)
    expect(figure(page, 2).locator("figcaption")).to_contain_text("8")


def test_a_drawn_digit_is_seen_through_all_layers(page):
    before = pictures(page, 3)
    page.press("Clear")
    page.wait_for_pixel(194, 200, bright=False)
    expect(page.page.get_by_text("There is nothing on the pad yet")).to_be_visible()
    page.draw(UPRIGHT[7])
    page.wait_for_pixel(164, 60, bright=True)
    expect(figure(page, 3).locator("figcaption")).to_contain_text("That's a 7.")
    changes(page, 3, before)


def test_a_finger_draws_on_a_phone_and_the_page_stays(phone):
    phone.press("Clear")
    phone.wait_for_pixel(194, 200, bright=False)
    phone.corner()
    place = phone.page.evaluate("scrollY")
    phone.draw_by_touch(UPRIGHT[0])
    expect(figure(phone, 3).locator("figcaption")).to_contain_text("That's a 0.")
    assert phone.page.evaluate("scrollY") == place


def test_nothing_is_wider_than_a_phone(phone):
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 375
    wide = phone.page.locator("figure *, .jp-OutputArea-output img").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().right > 376).length"
    )
    assert wide == 0


def test_the_page_leads_to_the_pad(browser: Browser, server: str) -> None:
    with reading(browser, server, **DESKTOP) as visit:
        visit.page.get_by_role("link", name="the drawing pad").first.click()
        visit.page.wait_for_url("**/06_drawing_pad.ipynb")
        visit.ready()
        expect(visit.button("Predict")).to_be_visible()
