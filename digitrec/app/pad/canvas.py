"""The pad itself: a black ipycanvas with a white pen, painted from the strokes in Python."""

from typing import Any

import ipycanvas
import ipywidgets
import numpy as np

from digitrec.app.pad.overlay import Overlay
from digitrec.app.pad.pad import SIZE, Pad, Stroke
from digitrec.app.pad.pens import Pens
from digitrec.app.page.guard import Guard

PEN_WIDTH = 18
"""Width of the white line, pixels."""

_PAPER = "#000000"
_INK = "#ffffff"


class CanvasView:
    """Shows the ink of a pad, and draws more with mouse, finger, stylus or keyboard.

    Its ``widget`` is the canvas with an overlay, in which the line appears before the kernel knows
    of it.

    Parameters
    ----------
    pad : Pad
    guard : Guard
        Makes errors in the callbacks visible.
    name : str, optional
        Under which the page stores the ink over a reload; without one it does not.
    pictures : bool, optional
        Whether a picture may be dropped, pasted or chosen instead of drawn.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> view = CanvasView(Pad(bundled()), Guard(print))
    >>> view.canvas.layout.width, view.canvas.layout.height
    ('300px', '300px')
    """

    def __init__(self, pad: Pad, guard: Guard, name: str = "", *, pictures: bool = False) -> None:
        self._pad = pad
        self._ready = False
        self._painted: tuple[Stroke, ...] = ()
        self._picture: Any = None
        side = f"{SIZE}px"
        # Without these lengths the canvas stretches to the page.
        layout = ipywidgets.Layout(width=side, height=side, min_width=side)
        self.canvas = ipycanvas.Canvas(width=SIZE, height=SIZE, layout=layout)
        self.canvas.add_class("dr-canvas")
        pens = Pens(pad, self._tell)
        self.overlay = Overlay(guard(pens.take, "drawing"), name, pictures=pictures)
        self.widget = ipywidgets.Box([self.canvas, self.overlay])
        self.widget.add_class("dr-padbox")

        self.canvas.on_client_ready(guard(self._greet, "painting the pad"))
        painting = guard(self._follow, "painting the pad")
        pad.observe(painting, ["strokes", "picture", "can_undo", "can_redo"])
        # After the paint, so that a page hears of ink that it can see.
        pad.observe(guard(pens.look, "drawing"), ["strokes", "picture", "drawing"])
        self._follow()

    def _tell(self, message: dict[str, Any]) -> None:
        self.overlay.send(message)

    def _greet(self) -> None:
        # The manager names its canvas to the page once and remembers that it did. A page that
        # attaches now has not heard it, and would paint nothing, silently.
        self.canvas._canvas_manager._current_canvas = None
        self._ready = True
        self._repaint()

    def _follow(self, _change: Any = None) -> None:
        pad = self._pad
        self.overlay.set_trait("empty", pad.is_empty)
        self.overlay.set_trait("can_undo", pad.can_undo)
        self.overlay.set_trait("can_redo", pad.can_redo)
        if not self._ready:
            return
        news = new_ink(self._painted, pad.strokes)
        if news is None or pad.picture is not self._picture:
            self._repaint()
            return
        self._painted = pad.strokes
        for stroke in news:
            self._paint(stroke)

    def _repaint(self) -> None:
        self._painted, self._picture = self._pad.strokes, self._pad.picture
        with ipycanvas.hold_canvas():
            self.canvas.fill_style = _PAPER
            self.canvas.fill_rect(0, 0, SIZE, SIZE)
            self.canvas.fill_style = _INK
            self.canvas.stroke_style = _INK
            self.canvas.line_width = PEN_WIDTH
            self.canvas.line_cap = "round"
            self.canvas.line_join = "round"
            if self._picture is not None:
                self.canvas.put_image_data(np.round(self._picture * 255).astype(np.uint8))
            for stroke in self._painted:
                self._paint(stroke)

    def _paint(self, stroke: Stroke) -> None:
        if len(stroke) == 1:
            self.canvas.fill_circle(*stroke[0], PEN_WIDTH / 2)
        elif len(stroke) == 2:
            self.canvas.stroke_line(*stroke[0], *stroke[1])
        else:
            self.canvas.stroke_lines(np.array(stroke))


def new_ink(painted: tuple[Stroke, ...], wanted: tuple[Stroke, ...]) -> tuple[Stroke, ...] | None:
    """Return what must be painted to go from one drawing to another.

    Parameters
    ----------
    painted, wanted : tuple of strokes
        What is painted, and what should be.

    Returns
    -------
    tuple of strokes or None
        Only what is new; None when something has to go, so that all must be painted anew.

    Examples
    --------
    >>> a, b, c = (0.0, 0.0), (1.0, 0.0), (2.0, 0.0)
    >>> new_ink(((a, b),), ((a, b, c),))
    (((1.0, 0.0), (2.0, 0.0)),)
    >>> new_ink(((a, b),), ((a, b), (c,)))
    (((2.0, 0.0),),)
    >>> new_ink(((a, b),), ()) is None
    True
    """
    num = len(painted)
    if num > len(wanted):
        return None
    if num == 0:
        return wanted
    last, longer = painted[-1], wanted[num - 1]
    if painted[:-1] != wanted[: num - 1] or longer[: len(last)] != last:
        return None
    rest = longer[len(last) - 1 :]
    return (*((rest,) if len(rest) > 1 else ()), *wanted[num:])
