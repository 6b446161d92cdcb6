"""Figures of a report: accuracy by digit, which digits are mixed up, how far to trust it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from digitrec.plots.look import BLUE, INK, ORANGE, PALE, VERMILION, describe, new_figure, percent
from digitrec.report import Report

CONFUSION_HEIGHT = 5.9
"""Height of the confusion matrix at the width of a figure, inches."""


def accuracy_per_class(report: Report) -> Figure:
    """Draw the accuracy of every digit with its 95 % interval.

    Dots on a scale that begins near the lowest: bars would have to begin at zero, where ten good
    accuracies all look the same.

    Parameters
    ----------
    report : Report

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If no digits were evaluated.

    Examples
    --------
    >>> from digitrec import mnist, network
    >>> from digitrec.evaluation import evaluate
    >>> test = mnist.load_part("test")
    >>> report = evaluate(network.bundled(), test.images[:500], test.labels[:500])
    >>> accuracy_per_class(report).axes[0].get_ylabel()
    'digit'
    """
    _check_samples(report)
    known = np.flatnonzero(~np.isnan(report.per_class))
    shares = report.per_class[known]
    lows, highs = report.per_class_interval[known].T
    samples = report.confusion.sum(axis=1) + report.no_ink
    wrong = samples - np.diag(report.confusion)

    with new_figure(4.6) as figure:
        axes = figure.subplots()
        axes.axvspan(*report.interval, color=ORANGE, alpha=0.25, lw=0)
        axes.axvline(report.accuracy, color=ORANGE)
        # Rounding may put a share just outside its interval, by the last bit.
        reach = np.maximum([shares - lows, highs - shares], 0)
        axes.errorbar(shares, known, xerr=reach, fmt="o", color=BLUE, markersize=8, capsize=4)
        axes.set_yticks(range(10))
        axes.set_ylim(9.5, -0.5)
        axes.set_ylabel("digit")
        start = min(float(lows.min()), report.interval[0])
        axes.set_xlim(start - 0.04 * (1 - start), 1 + 0.02 * (1 - start))
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.4g} %")
        axes.set_xlabel("read right, with 95 % interval")
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        right = axes.secondary_yaxis("right")
        counts = [
            f"{bad:,} of {all_:,} wrong" if all_ else "none tested"
            for bad, all_ in zip(wrong, samples, strict=True)
        ]
        right.set_yticks(range(10), labels=counts)
        right.tick_params(length=0)
        right.spines[:].set_visible(False)
        low, high = report.interval
        axes.set_title(
            f"all digits: {percent(report.accuracy, 2)} ({percent(low, 2)} to {percent(high, 2)})",
            color=INK,
        )
        each = ", ".join(
            f"{digit}: {percent(share)}" for digit, share in zip(known, shares, strict=True)
        )
        describe(
            figure,
            f"Of {report.samples:,} digits {percent(report.accuracy, 2)} were read right; the "
            f"95 % interval is {percent(low, 2)} to {percent(high, 2)}. By digit, {each}.",
        )
    return figure


def confusion_matrix(report: Report) -> Figure:
    """Draw which digit was taken for which.

    Darker means more, on the logarithm of the counts, so that you can see a single mistake beside
    a thousand right answers. The colours (viridis) keep their order for colour-blind eyes and in
    grey. Empty cells stay white.

    Parameters
    ----------
    report : Report

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If no digits were evaluated.

    Examples
    --------
    >>> from digitrec import mnist, network
    >>> from digitrec.evaluation import evaluate
    >>> test = mnist.load_part("test")
    >>> report = evaluate(network.bundled(), test.images[:500], test.labels[:500])
    >>> axes = confusion_matrix(report).axes[0]
    >>> axes.get_xlabel(), axes.get_ylabel()
    ('read as', 'shows')
    """
    _check_samples(report)
    with new_figure(CONFUSION_HEIGHT) as figure:
        describe(figure, draw_confusion(figure.subplots(), report))
    return figure


def draw_confusion(axes: Axes, report: Report) -> str:
    """Draw the confusion matrix of a report that holds digits, and return it in words."""
    import seaborn  # noqa: PLC0415 - brings pandas; the other figures do without

    _check_samples(report)
    counts = report.confusion
    seaborn.heatmap(
        counts,
        ax=axes,
        mask=counts == 0,
        annot=True,
        fmt="d",
        annot_kws={"fontsize": 11},
        cmap="viridis_r",
        norm=LogNorm(1, max(2, counts.max())),
        square=True,
        linewidths=1,
        linecolor=PALE,
        cbar=False,  # every cell shows its number
    )
    axes.tick_params(length=0, labelrotation=0)
    axes.set_anchor("SW")  # where its words are: see the sheets of images
    axes.set_xlabel("read as")
    axes.set_ylabel("shows")
    return _confusion_in_words(report)


def reliability(report: Report) -> Figure:
    """Draw the accuracy in each confidence bin.

    Parameters
    ----------
    report : Report

    Returns
    -------
    Figure
        Above, a dot for every confidence bin, on the diagonal if the network is right as often
        as it says; below, how many samples each bin holds.

    Raises
    ------
    ValueError
        If no digits were evaluated.

    Examples
    --------
    >>> from digitrec import mnist, network
    >>> from digitrec.evaluation import evaluate
    >>> test = mnist.load_part("test")
    >>> report = evaluate(network.bundled(), test.images[:500], test.labels[:500])
    >>> [axes.get_ylabel() for axes in reliability(report).axes]
    ['right', 'samples']
    """
    _check_samples(report)
    num_bins = len(report.reliability)
    counts, confidence, accuracy = report.reliability.T
    with new_figure(5.6) as figure:
        above, below = figure.subplots(2, sharex=True, height_ratios=(3, 1))
        above.plot([0, 1], [0, 1], color=INK, linestyle="--", lw=1, label="as often right as sure")
        above.vlines(confidence, confidence, accuracy, color=VERMILION, label="the difference")
        above.plot(confidence, accuracy, "o", color=BLUE, markersize=8, label="this network")
        above.legend(loc="upper left")
        above.set_ylabel("right")
        above.set_ylim(-0.03, 1.03)
        above.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        above.set_title(f"calibration error {percent(report.ece, 2)}")
        edges = np.arange(num_bins) / num_bins
        below.bar(edges, counts, width=1 / num_bins, align="edge", color=BLUE, edgecolor="white")
        below.set_yscale("log")
        below.set_ylim(0.7, 2 * counts.max())
        below.yaxis.set_major_formatter(FuncFormatter(_thousands))
        below.set_ylabel("samples")
        below.set_xlabel("confidence of the network")
        below.set_xlim(-0.02, 1.02)
        below.xaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        for axes in (above, below):
            axes.grid(axis="y")
            axes.set_axisbelow(True)
        describe(
            figure,
            "How often the network was right against how sure it was, in "
            f"{num_bins} steps of confidence. On average the two differ by "
            f"{percent(report.ece, 2)}; {percent(counts[-1] / report.samples)} of the answers are "
            "in the surest step.",
        )
    return figure


def _check_samples(report: Report) -> None:
    if not report.samples:
        raise ValueError("expected a report about digits; received one with no samples of digits")


def _thousands(value: float, _: object = None) -> str:
    return f"{value:,.0f}"


def _confusion_in_words(report: Report) -> str:
    counts = report.confusion
    off = counts - np.diag(np.diag(counts))
    text = (
        f"A table of ten rows, the digit that an image shows, and ten columns, the digit it was "
        f"read as. {np.diag(counts).sum():,} of {report.samples:,} are on the diagonal, that is, "
        "read right."
    )
    worst = [place for place in np.argsort(-off, axis=None, kind="stable")[:3] if off.flat[place]]
    if worst:
        pairs = [f"{place // 10} as {place % 10} ({off.flat[place]})" for place in worst]
        text += f" The most frequent mistakes: {', '.join(pairs)}."
    if report.no_ink.any():
        text += f" {report.no_ink.sum()} had no ink and are in no column."
    return text
