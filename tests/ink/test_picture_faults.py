"""Pictures as people hand them in, a kind of fault at a time; each was once read wrong."""

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFilter
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitrec import hand, network, sight
from tests.drawings import DRAWINGS, SEVEN

EIGHT = [[(30, 10), (10, 30), (30, 50), (10, 72), (30, 92), (50, 72), (30, 50), (50, 30), (30, 10)]]
TWO = [[(10, 25), (14, 12), (30, 5), (48, 14), (46, 36), (30, 62), (10, 90), (55, 90)]]
ZERO = [[(30, 5), (10, 25), (10, 70), (30, 92), (50, 70), (50, 25), (30, 5)]]


def digit(number, seed=0):
    return hand.draw(number, np.random.default_rng([number, seed]))


def drawn(strokes, size, pen, *, paper=255, colour=0, box=None, mode="L"):
    """Return a picture of strokes, fitted into a box of it: left, top, right and bottom."""
    width, height = size
    left, top, right, bottom = box or (0.2 * width, 0.15 * height, 0.8 * width, 0.85 * height)
    points = np.concatenate([np.asarray(stroke, float) for stroke in strokes])
    low, high = points.min(axis=0), points.max(axis=0)
    scale = np.min(np.array([right - left, bottom - top]) / np.maximum(high - low, 1e-6))
    offset = np.array([left + right, top + bottom]) / 2 - (low + high) / 2 * scale
    zoom = 4
    image = PIL.Image.new(mode, (width * zoom, height * zoom), paper)
    draw = PIL.ImageDraw.Draw(image)
    for stroke in strokes:
        places = (np.asarray(stroke, float) * scale + offset) * zoom
        draw.line([*map(tuple, places)], fill=colour, width=round(pen * zoom), joint="curve")
        for x, y in places:
            reach = pen * zoom / 2
            draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=colour)
    return image.reduce(zoom)


def says(picture):
    found = sight.look(network.bundled(), picture)
    if found is None:
        return "empty"
    return f"{'refused ' * found.prediction.refused}{found.prediction.digit}"


def either_way(picture):
    """Return a picture of dark ink, and the same of light ink."""
    grey = np.asarray(picture.convert("L"))
    return grey, 255 - grey


@pytest.mark.parametrize("light", [0, 1])
def test_strokes_that_run_to_the_border_are_no_printed_lines(light):
    four = PIL.Image.new("L", (28, 28), 255)
    pen = PIL.ImageDraw.Draw(four)
    pen.line([(0, 19), (27, 19)], 0, 2)
    pen.line([(18, 0), (18, 27)], 0, 2)
    pen.line([(18, 0), (1, 19)], 0, 2)
    assert says(either_way(four)[light]) == "4"
    one = PIL.Image.new("L", (28, 28), 255)
    pen = PIL.ImageDraw.Draw(one)
    pen.line([(14, 0), (14, 27)], 0, 2)
    pen.line([(7, 25), (21, 25)], 0, 2)
    assert says(either_way(one)[light]) == "1"


@pytest.mark.parametrize("frame", [3, 7, 12])
@pytest.mark.parametrize("number", [0, 3, 5])
def test_a_printed_box_is_left_out_and_the_paler_digit_is_read(frame, number):
    box = (75, 38, 145, 112)
    picture = drawn(digit(number), (220, 150), 5, colour=110, box=box)
    pen = PIL.ImageDraw.Draw(picture)
    for place in (14, 196):
        pen.line([(place, 0), (place, 150)], 0, frame)
    for place in (12, 138):
        pen.line([(0, place), (220, place)], 0, frame)
    assert says(picture) == str(number)


@pytest.mark.parametrize("degrees", [-24, -8, 15, 40])
def test_a_sheet_turned_in_a_black_square(degrees):
    sheet = drawn(digit(3), (240, 240), 11, box=(70, 60, 170, 180)).rotate(
        -degrees / 4, fillcolor=255
    )
    turned = np.asarray(sheet.rotate(degrees, expand=True, fillcolor=0), float)
    grey = turned[12:-12, 12:-12]
    noise = np.random.default_rng(0).uniform(0, 18, grey.shape)
    found = sight.look(network.bundled(), np.where(grey < 20, noise, grey).astype(np.uint8))
    assert found is not None
    # A digit that lies on its side may be any; what is found is its ink, and nothing beside it.
    assert 0.1 < (found.stages["trimmed"] > 0.5).mean() < 0.5
    if abs(degrees) < 20:
        assert found.prediction.digit == 3


GROUNDS = {
    "black on red": ("#ff0000", "#000000"),
    "black on yellow": ("#ffff00", "#000000"),
    "blue on cyan": ("#00ffff", "#0032ff"),
    "dark green on lime": ("#4cff00", "#008a1c"),
    "grey on orange": ("#ff8026", "#808080"),
    "red on yellow": ("#fff200", "#ed1c24"),
    "white on blue": ("#0000ff", "#ffffff"),
    "yellow on violet": ("#6010a0", "#f0e040"),
}


@pytest.mark.parametrize("name", GROUNDS)
def test_a_saturated_ground(name):
    paper, colour = GROUNDS[name]
    assert says(drawn(SEVEN, (200, 200), 9, paper=paper, colour=colour, mode="RGB")) == "7"


def test_scribbles_of_another_colour_below_the_digit():
    picture = drawn(digit(3), (200, 200), 11, paper="#ffc814", colour="#0a0a78", mode="RGB")
    below = PIL.Image.new("RGB", (200, 200), "#ffc814")
    pen = PIL.ImageDraw.Draw(below)
    for y in (35, 75, 115, 150):
        pen.line([(20, y + 5), (90, y - 3), (185, y + 2)], "#ff6400", 4)
    ink = np.asarray(picture)
    mixed = np.where(ink[..., 1:2] > 160, np.asarray(below), ink)
    assert says(mixed) == "3"


def test_grain_and_glare_on_yellow_paper():
    rng = np.random.default_rng(3)
    picture = drawn(EIGHT, (160, 242), 9, paper="#b4a03c", colour="#3c5046", mode="RGB")
    grainy = np.asarray(picture, float) + rng.normal(0, 24, (242, 160, 1))
    y, x = np.mgrid[:242, :160]
    glare = 60 * np.exp(-((x - 120) ** 2 + (y - 40) ** 2) / 3000)
    assert says((grainy + glare[..., None]).clip(0, 255).astype(np.uint8)) == "8"


@pytest.mark.parametrize("light", [0, 1])
@pytest.mark.parametrize(
    ("number", "pen", "blur"), [(9, 60, 0), (9, 60, 6), (2, 36, 16), (6, 20, 10), (7, 20, 10)]
)
def test_fat_and_soft_strokes_in_28_by_28(number, pen, blur, light):
    strokes = {7: SEVEN, 2: TWO}.get(number) or digit(number, 1)
    reach = pen / 2 + 24
    large = drawn(strokes, (300, 300), pen, box=(reach, reach, 300 - reach, 300 - reach))
    small = large.filter(PIL.ImageFilter.GaussianBlur(blur)).resize(
        (28, 28), PIL.Image.Resampling.BOX
    )
    assert says(either_way(small)[light]) == str(number)


@pytest.mark.parametrize("missing", [(2, 5), (2, 7), (4, 8)])
def test_lines_broken_by_a_few_pixels(missing):
    gap, each = missing
    turn = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    along = (np.arange(200) * 46 / 200) % each  # pixels along the line, from gap to gap
    picture = np.zeros((28, 28), np.uint8)
    for angle, at in zip(turn, along, strict=True):
        if at >= gap:
            picture[round(13.5 - 8.5 * np.cos(angle)), round(13.5 + 6 * np.sin(angle))] = 255
    assert says(picture) == "0"


@pytest.mark.parametrize("pale", [0.3, 0.45])
def test_a_hand_that_presses_unevenly(pale):
    picture = np.asarray(drawn(ZERO, (200, 200), 8, colour=20), float)
    fade = np.linspace(1, pale, 200)
    assert says((255 - (255 - picture) * fade).astype(np.uint8)) == "0"


@pytest.mark.parametrize(
    ("size", "pen", "paper", "colour"),
    [
        (200, 8, "#ffffff", "#e1e1e1"),
        (200, 8, "#ffffff", "#e8e8e8"),
        (28, 1.6, "#ffffff", "#e6d2fa"),
        (200, 8, "#101010", "#282828"),
    ],
)
def test_pale_ink(size, pen, paper, colour):
    picture = drawn(DRAWINGS[4], (size, size), pen, paper=paper, colour=colour, mode="RGB")
    assert says(picture) == "4"


def test_a_small_digit_on_ruled_paper_with_the_desk_in_view():
    rng = np.random.default_rng(5)
    y, x = np.mgrid[:800, :600]
    sheet = drawn(EIGHT, (600, 800), 4, paper=150, colour=105, box=(282, 396, 318, 456))
    grey = np.asarray(sheet, float)
    lines = np.abs((y + 0.025 * x + 30) % 62 - 31) < 1.5
    grey = np.where(lines, 95, grey) * (0.85 + 0.2 * y / 800)
    grey = np.where((y < 110) | (x - y > 400), 40, grey)
    assert says((grey + rng.normal(0, 2, grey.shape)).clip(0, 255).astype(np.uint8)) == "8"


@settings(max_examples=25)
@given(
    number=st.sampled_from(sorted(DRAWINGS)),
    paper=st.tuples(*[st.integers(0, 255)] * 3),
    colour=st.tuples(*[st.integers(0, 255)] * 3),
    frame=st.sampled_from([0, 0, 2, 6]),
    side=st.sampled_from([64, 120, 300]),
)
def test_any_ink_on_any_paper_framed_or_not(number, paper, colour, frame, side):
    # Ink has to differ from its paper somewhere by what an eye sees easily.
    if max(abs(a - b) for a, b in zip(paper, colour, strict=True)) < 60:
        paper = tuple((value + 128) % 256 for value in colour)
    place = (0.33 * side, 0.28 * side, 0.67 * side, 0.72 * side)
    picture = drawn(
        DRAWINGS[number], (side, side), side / 28, paper=paper, colour=colour, box=place, mode="RGB"
    )
    if frame:
        pen = PIL.ImageDraw.Draw(picture)
        width = max(1, round(frame * side / 300))
        for place in (0.12 * side, 0.88 * side):
            pen.line([(place, 0), (place, side)], colour, width)
            pen.line([(0, place), (side, place)], colour, width)
    assert says(picture) == str(number)


@pytest.mark.parametrize("grey", [0, 90, 200, 255])
@pytest.mark.parametrize("size", [(28, 28), (200, 300)])
def test_a_blank_sheet_shows_no_digit(grey, size):
    noise = np.random.default_rng(0).normal(grey, 3, size).clip(0, 255).astype(np.uint8)
    assert says(noise) == "empty"


def test_of_ways_that_are_all_refused_the_first_ink_is_shown():
    scribble = drawn(
        [[(0, 0), (90, 95), (5, 90), (95, 5), (50, 0), (50, 99), (0, 50)]], (99, 99), 4
    )
    found = sight.look(network.bundled(), scribble)
    assert found is not None
    assert found.prediction.refused
