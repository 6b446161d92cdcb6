"""One picture of where a network fails."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from digitrec.plots._pictures import draw_mistakes, mistakes_height
from digitrec.plots._results import CONFUSION_HEIGHT, draw_confusion
from digitrec.plots.look import describe, new_figure
from digitrec.report import Report

_PAIRS = 4  # pictures side by side, each with what the network saw
_ROW = 1.25  # inches from one row of pictures to the next


def failures(report: Report, images: ArrayLike, *, most: int = 30) -> Figure:
    """Draw where a network fails: which digits it mixes up, and below its surest mistakes.

    Parameters
    ----------
    report : Report
    images : array_like, shape (n, 28, 28)
        The images that were evaluated, in the same order. Those that are not shown may be empty.
    most : int
        Show no more mistakes than this.

    Returns
    -------
    Figure
        The confusion matrix, and below it the images that were read wrong, the most confident
        first: what each shows, what it was read as, and how sure the network was.

    Raises
    ------
    ValueError
        If no digits were evaluated, or an image is missing.

    Examples
    --------
    >>> from digitrec import mnist, network
    >>> from digitrec.evaluation import evaluate
    >>> test = mnist.load_part("test")
    >>> report = evaluate(network.bundled(), test.images[:500], test.labels[:500])
    >>> len(failures(report, test.images[:500]).axes)
    2
    """
    heights = CONFUSION_HEIGHT + 0.3, mistakes_height(report, most) + 0.3
    with new_figure(sum(heights)) as figure:
        parts = figure.subfigures(2, squeeze=False, height_ratios=heights)
        above, below = (part.subplots() for part in parts.flat)
        wrong, num = len(report.mistakes), min(len(report.mistakes), most)
        words = draw_confusion(above, report)
        above.set_title(f"{wrong:,} of {report.samples:,} digits read wrong")
        words += f" Below, {draw_mistakes(below, report, images, most=most)}"
        if num:
            below.set_title("the mistakes" if num == wrong else f"the {num} surest mistakes")
        describe(figure, words)
    return figure


def misread(
    pictures: Sequence[NDArray[Any]],
    images: Sequence[NDArray[np.float32] | None],
    captions: Sequence[str],
) -> Figure:
    """Draw pictures that were read wrong, each beside what the network saw of it.

    Parameters
    ----------
    pictures : sequence of ndarray, shape (rows, columns, 3)
        Red, green and blue, floats 0 to 1.
    images : sequence of ndarray of float32, shape (28, 28), or None
        What the network saw of each; None where it found no ink.
    captions : sequence of str
        What is to be said below each.

    Returns
    -------
    Figure
        Empty but for a sentence where there are no pictures.

    Raises
    ------
    ValueError
        If there are not as many images and captions as pictures.

    Examples
    --------
    >>> page, image = np.ones((40, 30, 3)), np.zeros((28, 28), np.float32)
    >>> figure = misread([page], [image], ["7, read as 1"])
    >>> figure.axes[0].get_title(loc="left")
    '7, read as 1'
    """
    if not len(pictures) == len(images) == len(captions):
        raise ValueError(
            "expected an image and a caption for every picture; "
            f"received {len(pictures)}, {len(images)} and {len(captions)}"
        )
    rows = max(1, -(-len(pictures) // _PAIRS))
    with new_figure(_ROW * rows) as figure:
        places = figure.subplots(rows, 2 * _PAIRS, squeeze=False)
        for axes in places.flat:
            axes.axis("off")
        pairs = places.reshape(-1, 2)
        for (left, right), picture, image, caption in zip(
            pairs, pictures, images, captions, strict=False
        ):
            left.imshow(picture, vmin=0, vmax=1)
            left.set_title(caption, loc="left", fontsize=11)
            if image is not None:
                right.imshow(image, cmap="gray", vmin=0, vmax=1)
        if not len(pictures):
            places[0, 0].set_title("no picture was read wrong", loc="left")
        told = "; ".join(captions) or "none"
        describe(figure, f"Pictures that were read wrong, and what the network saw: {told}.")
    return figure
