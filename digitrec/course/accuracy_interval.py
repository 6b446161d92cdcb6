"""How much an accuracy says, for any number of test images."""

from typing import Any

import ipywidgets

from digitrec import plots
from digitrec.course import pages, svg
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive
from digitrec.course.plotted import Plotted
from digitrec.plots.look import percent
from digitrec.report import wilson_interval

SIZES = (10, 30, 100, 300, 1_000, 3_000, 10_000, 30_000, 100_000)
"""How many test images there are to choose from."""

_LEFT, _WIDTH, _ROW = 66, 274, 24  # of the drawing, in its own units


class AccuracyInterval(Interactive):
    """The 95 % interval of an accuracy, for several numbers of test images.

    Parameters
    ----------
    accuracy : float
        The accuracy at first, 0.5 to 1.
    images : int
        One of ``SIZES``: the number of images that is chosen at first.

    Examples
    --------
    >>> interval = AccuracyInterval()
    >>> interval.images.value = 100
    >>> interval.accuracy.value = 90.0
    >>> interval.num_right(100)
    90
    """

    def __init__(self, accuracy: float = 0.99, images: int = 1_000) -> None:
        wide = {"width": "360px", "max_width": "100%"}
        style = {"description_width": "86px"}
        self.images = ipywidgets.SelectionSlider(
            description="test images",
            options=[(f"{size:,}", size) for size in SIZES],
            value=images,
            layout=wide,
            style=style,
        )
        self.accuracy = ipywidgets.FloatSlider(
            description="accuracy, %",
            min=50,
            max=100,
            step=0.1,
            value=100 * accuracy,
            readout_format=".1f",
            layout=wide,
            style=style,
        )
        super().__init__([self.images, self.accuracy])

    def num_right(self, images: int) -> int:
        """Return how many of some images are read right at the chosen accuracy.

        Parameters
        ----------
        images : int

        Examples
        --------
        >>> AccuracyInterval(0.5).num_right(300)
        150
        """
        return round(images * float(self.accuracy.value) / 100)

    def html(self) -> str:
        """Return an interval for every number of images, the chosen one in orange, and in words."""
        rows = [(size, self.num_right(size)) for size in SIZES]
        intervals = [wilson_interval(right, size) for size, right in rows]
        start = min(low for low, _ in intervals)
        start -= (1 - start) * 0.03

        def across(share: float) -> float:
            return _LEFT + _WIDTH * (share - start) / (1 - start)

        height = _ROW * (len(SIZES) + 1) + 8
        parts = []
        for share in _round_shares(start):
            x = across(share)
            parts += [
                svg.line((x, 4), (x, height - _ROW), colour=svg.PALE),
                svg.text(x, height - _ROW / 2, f"{share * 100:.0f} %"),
            ]
        for row, ((size, right), (low, high)) in enumerate(zip(rows, intervals, strict=True)):
            chosen = size == self.images.value
            colour = svg.ORANGE if chosen else svg.BLUE
            y = _ROW * (row + 0.7)
            parts += [
                svg.text(_LEFT - 8, y, f"{size:,}", anchor="end", bold=chosen),
                svg.line(
                    (across(low), y), (across(high), y), colour=colour, width=6 if chosen else 3
                ),
                svg.disc(across(right / size), y, 5 if chosen else 3.5, colour=colour),
            ]
        picture = svg.drawing(_LEFT + _WIDTH + 20, height, *parts, words=self._picture_in_words())
        return pages.figure(
            f'<div style="max-width:420px">{picture}</div>', caption=self.sentence()
        )

    def sentence(self) -> str:
        """Return the interval of the chosen number of images in words."""
        size = self.images.value
        right = self.num_right(size)
        low, high = wilson_interval(right, size)
        return (
            f"{right:,} of {size:,} images were read right. With 95 % confidence the true accuracy "
            f"is between <b>{percent(low, 2)}</b> and <b>{percent(high, 2)}</b>: "
            f"{(high - low) * 100:.2f} points apart."
        )

    def still(self) -> Figure:
        """Return the intervals for every number of images."""
        shares = [self.num_right(size) / size for size in SIZES]
        intervals = [wilson_interval(self.num_right(size), size) for size in SIZES]
        names = [f"of {size:,}" for size in SIZES]
        strong = SIZES.index(self.images.value)
        return Plotted(plots.accuracies(names, shares, intervals, strong=strong))

    def _picture_in_words(self) -> str:
        return f"Intervals for {SIZES[0]} to {SIZES[-1]:,} images, the more images the shorter."


def _round_shares(start: float) -> list[Any]:
    """Return a few round shares from a start up to 1."""
    step = next(step for step in (1, 2, 5, 10, 20) if (1 - start) * 100 / step <= 5)
    return [share / 100 for share in range(100, -1, -step) if share / 100 >= start]
