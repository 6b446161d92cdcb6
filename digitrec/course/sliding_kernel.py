"""A kernel that the reader slides over a digit, number by number."""

import numpy as np
from numpy.typing import ArrayLike

from digitrec import explain
from digitrec.course import pages, pictures
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive, dropdown, slider
from digitrec.course.pictures import Box, Picture
from digitrec.network import Network

_CELL = 36


class SlidingKernel(Interactive):
    """One kernel of the first convolution on one place of a digit, and what it writes down.

    It starts where a kernel of the network answers most.

    Parameters
    ----------
    network : Network
    image : array_like, shape (28, 28)
        As for :meth:`digitrec.network.Network.activations`.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> slide = SlidingKernel(bundled(), np.eye(28))
    >>> slide.row.value = slide.column.value = 0
    >>> slide.step().products.shape == slide.step().patch.shape
    True
    """

    def __init__(self, network: Network, image: ArrayLike) -> None:
        self._network = network
        self._image = np.asarray(image)
        self._maps = network.activations(self._image)["conv1"]
        self._limit = float(np.abs(network.weights["conv1/kernel"]).max())
        rows, columns, count = self._maps.shape
        row, column, kernel = explain.strongest(network, self._image)
        self.kernel = dropdown("kernel", [(str(index), index) for index in range(count)], kernel)
        self.row = slider("row", rows, row)
        self.column = slider("column", columns, column)
        super().__init__([self.kernel, self.row, self.column])

    def step(self) -> explain.Step:
        """Return the numbers at the place where the sliders stand."""
        return self._step(self.row.value, self.column.value)

    def html(self) -> str:
        """Return digit, map, patch, kernel and products, and the sum in words."""
        step = self.step()
        digit = pictures.to_html(self._digit(step), "the digit with the kernel's place framed")
        written = pictures.to_html(self._written(), "the feature map up to this place")
        patch, kernel, products = (step.patch, step.kernel, step.products)
        return pages.figure(
            pages.line(
                pages.titled("The digit", digit, width=224),
                pages.titled("Its feature map so far", written, width=224),
            ),
            pages.line(
                pages.titled(
                    "Pixels under the kernel",
                    pages.numbers(patch[:, :, 0], "pixels", signed=False, limit=1),
                ),
                pages.sign("×"),
                pages.titled(
                    "The kernel's weights",
                    pages.numbers(kernel[:, :, 0], "weights", signed=True, limit=self._limit),
                ),
                pages.sign("="),
                pages.titled(
                    "Their products",
                    pages.numbers(products[:, :, 0], "products", signed=True, limit=self._limit),
                ),
            ),
            caption=self.sentence(),
        )

    def sentence(self) -> str:
        """Return the sum in words."""
        step = self.step()
        text = (
            f"In row {self.row.value}, column {self.column.value}, "
            f"the {step.products.size} products add up to {pages.number(step.total)}. "
            f"With the bias, {pages.number(step.bias)}, that makes "
            f"<b>{pages.number(step.output)}</b>. "
        )
        if step.output > 0:
            return text + "It is positive, so ReLU lets it pass."
        return text + "It is not positive, so ReLU will turn it into 0."

    def still(self) -> Figure:
        """Return patch × kernel = products."""
        step = self.step()
        patch = pictures.grid(
            step.patch[:, :, 0], signed=False, limit=1, cell=_CELL, numbers="z.2f"
        )
        kernel, products = (
            pictures.grid(part[:, :, 0], signed=True, limit=self._limit, cell=_CELL, numbers="z.2f")
            for part in (step.kernel, step.products)
        )
        return Figure(
            pictures.beside(patch, "×", kernel, "=", products),
            "The pixels under a kernel, times the kernel's weights, are its products. "
            "Run the notebook to slide it.",
        )

    def _step(self, row: int, column: int) -> explain.Step:
        return explain.convolution_step(
            self._network, self._image, row, column, kernel=self.kernel.value
        )

    def _digit(self, step: explain.Step) -> Picture:
        height, width, _ = step.kernel.shape
        first = self._step(0, 0)
        last = self._step(self.row.max, self.column.max)
        rows, columns = self._image.shape
        before = -first.top, -first.left
        after = max(last.top + height - rows, 0), max(last.left + width - columns, 0)
        margins = list(zip(before, after, strict=True))
        return pictures.grid(
            np.pad(self._image, margins),
            signed=False,
            box=Box(step.top + before[0], step.left + before[1], height, width),
            blank=np.pad(np.zeros(self._image.shape, bool), margins, constant_values=True),
        )

    def _written(self) -> Picture:
        values = self._maps[:, :, self.kernel.value]
        place = self.row.value * values.shape[1] + self.column.value
        return pictures.grid(
            values,
            signed=True,
            limit=float(np.abs(self._maps).max()),
            box=Box(self.row.value, self.column.value, 1, 1),
            blank=np.arange(values.size).reshape(values.shape) > place,
        )
