"""Teaching a trained network a person's own digits without letting it forget the others.

Only the last layer learns, on what the convolutions find in the new images, so that a handful of
drawings is enough, and seconds on a processor without Keras.
"""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec import augment, mnist
from digitrec.network import CLASSES, SIDE, Network

STEPS = 100
"""How often the weights of the last layer are changed."""

_COPIES = 30  # of every image, each distorted in another way
_DISTORTION = 0.6
_RATE = 0.003
_FADING = 0.9, 0.99  # of Adam's two moving averages
_FAITHFULNESS = 0.02  # what a change of an old score costs beside a wrong answer to a new image

Float32 = NDArray[np.float32]


def adapt(
    network: Network,
    images: ArrayLike,
    labels: ArrayLike,
    *,
    seed: int = 0,
    rehearsal: int = 2_000,
    steps: int = STEPS,
) -> Network:
    """Teach a network somebody's own digits.

    The images and distorted copies of them are learnt by the last layer alone. Meanwhile the
    network rehearses: to training images of MNIST it is to give the scores that it gave before
    (after Buzzega et al., "Dark Experience for General Continual Learning", 2020). Without that,
    it forgets them. Each step is one of Adam (Kingma and Ba, 2015) on all images at once.

    Parameters
    ----------
    network : Network
        Left as it is.
    images : array_like, shape (n, 28, 28)
        Unsigned bytes 0 to 255, or floats 0 to 1; ink is bright. 1 to 1,000 of them.
    labels : array_like of int, shape (n,)
        The digit in each, 0 to 9.
    seed : int
        Decides how the copies are distorted and what is rehearsed.
    rehearsal : int
        How many images of MNIST are rehearsed, 0 to 20,000.
    steps : int
        How long it learns, 1 to 10,000 steps.

    Returns
    -------
    Network
        The convolutions and the calibration are those of `network`. Its metadata holds what of
        `network` still holds true, and "adapted".

    Raises
    ------
    ValueError
        If the images or labels are none of these, or a setting is out of its range.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> test = mnist.load_part("test")
    >>> before = bundled()
    >>> after = adapt(before, test.images[:3], test.labels[:3], rehearsal=50, steps=2)
    >>> [name for name in before.weights if (after.weights[name] != before.weights[name]).any()]
    ['dense/bias', 'dense/kernel']
    """
    own, digits = _check(images, labels)
    for name, value, most in (("rehearsal", rehearsal, 20_000), ("steps", steps, 10_000)):
        if isinstance(value, bool) or not 0 <= value <= most or value != int(value):
            raise ValueError(f"{name} must be a whole number to {most:,}. Received: {value!r}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1. Received: {steps!r}")
    rng = np.random.default_rng(seed)
    copies = [augment.distort(own, rng, strength=_DISTORTION) for _ in range(_COPIES)]
    found = _with_one(network.features(np.concatenate([own, *copies])))
    wanted = np.tile(np.eye(CLASSES, dtype=np.float32)[digits], (_COPIES + 1, 1))
    train = mnist.load_part("train")
    chosen = np.sort(rng.choice(len(train), rehearsal, replace=False))
    known = _with_one(network.features(train.images[chosen]))
    before = np.vstack([network.weights["dense/kernel"], network.weights["dense/bias"]])
    after = _learn(before, found, wanted, known, steps)
    weights = {**network.weights, "dense/kernel": after[:-1], "dense/bias": after[-1]}
    kept: dict[str, Any] = {
        name: network.metadata[name]
        for name in ("recipe", "recipe_settings", "seed", "created", "digitrec")
        if name in network.metadata
    }
    kept["adapted"] = {"images": len(own), "seed": seed, "rehearsal": rehearsal, "steps": steps}
    return dataclasses.replace(network, weights=weights, metadata=kept)


def _check(images: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    array, digits = np.asarray(images), np.asarray(labels)
    if array.ndim != 3 or array.shape[1:] != (SIDE, SIDE) or not 1 <= len(array) <= 1_000:
        raise ValueError(
            f"1 to 1,000 images of shape (n, 28, 28) were expected. Received: {array.shape}"
        )
    if digits.shape != array.shape[:1]:
        raise ValueError(f"{len(array)} labels were expected. Received: shape {digits.shape}")
    if digits.dtype.kind not in "iu" or not np.isin(digits, np.arange(CLASSES)).all():
        raise ValueError(f"labels must be whole numbers from 0 to 9. Received: {digits}")
    if array.dtype != np.uint8:
        if array.dtype.kind != "f" or not (array.min() >= -1e-6 and array.max() <= 1 + 1e-6):
            raise ValueError(
                f"images must be unsigned bytes or floats 0 to 1. Received: {array.dtype}"
            )
        array = np.round(255 * np.clip(array, 0, 1)).astype(np.uint8)
    return array, digits.astype(np.int64)


def _with_one(features: Float32) -> Float32:
    """Return features with a column of ones, whose weights are the biases."""
    return np.column_stack([features, np.ones(len(features), np.float32)])


def _learn(before: Float32, found: Float32, wanted: Float32, known: Float32, steps: int) -> Float32:
    weights = before.copy()
    mean, square = np.zeros_like(before), np.zeros_like(before)
    for step in range(1, steps + 1):
        scores = found @ weights
        powers = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares = powers / powers.sum(axis=1, keepdims=True)
        slope = found.T @ ((shares - wanted) / len(found))
        if len(known):
            change = known @ (weights - before)
            slope += _FAITHFULNESS * known.T @ (change / len(known))
        mean += (1 - _FADING[0]) * (slope - mean)
        square += (1 - _FADING[1]) * (slope**2 - square)
        size = np.sqrt(square / (1 - _FADING[1] ** step)) + 1e-8
        weights -= _RATE * mean / (1 - _FADING[0] ** step) / size
    return weights
