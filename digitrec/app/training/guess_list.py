"""The guesses of a training's epochs, as a list with small bars."""

from collections.abc import Sequence
from typing import Any

import ipywidgets

from digitrec.app.page.guard import Guard
from digitrec.app.page.words import a_digit, escape, percent
from digitrec.app.training.guesses import Guess, Guesses

NOTHING = "Draw a digit, and see here what the network takes it for after each epoch."

_MOST_IN_COLUMN = 3  # rows; more of them stand in two columns where there is room
_LATER = "Retrain, and see here what the network takes your drawing for after each epoch."
_NOW = "What the network took your drawing for, as it learnt. Draw another, and it is asked again."


class GuessListView:
    """Shows how the guess forms, and says each new one to screen readers.

    Parameters
    ----------
    guesses : Guesses
    guard : Guard
        Makes errors in the callbacks visible.

    Examples
    --------
    >>> from digitrec.app.model.in_use import ModelInUse
    >>> from digitrec.app.training.run import Training
    >>> from digitrec.app.pad.pad import Pad
    >>> models = ModelInUse()
    >>> guesses = Guesses(Pad(models.network), Training(models), models)
    >>> NOTHING in GuessListView(guesses, Guard(print)).list.value
    True
    """

    def __init__(self, guesses: Guesses, guard: Guard) -> None:
        self._guesses = guesses
        self.list = ipywidgets.HTML()
        self.announcement = ipywidgets.HTML()
        self.announcement.add_class("dr-announcement")
        self.widget = ipywidgets.VBox([self.list, self.announcement])
        self.widget.add_class("dr-guesses-box")
        doing = "showing the guesses"
        guesses.observe(guard(self._show, doing), ["rows", "drawn"])
        guesses.observe(guard(self._announce, doing), "rows")
        self._show()

    def _show(self, _change: Any = None) -> None:
        self.list.value = guesses_html(self._guesses.rows, drawn=self._guesses.drawn)

    def _announce(self, change: Any) -> None:
        """Say a guess that has come, but not all of them again for every new drawing."""
        before = {row.epoch for row in change["old"] or () if row.prediction is not None}
        come = [row for row in change["new"] if row.prediction and row.epoch not in before]
        if len(come) == 1:
            self.announcement.value = escape(f"{_when(come[0])}: {_what(come[0])}.")


def guesses_html(rows: Sequence[Guess], *, drawn: bool) -> str:
    """Return guesses as HTML; those that are not there yet take the same room.

    Parameters
    ----------
    rows : sequence of Guess
    drawn : bool
        Whether there is anything on the pad.

    Examples
    --------
    >>> guesses_html([Guess(1, None), Guess(2, None)], drawn=True).count("<li")
    2
    """
    if not drawn:
        said = NOTHING
    elif any(row.prediction is not None for row in rows):
        said = _NOW
    else:
        said = _LATER
    items = "".join(_item(row) for row in rows)
    height = len(rows) if len(rows) <= _MOST_IN_COLUMN else -(-len(rows) // 2)
    return (
        "<h3>The guess forms</h3>"
        f'<p class="dr-guesses-said">{said}</p>'
        f'<ol class="dr-guesses" style="--dr-rows:{height}">{items}</ol>'
    )


def _item(row: Guess) -> str:
    share = 0.0 if row.prediction is None else row.prediction.confidence
    look = ' class="dr-to-come"' if row.prediction is None else ""
    return (
        f'<li{look}><span class="dr-when">{_when(row)}</span>'
        '<span class="dr-track" aria-hidden="true">'
        f'<span class="dr-fill" style="width:{100 * share:.1f}%"></span></span>'
        f'<span class="dr-what">{escape(_what(row))}</span></li>'
    )


def _when(row: Guess) -> str:
    return f"After epoch {row.epoch}"


def _what(row: Guess) -> str:
    if row.prediction is None:
        return "–"
    return f"{a_digit(row.prediction.digit)}, {percent(row.prediction.confidence)} sure"
