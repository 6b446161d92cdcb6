"""A drawing and everything that happens to it before the network sees it."""

from digitrec.course import pages, pictures
from digitrec.course.beside_pad import NOTHING, BesidePad
from digitrec.course.figures import Figure
from digitrec.course.layers import says
from digitrec.course.pictures import Picture

_TITLES = {
    "drawing": "1 · The whole pad",
    "trimmed": "2 · Cut out",
    "fitted": "3 · Fitted into 20 × 20",
    "centred": "4 · Balanced in 28 × 28",
}
_WORDS = {
    "drawing": "the whole pad, made small",
    "trimmed": "the drawing cut out",
    "fitted": "the drawing fitted into 20 by 20 pixels, with one pen",
    "centred": "the image of 28 by 28 pixels that the network reads",
}
_SIDE = 168  # pixels of the page for the side of each picture


class StagesViewer(BesidePad):
    """A pad, and beside it every stage from the strokes to the image that the network reads.

    Parameters
    ----------
    network : Network

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> viewer = StagesViewer(bundled())
    >>> viewer.picture.value.count("<img")
    4
    >>> viewer.pad.clear()
    >>> viewer.picture.value.count("<img")
    0
    """

    def html(self) -> str:
        """Return the four stages and the answer, or say that there is no drawing."""
        answer = self.pad.answer
        if answer is None:
            return NOTHING
        parts = [
            pages.titled(_TITLES[name], pictures.to_html(tile, _WORDS[name]))
            for name, tile in self._tiles()
        ]
        return pages.figure(
            pages.line(*parts[:2]), pages.line(*parts[2:]), caption=says(answer.prediction)
        )

    def still(self) -> Figure:
        """Return the four stages of the drawing."""
        tiles = [tile for _, tile in self._tiles()]
        # The letters that Pillow brings along have no ×.
        labels = [title.replace("×", "by") for title in _TITLES.values()]
        return Figure(
            pictures.sheet(tiles, columns=2, labels=labels, gap=10),
            "A drawn 5 on its way to the network: the whole pad, the drawing cut out, fitted into "
            "20 by 20 pixels, and balanced in 28 by 28. Run the notebook to draw your own digit.",
        )

    def _tiles(self) -> list[tuple[str, Picture]]:
        assert self.pad.answer is not None  # noqa: S101 - asked for with a drawing only
        return [
            (name, pictures.grid(stage, signed=False, limit=1, cell=_SIDE // len(stage)))
            for name, stage in self.pad.answer.stages.items()
        ]
