"""What the layers see: the feature maps of both convolutions for the drawing on the pad."""

from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from digitrec.app.answer.evidence import PAUSE
from digitrec.app.answer.later import Later
from digitrec.app.pad.pad import Pad
from digitrec.app.page.guard import Guard
from digitrec.app.page.pictures import atlas, grey, png
from digitrec.app.page.words import escape
from digitrec.network import Network

_GAP = 2  # pixels between two maps
_FEW, _MANY = 8, 12  # maps in a row
_LOOKS_FOR = {
    1: "Each looks for a pattern of a few pixels, such as an edge.",
    2: "Each looks for an arrangement of what the first layer has found.",
}


class MapsView:
    """Shows, folded, what every filter of both layers found in the drawing.

    Parameters
    ----------
    pad : Pad
    guard : Guard
        Makes errors in the view visible.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> pad = Pad(bundled())
    >>> view = MapsView(pad, Guard(print))
    >>> pad.begin(150, 60); pad.extend(150, 240); pad.end()
    >>> view.widget.value.count("<img")
    2
    """

    def __init__(self, pad: Pad, guard: Guard) -> None:
        self._pad = pad
        self.widget = ipywidgets.HTML(maps_html(pad.network, None))
        self.widget.add_class("dr-maps-box")
        self._later = Later(guard(self._show, "showing the layers"), 2 * PAUSE)
        pad.observe(guard(self._wait, "showing the layers"), ["answer", "network"])
        self._wait()

    def _wait(self, _change: Any = None) -> None:
        answer = self._pad.answer
        if answer is None or answer.settled:
            self._later()
        else:
            self._later.cancel()

    def _show(self) -> None:
        answer = self._pad.answer
        if answer is None or answer.settled:
            image = None if answer is None else answer.image
            self.widget.value = maps_html(self._pad.network, image)


def maps_html(network: Network, image: NDArray[np.float32] | None) -> str:
    """Return the feature maps of both layers as HTML: one picture a layer, and what it is.

    Parameters
    ----------
    network : Network
    image : ndarray of float32, shape (28, 28), or None
        None leaves the room of the pictures empty.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> maps_html(bundled(), None).count("<figure")
    2
    """
    seen = None if image is None else network.activations(image)
    figures = []
    for number, name in ((1, "first"), (2, "second")):
        shape = next(
            layer.output_shape for layer in network.layers if layer.name == f"relu{number}"
        )
        maps = None if seen is None else seen[f"relu{number}"]
        figures.append(_figure(number, name, (shape[0], shape[1], shape[2]), maps))
    return (
        '<details data-dr-key="maps" class="dr-maps"><summary>What the layers see</summary>'
        f"{''.join(figures)}</details>"
    )


def _figure(
    number: int, name: str, shape: tuple[int, int, int], maps: NDArray[np.float32] | None
) -> str:
    height, width, num = shape
    columns = min(num, _MANY if num > 4 * _FEW else _FEW)
    rows = -(-num // columns)
    size = f"aspect-ratio:{columns * (width + _GAP)}/{rows * (height + _GAP)}"
    caption = (
        f"<b>The {name} layer: {num} filters.</b> {_LOOKS_FOR[number]} A small picture is one "
        f"filter's map of {height}×{width} places: bright where it found its pattern."
    )
    if maps is None or not maps.max() > 0:
        found = "&nbsp;" if maps is None else "None of them found anything here."
        frame = f'<span class="dr-map-atlas" style="{size}"></span>'
        return f"<figure>{frame}{_told(caption, found)}</figure>"
    *place, strongest = (int(each) for each in np.unravel_index(maps.argmax(), maps.shape))
    where = whereabouts(place[0] / height, place[1] / width)
    sheet = np.zeros((rows * columns, height, width), np.uint8)
    sheet[:num] = grey(maps / maps.max()).transpose(2, 0, 1)
    row, column = divmod(strongest, columns)
    mark = (
        f'<span class="dr-mark" style="left:{100 * column / columns:.2f}%;'
        f"top:{100 * row / rows:.2f}%;width:{100 / columns:.2f}%;"
        f'height:{100 / rows:.2f}%"></span>'
    )
    told = f"Framed: number {strongest + 1}, which answers most strongly, {where}."
    alternative = f"What the {num} filters of the {name} layer found in your drawing. {told}"
    pixels = atlas(sheet.reshape(rows, columns, height, width), _GAP)
    return (
        f'<figure><span class="dr-map-atlas" style="{size}"><img alt="{escape(alternative)}" '
        f'src="{png(pixels)}">{mark}</span>{_told(caption, told)}</figure>'
    )


def _told(caption: str, found: str) -> str:
    return f'<figcaption>{caption}<span class="dr-told">{found}</span></figcaption>'


def whereabouts(down: float, across: float) -> str:
    """Say where in a picture something is.

    Parameters
    ----------
    down, across : float
        From 0, the upper or left edge, to 1.

    Examples
    --------
    >>> whereabouts(0.1, 0.5), whereabouts(0.9, 0.1), whereabouts(0.5, 0.5)
    ('at the top', 'at the bottom left', 'in the middle')
    """
    upper = ("top", "", "bottom")[min(int(3 * down), 2)]
    side = ("left", "", "right")[min(int(3 * across), 2)]
    place = " ".join(filter(None, (upper, side)))
    return f"at the {place}" if place else "in the middle"
