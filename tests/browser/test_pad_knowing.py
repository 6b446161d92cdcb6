"""What a visitor gets to know: why it answers so, how good it is, what it learnt, the course."""

import itertools
import re

import pytest
from playwright.sync_api import Browser, Locator, expect

from digitrec.app.model.in_use import report_of
from digitrec.app.model.mistakes import MOST, behind
from digitrec.app.pad.pad import Pad
from digitrec.app.page.course import LIVE, QUESTIONS
from digitrec.app.page.pictures import png
from digitrec.mnist import load_part
from digitrec.network import bundled
from tests.browser.conftest import PHONE
from tests.browser.handwriting import UPRIGHT
from tests.browser.visit import PATIENCE, Visit

pytestmark = pytest.mark.browser

SCRIBBLE = [[(60, 60), (240, 240)], [(240, 60), (60, 240)], [(150, 40), (150, 260)]]


def sources(images: Locator) -> list[str]:
    return [str(each) for each in images.evaluate_all("all => all.map(one => one.src)")]


def expected(written: int, answered: int) -> list[str]:
    """Return the pictures behind a cell of the packaged network's confusion matrix."""
    report = report_of(bundled())
    assert report is not None
    shown = behind(report, written, answered)
    assert shown is not None
    return [png(load_part("test").images[each.sample]) for each in shown]


def cell(visit: Visit, written: int, answered: int) -> Locator:
    return visit.page.locator(f'[data-cell="{10 * written + answered}"]')


def worst() -> tuple[int, int]:
    """Return the mistake that the packaged network makes most often."""
    report = report_of(bundled())
    assert report is not None
    wrong = report.confusion.copy()
    wrong[range(10), range(10)] = 0
    written, answered = divmod(int(wrong.argmax()), 10)
    return written, answered


def shows(visit: Visit, written: int, answered: int) -> None:
    """Wait until the very images of a cell are there."""
    wanted = expected(written, answered)
    images = visit.page.locator(".dr-behind img")
    first = visit.page.locator(f'.dr-behind img[src="{wanted[0]}"]')
    first.wait_for()
    assert sources(images) == wanted
    assert set(visit.widths(".dr-behind img")) == {28}
    expect(cell(visit, written, answered)).to_have_attribute("aria-selected", "true")


def height(visit: Visit) -> int:
    return int(visit.page.evaluate("document.documentElement.scrollHeight"))


def torn() -> list[list[tuple[float, float]]]:
    """Find a drawing between a 4 and a 9 by closing the top of a 4 bit by bit."""

    def sureness(strokes: list[list[tuple[float, float]]]) -> float:
        pad = Pad(bundled())
        for stroke in strokes:
            pad.begin(*stroke[0])
            for (x, y), (to_x, to_y) in itertools.pairwise(stroke):
                for step in (1, 2, 3):  # as the mouse of a visit goes
                    pad.extend(x + (to_x - x) * step / 3, y + (to_y - y) * step / 3)
            pad.end()
        assert pad.answer is not None
        return 1.0 if pad.answer.prediction.refused else pad.answer.prediction.confidence

    def closed(by: int) -> list[list[tuple[float, float]]]:
        top = [(90.0 + by, 70.0)]
        return [
            [(190, 70), (190, 150), (188, 250)],
            [*top, (90, 70), (88, 150), (190, 150)],
        ]

    return min((closed(by) for by in range(0, 101, 2)), key=sureness)


# How good it is


def test_a_cell_chosen_with_the_pointer_shows_its_very_images(visit: Visit) -> None:
    expect(visit.page.locator(".dr-behind")).to_contain_text("Choose a cell")
    before = height(visit)
    written, answered = worst()
    cell(visit, written, answered).click()
    shows(visit, written, answered)
    said = visit.page.locator(".dr-cell-said")
    expect(said).to_contain_text(f"{written} taken for {answered}: ")
    status = visit.page.locator(".dr-matrix [role=status]")
    expect(status).to_have_text(said.inner_text())
    assert height(visit) == before
    cell(visit, 3, 3).click()
    shows(visit, 3, 3)
    expect(said).to_contain_text("3 read right")
    assert visit.page.locator(".dr-behind img").count() == MOST
    assert height(visit) == before


def test_a_cell_chosen_with_the_keyboard_alone(visit: Visit) -> None:
    page = visit.page
    assert page.locator('[data-cell][tabindex="0"]').count() == 1
    page.get_by_role("heading", name="How good is it?").click()
    page.keyboard.press("Tab")
    expect(cell(visit, 0, 0)).to_be_focused()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowLeft")
    expect(cell(visit, 0, 0)).to_be_focused()
    page.keyboard.press("End")
    expect(cell(visit, 0, 9)).to_be_focused()
    page.keyboard.press("Home")
    written, answered = worst()
    for _ in range(written):
        page.keyboard.press("ArrowDown")
    for _ in range(answered):
        page.keyboard.press("ArrowRight")
    expect(cell(visit, written, answered)).to_be_focused()
    expect(page.locator(".dr-behind")).to_contain_text("Choose a cell")
    page.keyboard.press("Enter")
    shows(visit, written, answered)
    expect(cell(visit, written, answered)).to_be_focused()
    # The next Tab leaves the table, and coming back finds the cell that was left.
    page.keyboard.press("Tab")
    expect(page.get_by_label("Written")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(cell(visit, written, answered)).to_be_focused()


def test_a_cell_is_found_by_a_finger_and_by_two_lists_on_a_phone(phone: Visit) -> None:
    written, answered = worst()
    cell(phone, written, answered).tap()
    shows(phone, written, answered)
    phone.page.get_by_label("Written").select_option("8")
    phone.page.get_by_label("Answered").select_option("8")
    shows(phone, 8, 8)
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 375
    for name in ("Written", "Answered"):
        box = phone.page.get_by_label(name).bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 44


# What it was trained on


@pytest.mark.parametrize("which", ["pad", "pocket"])
def test_one_digit_is_chosen_and_others_of_it_shown(
    which: str, request: pytest.FixtureRequest
) -> None:
    visit: Visit = request.getfixturevalue(which)
    atlas = visit.page.locator(".dr-samples img")
    expect(atlas).to_have_attribute("alt", re.compile("^12 handwritten examples of each digit"))
    before, room = sources(atlas), height(visit)
    seven = visit.page.locator(".dr-digit-choice").get_by_role("button", name="7", exact=True)
    box = seven.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 44
    seven.click()
    expect(atlas).to_have_attribute("alt", "120 handwritten examples of the digit 7")
    sevens = sources(atlas)
    assert sevens != before
    visit.press("Show others")
    visit.page.wait_for_function(
        "before => document.querySelector('.dr-samples img').src !== before", arg=sevens[0]
    )
    expect(atlas).to_have_attribute("alt", "120 handwritten examples of the digit 7")
    assert height(visit) == room
    visit.page.locator(".dr-digit-choice").get_by_role("button", name="All", exact=True).click()
    expect(atlas).to_have_attribute("alt", re.compile("^12 handwritten examples of each digit"))


# Why it answers so


def reasons(visit: Visit, digit: int) -> list[str]:
    """Wait for the coloured ink of an answer; return the pictures."""
    images = visit.page.locator(".dr-evidence-box:not(.dr-old) img")
    expect(images).to_have_count(2)
    expect(visit.page.locator(".dr-evidence-box")).to_contain_text(f"for a {digit} instead of a")
    return sources(images)


def test_evidence_and_maps_come_after_the_answer_and_change_with_the_ink(pad: Visit) -> None:
    page = pad.page
    room = height(pad)
    assert page.locator(".dr-evidence-box img").count() == 0
    pad.draw(UPRIGHT[7])
    assert pad.settled() == "That's a 7."
    seven = reasons(pad, 7)
    why = page.locator(".dr-why")
    expect(why).to_contain_text("the ")
    assert height(pad) == room
    page.get_by_text("What the layers see").click()
    maps = page.locator(".dr-maps img")
    expect(maps).to_have_count(2)
    expect(maps.first).to_be_visible()
    expect(page.locator(".dr-maps figcaption").first).to_contain_text("answers most strongly")
    before, opened = sources(maps), height(pad)
    pad.press("Clear")
    pad.waiting()
    expect(page.locator(".dr-evidence-box img")).to_have_count(0)
    expect(maps).to_have_count(0)
    assert height(pad) == opened
    pad.draw(UPRIGHT[4])
    assert pad.settled() == "That's a 4."
    assert set(reasons(pad, 4)).isdisjoint(seven)
    expect(maps).to_have_count(2)
    expect(maps.first).to_be_visible()
    assert set(sources(maps)).isdisjoint(before)
    alternative = page.locator(".dr-evidence-box img").first.get_attribute("alt")
    assert alternative is not None
    assert "spoke for a 4, in blue" in alternative


def test_a_drawing_that_is_no_digit_is_told_why(pocket: Visit) -> None:
    pocket.draw_by_touch(SCRIBBLE)
    assert pocket.settled() == "I don't think that is a digit."
    expect(pocket.page.locator(".dr-sure")).to_contain_text("It came nearest to a")
    expect(pocket.page.locator(".dr-why")).to_contain_text("No answer fits")
    expect(pocket.page.locator(".dr-evidence-box img")).to_have_count(2)
    assert pocket.page.evaluate("document.documentElement.scrollWidth") == 375


def test_a_torn_answer_says_what_speaks_for_either(pad: Visit) -> None:
    pad.draw(torn())
    expect(pad.page.locator(".dr-said")).to_contain_text("or maybe a")
    why = pad.page.locator(".dr-why")
    expect(why).to_contain_text("speaks for a")


# The course


@pytest.mark.parametrize("name", QUESTIONS)
def test_every_page_of_the_course_opens_from_the_pad(pad: Visit, name: str) -> None:
    link = pad.page.locator(".dr-course").get_by_role("link", name=QUESTIONS[name])
    with pad.page.expect_popup() as opened:
        link.click()
    page = Visit(opened.value, pad.address)
    page.page.reload()  # this time with somebody who listens from the first word
    if name == LIVE:
        page.page.wait_for_selector("html.frame-ready", state="attached", timeout=PATIENCE)
    expect(page.page).to_have_title(f"{QUESTIONS[name]} · Digit Recogniser")
    expect(page.page.locator("h1").first).to_contain_text(QUESTIONS[name])
    page.page.wait_for_function(
        "() => { const all = [...document.querySelectorAll('main img')];"
        "return all.length >= 9 && all.every(one => one.complete && one.naturalWidth); }"
    )
    images = page.page.locator("main img")
    assert images.first.is_visible()
    if name != LIVE:
        expect(page.page.locator(".course-note")).to_contain_text("make lab")
        assert images.evaluate_all("all => all.filter(one => !one.alt).length") == 0
        follow(page, name)
    page.page.close()
    page.check()


def follow(page: Visit, name: str) -> None:
    """Go round the links of a page that is read: to every other, and to the pad."""
    links = page.page.locator("main a").evaluate_all("all => all.map(one => one.href)")
    mine = {link.partition("#")[0] for link in links if link.startswith(page.address)}
    assert f"{page.address}voila/render/{LIVE}.ipynb" in mine
    assert f"{page.address}voila/render/06_drawing_pad.ipynb" in mine
    read = {f"{page.address}course/{other}.html" for other in QUESTIONS if other != LIVE}
    assert read - {f"{page.address}course/{name}.html"} <= mine
    assert not any(link.endswith(".ipynb") and "/course/" in link for link in mine)
    for link in read:
        assert page.page.request.get(link).status == 200


def test_a_page_to_read_fits_a_phone_in_the_dark(browser: Browser, server: str) -> None:
    visit = Visit(browser.new_context(**PHONE, color_scheme="dark").new_page(), server)
    for name in QUESTIONS:
        if name == LIVE:
            continue
        visit.page.goto(f"{visit.address}course/{name}.html")
        assert visit.page.evaluate("document.documentElement.scrollWidth") == 375, name
        paper = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert paper == "rgb(20, 22, 26)"
        for link in visit.page.locator(".course-nav a").all():
            box = link.bounding_box()
            assert box is not None
            assert box["height"] >= 44
    visit.page.context.close()
    visit.check()
