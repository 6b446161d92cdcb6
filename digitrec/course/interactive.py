"""What all pictures that the reader can move have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import ipywidgets
import traitlets

from digitrec.course.figures import Figure


class Interactive(ABC):
    """Controls above a picture that is redrawn whenever one of them changes.

    Shown as a widget where a kernel runs, and as a still picture on a code host.

    Parameters
    ----------
    controls : sequence of ipywidgets.Widget
        Each has a ``value``; the drawing depends on nothing else.
    """

    def __init__(self, controls: Sequence[Any]) -> None:
        self.picture = ipywidgets.HTML()
        self.view = ipywidgets.VBox(
            [
                ipywidgets.Box(controls, layout={"flex_flow": "row wrap"}),
                self.picture,
            ]
        )
        for control in controls:
            control.observe(self._draw_anew, "value")
        self._draw_anew()

    @abstractmethod
    def html(self) -> str:
        """Return the picture for the present state of the controls, with a text that says it."""

    @abstractmethod
    def still(self) -> Figure:
        """Return a picture for pages where no kernel runs."""

    def _draw_anew(self, _change: object = None) -> None:
        self.picture.value = self.html()

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = self.still().bundle()
        widget = self.view._repr_mimebundle_()
        return {**widget, **data}, metadata


class _Choice(ipywidgets.Dropdown):  # type: ignore[misc] # ipywidgets is not followed by mypy
    """A list in which something is always chosen, whatever a page sends."""

    @traitlets.validate("index")  # type: ignore[untyped-decorator] # as above
    def _validate_index(self, proposal: Any) -> int:
        numbers = [number for _, number in self.options]
        index = proposal["value"]
        if index is not None and 0 <= index < len(numbers):
            return int(index)
        # An error would be a page of the server's log for every message. While one is taken in,
        # the index is the page's already; the value is still what was chosen.
        return numbers.index(self.value)


def dropdown(description: str, options: Sequence[tuple[str, int]], value: int) -> Any:
    """Return a list to choose a number from.

    Parameters
    ----------
    description : str
    options : sequence of (str, int)
        What is shown, and the number it means.
    value : int
        What is chosen at first.

    Examples
    --------
    >>> dropdown("kernel", [("0", 0), ("1", 1)], value=1).value
    1
    """
    return _Choice(
        description=description,
        options=options,
        value=value,
        layout={"width": "140px"},
        style={"description_width": "56px"},
    )


def slider(description: str, size: int, value: int) -> Any:
    """Return a slider over the places 0 to ``size - 1``.

    Parameters
    ----------
    description : str
    size : int
    value : int
        Where it is at first.

    Examples
    --------
    >>> slider("row", 24, 5).max
    23
    """
    return ipywidgets.IntSlider(
        description=description,
        min=0,
        max=size - 1,
        value=value,
        layout={"width": "290px", "max_width": "100%"},
        style={"description_width": "56px"},
    )
