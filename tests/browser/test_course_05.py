"""The notebook on drawings in a real JupyterLab: drawn on, moved, refused, covered, recorded."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.handwriting import UPRIGHT, Stroke
from tests.browser.lab import Reader
from tests.networks import with_another_newcomer

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = "05_from_drawing_to_digit.ipynb"


def draw(reader: Reader, cell: Locator, strokes: list[Stroke]) -> None:
    """Draw with the mouse on the pad of one cell."""
    canvas = cell.locator(".dr-canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    mouse = reader.page.mouse
    for stroke in strokes:
        for number, (x, y) in enumerate(stroke):
            mouse.move(box["x"] + x, box["y"] + y, steps=2)
            if number == 0:
                mouse.down()
        mouse.up()


def press(cell: Locator, name: str) -> None:
    cell.get_by_role("button", name=name, exact=True).click()


def test_everything_that_can_be_drawn_on_moved_or_recorded_answers(
    read: Callable[..., Reader], tmp_path: Path
) -> None:
    def change(source: str) -> str:
        # nbval trains the newcomer, and holds what is said of it.
        source = with_another_newcomer(source, tmp_path / "newcomer.safetensors")
        return re.sub(r"^assert .*$", "", source, flags=re.MULTILINE)

    reader = read(NOTEBOOK, change=change)

    stages = reader.cell("StagesViewer(cnn)")
    press(stages, "Clear")
    expect(stages).to_contain_text("There is nothing on the pad yet")
    draw(reader, stages, UPRIGHT[7])
    expect(stages.locator("figcaption")).to_contain_text("That's a 7.")
    expect(stages.locator("figure img")).to_have_count(4)

    framing = reader.cell("Framing(cnn")
    for number, key in enumerate(("Home", "End", "End")):
        before = reader.looks(framing)
        framing.get_by_role("slider").nth(number).press(key)
        reader.changes(framing, before)
    before = reader.looks(framing)
    framing.get_by_label("digit").select_option("8")
    reader.changes(framing, before)
    expect(framing.locator("figcaption")).to_contain_text("A drawn 8.")

    hand = reader.cell("HandViewer(cnn")
    hand.get_by_label("digit").select_option("7")
    expect(hand.locator("figcaption")).to_contain_text("7, plain, sheet 0")
    hand.get_by_label("style").select_option("crossed")
    expect(hand.locator("figcaption")).to_contain_text("7, crossed, sheet 0")
    before = reader.looks(hand)
    hand.get_by_role("slider").press("ArrowRight")
    reader.changes(hand, before)
    expect(hand.locator("figcaption")).to_contain_text("sheet 1")

    refusing = reader.cell("Refusing(\n")
    refusing.get_by_role("slider").press("End")
    expect(refusing.locator("figcaption")).to_contain_text("100.0 % of the digits")

    evidence = reader.cell("Evidence(cnn)")
    press(evidence, "Clear")
    draw(reader, evidence, UPRIGHT[4])
    expect(evidence.locator("figcaption")).to_contain_text("the score of a 4 falls")
    before = reader.looks(evidence)
    evidence.get_by_label("score of").select_option("9")
    reader.changes(evidence, before)
    expect(evidence.locator("figcaption")).to_contain_text("the score of a 9 falls")

    recorder = reader.cell("recorder = Recorder(")
    expect(recorder).to_contain_text("Draw a 0 · 1 of 20")
    press(recorder, "Keep it")
    expect(recorder).to_contain_text("There is nothing on the pad yet.")
    for digit in (0, 1):
        draw(reader, recorder, UPRIGHT[digit])
        press(recorder, "Keep it")
        expect(recorder).to_contain_text(f"Draw a {digit + 1} · {digit + 2} of 20")
    expect(recorder.locator("figcaption")).to_contain_text("2 of 20 are kept.")
    press(recorder, "Start again")
    expect(recorder).to_contain_text("Draw a 0 · 1 of 20")
