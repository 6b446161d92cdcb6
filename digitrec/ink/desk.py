"""The desk below a sheet: where it is in a picture, and how it is painted over."""

import numpy as np

from digitrec.ink.planes import COARSE, Mask, Plane, Planes, otsu, resized

_FLAT = 0.02  # of the whole range; no desk's brightness differs so little from place to place

BESIDE = 0.3
"""Share of a coarse pixel that makes all of it desk."""

_SMALLEST = 32  # coarse pixels: who makes a picture so small has cut it out before
_CUT_OFF = (0.5, 0.93)  # share of the picture that such a sheet fills, and of its convex hull


def outside(grey: Plane) -> Mask | None:
    """Return where the desk is on which a sheet lies, or None if the picture is all sheet.

    A sheet is a large bright quadrilateral with at most a little ink in it, or what is left of
    one at the borders of the picture.
    """
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    coarse = resized(grey, (grey.shape[0] // COARSE, grey.shape[1] // COARSE))
    bound = otsu(coarse)
    bright = coarse > bound
    if (
        max(coarse.shape) < _SMALLEST
        or not 0.2 < bright.mean() < 0.97
        or coarse[~bright].mean() > 0.62 * coarse[bright].mean()
    ):
        return None
    parts, _ = ndimage.label(bright)
    sheet = parts == np.bincount(parts[bright]).argmax()
    whole = ndimage.binary_fill_holes(sheet)
    share = whole.mean()
    if not 0.2 < share < 0.97 or (bright & whole).sum() < 0.75 * whole.sum():
        return None
    # A broad digit on a flat background is a large bright thing, too; desks are never flat.
    if share < 0.5 and np.ptp(np.percentile(coarse[~whole], (10, 75))) < _FLAT:
        return None
    if not 0.8 < _quadrilateral(whole) / whole.sum() < 1.08 and not _is_cut_off(whole):
        return None
    # A sheet ends at once; light falls off little by little.
    within = ndimage.grey_closing(coarse, 15)[
        whole & ~ndimage.binary_erosion(whole, iterations=2, border_value=1)
    ]
    # Printed lines are narrower than what shows of a desk.
    beyond = ndimage.grey_closing(coarse, 5)[ndimage.binary_dilation(whole, iterations=2) & ~whole]
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


def _is_cut_off(shape: Mask) -> bool:
    """Say whether a shape may be a turned sheet whose corners lie outside of the picture."""
    from scipy import spatial  # noqa: PLC0415 - only pictures need it

    borders = shape[0].any(), shape[-1].any(), shape[:, 0].any(), shape[:, -1].any()
    if shape.mean() < _CUT_OFF[0] or sum(borders) < 3:
        return False
    places = np.argwhere(shape)
    # The corners of pixels: a hull around their middles would be too small.
    corners = np.concatenate([places + np.array([dx, dy]) for dx in (0, 1) for dy in (0, 1)])
    return bool(shape.sum() > _CUT_OFF[1] * spatial.ConvexHull(corners).volume)


def painted_over(picture: Planes, outside: Mask) -> Planes:
    """Paint what lies beside the sheet in the colours of the sheet next to it."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    nearest = ndimage.distance_transform_edt(outside, return_distances=False, return_indices=True)
    rows, columns = picture.shape[1:]
    painted = []
    beside = resized(outside.astype(np.float32), (rows, columns)) > BESIDE
    for plane in picture:
        coarse = resized(plane, outside.shape)
        coarse = np.where(outside, 0, coarse)
        closed = ndimage.grey_closing(coarse, 9)
        paint = resized(closed[tuple(nearest)], (rows, columns))
        painted.append(np.where(beside, paint, plane))
    return np.stack(painted)
