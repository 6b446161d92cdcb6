"""The buttons under the bars with which a visitor says what the drawing was."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from digitrec.app.digits.corrections import Corrections
from digitrec.app.pad.pad import Pad
from digitrec.app.page.guard import Guard
from digitrec.network import CLASSES


class CorrectingView(anywidget.AnyWidget):  # type: ignore[misc] # anywidget is not followed by mypy
    """Ten buttons, thanks in words, and a way to take the word back.

    Parameters
    ----------
    pad : Pad
        Its drawing is what is corrected.
    corrections : Corrections
    guard : Guard
        Makes errors in the callbacks visible.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> pad, corrections = Pad(bundled()), Corrections()
    >>> view = CorrectingView(pad, corrections, Guard(print))
    >>> pad.begin(150, 60); pad.extend(150, 240); pad.end()
    >>> view._handle_custom_msg({"event": "label", "digit": 1}, [])
    >>> view.said
    'Thank you: noted as a 1.'
    """

    _esm = (Path(__file__).parent / "correcting.js").read_text(encoding="utf-8")
    ready = traitlets.Bool(False, help="whether there is something to correct").tag(sync=True)
    label = traitlets.Int(None, allow_none=True).tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)
    undoable = traitlets.Bool(False).tag(sync=True)

    def __init__(self, pad: Pad, corrections: Corrections, guard: Guard) -> None:
        super().__init__()
        self._pad = pad
        self._corrections = corrections
        self._seen: object = None
        hear = guard(self._hear, "noting what it was")

        def on_message(_widget: Any, content: Any, _buffers: list[Any]) -> None:
            hear(content)

        self.on_msg(on_message)
        pad.observe(guard(self._look, "looking for an earlier word on the drawing"), "answer")
        for name in ("label", "said", "undoable"):
            traitlets.dlink((corrections, name), (self, name))

    def _hear(self, content: Any) -> None:
        event = content.get("event") if isinstance(content, dict) else None
        answer = self._pad.answer
        if event == "undo":
            self._corrections.undo()
        elif event == "label" and answer is not None:
            digit = content.get("digit")
            if type(digit) is int and 0 <= digit < CLASSES:
                self._corrections.note(digit, self._pad.strokes, answer.image)

    def _look(self, _change: Any) -> None:
        answer, seen = self._pad.answer, self._pad.strokes
        self.ready = answer is not None
        if answer is not None and not answer.settled:
            return
        # Another network may answer the same drawing; then the thanks stay.
        mark = None if answer is None else (seen or answer.image.tobytes())
        if mark != self._seen:
            self._seen = mark
            self._corrections.look_at(seen, None if answer is None else answer.image)
