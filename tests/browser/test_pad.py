"""The pad in a real Chromium on a real server: drawing, answers, buttons, looks."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.handwriting import SLANTED, UPRIGHT
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

BAR = [[(60.0, 150.0), (150.0, 150.0), (240.0, 150.0)]]


def test_the_canvas_is_painted_black_and_takes_white_ink(visit: Visit) -> None:
    assert [visit.brightness(*point) for point in ((2, 2), (150, 150), (297, 297))] == [0, 0, 0]
    visit.draw(BAR)
    visit.wait_for_pixel(150, 150, bright=True)
    visit.wait_for_pixel(238, 150, bright=True)
    assert visit.brightness(150, 100) == 0
    assert visit.brightness(150, 165) == 0


def test_the_hint_goes_with_the_first_point(visit: Visit) -> None:
    hint = visit.page.locator(".dr-hint")
    expect(hint).to_have_text("Draw a digitfrom 0 to 9")
    expect(hint).to_be_visible()
    left, top = visit.corner()
    visit.page.mouse.move(left + 50, top + 50)
    visit.page.mouse.down()
    expect(hint).to_be_hidden()
    visit.page.mouse.up()
    visit.press("Clear")
    expect(hint).to_be_visible()


@pytest.mark.parametrize("hand", [UPRIGHT, SLANTED], ids=["upright", "slanted"])
def test_every_digit_drawn_with_the_mouse(visit: Visit, hand: dict) -> None:
    answers = {}
    for digit, strokes in hand.items():
        visit.draw(strokes)
        answers[digit] = visit.settled()
        expect(visit.page.locator(".dr-bars .dr-top .dr-digit")).to_have_text(str(digit))
        visit.press("Clear")
        visit.waiting()
    assert answers == {
        digit: f"That's {'an' if digit == 8 else 'a'} {digit}." for digit in range(10)
    }


@pytest.mark.parametrize("hand", [UPRIGHT, SLANTED], ids=["upright", "slanted"])
def test_every_digit_drawn_with_a_finger(phone: Visit, hand: dict) -> None:
    answers = {}
    for digit, strokes in hand.items():
        phone.draw_by_touch(strokes)
        answers[digit] = phone.settled()
        phone.button("Clear").tap()
        phone.waiting()
    assert answers == {
        digit: f"That's {'an' if digit == 8 else 'a'} {digit}." for digit in range(10)
    }


def test_the_page_does_not_scroll_under_a_finger(phone: Visit) -> None:
    before = phone.page.evaluate("window.scrollY")
    phone.draw_by_touch([[(150, 280), (150, 200), (150, 100), (150, 20)]])
    phone.settled()
    assert phone.page.evaluate("window.scrollY") == before
    left, top = phone.corner()
    phone.touch("touchStart", (left + 150, top + 330))
    for step in range(10):
        phone.touch("touchMove", (left + 150, top + 330 - 25 * step))
    phone.touch("touchEnd")
    phone.page.wait_for_function(f"window.scrollY > {before}")


def test_a_second_finger_does_not_draw(phone: Visit) -> None:
    left, top = phone.corner()
    phone.touch("touchStart", (left + 60, top + 60))
    phone.touch("touchMove", (left + 60, top + 100))
    phone.touch("touchStart", (left + 60, top + 100), (left + 240, top + 240))
    phone.touch("touchMove", (left + 60, top + 140), (left + 240, top + 200))
    phone.touch("touchEnd")
    phone.settled()
    phone.wait_for_pixel(60, 135, bright=True)
    assert phone.brightness(240, 220) == 0


def test_there_is_an_answer_while_drawing(visit: Visit) -> None:
    left, top = visit.corner()
    points = UPRIGHT[7][0]
    visit.page.mouse.move(left + points[0][0], top + points[0][1])
    visit.page.mouse.down()
    for x, y in points[1:]:
        visit.page.mouse.move(left + x, top + y, steps=4)
    expect(visit.page.locator(".dr-said.dr-is-drawing")).to_be_visible()
    visit.page.mouse.up()
    assert visit.settled() == "That's a 7."
    expect(visit.page.get_by_role("status").filter(has_text="That's a 7.")).to_have_count(1)


def test_leaving_the_pad_lifts_the_pen(visit: Visit) -> None:
    left, top = visit.corner()
    mouse = visit.page.mouse
    mouse.move(left + 250, top + 50)
    mouse.down()
    mouse.move(left + 340, top + 50, steps=5)
    visit.settled()
    visit.wait_for_pixel(297, 50, bright=True)
    mouse.up()  # outside, where the canvas does not hear of it
    mouse.move(left + 150, top + 200, steps=5)
    mouse.move(left + 50, top + 200, steps=5)
    visit.press("Predict")
    visit.settled()
    assert visit.brightness(100, 200) == 0


def test_undo_takes_one_stroke_and_then_the_other(visit: Visit) -> None:
    visit.draw(UPRIGHT[4])
    visit.settled()
    visit.wait_for_pixel(170, 230, bright=True)
    visit.press("Undo")
    visit.wait_for_pixel(170, 230, bright=False)
    visit.wait_for_pixel(116, 84, bright=True)
    visit.press("Undo")
    visit.wait_for_pixel(116, 84, bright=False)
    visit.waiting()


def test_clear_empties_the_pad_and_the_answer(visit: Visit) -> None:
    visit.draw(BAR)
    visit.settled()
    visit.press("Clear")
    visit.waiting()
    visit.wait_for_pixel(150, 150, bright=False)
    expect(visit.page.locator(".dr-stages img")).to_have_count(0)


def test_predict_on_an_empty_pad(visit: Visit) -> None:
    visit.press("Predict")
    assert visit.settled() == "There is nothing on the pad yet."
    visit.draw(UPRIGHT[3])
    expect(visit.page.locator(".dr-said")).to_have_text("That's a 3.")
    visit.press("Predict")
    expect(visit.page.locator(".dr-said")).to_have_text("That's a 3.")


def test_the_image_that_the_network_saw(visit: Visit) -> None:
    visit.draw(UPRIGHT[8])
    visit.settled()
    expect(visit.page.locator(".dr-stages img")).to_have_count(4)
    sizes = visit.page.evaluate(
        "[...document.querySelectorAll('.dr-stages img')].map(i => [i.naturalWidth, i.alt])"
    )
    assert sizes[-1][0] == 28
    assert all(name for _, name in sizes)


def test_a_reload_brings_a_fresh_pad_that_works(visit: Visit) -> None:
    visit.draw(UPRIGHT[5])
    visit.settled()
    visit.page.reload()
    visit.ready()
    visit.waiting()
    assert visit.brightness(104, 126) == 0
    visit.draw(UPRIGHT[2])
    assert visit.settled() == "That's a 2."


def test_two_visitors_do_not_meet(meet: Callable[..., Visit]) -> None:
    first, second = meet(), meet()
    first.draw(UPRIGHT[6])
    second.draw(UPRIGHT[1])
    assert first.settled() == "That's a 6."
    assert second.settled() == "That's a 1."


def test_other_samples_when_asked(visit: Visit) -> None:
    picture = visit.page.locator("img.dr-atlas")
    first = picture.get_attribute("src")
    visit.press("Show others")
    expect(picture).not_to_have_attribute("src", first or "")
    assert visit.page.evaluate("document.querySelector('img.dr-atlas').naturalWidth") == 360


def test_the_folded_part_opens_and_tells_the_layers(visit: Visit) -> None:
    layers = visit.page.locator(".dr-layers")
    expect(layers).to_be_hidden()
    visit.page.get_by_text("How was this built?").click()
    expect(layers).to_be_visible()
    expect(layers.locator("li")).to_have_count(10)


def test_the_figures_are_there_at_once(visit: Visit) -> None:
    expect(visit.page.locator(".dr-figure")).to_contain_text("of 10,000 test digits right")
    expect(visit.page.locator(".dr-confusion td")).to_have_count(101)
    expect(visit.page.locator(".dr-classes li")).to_have_count(10)


def test_the_link_to_the_course_leads_to_a_page(visit: Visit) -> None:
    link = visit.page.get_by_role("link", name="How does it work?")
    with visit.page.context.expect_page() as opened:
        link.click()
    page = opened.value
    page.wait_for_load_state()
    assert page.url == f"{visit.address}voila/render/02_inside_a_cnn.ipynb"
    expect(page.locator("h1").first).to_be_visible(timeout=60_000)
    page.close()


def test_the_keyboard_reaches_everything_and_leaves_the_pad_again(visit: Visit) -> None:
    page = visit.page
    names = []
    for _ in range(12):
        page.keyboard.press("Tab")
        names.append(
            page.evaluate(
                "(e => e.getAttribute('aria-label') || e.innerText)(document.activeElement)"
            ).split(",")[0].strip()
        )  # fmt: skip
    wanted = ["Go to the pad", "Drawing pad", "Predict", "Undo", "Clear", "(Re)Train"]
    places = [names.index(name) for name in wanted]
    assert places == sorted(places)
    page.get_by_role("link", name="Go to the pad").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.classList.contains('dr-canvas')")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert visit.settled() == "There is nothing on the pad yet."


def test_the_wheel_scrolls_past_the_pad(visit: Visit) -> None:
    left, top = visit.corner()
    visit.page.mouse.move(left + 150, top + 150)
    visit.page.mouse.wheel(0, 400)
    visit.page.wait_for_function("window.scrollY > 100")


def test_everything_that_can_be_pressed_has_a_name(visit: Visit) -> None:
    nameless = visit.page.evaluate(
        "[...document.querySelectorAll('.digitrec :is(button, a, summary, progress, canvas)')]"
        ".filter(e => !(e.getAttribute('aria-label') || e.textContent).trim()"
        "          || e.title === 'null' || e.title === 'undefined').map(e => e.outerHTML)"
    )
    assert nameless == []


@pytest.mark.parametrize("width", [320, 375, 768, 1280])
def test_no_sideways_scroll_and_fingertip_sized_buttons(
    meet: Callable[..., Visit], width: int
) -> None:
    visit = meet(viewport={"width": width, "height": 800})
    visit.page.locator(".dr-built summary").click()
    visit.draw(UPRIGHT[9])
    visit.settled()
    assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    small = visit.page.evaluate(
        "[...document.querySelectorAll('.digitrec :is(button, a, summary)')]"
        ".filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 44)"
        ".map(e => e.innerText)"
    )
    assert small == []
    canvas, answer = (
        visit.page.locator(part).bounding_box() for part in (".dr-canvas", ".dr-answer")
    )
    assert canvas is not None
    assert answer is not None
    assert (answer["x"] > canvas["x"] + 300) == (width == 1280)


@pytest.mark.parametrize("width", [375, 1280])
def test_nothing_jumps_when_the_answer_comes(meet: Callable[..., Visit], width: int) -> None:
    visit = meet(viewport={"width": width, "height": 800})
    expect(visit.page.locator("img.dr-atlas")).to_be_visible()
    measure = (
        "[...document.querySelectorAll('.dr-section, .dr-bars, .dr-stages, .dr-buttons')]"
        ".map(e => Math.round(e.getBoundingClientRect().top + window.scrollY))"
    )
    empty = visit.page.evaluate(measure)
    for digit in (1, 8):
        visit.draw(UPRIGHT[digit])
        visit.settled()
        assert visit.page.evaluate(measure) == empty
        visit.press("Clear")
        visit.waiting()
    visit.press("Predict")
    visit.settled()
    assert visit.page.evaluate(measure) == empty


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_light_and_dark_by_the_system_and_enough_contrast(
    meet: Callable[..., Visit], scheme: str
) -> None:
    visit = meet(color_scheme=scheme)
    visit.draw(UPRIGHT[9])
    visit.settled()
    visit.page.locator(".dr-built summary").click()
    poor = visit.page.evaluate(CONTRAST)
    assert poor == []
    background = visit.page.evaluate(
        "getComputedStyle(document.querySelector('.digitrec')).backgroundColor"
    )
    assert (background == "rgb(255, 255, 255)") == (scheme == "light")


# Every text against the colours behind it (WCAG 2.2, 1.4.3): what falls short of 4.5 to 1.
CONTRAST = """() => {
  const read = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return [r, g, b, a];
  };
  const over = (top, under) => [0, 1, 2].map(i => top[i] * top[3] + under[i] * (1 - top[3]));
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) layers.push(read(getComputedStyle(e).backgroundColor));
    return layers.reduceRight((under, layer) => over(layer, under), [255, 255, 255]);
  };
  const light = (colour) => colour.reduce((sum, value, i) => {
    const share = value / 255;
    const linear = share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    return sum + linear * [0.2126, 0.7152, 0.0722][i];
  }, 0);
  const poor = new Set();
  const walker = document.createTreeWalker(document.querySelector(".dr-page"), NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility({ visibilityProperty: true })) continue;
    const style = getComputedStyle(element);
    const ground = behind(element);
    const colour = element.closest("svg") ? style.fill : style.color;
    const ink = over(read(colour), ground);
    const [high, low] = [light(ink), light(ground)].sort((a, b) => b - a);
    const ratio = (high + 0.05) / (low + 0.05) * (style.opacity < 1 ? 0 : 1);
    if (ratio < 4.5) poor.add(`${element.className.baseVal ?? element.className} ${walker.currentNode.data.slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return [...poor];
}"""  # noqa: E501 - a program in another language
