"""A digit, degraded as the reader chooses, and how the network answers it."""

import numpy as np
from numpy.typing import NDArray

from digitrec.corruptions import CORRUPTIONS, DESCRIPTIONS, corrupt
from digitrec.course import pages, pictures
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive, dropdown, slider
from digitrec.course.layers import bars, says
from digitrec.mnist import Part
from digitrec.network import Network

EXAMPLES = 20
"""How many images there are to choose from."""


class CorruptionViewer(Interactive):
    """One of the first images, as it is and under one of the fifteen corruptions.

    Parameters
    ----------
    network : Network
    part : Part
        Where the images are taken from.
    seed : int
        Seed of what is random in the corruptions.

    Raises
    ------
    ValueError
        If `part` is empty, or the seed is not a whole number from 0 up.

    Examples
    --------
    >>> from digitrec.mnist import load_part
    >>> from digitrec.network import bundled
    >>> viewer = CorruptionViewer(bundled(), load_part("test"))
    >>> viewer.corruption.value = list(CORRUPTIONS).index("brightness")
    >>> int(viewer.spoilt().min())
    128
    """

    def __init__(self, network: Network, part: Part, seed: int = 0) -> None:
        if not len(part):
            raise ValueError("at least one image was expected, and there is none")
        self._network = network
        self._images = part.images[:EXAMPLES]
        self._labels = part.labels[:EXAMPLES]
        self._spoilt = {name: corrupt(self._images, name, seed) for name in CORRUPTIONS}
        names = [(name.replace("_", " "), place) for place, name in enumerate(CORRUPTIONS)]
        self.corruption = dropdown("spoilt by", names, names[3][1])
        self.corruption.layout.width = "230px"
        self.example = slider("image", len(self._images), 0)
        super().__init__([self.corruption, self.example])

    @property
    def name(self) -> str:
        """The chosen corruption."""
        return list(CORRUPTIONS)[int(self.corruption.value)]

    def spoilt(self) -> NDArray[np.uint8]:
        """Return the chosen image under the chosen corruption."""
        return np.asarray(self._spoilt[self.name][self.example.value])

    def html(self) -> str:
        """Return the image before and after, and the answers to both."""
        image = self._images[self.example.value]
        before, after = self._network.predict_many(np.stack([image, self.spoilt()]))
        shown = int(self._labels[self.example.value])
        verdict = "right" if after.digit == shown else f"wrong: it shows a {shown}"
        caption = (
            f"{DESCRIPTIONS[self.name]} Before: {before.sentence} "
            f"After: <b>{after.sentence}</b> {says(after).partition(after.sentence)[2]} "
            f"The most probable digit is {verdict}."
        )
        return pages.figure(
            pages.line(
                pages.titled("As it is", pictures.to_html(_large(image), "the image as it is")),
                pages.sign("→"),
                pages.titled("Spoilt", pictures.to_html(_large(self.spoilt()), "it, spoilt")),
                bars(after),
            ),
            caption=caption,
        )

    def still(self) -> Figure:
        """Return the chosen image under every corruption, with the answer to each."""
        image = self._images[self.example.value]
        all_ = [image, *(images[self.example.value] for images in self._spoilt.values())]
        answers = [prediction.digit for prediction in self._network.predict_many(np.stack(all_))]
        names = ["as it is", *(name.replace("_", " ") for name in CORRUPTIONS)]
        tiles = [_large(each) for each in all_]
        labels = [f"{name}: {digit}" for name, digit in zip(names, answers, strict=True)]
        return Figure(
            pictures.sheet(tiles, columns=4, labels=labels),
            f"A {self._labels[self.example.value]} as it is and under {len(CORRUPTIONS)} "
            "corruptions, each with the digit that the network says. Run the notebook to choose.",
        )


def _large(image: NDArray[np.uint8]) -> pictures.Picture:
    return pictures.grid(image, signed=False, limit=255, cell=4)
