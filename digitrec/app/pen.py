"""Turns what a mouse or fingers do into strokes of one pen."""

import math
from collections.abc import Sequence

from digitrec.app.state import SIZE, Pad

_SAME_FINGER = 60.0  # pixels that a finger moves at most between two events


class Pen:
    """One pen for mouse and touch: of several fingers, the first draws.

    Parameters
    ----------
    pad : Pad
        Receives the strokes.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> pad = Pad(bundled())
    >>> pen = Pen(pad)
    >>> pen.mouse_move(5, 5); pad.strokes
    ()
    >>> pen.mouse_down(10, 10); pen.mouse_move(20, 20); pen.mouse_out(-3, 30)
    >>> pad.strokes, pad.drawing
    ((((10.0, 10.0), (20.0, 20.0), (0.0, 30.0)),), False)
    """

    def __init__(self, pad: Pad) -> None:
        self._pad = pad
        self._finger: tuple[float, float] | None = None

    def mouse_down(self, x: float, y: float) -> None:
        """Put the pen down at x, y (pixels)."""
        self._pad.begin(x, y)

    def mouse_move(self, x: float, y: float) -> None:
        """Draw to x, y (pixels) if the pen is down."""
        if self._finger is None:
            self._pad.extend(x, y)

    def mouse_up(self, x: float, y: float) -> None:
        """Draw to x, y (pixels) and lift the pen."""
        self.mouse_move(x, y)
        self._pad.end()

    def mouse_out(self, x: float, y: float) -> None:
        """Draw to the pad's edge and lift the pen: the button may be let go anywhere."""
        self.mouse_up(x, y)

    def touch_start(self, touches: Sequence[tuple[float, float]]) -> None:
        """Begin to draw, if this is the first finger.

        Parameters
        ----------
        touches : sequence of (float, float)
            Where all the fingers are, pixels.
        """
        if len(touches) == 1:
            self._finger = touches[0]
            self._pad.begin(*touches[0])

    def touch_move(self, touches: Sequence[tuple[float, float]]) -> None:
        """Draw to where the first finger is; off the pad the pen is up.

        Parameters
        ----------
        touches : sequence of (float, float)
            Where all the fingers are, pixels.
        """
        if self._finger is None or not touches:
            return
        x, y = self._finger = touches[0]
        if 0 <= x <= SIZE and 0 <= y <= SIZE:
            if self._pad.drawing:
                self._pad.extend(x, y)
            else:
                self._pad.begin(x, y)
        elif self._pad.drawing:
            self._pad.extend(x, y)
            self._pad.end()

    def touch_end(self, touches: Sequence[tuple[float, float]]) -> None:
        """Lift the pen when the first finger has left.

        Parameters
        ----------
        touches : sequence of (float, float)
            Where the fingers are that remain, pixels.
        """
        if self._finger is None:
            return
        if touches and math.dist(touches[0], self._finger) < _SAME_FINGER:
            return
        self._finger = None
        self._pad.end()

    def touch_cancel(self, _touches: Sequence[tuple[float, float]]) -> None:
        """Lift the pen: the system has taken the touch away."""
        self._finger = None
        self._pad.end()
