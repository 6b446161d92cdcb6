import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from digitrec import plots
from digitrec.course import DigitBrowser, ShiftedDigit, averages, sheets
from digitrec.mnist import Part

RNG = np.random.default_rng(5)
PART = Part(
    RNG.integers(0, 256, (120, 28, 28)).astype(np.uint8),
    np.tile(np.arange(10), 12).astype(np.uint8),
)
AVERAGES = averages.of_digits(PART.images, PART.labels)


def pictures_in(html: str) -> list[str]:
    return re.findall(r'src="([^"]+)"', html)


def test_averages_are_those_of_each_digit():
    for digit in range(10):
        mean = PART.images[PART.labels == digit].astype(np.float64).mean(axis=0)
        assert AVERAGES[digit] == pytest.approx(mean, abs=1e-3)


def test_a_digit_without_an_image_has_no_average():
    with pytest.raises(ValueError, match="Received none of 3"):
        averages.of_digits(PART.images[:3], PART.labels[:3])


def test_distances_are_root_mean_squares():
    far = averages.distances(PART.images[:4], AVERAGES)
    expected = np.sqrt(((PART.images[2] - AVERAGES[7].astype(np.float64)) ** 2).mean())
    assert far.shape == (4, 10)
    assert far[2, 7] == pytest.approx(expected, rel=1e-5)


def test_the_browser_goes_from_the_most_ordinary_to_the_oddest():
    browser = DigitBrowser(PART, AVERAGES, digit=4)
    far = averages.distances(PART.images, AVERAGES)[:, 4]
    seen = []
    for step in range(0, 101, 10):
        browser.oddness.value = step
        assert PART.labels[browser.place()] == 4
        seen.append(far[browser.place()])
    assert seen == sorted(seen)
    assert seen[0] == far[PART.labels == 4].min()
    assert seen[-1] == far[PART.labels == 4].max()


def test_the_difference_is_orange_where_there_is_more_ink_and_blue_where_it_is_missing():
    browser = DigitBrowser(PART, AVERAGES, digit=4)
    difference = PART.images[browser.place()] - AVERAGES[4]
    _, content = pictures_in(browser.picture.value)[2].split(",")
    with Image.open(io.BytesIO(base64.b64decode(content))) as picture:
        pixels = np.asarray(picture.convert("RGB").resize((28, 28))).astype(int)
    warmer = pixels[..., 0] - pixels[..., 2]
    assert (warmer[difference > 100] > 0).all()
    assert (warmer[difference < -100] < 0).all()


def test_the_browser_says_what_the_nearest_average_is():
    browser = DigitBrowser(PART, AVERAGES, digit=4)
    confused = AVERAGES.copy()
    confused[9] = PART.images[browser.place()]
    assert "No other average is nearer" in browser.sentence()
    assert "reads a 9 here" in DigitBrowser(PART, confused, digit=4).sentence()


@pytest.mark.parametrize(("step", "words"), [(0, "most ordinary"), (50, "6 are more ordinary"),
                                             (100, "oddest")])  # fmt: skip
def test_the_browser_says_how_odd_an_image_is(step, words):
    browser = DigitBrowser(PART, AVERAGES, digit=2)
    browser.oddness.value = step
    assert words in browser.picture.value
    assert 'aria-live="polite"' in browser.picture.value


@pytest.mark.parametrize("control", ["digit", "oddness"])
def test_every_control_of_the_browser_changes_the_picture(control):
    browser = DigitBrowser(PART, AVERAGES)
    before = pictures_in(browser.picture.value)
    slider = getattr(browser, control)
    slider.value = 0 if slider.value else 50
    after = pictures_in(browser.picture.value)
    assert len(after) == 4
    assert after[0] != before[0]


def test_the_browser_needs_every_digit():
    with pytest.raises(ValueError, match="Received none of 9"):
        DigitBrowser(Part(PART.images[:9], PART.labels[:9]), AVERAGES)
    with pytest.raises(ValueError, match="each of the ten digits"):
        DigitBrowser(PART, AVERAGES[:9])


def test_a_part_with_one_image_of_each_digit_can_be_leafed_through():
    browser = DigitBrowser(Part(PART.images[:10], PART.labels[:10]), AVERAGES)
    for step in (0, 50, 100):
        browser.oddness.value = step
        assert browser.place() == 7


def test_a_digit_is_moved_by_whole_pixels():
    image = PART.images[0]
    shifted = ShiftedDigit(image, AVERAGES)
    shifted.right.value, shifted.down.value = 2, -3
    moved = shifted.image()
    assert moved.shape == (28, 28)
    assert np.array_equal(moved[:25, 2:], image[3:, :26])
    assert not moved[25:].any()
    assert not moved[:, :2].any()
    assert "Moved 2 pixels right and 3 pixels up" in shifted.picture.value


def test_the_nearest_average_changes_with_the_place():
    image = PART.images[0]
    moved = AVERAGES.copy()
    moved[6] = 0
    moved[6][:, 1:] = image[:, :-1]
    moved[3] = image
    shifted = ShiftedDigit(image, moved)
    assert shifted.nearest() == 3
    before = pictures_in(shifted.picture.value)
    shifted.right.value = 1
    assert shifted.nearest() == 6
    assert "Moved 1 pixel right: the nearest average is that of the <b>6</b>" in (
        shifted.picture.value
    )
    after = pictures_in(shifted.picture.value)
    assert [old != new for old, new in zip(before, after, strict=True)] == [True, True]


@pytest.mark.parametrize(
    "widget", [DigitBrowser(PART, AVERAGES), ShiftedDigit(PART.images[0], AVERAGES)]
)
def test_a_widget_is_also_a_still_picture_with_words(widget):
    data, metadata = widget._repr_mimebundle_()
    view = data["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == widget.view.model_id
    assert data["image/png"].startswith(b"\x89PNG")
    assert "Run the notebook" in data["text/plain"]
    assert metadata["image/png"]["alt"] == data["text/plain"]


def test_a_sheet_has_a_label_for_every_image():
    sheet = sheets.digits(PART.images[:10], [str(digit) for digit in range(10)], "ten digits")
    assert sheet.picture.width > 5 * 28 * 2 * 3
    with pytest.raises(ValueError, match="10 labels were expected"):
        sheets.digits(PART.images[:10], ["0"], "ten digits")


def test_counts_stand_in_their_bars():
    figure = plots.class_counts(np.repeat(np.arange(10), np.arange(10) + 1))
    axes = figure.axes[0]
    assert [bar.get_height() for bar in axes.patches] == list(range(1, 11))
    assert [text.get_text() for text in axes.texts][:10] == [str(n) for n in range(1, 11)]
    assert "Most show a 9 (10), fewest a 0 (1)" in plots.alt_text(figure)


@pytest.mark.parametrize("labels", [[], [0.5], [10], [[1]], ["1"]])
def test_counts_want_labels(labels):
    with pytest.raises(ValueError, match="expected labels from 0 to 9"):
        plots.class_counts(labels)
