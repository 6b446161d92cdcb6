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
)

__all__ = [
    "NO_INK",
    "Mistake",
    "NotDigits",
    "Report",
    "evaluate",
    "evaluate_ink",
    "evaluate_logits",
    "reliability_at",
    "reliability_table",
]

_CHUNK = 1_000  # images a pass, to limit the memory of an evaluation


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
        If there are no images, their number differs from that of the labels, or a label is not
        a digit.

    Examples
    --------
    >>> from digitrec import mnist, network
    >>> test = mnist.load_part("test")
    >>> evaluate(network.bundled(), test.images[:100], test.labels[:100]).confusion.shape
    (10, 10)
    """
    images, labels = np.asarray(images), np.asarray(labels)
    _check_labels(labels, images, "images")
    answers = _Answers(len(labels))
    for start in range(0, len(labels), _CHUNK):
        places = np.arange(start, min(start + _CHUNK, len(labels)))
        answers.fill(network, places, network.logits(images[places]))
    return _report(labels.astype(np.int64), np.arange(len(labels)), answers)


def evaluate_logits(network: Network, logits: ArrayLike, labels: ArrayLike) -> Report:
    """Evaluate a network from outputs that you have already computed.

    Parameters
    ----------
    network : Network
        Its calibration turns the outputs into probabilities, and decides what is refused.
    logits : array_like, shape (n, 10)
        As :meth:`digitrec.network.Network.logits` returns them.
    labels : array_like of int, shape (n,)
        The digit in each image, 0 to 9.

    Returns
    -------
    Report
        What :func:`evaluate` returns for the images themselves.

    Raises
    ------
    ValueError
        If there are no outputs, there are not ten for each image, their number differs from
        that of the labels, or a label is not a digit.

    Examples
    --------
    >>> from digitrec import mnist, network
    >>> test, cnn = mnist.load_part("test"), network.bundled()
    >>> logits = cnn.logits(test.images[:100])
    >>> evaluate_logits(cnn, logits, test.labels[:100]).samples
    100
    """
    logits, labels = np.asarray(logits), np.asarray(labels)
    if logits.ndim != 2 or logits.shape[1] != CLASSES:
        raise ValueError(f"expected logits of shape (n, {CLASSES}); received {logits.shape}")
    _check_labels(labels, logits, "logits")
    answers = _Answers(len(labels))
    answers.fill(network, np.arange(len(labels)), logits)
    return _report(labels.astype(np.int64), np.arange(len(labels)), answers)


def evaluate_ink(network: Network, samples: Sequence[ink.Sample]) -> Report:
    """Let a network read labelled drawings, digits or not.

    Parameters
    ----------
    network : Network
    samples : sequence of Sample
        If a label is not one of "0" to "9", the drawing is not a digit: the network should
        refuse it, and it counts only in ``not_digits``. A drawing without ink counts as refused,
        and as wrong if it should have been a digit.

    Returns
    -------
    Report
        If no sample is a digit, ``samples`` is 0 and all figures about digits are NaN.

    Raises
    ------
    ValueError
        If there are no samples, or one has no label.
    InkError
        If a sample's strokes are not a drawing.

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
            logits = network.logits(np.stack([image for _, image in inked]))
            answers.fill(network, np.array([i for i, _ in inked]), logits)
    digits = {str(digit): digit for digit in range(CLASSES)}
    labels = np.array([digits.get(sample.label or "", CLASSES) for sample in samples], np.int64)
    return _report(labels, np.arange(len(samples)), answers)


def reliability_table(confidence: ArrayLike, right: ArrayLike) -> Floats:
    """Return the accuracy in each confidence bin.

    Parameters
    ----------
    confidence : array_like of float, shape (n,)
        The probability of each answer, 0 to 1.
    right : array_like of bool, shape (n,)
        Whether it was right.

    Returns
    -------
    ndarray of float64, shape (15, 3)
        For each confidence bin, of equal width, its number of samples, their mean confidence
        and their accuracy; both are NaN if the bin is empty.

    Examples
    --------
    >>> reliability_table([0.98, 0.99], [True, False])[-1].round(3).tolist()
    [2.0, 0.985, 0.5]
    """
    confidence, right = np.asarray(confidence, np.float64), np.asarray(right, bool)
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


def reliability_at(logits: ArrayLike, labels: ArrayLike, temperature: float) -> Floats:
    """Return the accuracy in each confidence bin at a temperature.

    Parameters
    ----------
    logits : array_like, shape (n, 10)
        As :meth:`digitrec.network.Network.logits` returns them.
    labels : array_like of int, shape (n,)
        The digit in each image, 0 to 9.
    temperature : float
        Logits are divided by it before the softmax (Guo et al., "On Calibration of Modern Neural
        Networks", 2017).

    Returns
    -------
    ndarray of float64, shape (15, 3)
        As :func:`reliability_table`.

    Raises
    ------
    ValueError
        If the temperature is not above 0.

    Examples
    --------
    >>> [reliability_at(np.eye(10), np.arange(10), t)[:, 0].argmax() for t in (1.0, 0.2)]
    [np.int64(3), np.int64(14)]
    """
    if not temperature > 0:
        raise ValueError(f"expected a temperature above 0; received {temperature!r}")
    scores = np.asarray(logits, np.float64) / temperature
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    right = scores.argmax(axis=1) == np.asarray(labels)
    return reliability_table(powers.max(axis=1) / powers.sum(axis=1), right)


def _check_labels(labels: NDArray[Any], samples: NDArray[Any], what: str) -> None:
    if labels.ndim != 1 or labels.shape != samples.shape[:1]:
        raise ValueError(
            "expected one label an image; "
            f"received labels of shape {labels.shape} and {what} of shape {samples.shape}"
        )
    if len(labels) == 0:
        raise ValueError("expected at least one image to evaluate; received none")
    if labels.dtype.kind not in "iu" or not np.isin(labels, np.arange(CLASSES)).all():
        received = ", ".join(map(str, np.unique(labels)[:20]))
        raise ValueError(
            f"expected integer labels from 0 to 9; received {labels.dtype}: {received}"
        )


class _Answers:
    """The network's answer to every sample, or ``NO_INK`` where it was not asked."""

    def __init__(self, num_samples: int) -> None:
        self.predicted = np.full(num_samples, NO_INK)
        self.confidence = np.zeros(num_samples)
        self.refused = np.ones(num_samples, bool)

    def fill(self, network: Network, places: Counts, logits: NDArray[Any]) -> None:
        probabilities = network.softmax(logits)
        self.predicted[places] = probabilities.argmax(axis=1)
        self.confidence[places] = probabilities.max(axis=1)
        self.refused[places] = network.refuses(logits)


def _report(labels: Counts, places: Counts, answers: _Answers) -> Report:
    """Summarise answers; a label of `CLASSES` means that the drawing is not a digit."""
    others = labels == CLASSES
    not_digits = None
    if others.any():
        not_digits = NotDigits(int(others.sum()), float(answers.refused[others].mean()))

    labels, places = labels[~others], places[~others]
    predicted, confidence = answers.predicted[~others], answers.confidence[~others]
    refused = answers.refused[~others]
    right = predicted == labels
    confusion = np.zeros((CLASSES, CLASSES), np.int64)
    inked = predicted != NO_INK
    np.add.at(confusion, (labels[inked], predicted[inked]), 1)
    wrong = np.flatnonzero(~right)
    wrong = wrong[np.argsort(-confidence[wrong], kind="stable")]
    return Report(
        confusion=confusion,
        no_ink=np.bincount(labels[~inked], minlength=CLASSES).astype(np.int64),
        reliability=reliability_table(confidence, right),
        refused=float(refused.mean()) if len(labels) else math.nan,
        mistakes=tuple(
            Mistake(int(places[i]), int(labels[i]), int(predicted[i]), float(confidence[i]))
            for i in wrong
        ),
        not_digits=not_digits,
    )
