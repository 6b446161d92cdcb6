"""Sheets of digits that stand still."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from digitrec.course import pictures
from digitrec.course.figures import Figure


def digits(
    images: ArrayLike,
    labels: Sequence[str],
    words: str,
    *,
    columns: int = 5,
    limit: float | None = None,
) -> Figure:
    """Show images side by side, each with a few letters below it.

    Parameters
    ----------
    images : array_like, shape (n, height, width)
        0 is drawn black.
    labels : sequence of str
        What stands below each.
    words : str
        What the sheet shows, for people who cannot see it.
    columns : int
        How many are side by side.
    limit : float, optional
        The number that is drawn white; the largest of all images if left out.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no images, or not one label for each.

    Examples
    --------
    >>> digits(np.zeros((10, 28, 28)), [str(digit) for digit in range(10)], "nothing").words
    'nothing'
    """
    array = np.asarray(images, np.float64)
    if limit is None:
        limit = float(array.max(initial=0))
    tiles = [pictures.grid(image, signed=False, limit=limit, cell=3) for image in array]
    return Figure(pictures.sheet(tiles, columns=columns, labels=labels, gap=12), words)
