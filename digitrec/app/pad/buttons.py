"""The buttons under the pad."""

import ipywidgets

from digitrec.app.pad.pad import Pad
from digitrec.app.page.guard import Guard
from digitrec.app.page.words import escape

_KEYS = (
    ("Arrow keys", "move the pen; Shift: faster"),
    ("Space", "pen down, pen up"),
    ("Enter", "predict"),
    ("Delete, Escape", "clear"),
    ("Ctrl or ⌘ + Z", "undo; with Shift: redo"),
    ("Ctrl or ⌘ + V", "paste a picture"),
)


class ButtonsView:
    """Predict, Undo, Redo and Clear; a way in for pictures; what the keyboard does.

    The overlay on the pad does what only a page can: it opens the choice of a picture, and shows
    when there is nothing to undo or redo.

    Parameters
    ----------
    pad : Pad
    guard : Guard
        Makes errors in the callbacks visible.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> pad = Pad(bundled())
    >>> ButtonsView(pad, Guard(print)).predict.click()
    >>> pad.notice
    'There is nothing on the pad yet.'
    """

    def __init__(self, pad: Pad, guard: Guard) -> None:
        self.predict = button("Predict", "dr-primary")
        self.undo = button("Undo", "dr-undo")
        self.redo = button("Redo", "dr-redo")
        self.clear = button("Clear")
        self.predict.on_click(guard(lambda _button: pad.predict(), "predicting"))
        self.undo.on_click(guard(lambda _button: pad.undo(), "undoing"))
        self.redo.on_click(guard(lambda _button: pad.redo(), "redoing"))
        self.clear.on_click(guard(lambda _button: pad.clear(), "clearing"))
        buttons = ipywidgets.HBox([self.predict, self.undo, self.redo, self.clear])
        buttons.add_class("dr-buttons")
        self.choose = button("or choose a picture", "dr-choose")
        keys = ipywidgets.HTML(keys_html())
        more = ipywidgets.HBox([self.choose, keys])
        more.add_class("dr-more")
        self.widget = ipywidgets.VBox([buttons, more])
        self.widget.add_class("dr-padbuttons")


def keys_html() -> str:
    """Return what the keyboard does on the pad, folded, as HTML.

    Examples
    --------
    >>> "pen down" in keys_html()
    True
    """
    rows = "".join(f"<dt>{escape(keys)}</dt><dd>{escape(what)}</dd>" for keys, what in _KEYS)
    return (
        '<details class="dr-keys" data-dr-key="keys"><summary>With the keyboard</summary>'
        f"<dl>{rows}</dl></details>"
    )


def button(label: str, *classes: str) -> ipywidgets.Button:
    """Return a button in the page's style.

    Parameters
    ----------
    label : str
        What it does; also its name for screen readers.
    *classes : str
        Further CSS classes.

    Examples
    --------
    >>> button("Undo").description
    'Undo'
    """
    made = ipywidgets.Button(description=label, layout=ipywidgets.Layout(width="auto"))
    for name in ("dr-button", *classes):
        made.add_class(name)
    return made
