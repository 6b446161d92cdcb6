"""The frame that MNIST put around every digit, for anything that has a distance to its ink.

The makers of MNIST fitted every digit into 20×20 pixels, keeping its shape, and moved it so that
its centre of mass lies in the middle of 28×28 (LeCun et al., "Gradient-based learning applied to
document recognition", 1998). A distance field does the same at any resolution without ever
resampling pixels: coverage falls from one to nothing as a pixel's distance to the ink passes the
pen's radius, so moving or scaling a drawing changes nothing.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]
Distance = Callable[[NDArray[np.float64], NDArray[np.float64], float], NDArray[np.float64]]
"""Distance from a grid's points to the centre line of the ink, in pixels of the fitted box.

Takes the grid's ascending x (columns,) and y (rows,), one pixel apart, and how far matters;
returns (rows, columns), where whatever lies further may be given any larger value.
"""

SIDE = 28
"""Height and width of the finished image, pixels."""

BOX = 20
"""Height and width of the box that holds the ink, pixels."""

PEN = 2.0
"""Width of every line in the fitted box, pixels.

With 2.4 drawings hold as much ink as MNIST's on average; a little less keeps small loops open.
"""

SOFTNESS = 1.3
"""Width of the ramp from ink to paper at a line's edge, pixels."""


def scale_for(low: NDArray[np.float64], high: NDArray[np.float64], pen: float = PEN) -> float:
    """Return the factor that fits a centre line's bounding box, and its pen, into the box.

    Parameters
    ----------
    low, high : ndarray of float64, shape (2,)
        Corners of the bounding box of the line's centre.
    pen : float
        Width of the line once it is fitted, pixels.

    Returns
    -------
    float
        Pixels of the fitted box a unit of the drawing; 1 for a dot, which has no size.

    Examples
    --------
    >>> scale_for(np.array([0.0, 0.0]), np.array([18.0, 5.0])).__round__(6)
    1.0
    """
    extent = float(np.max(high - low))
    # A drawing so small that its scale overflows is a dot to any hand or eye.
    return (BOX - pen) / extent if extent > 1e-9 else 1.0


def paint(distance: Distance, side: int, pen: float, centre: NDArray[np.float64]) -> Float:
    """Paint ink into a square, anti-aliased.

    Parameters
    ----------
    distance : callable
        Distance to the ink's centre line.
    side : int
        Height and width of the square, pixels.
    pen : float
        Width of the line, pixels.
    centre : ndarray of float64, shape (2,)
        The point of the drawing that is to lie in the middle of the square.

    Returns
    -------
    ndarray of float32, shape (side, side)
        0 is paper, 1 is ink.

    Examples
    --------
    >>> dot = lambda x, y, reach: np.hypot(x, y[:, None])
    >>> paint(dot, 5, 2.0, np.zeros(2))[2].round(2).tolist()
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """
    axis = np.arange(side) - (side - 1) / 2
    reach = (pen + SOFTNESS) / 2
    away = distance(axis + centre[0], axis + centre[1], reach)
    return np.clip(0.5 + (pen / 2 - away) / SOFTNESS, 0, 1).astype(np.float32)


def centre_of_mass(image: Float) -> NDArray[np.float64]:
    """Return where an image's ink balances, as x and y from its middle, pixels.

    Parameters
    ----------
    image : ndarray of float32, shape (side, side)
        Must hold some ink.

    Examples
    --------
    >>> centre_of_mass(np.eye(3, dtype=np.float32)).tolist()
    [0.0, 0.0]
    """
    axis = np.arange(len(image)) - (len(image) - 1) / 2
    weights = image.astype(np.float64)
    moments = np.array([weights.sum(axis=0) @ axis, weights.sum(axis=1) @ axis])
    return np.asarray(moments / weights.sum())


def frame(distance: Distance, middle: NDArray[np.float64], pen: float = PEN) -> tuple[Float, Float]:
    """Paint fitted ink in its box, then where MNIST would have put it.

    Parameters
    ----------
    distance : callable
        Distance to the ink's centre line, already in pixels of the fitted box.
    middle : ndarray of float64, shape (2,)
        The middle of the ink's bounding box.
    pen : float
        Width of the line, pixels.

    Returns
    -------
    fitted : ndarray of float32, shape (20, 20)
    centred : ndarray of float32, shape (28, 28)
        With its centre of mass in the middle.

    Examples
    --------
    >>> dot = lambda x, y, reach: np.hypot(x, y[:, None])
    >>> [image.shape for image in frame(dot, np.zeros(2))]
    [(20, 20), (28, 28)]
    """
    fitted = paint(distance, BOX, pen, middle)
    whole = paint(distance, SIDE, pen, middle)
    return fitted, paint(distance, SIDE, pen, middle + centre_of_mass(whole))
