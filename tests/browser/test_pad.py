"""The pad in a real Chromium on a real server: drawing, answers, buttons, looks."""

import pytest
from playwright.sync_api import expect

from tests.browser.handwriting import SLANTED, UPRIGHT
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

BAR = [[(60.0, 150.0), (150.0, 150.0), (240.0, 150.0)]]


def test_the_canvas_is_painted_black_and_takes_white_ink(pad: Visit) -> None:
    assert [pad.brightness(*point) for point in ((2, 2), (150, 150), (297, 297))] == [0, 0, 0]
    pad.draw(BAR)
    pad.wait_for_pixel(150, 150, bright=True)
    pad.wait_for_pixel(238, 150, bright=True)
    assert pad.brightness(150, 100) == 0
    assert pad.brightness(150, 165) == 0


def test_the_hint_goes_with_the_first_point(pad: Visit) -> None:
    hint = pad.page.locator(".dr-hint")
    expect(hint).to_have_text("Draw a digitfrom 0 to 9")
    expect(hint).to_be_visible()
    left, top = pad.corner()
    pad.page.mouse.move(left + 50, top + 50)
    pad.page.mouse.down()
    assert hint.evaluate("hint => getComputedStyle(hint).visibility") == "hidden"
    pad.page.mouse.up()
    expect(hint).to_be_hidden()
    pad.press("Clear")
    expect(hint).to_be_visible()


@pytest.mark.parametrize("hand", [UPRIGHT, SLANTED], ids=["upright", "slanted"])
def test_every_digit_drawn_with_the_mouse(pad: Visit, hand: dict) -> None:
    answers = {}
    for digit, strokes in hand.items():
        pad.draw(strokes)
        answers[digit] = pad.settled()
        expect(pad.page.locator(".dr-bars .dr-top .dr-digit")).to_have_text(str(digit))
        pad.press("Clear")
        pad.waiting()
    assert answers == {
        digit: f"That's {'an' if digit == 8 else 'a'} {digit}." for digit in range(10)
    }


def test_every_digit_drawn_with_a_finger(pocket: Visit) -> None:
    answers = {}
    for digit, strokes in SLANTED.items():
        pocket.draw_by_touch(strokes)
        answers[digit] = pocket.settled()
        pocket.button("Clear").tap()
        pocket.waiting()
    assert answers == {
        digit: f"That's {'an' if digit == 8 else 'a'} {digit}." for digit in range(10)
    }


def test_the_page_does_not_scroll_under_a_finger(pocket: Visit) -> None:
    before = pocket.page.evaluate("window.scrollY")
    pocket.draw_by_touch([[(150, 280), (150, 200), (150, 100), (150, 20)]])
    pocket.settled()
    assert pocket.page.evaluate("window.scrollY") == before
    left, top = pocket.corner()
    pocket.touch("touchStart", (left + 150, top + 330))
    for step in range(10):
        pocket.touch("touchMove", (left + 150, top + 330 - 25 * step))
    pocket.touch("touchEnd")
    pocket.page.wait_for_function(f"window.scrollY > {before}")


def test_a_second_finger_does_not_draw(pocket: Visit) -> None:
    left, top = pocket.corner()
    pocket.touch("touchStart", (left + 60, top + 60))
    pocket.touch("touchMove", (left + 60, top + 100))
    pocket.touch("touchStart", (left + 60, top + 100), (left + 240, top + 240))
    pocket.touch("touchMove", (left + 60, top + 140), (left + 240, top + 200))
    pocket.touch("touchEnd")
    pocket.settled()
    pocket.wait_for_pixel(60, 135, bright=True)
    assert pocket.brightness(240, 220) == 0


def test_there_is_an_answer_while_drawing(pad: Visit) -> None:
    left, top = pad.corner()
    points = UPRIGHT[7][0]
    pad.page.mouse.move(left + points[0][0], top + points[0][1])
    pad.page.mouse.down()
    for x, y in points[1:]:
        pad.page.mouse.move(left + x, top + y, steps=4)
    expect(pad.page.locator(".dr-said.dr-is-drawing")).to_be_visible()
    pad.page.mouse.up()
    assert pad.settled() == "That's a 7."
    expect(pad.page.get_by_role("status").filter(has_text="That's a 7.")).to_have_count(1)


def test_leaving_the_pad_lifts_the_pen(pad: Visit) -> None:
    left, top = pad.corner()
    mouse = pad.page.mouse
    mouse.move(left + 250, top + 50)
    mouse.down()
    mouse.move(left + 340, top + 50, steps=5)
    pad.settled()
    pad.wait_for_pixel(297, 50, bright=True)
    mouse.up()  # outside, where the canvas does not hear of it
    mouse.move(left + 150, top + 200, steps=5)
    mouse.move(left + 50, top + 200, steps=5)
    pad.press("Predict")
    pad.settled()
    assert pad.brightness(100, 200) == 0


def test_undo_takes_one_stroke_and_then_the_other(pad: Visit) -> None:
    pad.draw(UPRIGHT[4])
    pad.settled()
    pad.wait_for_pixel(170, 230, bright=True)
    pad.press("Undo")
    pad.wait_for_pixel(170, 230, bright=False)
    pad.wait_for_pixel(116, 84, bright=True)
    pad.press("Undo")
    pad.wait_for_pixel(116, 84, bright=False)
    pad.waiting()


def test_clear_empties_the_pad_and_the_answer(pad: Visit) -> None:
    pad.draw(BAR)
    pad.settled()
    pad.press("Clear")
    pad.waiting()
    pad.wait_for_pixel(150, 150, bright=False)
    expect(pad.page.locator(".dr-stages img")).to_have_count(0)


def test_predict_on_an_empty_pad(pad: Visit) -> None:
    pad.press("Predict")
    assert pad.settled() == "There is nothing on the pad yet."
    pad.draw(UPRIGHT[3])
    expect(pad.page.locator(".dr-said")).to_have_text("That's a 3.")
    pad.press("Predict")
    expect(pad.page.locator(".dr-said")).to_have_text("That's a 3.")


def test_the_image_that_the_network_saw(pad: Visit) -> None:
    pad.draw(UPRIGHT[8])
    pad.settled()
    expect(pad.page.locator("ol.dr-stages img")).to_have_count(4)
    assert pad.widths("ol.dr-stages img")[-1] == 28
    named = pad.page.evaluate("[...document.querySelectorAll('ol.dr-stages img')].map(i => i.alt)")
    assert all(named)


def test_two_visitors_do_not_meet(pad: Visit, pocket: Visit) -> None:
    pad.draw(UPRIGHT[6])
    pocket.draw(UPRIGHT[1])
    assert pad.settled() == "That's a 6."
    assert pocket.settled() == "That's a 1."


def test_other_samples_when_asked(pad: Visit) -> None:
    picture = pad.page.locator("img.dr-atlas")
    first = picture.get_attribute("src")
    pad.press("Show others")
    expect(picture).not_to_have_attribute("src", first or "")
    assert pad.widths("img.dr-atlas") == [360]


def test_the_folded_part_opens_and_tells_the_layers(pad: Visit) -> None:
    layers = pad.page.locator(".dr-layers")
    expect(layers).to_be_hidden()
    pad.page.get_by_text("How was this built?").click()
    expect(layers).to_be_visible()
    expect(layers.locator("li")).to_have_count(10)


def test_the_figures_are_there_at_once(pad: Visit) -> None:
    expect(pad.page.locator(".dr-figure")).to_contain_text("of 10,000 test digits right")
    expect(pad.page.locator(".dr-confusion td")).to_have_count(101)
    expect(pad.page.locator(".dr-classes li")).to_have_count(10)


def test_the_link_to_the_course_leads_to_a_page(pad: Visit) -> None:
    link = pad.page.get_by_role("link", name="How does it work?")
    with pad.page.context.expect_page() as opened:
        link.click()
    page = opened.value
    page.wait_for_load_state()
    assert page.url == f"{pad.address}voila/render/02_inside_a_cnn.ipynb"
    expect(page.locator("h1").first).to_be_visible(timeout=60_000)
    page.close()


def test_the_wheel_scrolls_past_the_pad(pad: Visit) -> None:
    left, top = pad.corner()
    pad.page.mouse.move(left + 150, top + 150)
    pad.page.mouse.wheel(0, 400)
    pad.page.wait_for_function("window.scrollY > 100")


def test_everything_that_can_be_pressed_has_a_name(pad: Visit) -> None:
    nameless = pad.page.evaluate(
        "[...document.querySelectorAll('.digitrec :is(button, a, summary, progress, canvas)')]"
        ".filter(e => e.getAttribute('aria-hidden') !== 'true')"
        ".filter(e => !(e.getAttribute('aria-label') || e.textContent).trim()"
        "          || e.title === 'null' || e.title === 'undefined').map(e => e.outerHTML)"
    )
    assert nameless == []


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_no_sideways_scroll_and_fingertip_sized_buttons(pad: Visit, width: int) -> None:
    pad.page.set_viewport_size({"width": width, "height": 800})
    pad.page.locator(".dr-built summary").click()
    pad.draw(UPRIGHT[9])
    pad.settled()
    assert pad.page.evaluate("document.documentElement.scrollWidth") == width
    small = pad.page.evaluate(
        "[...document.querySelectorAll('.digitrec :is(button, a, summary)')]"
        ".filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44)"
        ".map(e => e.innerText)"
    )
    assert small == []
    canvas, answer = (
        pad.page.locator(part).bounding_box() for part in (".dr-canvas", ".dr-answer")
    )
    assert canvas is not None
    assert answer is not None
    assert (answer["x"] > canvas["x"] + 300) == (width == 1280)


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_jumps_when_the_answer_comes(pad: Visit, width: int) -> None:
    pad.page.set_viewport_size({"width": width, "height": 800})
    expect(pad.page.locator("img.dr-atlas")).to_be_visible()
    measure = (
        "[...document.querySelectorAll('.dr-section, .dr-bars, .dr-stages, .dr-buttons')]"
        ".map(e => Math.round(e.getBoundingClientRect().top + window.scrollY))"
    )
    empty = pad.page.evaluate(measure)
    for digit in (1, 8):
        pad.draw(UPRIGHT[digit])
        pad.settled()
        assert pad.page.evaluate(measure) == empty
        pad.press("Clear")
        pad.waiting()
    pad.press("Predict")
    pad.settled()
    assert pad.page.evaluate(measure) == empty
