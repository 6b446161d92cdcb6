"""The generating hand: a digit, a way of writing it, and new drawings each time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitrec import hand, ink
from digitrec.course import pages, pictures
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive, dropdown, slider
from digitrec.course.pictures import Picture
from digitrec.network import Network

COUNT = 8
"""How many drawings are shown at a time."""


class HandViewer(Interactive):
    """New drawings of one digit in one style, each with what a network reads in it.

    Parameters
    ----------
    network : Network
    digit : int
        Which digit is shown at first.
    style : str
        One of ``hand.STYLES[digit]``.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> viewer = HandViewer(bundled(), 7, "crossed")
    >>> viewer.images().shape
    (8, 28, 28)
    >>> viewer.digit.value = 1
    >>> viewer.style.label
    'bare'
    """

    def __init__(self, network: Network, digit: int = 1, style: str = "long flag") -> None:
        self._network = network
        self.digit = dropdown("digit", [(str(each), each) for each in range(10)], digit)
        self.style = dropdown("style", _numbered(digit), hand.STYLES[digit].index(style))
        self.style.layout.width = "220px"
        self.sheet = slider("sheet", 100, 0)
        self.digit.observe(self._offer_styles, "value")
        super().__init__([self.digit, self.style, self.sheet])

    def images(self) -> NDArray[np.float32]:
        """Return the drawings that are shown, as the network sees them."""
        digit = self.digit.value
        style = hand.STYLES[digit][self.style.value]
        rng = np.random.default_rng([digit, self.style.value, self.sheet.value])
        drawn = [ink.image(hand.draw(digit, rng, style)) for _ in range(COUNT)]
        return np.stack([image for image in drawn if image is not None])

    def html(self) -> str:
        """Return the drawings with what is read in each, and a sentence."""
        images = self.images()
        read = [prediction.digit for prediction in self._network.predict_many(images)]
        words = f"{COUNT} drawings of a {self.digit.value}, each with what is read in it"
        sheet = pictures.to_html(self._sheet(images, [f"read: {each}" for each in read]), words)
        right = sum(each == self.digit.value for each in read)
        caption = (
            f"{self.digit.value}, {self.style.label}, sheet {self.sheet.value}: "
            f"<b>{right} of {COUNT}</b> are read correctly."
        )
        return pages.figure(sheet, caption=caption)

    def still(self) -> Figure:
        """Return the first drawings."""
        return Figure(
            self._sheet(self.images(), [""] * COUNT),
            f"{COUNT} generated drawings of a {self.digit.value} in the style "
            f"“{self.style.label}”. Run the notebook to choose another digit and style.",
        )

    def _sheet(self, images: NDArray[np.float32], labels: list[str]) -> Picture:
        tiles = [pictures.grid(image, signed=False, limit=1, cell=3) for image in images]
        return pictures.sheet(tiles, columns=4, labels=labels)

    def _offer_styles(self, change: Any) -> None:
        self.style.options = _numbered(change["new"])  # which also chooses the first of them


def _numbered(digit: int) -> list[tuple[str, int]]:
    return [(name, number) for number, name in enumerate(hand.STYLES[digit])]
