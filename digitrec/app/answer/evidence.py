"""Where it looked: the ink that spoke for the answer, and the ink that spoke against it."""

from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from digitrec.app.answer.later import Later
from digitrec.app.answer.why import Why, reasons
from digitrec.app.pad.pad import Pad
from digitrec.app.page.guard import Guard
from digitrec.app.page.pictures import png
from digitrec.app.page.words import a_digit, escape, percent

PAUSE = 0.12
"""Seconds between a settled answer and its reasons, so that the answer comes first."""

# Blue and orange, which colour-blind people tell apart, on the black of the pad.
_FOR = np.array([86, 180, 255], np.float64)
_AGAINST = np.array([255, 150, 20], np.float64)
_INK = np.array([78, 82, 88], np.float64)


class EvidenceView:
    """Shows why the network answers as it does, a moment after the answer itself.

    Parameters
    ----------
    pad : Pad
    guard : Guard
        Makes errors in the view visible.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> pad = Pad(bundled())
    >>> view = EvidenceView(pad, Guard(print))
    >>> pad.begin(150, 60); pad.extend(150, 240); pad.end()
    >>> view.widget.value.count("<img")
    2
    """

    def __init__(self, pad: Pad, guard: Guard) -> None:
        self._pad = pad
        self.sentence = ipywidgets.HTML()
        self.sentence.add_class("dr-why-box")
        self.widget = ipywidgets.HTML(evidence_html(None, None))
        self.widget.add_class("dr-evidence-box")
        self._later = Later(guard(self._show, "looking for the reasons"), PAUSE)
        pad.observe(guard(self._wait, "looking for the reasons"), "answer")
        self._wait()

    def _wait(self, _change: Any = None) -> None:
        answer = self._pad.answer
        # What is said about other ink than is on the pad would be untrue.
        self.sentence.value = why_html("")
        if answer is None:
            self._later.cancel()
            self.widget.remove_class("dr-old")
            self.widget.value = evidence_html(None, None)
            return
        self.widget.add_class("dr-old")
        if answer.settled:
            self._later()
        else:
            self._later.cancel()

    def _show(self) -> None:
        answer, network = self._pad.answer, self._pad.network
        if answer is None or not answer.settled:
            return
        why = reasons(network, answer)
        if self._pad.answer is not answer:  # the pen was faster
            return
        self.sentence.value = why_html(why.sentence)
        self.widget.value = evidence_html(why, answer.image)
        self.widget.remove_class("dr-old")


def why_html(sentence: str) -> str:
    """Return the reason in words as HTML; without one it takes the same room.

    Parameters
    ----------
    sentence : str

    Examples
    --------
    >>> why_html("The gap at the top speaks for a 4.")
    '<p class="dr-why">The gap at the top speaks for a 4.</p>'
    """
    return f'<p class="dr-why">{escape(sentence) or "&nbsp;"}</p>'


def evidence_html(why: Why | None, image: NDArray[np.float32] | None) -> str:
    """Return the two pictures of what the ink said, with their legend, as HTML.

    Parameters
    ----------
    why : Why or None
        None leaves empty frames, so that they take the same room.
    image : ndarray of float32, shape (28, 28), or None
        What the network saw.

    Examples
    --------
    >>> "<img" in evidence_html(None, None)
    False
    """
    items = []
    for which in range(2):
        if why is None or image is None:
            label, frame = "", '<span class="dr-frame"></span>'
        else:
            label = f"for {a_digit(why.digit)}"
            if which:
                label += f" instead of {a_digit(why.other)}"
            alternative = (
                f"Your drawing as the network sees it. Of all that its ink said, "
                f"{percent(why.share(which))} spoke {label}, in blue; the rest spoke against "
                "that, in orange."
            )
            source = png(painted(why.spoke[which], image))
            frame = f'<img class="dr-frame" alt="{escape(alternative)}" src="{source}">'
        items.append(f"<li>{frame}<span>{escape(label) or '&nbsp;'}</span></li>")
    return (
        '<h2 class="dr-small">Where it looked</h2>'
        f'<div class="dr-looked"><ul class="dr-stages">{"".join(items)}</ul>'
        '<ul class="dr-legend"><li><span class="dr-key dr-for" aria-hidden="true"></span>'
        "blue ink spoke for it</li>"
        '<li><span class="dr-key dr-against" aria-hidden="true"></span>'
        "orange ink spoke against it</li></ul></div>"
    )


def painted(spoke: NDArray[np.float64], image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a drawing whose ink is blue where it spoke for something, orange where against.

    Parameters
    ----------
    spoke : ndarray of float64, shape (28, 28)
        The further from 0, the stronger the colour.
    image : ndarray of float32, shape (28, 28)
        The ink, from 0 to 1.

    Returns
    -------
    ndarray of uint8, shape (28, 28, 3)
        Red, green and blue; paper is black.

    Examples
    --------
    >>> painted(np.eye(28), np.eye(28, dtype=np.float32))[0, 0].tolist()
    [86, 180, 255]
    """
    strength = np.sqrt(np.abs(spoke) / max(float(np.abs(spoke).max()), 1e-12))[..., np.newaxis]
    colour = np.where(spoke[..., np.newaxis] > 0, _FOR, _AGAINST)
    seen = np.clip(image, 0, 1)[..., np.newaxis]
    mixed = (1 - strength) * _INK * seen + strength * colour * np.sqrt(seen)
    return np.asarray(np.rint(mixed), np.uint8)
