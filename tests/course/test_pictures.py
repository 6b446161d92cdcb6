import base64
import io
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from digitrec.course import pictures
from digitrec.course.pictures import DENSITY, Box

VALUES = arrays(np.float64, (3, 4), elements=st.floats(-10, 10))


def at(picture: Image.Image, row: float, column: float, cell: int) -> tuple[int, ...]:
    """The colour in the middle of a cell."""
    side = cell * DENSITY
    return picture.getpixel((int((column + 0.5) * side), int((row + 0.5) * side)))


@given(values=VALUES)
def test_signed_colours_tell_the_sign(values):
    red, _, blue = np.moveaxis(pictures.colours(values, signed=True).astype(int), -1, 0)
    limit = np.abs(values).max()
    clear = np.abs(values) > limit / 20
    assert np.array_equal((red > blue)[clear], (values > 0)[clear])
    assert (red == blue)[values == 0].all()


@given(values=VALUES)
def test_more_ink_is_brighter_and_less_than_none_is_black(values):
    grey = pictures.colours(values, signed=False, limit=10)[..., 0].astype(int)
    order = np.argsort(values, axis=None)
    assert (np.diff(grey.ravel()[order]) >= 0).all()
    assert (grey[values <= 0] == 0).all()


def test_opposite_numbers_are_equally_far_from_white():
    both = pictures.colours([[-1.0, 1.0]], signed=True)[0].astype(float)
    brightness = both @ (0.299, 0.587, 0.114)
    assert abs(brightness[0] - brightness[1]) < 45


def test_colours_want_a_table_of_numbers():
    with pytest.raises(ValueError, match=r"\(height, width\). Received: \(3,\)"):
        pictures.colours([1, 2, 3], signed=True)


@given(colour=st.tuples(*[st.integers(0, 255)] * 3))
def test_text_can_be_read_on_every_colour(colour):
    def luminance(rgb):  # WCAG 2.2, relative luminance
        parts = [c / 255 for c in rgb]
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    one, other = sorted((luminance(colour), luminance(pictures.readable_on(colour))))
    assert (other + 0.05) / (one + 0.05) > 4.5


def test_a_grid_has_a_cell_for_every_number():
    picture = pictures.grid([[0.0, 1.0], [0.5, 0.0]], signed=False, cell=6)
    assert picture.size == (12 * DENSITY, 12 * DENSITY)
    assert at(picture, 0, 1, 6) == (255, 255, 255)
    assert at(picture, 1, 0, 6) == (128, 128, 128)


def test_numbers_are_written_into_the_cells():
    without = np.asarray(pictures.grid(np.zeros((2, 2)), signed=True, cell=40))
    written = np.asarray(pictures.grid(np.zeros((2, 2)), signed=True, cell=40, numbers=".2f"))
    assert without.min() == 247
    assert (written[10:70, 10:70] < 100).any()


def test_blank_cells_are_grey_and_say_nothing():
    blank = np.array([[True, False]])
    picture = pictures.grid([[1.0, 1.0]], signed=True, cell=40, numbers=".2f", blank=blank)
    left = np.asarray(picture)[4:-4, 4:70]
    assert (left == left[0, 0]).all()


def test_a_box_frames_its_cells_and_no_others():
    plain = np.asarray(pictures.grid(np.zeros((6, 6)), signed=True, cell=10))
    boxed = np.asarray(pictures.grid(np.zeros((6, 6)), signed=True, cell=10, box=Box(1, 2, 2, 3)))
    rows, columns, _ = np.nonzero(plain != boxed)
    side = 10 * DENSITY
    assert abs(rows.min() - side) <= 2
    assert abs(rows.max() - 3 * side) <= 2
    assert abs(columns.min() - 2 * side) <= 2
    assert abs(columns.max() - 5 * side) <= 2
    assert (boxed[25:55, 48:92] == plain[25:55, 48:92]).all()


def test_a_sheet_goes_on_in_the_next_row():
    tile = pictures.grid(np.ones((2, 2)), signed=False, cell=10)
    one = pictures.sheet([tile] * 3, columns=3)
    two = pictures.sheet([tile] * 3, columns=2)
    assert two.width < one.width
    assert two.height > one.height
    assert pictures.sheet([tile] * 3, columns=3, labels=["a", "b", "c"]).height > one.height


@pytest.mark.parametrize(
    ("count", "columns", "labels"), [(0, 2, ()), (2, 0, ()), (2, 2, ["only one"])]
)
def test_a_sheet_that_cannot_be_laid_out_is_refused(count, columns, labels):
    tile = pictures.grid(np.ones((2, 2)), signed=False)
    with pytest.raises(ValueError, match="Received"):
        pictures.sheet([tile] * count, columns=columns, labels=labels)


@pytest.mark.parametrize("sign", ["×", "=", "→"])
def test_every_sign_is_drawn(sign):
    tile = pictures.grid(np.ones((2, 2)), signed=False)
    row = np.asarray(pictures.beside(tile, sign, tile, gap=0))
    between = row[:, tile.width : -tile.width]
    assert (between < 100).any()


def test_another_sign_is_refused():
    tile = pictures.grid(np.ones((2, 2)), signed=False)
    with pytest.raises(ValueError, match="a sign must be one of"):
        pictures.beside(tile, "÷", tile)


def test_the_page_holds_the_very_picture_and_its_words():
    picture = pictures.grid(np.eye(3), signed=True)
    text = pictures.to_html(picture, 'a "diagonal" <3')
    assert 'alt="a &quot;diagonal&quot; &lt;3"' in text
    content = base64.b64decode(re.search(r"base64,([^\"]+)", text)[1])
    with Image.open(io.BytesIO(content)) as again:
        assert np.array_equal(np.asarray(again), np.asarray(picture))
