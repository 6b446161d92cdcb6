"""How loss and accuracy went while a network was trained."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import NDArray

from digitrec.plots.look import BLUE, ORANGE, VERMILION, describe, new_figure, percent


def training_curves(
    history: Sequence[tuple[float, float, float]],
    validation: Sequence[tuple[float, float]] = (),
) -> Figure:
    """Draw loss and accuracy over the epochs of a training run.

    Parameters
    ----------
    history : sequence of (float, float, float)
        Epochs so far, loss, and the share of training images that were right, 0 to 1; as in
        the ``history`` of a :class:`digitrec.jobs.Status`.
    validation : sequence of (float, float), optional
        Epochs so far, and the share of validation images that were right.

    Returns
    -------
    Figure
        The loss above, the accuracy below, over the same epochs.

    Raises
    ------
    ValueError
        If there is nothing to draw, or the points have another shape.

    Examples
    --------
    >>> figure = training_curves([(0.5, 1.0, 0.7), (1.0, 0.3, 0.91)], validation=[(1.0, 0.93)])
    >>> [axes.get_ylabel() for axes in figure.axes]
    ['loss', 'accuracy']
    """
    points = _points(history, 3)
    if not len(points):
        raise ValueError("expected at least one point of a training run; received none")
    checks = _points(validation, 2)
    epochs, losses, accuracies = points.T

    with new_figure(5.0) as figure:
        above, below = figure.subplots(2, sharex=True)
        marker = "o" if len(points) == 1 else None
        above.plot(epochs, losses, color=VERMILION, marker=marker)
        above.set_ylabel("loss")
        above.set_ylim(bottom=0)
        below.plot(epochs, accuracies, color=BLUE, marker=marker, label="training images")
        if len(checks):
            marks = {"color": ORANGE, "markersize": 8, "clip_on": False, "zorder": 3}
            below.plot(checks[:, 0], checks[:, 1], "D", label="validation images", **marks)
            below.legend(loc="lower right")
        below.set_ylabel("accuracy")
        below.set_ylim(top=1)
        below.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        below.set_xlabel("epochs")
        below.xaxis.set_major_locator(MaxNLocator(integer=True))
        for axes in (above, below):
            axes.grid(axis="y")
            axes.set_xlim(0, 1.02 * max(1, float(epochs.max()), *checks[:, 0]))
        words = (
            f"Two curves over {epochs[-1]:.1f} epochs of training. The loss goes from "
            f"{losses[0]:.2f} to {losses[-1]:.2f}, the accuracy on the training images from "
            f"{percent(accuracies[0])} to {percent(accuracies[-1])}."
        )
        if len(checks):
            words += f" On the validation images it ends at {percent(checks[-1, 1])}."
        describe(figure, words)
    return figure


def _points(values: Sequence[tuple[float, ...]], size: int) -> NDArray[np.float64]:
    points = np.array(values, np.float64)
    if not len(points):
        return np.zeros((0, size))
    if points.shape != (len(points), size) or not np.isfinite(points).all():
        raise ValueError(
            f"expected finite points of {size} numbers each; received shape {points.shape}"
        )
    return points
