"""A drawing whose parts the reader chooses, with the pointer, a finger or the arrow keys."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

_HERE = Path(__file__).parent


class Picker(anywidget.AnyWidget):  # type: ignore[misc] # anywidget is not followed by mypy
    """A drawing whose parts can be chosen; its value is the chosen part.

    To a screen reader it is a list of the parts, by their words. It can be one of the controls
    of an :class:`digitrec.course.interactive.Interactive`.

    Parameters
    ----------
    svg : str
        As :func:`digitrec.course.svg.drawing` makes it; what can be chosen is made by
        :func:`digitrec.course.svg.choice`.
    words : str
        What it shows and how to choose.
    value : int
        What is chosen at first.
    hover : bool
        Whether the pointer chooses by hovering, without a click.
    width : int
        Pixels of the page, if there is room for them.

    Examples
    --------
    >>> from digitrec.course import svg
    >>> dots = [svg.choice(i, f"dot {i}", svg.disc(9 * i, 5, 3, colour="red")) for i in range(3)]
    >>> Picker(svg.drawing(30, 10, *dots), "three dots", value=2).value
    2
    """

    _esm = (_HERE / "picker.js").read_text(encoding="utf-8")
    _css = (
        ".digitrec-picker{max-width:100%;cursor:pointer;touch-action:manipulation}"
        ".digitrec-picker text{user-select:none}"
        ".digitrec-picker:focus-visible{outline:3px solid #0072b2;outline-offset:-3px}"
    )

    svg = traitlets.Unicode().tag(sync=True)
    words = traitlets.Unicode().tag(sync=True)
    value = traitlets.Int().tag(sync=True)
    hover = traitlets.Bool().tag(sync=True)

    def __init__(
        self, svg: str, words: str, *, value: int, hover: bool = False, width: int = 420
    ) -> None:
        layout: dict[str, Any] = {"width": f"{width}px", "max_width": "100%"}
        super().__init__(svg=svg, words=words, value=value, hover=hover, layout=layout)
