"""Takes what pens do in pages: in numbered batches, each once and in order."""

import threading
from collections.abc import Callable, Sequence
from typing import Any

from digitrec.app.pad.pad import LARGE_PICTURE, NO_PICTURE, Pad, points_in
from digitrec.errors import FileError

MAX_PENS = 64
"""Pages that may draw on one pad; of more, those that came first are forgotten."""

MAX_ACTIONS = 1000
"""A batch has that many at most; further ones are not taken."""

_SENTENCES = {"too large": LARGE_PICTURE, "no picture": NO_PICTURE}
_LONGEST_NAME = 64


class Pens:
    """The pens of all pages that show one pad.

    A page numbers its batches from 1 and holds each until it hears that it was taken. One that
    comes again, or before those ahead of it, changes nothing. Whatever a batch holds comes from a
    browser: what is not understood is passed over.

    Parameters
    ----------
    pad : Pad
        Receives what the pens do.
    tell : callable of dict
        Sends a message to all pages: ``taken`` has the last number that was taken from each pen.
        Whenever no stroke is being drawn and the ink is other than when last told, ``ink`` has all
        of it, to be stored over a reload, and ``picture`` the page's number of the picture, if any.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> pad = Pad(bundled())
    >>> pens = Pens(pad, print)
    >>> pens.take({"pen": "a", "number": 1, "do": [["down", [[5, 5]]], ["move", [[9, 9]]]]})
    {'taken': {'a': 1}}
    >>> pens.take({"pen": "a", "number": 2, "do": [["up"]]})
    {'taken': {'a': 2}, 'ink': [[(5.0, 5.0), (9.0, 9.0)]], 'picture': None}
    >>> pens.take({"pen": "a", "number": 1, "do": [["clear"]]})
    {'taken': {'a': 2}}
    """

    def __init__(self, pad: Pad, tell: Callable[[dict[str, Any]], None]) -> None:
        self._pad = pad
        self._tell = tell
        self._lock = threading.RLock()
        self._taken: dict[str, int] = {}
        self._taking = False
        self._told: object = None
        self._pictures: list[tuple[Any, Any]] = []  # each on the pad, and its page's number of it
        self._simple: dict[str, Callable[[], None]] = {
            "up": self._lift,
            "undo": pad.undo,
            "redo": pad.redo,
            "clear": pad.clear,
            "predict": pad.predict,
        }

    def take(self, batch: Any, buffers: Sequence[Any] = ()) -> None:
        """Do what a batch says, if its turn has come, and tell the pages how far this pen is.

        Parameters
        ----------
        batch : any
            Should be a dict with the name of the ``pen``, the ``number`` of the batch, and what to
            ``do``: a list of lists, each beginning with the name of an action.
        buffers : sequence of bytes-like
            The content of a picture, when the batch brings one.
        """
        if not isinstance(batch, dict):
            return
        pen, number, actions = batch.get("pen"), batch.get("number"), batch.get("do")
        if not isinstance(pen, str) or not 0 < len(pen) <= _LONGEST_NAME:
            return
        if type(number) is not int or not isinstance(actions, list):
            return
        with self._lock:
            taken = self._taken.pop(pen, 0)
            turn = number == taken + 1
            self._taken[pen] = number if turn else taken
            for name in list(self._taken)[:-MAX_PENS]:
                del self._taken[name]
            if turn:
                self._taking = True
                try:
                    for action in actions[:MAX_ACTIONS]:
                        self._do(action, buffers)
                finally:
                    self._taking = False
            self._report({"taken": {pen: self._taken[pen]}}, anyway=True)

    def look(self, _change: Any = None) -> None:
        """Tell the pages about ink that changed without a pen, as by a button."""
        with self._lock:
            if not self._taking and self._taken:
                self._report({"taken": dict(self._taken)})

    def _report(self, message: dict[str, Any], *, anyway: bool = False) -> None:
        ink = (self._pad.strokes, self._pad.picture)
        if not self._pad.drawing and not _same(self._told, ink):
            self._told = ink
            numbers = [number for shown, number in self._pictures if shown is ink[1]]
            # Somebody's place in the numbers is only complete with all of them.
            message["taken"] = dict(self._taken)
            message["ink"] = [list(stroke) for stroke in ink[0]]
            message["picture"] = numbers[-1] if numbers else None
            anyway = True
        if anyway:
            self._tell(message)

    def _do(self, action: Any, buffers: Sequence[Any]) -> None:
        if not isinstance(action, list) or not action or not isinstance(action[0], str):
            return
        name = action[0]
        value = action[1] if len(action) > 1 else None
        if name in self._simple:
            self._simple[name]()
        elif name == "move":
            self._pad.extend_by(points_in(value))
        elif name == "down":
            points = points_in(value)
            if points:
                self._pad.begin(*points[0])
                self._pad.extend_by(points[1:])
        elif name == "picture":
            self._show(value, buffers)
        elif name == "hello":
            self._greet(value, action[2] if len(action) > 2 else None, buffers)
        elif name == "refuse" and isinstance(value, str) and value in _SENTENCES:
            self._pad.refuse_picture(_SENTENCES[value])

    def _lift(self) -> None:
        if not self._pad.drawing:
            # The stroke ended before, as on a full pad, and the page takes it to be longer.
            self._told = None
        self._pad.end()

    def _greet(self, strokes: Any, picture: Any, buffers: Sequence[Any]) -> None:
        self._told = None  # the page that has just come knows nothing yet
        if not self._pad.is_untouched:
            return
        self._pad.restore(strokes)
        if picture is not None and self._pad.is_untouched:
            self._show(picture, buffers)

    def _show(self, number: Any, buffers: Sequence[Any]) -> None:
        if not buffers:
            return
        try:
            self._pad.show_picture(bytes(buffers[0]))
        except FileError as error:
            self._pad.refuse_picture(str(error))
            return
        if type(number) is int:
            self._pictures = [*self._pictures[-4:], (self._pad.picture, number)]


def _same(told: Any, ink: tuple[Any, Any]) -> bool:
    return told is not None and told[0] == ink[0] and told[1] is ink[1]
