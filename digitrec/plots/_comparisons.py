"""Figures that show trainings side by side: their curves and their results."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from digitrec.plots.look import BLUE, INK, ORANGE, PALE, VERMILION, describe, new_figure, percent

_COLOURS = (BLUE, VERMILION, ORANGE, INK)
_LINES = ("-", "--", "-.", ":")


def compared_curves(
    curves: Mapping[str, Sequence[float]],
    *,
    quantity: str = "loss",
    first: int = 1,
    lowest: float = 0.0,
) -> Figure:
    """Draw how one quantity went, epoch by epoch, in several trainings.

    Parameters
    ----------
    curves : mapping of str to sequence of float
        The name of each training, and its value after every epoch. One to four; each line has
        its own colour and its own dashes.
    quantity : str
        The quantity. "accuracy" is drawn in percent.
    first : int
        The epoch of the first values.
    lowest : float
        Where the axis of the quantity begins.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no curves, more than four, or one without a finite value.

    Examples
    --------
    >>> figure = compared_curves({"slow": [2.3, 2.2, 2.1], "fast": [1.0, 0.4, 0.2]})
    >>> figure.axes[0].get_ylabel()
    'loss'
    """
    values = {name: np.asarray(curve, np.float64) for name, curve in curves.items()}
    sound = all(each.ndim == 1 and each.size for each in values.values())
    if not 1 <= len(values) <= len(_COLOURS) or not sound:
        raise ValueError(
            f"expected one to four curves with at least one value each; received {len(values)}: "
            f"{ {name: each.shape for name, each in values.items()} }"
        )
    if not all(np.isfinite(each).all() for each in values.values()):
        raise ValueError("expected finite values; received some that are not finite")
    with new_figure(3.6) as figure:
        axes = figure.subplots()
        looks = zip(_COLOURS, _LINES, strict=True)
        for (name, curve), (colour, line) in zip(values.items(), looks, strict=False):
            epochs = np.arange(first, first + curve.size)
            marker = "o" if curve.size < 15 else None
            axes.plot(epochs, curve, line, color=colour, marker=marker, markersize=5, label=name)
        axes.set_ylim(bottom=lowest)
        axes.set_ylabel(quantity)
        axes.set_xlabel("epochs")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if quantity == "accuracy":
            axes.set_ylim(top=1)
            axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        axes.grid(axis="y")
        figure.legend(loc="outside upper left", ncols=3 if len("".join(values)) < 24 else 2)
        show = percent if quantity == "accuracy" else "{:.2f}".format
        courses = "; ".join(
            f"{name}, from {show(float(curve[0]))} to {show(float(curve[-1]))}"
            for name, curve in values.items()
        )
        describe(figure, f"The {quantity} over the epochs of {len(values)} curves: {courses}.")
    return figure


def compared_shares(
    rows: Mapping[str, Sequence[float]], names: Sequence[str], *, lowest: float | None = None
) -> Figure:
    """Draw shares of right answers as dots, a row for each training.

    Parameters
    ----------
    rows : mapping of str to sequence of float
        The name of each training, and its shares, 0 to 1.
    names : sequence of str
        The name of each share; one or two.
    lowest : float, optional
        Where the axis begins; somewhat below the lowest share if left out.

    Returns
    -------
    Figure
        The first row on top; a line joins two dots of a row, to show their distance.

    Raises
    ------
    ValueError
        If there are no rows, or one without a share from 0 to 1 for each name.

    Examples
    --------
    >>> figure = compared_shares({"500 images": [1.0, 0.9]}, ["learnt from", "never seen"])
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['500 images']
    """
    shares = np.array(list(rows.values()), np.float64)
    if not 1 <= len(names) <= 2 or not rows or shares.shape != (len(rows), len(names)):
        raise ValueError(
            f"expected rows of one or two shares each, as many as names; received {len(names)} "
            f"names and shares of shape {shares.shape}"
        )
    if not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError("expected shares from 0 to 1; received some outside that range")
    start = max(0.0, float(shares.min()) - 0.15 * (1 - float(shares.min())) - 0.01)
    with new_figure(1.3 + 0.55 * len(rows)) as figure:
        axes = figure.subplots()
        places = np.arange(len(rows))
        axes.hlines(places, shares.min(axis=1), shares.max(axis=1), color=PALE, linewidth=4)
        looks = zip(names, (BLUE, VERMILION), "oD", strict=False)
        for column, (name, colour, marker) in enumerate(looks):
            axes.plot(
                shares[:, column], places, marker, color=colour, markersize=9, clip_on=False,
                label=name,
            )  # fmt: skip
            for place, share in enumerate(shares[:, column]):
                # The larger of two has its label above and the other below, so that the labels
                # of a narrow pair do not overlap.
                above = share >= shares[place].max()
                axes.annotate(
                    percent(float(share)), (share, place), (0, 8 if above else -8),
                    textcoords="offset points", ha="center", va="bottom" if above else "top",
                    color=colour, size=11,
                )  # fmt: skip
        axes.set_yticks(places, labels=list(rows))
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(start if lowest is None else lowest, 1)
        axes.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
        axes.set_xlabel("read right")
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        axes.tick_params(axis="y", length=0)
        figure.legend(loc="outside upper left", ncols=2)
        each = "; ".join(
            f"{row}: "
            + ", ".join(f"{percent(float(s))} of {n}" for s, n in zip(v, names, strict=True))
            for row, v in rows.items()
        )
        describe(figure, f"Right answers of {len(rows)} trainings. {each}.")
    return figure
