"""The way between the kernel and the database in the visitor's browser."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from digitrec.app.browser_store import store as limits
from digitrec.app.browser_store.store import BrowserStore
from digitrec.app.page.guard import Guard


class StoreWidget(anywidget.AnyWidget):  # type: ignore[misc] # anywidget is not followed by mypy
    """Has the browser store what it is told to. It need not be shown.

    Parameters
    ----------
    store : BrowserStore
    guard : Guard
        Makes errors in the callbacks visible.

    Examples
    --------
    >>> store = BrowserStore()
    >>> store.on_found(lambda found: print(found.model))
    >>> widget = StoreWidget(store, Guard(print))
    >>> widget._handle_custom_msg({"event": "found"}, [])
    None
    """

    _esm = (Path(__file__).parent / "store.js").read_text(encoding="utf-8")
    limits = traitlets.Dict().tag(sync=True)

    def __init__(self, store: BrowserStore, guard: Guard) -> None:
        super().__init__(
            limits={
                "model": limits.MAX_MODEL_BYTES,
                "digits": limits.MAX_DIGITS,
                "digit": limits.MAX_DIGIT_CHARACTERS,
                "together": limits.MAX_DIGITS_CHARACTERS,
            }
        )
        hear = guard(store.hear, "looking at what this browser stores")

        def on_message(_widget: Any, content: Any, buffers: list[Any]) -> None:
            hear(content, buffers)

        self.on_msg(on_message)
        store.attach(self.send)

    def look(self) -> None:
        """Have every page that is attached say what its browser stores."""
        self.send({"do": "tell"})
