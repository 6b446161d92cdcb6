"""The notebook on the data in a real JupyterLab: its widgets moved, its exercises tried."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.lab import Reader

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = "01_explore_the_data.ipynb"


def test_digits_are_leafed_through_and_moved(read: Callable[..., Reader]) -> None:
    reader = read(NOTEBOOK)

    browser = reader.cell("DigitBrowser(validation")
    expect(browser.locator("figcaption")).to_contain_text("the oddest")
    before = reader.looks(browser)
    browser.get_by_role("slider").press("Home")
    before = reader.changes(browser, before)
    expect(browser.locator("figcaption")).to_contain_text("the most ordinary")
    browser.get_by_label("digit").select_option("4")
    reader.changes(browser, before)
    expect(browser.locator("figcaption")).to_contain_text("images of a 4")

    shifted = reader.cell("ShiftedDigit(test.images")
    expect(shifted.locator("figcaption")).to_contain_text("Where MNIST put it")
    before = reader.looks(shifted)
    for slider, words in ((0, "1 pixel right"), (1, "1 pixel right and 1 pixel down")):
        shifted.get_by_role("slider").nth(slider).press("ArrowRight")
        before = reader.changes(shifted, before)
        expect(shifted.locator("figcaption")).to_contain_text(f"Moved {words}:")

    exercise = reader.cell("exercises.shuffled(prediction)")
    expect(exercise.locator(".jp-OutputArea-output")).to_contain_text("✘ Not yet.")
    reader.answer(exercise, 'prediction = "the same"\nexercises.shuffled(prediction)')
    expect(exercise.locator(".jp-OutputArea-output")).to_contain_text("✔ Right.")
