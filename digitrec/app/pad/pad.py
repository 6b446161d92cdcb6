"""What is on the pad and what the network says to it, without a widget."""

import functools
import math
import operator
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import PIL.Image
import threadpoolctl
import traitlets
from numpy.typing import NDArray

from digitrec import ink, sight
from digitrec.errors import FileError, HeicError
from digitrec.ink.strokes import MAX_STROKES
from digitrec.network import Network, Prediction

SIZE = 300
"""Width and height of the pad, pixels."""

MAX_POINTS = 10_000
"""More points than a person draws; further ones are not taken."""

MAX_PICTURE_BYTES = 20_000_000
"""Larger files are not read as pictures."""

NOTHING_DRAWN = "There is nothing on the pad yet."
PAD_FULL = "The pad is full. Clear it to go on."
NO_PICTURE = "That file could not be read as a picture. A PNG or a JPEG will do."
HEIC_PICTURE = (
    "That is a HEIC file, as iPhones make them, which cannot be read here. Save it as a JPEG, or "
    "take a screenshot of it."
)
NO_INK = "There is no digit to be found in that picture. Dark ink on light paper works best."
LARGE_PICTURE = "That file is larger than 20 MB. A smaller picture will do."

Point = tuple[float, float]
Stroke = tuple[Point, ...]
Stages = Mapping[str, NDArray[np.float32]]

_TAP = 4.0  # pixels; less than this is a tap
_PAUSE = 0.035  # seconds from one answer to the next while a stroke is being drawn
_SHARE = 2.0  # and as many times what the last one took, so that the ink is never far behind
_PLACES = 2  # decimals of a pixel; finer steps are no hand's
_STEPS = 1000  # that can be undone
_PICTURES = 3  # among them; each is a megabyte
_STEP_POINTS = 100_000  # in all of them, ten full pads; each point takes a hundred bytes
_PICTURE_BOX = 240  # longer side of a picture's ink on the pad, pixels


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


class _Content(NamedTuple):
    """What is on the pad: strokes, or a picture with the stages of its answer."""

    strokes: tuple[Stroke, ...] = ()
    picture: NDArray[np.float32] | None = None
    stages: Stages | None = None


class Pad(traitlets.HasTraits):  # type: ignore[misc] # traitlets has no types mypy may follow
    """The strokes on the pad, or a picture instead of them, and the answer.

    Strokes are never changed in place: what is drawn makes new tuples, so that a view can compare
    what it has painted with what there is now. All methods may be called from any thread. The first
    pad of a process holds NumPy's linear algebra to one thread, so that other processors stay free.

    ``picture`` is None or the picture's ink as it lies on the pad, an array of float32 of shape
    (300, 300), 1 where there is ink. Strokes and a picture are never there both.

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
    picture = traitlets.Any(None)
    drawing = traitlets.Bool(False)
    answer = traitlets.Instance(Answer, allow_none=True)
    notice = traitlets.Unicode("")
    network = traitlets.Instance(Network)
    can_undo = traitlets.Bool(False)
    can_redo = traitlets.Bool(False)

    def __init__(self, network: Network, clock: Callable[[], float] = time.monotonic) -> None:
        self._lock = threading.RLock()
        self._clock = clock
        self._next_answer = 0.0
        self._answered: tuple[Stroke, ...] = ()
        self._stages: Stages | None = None  # of the picture
        self._past: list[_Content] = []
        self._future: list[_Content] = []
        super().__init__(network=network)
        _leave_processors_free()

    @property
    def num_points(self) -> int:
        """How many points all strokes have together."""
        return sum(len(stroke) for stroke in self.strokes)

    @property
    def is_empty(self) -> bool:
        """Whether there is neither a stroke nor a picture."""
        return not self.strokes and self.picture is None

    @property
    def is_untouched(self) -> bool:
        """Whether nothing was ever put on this pad."""
        return self.is_empty and not self._past and not self._future

    def begin(self, x: float, y: float) -> None:
        """Put the pen down; a picture makes room for the stroke.

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
            self._step()
            self.notice = ""
            self.drawing = True
            self._put(_Content((*self.strokes, (point,))))
            self._answer_when_due()

    def extend(self, x: float, y: float) -> None:
        """Move the pen; without one on the pad this does nothing.

        Parameters
        ----------
        x, y : float
            Pixels; what lies off the pad is brought to its edge.
        """
        self.extend_by([(x, y)])

    def extend_by(self, points: Iterable[Point]) -> None:
        """Move the pen along some points, which are shown and answered together.

        Without a new point, what was not answered yet is answered if it is time.

        Parameters
        ----------
        points : iterable of (float, float)
            Pixels, as for :meth:`extend`.
        """
        with self._lock:
            if not self.drawing:
                return
            last = self.strokes[-1][-1]
            room = MAX_POINTS - self.num_points
            more: list[Point] = []
            full = False
            for x, y in points:
                point = _on_pad(x, y)
                if point is None or point == last:
                    continue
                full = len(more) >= room
                if full:
                    break
                more.append(point)
                last = point
            if more:
                self.strokes = (*self.strokes[:-1], (*self.strokes[-1], *more))
            if full:
                self.notice = PAD_FULL
                self.end()
            elif self.strokes is not self._answered:
                self._answer_when_due()

    def end(self) -> None:
        """Lift the pen, and answer."""
        with self._lock:
            if not self.drawing:
                return
            self.drawing = False
            self._answer()

    def undo(self) -> None:
        """Take the last stroke back, or whatever else was done last to what is on the pad."""
        self._travel(self._past, self._future)

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._travel(self._future, self._past)

    def clear(self) -> None:
        """Take everything off the pad."""
        with self._lock:
            self.drawing = False
            self.notice = ""
            if not self.is_empty:
                self._step()
                self._put(_Content())
            self._answer()

    def restore(self, strokes: Any) -> None:
        """Bring back what a page has stored over a reload, unless this pad was used already.

        Parameters
        ----------
        strokes : any
            Should be a list of strokes, each a list of (x, y) in pixels. It comes from a browser:
            whatever in it is no point is left out, and what lies off the pad brought to its edge.
        """
        stored = _checked(strokes)
        with self._lock:
            if stored and self.is_untouched:
                self._put(_Content(stored))
                self._answer()

    def show_picture(self, data: bytes) -> None:
        """Put the digit of a picture on the pad instead of what is there, and answer it.

        Parameters
        ----------
        data : bytes
            A file's content: PNG, JPEG, GIF, BMP, WebP, TIFF, PPM or HEIC.

        Raises
        ------
        FileError
            With a sentence for people: if it is too large, no picture, or shows no ink. What was
            drawn is as it was then, but has no answer, which could be taken for the picture's.
        """
        with self._lock:
            self.answer = None
        if len(data) > MAX_PICTURE_BYTES:
            raise FileError(LARGE_PICTURE)
        try:
            seen = sight.look(self.network, data)
        except HeicError as error:
            raise FileError(HEIC_PICTURE) from error
        except (FileError, ValueError) as error:
            raise FileError(NO_PICTURE) from error
        if seen is None:
            raise FileError(NO_INK)
        stages = seen.stages
        with self._lock:
            self.drawing = False
            self.notice = ""
            if not self.is_untouched:
                self._step()
            self._put(_Content((), _in_the_middle(stages["trimmed"]), stages))
            self._answer()

    def refuse_picture(self, notice: str) -> None:
        """Say why a picture is not shown; what was drawn keeps no answer that could be its own.

        Parameters
        ----------
        notice : str
            A sentence for people.
        """
        with self._lock:
            self.answer = None
            self.notice = notice

    def predict(self) -> None:
        """Answer now, or say that there is nothing to answer."""
        with self._lock:
            self.drawing = False
            self.notice = NOTHING_DRAWN if self.is_empty else ""
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
        stages = self._stages
        self._answered = self.strokes
        if stages is None:
            stages = ink.stages(_still(self.strokes))
        if stages is None:
            self.answer = None
        else:
            prediction = self.network.predict(stages["centred"])
            self.answer = Answer(prediction, stages, settled=not self.drawing)
        self._next_answer = started + max(_PAUSE, _SHARE * (self._clock() - started))

    def _step(self) -> None:
        """Remember what is on the pad, since it is about to become something else."""
        self._past.append(_Content(self.strokes, self.picture, self._stages))
        self._future.clear()
        pictures = [at for at, content in enumerate(self._past) if content.picture is not None]
        oldest = pictures[-_PICTURES - 1] + 1 if len(pictures) > _PICTURES else 0
        kept = min(_num_light(self._past), _STEPS)
        del self._past[: max(oldest, len(self._past) - kept)]

    def _travel(self, source: list[_Content], target: list[_Content]) -> None:
        with self._lock:
            self.drawing = False
            self.notice = ""
            if source:
                target.append(_Content(self.strokes, self.picture, self._stages))
                self._put(source.pop())
            self._answer()

    def _put(self, content: _Content) -> None:
        # Nobody who looks in between may see strokes and a picture at once.
        with self.hold_trait_notifications():
            self.strokes, self.picture, self._stages = content
            self.can_undo, self.can_redo = bool(self._past), bool(self._future)

    def _is_full(self) -> bool:
        full = self.num_points >= MAX_POINTS or len(self.strokes) >= MAX_STROKES
        if full:
            self.notice = PAD_FULL
        return full


def _num_light(past: list[_Content]) -> int:
    """Return how many of the last steps together hold no more points than may be remembered.

    A step mostly has the strokes of the next one but its last, and these are held once.
    """
    room = float(_STEP_POINTS)
    later: tuple[Stroke, ...] = ()
    for number, content in enumerate(reversed(past)):
        strokes = content.strokes
        is_shared = len(strokes) <= len(later) and all(map(operator.is_, strokes, later))
        room -= len(strokes) / 10 + (0 if is_shared else sum(map(len, strokes)))
        if room < 0:
            return number
        later = strokes
    return len(past)


def _still(strokes: tuple[Stroke, ...]) -> list[NDArray[np.float64]]:
    """Return the strokes, or a dot for a tap: no hand holds still, and a dot is not a tiny one."""
    arrays = [np.array(stroke) for stroke in strokes]
    if arrays and np.ptp(np.concatenate(arrays), axis=0).max() < _TAP:
        return [arrays[0][:1]]
    return arrays


def _in_the_middle(trimmed: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a picture's ink in the middle of an empty pad."""
    found = PIL.Image.fromarray(trimmed)
    factor = _PICTURE_BOX / max(found.size)
    width, height = (max(1, round(side * factor)) for side in found.size)
    left, top = (SIZE - width) // 2, (SIZE - height) // 2
    pad = np.zeros((SIZE, SIZE), np.float32)
    fitted = np.asarray(found.resize((width, height), PIL.Image.Resampling.BILINEAR))
    pad[top : top + height, left : left + width] = fitted.clip(0, 1)
    return pad


def points_in(value: Any, limit: int = MAX_POINTS) -> list[Point]:
    """Return the points in what should be a list of pairs, and may be anything.

    Parameters
    ----------
    value : any
        From a browser.
    limit : int
        Entries beyond that many are not looked at.

    Returns
    -------
    list of (float, float)
        Finite; what is no pair of finite numbers is left out.

    Examples
    --------
    >>> points_in([[1, 2.5], None, [3], ["4", 5], [float("nan"), 6], [7, True], [8, 9]])
    [(1.0, 2.5), (8.0, 9.0)]
    >>> points_in("no list")
    []
    """
    if not isinstance(value, list | tuple):
        return []
    points = []
    for pair in value[:limit]:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            continue
        if not all(isinstance(part, int | float) and type(part) is not bool for part in pair):
            continue
        try:
            x, y = float(pair[0]), float(pair[1])
        except OverflowError:  # an integer of hundreds of digits
            continue
        if math.isfinite(x) and math.isfinite(y):
            points.append((x, y))
    return points


def _checked(strokes: Any) -> tuple[Stroke, ...]:
    if not isinstance(strokes, list | tuple):
        return ()
    room = MAX_POINTS
    whole = []
    for stroke in strokes[:MAX_STROKES]:
        points = tuple((_bounded(x), _bounded(y)) for x, y in points_in(stroke, room))
        room -= len(points)
        if points:
            whole.append(points)
    return tuple(whole)


@functools.cache
def _leave_processors_free() -> None:
    # Between two products OpenBLAS's other threads run in circles, and answers come so often that
    # they never stop: each pad would take a core from the browser and from everybody else's pad.
    threadpoolctl.threadpool_limits(1, user_api="blas")


def _on_pad(x: float, y: float) -> Point | None:
    if not (math.isfinite(x) and math.isfinite(y)):
        return None
    return _bounded(x), _bounded(y)


def _bounded(value: float) -> float:
    return round(min(max(float(value), 0.0), float(SIZE)), _PLACES)
