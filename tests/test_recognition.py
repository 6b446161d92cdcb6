"""What the packaged network is for: it reads what a hand draws, and refuses other drawings."""

import functools

import numpy as np
import pytest

from digitrec import hand, ink
from digitrec.network import bundled
from tests.browser.handwriting import SLANTED, UPRIGHT

EVERY_STYLE = [(digit, style) for digit, styles in hand.STYLES.items() for style in styles]
HANDS = {"upright": UPRIGHT, "slanted": SLANTED}
EVERY_DRAWING = [(name, digit) for name in HANDS for digit in range(10)]


def read(strokes):
    return bundled().predict(ink.image(strokes))


def respaced(stroke, spacing):
    """Return the points that a device would have reported at another speed of the pen."""
    stroke = np.asarray(stroke, float)
    along = np.concatenate([[0], np.hypot(*np.diff(stroke, axis=0).T).cumsum()])
    num = max(2, round(along[-1] / spacing) + 1)
    at = np.linspace(0, along[-1], num)
    return np.column_stack([np.interp(at, along, stroke[:, axis]) for axis in (0, 1)])


@functools.cache
def right_of(digit, style):
    """Say of 100 drawings which are read right."""
    rng = np.random.default_rng(2_027)
    images = np.stack([ink.image(hand.draw(digit, rng, style)) for _ in range(100)])
    return bundled().logits(images).argmax(axis=1) == digit


@pytest.mark.parametrize(("digit", "style"), EVERY_STYLE)
def test_every_style_of_every_digit_is_read(digit, style):
    assert right_of(digit, style).mean() >= 0.9


def test_all_styles_together_are_read_almost_always():
    assert np.mean([right_of(digit, style) for digit, style in EVERY_STYLE]) >= 0.98


@pytest.mark.parametrize(("name", "digit"), EVERY_DRAWING)
def test_a_drawn_digit_is_read_and_not_refused(name, digit):
    answer = read(HANDS[name][digit])
    assert answer.digit == digit
    assert not answer.refused


@pytest.mark.parametrize(("name", "digit"), EVERY_DRAWING)
def test_the_speed_of_the_pen_changes_no_answer(name, digit):
    strokes = HANDS[name][digit]
    answers = [read([respaced(stroke, spacing) for stroke in strokes]) for spacing in (1, 4, 12)]
    assert [answer.digit for answer in answers] == [digit] * 3


@pytest.mark.parametrize(("name", "digit"), EVERY_DRAWING)
def test_order_and_direction_of_the_strokes_change_no_answer(name, digit):
    strokes = HANDS[name][digit]
    backwards = [stroke[::-1] for stroke in reversed(strokes)]
    np.testing.assert_allclose(
        read(backwards).probabilities, read(strokes).probabilities, atol=1e-3
    )


@pytest.mark.parametrize(("name", "digit"), EVERY_DRAWING)
@pytest.mark.parametrize(("scale", "right", "down"), [(0.3, 0, 0), (0.5, 150, 20), (1, -40, 30)])
def test_place_and_size_change_no_answer(name, digit, scale, right, down):
    strokes = HANDS[name][digit]
    moved = [np.asarray(stroke) * scale + (right, down) for stroke in strokes]
    np.testing.assert_allclose(read(moved).probabilities, read(strokes).probabilities, atol=1e-3)


@pytest.mark.parametrize("kind", ["scribble", "hatching", "spiral", "blot", "zigzag", "wander"])
def test_scribbles_are_refused(kind):
    rng = np.random.default_rng(2_028)
    images = np.stack([ink.image(hand.draw_other(rng, kind)) for _ in range(40)])
    network = bundled()
    assert network.refuses(network.logits(images)).mean() >= 0.85


def test_a_scribble_by_hand_is_refused():
    turns = np.linspace(0, 14 * np.pi, 400)
    scribble = np.column_stack(
        [150 + 110 * np.sin(1.7 * turns + 0.4) * np.cos(0.31 * turns), 150 + 120 * np.sin(turns)]
    )
    assert read([scribble]).refused


def test_an_empty_pad_has_no_image_to_ask_about():
    assert ink.image([]) is None
    assert ink.image([[]]) is None
