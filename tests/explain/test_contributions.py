"""What every pixel adds to a score, against finite differences and against the scores."""

import numpy as np
import pytest

from digitrec import mnist
from digitrec.explain import contributions, gradient, occlusion, smoothed
from digitrec.network import Architecture, bundled
from tests.networks import make_network

IMAGE = np.zeros((28, 28))
IMAGE[4:24, 8:20] = np.random.default_rng(3).uniform(0.2, 0.9, (20, 12))
ARCHITECTURES = [
    Architecture(),
    Architecture(padding=("same", "same")),
    Architecture(strides=(2, 1), pools=(1, 2)),
    Architecture(padding=("same", "valid"), strides=(3, 2), pools=(1, 1)),
    Architecture(padding=("valid", "same"), pools=(3, 2)),
]


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_gradient_is_what_a_little_more_ink_does(architecture):
    network = make_network(architecture)
    slopes = gradient(network, IMAGE, np.eye(10))
    step = 1e-3
    places = [(0, 0), (5, 9), (12, 14), (14, 10), (22, 18), (23, 19), (27, 27)]
    for row, column in places:
        more, less = IMAGE.copy(), IMAGE.copy()
        more[row, column] += step
        less[row, column] = max(less[row, column] - step, 0)
        width = more[row, column] - less[row, column]
        logits = network.logits(np.stack([more, less])).astype(np.float64)
        expected = (logits[0] - logits[1]) / width
        np.testing.assert_allclose(slopes[:, row, column], expected, atol=0.02)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_pixels_add_up_to_the_score_above_blank_paper(architecture):
    network = make_network(architecture)
    difference = np.zeros((1, 10))
    difference[0, [2, 5]] = 1, -1
    scores = np.concatenate([np.eye(10), difference])
    drawing, blank = network.logits(np.stack([IMAGE, np.zeros((28, 28))])).astype(np.float64)
    spoke = contributions(network, IMAGE, scores, steps=200)
    np.testing.assert_allclose(spoke.sum(axis=(1, 2)), scores @ (drawing - blank), atol=0.02)
    assert not spoke[:, IMAGE == 0].any()
    np.testing.assert_allclose(spoke[10], spoke[2] - spoke[5], atol=1e-5)


def test_sixteen_steps_are_enough_for_the_packaged_network():
    network = bundled()
    scores = np.eye(10) - 0.1
    for image in mnist.load_part("validation").images[:20]:
        drawing, blank = network.logits(np.stack([image, np.zeros_like(image)]))
        found = contributions(network, image, scores).sum(axis=(1, 2))
        expected = scores @ (drawing - blank)
        np.testing.assert_allclose(found, expected, atol=np.ptp(expected) / 20)


@pytest.mark.slow
def test_they_agree_with_covering_each_place():
    network = bundled()
    likeness = []
    for image in mnist.load_part("test").images[:8]:
        digit = int(network.logits(image[np.newaxis]).argmax())
        spoke = smoothed(contributions(network, image, np.eye(10)[[digit]]))[0]
        lost = occlusion(network, image)
        likeness.append(np.corrcoef(spoke[image > 0], lost[image > 0])[0, 1])
    assert np.mean(likeness) > 0.5


def test_even_paper_shares_the_slope_among_the_equals():
    network = make_network(Architecture(pools=(2, 1)))
    slopes = gradient(network, np.full((28, 28), 0.5), np.eye(10))
    logits = network.logits(np.stack([np.full((28, 28), 0.501), np.full((28, 28), 0.499)]))
    whole = (logits[0].astype(np.float64) - logits[1]) / 0.002
    np.testing.assert_allclose(slopes.sum(axis=(1, 2)), whole, atol=0.1)


def test_bytes_and_floats_are_the_same_image():
    network = make_network()
    pixels = np.rint(IMAGE * 255).astype(np.uint8)
    np.testing.assert_allclose(
        contributions(network, pixels, np.eye(10)),
        contributions(network, pixels / 255, np.eye(10)),
        atol=1e-4,
    )


def test_the_mean_of_neighbours_keeps_what_lies_inside():
    dot = np.zeros((1, 5, 5))
    dot[0, 2, 2] = 9
    assert smoothed(dot)[0, 1:4, 1:4].tolist() == [[1.0] * 3] * 3
    assert smoothed(dot).sum() == pytest.approx(9)


@pytest.mark.parametrize(
    ("image", "scores", "steps", "word"),
    [
        (np.zeros((28, 28)), np.zeros(10), 8, "scores must have"),
        (np.zeros((28, 28)), np.zeros((1, 9)), 8, "scores must have"),
        (np.zeros((28, 28)), np.eye(10), 0, "steps must be"),
        (np.zeros((27, 28)), np.eye(10), 8, "shape"),
    ],
)
def test_what_makes_no_sense_is_said(image, scores, steps, word):
    with pytest.raises(ValueError, match=word):
        contributions(make_network(), image, scores, steps=steps)
