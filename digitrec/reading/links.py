"""Where one stroke that writes two digits may be cut."""

import itertools

import numpy as np
from numpy.typing import NDArray

from digitrec.reading.pieces import along

Points = NDArray[np.float64]

_STEP = 0.02  # of the line that is looked at, shares of the stroke's height
_MOST_STEPS = 1500
_OVERLAP = 0.03  # what both sides may overlap in x, share of the height
_LEAST_HEIGHT = 0.55  # of either side, share of the height: a digit is no hook
_REACH = 0.9  # how far a link is followed beyond where both sides are apart, share of the height
_TURN = 0.7  # where a stroke turns by more than this, a link ends, radians
_SPAN = 0.06  # over which a turn is measured, share of the height
_LEAST_MOVE = 0.12  # that a link leads to the right, share of the height
_MOST = 4  # links of one stroke; more are a scribble's


def links(stroke: Points) -> tuple[Points, list[tuple[int, int]]]:
    """Find the lines that may lead from one digit to the next within a stroke.

    The pen leads on to the right: whatever comes before such a line lies left of whatever comes
    after it, and both are high enough for a digit.

    Parameters
    ----------
    stroke : ndarray of float64, shape (n, 2)

    Returns
    -------
    points : ndarray of float64, shape (m, 2)
        The stroke with even steps.
    ranges : list of (int, int)
        For each link, the point where the digit before it ends, and that where the next begins.

    Examples
    --------
    >>> two_ones = np.array([[0.0, 0.0], [0.0, 100.0], [60.0, 0.0], [60.0, 100.0]])
    >>> points, ranges = links(two_ones)
    >>> [(points[a].round().tolist(), points[b].round().tolist()) for a, b in ranges]
    [([0.0, 100.0], [60.0, 0.0])]
    >>> links(np.array([[0.0, 0.0], [0.0, 100.0]]))[1]
    []
    """
    length = float(np.hypot(*np.diff(stroke, axis=0).T).sum()) if len(stroke) > 1 else 0.0
    width, high = np.ptp(stroke, axis=0)
    if high <= 0 or width < 0.25 * high or length < 1.5 * high:
        return stroke, []
    points = along(stroke, min(_MOST_STEPS, int(length / (_STEP * high)) + 2))
    reached = np.maximum.accumulate(points[:, 0])
    ahead = np.minimum.accumulate(points[::-1, 0])[::-1]
    before = np.maximum.accumulate(points[:, 1]) - np.minimum.accumulate(points[:, 1])
    after = (np.maximum.accumulate(points[::-1, 1]) - np.minimum.accumulate(points[::-1, 1]))[::-1]
    least = _LEAST_HEIGHT * high
    possible = (reached - ahead <= _OVERLAP * high) & (before >= least) & (after >= least)
    a_share = high * len(points) / length  # points in a height
    corners = _corners(points, max(1, round(_SPAN * a_share)))
    reach = _REACH * a_share
    found: list[tuple[int, int]] = []
    marks = np.flatnonzero(np.diff(np.concatenate([[0], possible.astype(int), [0]])))
    for start, stop in zip(marks[::2], marks[1::2] - 1, strict=True):
        earlier = corners[(corners <= start) & (corners >= start - reach)]
        later = corners[(corners >= stop) & (corners <= stop + reach)]
        inside = corners[(corners > start) & (corners < stop)]
        ends = [
            int(earlier[-1]) if len(earlier) else int(start),
            *inside.tolist(),
            int(later[0]) if len(later) else int(stop),
        ]
        fitting = [
            (points[b, 0] - points[a, 0], a, b)
            for a, b in itertools.pairwise(ends)
            if before[a] >= least and after[b] >= least
        ]
        if fitting:
            moved, a, b = max(fitting)
            if moved >= _LEAST_MOVE * high:
                found.append((a, b))
    return (points, found) if 0 < len(found) <= _MOST else (stroke, [])


def _corners(points: Points, span: int) -> NDArray[np.int64]:
    """Return the points at which a line turns sharply."""
    padded = np.concatenate([points[:1].repeat(span, 0), points, points[-1:].repeat(span, 0)])
    come, go = points - padded[: len(points)], padded[2 * span :] - points
    cross = come[:, 0] * go[:, 1] - come[:, 1] * go[:, 0]
    turns = np.abs(np.arctan2(cross, (come * go).sum(axis=1)))
    windows = np.lib.stride_tricks.sliding_window_view(np.pad(turns, span), 2 * span + 1)
    return np.flatnonzero((turns > _TURN) & (turns >= windows.max(axis=1)))
