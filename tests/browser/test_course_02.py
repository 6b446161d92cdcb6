"""The notebook on convolution in a real JupyterLab: slid, pooled, drawn on, solved."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.handwriting import UPRIGHT
from tests.browser.lab import Reader

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def test_everything_that_can_be_moved_answers(read: Callable[..., Reader]) -> None:
    reader = read("02_inside_a_cnn.ipynb")

    for source, words in (
        ("SlidingKernel(cnn", "row 0, column"),
        ("Pooling(cnn", "the largest is"),
    ):
        cell = reader.cell(source)
        before = reader.looks(cell)
        cell.get_by_role("slider").first.press("End")
        before = reader.changes(cell, before)
        cell.get_by_role("slider").first.press("Home")
        reader.changes(cell, before)
        expect(cell.locator("figcaption")).to_contain_text(words)

    layers = reader.cell("LayerViewer(cnn")
    before = reader.looks(layers)
    layers.get_by_label("digit").select_option("8")
    reader.changes(layers, before)
    expect(layers.locator("figcaption")).to_contain_text("8")

    drawn = reader.cell("DrawingViewer(cnn)")
    before = reader.looks(drawn)
    drawn.get_by_role("button", name="Clear", exact=True).click()
    expect(drawn).to_contain_text("There is nothing on the pad yet")
    reader.draw(UPRIGHT[7])
    expect(drawn.locator("figcaption")).to_contain_text("That's a 7.")
    reader.changes(drawn, before)

    exercise = reader.cell("exercises.pooled(pooled")
    before = reader.looks(exercise)
    reader.answer(exercise, 'pooled = seen["pool1"]\nexercises.pooled(pooled, seen)')
    expect(exercise).not_to_contain_text("Not yet")
