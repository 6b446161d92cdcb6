"""A pad on the left, and on the right a picture that answers to what is drawn there."""

from abc import ABC, abstractmethod

import ipywidgets

from digitrec.course.drawing_viewer import DrawingViewer
from digitrec.course.figures import Figure
from digitrec.network import Network

NOTHING = '<p aria-live="polite">There is nothing on the pad yet: draw a digit.</p>'
"""The text in place of a picture."""


class BesidePad(DrawingViewer, ABC):
    """A pad and a picture beside it where there is room, and below it on a phone.

    Parameters
    ----------
    network : Network
    controls : sequence of ipywidgets.Widget
        Each has a ``value`` that the picture depends on, besides the drawing.
    """

    def __init__(self, network: Network, controls: tuple[ipywidgets.Widget, ...] = ()) -> None:
        super().__init__(network)
        _, buttons, *others, picture = self.view.children
        self.left = ipywidgets.VBox(
            [self.canvas, buttons, *controls, *others], layout={"margin": "0 16px 0 0"}
        )
        picture.layout = {"flex": "1 1 290px", "min_width": "0"}
        self.view = ipywidgets.Box([self.left, picture], layout={"flex_flow": "row wrap"})
        for control in controls:
            control.observe(self._show, "value")

    @abstractmethod
    def html(self) -> str:
        """Return the picture for what is on the pad, with a text that says it."""

    @abstractmethod
    def still(self) -> Figure:
        """Return a picture for pages where no kernel runs."""
