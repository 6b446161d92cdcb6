"""The place where the page says that something went wrong."""

from typing import Any

import ipywidgets

from digitrec.app.pad.buttons import button
from digitrec.app.page.words import escape


class TroubleView:
    """Shows one calm sentence until it is closed.

    Examples
    --------
    >>> trouble = TroubleView()
    >>> trouble.say("The disk is full.")
    >>> trouble.text.value
    '<span>The disk is full.</span>'
    """

    def __init__(self) -> None:
        self.text = ipywidgets.HTML()
        self.close = button("Close")
        self.close.on_click(self._hide)
        self.widget = ipywidgets.HBox([self.text, self.close])
        self.widget.add_class("dr-trouble")
        self._hide()

    def say(self, sentence: str) -> None:
        """Show a sentence in place of the one before."""
        self.text.value = f"<span>{escape(sentence)}</span>"
        self.widget.remove_class("dr-hidden")

    def _hide(self, _button: Any = None) -> None:
        self.widget.add_class("dr-hidden")
