"""Ink found in a picture, redrawn as MNIST would have it: with its own lines, or with one pen."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageDraw
from numpy.typing import NDArray

from digitrec.ink import frame
from digitrec.ink.parts import Ink
from digitrec.ink.planes import Mask, Plane

_MOST_SCALE = 1.0  # a blot is no line, and has no middle that would fill the box
_MARGIN = 12  # paper around the ink, so that ink at its edge has an outside, pixels
_OWN_LINES = 1.3  # in the fitted box, pixels: thinner lines would be too faint for the network
_STEEP = 4.0  # times: the network knows lines with edges, as those that MNIST was made from had
_GAP = 7.0  # in the fitted box, pixels: a line is mended where no more of it is missing
_MOST_PARTS = 24  # more of them are no broken line
Stages = dict[str, Plane]


def redrawn(found: Ink) -> Iterator[Stages]:
    """Draw the ink of one digit in the frame of MNIST, in every way that makes sense.

    Parameters
    ----------
    found : Ink

    Yields
    ------
    dict of str to ndarray of float32
        "drawing", "trimmed", "fitted" and "centred", as :func:`digitrec.ink.picture_stages` says:
        with one pen; with its own lines, unless they are too thin; and, where lines are broken,
        with the gaps mended. Where MNIST's makers might have framed the picture its own lines
        come first. Nothing where there is no ink.
    """
    if not (found.smooth > 0.5).any():
        return
    trimmed = _trimmed(found.smooth, 0.5)
    ink = np.pad(trimmed > 0.5, _MARGIN)
    radius, scale = _pen(ink)
    stages = {"drawing": found.smooth, "trimmed": trimmed}
    sharp = ((found.sharp - 0.5) * _STEEP + 0.5).clip(0, 1)
    as_it_is = _is_framed(sharp)
    if as_it_is:
        yield stages | _with_own_lines(_trimmed(sharp, 0.5))
    yield stages | _with_one_pen(ink, radius, scale)
    if not as_it_is and 2 * radius * scale >= _OWN_LINES:
        yield stages | _with_own_lines(_trimmed(sharp, 0.5))
    mended = _mended(ink, radius, _GAP / scale)
    if mended is not None:
        yield stages | _with_one_pen(mended, radius, scale)


def _trimmed(plane: Plane, bound: float) -> Plane:
    """Return the part of a plane with more ink than a bound."""
    drawn = np.nonzero(plane > bound)
    return plane[tuple(slice(places.min(), places.max() + 1) for places in drawn)]


def _is_framed(plane: Plane) -> bool:
    """Say whether ink lies in its picture as that of a digit of MNIST does."""
    rows, columns = plane.shape
    if rows != columns:
        return False
    extent = max(_trimmed(plane, 0.5).shape) * frame.SIDE / rows
    balance = frame.centre_of_mass(plane) * frame.SIDE / rows
    return abs(extent - frame.BOX) <= 1 and bool((np.abs(balance - 0.5) <= 1).all())


def _mended(ink: Mask, radius: float, most: float) -> Mask | None:
    """Join the parts of broken lines over gaps of at most so many pixels, if there are any.

    Two parts are neighbours unless a third is nearer to both than they are to each other
    (Toussaint, "The relative neighbourhood graph of a finite planar set", 1980).
    """
    from scipy import ndimage, spatial  # noqa: PLC0415 - a page that is only drawn on never needs it

    parts, num = ndimage.label(ink, np.ones((3, 3)))
    if not 1 < num <= _MOST_PARTS:
        return None
    rims = np.where(ndimage.binary_erosion(ink), 0, parts)
    points = [np.argwhere(rims == part + 1) for part in range(num)]
    trees = [spatial.KDTree(places) for places in points]
    gaps = np.zeros((num, num))
    ends: dict[tuple[int, int], Any] = {}
    for one in range(num):
        for other in range(one):
            away, at = trees[one].query(points[other])
            nearest = int(away.argmin())
            gaps[one, other] = gaps[other, one] = away[nearest]
            ends[one, other] = points[other][nearest], points[one][at[nearest]]
    image = PIL.Image.fromarray(ink)
    pen = PIL.ImageDraw.Draw(image)
    joined = False
    for (one, other), (start, end) in ends.items():
        between = np.maximum(gaps[one], gaps[other])
        between[[one, other]] = np.inf
        if gaps[one, other] <= min(most, between.min()):
            pen.line([*map(float, start[::-1]), *map(float, end[::-1])], 1, round(2 * radius))
            joined = True
    return np.asarray(image) if joined else None


def _pen(ink: Mask) -> tuple[float, float]:
    """Return half the width of the lines, pixels, and the scale that fits them into the box."""
    from scipy import ndimage  # noqa: PLC0415 - a page that is only drawn on never needs it

    inside = ndimage.distance_transform_edt(ink)
    # Along a line's middle the distance to paper is the pen's radius; the median is not misled by
    # the blots where lines cross.
    ridge = inside[(inside == ndimage.maximum_filter(inside, 3)) & ink]
    radius = float(np.median(ridge))
    low, high, _ = _box(ink, radius)
    return radius, min(frame.scale_for(low, high), _MOST_SCALE)


def _box(ink: Mask, radius: float) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Return the corners and the middle of the box of the lines' middles."""
    rows, columns = np.nonzero(ink)
    low = np.array([columns.min(), rows.min()]) + radius - 0.5
    high = np.maximum(np.array([columns.max(), rows.max()]) - radius + 0.5, low)
    return low, high, (low + high) / 2


def _with_one_pen(ink: Mask, radius: float, scale: float) -> Stages:
    """Draw ink as if with the pen that strokes on the pad are drawn with."""
    from scipy import ndimage  # noqa: PLC0415 - a page that is only drawn on never needs it

    inside = ndimage.distance_transform_edt(ink)
    outside = ndimage.distance_transform_edt(~ink)
    field = np.where(ink, -inside + 0.5, outside - 0.5) + radius
    middle = _box(ink, radius)[2]

    def distance(x: NDArray[np.float64], y: NDArray[np.float64], reach: float) -> Any:
        places = np.meshgrid(y / scale + middle[1], x / scale + middle[0], indexing="ij")
        # Beyond the picture's edge is paper, further from the ink than matters.
        return scale * ndimage.map_coordinates(
            field, places, order=1, mode="constant", cval=(reach + 1) / scale
        )

    fitted, centred = frame.frame(distance, np.zeros(2))
    return {"fitted": fitted, "centred": centred}


def _with_own_lines(trimmed: Plane) -> Stages:
    """Make ink smaller as the makers of MNIST did: by averaging, then moved by whole pixels."""
    cell = max(trimmed.shape) / frame.BOX
    most = int(np.ceil(2 * frame.SIDE * cell))
    image = PIL.Image.fromarray(np.pad(trimmed, most).astype(np.float32))
    rows, columns = trimmed.shape

    def seen(side: int, right: int, down: int) -> Plane:
        """Return a square of cells; the ink's corner is so many cells from the square's."""
        left, top = most - right * cell, most - down * cell
        part = image.resize(
            (side, side),
            PIL.Image.Resampling.BOX if cell > 1 else PIL.Image.Resampling.BILINEAR,
            box=(left, top, left + side * cell, top + side * cell),
        )
        return np.asarray(part).clip(0, 1)

    def before(side: int) -> list[int]:
        """Return how many cells are left of and above ink in the middle of a square."""
        return [round((side - length / cell) / 2) for length in (columns, rows)]

    right, down = before(frame.SIDE)
    # MNIST's digits balance between the middle and a pixel to its right and below it.
    x, y = np.floor(frame.centre_of_mass(seen(frame.SIDE, right, down))).astype(int)
    return {
        "fitted": seen(frame.BOX, *before(frame.BOX)),
        "centred": seen(frame.SIDE, right - int(x), down - int(y)),
    }
