import numpy as np
import pytest

from digitrec.explain import occlusion
from digitrec.network import Architecture
from tests.networks import make_network

IMAGE = np.zeros((28, 28), np.uint8)
IMAGE[5:23, 12:16] = np.random.default_rng(1).integers(80, 256, (18, 4))


@pytest.mark.parametrize("side", [1, 3, 7])
@pytest.mark.parametrize("place", [(5, 12), (14, 13), (22, 15), (0, 0), (27, 27), (4, 11)])
def test_every_pixel_is_what_covering_it_by_hand_gives(side, place):
    network = make_network()
    lost = occlusion(network, IMAGE, side=side)
    row, column = place
    half = side // 2
    covered = IMAGE.copy()
    covered[max(row - half, 0) : row + half + 1, max(column - half, 0) : column + half + 1] = 0
    logits = network.logits(np.stack([IMAGE, covered]))
    digit = logits[0].argmax()
    assert lost[place] == pytest.approx(logits[0, digit] - logits[1, digit], abs=1e-4)


def test_where_there_is_only_paper_nothing_is_lost():
    lost = occlusion(make_network(), IMAGE, side=3)
    far = np.ones((28, 28), bool)
    far[4:24, 11:17] = False
    assert not lost[far].any()
    assert lost[~far].any()


def test_ink_may_be_the_cover_too():
    network = make_network(Architecture(padding=("same", "same")))
    lost = occlusion(network, IMAGE, digit=4, side=1, cover=1.0)
    inked = IMAGE.copy()
    inked[2, 3] = 255
    logits = network.logits(np.stack([IMAGE, inked]))[:, 4]
    assert lost[2, 3] == pytest.approx(logits[0] - logits[1], abs=1e-4)


def test_bytes_and_floats_are_the_same_image():
    network = make_network()
    floats = IMAGE.astype(np.float64) / 255
    assert np.allclose(occlusion(network, IMAGE), occlusion(network, floats), atol=1e-4)


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"digit": 10}, "digit must be"),
        ({"digit": -1}, "digit must be"),
        ({"side": 4}, "side must be"),
        ({"side": 29}, "side must be"),
        ({"cover": 1.5}, "cover must be"),
        ({"cover": float("nan")}, "cover must be"),
    ],
)
def test_what_makes_no_sense_is_said(settings, word):
    with pytest.raises(ValueError, match=word):
        occlusion(make_network(), IMAGE, **settings)


@pytest.mark.parametrize("shape", [(28,), (1, 28, 28), (20, 28)])
def test_only_one_image_of_the_right_size_is_taken(shape):
    with pytest.raises(ValueError, match=r"shape \("):
        occlusion(make_network(), np.zeros(shape, np.uint8))
