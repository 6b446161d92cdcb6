"""How good a network is, on images or on people's drawings."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec import ink
from digitrec.network import CLASSES, Network
from digitrec.report import (
    NO_INK,
    NUM_BINS,
    Counts,
    Floats,
    Mistake,
    NotDigits,
    Report,
    calibration_error,
)

__all__ = ["NO_INK", "Mistake", "NotDigits", "Report", "evaluate", "evaluate_ink"]

_CHUNK = 1_000  # images a pass: bounds the memory of an evaluation


def evaluate(network: Network, images: ArrayLike, labels: ArrayLike) -> Report:
    """Let a network read images whose digits are known.

    Parameters
    ----------
    network : Network
    images : array_like, shape (n, 28, 28)
        Unsigned bytes 0 to 255, or floats 0 to 1; ink is bright.
    labels : array_like of int, shape (n,)
        The digit in each image, 0 to 9.

    Returns
    -------
    Report

    Raises
    ------
    ValueError
        If there are no images, their number differs from that of the labels, or a label is no
        digit.

    Examples
    --------
    >>> from digitrec import mnist, network
    >>> test = mnist.load_part("test")
    >>> evaluate(network.bundled(), test.images[:100], test.labels[:100]).confusion.shape
    (10, 10)
    """
    images, labels = np.asarray(images), np.asarray(labels)
    if labels.ndim != 1 or labels.shape != images.shape[:1]:
        raise ValueError(
            "expected one label an image; "
            f"received labels of shape {labels.shape} and images of shape {images.shape}"
        )
    if len(labels) == 0:
        raise ValueError("expected at least one image to evaluate; received none")
    if labels.dtype.kind not in "iu" or not np.isin(labels, np.arange(CLASSES)).all():
        received = ", ".join(map(str, np.unique(labels)[:20]))
        raise ValueError(
            f"expected integer labels from 0 to 9; received {labels.dtype}: {received}"
        )
    answers = _Answers(len(labels))
    for start in range(0, len(labels), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        answers.fill(network, np.arange(len(labels))[chunk], images[chunk])
    return _report(labels.astype(np.int64), np.arange(len(labels)), answers)


def evaluate_ink(network: Network, samples: Sequence[ink.Sample]) -> Report:
    """Let a network read labelled drawings, digits or not.

    Parameters
    ----------
    network : Network
    samples : sequence of Sample
        A label that is none of "0" to "9" says that the drawing is no digit: it should be
        refused, and counts in ``not_digits`` alone. A drawing without ink counts as refused,
        and as wrong if it should have been a digit.

    Returns
    -------
    Report
        If no sample is a digit, ``samples`` is 0 and all about digits is NaN.

    Raises
    ------
    ValueError
        If there are no samples, or one has no label.
    InkError
        If a sample's strokes are no drawing.

    Examples
    --------
    >>> from digitrec import network
    >>> strokes = ([(150, 40), (150, 260)],)
    >>> samples = [ink.Sample(strokes, label="1"), ink.Sample(strokes, label="l")]
    >>> report = evaluate_ink(network.bundled(), samples)
    >>> report.samples, report.not_digits.samples
    (1, 1)
    """
    if len(samples) == 0:
        raise ValueError("expected at least one drawing to evaluate; received none")
    for place, sample in enumerate(samples):
        if sample.label is None:
            raise ValueError(
                f"expected a label for every drawing; number {place + 1} ({sample.id}) has none"
            )
    answers = _Answers(len(samples))
    for start in range(0, len(samples), _CHUNK):
        drawn = [
            (place, ink.image(sample.strokes))
            for place, sample in enumerate(samples[start : start + _CHUNK], start)
        ]
        inked = [(place, image) for place, image in drawn if image is not None]
        if inked:
            answers.fill(
                network, np.array([i for i, _ in inked]), np.stack([image for _, image in inked])
            )
    digits = {str(digit): digit for digit in range(CLASSES)}
    labels = np.array([digits.get(sample.label or "", CLASSES) for sample in samples], np.int64)
    return _report(labels, np.arange(len(samples)), answers)


class _Answers:
    """What the network said to every sample; where it was not asked, that there was no ink."""

    def __init__(self, num_samples: int) -> None:
        self.predicted = np.full(num_samples, NO_INK)
        self.confidence = np.zeros(num_samples)
        self.refused = np.ones(num_samples, bool)

    def fill(self, network: Network, places: Counts, images: NDArray[Any]) -> None:
        logits = network.logits(images)
        probabilities = network.softmax(logits)
        self.predicted[places] = probabilities.argmax(axis=1)
        self.confidence[places] = probabilities.max(axis=1)
        self.refused[places] = network.refuses(logits)


def _report(labels: Counts, places: Counts, answers: _Answers) -> Report:
    """Summarise answers; a label of `CLASSES` is no digit."""
    from sklearn.metrics import (  # noqa: PLC0415 - reading a stored report must not cost this
        confusion_matrix,
        precision_recall_fscore_support,
    )

    others = labels == CLASSES
    not_digits = None
    if others.any():
        not_digits = NotDigits(int(others.sum()), float(answers.refused[others].mean()))

    labels, places = labels[~others], places[~others]
    predicted, confidence = answers.predicted[~others], answers.confidence[~others]
    refused = answers.refused[~others]
    right = predicted == labels
    classes = np.arange(CLASSES)
    support = np.bincount(labels, minlength=CLASSES)
    confusion = np.zeros((CLASSES, CLASSES), np.int64)
    precision = per_class = np.full(CLASSES, np.nan)
    if len(labels):
        # scikit-learn passes over pairs whose prediction is none of the classes, as NO_INK is.
        confusion = confusion_matrix(labels, predicted, labels=classes).astype(np.int64)
        precision, per_class, _, _ = precision_recall_fscore_support(
            labels, predicted, labels=classes, zero_division=np.nan
        )
    reliability = _reliability(confidence, right)
    wrong = np.flatnonzero(~right)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    return Report(
        samples=len(labels),
        accuracy=_share(right.sum(), len(labels)),
        interval=_wilson(int(right.sum()), len(labels)),
        per_class=per_class,
        per_class_interval=np.array(
            [_wilson(int(confusion[digit, digit]), int(support[digit])) for digit in classes]
        ),
        precision=precision,
        confusion=confusion,
        no_ink=np.bincount(labels[predicted == NO_INK], minlength=CLASSES).astype(np.int64),
        ece=calibration_error(reliability),
        reliability=reliability,
        refused=_share(refused.sum(), len(labels)),
        mistakes=tuple(
            Mistake(int(places[i]), int(labels[i]), int(predicted[i]), float(confidence[i]))
            for i in wrong
        ),
        not_digits=not_digits,
    )


def _share(num: int, of: int) -> float:
    return float(num) / of if of else math.nan


def _wilson(num_right: int, num_samples: int) -> tuple[float, float]:
    if not num_samples:
        return math.nan, math.nan
    from scipy.stats import binomtest  # noqa: PLC0415 - as scikit-learn above

    interval = binomtest(num_right, num_samples).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)


def _reliability(confidence: Floats, right: NDArray[np.bool_]) -> Floats:
    # A bin holds its upper edge, as in Guo et al.; a confidence of 0 goes to the first.
    bins = np.clip(np.ceil(confidence * NUM_BINS).astype(int) - 1, 0, NUM_BINS - 1)
    counts = np.bincount(bins, minlength=NUM_BINS)
    table = np.full((NUM_BINS, 3), np.nan)
    table[:, 0] = counts
    filled = counts > 0
    for column, values in ((1, confidence), (2, right)):
        sums = np.bincount(bins, weights=values, minlength=NUM_BINS)
        table[filled, column] = sums[filled] / counts[filled]
    return table
