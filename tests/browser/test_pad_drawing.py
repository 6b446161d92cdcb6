"""Ink that is never late and never lost, keys, reloads and pictures, in a real Chromium."""

import base64
import contextlib
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import psutil
import pytest
from playwright.sync_api import WebSocketRoute, expect

from digitrec import ink
from tests.browser.handwriting import UPRIGHT
from tests.browser.visit import Visit

pytestmark = pytest.mark.browser

SPIRAL = [
    (round(150 + step * np.cos(step / 4), 2), round(150 + step * np.sin(step / 4), 2))
    for step in range(1, 120)
]
SEVEN = UPRIGHT[7]


@contextlib.contextmanager
def busy() -> Iterator[None]:
    """Let the kernels do nothing for a while."""
    kernels = [
        process
        for process in psutil.Process().children(recursive=True)
        if "ipykernel_launcher" in process.cmdline()
    ]
    assert kernels
    for kernel in kernels:
        kernel.suspend()
    try:
        yield
    finally:
        for kernel in kernels:
            kernel.resume()


def scribble(visit: Visit, points: list[tuple[float, float]]) -> list[list[float]]:
    """Draw one stroke as fast as this program can; return it as the page should send it."""
    left, top = visit.corner()
    visit.page.mouse.move(left + points[0][0], top + points[0][1])
    visit.page.mouse.down()
    for x, y in points[1:]:
        visit.page.mouse.move(left + x, top + y)
    visit.page.mouse.up()
    return [list(point) for point in points]


def same(kept: list[list[list[float]]], drawn: list[list[list[float]]]) -> bool:
    return len(kept) == len(drawn) and all(
        np.shape(one) == np.shape(other) and np.allclose(one, other, atol=0.02)
        for one, other in zip(kept, drawn, strict=True)
    )


def page_of(digit: int, size: tuple[int, int] = (400, 500), kind: str = "PNG") -> bytes:
    """Return a picture of a digit in dark ink on a sheet."""
    drawn = np.asarray(ink.stages(UPRIGHT[digit])["drawing"])
    sheet = PIL.Image.new("L", size, 245)
    dark = PIL.Image.fromarray(np.round(255 * drawn).astype(np.uint8))
    side = min(size) * 3 // 4
    sheet.paste(30, (size[0] // 8, size[1] // 8), dark.resize((side, side)))
    file = io.BytesIO()
    sheet.convert("RGB").save(file, kind)
    return file.getvalue()


def upload(name: str, data: bytes, kind: str = "image/png") -> Any:
    return {"name": name, "mimeType": kind, "buffer": data}


def choose(visit: Visit, file: Any) -> None:
    with visit.page.expect_file_chooser() as chooser:
        visit.press("or choose a picture")
    chooser.value.set_files(file)


def transfer(
    visit: Visit, data: bytes, event: str, kind: str = "image/png", where: str = ".dr-echo"
) -> None:
    """Drop or paste a file on the pad, or elsewhere."""
    visit.page.evaluate(
        """([base64, event, type, where]) => {
            const bytes = Uint8Array.from(atob(base64), letter => letter.charCodeAt(0));
            const data = new DataTransfer();
            data.items.add(new File([bytes], "file", { type }));
            const options = { bubbles: true, cancelable: true };
            const made = event === "paste"
                ? new ClipboardEvent(event, { ...options, clipboardData: data })
                : new DragEvent(event, { ...options, dataTransfer: data });
            document.querySelector(where).dispatchEvent(made);
            if (!made.defaultPrevented) throw new Error("the page did not take it");
        }""",
        [base64.b64encode(data).decode(), event, kind, where],
    )


def test_ink_lies_under_the_pen_and_none_is_lost_while_the_kernel_is_busy(pad: Visit) -> None:
    with busy():
        drawn = [scribble(pad, SPIRAL), scribble(pad, [(20, 280), (280, 280)])]
        x, y = (int(part) for part in SPIRAL[-1])
        assert pad.brightness(x, y, ".dr-echo") == 255
        assert pad.brightness(150, 280, ".dr-echo") == 255
        assert pad.brightness(x, y) == 0
        expect(pad.page.locator(".dr-hint")).to_be_hidden()
    assert same(pad.kept(), drawn)
    pad.wait_for_pixel(x, y, bright=True)
    pad.wait_for_pixel(150, 280, bright=True)
    pad.page.wait_for_function(
        "!document.querySelector('.dr-echo').getContext('2d').getImageData(0, 0, 300, 300)"
        ".data.some(value => value)"
    )
    pad.settled()


def test_a_batch_that_was_lost_is_sent_again(meet: Callable[..., Visit]) -> None:
    lost: list[object] = []

    def connect(socket: WebSocketRoute) -> None:
        server = socket.connect_to_server()

        def pass_on(message: str | bytes) -> None:
            raw = message.encode() if isinstance(message, str) else message
            if b'"do"' in raw and len(lost) < 3:
                lost.append(message)
            else:
                server.send(message)

        socket.on_message(pass_on)

    visit = meet(lambda page: page.route_web_socket("**/channels*", connect))
    lost.clear()
    drawn = scribble(visit, SPIRAL)
    assert same(visit.kept(), [drawn])
    assert len(lost) == 3
    visit.settled()


def test_all_points_between_two_frames_are_drawn(pad: Visit) -> None:
    left, top = pad.corner()
    pad.page.evaluate(
        """([left, top]) => {
            const pad = document.querySelector(".dr-echo");
            const at = (x, y) => ({
                pointerId: 7, pointerType: "pen", bubbles: true, clientX: left + x,
                clientY: top + y,
            });
            pad.dispatchEvent(new PointerEvent("pointerdown", at(50, 50)));
            const between = [60, 70, 80].map(x => new PointerEvent("pointermove", at(x, 2 * x)));
            pad.dispatchEvent(new PointerEvent("pointermove",
                { ...at(80, 160), coalescedEvents: between }));
            pad.dispatchEvent(new PointerEvent("pointermove", { ...at(9, 9), pointerId: 8 }));
            pad.dispatchEvent(new PointerEvent("pointerup", at(90, 100)));
        }""",
        [left, top],
    )
    assert same(pad.kept(), [[[50, 50], [60, 120], [70, 140], [80, 160], [90, 100]]])


def test_beyond_the_edge_the_pen_is_up_and_back_on_the_pad_down(pad: Visit) -> None:
    left, top = pad.corner()
    mouse = pad.page.mouse
    mouse.move(left + 250, top + 50)
    mouse.down()
    mouse.move(left + 350, top + 150)
    mouse.move(left + 350, top + 250)
    mouse.move(left + 250, top + 250)
    mouse.up()
    drawn = [[[250, 50], [300, 100]], [[300, 250], [250, 250]]]
    assert same(pad.kept(), drawn)


def test_undo_and_redo_show_when_there_is_nothing_to_do_and_keep_the_focus(visit: Visit) -> None:
    undo, redo = visit.button("Undo"), visit.button("Redo")
    expect(undo).to_have_attribute("aria-disabled", "true")
    expect(redo).to_have_attribute("aria-disabled", "true")
    visit.draw([[(60, 150), (240, 150)]])
    expect(undo).to_have_attribute("aria-disabled", "false")
    undo.focus()
    visit.page.keyboard.press("Enter")
    visit.wait_for_pixel(150, 150, bright=False)
    expect(undo).to_have_attribute("aria-disabled", "true")
    expect(undo).to_be_focused()
    redo.click()
    visit.wait_for_pixel(150, 150, bright=True)
    expect(redo).to_have_attribute("aria-disabled", "true")
    visit.press("Clear")
    visit.wait_for_pixel(150, 150, bright=False)
    undo.click()
    visit.wait_for_pixel(150, 150, bright=True)


@pytest.mark.parametrize("control", ["Control", "Meta"])
def test_keys_for_undo_redo_clear_and_predict(pad: Visit, control: str) -> None:
    press = pad.page.keyboard.press
    pad.draw(SEVEN)  # and the pad has the focus
    x, y = (int(part) for part in SEVEN[0][0])
    press(f"{control}+z")
    pad.wait_for_pixel(x, y, bright=False)
    press(f"{control}+Shift+z")
    pad.wait_for_pixel(x, y, bright=True)
    press(f"{control}+z")
    pad.wait_for_pixel(x, y, bright=False)
    press(f"{control}+y")
    pad.wait_for_pixel(x, y, bright=True)
    for key in ("Delete", "Escape"):
        press(key)
        pad.wait_for_pixel(x, y, bright=False)
        pad.button("Predict").focus()
        press(f"{control}+z")
        pad.wait_for_pixel(x, y, bright=True)
        pad.page.locator(".dr-echo").focus()
    press("Delete")
    pad.waiting()
    press("Enter")
    expect(pad.page.locator(".dr-said")).to_have_text("There is nothing on the pad yet.")


def test_a_seven_drawn_with_the_keyboard_alone(visit: Visit) -> None:
    press = visit.page.keyboard.press
    for _ in range(40):
        press("Tab")
        if visit.page.evaluate("document.activeElement.classList.contains('dr-echo')"):
            break
    cursor = visit.page.locator(".dr-cursor")
    expect(cursor).to_be_hidden()
    for key, times in (("Shift+ArrowLeft", 3), ("Shift+ArrowUp", 4)):
        for _ in range(times):
            press(key)
    expect(cursor).to_be_visible()
    press("Space")
    for _ in range(6):
        press("Shift+ArrowRight")
    for _ in range(9):
        press("Shift+ArrowDown")
        for _ in range(3):
            press("ArrowLeft")
    press("Space")
    assert visit.settled() == "That's a 7."
    kept = visit.kept()
    assert len(kept) == 1
    assert kept[0][0] == [90, 70]
    press("Tab")
    expect(visit.button("Predict")).to_be_focused()
    expect(cursor).to_be_hidden()


def test_the_keyboards_pen_is_lifted_when_the_focus_leaves(visit: Visit) -> None:
    visit.page.locator(".dr-echo").focus()
    for key in ("Space", "Shift+ArrowDown", "Tab"):
        visit.page.keyboard.press(key)
    visit.settled()
    assert same(visit.kept(), [[[150, 150], [150, 170]]])


def test_what_the_keys_do_is_said(pad: Visit) -> None:
    words = pad.page.locator(".dr-keys dl")
    expect(words).to_be_hidden()
    pad.page.get_by_text("With the keyboard").click()
    expect(words).to_contain_text("pen down, pen up")


def test_strokes_survive_a_reload(pad: Visit) -> None:
    pad.draw(UPRIGHT[4])
    pad.settled()
    before = pad.kept()
    pad.page.reload()
    pad.ready()
    assert pad.settled() == "That's a 4."
    pad.wait_for_pixel(170, 230, bright=True)
    assert pad.kept() == before
    pad.press("Clear")
    pad.waiting()
    pad.page.reload()
    pad.ready()
    pad.waiting()
    expect(pad.page.locator(".dr-hint")).to_be_visible()


def test_ink_that_the_kernel_never_saw_survives_too(pad: Visit) -> None:
    pad.draw([SEVEN[0][:3]])
    with busy():
        rest = scribble(pad, SEVEN[0][2:])
        # The page's own clocks run, the kernel's do not.
        pad.page.evaluate("dispatchEvent(new PageTransitionEvent('pagehide'))")
        stored = pad.page.evaluate("JSON.parse(Object.values(sessionStorage)[0]).strokes")
    assert len(stored) == 2
    assert same(stored[1:], [rest])


def test_two_tabs_keep_their_own_ink(pad: Visit) -> None:
    pad.draw(SEVEN)
    pad.settled()
    other = Visit(pad.page.context.new_page(), pad.address)
    other.open()
    other.waiting()
    other.draw(UPRIGHT[1])
    pad.page.reload()
    pad.ready()
    assert pad.settled() == "That's a 7."
    other.page.close()
    other.check()


@pytest.mark.parametrize(
    "stored",
    [
        "{",
        "null",
        '{"strokes": "none"}',
        '{"strokes": [[[1e999, 3]], [null, "x", [1], {}], 5, [[5, "a"]]]}',
        '{"strokes": [], "picture": {"number": 3, "base64": "%%%"}}',
        '{"strokes": [], "picture": {"number": 3, "base64": "AAAA"}}',
    ],
)
def test_a_damaged_memory_does_no_harm(pad: Visit, stored: str) -> None:
    pad.page.evaluate(
        "stored => {"
        "  const key = `digitrec:pad:${location.pathname}`;"
        "  addEventListener('pagehide', () => sessionStorage.setItem(key, stored));"
        "}",
        stored,
    )
    pad.page.reload()
    pad.ready()
    pad.press("Clear")
    pad.draw(SEVEN)
    expect(pad.page.locator(".dr-said")).to_have_text("That's a 7.")


def test_a_browser_that_keeps_nothing_does_no_harm(pad: Visit) -> None:
    pad.page.evaluate(
        "() => { Storage.prototype.keep = Storage.prototype.setItem;"
        "    Storage.prototype.setItem = () => {"
        "    throw new DOMException('', 'QuotaExceededError'); }; }"
    )
    pad.draw(SEVEN)
    assert pad.settled() == "That's a 7."
    pad.page.evaluate("() => { Storage.prototype.setItem = Storage.prototype.keep; }")


def test_a_picture_is_chosen_kept_drawn_over_and_brought_back(pad: Visit, tmp_path: Path) -> None:
    path = tmp_path / "four.png"
    path.write_bytes(page_of(4))
    choose(pad, path)
    assert pad.settled() == "That's a 4."
    expect(pad.page.locator(".dr-hint")).to_be_hidden()
    pad.wait_for_pixel(83, 158, bright=True)
    assert pad.brightness(10, 10) == 0

    pad.page.reload()
    pad.ready()
    assert pad.settled() == "That's a 4."
    pad.wait_for_pixel(83, 158, bright=True)

    pad.draw([[(20, 20), (20, 60)]])
    pad.wait_for_pixel(83, 158, bright=False)
    pad.wait_for_pixel(20, 40, bright=True)
    pad.press("Undo")
    pad.wait_for_pixel(83, 158, bright=True)
    expect(pad.page.locator(".dr-said")).to_have_text("That's a 4.")
    pad.press("Clear")
    pad.waiting()
    pad.wait_for_pixel(83, 158, bright=False)


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_a_picture_is_dropped_or_pasted(pad: Visit, event: str) -> None:
    transfer(pad, page_of(7, kind="JPEG"), event, "image/jpeg")
    assert pad.settled() == "That's a 7."


def test_a_picture_that_misses_the_pad_changes_nothing(pad: Visit) -> None:
    # Otherwise a browser would show it, in the place of this page.
    transfer(pad, page_of(7), "dragover", where="h1")
    transfer(pad, page_of(7), "drop", where="h1")
    pad.draw(UPRIGHT[1])
    assert pad.settled() == "That's a 1."


def test_the_choice_of_a_picture_opens_by_keyboard(pad: Visit) -> None:
    button = pad.button("or choose a picture")
    with pad.page.expect_file_chooser() as chooser:
        # Only after the page has answered is it sure to know that its choosers are waited for.
        button.focus()
        expect(button).to_be_focused()
        pad.page.keyboard.press("Enter")
    chooser.value.set_files(upload("2.png", page_of(2)))
    assert pad.settled() == "That's a 2."


def test_a_large_picture_is_made_smaller_before_it_is_sent(pad: Visit) -> None:
    choose(pad, upload("large.png", page_of(3, (3000, 4000))))
    assert pad.settled() == "That's a 3."
    pad.taken()
    data = pad.page.evaluate("JSON.parse(Object.values(sessionStorage)[0]).picture.base64")
    with PIL.Image.open(io.BytesIO(base64.b64decode(data))) as sent:
        assert sent.size == (900, 1200)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"Not a picture.", "That file could not be read as a picture."),
        (bytes(20_000_001), "That file is larger than 20 MB."),
        (bytes(8_000_001), "That file could not be read as a picture."),
    ],
)
def test_what_is_no_picture_is_said(pad: Visit, data: bytes, sentence: str, tmp_path: Path) -> None:
    path = tmp_path / "file.png"
    path.write_bytes(data)
    choose(pad, path)
    assert pad.settled().startswith(sentence)


def test_a_picture_without_ink_is_said_and_the_drawing_stays(pad: Visit) -> None:
    pad.draw(SEVEN)
    pad.settled()
    file = io.BytesIO()
    PIL.Image.new("RGB", (200, 200), "white").save(file, "PNG")
    choose(pad, upload("white.png", file.getvalue()))
    expect(pad.page.get_by_text("There is no digit to be found").first).to_be_visible()
    pad.press("Predict")  # the drawing is still there, though its answer was not the picture's
    assert pad.settled() == "That's a 7."
