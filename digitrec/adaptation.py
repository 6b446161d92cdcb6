"""Teaching a trained network a person's own digits without letting it forget the others.

Only the last layer learns, from what the convolutions find in the new images. So a handful of
drawings is enough, and it takes seconds on a processor, without Keras.
"""

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec import evaluation, mnist
from digitrec.network import CLASSES, SIDE, Network
from digitrec.training import augment

STEPS = 100
"""How often the weights of the last layer are changed."""

REHEARSAL = 2_000
"""How many images of MNIST the network rehearses meanwhile."""

_COPIES = 30  # of every image, each distorted differently
_MOST_SHOWN = 4_200  # images and copies; with more images there are fewer copies of each
_CHUNK = 500  # images between two reports
_DISTORTION = 0.6
_RATE = 0.003
_FADING = 0.9, 0.99  # of Adam's two moving averages
_FAITHFULNESS = 0.02  # cost of changing an old score, compared with a wrong answer to a new image

Float32 = NDArray[np.float32]


def adapt(
    network: Network,
    images: ArrayLike,
    labels: ArrayLike,
    *,
    seed: int = 0,
    rehearsal: int = REHEARSAL,
    steps: int = STEPS,
    on_images: Callable[[int], None] | None = None,
) -> Network:
    """Teach a network somebody's own digits.

    Only the last layer learns the images and distorted copies of them. Meanwhile the
    network rehearses: for training images of MNIST it should give the same scores as before
    (after Buzzega et al., "Dark Experience for General Continual Learning", 2020). Without that,
    it forgets them. Each step is one of Adam (Kingma and Ba, 2015) on all images at once.

    Parameters
    ----------
    network : Network
        It is not changed.
    images : array_like, shape (n, 28, 28)
        Unsigned bytes 0 to 255, or floats 0 to 1; ink is bright. 1 to 1,000 of them. Each gets 30
        distorted copies; fewer from 136 images on, so that it never takes long.
    labels : array_like of int, shape (n,)
        The digit in each, 0 to 9.
    seed : int
        Decides how the copies are distorted and which images are rehearsed.
    rehearsal : int
        How many images of MNIST are rehearsed, 0 to 20,000.
    steps : int
        How long it learns, 1 to 10,000 steps.
    on_images : callable of int, optional
        Called each time the convolutions have seen some hundreds more images, with their number:
        that takes most of the time. An exception ends the learning.

    Returns
    -------
    Network
        The convolutions and the calibration are those of `network`. Its metadata holds what is
        still true of `network`, and "adapted".

    Raises
    ------
    ValueError
        If the images or labels are different, or a setting is out of range.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> test = mnist.load_part("test")
    >>> before = bundled()
    >>> after = adapt(before, test.images[:3], test.labels[:3], rehearsal=50, steps=2)
    >>> [name for name in before.weights if (after.weights[name] != before.weights[name]).any()]
    ['dense/bias', 'dense/kernel']
    """
    own, digits = check(images, labels)
    for name, value, most in (("rehearsal", rehearsal, 20_000), ("steps", steps, 10_000)):
        if isinstance(value, bool) or not 0 <= value <= most or value != int(value):
            raise ValueError(f"{name} must be a whole number to {most:,}. Received: {value!r}")
    if steps < 1:
        raise ValueError(f"steps must be at least 1. Received: {steps!r}")
    rng = np.random.default_rng(seed)
    num_copies = _num_copies(len(own))
    copies = [augment.distort(own, rng, strength=_DISTORTION) for _ in range(num_copies)]
    report = on_images or (lambda _: None)
    found = _features(network, np.concatenate([own, *copies]), report)
    wanted = np.tile(np.eye(CLASSES, dtype=np.float32)[digits], (num_copies + 1, 1))
    train = mnist.load_part("train")
    chosen = np.sort(rng.choice(len(train), rehearsal, replace=False))
    known = _features(network, train.images[chosen], report)
    before = _last(network)
    after = _learn(before, found, wanted, known, steps)
    weights = {**network.weights, "dense/kernel": after[:-1], "dense/bias": after[-1]}
    kept: dict[str, Any] = {
        name: network.metadata[name]
        for name in ("recipe", "recipe_settings", "seed", "created", "digitrec")
        if name in network.metadata
    }
    kept["adapted"] = {"images": len(own), "seed": seed, "rehearsal": rehearsal, "steps": steps}
    return dataclasses.replace(network, weights=weights, metadata=kept)


def learn(
    network: Network,
    images: ArrayLike,
    labels: ArrayLike,
    *,
    seed: int = 0,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> Network:
    """Teach a network somebody's own digits, and measure how well it still reads MNIST's.

    Parameters
    ----------
    network : Network
        It is not changed.
    images, labels : array_like
        As for :func:`adapt`, which does the teaching.
    seed : int
        As for :func:`adapt`.
    on_progress : callable, optional
        Called several times a second with "learning" or "evaluating", the number of images
        done so far, and how many there will be. An exception ends the learning.

    Returns
    -------
    Network
        What :func:`adapt` returns. As after a training, its metadata also holds the
        "evaluation" on MNIST's test digits, "test_accuracy" and "validation_accuracy". "adapted"
        also holds the date, and the accuracies on MNIST's 5,000 validation digits,
        "validation_before" and "validation_after", 0 to 1.

    Raises
    ------
    ValueError
        If :func:`adapt` does not take the images or labels.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> validation = mnist.load_part("validation")
    >>> after = learn(bundled(), validation.images[:3], validation.labels[:3])
    >>> adapted = after.metadata["adapted"]
    >>> abs(adapted["validation_after"] - adapted["validation_before"]) < 0.003
    True
    """
    own, digits = check(images, labels)
    validation, test = mnist.load_part("validation"), mnist.load_part("test")
    shown = len(own) * (1 + _num_copies(len(own))) + REHEARSAL
    done, total = 0, shown + len(validation) + len(test)

    def report(num: int) -> None:
        nonlocal done
        done += num
        if on_progress is not None:
            on_progress("learning" if done < shown else "evaluating", done, total)

    report(0)
    after = adapt(network, own, digits, seed=seed, on_images=report)
    # Both have the same convolutions, which therefore need to see the images only once.
    found = _features(network, validation.images, report)
    shares = [
        float(((found @ _last(each)).argmax(axis=1) == validation.labels).mean())
        for each in (network, after)
    ]
    logits = _features(network, test.images, report, _last(after))
    result = evaluation.evaluate_logits(after, logits, test.labels)
    adapted = {
        **after.metadata["adapted"],
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "validation_before": shares[0],
        "validation_after": shares[1],
    }
    measured = {
        "validation_accuracy": shares[1],
        "test_accuracy": result.accuracy,
        "evaluation": result.to_dict(),
    }
    return dataclasses.replace(after, metadata={**after.metadata, "adapted": adapted, **measured})


def check(images: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images and labels in the form that the network learns from.

    Parameters
    ----------
    images, labels : array_like
        As for :func:`adapt`.

    Returns
    -------
    images : ndarray of uint8, shape (n, 28, 28)
    labels : ndarray of int64, shape (n,)

    Raises
    ------
    ValueError
        If :func:`adapt` does not take them.

    Examples
    --------
    >>> images, labels = check(np.ones((2, 28, 28)), [4, 9])
    >>> images.max(), labels
    (np.uint8(255), array([4, 9]))
    """
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


def _num_copies(num_images: int) -> int:
    return min(_COPIES, _MOST_SHOWN // num_images - 1)


def _last(network: Network) -> Float32:
    """Return the weights of the last layer, its biases as the last row."""
    return np.vstack([network.weights["dense/kernel"], network.weights["dense/bias"]])


def _features(
    network: Network,
    images: NDArray[np.uint8],
    report: Callable[[int], None],
    weights: Float32 | None = None,
) -> Float32:
    """Return features with a column of ones for the biases, or with `weights` their products."""
    pieces = []
    for start in range(0, len(images), _CHUNK):
        found = network.features(images[start : start + _CHUNK])
        piece = np.column_stack([found, np.ones(len(found), np.float32)])
        pieces.append(piece if weights is None else piece @ weights)
        report(len(found))
    length = len(network.weights["dense/kernel"]) + 1 if weights is None else CLASSES
    return np.concatenate(pieces) if pieces else np.empty((0, length), np.float32)


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
