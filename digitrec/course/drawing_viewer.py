"""A digit that the reader draws, and the output of every layer for it."""

import math
from typing import Any

import ipywidgets

from digitrec.app.pad.buttons import button
from digitrec.app.pad.canvas import CanvasView
from digitrec.app.pad.pad import Pad
from digitrec.app.page.guard import Guard
from digitrec.course.figures import Figure, feature_maps
from digitrec.course.layers import layers_html
from digitrec.network import Network

# A 5 in two strokes, so that there is something to see before anything is drawn.
_BOWL = tuple(
    (146 + 58 * math.cos(angle / 10), 182 + 56 * math.sin(angle / 10)) for angle in range(-20, 24)
)
_FIRST = (((122, 60), *_BOWL), ((122, 60), (196, 58)))


class DrawingViewer:
    """A pad, and below it every activation of what is drawn there.

    The drawing goes through :mod:`digitrec.ink`, as on the drawing pad.

    Parameters
    ----------
    network : Network

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> viewer = DrawingViewer(bundled())
    >>> viewer.pad.clear()
    >>> viewer.picture.value
    '<p>There is nothing on the pad yet: draw a digit.</p>'
    """

    def __init__(self, network: Network) -> None:
        self.pad = Pad(network)
        for first, *others in _FIRST:
            self.pad.begin(*first)
            for point in others:
                self.pad.extend(*point)
            self.pad.end()
        self.picture = ipywidgets.HTML()
        self.trouble = ipywidgets.HTML()
        guard = Guard(self._say)
        self.canvas = CanvasView(self.pad, guard).widget
        self.undo, self.clear = button("Undo"), button("Clear")
        self.undo.on_click(guard(lambda _button: self.pad.undo(), "undoing"))
        self.clear.on_click(guard(lambda _button: self.pad.clear(), "clearing"))
        self.pad.observe(guard(self._show, "drawing"), "answer")
        self._show()
        self.view = ipywidgets.VBox(
            [
                self.canvas,
                ipywidgets.HBox([self.undo, self.clear]),
                self.trouble,
                self.picture,
            ]
        )

    def html(self) -> str:
        """Return every activation of the drawing, or say that there is none."""
        if self.pad.answer is None:
            return "<p>There is nothing on the pad yet: draw a digit.</p>"
        return layers_html(self.pad.network, self.pad.answer.image)

    def still(self) -> Figure:
        """Return the first feature maps of the drawing."""
        maps = self.pad.network.activations(self.pad.answer.image)["relu1"]
        return feature_maps(
            maps,
            "What the first convolution sees in a drawn 5, after ReLU. "
            "Run the notebook to draw your own digit.",
        )

    def _show(self, _change: object = None) -> None:
        self.picture.value = self.html()

    def _say(self, sentence: str) -> None:
        self.trouble.value = f"<p>{sentence}</p>"

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = self.still().bundle()
        return {**self.view._repr_mimebundle_(), **data}, metadata
