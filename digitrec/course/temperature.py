"""How far a network's confidence can be trusted, at a temperature that the reader moves."""

import dataclasses
from collections.abc import Mapping

import ipywidgets
import numpy as np
from numpy.typing import ArrayLike

from digitrec import plots
from digitrec.course import pages, svg
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive, dropdown
from digitrec.course.plotted import Plotted
from digitrec.evaluation import evaluate_logits, reliability_at
from digitrec.network import Calibration, Network
from digitrec.plots.look import percent
from digitrec.report import Floats, calibration_error

_LEFT, _TOP, _SIDE = 48, 12, 280  # of the drawing, in its own units


class Temperature(Interactive):
    """A reliability diagram, for several sets of images, at any temperature.

    Parameters
    ----------
    network : Network
    answers : mapping of str to (array_like, array_like)
        For every set of images its name, the network's logits, shape (n, 10), and the labels.

    start : float
        Where the slider stands at first.

    Raises
    ------
    ValueError
        If there are no answers.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> logits = 5 * np.eye(10)
    >>> temperature = Temperature(bundled(), {"ten digits": (logits, np.arange(10))})
    >>> temperature.table()[-1].round(2).tolist()
    [10.0, 0.94, 1.0]
    >>> temperature.value.value = 2.0
    >>> temperature.table()[-1].round(2).tolist()
    [0.0, nan, nan]
    """

    def __init__(
        self,
        network: Network,
        answers: Mapping[str, tuple[ArrayLike, ArrayLike]],
        start: float = 1.0,
    ) -> None:
        if not answers:
            raise ValueError("the answers to one set of images at least were expected; got none")
        self._network = network
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
        self.images.layout.width = "280px"
        super().__init__([self.value, self.images])

    def table(self) -> Floats:
        """Return the bins of confidence, as :func:`digitrec.evaluation.reliability_table` does."""
        logits, labels = self._answers[self.images.value]
        return reliability_at(logits, labels, float(self.value.value))

    def html(self) -> str:
        """Return the diagram and what it means in words."""
        table = self.table()
        sentence = self.sentence(table)
        plain = sentence.replace("<b>", "").replace("</b>", "")
        return pages.figure(
            f'<div style="max-width:420px">{_diagram(table, plain)}</div>', caption=sentence
        )

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
        logits, labels = self._answers[self.images.value]
        return Plotted(plots.reliability(evaluate_logits(self._cooled(), logits, labels)))

    def _cooled(self) -> Network:
        calibration = Calibration(
            float(self.value.value), min_energy=self._network.calibration.min_energy
        )
        return dataclasses.replace(self._network, calibration=calibration)


def _diagram(table: Floats, words: str) -> str:
    def place(confidence: float, accuracy: float) -> tuple[float, float]:
        return _LEFT + _SIDE * confidence, _TOP + _SIDE * (1 - accuracy)

    parts = []
    for tick in range(0, 101, 25):
        (x, _), (_, y) = place(tick / 100, 0), place(0, tick / 100)
        parts += [
            svg.line((_LEFT, y), (_LEFT + _SIDE, y), colour=svg.PALE),
            svg.text(_LEFT - 5, y, f"{tick} %", size=11, anchor="end"),
            svg.text(x, _TOP + _SIDE + 12, f"{tick} %", size=11),
        ]
    parts.append(svg.line(place(0, 0), place(1, 1), dashes="5 4"))
    for count, confidence, accuracy in table[table[:, 0] > 0]:
        x, y = place(confidence, accuracy)
        parts.append(svg.line((x, y), place(confidence, confidence), colour=svg.ORANGE, width=3))
        # The area of a disc grows with the logarithm, or one would hide all others.
        parts.append(svg.disc(x, y, 3 * np.sqrt(1 + np.log10(count)), colour=svg.BLUE))
    parts += [
        svg.text(_LEFT + 8, _TOP + 10, "right", size=12, anchor="start", bold=True),
        svg.text(_LEFT + _SIDE / 2, _TOP + _SIDE + 30, "confidence", size=12, bold=True),
    ]
    return svg.drawing(_LEFT + _SIDE + 22, _TOP + _SIDE + 42, *parts, words=words)
