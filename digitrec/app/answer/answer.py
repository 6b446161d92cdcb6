"""The answer: a sentence, how sure the network is and why, ten bars, and what it saw."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from digitrec.app.answer.evidence import EvidenceView
from digitrec.app.answer.maps import MapsView
from digitrec.app.pad.pad import Answer, Pad
from digitrec.app.page.guard import Guard
from digitrec.app.page.pictures import grey, png
from digitrec.app.page.words import a_digit, escape, percent
from digitrec.network import CLASSES, Prediction

_WAITING = "The answer appears here."
# Four pictures are much of the page's work for an answer, and the pen must not wait for it.
_STAGES_PAUSE = 0.25  # seconds from one set to the next while a stroke is being drawn
_STAGES = {
    "drawing": "your drawing",
    "trimmed": "trimmed",
    "fitted": "fitted to 20×20",
    "centred": "centred in 28×28",
}


class AnswerView:
    """Shows what the network says to the drawing.

    Parameters
    ----------
    pad : Pad
    guard : Guard
        Makes errors in the view visible.
    under_bars : sequence of ipywidgets.Widget, optional
        What stands between the bars and the stages.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> pad = Pad(bundled())
    >>> view = AnswerView(pad, Guard(print))
    >>> pad.predict()
    >>> view.announcement.value
    'There is nothing on the pad yet.'
    """

    def __init__(
        self, pad: Pad, guard: Guard, under_bars: Sequence[ipywidgets.Widget] = ()
    ) -> None:
        self._pad = pad
        self._next_stages = 0.0
        self.sentence = ipywidgets.HTML()
        self.sentence.add_class("dr-sentence")
        self.announcement = ipywidgets.HTML()
        self.announcement.add_class("dr-announcement")
        self.bars = ipywidgets.HTML()
        self.bars.add_class("dr-bars-box")
        self.stages = ipywidgets.HTML()
        self.stages.add_class("dr-stages-box")
        evidence, maps = EvidenceView(pad, guard), MapsView(pad, guard)
        self.widget = ipywidgets.VBox(
            [
                self.sentence,
                evidence.sentence,
                self.announcement,
                self.bars,
                *under_bars,
                self.stages,
                evidence.widget,
                maps.widget,
            ]
        )
        self.widget.add_class("dr-answer")
        pad.observe(guard(self._show, "showing the answer"), ["answer", "notice"])
        self._show()

    def _show(self, _change: Any = None) -> None:
        answer, notice = self._pad.answer, self._pad.notice
        self.sentence.value = sentence_html(answer, notice)
        self.bars.value = bars_html(answer.prediction if answer else None)
        now = time.monotonic()
        if answer is None or answer.settled or now >= self._next_stages:
            self.stages.value = stages_html(answer.stages if answer else None)
            self._next_stages = now + _STAGES_PAUSE
        if answer is None:
            self.announcement.value = escape(notice)
        elif answer.settled:
            said = f"{answer.prediction.sentence} {certainty(answer.prediction)}. {notice}"
            self.announcement.value = escape(said.strip())


def certainty(prediction: Prediction) -> str:
    """Say how sure the network is.

    Parameters
    ----------
    prediction : Prediction

    Returns
    -------
    str
        Without a full stop.

    Examples
    --------
    >>> chances = np.full(10, 0.002)
    >>> chances[7] = 0.982
    >>> certainty(Prediction(chances, np.log(chances), refused=False))
    '98 % sure'
    >>> certainty(Prediction(chances, np.log(chances), refused=True))
    'It came nearest to a 7'
    """
    digit, other = prediction.digit, prediction.runner_up
    if prediction.kind == "sure":
        return f"{percent(prediction.confidence)} sure"
    if prediction.kind == "refused":
        return f"It came nearest to {a_digit(digit)}"
    chances = prediction.probabilities
    return f"{percent(chances[digit])} for {digit}, {percent(chances[other])} for {other}"


def sentence_html(answer: Answer | None, notice: str = "") -> str:
    """Return the answer in words as HTML.

    Parameters
    ----------
    answer : Answer or None
    notice : str, optional
        What else is to be said.

    Examples
    --------
    >>> "The answer appears here." in sentence_html(None)
    True
    """
    if answer is None:
        said, beside, mood = notice or _WAITING, "", "notice" if notice else "waiting"
    else:
        said, beside = answer.prediction.sentence, notice or certainty(answer.prediction)
        mood = answer.prediction.kind if answer.settled else "drawing"
    return (
        f'<p class="dr-said dr-is-{mood}">{escape(said)}</p>'
        f'<p class="dr-sure">{escape(beside) or "&nbsp;"}</p>'
    )


def bars_html(prediction: Prediction | None) -> str:
    """Return the ten probabilities as HTML bars with their numbers.

    Parameters
    ----------
    prediction : Prediction or None
        None leaves the bars empty, so that they take the same room.

    Examples
    --------
    >>> bars_html(None).count("<li")
    10
    """
    rows = []
    for digit in range(CLASSES):
        if prediction is None:
            chance, label, top = 0.0, "", ""
        else:
            chance = float(prediction.probabilities[digit])
            label = percent(chance, brief=True)
            top = ' class="dr-top"' if digit == prediction.digit and not prediction.refused else ""
        rows.append(
            f'<li{top}><span class="dr-digit">{digit}</span>'
            f'<span class="dr-track"><span class="dr-fill" style="width:{100 * chance:.1f}%">'
            f'</span></span><span class="dr-share">{escape(label)}</span></li>'
        )
    return f'<ol class="dr-bars" start="0" aria-label="Probabilities">{"".join(rows)}</ol>'


def stages_html(stages: Mapping[str, NDArray[np.float32]] | None) -> str:
    """Return the way from the drawing to the 28×28 image as HTML.

    Parameters
    ----------
    stages : mapping of str to ndarray of float32, or None
        None leaves empty frames, so that they take the same room.

    Examples
    --------
    >>> stages_html(None).count("<li")
    4
    """
    items = []
    for place, (name, label) in enumerate(_STAGES.items(), start=1):
        alternative = f"{label}, stage {place} of {len(_STAGES)}"
        if stages is None:
            frame = '<span class="dr-frame"></span>'
        else:
            frame = f'<img class="dr-frame" alt="{alternative}" src="{png(grey(stages[name]))}">'
        items.append(f'<li class="dr-stage-{name}">{frame}<span>{escape(label)}</span></li>')
    return (
        '<h2 class="dr-small">What the network sees</h2>'
        f'<ol class="dr-stages">{"".join(items)}</ol>'
    )
