"""What of a picture is ink, and what is the sheet: its light, its lines, its dirt, its edges."""

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from digitrec.ink import ruling

Plane = NDArray[np.float32]
Planes = NDArray[np.float32]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

_LEAST_CONTRAST = 0.12  # between ink and paper, of the whole range; less is an empty sheet
_DARKEST = 0.45  # of the paper around it: what is darker is no shadow
_LEAST_EXTENT = 0.04  # of the picture's longer side; what is smaller is dirt
_SPECK = 0.03  # a blot smaller than this share of the largest is dirt
_AT_EDGE = 0.12  # of the picture's longer side: more of it along an edge is no digit
_NEAR = 0.4  # of a digit's longer side: what is further away is no part of it
_FLAT = 0.02  # of the whole range; no desk's brightness differs so little from place to place
_BESIDE = 0.8  # half widths of a line away from it, paper has to begin
_COARSE = 4  # pixels a pixel of the coarse picture


def ink_strength(picture: Planes) -> Plane | None:
    """Say how far every pixel is from paper to ink.

    Parameters
    ----------
    picture : ndarray of float32, shape (3, rows, columns)
        Red, green and blue, 0 to 1.

    Returns
    -------
    ndarray of float32, shape (rows, columns), or None
        0 is paper, 1 is ink, the edge of a line is at one half. None when all of it is paper.
    """
    if all(np.array_equal(picture[0], other) for other in picture[1:]):
        picture = picture[:1]
    grey = picture.mean(axis=0)
    outside = _outside(grey)
    if outside is not None:
        picture = _without_desk(picture, outside)
    elif not _is_light(grey):
        picture = 1 - picture
    contrast, steps = _contrast(picture)
    strength = contrast.max(axis=0)
    strength -= np.median(strength[::3, ::3])
    lines = ruling.find(strength)
    strength, taken = ruling.erase(strength, lines)
    found = _chosen(strength, steps, taken)
    if found is None and outside is None:
        # A picture that was cut out around the digit has ink along its edges.
        found = _chosen(strength, steps, taken, edge=1.0)
    return found


def _outside(grey: Plane) -> Mask | None:
    """Return where the desk is on which a sheet lies, or None if the picture is all sheet.

    A sheet is a large bright quadrilateral with at most a little ink in it.
    """
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    coarse = _resized(grey, (grey.shape[0] // _COARSE, grey.shape[1] // _COARSE))
    bound = otsu(coarse)
    bright = coarse > bound
    if not 0.2 < bright.mean() < 0.97 or coarse[~bright].mean() > 0.62 * coarse[bright].mean():
        return None
    parts, _ = ndimage.label(bright)
    sheet = parts == np.bincount(parts[bright]).argmax()
    whole = ndimage.binary_fill_holes(sheet)
    share = whole.mean()
    if not 0.2 < share < 0.97 or sheet.sum() < 0.75 * whole.sum():
        return None
    # A broad digit on a flat background is a large bright thing, too; desks are never flat.
    if share < 0.5 and np.ptp(np.percentile(coarse[~whole], (10, 75))) < _FLAT:
        return None
    if not 0.8 < _quadrilateral(whole) / whole.sum() < 1.08:
        return None
    # A sheet ends at once; light falls off little by little.
    inkless = ndimage.grey_closing(coarse, 15)
    within = inkless[whole & ~ndimage.binary_erosion(whole, iterations=2, border_value=1)]
    beyond = inkless[ndimage.binary_dilation(whole, iterations=2) & ~whole]
    fall = np.median(within) - np.median(beyond)
    if fall < 0.5 * (coarse[bright].mean() - coarse[~bright].mean()):
        return None
    return np.asarray(~ndimage.binary_erosion(whole, iterations=2, border_value=1))


def _quadrilateral(shape: Mask) -> float:
    """Return the area of a large quadrilateral with its corners on a shape."""
    rows, columns = np.nonzero(shape)
    angles = np.radians(np.arange(0, 180, 5))[:, None]
    along = columns * np.cos(angles) + rows * np.sin(angles)
    ends = along.argmax(axis=1), along.argmin(axis=1)
    far = int((along.max(axis=1) - along.min(axis=1)).argmax())
    first, last = ends[0][far], ends[1][far]
    x, y = columns - columns[first], rows - rows[first]
    across = x * y[last] - y * x[last]
    return float(across.max() - across.min()) / 2


def _without_desk(picture: Planes, outside: Mask) -> Planes:
    """Paint what lies beside the sheet in the colours of the sheet next to it."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    nearest = ndimage.distance_transform_edt(outside, return_distances=False, return_indices=True)
    rows, columns = picture.shape[1:]
    painted = []
    beside = _resized(outside.astype(np.float32), (rows, columns)) > 0.3
    for plane in picture:
        coarse = _resized(plane, outside.shape)
        coarse = np.where(outside, 0, coarse)
        closed = ndimage.grey_closing(coarse, 9)
        paint = _resized(closed[tuple(nearest)], (rows, columns))
        painted.append(np.where(beside, paint, plane))
    return np.stack(painted)


def _contrast(picture: Planes) -> tuple[Planes, Plane]:
    """Return how much darker than the paper below it every pixel is, and the paper's own steps."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    shape = picture.shape[1:]
    small = (max(1, shape[0] // _COARSE), max(1, shape[1] // _COARSE))
    contrasts = []
    steps = np.zeros(small, np.float32)
    longer = max(small)
    narrow, wide = (max(3, round(share * longer)) for share in (0.12, 0.33))
    for channel in picture:
        # Beyond the edge is more of the same paper.
        coarse = np.pad(ndimage.gaussian_filter(_resized(channel, small), 0.7), wide, mode="edge")
        paper = ndimage.grey_closing(coarse, narrow)
        paper = np.maximum(paper, _DARKEST * ndimage.grey_closing(coarse, wide))
        paper = ndimage.gaussian_filter(paper, 1.0)[wide:-wide, wide:-wide]
        full = np.maximum(_resized(paper, shape), 0.1)
        contrasts.append((full - channel) / full)
        spread = ndimage.maximum_filter(paper, 5) - ndimage.minimum_filter(paper, 5)
        steps = np.maximum(steps, spread / np.maximum(paper, 0.15))
    return np.stack(contrasts), _resized(steps, shape)


def _resized(plane: Plane, shape: tuple[int, ...]) -> Plane:
    shrinks = shape[0] < plane.shape[0]
    method = PIL.Image.Resampling.BOX if shrinks else PIL.Image.Resampling.BILINEAR
    image = PIL.Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize((max(1, shape[1]), max(1, shape[0])), method))


def _is_light(grey: Plane) -> bool:
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    low, high = float(grey.min()), float(grey.max())
    place = (float(np.median(border)) - low) / max(high - low, 1e-6)
    if not 0.25 < place < 0.75:
        return place >= 0.5
    # Neither: then thin things tell, which are ink.
    coarse = _resized(grey, (grey.shape[0] // _COARSE, grey.shape[1] // _COARSE))
    dark = ((ndimage.grey_closing(coarse, 5) - coarse) ** 3).sum()
    light = ((coarse - ndimage.grey_opening(coarse, 5)) ** 3).sum()
    return bool(dark > light)


def _chosen(strength: Plane, steps: Plane, taken: Plane, edge: float = _AT_EDGE) -> Plane | None:
    """Return the strength of the ink alone, of all that is darker than the sheet.

    More of it along an edge than `edge`, a share of the picture's longer side, is no digit.
    """
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    width = float(np.clip(_noise(strength) / 0.04, 0.4, 1.6))
    smooth = ndimage.gaussian_filter(strength, width)
    least = np.maximum(max(5 * _noise(smooth), 0.06), np.maximum(0.75 * steps, 0.5 * taken))
    parts, weights = _parts(smooth > least, smooth, edge)
    if not weights.any():
        return None
    level = _level(smooth[weights[parts] > 0])
    parts, weights = _parts(smooth > np.maximum(least, 0.5 * level), smooth, edge)
    ink = _group(parts, _possible(parts, weights, smooth, taken))
    if ink is None:
        return None
    near = tuple(
        _around(places, side) for places, side in zip(np.nonzero(ink), ink.shape, strict=True)
    )
    # The grain of chalk and pencil is finer than their lines, and so is noise.
    width = max(width, min(3.0, 0.45 * _radius(ink[near])))
    smooth, taken = ndimage.gaussian_filter(strength[near], width), taken[near]
    level = _level(smooth[ink[near]])
    parts, weights = _parts(smooth > np.maximum(least[near], 0.5 * level), smooth, edge)
    ink = _group(parts, _possible(parts, weights, smooth, taken))
    if ink is None or level < _LEAST_CONTRAST:
        return None
    if max(np.ptp(places) for places in np.nonzero(ink)) < _LEAST_EXTENT * max(strength.shape):
        return None
    found = np.zeros_like(strength)
    level = float(np.percentile(smooth[ink], 75))
    found[near] = np.where(ndimage.binary_dilation(ink), smooth / level, 0).clip(0, 1)
    return found


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


def _group(parts: NDArray[np.int32], weights: Floats) -> Mask | None:
    """Keep the heaviest part and what lies near enough to belong to it."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    if not weights.any():
        return None
    boxes = ndimage.find_objects(parts)
    low = np.array([[side.start for side in box] for box in boxes])
    high = np.array([[side.stop for side in box] for box in boxes])
    kept = weights[1:] >= weights.max()
    allowed = weights[1:] >= _SPECK * weights.max()
    while True:
        bottom, top = low[kept].min(axis=0), high[kept].max(axis=0)
        gaps = np.maximum(bottom - high, low - top).max(axis=1)
        near = kept | (allowed & (gaps <= _NEAR * (top - bottom).max()))
        if (near == kept).all():
            return np.asarray(np.concatenate([[False], kept])[parts])
        kept = near


def otsu(values: Plane) -> float:
    """Return the bound that parts values best in two (Otsu, 1979).

    Parameters
    ----------
    values : ndarray of float32
        Those outside 0 to 1 count as these.
    """
    counts, edges = np.histogram(values.clip(0, 1), bins=256, range=(0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()
    above = below[-1] - below
    sums = (counts * middles).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][np.nan_to_num(apart).argmax()])
