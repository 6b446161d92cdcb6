"""The nine places of a drawing, each changed and asked about again."""

import numpy as np
import pytest

from digitrec.explain import places
from tests.networks import make_network

SQUARE = np.zeros((28, 28), np.float32)
SQUARE[4:24, 4:7] = SQUARE[4:24, 21:24] = SQUARE[4:7, 4:24] = SQUARE[21:24, 4:24] = 1


def test_every_place_is_what_changing_it_by_hand_gives():
    network = make_network()
    for place in places(network, SQUARE):
        top, left, bottom, right = place.box
        other = SQUARE.copy()
        other[top:bottom, left:right] = 0 if place.kind == "line" else 1
        np.testing.assert_allclose(place.logits, network.logits(other[np.newaxis])[0], atol=1e-4)


def test_a_square_has_eight_lines_and_a_gap_in_the_middle():
    found = places(make_network(), SQUARE)
    lines = {place.where for place in found if place.kind == "line"}
    assert lines == {
        "top left", "top", "top right", "left", "right", "bottom left", "bottom", "bottom right",
    }  # fmt: skip
    (middle,) = [place for place in found if place.name == "gap in the middle"]
    top, left, bottom, right = middle.box
    assert (bottom - top, right - left) == (5, 5)
    assert not SQUARE[top:bottom, left:right].any()
    assert abs(top + bottom - 28) <= 1


def test_places_are_named_within_the_drawing_not_within_the_frame():
    cup = SQUARE.copy()
    cup[4:7, 8:20] = 0
    moved = np.zeros_like(cup)
    moved[:20, :] = cup[4:24, :]
    for image in (cup, moved):
        names = [place.name for place in places(make_network(), image)]
        assert "gap at the top" in names
        assert "line at the bottom" in names
        assert "line at the top" not in names


def test_a_flat_drawing_and_a_dot_have_fewer_places():
    flat = np.zeros((28, 28), np.uint8)
    flat[13:15, 4:24] = 255
    names = [place.name for place in places(make_network(), flat)]
    assert names == ["line at the left", "line in the middle", "line at the right"]
    dot = np.zeros((28, 28), np.uint8)
    dot[12:16, 12:16] = 255
    assert [place.name for place in places(make_network(), dot)] == ["line"]
    assert places(make_network(), np.zeros((28, 28))) == ()


@pytest.mark.parametrize("shape", [(27, 28), (28,), (1, 28, 28)])
def test_another_shape_is_said(shape):
    with pytest.raises(ValueError, match="shape"):
        places(make_network(), np.ones(shape))
