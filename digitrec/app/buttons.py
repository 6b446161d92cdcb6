"""The buttons under the pad."""

import ipywidgets

from digitrec.app.guard import Guard
from digitrec.app.state import Pad


class ButtonsView:
    """Predict, Undo and Clear.

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
        self.undo = button("Undo")
        self.clear = button("Clear")
        self.predict.on_click(guard(lambda _button: pad.predict(), "predicting"))
        self.undo.on_click(guard(lambda _button: pad.undo(), "undoing"))
        self.clear.on_click(guard(lambda _button: pad.clear(), "clearing"))
        self.widget = ipywidgets.HBox([self.predict, self.undo, self.clear])
        self.widget.add_class("dr-buttons")


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
