"""A pooling window that the reader moves over a feature map."""

import numpy as np
from numpy.typing import ArrayLike

from digitrec import explain
from digitrec.course import pages, pictures
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive, dropdown, slider
from digitrec.course.pictures import Box
from digitrec.network import Network

_CELL = 44


class Pooling(Interactive):
    """One window of the first pooling, and the one number that it keeps.

    Parameters
    ----------
    network : Network
    image : array_like, shape (28, 28)
        As for :meth:`digitrec.network.Network.activations`.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> pooling = Pooling(bundled(), np.eye(28))
    >>> pooling.row.value = 0
    >>> pooling.window().top
    0
    """

    def __init__(self, network: Network, image: ArrayLike) -> None:
        self._network = network
        self._image = np.asarray(image)
        activations = network.activations(self._image)
        self._before, self._after = activations["relu1"], activations["pool1"]
        rows, columns, count = self._after.shape
        place = np.unravel_index(int(self._after.argmax()), self._after.shape)
        row, column, kernel = (int(index) for index in place)
        self.kernel = dropdown("map", [(str(index), index) for index in range(count)], kernel)
        self.row = slider("row", rows, row)
        self.column = slider("column", columns, column)
        super().__init__([self.kernel, self.row, self.column])

    def window(self) -> explain.Window:
        """Return the window where the sliders stand."""
        return explain.pooling_step(
            self._network,
            self._image,
            self.row.value,
            self.column.value,
            kernel=self.kernel.value,
        )

    def html(self) -> str:
        """Return the map, the window and the pooled map, and what is kept in words."""
        window = self.window()
        side = len(window.values)
        before = pictures.grid(
            self._before[:, :, self.kernel.value],
            signed=True,
            limit=self._limit,
            box=Box(window.top, window.left, side, side),
        )
        after = pictures.grid(
            self._after[:, :, self.kernel.value],
            signed=True,
            limit=self._limit,
            box=Box(self.row.value, self.column.value, 1, 1),
        )
        values = pages.numbers(
            window.values, "numbers in the window", signed=True, limit=self._limit, largest=True
        )
        return pages.figure(
            pages.line(
                pages.titled("Feature map", pictures.to_html(before, "the map, a window framed")),
                pages.sign("→"),
                pages.titled(f"{side} × {side} numbers", values),
                pages.sign("→"),
                pages.titled("Pooled map", pictures.to_html(after, "the map of what was kept")),
            ),
            caption=self.sentence(),
        )

    def sentence(self) -> str:
        """Return in words what is kept."""
        window = self.window()
        values = ", ".join(pages.number(value) for value in window.values.ravel())
        return f"Of {values} the largest is <b>{pages.number(window.largest)}</b>: it goes on."

    def still(self) -> Figure:
        """Return the map with its window, the numbers in it, and the pooled map."""
        window = self.window()
        side = len(window.values)
        values = pictures.grid(
            window.values,
            signed=True,
            limit=self._limit,
            cell=_CELL,
            numbers="z.2f",
            box=Box(*window.where, 1, 1),
        )
        maps = [
            pictures.grid(each[:, :, self.kernel.value], signed=True, limit=self._limit, box=box)
            for each, box in (
                (self._before, Box(window.top, window.left, side, side)),
                (self._after, Box(self.row.value, self.column.value, 1, 1)),
            )
        ]
        return Figure(
            pictures.beside(maps[0], "→", values, "→", maps[1]),
            f"A feature map, {side} × {side} numbers of it with the largest framed, and the map "
            "of the largest numbers. Run the notebook to move the window.",
        )

    @property
    def _limit(self) -> float:
        return float(self._before.max())
