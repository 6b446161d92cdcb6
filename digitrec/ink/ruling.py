"""The lines printed on a sheet: found because they cross the whole picture, and taken away."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_MOST_TURN = 30  # of a sheet from upright, degrees
_FAN = 15  # most that perspective turns one line from another, degrees
_BIN = 2  # of a line's place, pixels
_REACH = 14  # of a line's profile to either side, pixels
_SHORTEST = 0.1  # a line across a corner of the picture, share of the picture
_SMALLEST = 40  # a picture in which to look for lines, pixels
_MOST_LINES = 120  # in either direction
_SUPPORT = 0.6  # of its length in the picture that a line has to show
_END = 0.1  # of its length, where it has to enter and leave the picture
_BROAD = 0.015  # of a picture's longer side: no printed line is so broad where it is alone
_WIDEST = 14  # a line broader than this is no printed one, pixels


@dataclass(frozen=True, eq=False)
class Line:
    """A line from the left of a picture to its right, or from top to bottom.

    Parameters
    ----------
    upright : bool
        Whether it runs from top to bottom.
    places : ndarray of float64, shape (columns,) or (rows,)
        Where it lies: the row at every column, or the column at every row.
    profile : ndarray of float64, shape (2 * reach + 1,)
        How strong it is across, at steps of half a pixel.
    """

    upright: bool
    places: Floats
    profile: Floats

    @property
    def strength(self) -> float:
        """How strong its middle is, 0 to 1."""
        return float(self.profile.max())


def find(strength: Plane, desk: Mask | None = None) -> list[Line]:
    """Find the lines that cross a picture.

    Parameters
    ----------
    strength : ndarray of float32, shape (rows, columns)
        How far every pixel is from paper, 0 to 1.
    desk : ndarray of bool, shape (rows, columns), or None
        Where there is no sheet, and so no line of it.
    """
    if desk is None:
        desk = np.zeros(strength.shape, bool)
    lines = [(False, places) for places in _crossing(strength, desk)]
    lines += [(True, places) for places in _crossing(np.ascontiguousarray(strength.T), desk.T)]
    found = [_line(strength, upright, places) for upright, places in lines]
    return [line for line in found if (line.profile > line.strength / 2).sum() <= 2 * _WIDEST]


def _line(strength: Plane, upright: bool, places: Floats) -> Line:
    """Return a line with its places in its middle: a broad one is found at its brink."""
    across = profile(strength, upright, places)
    inside = across > across.max() / 2
    peak = int(across.argmax())
    low = peak - int(np.argmin(inside[peak::-1])) if not inside[: peak + 1].all() else 0
    high = peak + int(np.argmin(inside[peak:])) if not inside[peak:].all() else len(across) - 1
    places = places + ((low + high) / 2 - 2 * _REACH) / 2
    return Line(upright, places, profile(strength, upright, places))


def printed(lines: list[Line]) -> bool:
    """Say whether lines are surely a sheet's rather than a digit's own strokes.

    Parameters
    ----------
    lines : list of Line
        What :func:`find` found in a picture.

    Returns
    -------
    bool
        A digit may have one bar and one stem that cross the whole of a picture that was cut out
        around it; a sheet has more.
    """
    return max(sum(line.upright == upright for line in lines) for upright in (False, True)) > 1


def is_broad(shape: tuple[int, ...], lines: list[Line]) -> bool:
    """Say whether a line is so broad that it may be all there is of a digit.

    Parameters
    ----------
    shape : tuple of int
        Rows and columns of the picture.
    lines : list of Line
        At least one.
    """
    widths = [(line.profile > line.strength / 2).sum() / 2 for line in lines]
    return bool(max(widths) > _BROAD * max(shape))


def profile(strength: Plane, upright: bool, places: Floats) -> Floats:
    """Return how strong a line is across: the median along it, at steps of half a pixel."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    plane = strength.T if upright else strength
    away = np.arange(-2 * _REACH, 2 * _REACH + 1) / 2
    rows = places + away[:, None]
    columns = np.broadcast_to(np.arange(len(places)), rows.shape)
    values = ndimage.map_coordinates(plane, [rows, columns], order=1, cval=np.nan)
    seen = (places >= 0) & (places < len(plane))
    if not seen.any():
        return np.zeros(len(away))
    values = np.nan_to_num(values[:, seen])
    return np.asarray(np.median(values, axis=1).clip(0, 0.95))


def erase(strength: Plane, lines: list[Line]) -> tuple[Plane, Plane]:
    """Take lines away from what lies over them.

    Parameters
    ----------
    strength : ndarray of float32, shape (rows, columns)
    lines : list of Line

    Returns
    -------
    cleaned, taken : ndarray of float32, shape (rows, columns)
        What is left, and how strong the line was that is gone.
    """
    taken = np.zeros(strength.shape, np.float32)
    for line in lines:
        plane = taken.T if line.upright else taken
        columns = np.arange(len(line.places))
        rows = np.round(line.places).astype(int) + np.arange(-_REACH, _REACH + 1)[:, None]
        away = rows - line.places
        values = np.interp(away, np.arange(-2 * _REACH, 2 * _REACH + 1) / 2, line.profile)
        inside = (rows >= 0) & (rows < len(plane))
        at = rows[inside], np.broadcast_to(columns, rows.shape)[inside]
        plane[at] = np.maximum(plane[at], values[inside])
    # Paper with a line on it is darker paper.
    return (strength - taken) / (1 - taken), taken


def _crossing(strength: Plane, desk: Mask) -> list[Floats]:
    """Return the rows, at every column, of the lines that run from left to right."""
    rows, columns = strength.shape
    x, y = _ridge(strength)
    if len(x) < _SHORTEST * columns or columns < _SMALLEST:
        return []
    middle = (columns - 1) / 2
    step = 1 + len(x) // 5000
    tangents = np.tan(np.radians(np.arange(-_MOST_TURN, _MOST_TURN + 1)))[:, None]
    lowest = -int(columns * tangents[-1, 0] / 2) - 1
    starts = np.arange(lowest, rows - lowest, _BIN)
    places = ((y[::step] - tangents * (x[::step] - middle) - lowest) / _BIN).astype(int)
    flat = places + len(starts) * np.arange(len(tangents))[:, None]
    votes = np.bincount(flat.ravel(), minlength=len(starts) * len(tangents))
    votes = step * votes.reshape(len(tangents), -1)
    votes[:, 1:] += votes[:, :-1].copy()
    best = int((votes.astype(float) ** 3).sum(axis=1).argmax())
    fan = slice(max(0, best - _FAN), best + _FAN + 1)
    votes, tangents = votes[fan], tangents[fan]
    votes[
        votes < np.maximum(0.5 * _lengths(starts, tangents, rows, columns), _SHORTEST * columns)
    ] = 0
    found: list[Floats] = []
    for _ in range(_MOST_LINES):
        angle, place = np.unravel_index(int(votes.argmax()), votes.shape)
        if not votes[angle, place]:
            break
        votes[:, max(0, place - 1) : place + 2] = 0
        start = starts[place] + tangents[angle] * (np.arange(columns) - middle)
        line = _fitted(x, y, start, desk)
        if line is not None and all(np.median(np.abs(line - other)) > 3 for other in found):
            found.append(line)
    return found


def _lengths(starts: Floats, tangents: Floats, rows: int, columns: int) -> Floats:
    """Return over how many columns lines are inside the picture, (tangents, starts)."""
    slopes = np.where(np.abs(tangents) < 1e-6, 1e-6, tangents)
    ends = np.sort([-starts / slopes, (rows - 1 - starts) / slopes], axis=0)
    return np.asarray(np.ptp(ends.clip(-columns / 2, columns / 2), axis=0))


def _ridge(strength: Plane) -> tuple[Floats, Floats]:
    """Return x and y of pixels in the middle of something thin that runs from left to right."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    thin = strength - ndimage.grey_opening(strength, (2 * _WIDEST + 1, 1))
    thin = ndimage.uniform_filter1d(thin, 9, axis=1)
    noise = float(np.median(thin[::3, ::3]))
    # A sharpened picture has fainter lines beside every line.
    main = 0.35 * ndimage.maximum_filter1d(thin, 13, axis=0)
    above = thin[1:-1]
    peak = (above > np.maximum(max(3 * noise, 0.02), main[1:-1])) & (above >= thin[:-2])
    peak &= above > thin[2:]
    y, x = np.nonzero(peak)
    return np.asarray(x, np.float64), np.asarray(y + 1.0, np.float64)


def _fitted(x: Floats, y: Floats, line: Floats, desk: Mask) -> Floats | None:
    """Bend a line to the pixels near it, or return None if they do not cross the sheet."""
    columns = len(line)
    places = np.linspace(-1, 1, columns)
    at = x.astype(int)
    for reach in (4.0, 3.0, 2.0):
        near = np.abs(y - line[at]) <= reach
        if near.sum() < _SHORTEST * columns:
            return None
        bends = 2 if reach < 4 and np.ptp(at[near]) > columns / 2 else 1
        powers = places[:, None] ** np.arange(bends + 1)
        line = powers @ np.linalg.lstsq(powers[at[near]], y[near])[0]
    shown = np.zeros(columns, bool)
    shown[at[np.abs(y - line[at]) <= 2]] = True
    rows = len(desk)
    on_sheet = ~desk[line.round().astype(int).clip(0, rows - 1), np.arange(columns)]
    seen = shown[(line > 1) & (line < rows - 2) & on_sheet]
    if len(seen) < _SHORTEST * columns:
        return None
    # What crosses the picture enters and leaves it; a digit's bar does neither.
    end = max(4, int(_END * len(seen)))
    crosses = min(seen[:end].mean(), seen[-end:].mean()) >= 0.4
    return line if crosses and seen.mean() >= _SUPPORT else None
