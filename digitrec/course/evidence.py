"""A drawing, and which parts of it an answer depends on."""

import numpy as np
from numpy.typing import NDArray

from digitrec import explain
from digitrec.course import pages, pictures
from digitrec.course.beside_pad import NOTHING, BesidePad
from digitrec.course.figures import Figure
from digitrec.course.interactive import dropdown
from digitrec.course.layers import says
from digitrec.course.pictures import Picture
from digitrec.network import Network

_CELL = 7
_ANSWER = -1  # means the digit that the network reads


class Evidence(BesidePad):
    """A pad, and beside it how much the score of a digit falls where the drawing is covered.

    Parameters
    ----------
    network : Network

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> evidence = Evidence(bundled())
    >>> evidence.digit.value = 6
    >>> "score of a 6" in evidence.picture.value
    True
    """

    def __init__(self, network: Network) -> None:
        options = [("the answer", _ANSWER), *((str(each), each) for each in range(10))]
        self.digit = dropdown("score of", options, _ANSWER)
        self.digit.layout.width = "200px"
        super().__init__(network, (self.digit,))

    def lost(self) -> NDArray[np.float64]:
        """Return for every pixel how much the score falls when it is covered."""
        assert self.pad.answer is not None  # noqa: S101 - asked for with a drawing only
        return explain.occlusion(self.pad.network, self.pad.answer.image, digit=self._watched())

    def html(self) -> str:
        """Return the image and the map of what matters in it, or say that there is no drawing."""
        answer = self.pad.answer
        if answer is None:
            return NOTHING
        if not answer.settled:
            # Asking about every pixel takes longer than a pen may wait.
            return str(self.picture.value)
        lost = self.lost()
        image, mattered = self._tiles(lost)
        caption = (
            f"{says(answer.prediction)} Covered in one place, the score of a {self._watched()} "
            f"falls by up to <b>{pages.number(max(float(lost.max()), 0))}</b> (orange) and rises "
            f"by up to <b>{pages.number(max(-float(lost.min()), 0))}</b> (blue)."
        )
        words = f"where covering changes the score of a {self._watched()}"
        return pages.figure(
            pages.line(
                pages.titled("What it reads", pictures.to_html(image, "the drawing as it is read")),
                pages.titled("What matters in it", pictures.to_html(mattered, words)),
            ),
            caption=caption,
        )

    def still(self) -> Figure:
        """Return the image and the map of what matters in it."""
        return Figure(
            pictures.beside(*self._tiles(self.lost())),
            "A drawn 5, and beside it in orange the parts of it that speak for the answer, in "
            "blue those against it. Run the notebook to draw your own digit.",
        )

    def _watched(self) -> int:
        if self.digit.value != _ANSWER:
            return int(self.digit.value)
        assert self.pad.answer is not None  # noqa: S101 - asked for with a drawing only
        return int(self.pad.answer.prediction.digit)

    def _tiles(self, lost: NDArray[np.float64]) -> tuple[Picture, Picture]:
        assert self.pad.answer is not None  # noqa: S101 - asked for with a drawing only
        return (
            pictures.grid(self.pad.answer.image, signed=False, limit=1, cell=_CELL),
            pictures.grid(lost, signed=True, cell=_CELL),
        )
