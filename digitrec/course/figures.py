"""The pictures of the notebooks that do not move, each with words that say what it shows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.course import pictures
from digitrec.course.pictures import Box, Picture
from digitrec.explain import Step
from digitrec.network import Network

_TILE = 72  # pixels of the page for the side of a small picture


@dataclass(frozen=True, eq=False)
class Figure:
    """A picture that a notebook shows and stores as PNG.

    Parameters
    ----------
    picture : PIL.Image.Image
    words : str
        What it shows, for people who cannot see it.

    Examples
    --------
    >>> figure = Figure(pictures.grid(np.eye(3), signed=True), "a diagonal")
    >>> sorted(figure.bundle()[0])
    ['image/png', 'text/plain']
    """

    picture: Picture
    words: str

    def bundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return data and metadata by MIME type, as Jupyter takes them."""
        width = self.picture.width // pictures.DENSITY
        return (
            {"image/png": pictures.to_png(self.picture), "text/plain": self.words},
            {"image/png": {"alt": self.words, "width": width}},
        )

    def html(self) -> str:
        """Return the picture as an ``<img>`` element."""
        return pictures.to_html(self.picture, self.words)

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        return self.bundle()


def pixels(image: NDArray[np.uint8], top: int, left: int, side: int = 7) -> Figure:
    """Show a digit and the numbers of one part of it.

    Parameters
    ----------
    image : ndarray of uint8, shape (28, 28)
    top, left : int
        Where the part begins.
    side : int
        How many rows and columns it has.

    Examples
    --------
    >>> pixels(np.zeros((28, 28), np.uint8), 4, 4).words
    'A digit of 28 × 28 pixels, and the numbers in rows 4 to 10 and columns 4 to 10 of it.'
    """
    whole = pictures.grid(image, signed=False, limit=255, cell=5, box=Box(top, left, side, side))
    part = pictures.grid(
        image[top : top + side, left : left + side],
        signed=False,
        limit=255,
        cell=28,
        numbers=".0f",
    )
    rows, columns = image.shape
    return Figure(
        pictures.beside(whole, "→", part),
        f"A digit of {rows} × {columns} pixels, and the numbers in rows {top} to {top + side - 1} "
        f"and columns {left} to {left + side - 1} of it.",
    )


def rectified(before: ArrayLike, after: ArrayLike) -> Figure:
    """Show one feature map before and after ReLU.

    Parameters
    ----------
    before, after : array_like, shape (height, width)

    Examples
    --------
    >>> rectified([[-1.0, 1.0]], [[0.0, 1.0]]).picture.size
    (180, 76)
    """
    limit = float(np.abs(before).max(initial=0))
    maps = [pictures.grid(each, signed=True, limit=limit, cell=8) for each in (before, after)]
    return Figure(
        pictures.beside(maps[0], "→", maps[1]),
        "A feature map before ReLU, blue where it is negative and orange where it is positive, "
        "and after it: the orange is the same, the blue has become 0, which is white.",
    )


def kernels(network: Network) -> Figure:
    """Show the kernels that the first convolution learnt.

    Parameters
    ----------
    network : Network

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> kernels(bundled()).words[:12]
    'The learned '
    """
    weights = network.weights["conv1/kernel"][:, :, 0]
    limit = float(np.abs(weights).max())
    tiles = [
        pictures.grid(kernel, signed=True, limit=limit, cell=_cell(kernel))
        for kernel in np.moveaxis(weights, -1, 0)
    ]
    height, width, count = weights.shape
    return Figure(
        pictures.sheet(
            tiles, columns=_columns(count), labels=[str(index) for index in range(count)]
        ),
        f"The learned kernels 0 to {count - 1} of the first convolution, {height} × {width} "
        "weights each: orange looks for ink, blue looks for its absence.",
    )


def feature_maps(maps: ArrayLike, words: str) -> Figure:
    """Show all feature maps of one layer side by side.

    Parameters
    ----------
    maps : array_like, shape (height, width, maps)
    words : str
        What they are.

    Examples
    --------
    >>> feature_maps(np.zeros((12, 12, 8)), "nothing").words
    'nothing'
    """
    array = np.asarray(maps)
    limit = float(np.abs(array).max(initial=0))
    tiles = [
        pictures.grid(each, signed=True, limit=limit, cell=_cell(each))
        for each in np.moveaxis(array, -1, 0)
    ]
    columns = 8 if len(tiles) <= 64 else 16  # more than a hundred would be taller than a screen
    return Figure(pictures.sheet(tiles, columns=columns), words)


def flat(values: ArrayLike, words: str) -> Figure:
    """Show a long row of numbers as a strip.

    Parameters
    ----------
    values : array_like, shape (n,)
    words : str
        What they are.

    Examples
    --------
    >>> flat(np.zeros(400), "nothing").picture.size
    (800, 40)
    """
    row = np.asarray(values, np.float64)[np.newaxis]
    tall = np.repeat(row, max(20, row.size // 40), axis=0)
    return Figure(pictures.grid(tall, signed=True, cell=1), words)


def by_input(step: Step) -> Figure:
    """Show a kernel with many input maps: each slice, the input under it, and their sum.

    Parameters
    ----------
    step : Step

    Examples
    --------
    >>> step = Step(0, 0, np.ones((2, 2, 3)), np.ones((2, 2, 3)), bias=0.5)
    >>> by_input(step).words[:23]
    '3 pairs of small pictur'
    """
    limits = np.abs(step.patch).max(), np.abs(step.kernel).max()
    tiles = []
    for index in range(step.kernel.shape[2]):
        pair = [
            pictures.grid(part[:, :, index], signed=True, limit=limit, cell=_cell(part))
            for part, limit in zip((step.patch, step.kernel), limits, strict=True)
        ]
        tiles.append(pictures.sheet(pair, columns=1))
    labels = [f"{total:+z.2f}" for total in step.by_input]
    return Figure(
        pictures.sheet(tiles, columns=_columns(len(tiles)), labels=labels),
        f"{len(tiles)} pairs of small pictures: above, the part of an input map under the kernel; "
        "below, the slice of the kernel for that map; under them the sum of their products.",
    )


def _columns(count: int) -> int:
    # Labels stay readable at the width of a phone as long as four are side by side.
    return 4 if count <= 8 else 8


def _cell(tile: NDArray[Any]) -> int:
    return max(2, round(_TILE / int(max(tile.shape[:2]))))
