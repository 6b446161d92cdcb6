"""What the visitor's browser stores, in a real Chromium: the model, and the corrected digits."""

import json
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from digitrec import ink
from digitrec.app.model.in_use import FRESH, UNREADABLE
from digitrec.network import Network, bundled
from tests.app.test_model_in_use import STORED_BY_0_1
from tests.browser.conftest import serving
from tests.browser.handwriting import UPRIGHT
from tests.browser.visit import Visit
from tests.stand_ins import small

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PUT = """([kind, key, value]) => new Promise((resolve, reject) => {
    const asked = indexedDB.open('digitrec');
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
        const writing = asked.result.transaction(kind, 'readwrite');
        const turned = value?.bytes instanceof Array
            ? { ...value, bytes: new Uint8Array(value.bytes).buffer } : value;
        writing.objectStore(kind).put(turned, key);
        writing.oncomplete = () => { asked.result.close(); resolve(); };
    };
})"""
"""Writes into the page's database behind its back."""

HOLDS = """([kind, number]) => new Promise((resolve, reject) => {
    const asked = indexedDB.open('digitrec');
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
        const count = asked.result.transaction(kind).objectStore(kind).count();
        count.onsuccess = () => { asked.result.close(); resolve(count.result === number); };
    };
})"""

HEIGHTS = "['correcting', 'your-digits'].map(n => document.querySelector('.dr-' + n).offsetHeight)"

LEARNING = 400_000
"""Milliseconds that learning may take on a slow machine with other work to do."""

OPENED = "is open. Choose under Retrain which one should answer."


def note(visit: Visit) -> Any:
    return expect(visit.page.locator(".dr-whence"))


def stored(favourite: int, **about: object) -> dict[str, object]:
    content = list(small(favourite).to_bytes())
    return {"bytes": content, "day": "2025-05-03", "how": "trained", **about}


def put(visit: Visit, kind: str, key: str, value: object) -> None:
    visit.page.evaluate(PUT, [kind, key, value])


def again(visit: Visit) -> None:
    visit.page.reload()
    visit.ready()


def holds(visit: Visit, kind: str, number: int) -> None:
    """Wait until the page's database holds so many; the page speaks a moment before it writes."""
    visit.page.wait_for_function(HOLDS, arg=[kind, number])


def open_model(visit: Visit, path: Path) -> None:
    part = visit.page.locator(".dr-exchange", has_text="Your model")
    if part.locator("details:not([open])").count():
        part.locator("summary").click()
    with visit.page.expect_file_chooser() as chooser:
        part.get_by_role("button", name="Open a model file…").click()
    chooser.value.set_files(path)


def keep_model(visit: Visit, path: Path) -> None:
    """Open a model and choose it; wait until the browser has stored it."""
    open_model(visit, path)
    visit.press("Keep it")
    expect(visit.button("Keep it")).to_be_hidden()
    note(visit).to_contain_text("it lives in this browser.")


def answers(visit: Visit, digit: int) -> None:
    """The model in use answers this digit to whatever is drawn."""
    visit.press("Clear")
    visit.waiting()
    visit.draw(UPRIGHT[7])
    expect(visit.page.locator(".dr-said")).to_have_text(f"That's a {digit}.")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "mine.safetensors"
    small(5).save(path)
    return path


def test_a_model_lives_in_one_browser_through_reloads_and_restarts(
    browser: Browser, model: Path, tmp_path: Path
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with serving(tmp_path, port) as address:
        visit = Visit(browser.new_context().new_page(), address)
        visit.open()
        note(visit).to_have_text(FRESH)
        open_model(visit, model)
        visit.page.get_by_text(OPENED).wait_for()
        note(visit).to_have_text(FRESH)
        visit.press("Keep it")
        note(visit).to_contain_text("it lives in this browser.")
        answers(visit, 5)

        other = Visit(browser.new_context().new_page(), address)
        other.open()
        note(other).to_have_text(FRESH)
        answers(other, 7)
        other.page.context.close()
        other.check()
        # Until the server comes back the page says, rightly, that it lost touch with it.
        visit.page.goto("about:blank")
    with serving(tmp_path, port) as address:
        visit.open()
        note(visit).to_contain_text("You opened this model on")
        note(visit).to_contain_text("it lives in this browser.")
        answers(visit, 5)
        visit.press("Forget it")
        note(visit).to_have_text(FRESH)
        answers(visit, 7)
        again(visit)
        note(visit).to_have_text(FRESH)
        visit.page.context.close()
        visit.check()


def test_going_back_and_a_file_that_is_no_model(visit: Visit, model: Path, tmp_path: Path) -> None:
    open_model(visit, model)
    visit.page.get_by_text(OPENED).wait_for()
    answers(visit, 7)
    visit.press("Go back")
    expect(visit.button("Go back")).to_be_hidden()
    note(visit).to_have_text(FRESH)
    answers(visit, 7)
    holds(visit, "model", 0)
    for content, said in ((b"no model", "could not be opened"), (bytes(500_001), "larger than")):
        (tmp_path / "odd.safetensors").write_bytes(content)
        open_model(visit, tmp_path / "odd.safetensors")
        expect(visit.page.locator(".dr-exchange-said").first).to_contain_text(said)
    answers(visit, 7)

    with visit.page.expect_download() as download:
        visit.press("Download it")
    assert download.value.suggested_filename == "my_network.safetensors"
    path = tmp_path / "downloaded"
    download.value.save_as(path)
    assert Network.load(path).num_parameters == bundled().num_parameters


def test_a_model_that_was_damaged_in_the_browser(visit: Visit) -> None:
    note(visit).to_have_text(FRESH)
    whole = stored(5)["bytes"]
    assert isinstance(whole, list)
    # What the kernel makes of other bytes is tested without a browser.
    for damaged in (stored(5, bytes=whole[:-7]), stored(5, bytes=[0] * 500_001), "garbage"):
        put(visit, "model", "model", damaged)
        again(visit)
        note(visit).to_have_text(UNREADABLE)
        visit.draw(UPRIGHT[7])
        assert visit.settled() == "That's a 7."
        visit.press("Clear")
        visit.waiting()
    visit.press("Forget it")
    note(visit).to_have_text(FRESH)
    holds(visit, "model", 0)
    put(visit, "model", "model", stored(5))
    again(visit)
    note(visit).to_have_text("You trained this model on 3 May 2025; it lives in this browser.")


WRITTEN = """([path, model, digits, strokes]) => new Promise((resolve, reject) => {
    sessionStorage.setItem(`digitrec:pad:${path}`, JSON.stringify({ strokes }));
    indexedDB.deleteDatabase('digitrec').onsuccess = () => {
        const asked = indexedDB.open('digitrec');
        asked.onupgradeneeded = () => {
            for (const kind of ['model', 'digits']) asked.result.createObjectStore(kind);
        };
        asked.onerror = () => reject(asked.error);
        asked.onsuccess = () => {
            const writing = asked.result.transaction(['model', 'digits'], 'readwrite');
            const bytes = Uint8Array.from(atob(model.bytes), letter => letter.charCodeAt(0)).buffer;
            const { day, how } = model;
            writing.objectStore('model').put({ bytes, day, how }, 'model');
            const entries = Object.entries(digits);
            for (const [key, text] of entries) writing.objectStore('digits').put(text, key);
            writing.oncomplete = () => { asked.result.close(); resolve(); };
        };
    };
})"""
"""Leaves a browser as version 0.1 does."""


def test_what_version_0_1_stored_is_found(visit: Visit) -> None:
    before = json.loads(STORED_BY_0_1.read_text(encoding="utf-8"))
    path = visit.page.evaluate("location.pathname")
    # From an empty page of the same site: a pad stores its own ink when it is left.
    empty = f"{visit.address}empty"
    icon = '<link rel="icon" href="data:,">'
    visit.page.route(empty, lambda route: route.fulfill(body=icon, content_type="text/html"))
    visit.page.goto(empty)
    visit.page.evaluate(WRITTEN, [path, before["model"], before["digits"], UPRIGHT[7]])
    visit.open()
    note(visit).to_have_text("You trained this model on 3 May 2025; it lives in this browser.")
    count(visit).to_contain_text("Two digits that you corrected")
    assert len(visit.kept()) == len(UPRIGHT[7])
    expect(visit.page.locator(".dr-said")).to_have_text("That's a 5.")
    expect(visit.page.locator(".dr-figure b")).to_have_text("7.00 %")


def test_a_browser_that_stores_nothing(meet: Callable[..., Visit], model: Path) -> None:
    broken = "indexedDB.open = () => { throw new DOMException('private'); }"
    visit = meet(lambda page: page.add_init_script(broken))
    open_model(visit, model)
    visit.press("Keep it")
    note(visit).to_contain_text("This browser could not store it: download it if you want to.")
    answers(visit, 5)
    visit.page.get_by_role("button", name="It was a 7").click()
    visit.page.get_by_text("This browser could not store your digits").wait_for()


def test_two_tabs_of_one_browser(visit: Visit, model: Path, tmp_path: Path) -> None:
    other = Visit(visit.page.context.new_page(), visit.address)
    other.open()
    keep_model(other, model)
    small(6).save(tmp_path / "six")
    keep_model(visit, tmp_path / "six")
    answers(other, 5)
    again(other)
    answers(other, 6)
    other.page.close()
    other.check()


def say(visit: Visit, digit: int) -> None:
    name = f"It was {'an' if digit == 8 else 'a'} {digit}"
    button = visit.page.get_by_role("button", name=name, exact=True)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


def count(visit: Visit) -> Any:
    return expect(visit.page.locator(".dr-digits-text"))


def test_corrections_are_stored_saved_loaded_and_learnt(visit: Visit, tmp_path: Path) -> None:
    page = visit.page
    said = page.locator(".dr-correcting-said")
    digits = page.locator(".dr-correcting-digits button")
    expect(digits.first).to_be_disabled()
    expect(visit.button("Learn from them")).to_be_disabled()
    heights = page.evaluate(HEIGHTS)
    visit.draw(UPRIGHT[7])
    say(visit, 4)
    expect(said).to_have_text("Thank you: noted as a 4.")
    page.get_by_role("button", name="Take it back").click()
    expect(said).to_have_text("Taken back.")
    count(visit).to_contain_text("None yet.")
    say(visit, 1)
    say(visit, 7)
    count(visit).to_contain_text("One digit that you corrected")
    assert page.evaluate(HEIGHTS) == heights  # nothing has jumped
    for digit in (3, 8):
        visit.press("Clear")
        visit.waiting()
        expect(digits.first).to_be_disabled()
        visit.draw(UPRIGHT[digit])
        say(visit, digit)
    count(visit).to_contain_text("Three digits")
    holds(visit, "digits", 3)
    again(visit)
    count(visit).to_contain_text("Three digits")

    with page.expect_download() as download:
        visit.press("Download")
    path = tmp_path / download.value.suggested_filename
    assert path.name == "my_digits.jsonl"
    download.value.save_as(path)
    assert sorted(sample.label or "" for sample in ink.read(path)) == ["3", "7", "8"]
    visit.press("Forget them")
    count(visit).to_contain_text("None yet.")
    holds(visit, "digits", 0)
    with page.expect_file_chooser() as chooser:
        visit.press("Load…")
    chooser.value.set_files(path)
    page.get_by_text("Three loaded.").wait_for()
    count(visit).to_contain_text("Three digits")

    visit.press("Learn from them")
    outcome = page.locator(".dr-outcome")
    expect(outcome).to_contain_text("Learning your digits")
    expect(outcome).to_contain_text("of your 3 digits before, 3 after.", timeout=LEARNING)
    expect(outcome).to_contain_text("On MNIST's validation digits: 99.")
    expect(outcome).to_contain_text("Choose under Retrain which one should answer.")
    note(visit).to_have_text(FRESH)
    visit.press("Keep it")
    note(visit).to_contain_text("it lives in this browser.")
    again(visit)
    note(visit).to_contain_text("You taught this model your digits on")


def test_damaged_digits_are_left_out(visit: Visit) -> None:
    visit.draw(UPRIGHT[3])
    say(visit, 3)
    line = json.dumps({"label": "4", "strokes": [[[1, 2], [90, 99]]]})
    for place, damaged in enumerate((7, "no JSON", line.replace("2", "null"), {"a": 1})):
        put(visit, "digits", f"x{place}", damaged)
    put(visit, "digits", "y1", line)
    again(visit)
    count(visit).to_contain_text("Two digits that you corrected")
    count(visit).to_contain_text("Four of your digits in this browser could not be read")
    visit.press("Forget them")
    count(visit).to_contain_text("None yet.")
    holds(visit, "digits", 0)


def test_correct_with_a_finger_on_a_phone(phone: Visit) -> None:
    phone.draw_by_touch(UPRIGHT[2])
    buttons = phone.page.locator(".dr-correcting-digits button")
    for place in range(10):
        box = buttons.nth(place).bounding_box()
        assert box is not None
        assert box["width"] >= 44
        assert box["height"] >= 44
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 375
    buttons.nth(2).tap()
    expect(phone.page.locator(".dr-correcting-said")).to_have_text("Thank you: noted as a 2.")
    assert phone.page.evaluate("document.documentElement.scrollWidth") == 375


def test_correct_with_the_keyboard(visit: Visit) -> None:
    visit.draw(UPRIGHT[2])
    button = visit.page.get_by_role("button", name="It was a 2", exact=True)
    button.focus()
    visit.page.keyboard.press("Enter")
    undo = visit.page.get_by_role("button", name="Take it back")
    expect(undo).to_be_visible()
    undo.focus()
    visit.page.keyboard.press("Enter")
    count(visit).to_contain_text("None yet.")
    focused = "document.activeElement.closest('.dr-correcting-digits') !== null"
    visit.page.wait_for_function(focused)
