"""(Re)Train: the button, how far the training is, its curves, and the choice at its end."""

import time
from collections.abc import Callable
from typing import Any

import ipywidgets

from digitrec.app.model.in_use import ModelInUse
from digitrec.app.pad.buttons import button
from digitrec.app.page.guard import Guard
from digitrec.app.page.words import escape
from digitrec.app.training.curves import curve
from digitrec.app.training.guess_list import GuessListView
from digitrec.app.training.guesses import Guesses
from digitrec.app.training.options_panel import OptionsView
from digitrec.app.training.progress import (
    CHOOSE,
    DONE,
    SILENT,
    is_worse,
    offer_html,
    progress_html,
)
from digitrec.app.training.run import Training
from digitrec.jobs import Status

_CURVES_PAUSE = 0.2  # seconds between two paintings of the curves


class RetrainView:
    """Shows a training and starts, cancels and concludes it.

    Parameters
    ----------
    training : Training
    models : ModelInUse
    guesses : Guesses
    guard : Guard
        Makes errors in the callbacks visible.
    clock : callable, optional
        Returns seconds; paces the curves.

    Examples
    --------
    >>> from digitrec.app.pad.pad import Pad
    >>> models = ModelInUse()
    >>> training = Training(models)
    >>> guesses = Guesses(Pad(models.network), training, models)
    >>> view = RetrainView(training, models, guesses, Guard(print))
    >>> view.start.description, view.start.disabled
    ('(Re)Train', False)
    """

    def __init__(
        self,
        training: Training,
        models: ModelInUse,
        guesses: Guesses,
        guard: Guard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._training = training
        self._models = models
        self._guesses = guesses
        self._clock = clock
        self._next_curves = 0.0

        self.start = button("(Re)Train", "dr-primary")
        self.cancel = button("Cancel")
        self.options = OptionsView(training.options, guard)
        self.guesses = GuessListView(guesses, guard)
        self.progress = ipywidgets.HTML()
        self.progress.add_class("dr-progress-box")
        top = ipywidgets.Box([self.start, self.progress, self.cancel])
        top.add_class("dr-train-row")
        self.announcement = ipywidgets.HTML()
        self.announcement.add_class("dr-announcement")
        self.curves = ipywidgets.HTML()
        self.curves.add_class("dr-curves-box")
        self.offer = ipywidgets.HTML()
        self.keep = button("Keep it", "dr-primary")
        self.back = button("Go back")
        self.choice = ipywidgets.HBox([self.keep, self.back])
        self.choice.add_class("dr-buttons")
        sides = ipywidgets.VBox([self.offer, self.choice])
        sides.add_class("dr-choice")
        self.note = ipywidgets.HTML()
        self.note.add_class("dr-whence")
        self.forget = button("Forget it", "dr-quiet")
        origin = ipywidgets.HBox([self.note, self.forget])
        origin.add_class("dr-origin")
        heading = ipywidgets.HTML(
            "<h2>Retrain</h2><p>Teach a new network from scratch, with random numbers of its own, "
            "and see it learn. Meanwhile the pad goes on answering.</p>"
        )
        panels = ipywidgets.Box([self.curves, sides])
        panels.add_class("dr-train-panels")
        self.widget = ipywidgets.VBox(
            [
                heading,
                top,
                self.announcement,
                self.options.widget,
                self.guesses.widget,
                panels,
                origin,
            ]
        )
        self.widget.add_class("dr-section")
        self.widget.add_class("dr-retrain")

        self.start.on_click(guard(lambda _button: training.start(), "starting the training"))
        self.cancel.on_click(guard(lambda _button: training.cancel(), "cancelling the training"))
        self.keep.on_click(guard(lambda _button: models.keep(), "keeping the new model"))
        self.back.on_click(guard(lambda _button: models.go_back(), "going back"))
        self.forget.on_click(guard(lambda _button: models.forget(), "forgetting the model"))
        doing = "showing the training"
        training.observe(guard(self._show, doing), ["status", "running", "sentence", "epochs"])
        training.observe(guard(self._announce, doing), ["running", "status", "sentence"])
        models.observe(guard(self._show, doing), "offered")
        models.observe(guard(self._show_model, doing), ["note", "forgettable", "offered"])
        guesses.observe(guard(self._show_model, doing), "sides")
        self._show()
        self._show_model()

    def _show(self, _change: Any = None) -> None:
        training = self._training
        self.start.disabled = training.running
        self.options.allow(not training.running)
        _show_if(self.cancel, training.running)
        self.progress.value = progress_html(
            training.status,
            training.recipe,
            training.running,
            training.sentence,
            learning=training.learning,
            offered=self._models.offered is not None,
        )
        now = self._clock()
        if now >= self._next_curves or not training.running:
            self._next_curves = now + _CURVES_PAUSE
            self.curves.value = curves_html(training.status, training.recipe.epochs)

    def _announce(self, _change: Any) -> None:
        """Say to screen readers what changed; not every step, which nobody could listen to."""
        training = self._training
        begun = f"The {'learning' if training.learning else 'training'} has started."
        if training.status is not None and training.status.silent:
            begun = SILENT
        done = DONE if self._models.offered is None else CHOOSE
        self.announcement.value = escape(begun if training.running else training.sentence or done)

    def _show_model(self, _change: Any = None) -> None:
        models = self._models
        self.note.value = f"<p>{escape(models.note)}</p>"
        _show_if(self.forget, models.forgettable)
        self.offer.value = offer_html(models.offered, self._guesses.sides)
        _show_if(self.choice, models.offered is not None)
        old_is_better = models.offered is not None and is_worse(models.offered)
        better, other = (self.back, self.keep) if old_is_better else (self.keep, self.back)
        better.add_class("dr-primary")
        other.remove_class("dr-primary")


def curves_html(status: Status | None, epochs: int) -> str:
    """Return the curves of loss and accuracy as HTML.

    Parameters
    ----------
    status : Status or None
        None draws empty axes.
    epochs : int
        How many epochs the training takes.

    Examples
    --------
    >>> curves_html(None, 3).count("<svg")
    2
    """
    points = status.history if status is not None else ()
    loss = curve(
        [(epoch, value) for epoch, value, _ in points],
        title="Loss",
        epochs=epochs,
        low=0,
        high=2.4,
    )
    accuracy = curve(
        [(epoch, 100 * value) for epoch, _, value in points],
        title="Accuracy",
        epochs=epochs,
        low=0,
        high=100,
        unit=" %",
    )
    last = points[-1] if points else None
    return (
        f"<figure><figcaption>Loss <b>{f'{last.loss:.3f}' if last else ''}</b></figcaption>"
        f"{loss}</figure>"
        f"<figure><figcaption>Accuracy on the training digits "
        f"<b>{f'{100 * last.accuracy:.1f} %' if last else ''}</b></figcaption>{accuracy}</figure>"
    )


def _show_if(widget: ipywidgets.Widget, wanted: bool) -> None:
    """Show a widget or not; its room stays, so that nothing jumps."""
    if wanted:
        widget.remove_class("dr-unseen")
    else:
        widget.add_class("dr-unseen")
