"""The figures of ``recognition.py``; each takes numbers and returns a figure."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from numpy.typing import ArrayLike, NDArray

from digitrec.ink.strokes import CANVAS
from digitrec.plots.look import BLUE, INK, ORANGE, VERMILION, describe, new_figure, percent
from digitrec.report import Report

# Of Wong's palette, and every line with its own pattern as well.
_LINES = (
    (VERMILION, ":"),
    (ORANGE, "--"),
    ("#56B4E9", "-."),
    ("#CC79A7", (0, (1, 1))),
    ("#009E73", (0, (6, 1))),
    (BLUE, "-"),
)
_MOST_REFUSED = 0.1
_FEW = 10  # in a bin of fewer digits a share is chance

Refusals = Callable[[ArrayLike], NDArray[np.float64]]


def refusals(curves: Mapping[str, Refusals], at: float) -> Figure:
    """Draw how many of the other drawings are refused, at what cost in digits.

    Parameters
    ----------
    curves : mapping of str to callable
        By network, the function from shares of the digits that are refused to the shares of the
        others that then are.
    at : float
        The share of the digits to mark.
    """
    shares = np.linspace(0, _MOST_REFUSED, 201)
    with new_figure(7.2) as figure:
        axes = figure.subplots()
        axes.axvline(at, color=INK, lw=1)
        # So that the line of our network lies above the others.
        for (name, curve), (colour, pattern) in zip(curves.items(), _LINES, strict=False):
            axes.plot(shares, curve(shares), color=colour, linestyle=pattern, label=name)
        axes.set_xlabel("digits refused")
        axes.set_ylabel("what is no digit, refused")
        axes.set_xlim(0, _MOST_REFUSED)
        axes.set_ylim(0, 1)
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1, 0, " %"))
        axes.grid()
        axes.set_axisbelow(True)
        figure.legend(loc="outside lower left")
        marked = ", ".join(f"{name} {percent(float(c(at)))}" for name, c in curves.items())
        describe(
            figure,
            "One line a network: the share of what is no digit that is refused, against the share "
            f"of digits that is. Where {percent(at, 0)} of the digits are refused: {marked}.",
        )
    return figure


def calibration(reports: Mapping[str, Report]) -> Figure:
    """Draw each network's accuracy in each confidence bin, one panel for each network."""
    num_rows = -(-len(reports) // 2)
    with new_figure(2.7 * num_rows + 0.4) as figure:
        figure.set_layout_engine("constrained", wspace=0.08)
        panels = figure.subplots(num_rows, 2, sharex=True, sharey=True, squeeze=False).ravel()
        for axes in panels:
            axes.axis("off")
        for axes, (name, report) in zip(panels, reports.items(), strict=False):
            axes.axis("on")
            counts, confidence, right = report.reliability.T
            shown = counts >= _FEW
            axes.plot([0, 1], [0, 1], color=INK, linestyle="--", lw=1)
            axes.vlines(confidence[shown], confidence[shown], right[shown], color=VERMILION)
            axes.plot(confidence[shown], right[shown], "o", color=BLUE)
            axes.set_title(f"{name}\ncalibration error {percent(report.ece)}", fontsize=11)
            axes.grid()
            axes.set_axisbelow(True)
        axes.set_xlim(-0.03, 1.03)
        axes.set_ylim(-0.03, 1.03)
        axes.set_xticks((0, 0.5, 1))
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_formatter(PercentFormatter(1, 0, " %"))
        figure.supxlabel("confidence of the network", fontsize=12)
        figure.supylabel("right", fontsize=12)
        errors = ", ".join(f"{name} {percent(report.ece)}" for name, report in reports.items())
        describe(
            figure,
            "A panel a network: how often it is right against how sure it is. By how much the "
            f"two differ on average: {errors}.",
        )
    return figure


def places(
    sizes: Sequence[int],
    by_size: Mapping[str, Sequence[float]],
    axis: Sequence[int],
    by_place: Mapping[str, Sequence[float]],
    size: int,
) -> Figure:
    """Draw how the accuracy changes with the size and the place of a drawing.

    Parameters
    ----------
    sizes : sequence of int
        The longer sides of the drawings, pixels.
    by_size : mapping of str to sequence of float
        By network, the share that is right at every size.
    axis : sequence of int
        The places of the drawings' middles in either direction, pixels.
    by_place : mapping of str to sequence of float
        By network, the share that is right at every place, row after row.
    size : int
        The longer side of the drawings that were moved, pixels.
    """
    with new_figure(6.9) as figure:
        above, below = figure.subfigures(2, squeeze=False, height_ratios=(3, 3.5)).flat
        axes = above.subplots()
        for (name, shares), (colour, pattern) in zip(
            by_size.items(), (_LINES[0], _LINES[-1]), strict=True
        ):
            axes.plot(sizes, shares, color=colour, linestyle=pattern, marker="o", label=name)
        axes.set_xlabel(f"longer side, pixels, in the middle of a canvas of {CANVAS}")
        axes.set_ylabel("right")
        axes.set_ylim(0, 1.03)
        axes.yaxis.set_major_formatter(PercentFormatter(1, 0, " %"))
        axes.grid()
        axes.legend(loc="lower right")
        panels = below.subplots(1, len(by_place), sharey=True)
        edge = (axis[1] - axis[0]) / 2
        extent = (axis[0] - edge, axis[-1] + edge, axis[-1] + edge, axis[0] - edge)
        for axes, (name, shares) in zip(panels, by_place.items(), strict=True):
            grid = np.reshape(shares, (len(axis), len(axis)))
            axes.imshow(grid, cmap="cividis", vmin=0, vmax=1, extent=extent)
            for y, row in zip(axis, grid, strict=True):
                for x, share in zip(axis, row, strict=True):
                    colour = "black" if share > 0.5 else "white"
                    text = f"{100 * share:.0f}"
                    axes.text(x, y, text, color=colour, ha="center", va="center", fontsize=11)
            axes.set_title(name, fontsize=11)
            axes.set_xticks(axis)
            axes.set_yticks(axis)
            axes.set_xlabel("middle of the drawing, x")
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
        panels[0].set_ylabel("y")
        below.suptitle(f"right, in %, of drawings {size} pixels long", fontsize=12)
        words = " ".join(
            f"{name}: from {percent(min(by_size[name]))} to {percent(max(by_size[name]))} over the "
            f"sizes, from {percent(min(shares))} to {percent(max(shares))} over the places."
            for name, shares in by_place.items()
        )
        describe(figure, f"The same digits drawn in other sizes and places, read right. {words}")
    return figure
