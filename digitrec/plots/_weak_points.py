"""One picture of where a network fails."""

from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from digitrec.plots._pictures import draw_mistakes, mistakes_height
from digitrec.plots._results import CONFUSION_HEIGHT, draw_confusion
from digitrec.plots.look import describe, new_figure
from digitrec.report import Report


def failures(report: Report, images: ArrayLike, *, most: int = 30) -> Figure:
    """Draw where a network fails: what it took for what, and below its surest mistakes.

    Parameters
    ----------
    report : Report
    images : array_like, shape (n, 28, 28)
        The images that were evaluated, in the same order. Those that are not shown may be empty.
    most : int
        Show no more mistakes than these.

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
