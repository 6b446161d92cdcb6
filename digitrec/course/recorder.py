"""The reader's own digits: asked for one after another, drawn, and kept."""

from collections.abc import Sequence
from typing import Any

import ipywidgets
import numpy as np

from digitrec import hand, ink
from digitrec.app.pad.buttons import button
from digitrec.app.page.guard import Guard
from digitrec.course import pages, pictures
from digitrec.course.beside_pad import BesidePad
from digitrec.course.figures import Figure
from digitrec.course.pictures import Picture
from digitrec.network import Network

WAYS: dict[int, str] = {
    0: "slashed",
    1: "curved flag",
    2: "curled start",
    3: "large upper",
    4: "short stem",
    5: "wide bowl",
    6: "straight spine",
    7: "arched, crossed",
    8: "open top",
    9: "small loop",
}
"""The styles of the writer who replaces the reader at first: MNIST hardly knows them."""


def stand_ins(times: int = 2, seed: int = 0) -> list[ink.Sample]:
    """Draw the digits of a writer who replaces the reader at first.

    Parameters
    ----------
    times : int
        How often each digit is drawn.
    seed : int
        What they are drawn from.

    Returns
    -------
    list of Sample
        Each digit once, in order, and then all again, `times` times.

    Examples
    --------
    >>> [sample.label for sample in stand_ins()][8:12]
    ['8', '9', '0', '1']
    """
    rng = np.random.default_rng(seed)
    return [
        ink.Sample(hand.draw(digit, rng, way), label=str(digit))
        for _ in range(times)
        for digit, way in WAYS.items()
    ]


class Recorder(BesidePad):
    """A pad that asks for digits and keeps what is drawn.

    It does not say what the network reads: people who know that begin to write for the network.

    Parameters
    ----------
    network : Network
        Any; it is not asked to show its answer.
    instead : sequence of Sample
        What is there until the reader has drawn as many; their labels are what is asked for.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> recorder = Recorder(bundled(), stand_ins()[:1])
    >>> recorder.is_mine
    False
    >>> recorder.pad.begin(150, 40); recorder.pad.extend(150, 260); recorder.pad.end()
    >>> recorder.keep.click()
    >>> recorder.is_mine, recorder.samples[0].label
    (True, '0')
    """

    def __init__(self, network: Network, instead: Sequence[ink.Sample]) -> None:
        self._instead = tuple(instead)
        self._kept: tuple[ink.Sample, ...] = ()
        self.prompt = ipywidgets.HTML()
        self.keep, self.again = button("Keep it"), button("Start again")
        super().__init__(network)
        guard = Guard(self._say)
        self.keep.on_click(guard(self._keep, "keeping the drawing"))
        self.again.on_click(guard(self._start_again, "starting again"))
        canvas, buttons, *others = self.left.children
        buttons.children = (self.keep, self.undo, self.clear, self.again)
        buttons.layout = {"flex_flow": "row wrap"}
        self.left.children = (self.prompt, canvas, buttons, *others)
        self.pad.clear()

    @property
    def is_mine(self) -> bool:
        """Whether all that was asked for was drawn."""
        return len(self._kept) == len(self._instead)

    @property
    def samples(self) -> tuple[ink.Sample, ...]:
        """The reader's drawings once all are there, and until then the replacements."""
        return self._kept if self.is_mine else self._instead

    def html(self) -> str:
        """Return what was kept so far, and a sentence."""
        num, wanted = len(self._kept), len(self._instead)
        if not num:
            caption = (
                f"Nothing is kept yet. Until there are {wanted}, other drawings are used instead."
            )
            return pages.figure(caption=caption)
        caption = f"{num} of {wanted} are kept."
        if self.is_mine:
            caption = f"All {wanted} are kept. <b>Now run the cells below again.</b>"
        sheet = pictures.to_html(_sheet(self._kept), "the drawings that were kept")
        return pages.figure(sheet, caption=caption)

    def still(self) -> Figure:
        """Return the replacements."""
        return Figure(
            _sheet(self._instead),
            f"{len(self._instead)} generated digits in ways of writing that are rare in MNIST. "
            "Run the notebook to draw your own instead.",
        )

    def _show(self, change: object = None) -> None:
        if change is not None:
            return  # a stroke changes nothing before it is kept
        super()._show()
        if self.is_mine:
            self.prompt.value = "<b>Thank you.</b>"
        else:
            num = len(self._kept)
            self.prompt.value = (
                f'<div aria-live="polite">Draw a <b style="font-size:130%">'
                f"{self._instead[num].label}</b> · {num + 1} of {len(self._instead)}</div>"
            )
        self.keep.disabled = self.is_mine

    def _keep(self, _button: Any) -> None:
        self.trouble.value = ""
        strokes = ink.check(self.pad.strokes)
        if not strokes or self.is_mine:
            self._say("There is nothing on the pad yet.")
            return
        label = self._instead[len(self._kept)].label
        self._kept = (*self._kept, ink.Sample(strokes, label=label, writer="me"))
        self.pad.clear()
        self._show()

    def _start_again(self, _button: Any) -> None:
        self._kept = ()
        self.trouble.value = ""
        self.pad.clear()
        self._show()


def _sheet(samples: Sequence[ink.Sample]) -> Picture:
    images = [ink.image(sample.strokes) for sample in samples]
    tiles = [
        pictures.grid(image, signed=False, limit=1, cell=2) for image in images if image is not None
    ]
    return pictures.sheet(tiles, columns=5, labels=[str(sample.label) for sample in samples])
