"""The page itself: its frame, its manners towards everybody, and every state that it can be in.

Which test reaches which state:

| state                      | test                                                               |
|----------------------------|--------------------------------------------------------------------|
| starting                   | here: test_an_outline_stands_where_the_pad_will_be                 |
| empty                      | here: test_axe_finds_nothing; test_pad: the hint                   |
| drawing                    | here: test_the_pad_stays_where_it_is; test_pad                     |
| sure                       | here: test_an_answer_is_announced; test_pad                        |
| torn                       | here: test_torn_and_refused_are_said                               |
| refused                    | here: test_torn_and_refused_are_said, test_axe_finds_nothing       |
| no ink                     | here: test_everything_is_done_with_the_keyboard; test_pad          |
| training                   | here: test_the_pad_stays...learns; test_pad_training               |
| queued                     | test_pad_training: a second training waits                         |
| trained                    | here: test_axe_finds_nothing_after_a_training; test_pad_training   |
| failed or cancelled        | test_pad_training: cancel                                          |
| model from this browser    | test_pad_store                                                     |
| stored model unreadable    | test_pad_store                                                     |
| kernel or connection gone  | here: test_a_dead_kernel...; test_nothing_lost; test_lifeline      |
| no line to the kernel      | test_lifeline                                                      |
"""

import contextlib
import re
import socket
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any, Literal

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESKTOP, PHONE
from tests.browser.handwriting import UPRIGHT, torn
from tests.browser.visit import PATIENCE, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

Scheme = Literal["light", "dark"]

TRAINING = 400_000
"""Milliseconds that a training may take on a slow machine with other work to do."""

SCRIBBLE = [[(40, 150), (70, 60), (100, 240), (130, 60), (160, 240), (190, 60), (220, 240)]]
COURSE_PAGE = "voila/render/02_inside_a_cnn.ipynb"
LOST = "Lost touch with the server."

RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# What can be pressed, chosen or typed into, but for links within a sentence.
TOUCHABLE = ":is(button, summary, select, input, textarea, .dr-links a, [role=button]), nav a"
SMALL = f"""() => [...document.querySelectorAll('.digitrec {TOUCHABLE}')]
    .filter(e => e.checkVisibility({{ visibilityProperty: true, opacityProperty: true }}))
    .map(e => {{
        // A label around a small box or dot is touched as well as the box itself.
        const box = (e.closest('label') ?? e).getBoundingClientRect();
        return [e.outerHTML.slice(0, 120), Math.round(box.width), Math.round(box.height)];
    }})
    .filter(([, width, height]) => width < 44 || height < 44)"""


OVERLAPPING = f"""() => {{
    const boxes = [...document.querySelectorAll('.digitrec {TOUCHABLE}')]
        .filter(e => e.checkVisibility({{ visibilityProperty: true, opacityProperty: true }}))
        .map(e => [e.outerHTML.slice(0, 120), e.getBoundingClientRect()]);
    const over = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
        && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
    return boxes.flatMap(([one, a], place) => boxes.slice(place + 1)
        .filter(([, b]) => over(a, b)).map(([other]) => [one, other]));
}}"""
"""Things to press of which one covers a part of another."""


@contextlib.contextmanager
def unwatched(browser: Browser, address: str, **options: Any) -> Iterator[Visit]:
    """A visit whose console may complain, as it does when a connection fails."""
    visit = Visit(browser.new_context(**{**DESKTOP, **options}).new_page(), address)
    try:
        yield visit
    finally:
        visit.page.context.close()


def find_faults(visit: Visit) -> list[str]:
    """Run axe-core on the whole page; return what it finds."""
    if not visit.page.evaluate("'axe' in window"):
        visit.page.evaluate(AXE_SCRIPT)
    found = visit.page.evaluate("rules => axe.run(document, rules)", RULES)
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary']}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def unfold(visit: Visit) -> None:
    visit.page.evaluate("document.querySelectorAll('details').forEach(part => (part.open = true))")
    panel = visit.page.locator(".dr-options-panel")
    if panel.is_hidden():
        visit.page.get_by_role("button", name=re.compile("^. Options")).click()
        expect(panel).to_be_visible()


def quiet(visit: Visit) -> None:
    """Wait until the page has not changed for a while."""
    visit.page.evaluate(
        """() => new Promise(resolve => {
            let timer = setTimeout(resolve, 600);
            new MutationObserver(() => {
                clearTimeout(timer);
                timer = setTimeout(resolve, 600);
            }).observe(document.body, { childList: true, subtree: true, attributes: true });
        })"""
    )


def test_the_frame_says_what_the_page_is(pad: Visit) -> None:
    page = pad.page
    expect(page).to_have_title("Digit Recogniser")
    assert page.locator("html").get_attribute("lang") == "en"
    description = page.locator('meta[name="description"]').get_attribute("content")
    assert description is not None
    assert "digit" in description
    icon = page.locator('link[rel="icon"]').get_attribute("href")
    assert icon is not None
    assert icon.startswith("data:image/svg+xml,")
    assert page.evaluate(
        "href => new Promise(done => { const icon = new Image();"
        " icon.onload = () => done(true); icon.onerror = () => done(false); icon.src = href; })",
        icon,
    )
    viewport = page.locator('meta[name="viewport"]').get_attribute("content")
    assert viewport == "width=device-width, initial-scale=1"
    expect(page.get_by_role("heading", level=1)).to_have_text(["Digit Recogniser"])


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


def test_light_and_dark_follow_the_system_while_the_page_is_open(pad: Visit) -> None:
    page = pad.page
    pad.draw(UPRIGHT[9])
    pad.settled()
    page.locator(".dr-built summary").click()
    colours = (
        "() => ['html', '.digitrec', '.digitrec h1', '.dr-button:not(.dr-primary)'].map(where =>"
        " { const style = getComputedStyle(document.querySelector(where));"
        "   return [style.backgroundColor, style.color]; })"
    )
    page.emulate_media(color_scheme="light")
    light = page.evaluate(colours)
    assert page.evaluate(CONTRAST) == []
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.body.dataset.jpThemeLight === 'false'")
    # The colours of buttons change over an eighth of a second.
    page.evaluate(
        "Promise.all(document.getAnimations().map(change => change.finished)).then(() => null)"
    )
    dark = page.evaluate(colours)
    assert page.evaluate(CONTRAST) == []
    assert light[0][0] == light[1][0] == "rgb(255, 255, 255)"
    assert dark[0][0] == dark[1][0] != light[0][0]
    assert dark[2][1] != light[2][1]
    assert dark[3] != light[3]
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.body.dataset.jpThemeLight === 'true'")


def test_one_column_on_a_phone_and_two_on_a_desktop(pad: Visit, pocket: Visit) -> None:
    boxes = {}
    for visit in (pocket, pad):
        left, right = (
            visit.page.locator(part).bounding_box() for part in (".dr-padbox", ".dr-answer")
        )
        assert left is not None
        assert right is not None
        boxes[visit] = left, right
    box, answer = boxes[pocket]
    assert answer["y"] > box["y"] + 300
    assert answer["x"] < box["x"] + 300
    assert box["y"] + 300 < 700  # all of the pad is seen before anything is scrolled
    box, answer = boxes[pad]
    assert answer["x"] > box["x"] + 300
    assert answer["y"] < box["y"] + 300


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_is_wider_than_the_window_or_smaller_than_a_fingertip(
    lend: Callable[..., Any], options: dict[str, Any]
) -> None:
    width = options["viewport"]["width"]
    with lend(**options) as visit:
        for strokes in ([], UPRIGHT[5], SCRIBBLE):
            if strokes:
                visit.press("Clear")
                visit.draw(strokes)
                visit.settled()
            for folded in (True, False):
                if not folded:
                    unfold(visit)
                quiet(visit)
                assert visit.page.evaluate("document.documentElement.scrollWidth") == width
                assert visit.page.evaluate(OVERLAPPING) == []
                if "has_touch" in options:
                    assert visit.page.evaluate(SMALL) == []


def until_outlined(address: str) -> str:
    """Ask for the page as a browser does; return what the server sends up to the outline."""
    parts = urllib.parse.urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=60) as line:
        path = "/voila/render/06_drawing_pad.ipynb"
        line.sendall(f"GET {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n\r\n".encode())
        heard = b""
        while b"</canvas>" not in heard:
            news = line.recv(65536)
            assert news, f"The page ended before its outline: {heard[-200:]!r}"
            heard += news
        head, _, body = heard.partition(b"\r\n\r\n")
        assert b"200 OK" in head
        assert b"chunked" in head.lower()
        return body[: body.index(b"</canvas>")].decode()


def test_nothing_that_has_to_be_fetched_stands_before_the_outline(server: str) -> None:
    before = until_outlined(server)
    assert "frame-outline-pad" in before
    assert not re.search(r"<script[^>]+src=|<link[^>]+stylesheet", before)


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_outline_stands_where_the_pad_will_be(
    browser: Browser, server: str, options: dict[str, Any]
) -> None:
    with unwatched(browser, server, **options) as visit:
        page = visit.page
        held: list[Any] = []

        def hold(route: Any) -> None:
            held.append(route)

        page.route("**/voila.js", hold)
        page.goto(server, wait_until="commit")
        outline = page.locator(".frame-outline-pad")
        expect(page.locator("#frame-skeleton [role=status]")).to_contain_text("Starting…")
        expect(outline).to_be_visible()
        before, title = outline.bounding_box(), page.locator(".frame-outline h1").bounding_box()
        while not held:
            page.wait_for_timeout(20)
        for route in held:
            route.continue_()
        visit.ready()
        expect(outline).to_be_hidden()
        after = page.locator(".dr-padbox").bounding_box()
        assert before == pytest.approx(after, abs=1)
        there = page.locator(".digitrec h1").bounding_box()
        assert title is not None
        assert there is not None
        assert (title["x"], title["y"]) == pytest.approx((there["x"], there["y"]), abs=1)


def places(visit: Visit) -> list[float]:
    found: list[float] = visit.page.evaluate(
        "['.dr-padbox', '.dr-answer', '.dr-retrain'].flatMap(part =>"
        " { const box = document.querySelector(part).getBoundingClientRect();"
        "   return [box.x + scrollX, box.y + scrollY]; })"
    )
    return found


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_pad_stays_where_it_is(lend: Callable[..., Any], options: dict[str, Any]) -> None:
    with lend(**options) as visit:
        quiet(visit)
        empty = places(visit)
        left, top = visit.corner()
        mouse = visit.page.mouse
        mouse.move(left + 80, top + 80)
        mouse.down()
        mouse.move(left + 200, top + 80, steps=8)
        visit.page.locator(".dr-said.dr-is-drawing").wait_for()
        assert places(visit) == empty
        mouse.move(left + 150, top + 250, steps=8)
        mouse.up()
        visit.settled()
        quiet(visit)
        assert places(visit) == empty


def test_the_pad_stays_where_it_is_while_a_network_learns(visit: Visit) -> None:
    quiet(visit)
    before = places(visit)
    visit.press("(Re)Train")
    expect(visit.button("Cancel")).to_be_visible()
    visit.page.locator(".dr-curve").first.wait_for(timeout=TRAINING)
    assert places(visit) == before
    visit.press("Cancel")
    expect(visit.page.locator(".dr-stage")).to_contain_text("Your model is as it was.")
    assert places(visit) == before


def test_torn_and_refused_are_said(pad: Visit) -> None:
    pad.draw(torn())
    assert re.fullmatch(r"An? \d, or maybe an? \d\.", pad.settled())
    pad.press("Clear")
    pad.waiting()
    pad.draw(SCRIBBLE)
    assert pad.settled() == "I don't think that is a digit."
    expect(pad.page.locator(".dr-sure")).to_contain_text(re.compile(r"\d"))


def test_an_answer_is_announced(pad: Visit) -> None:
    status = pad.page.locator(".dr-answer > .dr-announcement")
    expect(status).to_have_attribute("aria-live", "polite")
    expect(status).to_have_attribute("role", "status")
    pad.draw(UPRIGHT[7])
    pad.settled()
    expect(status).to_contain_text("That's a 7.")
    pad.press("Clear")
    pad.waiting()
    pad.press("Predict")
    expect(status).to_contain_text("There is nothing on the pad yet.")


FOCUS = """() => {
    const e = document.activeElement;
    if (!e || e === document.body) return null;
    const shown = [e, e.closest('.dr-padbox'), e.closest('label')].filter(Boolean)
        .map(part => getComputedStyle(part))
        .some(style => (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2));
    const box = e.getBoundingClientRect();
    const label = document.getElementById(e.getAttribute('aria-labelledby')) ?? e.labels?.[0];
    const own = e.tagName === 'SELECT' ? '' : e.innerText;
    const name = e.getAttribute('aria-label') || label?.textContent || own || e.title;
    if (!e.dataset.tabStop) e.dataset.tabStop = String(performance.now());
    return { stop: e.dataset.tabStop, shown, name: (name || '').trim(),
        html: e.outerHTML.slice(0, 140), top: box.top + scrollY,
        seen: box.bottom > 0 && box.top < innerHeight };
}"""


def test_everything_is_done_with_the_keyboard(visit: Visit) -> None:
    page = visit.page
    quiet(visit)
    stops: list[dict[str, Any]] = []
    for _ in range(200):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        if stop is None or any(stop["stop"] == other["stop"] for other in stops):
            break
        stops.append(stop)
    assert [stop["html"] for stop in stops if not stop["shown"]] == []
    assert [stop["html"] for stop in stops if not stop["name"]] == []
    assert [stop["html"] for stop in stops if not stop["seen"]] == []
    missed = page.evaluate(
        """() => [...document.querySelectorAll('.digitrec :is(a[href], button, summary, select,'
            + ' input, textarea, canvas[tabindex="0"], [tabindex="0"])')]
            .filter(e => e.checkVisibility({ visibilityProperty: true }) && !e.disabled
                && e.tabIndex >= 0 && !e.dataset.tabStop
                && !(e.type === 'radio' && !e.checked))
            .map(e => e.outerHTML.slice(0, 140))"""
    )
    assert missed == []
    # From the top to the bottom, but for what stands side by side.
    tops = [stop["top"] for stop in stops]
    heads = {"(Re)Train", "Show others", "How was this built?"}
    places = [tops[k] for k, stop in enumerate(stops) if stop["name"] in heads]
    assert places == sorted(places)
    assert len(places) == len(heads)

    page.get_by_role("link", name="Go to the pad").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.classList.contains('dr-echo')")
    page.keyboard.press("Tab")  # to Predict, out of the pad
    page.keyboard.press("Enter")
    assert visit.settled() == "There is nothing on the pad yet."


@pytest.mark.parametrize("options", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_axe_finds_nothing(meet: Callable[..., Visit], options: dict[str, Any]) -> None:
    visit = meet(**options, reduced_motion="reduce")
    nothing_is_found(visit, ("light",))
    visit.draw(UPRIGHT[7])
    assert visit.settled() == "That's a 7."
    unfold(visit)
    # A phone shows the same colours in another place.
    schemes: tuple[Scheme, ...] = ("light", "dark") if options is DESKTOP else ("light",)
    nothing_is_found(visit, schemes)
    visit.press("Clear")
    visit.draw(SCRIBBLE)
    visit.settled()
    nothing_is_found(visit, schemes)


def nothing_is_found(visit: Visit, schemes: tuple[Scheme, ...]) -> None:
    """Have axe-core look in each colour scheme, and fail for whatever it finds."""
    quiet(visit)
    for scheme in schemes:
        visit.page.emulate_media(color_scheme=scheme)
        assert find_faults(visit) == []


def test_axe_finds_nothing_after_a_training(meet: Callable[..., Visit]) -> None:
    visit = meet(reduced_motion="reduce")
    visit.draw(UPRIGHT[3])
    visit.settled()
    unfold(visit)
    visit.page.get_by_label("Recipe", exact=True).select_option("classic: about 10 seconds")
    visit.page.get_by_label("Epochs", exact=True).fill("1")
    visit.page.keyboard.press("Enter")
    # Four of five are wrong then, and of one digit more than a thousand: nothing is wider.
    visit.page.get_by_label("Seed", exact=True).fill("12")
    visit.page.keyboard.press("Enter")
    visit.press("(Re)Train")
    visit.page.locator(".dr-curve").first.wait_for(timeout=TRAINING)
    assert find_faults(visit) == []
    visit.button("Keep it").wait_for(timeout=TRAINING)
    quiet(visit)
    for options, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        visit.page.set_viewport_size(options["viewport"])
        visit.page.emulate_media(color_scheme=scheme)
        quiet(visit)
        assert find_faults(visit) == []
        assert visit.page.evaluate(SMALL) == []
        width = options["viewport"]["width"]
        assert visit.page.evaluate("document.documentElement.scrollWidth") == width
    visit.press("Go back")
    quiet(visit)
    assert find_faults(visit) == []


@pytest.mark.parametrize(
    ("options", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"]
)
def test_axe_finds_nothing_on_the_page_about_the_network(
    browser: Browser, server: str, options: dict[str, Any], scheme: Scheme
) -> None:
    options = {**options, "color_scheme": scheme, "reduced_motion": "reduce"}
    with unwatched(browser, server, **options) as visit:
        visit.page.goto(server + COURSE_PAGE)
        visit.ready()
        quiet(visit)
        assert (
            visit.page.evaluate("document.body.dataset.jpThemeLight")
            == str(scheme == "light").lower()
        )
        assert find_faults(visit) == []


def ink_is_there(visit: Visit) -> None:
    visit.wait_for_pixel(150, 150, bright=True)


STROKE = [[(60.0, 150.0), (150.0, 150.0), (240.0, 150.0)]]


def test_a_dead_kernel_is_said_and_the_ink_stays(browser: Browser, server: str) -> None:
    with unwatched(browser, server) as visit:
        visit.open()
        visit.draw(STROKE)
        said = visit.settled()
        visit.kernel().kill()
        lost = visit.page.get_by_text(LOST)
        expect(lost).to_be_visible(timeout=PATIENCE)
        assert find_faults(visit) == []
        box = visit.button("Reload").bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert visit.brightness(150, 150) > 127
        visit.button("Reload").click()
        expect(lost).to_be_hidden()
        visit.ready()
        ink_is_there(visit)
        assert visit.settled() == said


def test_an_address_where_there_is_nothing_leads_to_the_pad(browser: Browser, server: str) -> None:
    with unwatched(browser, server) as visit:
        visit.page.goto(server + "nowhere")
        expect(visit.page.locator("h1")).to_have_text("There is nothing at this address")
        assert find_faults(visit) == []
        visit.page.get_by_role("link", name="Go to the pad").click()
        visit.ready()
