"""Digits to browse, from the most ordinary to the oddest."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.course import averages as ruler
from digitrec.course import pages, pictures
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive, dropdown, slider
from digitrec.course.pictures import Picture
from digitrec.mnist import Part
from digitrec.network import CLASSES

STEPS = 101
"""How many places the slider has: 0 is the most ordinary image of a digit, 100 the oddest."""

_CELL = 6
_NEIGHBOURS = 6
_STILL = (0, 25, 50, 75, 100)


class DigitBrowser(Interactive):
    """The images of one digit, in the order of their distance to the average of that digit.

    Parameters
    ----------
    part : Part
        Where the images are taken from; it holds every digit.
    averages : array_like, shape (10, 28, 28)
        The average image of each digit, in grey values from 0 to 255.
    digit : int
        Which digit is shown at first.

    Raises
    ------
    ValueError
        If `part` has no image of some digit, or there is not an average for each.

    Examples
    --------
    >>> from digitrec.mnist import load_part
    >>> part = load_part("validation")
    >>> browser = DigitBrowser(part, ruler.of_digits(part.images, part.labels), digit=4)
    >>> browser.oddness.value = 0
    >>> "the most ordinary" in browser.sentence()
    True
    """

    def __init__(self, part: Part, averages: ArrayLike, digit: int = 7) -> None:
        self._averages = np.asarray(averages, np.float32)
        if self._averages.shape != (CLASSES, 28, 28):
            raise ValueError(
                "an average of 28 × 28 for each of the ten digits was expected. "
                f"Received: {self._averages.shape}"
            )
        self._part = part
        self._far = ruler.distances(part.images, self._averages)
        self._order = []
        for each in range(CLASSES):
            where = np.flatnonzero(part.labels == each)
            if not len(where):
                raise ValueError(f"an image of every digit was expected. Received none of {each}")
            self._order.append(where[np.argsort(self._far[where, each], kind="stable")])
        self.digit = dropdown("digit", [(str(each), each) for each in range(CLASSES)], digit)
        self.oddness = slider("oddness", STEPS, STEPS - 1)
        super().__init__([self.digit, self.oddness])

    def place(self) -> int:
        """Return where in the part the chosen image is."""
        return int(self._order[self.digit.value][self._rank(self.oddness.value)])

    def html(self) -> str:
        """Return the image beside the average, their difference, and the next ones in the row."""
        digit, image = self.digit.value, self._part.images[self.place()]
        average = self._averages[digit]
        difference = image.astype(np.float32) - average
        shown = [
            ("This one", self._grey(image), "the chosen digit"),
            (f"The average {digit}", self._grey(average), f"the average {digit}"),
            (
                "Their difference",
                pictures.grid(difference, signed=True, limit=255, cell=_CELL),
                "orange where there is ink and the average has none, blue where it is missing",
            ),
        ]
        near = pictures.sheet(
            [self._grey(self._part.images[place], 3) for place in self._near()],
            columns=_NEIGHBOURS,
        )
        return pages.figure(
            pages.line(
                *(
                    pages.titled(title, pictures.to_html(picture, words), width=28 * _CELL)
                    for title, picture, words in shown
                )
            ),
            pages.titled("As odd as this one", pictures.to_html(near, "six others, about as odd")),
            caption=self.sentence(),
        )

    def sentence(self) -> str:
        """Return in words how odd the chosen image is."""
        digit, place = self.digit.value, self.place()
        rank, count = self._rank(self.oddness.value), len(self._order[self.digit.value])
        if rank in {0, count - 1}:
            words = f"Of {count} images of a {digit} this is the "
            words += "oddest" if rank else "most ordinary"
        else:
            words = f"Of {count} images of a {digit}, {rank} are more ordinary than this one"
        nearest = int(self._far[place].argmin())
        answer = (
            f"No other average is nearer than that of the {digit}."
            if nearest == digit
            else f"The average <b>{nearest}</b> is nearer than the average {digit}: "
            f"a reader that goes by averages reads a {nearest} here."
        )
        distance = f"{self._far[place, digit]:.0f}"
        return f"{words}: its distance to the average {digit} is {distance}. {answer}"

    def still(self) -> Figure:
        """Return five images of the digit from the most ordinary to the oddest."""
        order = self._order[self.digit.value]
        tiles = [self._grey(self._part.images[order[self._rank(step)]], 3) for step in _STILL]
        words = (
            f"Five images of a {self.digit.value}, from the most ordinary to the oddest. "
            "Run the notebook to leaf through all digits."
        )
        labels = [str(step) for step in _STILL]
        return Figure(pictures.sheet(tiles, columns=5, labels=labels, gap=12), words)

    def _rank(self, step: int) -> int:
        return round(step / (STEPS - 1) * (len(self._order[self.digit.value]) - 1))

    def _near(self) -> NDArray[np.intp]:
        order = self._order[self.digit.value]
        rank = self._rank(self.oddness.value)
        first = max(0, min(rank - _NEIGHBOURS // 2, len(order) - _NEIGHBOURS - 1))
        near = order[first : first + _NEIGHBOURS + 1]
        others = near[near != order[rank]]
        return np.asarray(others[:_NEIGHBOURS] if len(others) else near)

    @staticmethod
    def _grey(image: ArrayLike, cell: int = _CELL) -> Picture:
        return pictures.grid(image, signed=False, limit=255, cell=cell)
