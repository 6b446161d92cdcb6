"""A map on which images are near each other if they look alike to the network."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec import plots
from digitrec.course import pages, pictures, svg
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive, dropdown
from digitrec.course.picker import Picker
from digitrec.course.plotted import Plotted
from digitrec.mnist import Part
from digitrec.plots.layer_map import DIGIT_COLOURS

NEIGHBOURS = 5
"""How many of the nearest images are shown beside the chosen one."""

_SIDE, _MARGIN = 400, 12  # of the drawing, in its own units


class LastLayerMap(Interactive):
    """Images as points, drawn as their digits; the image under the pointer is shown.

    Parameters
    ----------
    part : Part
    predicted : array_like of int, shape (n,)
        The digit that each image was read as.
    directions : array_like of float, shape (n, 2 k)
        Where each image is in k pairs of directions, one map for each pair.

    Raises
    ------
    ValueError
        If these are not about equally many images, more than the neighbours that are shown, or
        there is no pair of directions.

    Examples
    --------
    >>> from digitrec.mnist import load_part
    >>> test = load_part("test")
    >>> part = Part(test.images[:30], test.labels[:30])
    >>> points = np.random.default_rng(0).normal(size=(30, 4))
    >>> shown = LastLayerMap(part, part.labels, points)
    >>> len(shown.nearest())
    5
    """

    def __init__(self, part: Part, predicted: ArrayLike, directions: ArrayLike) -> None:
        self._part = part
        self._predicted, self._places = np.asarray(predicted), np.asarray(directions, float)
        if self._places.ndim != 2 or self._places.shape[1] < 2 or len(part) <= NEIGHBOURS:
            raise ValueError(
                f"more than {NEIGHBOURS} images with a pair of directions each were expected. "
                f"Received: {len(part)} images and directions of shape {self._places.shape}"
            )
        if not len(part) == len(self._predicted) == len(self._places):
            raise ValueError(
                "images, answers and points of equal number were expected. "
                f"Received: {len(part)}, {len(self._predicted)} and {len(self._places)}"
            )
        wrong = np.flatnonzero(self._predicted != part.labels)
        pairs = range(self._places.shape[1] // 2)
        names = [(f"{2 * pair + 1} and {2 * pair + 2}", pair) for pair in pairs]
        self.pair = dropdown("directions", names, 0)
        self.pair.layout.width = "200px"
        self.pair.style.description_width = "80px"
        self.map = Picker(
            self._drawing(),
            "A map of images. Choose one with the pointer or the arrow keys.",
            value=int(wrong[0]) if len(wrong) else 0,
            hover=True,
            width=460,
        )
        self.pair.observe(self._turn, "value")
        super().__init__([self.pair, self.map])
        self.view.layout = {"flex_flow": "row wrap", "align_items": "flex-start"}
        self.view.children[0].layout.flex_flow = "column"
        self.picture.layout = {"flex": "1 1 280px", "margin": "0 0 0 8px"}

    def points(self) -> NDArray[np.float64]:
        """Return where the images are in the chosen pair of directions, shape (n, 2)."""
        return np.asarray(self._places[:, 2 * self.pair.value : 2 * self.pair.value + 2])

    def nearest(self) -> NDArray[np.int64]:
        """Return the images nearest to the chosen one on the map, the nearest first."""
        points = self.points()
        distances = np.hypot(*(points - points[self.map.value]).T)
        distances[self.map.value] = np.inf
        return np.argsort(distances, kind="stable")[:NEIGHBOURS]

    def html(self) -> str:
        """Return the chosen image, its nearest neighbours, and what they are in words."""
        chosen = self.map.value
        image = pictures.grid(self._part.images[chosen], signed=False, limit=255, cell=5)
        near = self.nearest()
        sheet = pictures.sheet(
            [
                pictures.grid(self._part.images[place], signed=False, limit=255, cell=2)
                for place in near
            ],
            columns=NEIGHBOURS,
            labels=[str(self._part.labels[place]) for place in near],
        )
        return pages.figure(
            pictures.to_html(image, "the chosen image"),
            pages.titled(
                "Its nearest neighbours on the map",
                pictures.to_html(sheet, "the nearest images, and the digits they show"),
            ),
            caption=self.sentence(),
            caption_first=True,
        )

    def sentence(self) -> str:
        """Return in words what is chosen."""
        shown, read = self._part.labels[self.map.value], self._predicted[self.map.value]
        answer = "and was read as one" if shown == read else f"but was read as <b>a {read}</b>"
        return f"Image {self.map.value} shows <b>a {shown}</b> {answer}."

    def still(self) -> Figure:
        """Return the map."""
        labels = self._part.labels
        return Plotted(plots.last_layer(self.points(), labels, self._predicted != labels))

    def _turn(self, _change: object) -> None:
        self.map.svg = self._drawing()

    def _drawing(self) -> str:
        points = self.points()
        low, high = points.min(axis=0), points.max(axis=0)
        shares = (points - low) / np.where(high > low, high - low, 1)
        x, y = (_MARGIN + (_SIDE - 2 * _MARGIN) * np.array([shares[:, 0], 1 - shares[:, 1]])).round(
            1
        )
        parts = []
        for place, (shown, read) in enumerate(zip(self._part.labels, self._predicted, strict=True)):
            words = f"a {shown}" if shown == read else f"a {shown}, read as a {read}"
            ring = svg.disc(x[place], y[place], 9, colour=svg.ORANGE, filled=False)
            digit = svg.text(x[place], y[place], str(shown), size=13, colour=DIGIT_COLOURS[shown])
            parts.append(svg.choice(place, words, digit, ring if shown != read else ""))
        return svg.drawing(_SIDE, _SIDE, *parts)
