"""A digit that the reader draws, and what several networks make of it."""

import html
from collections.abc import Mapping
from typing import Any

import ipywidgets
import numpy as np

from digitrec.app.pad.buttons import button
from digitrec.app.pad.canvas import CanvasView
from digitrec.app.pad.pad import Pad
from digitrec.app.page.guard import Guard
from digitrec.course import pages, pictures
from digitrec.course.figures import Figure
from digitrec.course.pictures import Picture
from digitrec.network import SIDE, Network, Prediction

# A 1 with a flag and a foot, as many people write it and few people in MNIST do.
_FIRST = (
    ((98, 112), (126, 88), (154, 56), (154, 120), (154, 180), (154, 244)),
    ((112, 246), (154, 246), (196, 244)),
)
_NOTHING = "There is nothing on the pad yet: draw a digit."


class Rivals:
    """A pad, and the answers of several networks to what is drawn there.

    Parameters
    ----------
    networks : mapping of str to Network
        What each is called, and the network.

    Raises
    ------
    ValueError
        If there are none.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> rivals = Rivals({"the pad's": bundled()})
    >>> rivals.pad.clear()
    >>> rivals.sentence()
    'There is nothing on the pad yet: draw a digit.'
    """

    def __init__(self, networks: Mapping[str, Network]) -> None:
        if not networks:
            raise ValueError("at least one network was expected. Received: none")
        self._networks = dict(networks)
        self.pad = Pad(next(iter(self._networks.values())))
        for first, *others in _FIRST:
            self.pad.begin(*first)
            for point in others:
                self.pad.extend(*point)
            self.pad.end()
        self.picture = ipywidgets.HTML()
        self.trouble = ipywidgets.HTML()
        guard = Guard(self._say)
        self.canvas = CanvasView(self.pad, guard).widget
        self.undo, self.clear = button("Undo"), button("Clear")
        self.undo.on_click(guard(lambda _button: self.pad.undo(), "undoing"))
        self.clear.on_click(guard(lambda _button: self.pad.clear(), "clearing"))
        self.pad.observe(guard(self._show, "drawing"), "answer")
        self._show()
        self.view = ipywidgets.VBox(
            [
                self.canvas,
                ipywidgets.HBox([self.undo, self.clear]),
                self.trouble,
                self.picture,
            ]
        )

    def answers(self) -> dict[str, Prediction]:
        """Return what each network makes of the drawing; nothing while there is none."""
        if self.pad.answer is None:
            return {}
        image = self.pad.answer.image
        return {name: network.predict(image) for name, network in self._networks.items()}

    def sentence(self) -> str:
        """Return the answers in words."""
        answers = self.answers()
        if not answers:
            return _NOTHING
        said = (f"{name}: a {each.digit}, {_sure(each)}." for name, each in answers.items())
        return " ".join(said)

    def html(self) -> str:
        """Return what the networks see, and the answer of each as a bar."""
        answers = self.answers()
        if not answers:
            return pages.figure(caption=_NOTHING)
        rows = "".join(
            f'<tr><th scope="row" style="text-align:left;font-weight:normal">{html.escape(name)}'
            f'</th><td style="font-size:28px;padding:0 .4em">{each.digit}</td>'
            f"<td>{_sure(each)}{_bar(each.confidence)}</td></tr>"
            for name, each in answers.items()
        )
        seen = pictures.to_html(self._seen(cell=4), "the image that all the networks read")
        table = f'<table style="border-spacing:6px 2px;text-align:left">{rows}</table>'
        return pages.figure(
            pages.line(pages.titled("What they all see", seen), table),
            caption=html.escape(self.sentence()),
        )

    def still(self) -> Figure:
        """Return the drawing as the networks see it."""
        return Figure(
            self._seen(cell=5),
            f"What is drawn, as the networks see it. {self.sentence()} "
            "Run the notebook to draw your own.",
        )

    def _seen(self, cell: int) -> Picture:
        answer = self.pad.answer
        image = np.zeros((SIDE, SIDE)) if answer is None else answer.image
        return pictures.grid(image, signed=False, limit=1, cell=cell)

    def _show(self, _change: object = None) -> None:
        self.picture.value = self.html()

    def _say(self, sentence: str) -> None:
        self.trouble.value = f"<p>{sentence}</p>"

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = self.still().bundle()
        return {**self.view._repr_mimebundle_(), **data}, metadata


def _sure(prediction: Prediction) -> str:
    return f"{100 * prediction.confidence:.0f} % sure"


def _bar(share: float) -> str:
    return (
        '<div aria-hidden="true" style="width:160px;height:8px;background:#80808040">'
        f'<div style="height:8px;background:#0072B2;width:{100 * share:.0f}%"></div></div>'
    )
