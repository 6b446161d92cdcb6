"""How many images of each digit there are."""

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from digitrec.plots.look import BLUE, describe, new_figure


def class_counts(labels: ArrayLike) -> Figure:
    """Draw how many images of each digit there are, and where an equal share would be.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        The digit in each image, 0 to 9.

    Returns
    -------
    Figure
        A bar for every digit with its count in it, and a line at a tenth of all.

    Raises
    ------
    ValueError
        If there are no labels, or some are not digits.

    Examples
    --------
    >>> figure = class_counts([0, 1, 1, 9])
    >>> [text.get_text() for text in figure.axes[0].texts][:3]
    ['1', '2', '0']
    """
    array = np.asarray(labels)
    if array.ndim != 1 or not array.size or array.dtype.kind not in "ui" or array.max() > 9:
        raise ValueError(
            "expected labels from 0 to 9, at least one. "
            f"Received: shape {array.shape}, type {array.dtype}"
        )
    counts = np.bincount(array, minlength=10)
    with new_figure(3.0) as figure:
        axes = figure.subplots()
        bars = axes.bar(range(10), counts, color=BLUE, width=0.8)
        # In the middle of its bar a number never touches the line of equal shares.
        numbers = [f"{count:,}" for count in counts]
        axes.bar_label(bars, numbers, label_type="center", color="white", fontsize=11)
        axes.axhline(len(array) / 10, color="black", lw=1.5, ls="--", label="a tenth of all")
        axes.set_xticks(range(10))
        axes.set_xlabel("digit")
        axes.set_ylabel("images")
        axes.set_ylim(0, float(counts.max()) * 1.25)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.legend(loc="upper right")
        most, least = int(counts.argmax()), int(counts.argmin())
        describe(
            figure,
            f"A bar for each digit, for {len(array):,} images in all. Most show a {most} "
            f"({counts[most]:,}), fewest a {least} ({counts[least]:,}); a tenth of all would be "
            f"{len(array) / 10:,.0f}.",
        )
    return figure
