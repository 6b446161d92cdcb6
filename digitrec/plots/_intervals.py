"""A figure of several accuracies, each with its interval."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import ArrayLike

from digitrec.plots.look import BLUE, ORANGE, describe, new_figure, percent


def accuracies(
    names: Sequence[str], shares: ArrayLike, intervals: ArrayLike, *, strong: int | None = None
) -> Figure:
    """Draw accuracies as dots with their intervals, one in each row.

    Parameters
    ----------
    names : sequence of str
        The name of each, from top to bottom.
    shares : array_like of float, shape (n,)
        The accuracies, 0 to 1.
    intervals : array_like of float, shape (n, 2)
        The 95 % interval of each, low and high.
    strong : int, optional
        The row that stands out.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are none, or not a name and an interval for each.

    Examples
    --------
    >>> figure = accuracies(["clean", "fog"], [0.99, 0.4], [(0.98, 0.995), (0.37, 0.43)])
    >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
    ['clean', 'fog']
    """
    dots, bounds = np.asarray(shares, float), np.asarray(intervals, float)
    if not len(names) or dots.shape != (len(names),) or bounds.shape != (len(names), 2):
        raise ValueError(
            "expected an accuracy and an interval for every name; received "
            f"{len(names)} names, accuracies of shape {dots.shape} and intervals of {bounds.shape}"
        )
    places = np.arange(len(names))
    reach = np.maximum([dots - bounds[:, 0], bounds[:, 1] - dots], 0)
    colours = [ORANGE if place == strong else BLUE for place in places]
    with new_figure(0.9 + 0.29 * len(names)) as figure:
        axes = figure.subplots()
        for place, colour in enumerate(colours):
            axes.errorbar(
                dots[place],
                place,
                xerr=reach[:, place : place + 1],
                fmt="s" if place == strong else "o",
                color=colour,
                markersize=7,
                capsize=3,
            )
        axes.set_yticks(places, labels=[*names])
        axes.tick_params(axis="y", length=0)
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
        axes.set_xlabel("read right, with 95 % interval")
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        rows = [
            f"{name}: {percent(share)} ({percent(low)} to {percent(high)})"
            for name, share, (low, high) in zip(names, dots, bounds, strict=True)
        ]
        describe(figure, f"Accuracies with their 95 % intervals. {'; '.join(rows)}.")
    return figure
