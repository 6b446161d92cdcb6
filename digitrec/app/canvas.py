"""The pad itself: a black ipycanvas with a white pen, painted from the strokes in Python."""

from typing import Any

import ipycanvas
import ipywidgets
import numpy as np

from digitrec.app.guard import Guard
from digitrec.app.pen import Pen
from digitrec.app.state import SIZE, Pad, Stroke

PEN_WIDTH = 18
"""Width of the white line, pixels."""

_PAPER = "#000000"
_INK = "#ffffff"
_HINT = "Draw a digit<br>from 0 to 9"


class CanvasView:
    """Shows the strokes of a pad, and draws new ones with mouse or finger.

    Parameters
    ----------
    pad : Pad
    guard : Guard
        Makes errors in the canvas's callbacks visible.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> view = CanvasView(Pad(bundled()), Guard(print))
    >>> view.canvas.layout.width, view.canvas.layout.height
    ('300px', '300px')
    """

    def __init__(self, pad: Pad, guard: Guard) -> None:
        self._pad = pad
        self._ready = False
        self._painted: tuple[Stroke, ...] = ()
        side = f"{SIZE}px"
        # Without these lengths the canvas stretches to the page.
        layout = ipywidgets.Layout(width=side, height=side, min_width=side)
        self.canvas = ipycanvas.Canvas(width=SIZE, height=SIZE, layout=layout)
        self.canvas.add_class("dr-canvas")
        self.hint = ipywidgets.HTML(f'<p aria-hidden="true">{_HINT}</p>')
        self.hint.add_class("dr-hint")
        self.widget = ipywidgets.Box([self.canvas, self.hint])
        self.widget.add_class("dr-padbox")

        pen = Pen(pad)
        canvas, doing = self.canvas, "drawing"
        canvas.on_client_ready(guard(self._greet, "painting the pad"))
        canvas.on_mouse_down(guard(pen.mouse_down, doing))
        canvas.on_mouse_move(guard(pen.mouse_move, doing))
        canvas.on_mouse_up(guard(pen.mouse_up, doing))
        canvas.on_mouse_out(guard(pen.mouse_out, doing))
        canvas.on_touch_start(guard(pen.touch_start, doing))
        canvas.on_touch_move(guard(pen.touch_move, doing))
        canvas.on_touch_end(guard(pen.touch_end, doing))
        canvas.on_touch_cancel(guard(pen.touch_cancel, doing))
        pad.observe(guard(self._follow, "painting the pad"), "strokes")

    def _greet(self) -> None:
        # The manager names its canvas to the page once and remembers that it did. A page that
        # attaches now has not heard it, and would paint nothing, silently.
        self.canvas._canvas_manager._current_canvas = None
        self._ready = True
        self._repaint(self._pad.strokes)

    def _follow(self, change: dict[str, Any]) -> None:
        strokes: tuple[Stroke, ...] = change["new"]
        if strokes and not change["old"]:
            self.hint.add_class("dr-gone")
        elif not strokes:
            self.hint.remove_class("dr-gone")
        if not self._ready:
            return
        news = new_ink(self._painted, strokes)
        if news is None:
            self._repaint(strokes)
            return
        self._painted = strokes
        for stroke in news:
            self._paint(stroke)

    def _repaint(self, strokes: tuple[Stroke, ...]) -> None:
        self._painted = strokes
        with ipycanvas.hold_canvas():
            self.canvas.fill_style = _PAPER
            self.canvas.fill_rect(0, 0, SIZE, SIZE)
            self.canvas.fill_style = _INK
            self.canvas.stroke_style = _INK
            self.canvas.line_width = PEN_WIDTH
            self.canvas.line_cap = "round"
            self.canvas.line_join = "round"
            for stroke in strokes:
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
        What there is and what there shall be.

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
