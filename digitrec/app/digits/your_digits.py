"""The section "Your digits": what the visitor corrected, and what a network learns from it."""

from typing import Any

import ipywidgets

from digitrec.app.digits.corrections import MAX_LOAD_BYTES, Corrections, Digit
from digitrec.app.digits.lesson import Lesson, Outcome
from digitrec.app.model.in_use import ModelInUse
from digitrec.app.pad.buttons import button
from digitrec.app.page.exchange import Exchange
from digitrec.app.page.guard import Guard
from digitrec.app.page.pictures import grey, png
from digitrec.app.page.words import escape, number, percent
from digitrec.app.training.run import Training
from digitrec.errors import FileError

FILENAME = "my_digits.jsonl"

_SHOWN = 20
_EMPTY = (
    "None yet. Say “It was a …” under the bars, and what you drew is stored here, in this browser. "
    "A network can learn from it."
)


class YourDigitsView:
    """Counts, shows, saves and forgets the visitor's digits, and has a network learn them.

    Parameters
    ----------
    corrections : Corrections
    lesson : Lesson
    training : Training
    models : ModelInUse
    guard : Guard
        Makes errors in the callbacks visible.

    Examples
    --------
    >>> models, corrections = ModelInUse(), Corrections()
    >>> training = Training(models)
    >>> lesson = Lesson(corrections, training, models)
    >>> view = YourDigitsView(corrections, lesson, training, models, Guard(print))
    >>> view.learn.disabled
    True
    """

    def __init__(
        self,
        corrections: Corrections,
        lesson: Lesson,
        training: Training,
        models: ModelInUse,
        guard: Guard,
    ) -> None:
        self._corrections = corrections
        self._lesson = lesson
        self._training = training
        self._models = models
        self.text = ipywidgets.HTML()
        self.text.add_class("dr-digits-text")
        self.learn = button("Learn from them", "dr-primary")
        self.forget = button("Forget them")
        acts = ipywidgets.Box([self.learn, self.forget])
        acts.add_class("dr-buttons")
        self.exchange = Exchange(
            guard,
            self._load,
            corrections.to_bytes,
            max_bytes=MAX_LOAD_BYTES,
            open_label="Load…",
            download_label="Download",
            accept=".jsonl,.gz,.json",
            filename=FILENAME,
        )
        bar = ipywidgets.Box([acts, self.exchange])
        bar.add_class("dr-digits-bar")
        self.outcome = ipywidgets.HTML()
        self.outcome.add_class("dr-outcome")
        self.widget = ipywidgets.VBox([self.text, bar, self.outcome])
        self.widget.add_class("dr-section")
        self.widget.add_class("dr-your-digits")

        self.learn.on_click(guard(lambda _button: lesson.start(), "learning from your digits"))
        self.forget.on_click(guard(lambda _button: corrections.forget(), "forgetting your digits"))
        doing = "showing your digits"
        corrections.observe(guard(self._show, doing), ["digits", "trouble"])
        training.observe(guard(self._show_learning, doing), ["running", "status"])
        lesson.observe(guard(self._show_learning, doing), "outcome")
        models.observe(guard(self._show_learning, doing), "offered")
        self._show()

    def _load(self, content: bytes, name: str) -> None:
        try:
            self.exchange.said = self._corrections.load(content, name)
        except FileError as error:
            said = str(error).rstrip(".")
            self.exchange.said = f"{said[:1].upper()}{said[1:300]}. Nothing was loaded."

    def _show(self, _change: Any = None) -> None:
        corrections = self._corrections
        self.text.value = digits_html(corrections.digits, corrections.trouble)
        self.forget.disabled = not (corrections.digits or corrections.trouble)
        self.exchange.downloadable = any(not digit.is_picture for digit in corrections.digits)
        self._show_learning()

    def _show_learning(self, _change: Any = None) -> None:
        training = self._training
        self.learn.disabled = training.running or not self._corrections.digits
        busy = training.running and training.learning
        offered = self._models.offered is not None
        self.outcome.value = outcome_html(self._lesson.outcome, busy, offered)


def digits_html(digits: tuple[Digit, ...], trouble: str = "") -> str:
    """Return how many digits there are and what the newest look like, as HTML.

    Parameters
    ----------
    digits : tuple of Digit
    trouble : str, optional
        What could not be read or stored.

    Examples
    --------
    >>> "None yet." in digits_html(())
    True
    """
    if digits:
        count = "One digit" if len(digits) == 1 else f"{number(len(digits)).capitalize()} digits"
        said = f"{count} that you corrected; they live in this browser."
        if any(digit.is_picture for digit in digits):
            said += " Those out of pictures have no ink and are not in the file to download."
    else:
        said = _EMPTY
    newest = digits[-_SHOWN:][::-1]
    items = "".join(
        f'<li><img alt="" src="{png(grey(digit.image))}"><span>{digit.label}</span></li>'
        for digit in newest
    )
    return (
        f'<h2>Your digits</h2><p class="dr-digits-count">{escape(said)}</p>'
        f'<p class="dr-digits-trouble">{escape(trouble)}</p>'
        f'<ul class="dr-digits" aria-label="The newest of your digits">{items}</ul>'
    )


def outcome_html(outcome: Outcome | None, busy: bool, offered: bool) -> str:
    """Return what came of learning the digits, as HTML.

    Parameters
    ----------
    outcome : Outcome or None
    busy : bool
        Whether it is learning at this moment.
    offered : bool
        Whether the new model waits for a word of the visitor.

    Examples
    --------
    >>> said = outcome_html(Outcome(10, 8, 10, 0.995, 0.994), busy=False, offered=False)
    >>> "8 of your 10 digits before, 10 after." in said
    True
    """
    if busy:
        return '<p role="status">Learning your digits, and rehearsing those of MNIST …</p>'
    if outcome is None:
        return '<p role="status">&nbsp;</p>'
    digits = "digit" if outcome.num_digits == 1 else f"{outcome.num_digits} digits"
    said = f"{outcome.right_before} of your {digits} before, {outcome.right_after} after."
    mnist = "It was not measured on MNIST."
    if outcome.validation_before is not None and outcome.validation_after is not None:
        mnist = (
            f"On MNIST's validation digits: {percent(outcome.validation_before, 2)} right before, "
            f"{percent(outcome.validation_after, 2)} after."
        )
    end = "Choose under Retrain which one should answer." if offered else ""
    return (
        f'<p role="status"><b>{escape(said)}</b> {escape(mnist)} <strong>{escape(end)}</strong></p>'
    )
