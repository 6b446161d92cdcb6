"""A figure of images as points, where similar images are near each other."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from digitrec.plots.look import VERMILION, describe, new_figure

# Ten that differ for most kinds of colour vision: Tol, "Colour Schemes", 2021, "muted". The digit
# itself is drawn, so that nothing depends on the colours alone.
DIGIT_COLOURS = (
    "#332288", "#117733", "#CC6677", "#0077BB", "#882255",
    "#AA7700", "#44AA99", "#555555", "#AA4499", "#999933",
)  # fmt: skip


def last_layer(points: ArrayLike, labels: ArrayLike, wrong: ArrayLike) -> Figure:
    """Draw every image as its digit, at its point.

    Parameters
    ----------
    points : array_like of float, shape (n, 2)
    labels : array_like of int, shape (n,)
        The digit that each image shows.
    wrong : array_like of bool, shape (n,)
        Whether it was read wrong; these get a ring.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no points, or not one label for each.

    Examples
    --------
    >>> len(last_layer([[0, 0], [1, 2]], [4, 9], [False, True]).axes)
    1
    """
    places, digits, rings = np.asarray(points, float), np.asarray(labels), np.asarray(wrong, bool)
    if not len(digits) or places.shape != (len(digits), 2) or rings.shape != digits.shape:
        raise ValueError(
            "expected points of shape (n, 2), and a label and a yes or no for each; received "
            f"shapes {places.shape}, {digits.shape} and {rings.shape}"
        )
    with new_figure(5.6) as figure:
        axes = figure.subplots()
        for digit in np.unique(digits):
            across, up = places[digits == digit].T
            axes.scatter(across, up, s=42, marker=f"${digit}$", color=DIGIT_COLOURS[digit], lw=0)
        if rings.any():
            across, up = places[rings].T
            axes.scatter(across, up, s=160, facecolors="none", edgecolors=VERMILION, lw=1.5)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.set_xlabel("most of the spread")
        axes.set_ylabel("most of the rest")
        describe(
            figure,
            f"A map of {len(digits):,} images, each drawn as its digit, those of one digit in one "
            f"region; {rings.sum()} with a ring around them were read wrong.",
        )
    return figure
