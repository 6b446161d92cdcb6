"""The folded panel in which a training can be changed."""

from typing import Any

import ipywidgets
import traitlets

from digitrec.app.pad.buttons import button
from digitrec.app.page.guard import Guard
from digitrec.app.page.words import duration, escape
from digitrec.app.training.options import BOUNDS, HOW_LONG, Options, estimate
from digitrec.training.recipes import RECIPES

_WORDS = {
    "seed": ("Seed", "Where the random numbers begin. Empty: a fresh one, shown when it starts."),
    "epochs": ("Epochs", "How often it sees every digit."),
    "filters1": ("Filters, first layer", "How many small patterns it looks for."),
    "filters2": ("Filters, second layer", "How many combinations of those."),
    "learning_rate": ("Learning rate", "How large its steps are."),
    "distortion": ("Distortion", "How far digits are bent and turned while it learns; 0: not."),
}


class OptionsView:
    """A button that unfolds the choices about the next training.

    Parameters
    ----------
    options : Options
    guard : Guard
        Makes errors in the callbacks visible.

    Examples
    --------
    >>> view = OptionsView(Options(), Guard(print))
    >>> view.toggle.description
    'Options: quick, 2 epochs'
    >>> view.toggle.click()
    >>> view.toggle.description
    'Hide the options'
    """

    def __init__(self, options: Options, guard: Guard) -> None:
        self._options = options
        self.toggle = button("", "dr-quiet", "dr-options-toggle")
        self.recipe = ipywidgets.Dropdown(
            options=[(f"{name}: {HOW_LONG[name]}", name) for name in options.offered],
            description="Recipe",
            value=options.name if options.name in RECIPES else None,
        )
        self.fields = {name: ipywidgets.Text(continuous_update=False) for name in _WORDS}
        rows = [
            _row(
                self.recipe,
                "Sets all values but the seed. How long: on two cores with nothing else to do."
                + _not_offered(options),
            )
        ]
        for name, field in self.fields.items():
            label, hint = _WORDS[name]
            field.description = label
            field.placeholder = "fresh" if name == "seed" else ""
            bounds = BOUNDS.get(name)
            rows.append(_row(field, f"{hint} {_span(bounds.words) if bounds else ''}"))
            traitlets.dlink((options, name), (field, "value"))
            field.observe(guard(self._changer(name), "changing an option"), "value")
        self.estimate = ipywidgets.HTML()
        self.estimate.add_class("dr-hint-text")
        self.notice = ipywidgets.HTML()
        self.notice.add_class("dr-options-notice")
        self.announcement = ipywidgets.HTML()
        self.announcement.add_class("dr-announcement")
        grid = ipywidgets.Box(rows)
        grid.add_class("dr-options-grid")
        self.panel = ipywidgets.VBox([grid, self.estimate, self.notice])
        self.panel.add_class("dr-options-panel")
        self.panel.add_class("dr-hidden")
        self.widget = ipywidgets.VBox([self.toggle, self.panel, self.announcement])
        self.widget.add_class("dr-options")

        self.toggle.on_click(guard(self._fold, "unfolding the options"))
        self.recipe.observe(guard(self._choose, "choosing a recipe"), "value")
        shown = ["name", "epochs", "filters1", "filters2", "notice"]
        options.observe(guard(self._show, "showing the options"), shown)
        self._show()

    @property
    def folded(self) -> bool:
        """Whether only the button is to be seen."""
        return "dr-hidden" in self.panel._dom_classes

    def allow(self, allowed: bool) -> None:
        """Let the choices be changed, or not while they are trained with."""
        for field in (self.recipe, *self.fields.values()):
            field.disabled = not allowed

    def _fold(self, _button: Any) -> None:
        if self.folded:
            self.panel.remove_class("dr-hidden")
            self.toggle.add_class("dr-open")
        else:
            self.panel.add_class("dr-hidden")
            self.toggle.remove_class("dr-open")
        self._show()

    def _choose(self, change: Any) -> None:
        if change["new"] is not None:  # a page may say that nothing is chosen
            self._options.choose(change["new"])

    def _changer(self, name: str) -> Any:
        def change(_change: Any) -> None:
            field = self.fields[name]
            if field.value != getattr(self._options, name):
                self._options.change(name, field.value)
                # What was not taken shall not stand there as if it had been.
                field.value = getattr(self._options, name)

        return change

    def _show(self, _change: Any = None) -> None:
        options = self._options
        epochs = "1 epoch" if options.epochs == "1" else f"{options.epochs} epochs"
        brief = f"Options: {options.recipe.name}, {epochs}"
        self.toggle.description = brief if self.folded else "Hide the options"
        likely = duration(estimate(options.recipe))
        self.estimate.value = (
            f"<p>This takes about {likely} on two cores with nothing else to do.</p>"
        )
        self.notice.value = f"<p>{escape(options.notice)}</p>"
        self.announcement.value = escape(options.notice)


def _row(field: ipywidgets.Widget, hint: str) -> ipywidgets.Widget:
    field.add_class("dr-field")
    said = ipywidgets.HTML(f'<p class="dr-hint-text">{escape(hint.strip())}</p>')
    row = ipywidgets.VBox([field, said])
    row.add_class("dr-option")
    return row


def _not_offered(options: Options) -> str:
    """Say which recipes would take too long here."""
    missing = [f"{name} ({HOW_LONG[name]})" for name in RECIPES if name not in options.offered]
    if not missing or options.most_seconds is None:
        return ""
    return (
        f" Not offered here: {', '.join(missing)}. "
        f"One training may take {duration(options.most_seconds)} on this server, which is busy at "
        "times."
    )


def _span(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
