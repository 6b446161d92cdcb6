"""What an evaluation found out, as one object that is cheap to store, send and draw."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.errors import FileError
from digitrec.network import CLASSES

NUM_BINS = 15
"""Bins of equal width for the calibration error."""

NO_INK = -1
"""The prediction for a drawing without ink: none of the digits."""

_MOST = 10**9  # a larger count is no count of ours

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]


class Mistake(NamedTuple):
    """One sample whose most probable digit is not its label.

    Parameters
    ----------
    sample : int
        Its index among the evaluated samples.
    label : int
        The digit it shows.
    predicted : int
        The digit that was read, or ``NO_INK`` (-1) if there was nothing to read.
    confidence : float
        The probability of `predicted`, 0 to 1; 0 where there was nothing to read.

    Examples
    --------
    >>> sample, label, predicted, confidence = Mistake(8, 5, 6, 0.71)
    >>> predicted
    6
    """

    sample: int
    label: int
    predicted: int
    confidence: float


class NotDigits(NamedTuple):
    """What became of samples that are no digit.

    Parameters
    ----------
    samples : int
        How many there are.
    refused : float
        The share that was rightly refused, 0 to 1.

    Examples
    --------
    >>> NotDigits(200, 0.5).refused
    0.5
    """

    samples: int
    refused: float


@dataclass(frozen=True, eq=False)
class Report:
    """The result of an evaluation, computed once and cheap to carry, store and draw.

    Whatever has nothing to be computed from, like the accuracy of a digit that does not occur,
    is NaN here and null in JSON.

    Parameters
    ----------
    samples : int
        How many samples of digits were evaluated.
    accuracy : float
        Share whose most probable digit is the label, whether the network refused it or not.
    interval : tuple of float
        The 95 % Wilson interval of `accuracy` (Wilson, "Probable Inference, the Law of
        Succession, and Statistical Inference", 1927).
    per_class : ndarray of float64, shape (10,)
        Accuracy of every digit: of its samples, the share that was read right (recall).
    per_class_interval : ndarray of float64, shape (10, 2)
        The 95 % Wilson interval of each.
    precision : ndarray of float64, shape (10,)
        Of the samples read as a digit, the share that shows it.
    confusion : ndarray of int64, shape (10, 10)
        How often the digit of the row was read as the digit of the column.
    no_ink : ndarray of int64, shape (10,)
        For every digit, how many of its samples had no ink. They count as wrong and refused, and
        stand in no column of `confusion`.
    ece : float
        Expected calibration error: by how much confidence and accuracy differ on average, over
        15 bins of equal width (Guo et al., "On Calibration of Modern Neural Networks", 2017).
    reliability : ndarray of float64, shape (15, 3)
        For every bin its number of samples, their mean confidence and their accuracy.
    refused : float
        Share of the samples of digits that the network refused.
    mistakes : tuple of Mistake
        Every sample that was read wrong, the most confident first.
    not_digits : NotDigits or None
        What became of the samples that are no digit, if there were any.

    Examples
    --------
    >>> from digitrec import mnist, network
    >>> from digitrec.evaluation import evaluate
    >>> test = mnist.load_part("test")
    >>> report = evaluate(network.bundled(), test.images[:200], test.labels[:200])
    >>> report.samples, report.confusion.sum()
    (200, np.int64(200))
    >>> report.interval[0] <= report.accuracy <= report.interval[1]
    True
    """

    samples: int
    accuracy: float
    interval: tuple[float, float]
    per_class: Floats
    per_class_interval: Floats
    precision: Floats
    confusion: Counts
    no_ink: Counts
    ece: float
    reliability: Floats
    refused: float
    mistakes: tuple[Mistake, ...]
    not_digits: NotDigits | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON values; what is NaN becomes None.

        Returns
        -------
        dict
            The fields by name. ``not_digits`` is left out where there were none.

        Examples
        --------
        >>> from digitrec import mnist, network
        >>> from digitrec.evaluation import evaluate
        >>> test = mnist.load_part("test")
        >>> report = evaluate(network.bundled(), test.images[:20], test.labels[:20])
        >>> Report.from_dict(report.to_dict()).to_dict() == report.to_dict()
        True
        """
        content = {
            "samples": self.samples,
            "accuracy": _jsonable(self.accuracy),
            "interval": [_jsonable(bound) for bound in self.interval],
            "refused": _jsonable(self.refused),
            "ece": _jsonable(self.ece),
            "per_class": _jsonable(self.per_class),
            "per_class_interval": _jsonable(self.per_class_interval),
            "precision": _jsonable(self.precision),
            "confusion": self.confusion.tolist(),
            "no_ink": self.no_ink.tolist(),
            "reliability": [
                [int(count), *_jsonable(shares)] for count, *shares in self.reliability
            ],
            "mistakes": [list(mistake) for mistake in self.mistakes],
        }
        if self.not_digits is not None:
            content["not_digits"] = self.not_digits._asdict()
        return content

    @classmethod
    def from_dict(cls, content: object) -> Self:
        """Read a report that :meth:`to_dict` has written, trusting nothing in it.

        Parameters
        ----------
        content : dict
            JSON values, perhaps out of a stranger's model file. Keys that are not ours are
            passed over.

        Raises
        ------
        FileError
            If a field is missing, of the wrong kind or out of range, or if the fields
            contradict each other.

        Examples
        --------
        >>> Report.from_dict({"samples": -1})
        Traceback (most recent call last):
        ...
        digitrec.errors.FileError: an evaluation report was expected, and this is not one: ...
        """
        try:
            report = cls(**_read_fields(content))
            _check_agreement(report)
        except (KeyError, ValueError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise FileError(
                f"an evaluation report was expected, and this is not one: {what:.300}; "
                "evaluate the network again"
            ) from error
        return report


def calibration_error(reliability: Floats) -> float:
    """Return the expected calibration error of a table of bins.

    Parameters
    ----------
    reliability : ndarray of float64, shape (n, 3)
        For every bin its number of samples, their mean confidence and their accuracy.

    Returns
    -------
    float
        The mean difference of confidence and accuracy, a bin weighing as much as it holds; NaN
        if all are empty (Guo et al., 2017).

    Examples
    --------
    >>> calibration_error(np.array([[30, 0.6, 0.5], [10, 0.9, 0.9]])).__round__(3)
    0.075
    """
    counts, confidence, accuracy = reliability[reliability[:, 0] > 0].T
    if not len(counts):
        return math.nan
    return float((counts * np.abs(confidence - accuracy)).sum() / counts.sum())


def _jsonable(values: ArrayLike) -> Any:
    array = np.asarray(values, np.float64)
    if array.ndim:
        return [_jsonable(part) for part in array]
    return None if np.isnan(array) else float(array)


def _read_fields(content: object) -> dict[str, Any]:
    if not isinstance(content, dict):
        raise ValueError(f"expected an object; received {type(content).__name__}")
    fields: dict[str, Any] = {
        "samples": _count(content["samples"]),
        "accuracy": _share(content["accuracy"]),
        "interval": tuple(_array(content["interval"], (2,), _share).tolist()),
        "per_class": _array(content["per_class"], (CLASSES,), _share),
        "per_class_interval": _array(content["per_class_interval"], (CLASSES, 2), _share),
        "precision": _array(content["precision"], (CLASSES,), _share),
        "confusion": _array(content["confusion"], (CLASSES, CLASSES), _count),
        "no_ink": _array(content["no_ink"], (CLASSES,), _count),
        "ece": _share(content["ece"]),
        "reliability": _read_bins(content["reliability"]),
        "refused": _share(content["refused"]),
        "mistakes": _read_mistakes(content["mistakes"]),
    }
    not_digits = content.get("not_digits")
    if not_digits is not None:
        if not isinstance(not_digits, dict):
            raise ValueError("expected not_digits to be an object")
        num, refused = _count(not_digits["samples"]), _share(not_digits["refused"])
        if not num or math.isnan(refused):
            raise ValueError("expected samples and a share in not_digits")
        fields["not_digits"] = NotDigits(num, refused)
    return fields


def _count(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST:
        raise ValueError(f"expected a count; received {value!r:.40}")
    return value


def _share(value: object) -> float:
    if value is None:
        return math.nan
    # A mean of ones may exceed one by its last bit.
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value <= 1 + 1e-9:
        raise ValueError(f"expected a share from 0 to 1, or null; received {value!r:.40}")
    return float(value)


def _array(values: object, shape: tuple[int, ...], read: Callable[[object], float]) -> NDArray[Any]:
    def rows(part: object, sizes: tuple[int, ...]) -> Any:
        if not sizes:
            return read(part)
        if not isinstance(part, list) or len(part) != sizes[0]:
            raise ValueError(f"expected a list of shape {shape}")
        return [rows(item, sizes[1:]) for item in part]

    return np.array(rows(values, shape))


def _read_bins(values: object) -> Floats:
    if not isinstance(values, list) or not all(isinstance(row, list) and row for row in values):
        raise ValueError(f"expected a list of shape {(NUM_BINS, 3)}")
    counts = _array([row[0] for row in values], (NUM_BINS,), _count)
    shares = _array([row[1:] for row in values], (NUM_BINS, 2), _share)
    if (np.isnan(shares) != (counts == 0)[:, np.newaxis]).any():
        raise ValueError("expected the bins that hold samples, and no others, to have shares")
    return np.column_stack([counts, shares])


def _read_mistakes(values: object) -> tuple[Mistake, ...]:
    if not isinstance(values, list):
        raise ValueError("expected a list of mistakes")
    mistakes = []
    for value in values:
        if not isinstance(value, list) or len(value) != len(Mistake._fields):
            raise ValueError(f"expected {', '.join(Mistake._fields)}; received {value!r:.40}")
        sample, label, predicted, confidence = value
        if predicted != NO_INK:
            _count(predicted)
        mistake = Mistake(_count(sample), _count(label), predicted, _share(confidence))
        if max(mistake.label, mistake.predicted) >= CLASSES or math.isnan(mistake.confidence):
            raise ValueError(f"expected a mistake about a digit; received {value!r:.40}")
        mistakes.append(mistake)
    return tuple(mistakes)


def _check_agreement(report: Report) -> None:
    """Refuse fields that contradict each other: a page must not say two things."""
    right = np.diag(report.confusion)
    support = report.confusion.sum(axis=1) + report.no_ink
    counted = np.zeros((CLASSES, CLASSES + 1), np.int64)
    for mistake in report.mistakes:
        counted[mistake.label, mistake.predicted] += 1  # NO_INK is the last column
    wrong = np.column_stack([report.confusion - np.diag(right), report.no_ink])
    with np.errstate(invalid="ignore"):
        agreements = {
            "samples": report.samples == support.sum() == report.reliability[:, 0].sum(),
            "mistakes": (counted == wrong).all(),
            "accuracy": _close(report.accuracy, np.divide(right.sum(), support.sum())),
            "per_class": _close(report.per_class, right / support),
            "precision": _close(report.precision, right / report.confusion.sum(axis=0)),
            "ece": _close(report.ece, calibration_error(report.reliability)),
            "refused": math.isnan(report.refused) == (report.samples == 0),
            "interval": _within(np.array(report.interval), report.accuracy),
            "per_class_interval": _within(report.per_class_interval, report.per_class),
        }
    for name, agrees in agreements.items():
        if not agrees:
            raise ValueError(f"its {name} contradicts its other fields")


def _close(received: ArrayLike, expected: ArrayLike) -> bool:
    return np.allclose(received, expected, rtol=0, atol=1e-9, equal_nan=True)


def _within(interval: Floats, value: float | Floats) -> bool:
    low, high = interval[..., 0], interval[..., 1]
    inside = (low - 1e-9 <= value) & (value <= high + 1e-9)
    unknown = np.isnan(low) & np.isnan(high) & np.isnan(value)
    return bool((inside | unknown).all())
