"""A digit that the reader moves across its frame, and the average that is nearest then."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.course import averages as ruler
from digitrec.course import pages, pictures
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive, slider
from digitrec.course.pictures import Box, Picture
from digitrec.network import CLASSES

REACH = 6
"""Pixels that the digit can be moved in every direction."""


class ShiftedDigit(Interactive):
    """One digit, moved by whole pixels, over the ten averages and its distances to them.

    Parameters
    ----------
    image : array_like, shape (28, 28)
        Grey values from 0 to 255.
    averages : array_like, shape (10, 28, 28)
        The average image of each digit.

    Examples
    --------
    >>> shifted = ShiftedDigit(np.eye(28), np.zeros((10, 28, 28)))
    >>> shifted.right.value = 3
    >>> shifted.image()[0, :5].tolist()
    [0.0, 0.0, 0.0, 1.0, 0.0]
    """

    def __init__(self, image: ArrayLike, averages: ArrayLike) -> None:
        self._image = np.asarray(image)
        self._averages = np.asarray(averages, np.float32)
        self.right = slider("right", REACH + 1, 0)
        self.down = slider("down", REACH + 1, 0)
        for each in (self.right, self.down):
            each.min = -REACH
        super().__init__([self.right, self.down])

    def image(self) -> NDArray[np.generic]:
        """Return the digit where the sliders have moved it; what leaves the frame is gone."""
        side = len(self._image)
        padded = np.pad(self._image, REACH)
        top, left = REACH - self.down.value, REACH - self.right.value
        return padded[top : top + side, left : left + side]

    def nearest(self) -> int:
        """Return the digit whose average is nearest."""
        return int(self._distances().argmin())

    def html(self) -> str:
        """Return the moved digit, the averages with their distances, and the answer in words."""
        moved = pictures.to_html(self._moved(), "the digit in its frame")
        sheet = pictures.to_html(self._sheet(), "the ten averages, the nearest framed in yellow")
        return pages.figure(
            pages.line(
                pages.titled("The digit", moved, width=28 * 6),
                pages.titled("Its distance to every average", sheet, width=400),
            ),
            caption=self.sentence(),
        )

    def sentence(self) -> str:
        """Return in words where the digit is and which average is nearest."""
        right, down = self.right.value, self.down.value
        where = [
            f"{abs(steps)} {'pixel' if abs(steps) == 1 else 'pixels'} {names[steps < 0]}"
            for steps, names in ((right, ("right", "left")), (down, ("down", "up")))
            if steps
        ]
        moved = f"Moved {' and '.join(where)}" if where else "Where MNIST put it"
        nearest = self.nearest()
        distance = f"{self._distances()[nearest]:.0f}"
        return f"{moved}: the nearest average is that of the <b>{nearest}</b>, at {distance}."

    def still(self) -> Figure:
        """Return the digit and the averages with their distances."""
        return Figure(
            pictures.beside(self._moved(), "→", self._sheet()),
            "A digit, and its distance to each of the ten average digits. "
            "Run the notebook to move it.",
        )

    def _distances(self) -> NDArray[np.float32]:
        return np.asarray(ruler.distances(self.image()[np.newaxis], self._averages)[0])

    def _moved(self) -> Picture:
        return pictures.grid(self.image(), signed=False, limit=255, cell=6)

    def _sheet(self) -> Picture:
        distances, nearest = self._distances(), self.nearest()
        box = Box(0, 0, 28, 28)
        tiles = [
            pictures.grid(
                self._averages[digit],
                signed=False,
                limit=255,
                cell=2,
                box=box if digit == nearest else None,
            )
            for digit in range(CLASSES)
        ]
        labels = [f"{distance:.0f}" for distance in distances]
        return pictures.sheet(tiles, columns=5, labels=labels, gap=8)
