"""What is on the pad and what the network says to it, without a widget."""

import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import traitlets
from numpy.typing import NDArray

from digitrec import ink
from digitrec.network import Network, Prediction

SIZE = 300
"""Width and height of the pad, pixels."""

MAX_POINTS = 10_000
"""More points than a person draws; further ones are not taken."""

NOTHING_DRAWN = "There is nothing on the pad yet."
PAD_FULL = "The pad is full. Clear it to go on."

Point = tuple[float, float]
Stroke = tuple[Point, ...]

_TAP = 4.0  # pixels; less than this is a tap
_PAUSE = 0.08  # seconds between two answers while a stroke is being drawn
_SHARE = 4.0  # and as many times the duration of the last, so that drawing comes first
_PLACES = 2  # decimals of a pixel; finer steps are no hand's


@dataclass(frozen=True, eq=False)
class Answer:
    """What the network says to the drawing.

    Parameters
    ----------
    prediction : Prediction
    stages : mapping of str to ndarray of float32
        From the drawing to the 28×28 image, as :func:`digitrec.ink.stages` names them.
    settled : bool
        False while a stroke is still being drawn.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> pad = Pad(bundled())
    >>> pad.begin(150, 60); pad.extend(150, 240); pad.end()
    >>> pad.answer.settled, pad.answer.image.shape
    (True, (28, 28))
    """

    prediction: Prediction
    stages: Mapping[str, NDArray[np.float32]]
    settled: bool

    @property
    def image(self) -> NDArray[np.float32]:
        """The 28×28 image that the network saw."""
        return self.stages["centred"]


class Pad(traitlets.HasTraits):  # type: ignore[misc] # traitlets has no types mypy may follow
    """The strokes on the pad and the answer to them.

    Strokes are never changed in place: every point makes new tuples, so that a view can compare
    what it has painted with what there is now. All methods may be called from any thread.

    Parameters
    ----------
    network : Network
        Answers; replacing it answers the drawing anew.
    clock : callable, optional
        Returns seconds; paces the answers while a stroke is being drawn.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> pad = Pad(bundled())
    >>> pad.begin(150, 60); pad.extend(150, 240); pad.end()
    >>> pad.strokes
    (((150.0, 60.0), (150.0, 240.0)),)
    >>> pad.undo()
    >>> pad.strokes, pad.answer
    ((), None)
    >>> pad.predict(); pad.notice
    'There is nothing on the pad yet.'
    """

    strokes = traitlets.Any(())
    drawing = traitlets.Bool(False)
    answer = traitlets.Instance(Answer, allow_none=True)
    notice = traitlets.Unicode("")
    network = traitlets.Instance(Network)

    def __init__(self, network: Network, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._next_answer = 0.0
        super().__init__(network=network)

    @property
    def num_points(self) -> int:
        """How many points all strokes have together."""
        return sum(len(stroke) for stroke in self.strokes)

    def begin(self, x: float, y: float) -> None:
        """Put the pen down.

        Parameters
        ----------
        x, y : float
            Pixels from the pad's upper left corner.
        """
        point = _on_pad(x, y)
        if point is None:
            return
        with self._lock:
            if self.drawing:
                self.end()
            if self._is_full():
                return
            self.notice = ""
            self.drawing = True
            self.strokes = (*self.strokes, (point,))
            self._answer_when_due()

    def extend(self, x: float, y: float) -> None:
        """Move the pen; without one on the pad this does nothing.

        Parameters
        ----------
        x, y : float
            Pixels; what lies off the pad is brought to its edge.
        """
        point = _on_pad(x, y)
        with self._lock:
            if point is None or not self.drawing or self.strokes[-1][-1] == point:
                return
            if self._is_full():
                self.end()
                return
            self.strokes = (*self.strokes[:-1], (*self.strokes[-1], point))
            self._answer_when_due()

    def end(self) -> None:
        """Lift the pen, and answer."""
        with self._lock:
            if not self.drawing:
                return
            self.drawing = False
            self._answer()

    def undo(self) -> None:
        """Take the last stroke back."""
        with self._lock:
            self.drawing = False
            self.notice = ""
            self.strokes = self.strokes[:-1]
            self._answer()

    def clear(self) -> None:
        """Take everything back."""
        with self._lock:
            self.drawing = False
            self.notice = ""
            self.strokes = ()
            self._answer()

    def predict(self) -> None:
        """Answer now, or say that there is nothing to answer."""
        with self._lock:
            self.drawing = False
            self.notice = "" if self.strokes else NOTHING_DRAWN
            self._answer()

    @traitlets.observe("network")  # type: ignore[untyped-decorator] # as for the class
    def _answer_anew(self, _change: Any) -> None:
        with self._lock:
            self._answer()

    def _answer_when_due(self) -> None:
        if self._clock() >= self._next_answer:
            self._answer()

    def _answer(self) -> None:
        started = self._clock()
        stages = ink.stages(_still(self.strokes))
        if stages is None:
            self.answer = None
        else:
            prediction = self.network.predict(stages["centred"])
            self.answer = Answer(prediction, stages, settled=not self.drawing)
        ended = self._clock()
        self._next_answer = ended + max(_PAUSE, _SHARE * (ended - started))

    def _is_full(self) -> bool:
        full = self.num_points >= MAX_POINTS
        if full:
            self.notice = PAD_FULL
        return full


def _still(strokes: tuple[Stroke, ...]) -> list[NDArray[np.float64]]:
    """Return the strokes, or a dot for a tap: no hand holds still, and a dot is not a tiny one."""
    arrays = [np.array(stroke) for stroke in strokes]
    if arrays and np.ptp(np.concatenate(arrays), axis=0).max() < _TAP:
        return [arrays[0][:1]]
    return arrays


def _on_pad(x: float, y: float) -> Point | None:
    if not (math.isfinite(x) and math.isfinite(y)):
        return None
    return _bounded(x), _bounded(y)


def _bounded(value: float) -> float:
    return round(min(max(float(value), 0.0), float(SIZE)), _PLACES)
