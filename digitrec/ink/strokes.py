"""Strokes, as a pen or a finger leaves them on a canvas, and the image MNIST would have made."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.errors import InkError
from digitrec.ink import frame

Points = NDArray[np.float64]
Strokes = Sequence[ArrayLike]
"""A drawing: each stroke an array_like of shape (n, 2), x to the right, y down."""

CANVAS = 300
"""Height and width of the pad, for showing a drawing where it was drawn, pixels."""

MAX_POINTS = 1_000_000
"""More points than this are no drawing."""

MAX_STROKES = 4_000
"""More strokes than this are no drawing: what is done for each of them takes most of the time."""

MAX_COORDINATE = 1e7
"""Coordinates further out than this are no drawing."""

_KEPT_POINTS = 3000  # what a thinned drawing keeps: more than a hand draws in a minute
_SPACING = 0.5  # of the resampled line, pixels of the fitted box
_AT_ONCE = 4096  # pieces of line whose distance is measured together; more would take memory
_PEN = 18  # width of a line as the pad shows it, pixels of the canvas
_VIEW = 56  # side of the pictures of early stages, pixels
_TAP = 0.06  # a stroke smaller than this share of the largest is a tap
_BESIDE = 0.1  # a tap further to the side of all else than this share of its size is stray
_BEYOND = 0.75  # and one as far above or below


@dataclass(frozen=True, eq=False)
class Sample:
    """One drawing out of an ink file.

    Parameters
    ----------
    strokes : tuple of ndarray of float64, shape (n, 2)
        Points on a canvas, x to the right, y down.
    label, id, writer : str or None
        What it shows, its name and who drew it, where known.

    Examples
    --------
    >>> Sample((np.zeros((1, 2)),), label="7").label
    '7'
    """

    strokes: tuple[Points, ...]
    label: str | None = None
    id: str | None = None
    writer: str | None = None


def check(strokes: Strokes) -> tuple[Points, ...]:
    """Return strokes as arrays, or say why they are no drawing.

    Parameters
    ----------
    strokes : sequence of array_like, each of shape (n, 2)

    Returns
    -------
    tuple of ndarray of float64, shape (n, 2)
        Without the strokes that hold no point.

    Raises
    ------
    InkError
        If a stroke is no list of pairs, a coordinate is not finite or beyond
        ``MAX_COORDINATE``, or there are more than ``MAX_STROKES`` strokes or ``MAX_POINTS``
        points.

    Examples
    --------
    >>> check([[(1, 2), (3, 4)], []])
    (array([[1., 2.],
           [3., 4.]]),)
    >>> check([[(1, float("nan"))]])
    Traceback (most recent call last):
    ...
    digitrec.errors.InkError: stroke 0: finite coordinates were expected; drop the broken points
    """
    checked = []
    num_points = 0
    if isinstance(strokes, str | bytes) or not hasattr(strokes, "__iter__"):
        raise InkError(
            f"a list of strokes was expected. Received: {type(strokes).__name__}; "
            "pass one list of (x, y) points a stroke"
        )
    for number, stroke in enumerate(strokes):
        if number >= MAX_STROKES:
            raise InkError(f"at most {MAX_STROKES:,} strokes were expected; draw less at once")
        try:
            points = np.asarray(stroke, np.float64)
        except (TypeError, ValueError, OverflowError) as error:
            raise InkError(
                f"stroke {number}: a list of (x, y) points was expected. Received: {error}"
            ) from error
        if points.size == 0:
            continue
        if points.ndim != 2 or points.shape[1] != 2:
            raise InkError(
                f"stroke {number}: points of shape (n, 2) were expected. Received: {points.shape}"
            )
        if not np.isfinite(points).all():
            raise InkError(
                f"stroke {number}: finite coordinates were expected; drop the broken points"
            )
        if np.abs(points).max() > MAX_COORDINATE:
            raise InkError(
                f"stroke {number}: coordinates up to {MAX_COORDINATE:g} were expected. "
                f"Received: {np.abs(points).max():g}"
            )
        num_points += len(points)
        if num_points > MAX_POINTS:
            raise InkError(f"at most {MAX_POINTS:,} points were expected; draw less at once")
        checked.append(points)
    return tuple(checked)


def image(strokes: Strokes, *, pen: float = frame.PEN) -> frame.Float | None:
    """Turn a drawing into the image that MNIST would have made of it.

    Where on the canvas it was drawn, and how large, changes nothing, nor does a stray tap beside
    it.

    Parameters
    ----------
    strokes : sequence of array_like, each of shape (n, 2)
        x to the right, y down, in any unit.
    pen : float
        Width of the line in the image, pixels, 0.5 to 8. Leave it
        as it is to read a drawing; other widths are for variety in training.

    Returns
    -------
    ndarray of float32, shape (28, 28), or None
        0 is paper, 1 is ink; None when there is no ink. A single point is a dot.

    Raises
    ------
    InkError
        As :func:`check`.
    ValueError
        If the pen is too thin or too thick.

    Examples
    --------
    >>> image([[(10, 10), (10, 200)]]).shape
    (28, 28)
    >>> image([]) is None
    True
    """
    if not 0.5 <= pen <= 8:
        raise ValueError(f"pen must be from 0.5 to 8 pixels. Received: {pen!r}")
    lines = _smooth(_without_stray_taps(check(strokes)))
    if not lines:
        return None
    return _framed(lines, pen)[1]


def stages(strokes: Strokes) -> dict[str, frame.Float] | None:
    """Return every step from a drawing to what the network sees.

    Parameters
    ----------
    strokes : sequence of array_like, each of shape (n, 2)
        x to the right, y down, on a 300×300 canvas or a larger one.

    Returns
    -------
    dict of str to ndarray of float32, or None
        In order: "drawing" (56, 56), the whole canvas made small; "trimmed" (56, 56), the ink
        alone, without stray taps, with the thickness it was drawn in; "fitted" (20, 20), its
        longer side made to fit and the line redrawn with one pen; "centred" (28, 28), moved to its
        centre of mass, which equals :func:`image`. None when there is no ink.

    Raises
    ------
    InkError
        As :func:`check`.

    Examples
    --------
    >>> {name: picture.shape for name, picture in stages([[(10, 10), (10, 200)]]).items()}
    {'drawing': (56, 56), 'trimmed': (56, 56), 'fitted': (20, 20), 'centred': (28, 28)}
    """
    checked = check(strokes)
    everything, lines = _smooth(checked), _smooth(_without_stray_taps(checked))
    if not lines:
        return None
    low, high = _corners(everything)
    # A canvas that starts elsewhere than at 0, or is larger than the pad, is shown whole.
    start = np.minimum(low, 0)
    size = max(CANVAS, float((high - start).max()))
    zoom = _VIEW / size
    pen = _PEN * zoom
    drawing = frame.paint(_distance(everything, zoom), _VIEW, pen, (start + size / 2) * zoom)
    low, high = _corners(lines)
    closer = min(_VIEW / (float((high - low).max()) + _PEN), 8 * zoom)
    trimmed = frame.paint(_distance(lines, closer), _VIEW, _PEN * closer, (low + high) / 2 * closer)
    fitted, centred = _framed(lines, frame.PEN)
    return {"drawing": drawing, "trimmed": trimmed, "fitted": fitted, "centred": centred}


def _framed(lines: list[Points], pen: float) -> tuple[frame.Float, frame.Float]:
    low, high = _corners(lines)
    scale = frame.scale_for(low, high, pen)
    middle = (low + high) / 2
    return frame.frame(_distance([line - middle for line in lines], scale), np.zeros(2), pen)


def _corners(lines: list[Points]) -> tuple[Points, Points]:
    points = np.concatenate(lines)
    return points.min(axis=0), points.max(axis=0)


def _without_stray_taps(strokes: tuple[Points, ...]) -> tuple[Points, ...]:
    """Return strokes without taps that are no part of the drawing.

    A finger that touches the pad beside a digit would widen its box, and so shrink the digit. The
    dot of an i lies above, and that of a hasty 5 nearly touches: these stay.
    """
    corners = [(stroke.min(axis=0), stroke.max(axis=0)) for stroke in strokes]
    extents = [float((high - low).max()) for low, high in corners]
    least = _TAP * max(extents, default=0.0)
    if all(extent >= least for extent in extents):
        return strokes
    drawn = [pair for pair, extent in zip(corners, extents, strict=True) if extent >= least]
    low = np.min([pair[0] for pair in drawn], axis=0)
    high = np.max([pair[1] for pair in drawn], axis=0)
    size = float((high - low).max())
    kept = []
    for stroke, pair, extent in zip(strokes, corners, extents, strict=True):
        middle = (pair[0] + pair[1]) / 2
        aside, away = np.maximum(low - middle, middle - high) / size
        if extent >= least or (aside <= _BESIDE and away <= _BEYOND):
            kept.append(stroke)
    return tuple(kept)


def _smooth(strokes: tuple[Points, ...]) -> list[Points]:
    """Thin what is too dense and bend what is too sparse.

    A fast mouse leaves few points far apart; a curve through them (centripetal Catmull-Rom, which
    never overshoots into loops: Yuksel et al., "Parameterization and applications of Catmull-Rom
    curves", 2011) is nearer to what the hand did than straight pieces.
    """
    if not strokes:
        return []
    low, high = _corners(list(strokes))
    extent = float((high - low).max())
    if extent <= 1e-9:
        return [(low + high)[None] / 2]
    step = _SPACING * extent / (frame.BOX - frame.PEN)
    share = _KEPT_POINTS / sum(map(len, strokes))
    lines = []
    for stroke in strokes:
        points = _apart(stroke, 1e-9 * extent)
        if share < 1:
            kept = max(2, int(len(points) * share))
            points = points[np.linspace(0, len(points) - 1, kept).round().astype(int)]
            points = _apart(points, 1e-9 * extent)
        lines.append(_resample(_bend(points, step), step))
    return lines


def _apart(points: Points, least: float) -> Points:
    """Return points without those that lie where the one before them does."""
    steps = np.abs(np.diff(points, axis=0)).max(axis=1)
    return np.asarray(points[np.concatenate([[True], steps > least])])


def _bend(points: Points, step: float) -> Points:
    if len(points) < 3:
        return points
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    gaps = np.sqrt(np.linalg.norm(np.diff(padded, axis=0), axis=1))
    before, along, after = (gap[:, None] for gap in (gaps[:-2], gaps[1:-1], gaps[2:]))
    start, end = padded[1:-2], padded[2:-1]
    # Tangents of the centripetal curve, scaled to a parameter that runs from 0 to 1.
    leaving = along * (
        (start - padded[:-3]) / before
        - (end - padded[:-3]) / (before + along)
        + (end - start) / along
    )
    arriving = along * (
        (end - start) / along - (padded[3:] - start) / (along + after) + (padded[3:] - end) / after
    )
    longest = float(gaps.max()) ** 2
    num_pieces = int(np.clip(np.ceil(longest / step), 1, 24))
    t = (np.arange(num_pieces) / num_pieces)[None, :, None]
    curve = (
        (2 * t**3 - 3 * t**2 + 1) * start[:, None]
        + (t**3 - 2 * t**2 + t) * leaving[:, None]
        + (3 * t**2 - 2 * t**3) * end[:, None]
        + (t**3 - t**2) * arriving[:, None]
    )
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])


def _resample(points: Points, step: float) -> Points:
    lengths = np.concatenate([[0], np.linalg.norm(np.diff(points, axis=0), axis=1).cumsum()])
    num_pieces = int(np.clip(np.ceil(lengths[-1] / step), 1, _KEPT_POINTS))
    if len(points) == 1:
        return points
    at = np.linspace(0, lengths[-1], num_pieces + 1)
    return np.column_stack([np.interp(at, lengths, points[:, axis]) for axis in (0, 1)])


def _distance(lines: list[Points], scale: float) -> frame.Distance:
    """Return the function that measures how far a grid's points lie from scaled lines."""
    starts = np.concatenate([line[:-1] if len(line) > 1 else line for line in lines]) * scale
    ends = np.concatenate([line[1:] if len(line) > 1 else line for line in lines]) * scale
    along = ends - starts
    squared = np.maximum((along**2).sum(axis=1), 1e-12)

    def measure(x: Points, y: Points, reach: float) -> Points:
        # Each piece of line reaches few pixels, so only a window around each is looked at.
        longest = float(np.abs(along).max())
        window = np.arange(int(np.ceil(longest + 2 * reach)) + 2)
        nearest = np.full(len(y) * len(x), np.inf)
        for first in range(0, len(starts), _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            start, way = starts[some], along[some]
            low = np.minimum(start, ends[some]) - reach
            columns = np.floor(low[:, :1] - x[0]).astype(int) + window
            rows = np.floor(low[:, 1:] - y[0]).astype(int) + window
            right = x[0] + columns - start[:, :1]
            down = y[0] + rows - start[:, 1:]
            share = right[:, None, :] * way[:, :1, None] + down[:, :, None] * way[:, 1:, None]
            share = np.clip(share / squared[some, None, None], 0, 1)
            apart = np.hypot(
                right[:, None, :] - share * way[:, :1, None],
                down[:, :, None] - share * way[:, 1:, None],
            )
            inside = ((columns >= 0) & (columns < len(x)))[:, None, :] & (
                (rows >= 0) & (rows < len(y))
            )[:, :, None]
            places = rows[:, :, None] * len(x) + columns[:, None, :]
            np.minimum.at(nearest, places[inside], apart[inside])
        return nearest.reshape(len(y), len(x))

    return measure
