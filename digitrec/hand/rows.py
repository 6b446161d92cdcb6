"""Digits set side by side, as a hand writes a number."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Strokes = Sequence[ArrayLike]

_HIGH = 110.0  # of the digits of a row, pixels
_WIDE = 0.6  # a digit wider than this share is made lower, so that it stays as large as the others
_TOP = 80.0
_BASELINE = 8.0  # how far a digit may be off its line, pixels
_LEAST = 45.0  # gaps beside a narrow digit are those beside one of this width, pixels
_GAPS = (-0.05, 0.30)  # shares of a digit's width


def side_by_side(
    digits: Sequence[Strokes], rng: np.random.Generator, *, joined: float = 0.0
) -> list[list[NDArray[np.float64]]]:
    """Set drawings of digits side by side, as one hand would write them.

    All are about as high, up and down by a few pixels, with gaps from -5 to 30 % of a width.

    Parameters
    ----------
    digits : sequence of drawings
        Each a sequence of array_like of shape (n, 2), from left to right.
    rng : numpy.random.Generator
    joined : float
        Share of the digits that the pen reaches from the one before without being lifted.

    Returns
    -------
    list of list of ndarray of float64, shape (n, 2)
        For each digit its strokes; that of a digit which is joined to the one before begins with
        the last point of that one.

    Examples
    --------
    >>> one = [[(0, 0), (0, 50)]]
    >>> row = side_by_side([one, one], np.random.default_rng(0))
    >>> len(row), bool(row[1][0][0, 0] > row[0][0][0, 0])
    (2, True)
    """
    row: list[list[NDArray[np.float64]]] = []
    left = 10.0
    for strokes in digits:
        drawn = [np.asarray(stroke, np.float64) for stroke in strokes]
        points = np.concatenate(drawn)
        low = points.min(axis=0)
        wide, high = points.max(axis=0) - low
        scale = _HIGH / max(high, _WIDE * wide, 1.0)
        place = [left, _TOP + rng.uniform(-_BASELINE, _BASELINE)]
        set_here = [(stroke - low) * scale + place for stroke in drawn]
        left += wide * scale + rng.uniform(*_GAPS) * max(wide * scale, _LEAST)
        if row and rng.random() < joined:
            set_here[0] = np.concatenate([row[-1][-1][-1:], set_here[0]])
        row.append(set_here)
    return row


def strokes_of(row: Sequence[Sequence[NDArray[np.float64]]]) -> list[NDArray[np.float64]]:
    """Return the strokes of a row as the pen left them.

    Parameters
    ----------
    row : list of list of ndarray of float64, shape (n, 2)
        As :func:`side_by_side` returns it.

    Examples
    --------
    >>> first, second = np.array([[0.0, 0.0], [0.0, 9.0]]), np.array([[0.0, 9.0], [5.0, 0.0]])
    >>> len(strokes_of([[first], [second]])), len(strokes_of([[first], [first + 20]]))
    (1, 2)
    """
    drawn: list[NDArray[np.float64]] = []
    for strokes in row:
        first, *others = strokes
        if drawn and np.array_equal(drawn[-1][-1], first[0]):
            drawn[-1] = np.concatenate([drawn[-1], first[1:]])
            drawn += others
        else:
            drawn += strokes
    return drawn
