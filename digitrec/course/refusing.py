"""A bound for refusing that the reader moves: what it costs, and what it spares."""

import math

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.course import pages
from digitrec.course.charts import BLUE, GREY, ORANGE, Axis, Chart, Line
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive

_BINS = 24


class Refusing(Interactive):
    """Two heaps of energies, of digits and of other drawings, and a bound between them.

    Parameters
    ----------
    digits, others : array_like, shape (n,)
        Energies as :func:`digitrec.network.energy` returns them.
    bound : float
        Where the bound stands at first.

    Raises
    ------
    ValueError
        If one of them is empty, or all energies are the same.

    Examples
    --------
    >>> refusing = Refusing([5.0, 6.0, 7.0, 8.0], [2.0, 3.0, 4.0, 5.5], bound=4.5)
    >>> refusing.shares()
    (0.0, 0.75)
    """

    def __init__(self, digits: ArrayLike, others: ArrayLike, bound: float) -> None:
        self._digits = np.asarray(digits, np.float64)
        self._others = np.asarray(others, np.float64)
        if not self._digits.size or not self._others.size:
            raise ValueError("energies of digits and of other drawings were expected; got none")
        both = np.concatenate([self._digits, self._others])
        self._low, self._high = float(both.min()), float(both.max())
        if self._low == self._high:
            raise ValueError(f"different energies were expected. Received: {self._low} only")
        self.bound = ipywidgets.FloatSlider(
            description="bound",
            min=math.floor(10 * self._low) / 10,
            max=math.floor(10 * self._high + 1) / 10,
            step=0.1,
            value=bound,
            readout_format=".1f",
            layout={"width": "340px", "max_width": "100%"},
            style={"description_width": "56px"},
        )
        super().__init__([self.bound])

    def shares(self) -> tuple[float, float]:
        """Return the share of the digits and of the others that is below the bound."""
        bound = self.bound.value
        return float((self._digits < bound).mean()), float((self._others < bound).mean())

    def html(self) -> str:
        """Return both heaps with the bound, and what it does in words."""
        return pages.figure(self._chart().svg(), caption=self.sentence())

    def sentence(self) -> str:
        """Return what the bound does to either heap."""
        of_digits, of_others = self.shares()
        return (
            f"With the bound at {self.bound.value:.1f}, <b>{of_others * 100:.0f} %</b> of the "
            f"drawings that are not digits are refused, and <b>{of_digits * 100:.1f} %</b> of the "
            "digits with them."
        )

    def still(self) -> Figure:
        """Return both heaps with the bound."""
        return Figure(
            self._chart().picture(),
            "Two heaps of energies: those of digits lie mostly to the right of a bound, those of "
            "drawings that are no digit mostly to its left. Run the notebook to move the bound.",
        )

    def _chart(self) -> Chart:
        edges = np.linspace(self._low, self._high, _BINS + 1)
        heaps = [_heap(values, edges) for values in (self._digits, self._others)]
        top = max(share for heap in heaps for _, share in heap)
        bound = self.bound.value
        return Chart(
            Axis("energy", self._low, self._high),
            Axis("of all", 0, top, " %"),
            [
                Line(heaps[0], BLUE, "digits"),
                Line(heaps[1], ORANGE, "no digit"),
                Line([(bound, 0), (bound, top)], GREY, "bound"),
            ],
            "How common each energy is among digits and among other drawings, and the bound.",
        )


def _heap(values: NDArray[np.float64], edges: NDArray[np.float64]) -> list[tuple[float, float]]:
    shares = 100 * np.histogram(values, edges)[0] / len(values)
    corners = [(float(edges[0]), 0.0)]
    for left, right, share in zip(edges[:-1], edges[1:], shares, strict=True):
        corners += [(float(left), float(share)), (float(right), float(share))]
    return [*corners, (float(edges[-1]), 0.0)]
