"""Numbers are read digit by digit, and one digit stays one."""

import subprocess
import sys

import numpy as np
import PIL.Image
import PIL.ImageDraw
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import digitrec
from digitrec import hand, ink, network, sight
from digitrec.errors import InkError
from digitrec.hand.rows import side_by_side, strokes_of
from digitrec.network import Calibration, Network
from digitrec.reading import MOST_DIGITS, read, read_picture
from digitrec.reading.drawn import Drawing
from digitrec.reading.links import links
from digitrec.reading.ways import Choices
from tests.drawings import EIGHT, FOUR, SEVEN

ONE = [[(70, 40), (100, 10), (100, 200)]]
FIVE = [
    [(60, 20), (55, 90), (100, 85), (135, 120), (130, 170), (90, 200), (50, 190)],
    [(60, 20), (130, 18)],
]
ZERO = [[(100 + 45 * np.sin(-t), 105 - 95 * np.cos(t)) for t in np.linspace(0, 2 * np.pi, 40)]]
SINGLES = {
    "a 4 of two strokes": (4, FOUR),
    "an open 4 with its stem at the right": (
        4,
        [[(60, 20), (50, 120), (150, 122)], [(120, 40), (118, 210)]],
    ),
    "a 5 with its bar drawn last": (5, FIVE),
    "a crossed 7": (7, [*SEVEN, [(120, 140), (200, 136)]]),
    "a 7 of two strokes": (7, [[(60, 60), (200, 62)], [(200, 62), (170, 120), (130, 240)]]),
    "a 1 with a foot": (1, [[(70, 50), (100, 10), (100, 200)], [(60, 200), (140, 200)]]),
    "a 1 whose flag is a stroke of its own": (
        1,
        [[(100, 10), (100, 200)], [(98, 12), (70, 52)]],
    ),
    "a dotted 0": (0, [*ZERO, [(99, 104), (101, 106)]]),
    "a slashed 0": (0, [*ZERO, [(140, 30), (60, 180)]]),
    "a tap beside it": (8, [*EIGHT, [(260, 150)]]),
    "a tap": (None, [[(260, 150)]]),
}


def beside(*digits: object, gap: float = 25.0) -> list[np.ndarray]:
    """Return drawings of the same height beside each other."""
    row, left = [], 0.0
    for strokes in digits:
        drawn = [np.asarray(stroke, float) for stroke in strokes]
        points = np.concatenate(drawn)
        low, high = points.min(axis=0), points.max(axis=0)
        scale = 100 / (high - low)[1]
        row += [(stroke - low) * scale + [left, 0] for stroke in drawn]
        left += (high - low)[0] * scale + gap
    return row


def drawn_as_picture(strokes: object, size: tuple[int, int], pen: int = 7) -> PIL.Image.Image:
    picture = PIL.Image.new("L", size, 250)
    painter = PIL.ImageDraw.Draw(picture)
    for stroke in strokes:
        painter.line([tuple(point) for point in stroke], fill=20, width=pen, joint="curve")
    return picture


@pytest.mark.parametrize("name", SINGLES)
def test_one_digit_stays_one(name):
    digit, strokes = SINGLES[name]
    reading = read(strokes)
    assert len(reading.digits) == 1
    alone = network.bundled().predict(ink.image(strokes))
    assert np.allclose(reading.digits[0].prediction.probabilities, alone.probabilities)
    assert reading.sentence == alone.sentence
    if digit is not None:
        assert reading.text == str(digit)


def test_a_number_is_read_with_the_ink_and_the_box_of_every_digit():
    strokes = beside(FOUR, SEVEN)
    reading = read(strokes)
    assert reading.text == "47"
    assert reading.sentence == "That's 47."
    assert not reading.refused
    four, seven = reading.digits
    assert [stroke.tolist() for stroke in four.ink] == [stroke.tolist() for stroke in strokes[:2]]
    assert [stroke.tolist() for stroke in seven.ink] == [strokes[2].tolist()]
    assert four.box[0] == 0
    assert four.box[2] < seven.box[0]
    assert seven.box[1::2] == (0, 100)
    assert np.array_equal(four.image, ink.image(FOUR)) or np.allclose(
        four.image, ink.image(FOUR), atol=1e-5
    )
    assert (four.prediction.digit, seven.prediction.digit) == (4, 7)


@pytest.mark.parametrize("gap", [-3, 0, 10, 40, 150])
@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("11", (ONE, ONE)), ("13", (ONE, None)), ("15", (ONE, FIVE)), ("18", (ONE, EIGHT)),
        ("10", (ONE, ZERO)), ("47", (FOUR, SEVEN)), ("4758", (FOUR, SEVEN, FIVE, EIGHT)),
    ],
)  # fmt: skip
def test_numbers_near_and_far(text, digits, gap):
    three = [[(50, 25), (100, 10), (120, 50), (80, 95), (125, 140), (100, 200), (50, 190)]]
    assert read(beside(*(three if d is None else d for d in digits), gap=gap)).text == text


def test_ten_digits_are_a_row_and_eleven_are_none():
    row = beside(*[SEVEN] * MOST_DIGITS)
    assert read(row).text == "7" * MOST_DIGITS
    more = read(beside(*[SEVEN] * (MOST_DIGITS + 1)))
    assert more.refused
    assert len(more.digits) == 1


def test_one_stroke_may_write_two_digits():
    seven, one = (np.asarray(digit[0], float) for digit in (SEVEN, ONE))
    seven, one = seven - seven.min(axis=0), one - one.min(axis=0)
    line = np.concatenate([seven, one + np.array([190, 0])])
    reading = read([line])
    assert reading.text == "71"
    first, second = (digit.ink[0] for digit in reading.digits)
    # Whatever led from one to the other belongs to neither.
    assert np.allclose(first[-1], seven[-1], atol=12)
    assert second[0][0] >= one[:, 0].min() + 188


def test_a_stroke_that_is_not_cut_keeps_all_of_its_ink():
    points, ranges = links(np.asarray(SEVEN[0], float))
    assert ranges == []
    assert points.tolist() == np.asarray(SEVEN[0], float).tolist()
    drawing = Drawing(FOUR)
    everything = drawing.ink(tuple(range(len(drawing.pieces))))
    assert [stroke.tolist() for stroke in everything] == [
        stroke.tolist() for stroke in ink.check(FOUR)
    ]


def test_nothing_is_read_as_nothing():
    for strokes in ([], [[]]):
        reading = read(strokes)
        assert (reading.text, reading.digits, reading.refused) == ("", (), True)
        assert reading.confidence == 0
        assert reading.sentence == "There is nothing to read."
    with pytest.raises(InkError):
        read([[(0, float("nan"))]])


@pytest.mark.parametrize("kind", [kind for kind in hand.OTHER_KINDS if kind != "number"])
def test_most_of_what_is_no_number_is_refused(kind):
    rng = np.random.default_rng(1)
    others = [hand.draw_other(rng, kind) for _ in range(8)]
    images = np.stack([ink.image(strokes) for strokes in others])
    net = network.bundled()
    before = net.refuses(net.logits(images)).sum()
    assert sum(read(strokes).refused for strokes in others) >= before - 1


def test_the_answer_says_which_digit_cannot_be_read():
    bars = [[(0, 0), (60, 100)], [(60, 0), (0, 100)], [(30, 0), (30, 100)], [(0, 50), (60, 50)]]
    reading = read(beside(SEVEN, bars, FOUR))
    assert reading.unreadable == (1,)
    assert reading.refused
    assert reading.marked == "7?4"
    assert reading.sentence == "I can't read the second digit of 7?4."
    assert len(reading.text) == 3


def test_a_network_that_refuses_everything_refuses_the_number():
    own = network.bundled()
    wary = Network(own.weights, own.architecture, Calibration(1.0, 1e6))
    reading = read(beside(FOUR, SEVEN), wary)
    assert reading.refused
    bold = Network(own.weights, own.architecture, Calibration(1.0, None))
    assert read(beside(FOUR, SEVEN), bold).text == "47"


def test_pieces_drawn_late_belong_to_their_digit():
    strokes = beside(FIVE, SEVEN)
    assert read([strokes[0], strokes[2], strokes[1]]).text == "57"


@settings(max_examples=12, deadline=None)
@given(
    digits=st.lists(
        st.sampled_from(sorted({4: FOUR, 7: SEVEN, 8: EIGHT, 5: FIVE})), min_size=1, max_size=4
    ),
    gap=st.floats(5, 60),
    scale=st.floats(0.05, 50),
    x=st.floats(-1000, 1000),
    y=st.floats(-1000, 1000),
)
def test_a_number_read_is_the_number_set_wherever_and_however_large(digits, gap, scale, x, y):
    own = {4: FOUR, 7: SEVEN, 8: EIGHT, 5: FIVE}
    strokes = [stroke * scale + [x, y] for stroke in beside(*(own[d] for d in digits), gap=gap)]
    assert read(strokes).text == "".join(map(str, digits))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.tuples(*[st.floats(-1e6, 1e6)] * 2), max_size=12), max_size=8))
def test_whatever_is_drawn_is_read_or_refused(strokes):
    reading = read(strokes)
    assert len(reading.lines) == bool(ink.check(strokes))
    assert len(reading.text) == len(reading.digits) <= MOST_DIGITS
    assert reading.sentence


def test_more_strokes_than_a_number_has_are_one_drawing():
    rng = np.random.default_rng(0)
    scribble = [rng.uniform(0, 300, (2, 2)) for _ in range(60)]
    choices = Choices(Drawing(scribble).pieces, {})
    assert len(choices.runs) < 60
    assert read(scribble).refused


def test_rows_are_set_as_asked():
    rng = np.random.default_rng(3)
    digits = [hand.draw(digit, rng) for digit in (3, 1, 4)]
    row = side_by_side(digits, rng)
    assert [len(strokes) for strokes in row] == [len(strokes) for strokes in digits]
    joined = side_by_side(digits, rng, joined=1.0)
    strokes = strokes_of(joined)
    assert len(strokes) == sum(map(len, digits)) - 2


def test_a_picture_of_a_number_and_of_two_rows():
    strokes = [stroke + np.array([40, 40]) for stroke in beside(FOUR, SEVEN, EIGHT)]
    reading = read_picture(drawn_as_picture(strokes, (420, 190)))
    assert reading.text == "478"
    assert all(digit.ink.max() == 1 for digit in reading.digits)
    boxes = [digit.box for digit in reading.digits]
    assert boxes == sorted(boxes)
    below = [stroke + np.array([40, 190]) for stroke in beside(SEVEN, ONE)]
    both = read_picture(drawn_as_picture([*strokes, *below], (420, 340)))
    assert both.text == "478\n71"
    assert both.sentence == "That's 478, 71."


def test_digits_that_touch_in_a_picture_are_cut():
    strokes = [stroke + np.array([40, 40]) for stroke in beside(EIGHT, EIGHT, gap=3)]
    assert read_picture(drawn_as_picture(strokes, (260, 190), pen=7)).text == "88"


@pytest.mark.parametrize("strokes", [SEVEN, FOUR, EIGHT])
def test_a_picture_of_one_digit_is_answered_as_before(strokes):
    picture = drawn_as_picture(strokes, (300, 300), pen=14)
    reading = read_picture(picture)
    alone = sight.look(network.bundled(), picture).prediction
    (digit,) = reading.digits
    assert np.array_equal(digit.prediction.probabilities, alone.probabilities)


def test_an_empty_picture_is_read_as_nothing():
    assert read_picture(np.full((60, 60), 255, np.uint8)).text == ""


def test_the_package_fetches_the_readers_when_they_are_asked_for():
    assert digitrec.read is read
    assert digitrec.read_picture is read_picture
    assert isinstance(digitrec.read([]), digitrec.Reading)
    with pytest.raises(AttributeError, match="reed"):
        digitrec.reed  # noqa: B018
    code = "import digitrec, sys; raise SystemExit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
