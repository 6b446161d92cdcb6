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
    assert abs(left + right - 28) <= 1


@pytest.mark.parametrize("seed", range(5))
def test_a_gap_lies_where_its_name_says_and_touches_hardly_any_ink(seed):
    image = np.roll(SQUARE, (seed - 2, 2 - seed), axis=(0, 1))
    image *= np.random.default_rng(seed).random((28, 28)) > 0.3
    middles = [np.flatnonzero(image.any(axis=axis))[[0, -1]].mean() for axis in (1, 0)]
    for place in places(make_network(), image):
        top, left, bottom, right = place.box
        if place.kind == "gap":
            assert image[top:bottom, left:right].sum() <= 1
        down, across = (top + bottom - 1) / 2 - middles[0], (left + right - 1) / 2 - middles[1]
        assert ("right" in place.where) == (across > 2.9)
        assert ("left" in place.where) == (across < -2.9)
        assert ("bottom" in place.where) == (down > 2.9)
        assert ("top" in place.where) == (down < -2.9)


def test_a_gap_is_found_beside_the_ink_in_its_place():
    image = np.zeros((28, 28), np.float32)
    image[[0, -1], :] = image[:, [0, -1]] = 1
    image[9:19, 9:13] = 1
    (gap,) = [place for place in places(make_network(), image) if place.name == "gap in the middle"]
    top, left, bottom, right = gap.box
    assert (bottom - top, right - left, right) == (5, 5, 18)
    assert not image[top:bottom, left:right].any()
    image[9:19, 9:13], image[9:13, 9:19] = 0, 1
    (gap,) = [place for place in places(make_network(), image) if place.name == "gap in the middle"]
    assert (gap.box[2], gap.box[1] + gap.box[3]) == (18, 27)


def test_bytes_are_the_same_as_floats():
    image = (SQUARE * np.random.default_rng(1).integers(0, 256, (28, 28))).astype(np.uint8)
    found, same = (places(make_network(), each) for each in (image, image / np.float32(255)))
    assert [(one.name, one.box) for one in found] == [(one.name, one.box) for one in same]
    for one, other in zip(found, same, strict=True):
        np.testing.assert_allclose(one.logits, other.logits, atol=1e-4)


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
