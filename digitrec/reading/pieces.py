"""Pieces: ink that is never divided, and where pieces lie beside each other.

A number is read by cutting its ink into more pieces than it has digits. A piece is a stroke, a part
of one, or some strokes that surely belong together; in a picture it is ink that hangs together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

Run = tuple[int, ...]
"""Places of pieces that may be one digit."""

Box = tuple[float, float, float, float]
"""Left, upper, right and lower edge."""

TINY = 0.12
"""A piece smaller than this share of the line's height is a dot or a tap, and no digit."""

_SAMPLED = 48  # points that stand for a piece when distances are measured
_TOUCHING = 0.04  # pieces nearer than this share of the line's height touch
_INSIDE = 0.12  # and are one if the narrower one's middle lies this far inside the other's width
_FLAT = 0.4  # a line of flat strokes is taken to be this share of its widest as high


@dataclass(frozen=True, eq=False)
class Piece:
    """Ink that is never divided.

    Parameters
    ----------
    points : ndarray of float64, shape (n, 2)
        Points along it, x to the right, y down.
    parts : tuple
        What the ink it came from needs to find it again: strokes, or labels in a picture.
    when : tuple of float
        When its first and its last part were drawn; the same number where nobody knows.

    Examples
    --------
    >>> piece = Piece(np.array([[1.0, 2.0], [4.0, 6.0]]), parts=(0,))
    >>> piece.low.tolist(), piece.high.tolist()
    ([1.0, 2.0], [4.0, 6.0])
    """

    points: Points
    parts: tuple[object, ...]
    when: tuple[float, float] = (0.0, 0.0)

    @property
    def low(self) -> Points:
        """The upper left corner of its box."""
        return np.asarray(self.points.min(axis=0))

    @property
    def high(self) -> Points:
        """The lower right corner of its box."""
        return np.asarray(self.points.max(axis=0))


def line_height(pieces: Sequence[Piece]) -> float:
    """Return how high a row of digits is, from its pieces, in their unit.

    Examples
    --------
    >>> line_height([Piece(np.array([[0.0, 0.0], [1.0, 90.0]]), (0,))])
    90.0
    """
    extents = np.array([piece.high - piece.low for piece in pieces])
    return float(max(extents[:, 1].max(), _FLAT * extents[:, 0].max(), 1e-9))


def along(points: Points, most: int = _SAMPLED) -> Points:
    """Return points evenly along a line, dense enough to measure distances with.

    Examples
    --------
    >>> along(np.array([[0.0, 0.0], [10.0, 0.0]]), 3).tolist()
    [[0.0, 0.0], [5.0, 0.0], [10.0, 0.0]]
    """
    if len(points) == 1:
        return points
    lengths = np.concatenate([[0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
    at = np.linspace(0, lengths[-1], most)
    return np.column_stack([np.interp(at, lengths, points[:, axis]) for axis in (0, 1)])


def apart(first: Points, second: Points) -> float:
    """Return the least distance between the points of two pieces.

    Examples
    --------
    >>> apart(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0], [9.0, 9.0]]))
    5.0
    """
    away = first[:, None] - second[None]
    return float(np.sqrt((away**2).sum(axis=-1).min()))


def distances(pieces: Sequence[Piece]) -> Points:
    """Return the least distance between any two pieces.

    Examples
    --------
    >>> dots = [Piece(np.array([[x, 0.0]]), (x,)) for x in (0.0, 2.0, 5.0)]
    >>> distances(dots).tolist()
    [[0.0, 2.0, 5.0], [2.0, 0.0, 3.0], [5.0, 3.0, 0.0]]
    """
    count = len(pieces)
    result = np.zeros((count, count))
    for i in range(count):
        for j in range(i):
            result[i, j] = result[j, i] = apart(pieces[i].points, pieces[j].points)
    return result


def gather(pieces: Sequence[Piece]) -> list[Piece]:
    """Join pieces that surely belong to one digit, and order all from left to right.

    A bar through a stem, a foot under it and a dot inside are one with what they touch or what is
    nearest.

    Examples
    --------
    >>> stem = Piece(np.array([[50.0, 0.0], [50.0, 50.0], [50.0, 100.0]]), (0,))
    >>> bar = Piece(np.array([[30.0, 50.0], [50.0, 50.0], [70.0, 50.0]]), (1,))
    >>> [piece.parts for piece in gather([stem, bar])]
    [(0, 1)]
    """
    pieces = list(pieces)
    high = line_height(pieces)
    while len(pieces) > 1:
        away = distances(pieces) / high
        pair = next(
            (
                (i, j)
                for i in range(len(pieces))
                for j in range(i)
                if away[i, j] < _TOUCHING and _astride(pieces[i], pieces[j])
            ),
            None,
        )
        if pair is None:
            sizes = [float((piece.high - piece.low).max()) / high for piece in pieces]
            smallest = int(np.argmin(sizes))
            if sizes[smallest] >= TINY:
                break
            away[smallest, smallest] = np.inf
            pair = (smallest, int(np.argmin(away[smallest])))
        i, j = sorted(pair)
        pieces[i] = _joined(pieces[i], pieces.pop(j))
    return sorted(pieces, key=lambda piece: float(piece.low[0] + piece.high[0]))


def _astride(first: Piece, second: Piece) -> bool:
    """Say whether the middle of the narrower piece lies well inside the width of the other."""
    narrow, wide = sorted((first, second), key=lambda piece: float(np.ptp(piece.points[:, 0])))
    width = wide.high[0] - wide.low[0]
    middle = (narrow.low[0] + narrow.high[0]) / 2
    margin = _INSIDE * width
    return bool(wide.low[0] + margin <= middle <= wide.high[0] - margin)


def _joined(first: Piece, second: Piece) -> Piece:
    if second.when < first.when:
        first, second = second, first
    return Piece(
        np.concatenate([first.points, second.points]),
        first.parts + second.parts,
        (min(first.when[0], second.when[0]), max(first.when[1], second.when[1])),
    )
