"""The part of the pad that runs in the page: ink under the pen, whatever the kernel does."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

_HERE = Path(__file__).parent


class Overlay(anywidget.AnyWidget):  # type: ignore[misc] # anywidget is not followed by mypy
    """Lies over the canvas, shows new ink at once, and sends it until it was taken.

    Mouse, finger, stylus and keyboard draw on it; pictures may be dropped or pasted.

    Parameters
    ----------
    hear : callable
        Called with every message of a page and its buffers; see
        :class:`digitrec.app.pad.pens.Pens`.
    name : str, optional
        Under which the page keeps the ink over a reload; without one it does not.
    pictures : bool, optional
        Whether the page takes pictures.

    Examples
    --------
    >>> overlay = Overlay(lambda content, buffers: print(content))
    >>> overlay._handle_custom_msg({"pen": "a"}, [])
    {'pen': 'a'}
    """

    _esm = (_HERE / "overlay.js").read_text(encoding="utf-8")
    _css = (_HERE / "overlay.css").read_text(encoding="utf-8")

    name = traitlets.Unicode("").tag(sync=True)
    pictures = traitlets.Bool(False).tag(sync=True)
    empty = traitlets.Bool(True).tag(sync=True)
    can_undo = traitlets.Bool(False).tag(sync=True)
    can_redo = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self, hear: Callable[[Any, list[Any]], None], name: str = "", *, pictures: bool = False
    ) -> None:
        super().__init__(name=name, pictures=pictures)
        self.on_msg(lambda _widget, content, buffers: hear(content, buffers))
