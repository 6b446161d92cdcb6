"""One drawing, moved and made smaller: the canvas made small beside MNIST's own frame."""

from collections.abc import Sequence

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from digitrec import ink
from digitrec.course import pages, pictures
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive, dropdown
from digitrec.course.pictures import Picture
from digitrec.course.placing import made_small, placed
from digitrec.network import Network

_CELL = 6


class Framing(Interactive):
    """A drawing on a canvas, read in two ways.

    Parameters
    ----------
    network : Network
    drawings : sequence of strokes
        One for each digit that can be chosen.
    digit : int
        Which is shown at first.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> framing = Framing(bundled(), [[[(0, 0), (0, 9)]], [[(5, 0), (5, 9)]]], digit=1)
    >>> framing.size.value = 0.3
    >>> [image.shape for image in framing.images()]
    [(28, 28), (28, 28)]
    """

    def __init__(self, network: Network, drawings: Sequence[ink.Strokes], digit: int = 4) -> None:
        self._network = network
        self._drawings = drawings
        options = [(str(each), each) for each in range(len(drawings))]
        self.digit = dropdown("digit", options, digit)
        self.size = _slider("size", 0.15, 1, 0.4)
        self.right = _slider("right", -1, 1, 0.6)
        self.down = _slider("down", -1, 1, -0.6)
        super().__init__([self.digit, self.size, self.right, self.down])

    def strokes(self) -> tuple[NDArray[np.float64], ...]:
        """Return the drawing where the sliders have put it."""
        return placed(
            self._drawings[self.digit.value],
            size=self.size.value,
            right=self.right.value,
            down=self.down.value,
        )

    def images(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the canvas made small, and the image that MNIST would have made."""
        strokes = self.strokes()
        framed = ink.image(strokes)
        assert framed is not None, "a placed drawing has ink"  # noqa: S101 - so that types hold
        return made_small(strokes), framed

    def html(self) -> str:
        """Return both images, each with its answer, and a sentence."""
        small, framed = self._pictures()
        return pages.figure(
            pages.line(
                pages.titled(
                    "The canvas made small",
                    pictures.to_html(small, "the whole canvas in 28 by 28 pixels"),
                    width=28 * _CELL,
                ),
                pages.titled(
                    "In MNIST's frame",
                    pictures.to_html(framed, "the drawing cut out, fitted and balanced"),
                    width=28 * _CELL,
                ),
            ),
            caption=self.sentence(),
        )

    def sentence(self) -> str:
        """Return what the network reads in each image."""
        plain, framed = self._network.predict_many(np.stack(self.images()))
        return (
            f"A drawn {self.digit.value}. Made small it is read as "
            f"<b>{plain.digit}</b> ({plain.confidence * 100:.0f} %), "
            f"framed as <b>{framed.digit}</b> ({framed.confidence * 100:.0f} %)."
        )

    def still(self) -> Figure:
        """Return both images."""
        return Figure(
            pictures.sheet(
                list(self._pictures()), columns=2, labels=["made small", "MNIST's frame"], gap=12
            ),
            f"A small {self.digit.value} near a corner of the canvas: on the left the canvas made "
            "small, on the right the same drawing in MNIST's frame. "
            "Run the notebook to move it.",
        )

    def _pictures(self) -> tuple[Picture, Picture]:
        small, framed = (
            pictures.grid(image, signed=False, limit=1, cell=_CELL) for image in self.images()
        )
        return small, framed


def _slider(description: str, low: float, high: float, value: float) -> ipywidgets.FloatSlider:
    return ipywidgets.FloatSlider(
        description=description,
        min=low,
        max=high,
        step=0.05,
        value=value,
        readout_format=".0%",
        layout={"width": "290px", "max_width": "100%"},
        style={"description_width": "56px"},
    )
