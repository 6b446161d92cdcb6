"""The confusion matrix, and behind every cell the images that it counts."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec import plots
from digitrec.course import pages, pictures, svg
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive
from digitrec.course.picker import Picker
from digitrec.course.plotted import Plotted
from digitrec.mnist import Part
from digitrec.network import CLASSES
from digitrec.plots.look import percent
from digitrec.report import Report

MOST = 18
"""No more images of a cell are shown than these."""

_CELL, _MARGIN = 34, 34  # of the drawing, in its own units


class ConfusionChooser(Interactive):
    """Which digits are mixed up, and the images of the chosen cell.

    Parameters
    ----------
    report : Report
        The evaluation of the images in `part`, in the same order.
    part : Part
    probabilities : array_like, shape (n, 10)
        What the network gave every digit, for each image.

    Raises
    ------
    ValueError
        If these are not about equally many images.

    Examples
    --------
    >>> from digitrec.evaluation import evaluate
    >>> from digitrec.mnist import load_part
    >>> from digitrec.network import bundled
    >>> part = Part(*(each[:60] for each in (load_part("test").images, load_part("test").labels)))
    >>> report = evaluate(bundled(), part.images, part.labels)
    >>> chooser = ConfusionChooser(report, part, bundled().probabilities(part.images))
    >>> chooser.choose(7, 7)
    >>> len(chooser.samples()) == int(report.confusion[7, 7])
    True
    """

    def __init__(self, report: Report, part: Part, probabilities: ArrayLike) -> None:
        chances = np.asarray(probabilities)
        if not report.samples == len(part) == len(chances):
            raise ValueError(
                "a report, images and probabilities of equal number were expected. "
                f"Received: {report.samples}, {len(part)} and {len(chances)}"
            )
        self._report, self._part = report, part
        self._predicted, self._confidence = chances.argmax(axis=1), chances.max(axis=1)
        wrong = report.confusion - np.diag(np.diag(report.confusion))
        self.matrix = Picker(
            _matrix(report),
            "Confusion matrix: a row for the digit shown, a column for the digit read. "
            "Choose a cell with the pointer or the arrow keys.",
            value=int(wrong.argmax()),
        )
        super().__init__([self.matrix])
        # Side by side where there is room, so that choosing and seeing need no scrolling.
        self.view.layout = {"flex_flow": "row wrap", "align_items": "flex-start"}
        self.picture.layout = {"flex": "1 1 280px", "margin": "0 0 0 8px"}

    @property
    def shown(self) -> int:
        """The digit of the chosen row."""
        return int(self.matrix.value) // CLASSES

    @property
    def read(self) -> int:
        """The digit of the chosen column."""
        return int(self.matrix.value) % CLASSES

    def choose(self, shown: int, read: int) -> None:
        """Choose a cell.

        Parameters
        ----------
        shown, read : int
            The digit of its row and that of its column.
        """
        self.matrix.value = CLASSES * shown + read

    def samples(self) -> NDArray[np.int64]:
        """Return the places of the images in the chosen cell.

        The surest of the mistakes come first, and of what was read right the least sure.
        """
        where = np.flatnonzero((self._part.labels == self.shown) & (self._predicted == self.read))
        confidence = self._confidence[where]
        order = confidence if self.shown == self.read else -confidence
        return where[np.argsort(order, kind="stable")]

    def html(self) -> str:
        """Return the images of the chosen cell, each with how sure the network was."""
        samples = self.samples()[:MOST]
        if not len(samples):
            return pages.figure(caption=self.sentence())
        sheet = pictures.sheet(
            [_tile(self._part.images[sample]) for sample in samples],
            columns=6,
            labels=[percent(self._confidence[sample], 0) for sample in samples],
        )
        words = f"images of a {self.shown}, read as a {self.read}, and how surely"
        return pages.figure(
            pictures.to_html(sheet, words), caption=self.sentence(), caption_first=True
        )

    def sentence(self) -> str:
        """Return in words what the chosen cell counts."""
        count = int(self._report.confusion[self.shown, self.read])
        few = f"These are {MOST} of them, " if count > MOST else "Here it is, " * (count == 1)
        few = few or "Here they are, "
        if self.shown == self.read:
            return (
                f"<b>{count:,}</b> × a {self.shown} was read as a {self.read}: right. "
                f"{few}with the answers that were least sure first."
            )
        if not count:
            return f"A {self.shown} was never read as a {self.read}."
        return (
            f"<b>{count:,}</b> × a {self.shown} was read as a {self.read}: wrong. "
            f"{few}with how sure the network was."
        )

    def still(self) -> Figure:
        """Return the matrix."""
        return Plotted(plots.confusion_matrix(self._report))


def _matrix(report: Report) -> str:
    counts = report.confusion
    side = _MARGIN + CLASSES * _CELL + 4
    middle = _MARGIN + CLASSES * _CELL / 2
    parts = [
        svg.text(middle, 9, "read as", size=12),
        f'<g transform="translate(9 {middle}) rotate(-90)">{svg.text(0, 0, "shows", size=12)}</g>',
    ]
    parts += [
        svg.text(x, y, str(digit), bold=True)
        for digit in range(CLASSES)
        for x, y in (
            (_MARGIN + (digit + 0.5) * _CELL, 25),
            (25, _MARGIN + (digit + 0.5) * _CELL),
        )
    ]
    for place, paper in enumerate(_papers(counts)):
        shown, read = divmod(place, CLASSES)
        left, top = _MARGIN + read * _CELL, _MARGIN + shown * _CELL
        count = int(counts[shown, read])
        letters = "#" + bytes(pictures.readable_on(paper)).hex()
        number = svg.text(left + _CELL / 2, top + _CELL / 2, f"{count}", size=11, colour=letters)
        parts.append(
            svg.choice(
                place,
                f"{shown} read as {read}: {count}",
                svg.box(left + 1, top + 1, _CELL - 2, _CELL - 2, colour=f"#{bytes(paper).hex()}"),
                number if count else "",
            )
        )
    return svg.drawing(side, side, *parts)


def _papers(counts: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Return the colour of every cell: blue where right, orange where wrong, both by logarithm."""
    many = np.log1p(counts)
    right = np.eye(CLASSES, dtype=bool)
    shares = np.zeros((CLASSES, CLASSES))
    for cells, sign in ((right, -0.8), (~right, 0.8)):
        most = many[cells].max()
        shares[cells] = sign * many[cells] / most if most else 0
    return pictures.colours(shares, signed=True, limit=1).reshape(-1, 3)


def _tile(image: NDArray[np.uint8]) -> pictures.Picture:
    return pictures.grid(image, signed=False, limit=255, cell=2)
