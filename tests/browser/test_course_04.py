"""How good a network is, in a real JupyterLab: every picture is moved, and answers."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.lab import Reader

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = "04_evaluate.ipynb"


def middle_of(part: Locator) -> tuple[float, float]:
    box = part.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def frame_around(cell: Locator) -> tuple[float, float]:
    """Where the frame is that shows what is chosen."""
    return middle_of(cell.locator('.digitrec-picker rect[stroke="#ffd600"]'))


def test_move_every_picture(read: Callable[..., Reader]) -> None:
    reader = read(NOTEBOOK)

    interval = reader.cell("AccuracyInterval(accuracy")
    said = interval.locator("figcaption")
    images, accuracy = interval.get_by_role("slider").all()
    for slider, key, words in (
        (images, "ArrowRight", "of 300 images"),
        (accuracy, "Home", "150 of"),
    ):
        before = reader.looks(interval)
        slider.focus()
        slider.press(key)
        reader.changes(interval, before)
        expect(said).to_contain_text(words)

    temperature = reader.cell("Temperature(answers")
    said = temperature.locator("figcaption")
    expect(said).to_contain_text("At temperature 0.40")
    before = reader.looks(temperature)
    slider = temperature.get_by_role("slider")
    slider.focus()
    slider.press("End")
    reader.changes(temperature, before)
    expect(said).to_contain_text("At temperature 10.00")
    expect(said).to_contain_text("promises too little")
    before = reader.looks(temperature)
    temperature.get_by_label("images").select_option("canny edges")
    reader.changes(temperature, before)

    viewer = reader.cell("CorruptionViewer(cnn")
    before = reader.looks(viewer)
    viewer.get_by_label("spoilt by").select_option("fog")
    before = reader.changes(viewer, before)
    expect(viewer.locator("figcaption")).to_contain_text("Fog drifts")
    slider = viewer.get_by_role("slider")
    slider.focus()
    slider.press("ArrowRight")
    reader.changes(viewer, before)

    matrix = reader.cell("ConfusionChooser(report")
    said = matrix.locator("figcaption")
    cells = matrix.locator("[data-value]")
    expect(cells).to_have_count(100)
    cells.nth(77).click()
    expect(said).to_contain_text("a 7 was read as a 7: right")
    expect(matrix.locator('[aria-selected="true"]')).to_have_attribute("data-value", "77")
    assert frame_around(matrix) == pytest.approx(middle_of(cells.nth(77)), abs=1.5)
    listbox = matrix.get_by_role("listbox")
    listbox.press("ArrowUp")
    expect(said).to_contain_text(re.compile("a 6 was .*read as a 7", re.I))
    listbox.press("ArrowLeft")
    expect(said).to_contain_text("a 6 was read as a 6: right")
    assert frame_around(matrix) == pytest.approx(middle_of(cells.nth(66)), abs=1.5)

    chart = reader.cell("LastLayerMap(mapped")
    chart.get_by_role("listbox").scroll_into_view_if_needed()
    points = chart.locator("[data-value]")
    before = reader.looks(chart)
    reader.page.mouse.move(*middle_of(points.nth(100)))
    before = reader.changes(chart, before)
    expect(chart.locator("figcaption")).to_contain_text("shows a")
    chart.get_by_role("listbox").press("ArrowRight")
    before = reader.changes(chart, before)
    chart.get_by_label("directions").select_option("3 and 4")
    reader.changes(chart, before)
    expect(chart.locator('[data-value][aria-selected="true"]')).to_have_count(1)
