"""Which parts of what is no paper are the ink of one digit."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitrec.ink import ruling
from digitrec.ink.planes import Floats, Mask, Plane, otsu
from digitrec.ink.sheet import Strength

_OVER_NOISE = 6.0  # times the noise of the paper that ink is strong, at least
_PALEST = 0.2  # of the strongest ink: what is paler, next to it, is no part of it
_LEAST_EXTENT = 0.04  # of the picture's longer side; what is smaller is dirt
_SPECK = 0.03  # a blot smaller than this share of the largest is dirt
_AT_EDGE = 0.12  # of the picture's longer side: more of it along an edge may be no digit
_STRIP = 0.03  # of the picture's side: what lies in so narrow a strip at its edge is no digit
_NEAR = (0.4, 8)  # of a digit's longer side, and half widths of its lines: the rest is too far
_BROAD = 0.06  # of the picture's longer side: half the width of what is no line
_BESIDE = 0.8  # half widths of a line away from it, paper has to begin


@dataclass(frozen=True, eq=False)
class Ink:
    """The ink of one digit.

    Parameters
    ----------
    smooth : ndarray of float32, shape (rows, columns)
        0 is paper, 1 is ink, the edge of a line is at one half; without grain.
    sharp : ndarray of float32, shape (rows, columns)
        The same as it was seen, with its grain and its soft edges.
    """

    smooth: Plane
    sharp: Plane


def inks(strength: Strength) -> Iterator[Ink]:
    """Find the ink of a digit in all that is no paper.

    Parameters
    ----------
    strength : Strength

    Yields
    ------
    Ink
        Where it cannot be told whether a line is printed or is part of the digit, or whether what
        lies along the edge of the picture is, one after the other.
    """
    plane = strength.plane
    lines = ruling.find(plane, strength.desk)
    cleaned, taken = ruling.erase(plane, lines)
    if ruling.printed(lines):
        # A picture that shows several lines was not cut out around the digit.
        found = _chosen(cleaned, strength, taken, _AT_EDGE)
        if found is not None:
            yield found
        return
    ways = [(cleaned, taken)]
    if lines:
        without = next(_along_edges_or_not(strength, cleaned, taken), None)
        # A line with nothing beside it is a digit only where it is as broad as a pen is.
        if without is not None or ruling.is_broad(plane.shape, lines):
            ways.insert(0, (plane, np.zeros_like(taken)))
    for way, gone in ways:
        yield from _along_edges_or_not(strength, way, gone)


def all_ink(strength: Strength) -> Plane | None:
    """Find all the ink there is, of however many digits.

    Parameters
    ----------
    strength : Strength

    Returns
    -------
    ndarray of float32, shape (rows, columns), or None
        0 is paper, 1 is ink, the edge of a line is at one half; without printed lines and dirt.
        None when there is none.
    """
    lines = ruling.find(strength.plane, strength.desk)
    cleaned, taken = ruling.erase(strength.plane, lines)
    for edge in (_AT_EDGE,) if ruling.printed(lines) else (_AT_EDGE, 1.0):
        found = _chosen(cleaned, strength, taken, edge, whole=True)
        if found is not None:
            return found.smooth
    return None


def _along_edges_or_not(strength: Strength, plane: Plane, taken: Plane) -> Iterator[Ink]:
    """Find ink without what lies along the picture's edges, and with it if that may be ink."""
    inner = _chosen(plane, strength, taken, _AT_EDGE)
    whole = None
    if strength.desk is None:
        # A picture that was cut out around the digit has ink along its edges.
        whole = _chosen(plane, strength, taken, 1.0)
    if whole is not None and (inner is None or _is_stroke(whole, inner)):
        yield whole
    if inner is not None:
        yield inner


def _is_stroke(whole: Ink, inner: Ink) -> bool:
    """Say whether what lies along an edge is ink, which is thin, and most of the ink there is."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    ink = whole.smooth > 0.5
    if (inner.smooth > 0.5).sum() > 0.5 * ink.sum():
        return False
    return bool(ndimage.distance_transform_edt(ink).max() < _BROAD * max(ink.shape))


def _chosen(
    plane: Plane, strength: Strength, taken: Plane, edge: float, *, whole: bool = False
) -> Ink | None:
    """Return the ink of one digit alone, or the whole ink, of all that is darker than the sheet.

    More of it along an edge than `edge`, a share of the picture's longer side, is no digit.
    """
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    width = float(np.clip(_noise(plane) / 0.04, 0.4, 1.6))
    smooth = ndimage.gaussian_filter(plane, width)
    noise = _noise(smooth)
    least = np.maximum(
        max(5 * noise, 0.5 * strength.least), np.maximum(0.75 * strength.steps, 0.5 * taken)
    )
    parts, weights = _parts(smooth > least, smooth, edge)
    if not weights.any():
        return None
    level = _level(smooth[weights[parts] > 0])
    parts, weights = _parts(smooth > np.maximum(least, 0.5 * level), smooth, edge)
    ink = _group(parts, _possible(parts, weights, smooth, taken), whole=whole)
    if ink is None:
        return None
    radius = _radius(ink)
    near = tuple(
        _around(places, side) for places, side in zip(np.nonzero(ink), ink.shape, strict=True)
    )
    # The grain of chalk and pencil is finer than their lines, and so is noise.
    width = max(width, min(3.0, 0.45 * radius))
    seen = smooth[near]
    smooth, taken = ndimage.gaussian_filter(plane[near], width), taken[near]
    level = _level(smooth[ink[near]])
    levels = _levels(smooth, level, radius)
    parts, weights = _parts(smooth > np.maximum(least[near], 0.5 * levels), smooth, edge)
    ink = _group(parts, _possible(parts, weights, smooth, taken), whole=whole)
    if ink is None or level < max(strength.least, _OVER_NOISE * noise):
        return None
    if max(np.ptp(places) for places in np.nonzero(ink)) < _LEAST_EXTENT * max(plane.shape):
        return None
    # A soft edge reaches further than its middle.
    around = ndimage.binary_dilation(ink, iterations=2 + int(radius))
    others = ndimage.binary_dilation((parts > 0) & ~ink)
    planes = [np.zeros_like(plane), np.zeros_like(plane)]
    planes[0][near] = np.where(ndimage.binary_dilation(ink), smooth / levels, 0).clip(0, 1)
    planes[1][near] = np.where(around & ~others, seen / levels, 0).clip(0, 1)
    return Ink(*planes)


def _levels(smooth: Plane, level: float, radius: float) -> Plane:
    """Return how strong the ink is around every place: a hand presses now more, now less."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    reach = int(np.clip(6 * radius, 5, 60))
    around = ndimage.maximum_filter(smooth, 2 * reach + 1)
    around = ndimage.uniform_filter(around, reach)
    return np.asarray(np.clip(around, _PALEST * level, level))


def _around(places: NDArray[np.intp], side: int) -> slice:
    """Return the part of a side that holds places, and paper around them."""
    low, high = int(places.min()), int(places.max()) + 1
    more = 12 + (high - low) // 2
    return slice(max(0, low - more), min(side, high + more))


def _noise(strength: Plane) -> float:
    return 1.48 * float(np.median(np.abs(strength[::2, ::2])))


def _radius(ink: Mask) -> float:
    """Return half the width of the lines, roughly, pixels."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    rim = ink.sum() - ndimage.binary_erosion(ink).sum()
    return float(ink.sum() / max(rim, 1))


def _level(values: Plane) -> float:
    """Return how strong ink is, where part of what was found may be the rest of a shadow."""
    bound = otsu(values)
    strong, weak = values[values > bound], values[values <= bound]
    if len(weak) and len(strong) > 0.1 * len(values) and strong.mean() > 2 * weak.mean():
        values = strong
    return float(np.percentile(values, 75))


def _parts(mask: Mask, strength: Plane, edge_share: float) -> tuple[NDArray[np.int32], Floats]:
    """Return the parts of a mask, numbered from 1, and their weights.

    What lies along the picture's edges weighs nothing, a desk for one, nor do crumbs that touch
    them.
    """
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    parts, num = ndimage.label(mask, np.ones((3, 3)))
    weights: Floats = np.bincount(parts.ravel(), strength.ravel(), num + 1).astype(np.float64)
    weights[0] = 0
    edge = np.zeros(num + 1, int)
    for side in (parts[0], parts[-1], parts[:, 0], parts[:, -1]):
        edge = np.maximum(edge, np.bincount(side, minlength=num + 1))
    share = edge_share * max(mask.shape)
    boxes = ndimage.find_objects(parts)
    for place, box in enumerate(boxes, start=1):
        for side, length in zip(box, mask.shape, strict=True):
            if side.stop < _STRIP * length or side.start > (1 - _STRIP) * length:
                weights[place] = 0
    for number in np.flatnonzero(edge[1:]) + 1:
        extent = max(side.stop - side.start for side in boxes[number - 1])
        if edge[number] > share or extent < _AT_EDGE * max(mask.shape):
            weights[number] = 0
    return np.asarray(parts, np.int32), weights


def _possible(parts: NDArray[np.int32], weights: Floats, strength: Plane, taken: Plane) -> Floats:
    """Return the weights of parts, nothing for those that can be no ink."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    num = len(weights)
    sizes = np.bincount(parts.ravel(), minlength=num)
    # Ink has an edge: a few pixels away from it is paper, or a line's width away, where a small
    # picture was enlarged. Shadows and smears have none.
    away = int(np.clip(_BESIDE * _radius(parts > 0), 2, 12))
    beside = ndimage.maximum_filter(parts, 2 * away + 3)
    beside[ndimage.maximum_filter(parts, 2 * away + 1) > 0] = 0
    sums = np.bincount(beside.ravel(), strength.ravel(), num)
    around = sums / np.maximum(np.bincount(beside.ravel(), minlength=num), 1)
    # What is left of a printed line lies where the line was.
    left = np.bincount(parts.ravel(), taken.ravel(), num)
    can_be = (around * sizes < 0.35 * weights) & (left < 0.6 * weights)
    return np.where(can_be, weights, 0)


def _group(parts: NDArray[np.int32], weights: Floats, *, whole: bool) -> Mask | None:
    """Keep the heaviest part and what lies near enough to belong to it, or all but specks."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    if not weights.any():
        return None
    boxes = ndimage.find_objects(parts)
    low = np.array([[side.start for side in box] for box in boxes])
    high = np.array([[side.stop for side in box] for box in boxes])
    kept = weights[1:] >= weights.max()
    reach = _NEAR[1] * _radius(parts > 0)
    allowed = weights[1:] >= _SPECK * weights.max()
    if whole:
        return np.asarray(np.concatenate([[False], allowed])[parts])
    while True:
        bottom, top = low[kept].min(axis=0), high[kept].max(axis=0)
        gaps = np.maximum(bottom - high, low - top).max(axis=1)
        near = kept | (allowed & (gaps <= max(_NEAR[0] * (top - bottom).max(), reach)))
        if (near == kept).all():
            return np.asarray(np.concatenate([[False], kept])[parts])
        kept = near
