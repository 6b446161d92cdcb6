import numpy as np
import pytest

from digitrec import mnist
from digitrec.training.augment import degrade, distort

IMAGES = mnist.load_part("validation").images[:600]


def test_the_same_seed_gives_the_same_images():
    once, again, other = (distort(IMAGES, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(once, again)
    assert (once != other).any(axis=(1, 2)).all()


def test_strength_nought_changes_nothing_and_more_changes_more():
    np.testing.assert_array_equal(distort(IMAGES, np.random.default_rng(0), strength=0), IMAGES)
    changes = [
        np.abs(distort(IMAGES, np.random.default_rng(0), strength=s).astype(int) - IMAGES).mean()
        for s in (0.25, 0.5, 1, 2)
    ]
    assert changes == sorted(changes)


def test_ink_is_moved_but_neither_made_nor_lost():
    before = IMAGES.sum(axis=(1, 2), dtype=float)
    after = distort(IMAGES, np.random.default_rng(0)).sum(axis=(1, 2), dtype=float)
    assert np.median(after / before) == pytest.approx(1, abs=0.05)


def test_the_images_given_are_left_alone():
    copy = IMAGES.copy()
    distort(copy, np.random.default_rng(0))
    np.testing.assert_array_equal(copy, IMAGES)


@pytest.mark.parametrize(
    ("images", "strength", "said"),
    [
        (np.zeros((1, 28, 28)), 1, "uint8"),
        (np.zeros((28, 28), np.uint8), 1, "shape"),
        (IMAGES, -1, "strength"),
        (IMAGES, float("nan"), "strength"),
    ],
)
def test_what_cannot_be_distorted_is_said_so(images, strength, said):
    with pytest.raises(ValueError, match=said):
        distort(images, np.random.default_rng(0), strength=strength)


def test_degrading_leaves_the_rest_and_the_given_alone():
    copy = IMAGES.copy()
    degraded = degrade(copy, np.random.default_rng(3), share=0.25)
    np.testing.assert_array_equal(copy, IMAGES)
    changed = (degraded != IMAGES).any(axis=(1, 2))
    assert 0.15 < changed.mean() < 0.35
    np.testing.assert_array_equal(degraded, degrade(copy, np.random.default_rng(3), share=0.25))
    np.testing.assert_array_equal(degrade(copy, np.random.default_rng(3), share=0), IMAGES)


def test_degraded_images_have_grey_ground_and_less_contrast():
    degraded = degrade(IMAGES, np.random.default_rng(0)).astype(float)
    corners = degraded[:, :3, :3].mean(axis=(1, 2))
    assert (corners > 30).mean() > 0.3
    assert (corners < 1).any()
    contrast = np.ptp(degraded, axis=(1, 2)) - np.ptp(IMAGES.astype(float), axis=(1, 2))
    assert np.median(contrast) < -40


@pytest.mark.parametrize(
    ("images", "share", "said"),
    [
        (np.zeros((1, 28, 28)), 1, "uint8"),
        (IMAGES, 1.5, "share"),
        (IMAGES, float("nan"), "share"),
    ],
)
def test_what_cannot_be_degraded_is_said_so(images, share, said):
    with pytest.raises(ValueError, match=said):
        degrade(images, np.random.default_rng(0), share=share)
