"""What the steps from a picture to its ink share: planes of numbers, and how to size them."""

import numpy as np
import PIL.Image
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Planes = NDArray[np.float32]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

COARSE = 4
"""Pixels a pixel of the coarse picture."""


def resized(plane: Plane, shape: tuple[int, ...]) -> Plane:
    """Make a plane larger or smaller.

    Parameters
    ----------
    plane : ndarray of float32, shape (rows, columns)
    shape : tuple of int
        Rows and columns of the result; where less than one is asked for, it is one.

    Returns
    -------
    ndarray of float32

    Examples
    --------
    >>> resized(np.eye(4, dtype=np.float32), (2, 2)).tolist()
    [[0.5, 0.0], [0.0, 0.5]]
    """
    shrinks = shape[0] < plane.shape[0]
    method = PIL.Image.Resampling.BOX if shrinks else PIL.Image.Resampling.BILINEAR
    image = PIL.Image.fromarray(np.ascontiguousarray(plane))
    return np.asarray(image.resize((max(1, shape[1]), max(1, shape[0])), method))


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
