"""The result of an evaluation, as one object that is cheap to store, send and draw."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.errors import FileError
from digitrec.network import CLASSES

NUM_BINS = 15
"""Bins of equal width for the calibration error."""

NO_INK = -1
"""The prediction for a drawing without ink: none of the digits."""

_MOST = 10**9  # we never count further
_Z = NormalDist().inv_cdf(0.975)  # half of the 5 % that a 95 % interval leaves out, on each side

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
    """What the network did with samples that are not digits.

    Parameters
    ----------
    samples : int
        How many there are.
    refused : float
        The share that it refused, as it should, 0 to 1.

    Examples
    --------
    >>> NotDigits(200, 0.5).refused
    0.5
    """

    samples: int
    refused: float


@dataclass(frozen=True, eq=False)
class Report:
    """The result of an evaluation: what was counted, and what follows from it.

    A figure that cannot be computed, like the accuracy of a digit that does not occur, is NaN
    here and null in JSON.

    Parameters
    ----------
    confusion : ndarray of int64, shape (10, 10)
        How often the digit of the row was read as the digit of the column.
    no_ink : ndarray of int64, shape (10,)
        For every digit, how many of its samples had no ink. They count as wrong and refused, and
        are in no column of `confusion`.
    reliability : ndarray of float64, shape (15, 3)
        For each confidence bin its number of samples, their mean confidence and their
        accuracy.
    refused : float
        Share of the samples of digits that the network refused.
    mistakes : tuple of Mistake
        Every sample that was read wrong, the most confident first.
    not_digits : NotDigits or None
        What the network did with the samples that are not digits, if there were any.

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

    confusion: Counts
    no_ink: Counts
    reliability: Floats
    refused: float
    mistakes: tuple[Mistake, ...]
    not_digits: NotDigits | None = None

    @property
    def support(self) -> Counts:
        """Samples of every digit, int64 of shape (10,)."""
        counts: Counts = self.confusion.sum(axis=1) + self.no_ink
        return counts

    @property
    def samples(self) -> int:
        """How many samples of digits were evaluated."""
        return int(self.support.sum())

    @property
    def accuracy(self) -> float:
        """Share whose most probable digit is the label, whether the network refused it or not."""
        return float(np.trace(self.confusion)) / self.samples if self.samples else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy, as :func:`wilson_interval`."""
        return wilson_interval(int(np.trace(self.confusion)), self.samples)

    @property
    def per_class(self) -> Floats:
        """Accuracy of every digit: of its samples, the share read right (recall)."""
        return _shares(np.diag(self.confusion), self.support)

    @property
    def per_class_interval(self) -> Floats:
        """The 95 % interval of each, float64 of shape (10, 2)."""
        right = np.diag(self.confusion).tolist()
        pairs = zip(right, self.support.tolist(), strict=True)
        return np.array([wilson_interval(*pair) for pair in pairs])

    @property
    def precision(self) -> Floats:
        """Of the samples read as a digit, the share that shows it."""
        return _shares(np.diag(self.confusion), self.confusion.sum(axis=0))

    @property
    def ece(self) -> float:
        """The expected calibration error, as :func:`calibration_error`."""
        return calibration_error(self.reliability)

    def to_dict(self) -> dict[str, Any]:
        """Return what was counted as JSON values; NaN becomes None.

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
            "refused": _jsonable(self.refused),
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

    def figures(self) -> dict[str, Any]:
        """Return what follows from the counts as JSON values; NaN becomes None.

        Returns
        -------
        dict

        Examples
        --------
        >>> from digitrec.network import bundled
        >>> report = Report.from_dict(bundled().metadata["evaluation"])
        >>> report.figures()["samples"]
        10000
        """
        return {
            "samples": self.samples,
            "accuracy": _jsonable(self.accuracy),
            "interval": _jsonable(self.interval),
            "ece": _jsonable(self.ece),
            "per_class": _jsonable(self.per_class),
            "per_class_interval": _jsonable(self.per_class_interval),
            "precision": _jsonable(self.precision),
        }

    @classmethod
    def from_dict(cls, content: object) -> Self:
        """Read a report that :meth:`to_dict` has written, trusting nothing in it.

        Parameters
        ----------
        content : dict
            JSON values, perhaps out of a stranger's model file. Other keys are ignored: reports
            of digitrec 0.1 also stored what follows from the counts.

        Raises
        ------
        FileError
            If a field is missing, of the wrong kind or out of range, or if the fields
            contradict each other.

        Examples
        --------
        >>> Report.from_dict({"refused": -1})
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


def wilson_interval(num_right: int, num_samples: int) -> tuple[float, float]:
    """Return the 95 % interval of an accuracy.

    Parameters
    ----------
    num_right : int
        How many answers were right.
    num_samples : int
        Of how many.

    Returns
    -------
    tuple of float
        Low and high, 0 to 1; NaN if there are no samples (Wilson, "Probable Inference, the Law of
        Succession, and Statistical Inference", 1927).

    Raises
    ------
    ValueError
        If more are right than there are, or a number is below zero.

    Examples
    --------
    >>> [round(bound, 3) for bound in wilson_interval(9, 10)]
    [0.596, 0.982]
    """
    if not 0 <= num_right <= num_samples:
        raise ValueError(
            f"expected from 0 to {num_samples} right answers, as many as samples; "
            f"received {num_right}"
        )
    if not num_samples:
        return math.nan, math.nan
    # SciPy has this as well; a page that shows a report would wait half a second for the import.
    share, weight = num_right / num_samples, _Z**2 / num_samples
    middle = share + weight / 2
    half = math.sqrt(weight * (share * (1 - share) + weight / 4))
    # At the ends rounding must not leave the accuracy outside its own interval.
    low, high = (middle - half) / (1 + weight), (middle + half) / (1 + weight)
    return max(0.0, min(low, share)), min(1.0, max(high, share))


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
        "confusion": _array(content["confusion"], (CLASSES, CLASSES), _count),
        "no_ink": _array(content["no_ink"], (CLASSES,), _count),
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
    counted = np.zeros((CLASSES, CLASSES + 1), np.int64)
    for mistake in report.mistakes:
        counted[mistake.label, mistake.predicted] += 1  # NO_INK is the last column
    right = np.diag(np.diag(report.confusion))
    agreements = {
        "reliability": report.samples == report.reliability[:, 0].sum(),
        "mistakes": (counted == np.column_stack([report.confusion - right, report.no_ink])).all(),
        "refused": math.isnan(report.refused) == (report.samples == 0),
    }
    for name, agrees in agreements.items():
        if not agrees:
            raise ValueError(f"its {name} contradicts its other fields")


def _shares(part: ArrayLike, whole: Counts) -> Floats:
    with np.errstate(invalid="ignore"):  # 0 of 0 is NaN, as it should be
        return np.divide(part, whole)
