"""How far a network's confidence can be trusted, at a temperature that the reader moves."""

from collections.abc import Mapping

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike

from digitrec.course import pages
from digitrec.course.charts import BLUE, GREY, ORANGE, Axis, Chart, Dots, Line
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive, dropdown
from digitrec.evaluation import reliability_at
from digitrec.plots.look import percent
from digitrec.report import Floats, calibration_error

_WORDS = "How often the network was right, for each step of how sure it was."


class Temperature(Interactive):
    """A reliability diagram, for several sets of images, at any temperature.

    Parameters
    ----------
    answers : mapping of str to (array_like, array_like)
        For every set of images its name, a network's logits, shape (n, 10), and the labels.
    start : float
        Where the slider stands at first.

    Raises
    ------
    ValueError
        If there are no answers.

    Examples
    --------
    >>> logits = 5 * np.eye(10)
    >>> temperature = Temperature({"ten digits": (logits, np.arange(10))})
    >>> temperature.table()[-1].round(2).tolist()
    [10.0, 0.94, 1.0]
    >>> temperature.value.value = 2.0
    >>> temperature.table()[-1].round(2).tolist()
    [0.0, nan, nan]
    """

    def __init__(
        self,
        answers: Mapping[str, tuple[ArrayLike, ArrayLike]],
        start: float = 1.0,
    ) -> None:
        if not answers:
            raise ValueError("the answers to one set of images at least were expected; got none")
        self._answers = [
            (np.asarray(logits, np.float64), np.asarray(labels))
            for logits, labels in answers.values()
        ]
        self.value = ipywidgets.FloatLogSlider(
            description="temperature",
            base=10,
            min=-1,
            max=1,
            step=0.02,
            value=start,
            readout_format=".2f",
            layout={"width": "360px", "max_width": "100%"},
            style={"description_width": "86px"},
        )
        self.images = dropdown("images", [(name, i) for i, name in enumerate(answers)], 0)
        self.images.layout.width = "250px"
        super().__init__([self.value, self.images])

    def table(self) -> Floats:
        """Return the bins of confidence, as :func:`digitrec.evaluation.reliability_table` does."""
        logits, labels = self._answers[self.images.value]
        return reliability_at(logits, labels, float(self.value.value))

    def html(self) -> str:
        """Return the diagram and what it means in words."""
        table = self.table()
        return pages.figure(_diagram(table).svg(), caption=self.sentence(table))

    def sentence(self, table: Floats | None = None) -> str:
        """Return in words whether the network is as sure as it is right.

        Parameters
        ----------
        table : ndarray of float64, shape (15, 3), optional
            The present :meth:`table`, if it is there already.
        """
        table = self.table() if table is None else table
        filled = table[table[:, 0] > 0]
        counts, confidence, accuracy = filled.T
        sure = float(counts @ confidence / counts.sum())
        right = float(counts @ accuracy / counts.sum())
        if abs(sure - right) < 0.002:
            verdict = "On average it is about as sure as it is right."
        elif sure > right:
            verdict = "It is surer than it is right: it promises too much."
        else:
            verdict = "It is right more often than it says: it promises too little."
        return (
            f"At temperature {self.value.value:.2f} the network is {percent(sure, 2)} sure on "
            f"average, and right in {percent(right, 2)}. {verdict} "
            f"Calibration error: <b>{percent(calibration_error(table), 2)}</b>."
        )

    def still(self) -> Figure:
        """Return the diagram of the chosen images."""
        table = self.table()
        says = self.sentence(table).replace("<b>", "").replace("</b>", "")
        words = f"{_WORDS} {says} Run the notebook to move the temperature."
        return Figure(_diagram(table).picture(), words)


def _diagram(table: Floats) -> Chart:
    bins = table[table[:, 0] > 0]
    places = [(100 * sure, 100 * right) for _, sure, right in bins]
    marks: list[Line | Dots] = [Line([(0, 0), (100, 100)], GREY, "as right as sure", width=1)]
    for number, (sure, right) in enumerate(places):
        name = "" if number else "difference"
        marks.append(Line([(sure, right), (sure, sure)], ORANGE, name, width=3))
    for number, (place, count) in enumerate(zip(places, bins[:, 0], strict=True)):
        # The area of a dot grows with the logarithm, or one would hide all others.
        radius = 3 * float(np.sqrt(1 + np.log10(count)))
        marks.append(Dots([place], BLUE, "" if number else "right", radius=radius))
    return Chart(Axis("confidence, %", 0, 100), Axis("right", 0, 100, " %"), marks, _WORDS)
