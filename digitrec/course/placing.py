"""Drawings in another size and place, and what is left of them in a canvas made small."""

import numpy as np
from numpy.typing import NDArray

from digitrec import ink
from digitrec.ink.strokes import CANVAS

_PEN = 18  # width of a line on the canvas, pixels: that of the pad


def placed(
    strokes: ink.Strokes, *, size: float = 1.0, right: float = 0.0, down: float = 0.0
) -> tuple[NDArray[np.float64], ...]:
    """Return a drawing in another size and place on the canvas of 300 × 300.

    Parameters
    ----------
    strokes : sequence of array_like, each of shape (n, 2)
        At least one point.
    size : float
        The share of the canvas that its longer side takes, pen included, 0.1 to 1.
    right, down : float
        Where it is: -1 touches the left or upper edge, 0 is the middle, 1 touches the other edge.

    Returns
    -------
    tuple of ndarray of float64, shape (n, 2)

    Raises
    ------
    ValueError
        If there is no ink, or a number is out of range.

    Examples
    --------
    >>> placed([[(0, 0), (10, 20)]], size=0.5, right=1, down=-1)[0].tolist()
    [[225.0, 9.0], [291.0, 141.0]]
    """
    if not 0.1 <= size <= 1 or not -1 <= right <= 1 or not -1 <= down <= 1:
        raise ValueError(
            "size from 0.1 to 1, right and down from -1 to 1 were expected. "
            f"Received: {size!r}, {right!r}, {down!r}"
        )
    lines = ink.check(strokes)
    if not lines:
        raise ValueError("a drawing with ink was expected, and there is none; draw something")
    points = np.concatenate(lines)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = float((high - low).max())
    scale = (size * CANVAS - _PEN) / extent if extent > 0 else 1.0
    room = CANVAS - _PEN - scale * (high - low)
    middle = CANVAS / 2 + room / 2 * (right, down)
    return tuple(middle + scale * (line - (low + high) / 2) for line in lines)


def made_small(strokes: ink.Strokes) -> NDArray[np.float32]:
    """Return the whole canvas with a drawing, made small as any picture is: each pixel a mean.

    This is how most pages for drawing digits make an image for their network.

    Parameters
    ----------
    strokes : sequence of array_like, each of shape (n, 2)
        On a canvas of 300 × 300.

    Returns
    -------
    ndarray of float32, shape (28, 28)
        0 is paper, 1 is ink.

    Examples
    --------
    >>> small = made_small([[(20, 20), (20, 80)]])
    >>> small.shape, float(small[14:].max())
    ((28, 28), 0.0)
    """
    stages = ink.stages(strokes)
    if stages is None:
        return np.zeros((28, 28), np.float32)
    return np.asarray(stages["drawing"].reshape(28, 2, 28, 2).mean(axis=(1, 3)))
