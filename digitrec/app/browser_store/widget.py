"""The way between the kernel and the database in the visitor's browser."""

from pathlib import Path
from typing import Any

import anywidget
import traitlets

from digitrec.app.browser_store import store as shelves
from digitrec.app.browser_store.store import Shelf
from digitrec.app.page.guard import Guard


class Keep(anywidget.AnyWidget):  # type: ignore[misc] # anywidget is not followed by mypy
    """Keeps in the browser what the shelf wants kept. It need not be shown.

    Parameters
    ----------
    shelf : Shelf
    guard : Guard
        Makes errors in the callbacks visible.

    Examples
    --------
    >>> shelf = Shelf()
    >>> shelf.on_found(lambda found: print(found.model))
    >>> keep = Keep(shelf, Guard(print))
    >>> keep._handle_custom_msg({"event": "found"}, [])
    None
    """

    _esm = (Path(__file__).parent / "store.js").read_text(encoding="utf-8")
    limits = traitlets.Dict().tag(sync=True)

    def __init__(self, shelf: Shelf, guard: Guard) -> None:
        super().__init__(
            limits={
                "model": shelves.MAX_MODEL_BYTES,
                "digits": shelves.MAX_DIGITS,
                "digit": shelves.MAX_DIGIT_CHARACTERS,
                "together": shelves.MAX_DIGITS_CHARACTERS,
            }
        )
        hear = guard(shelf.hear, "looking at what this browser keeps")

        def on_message(_widget: Any, content: Any, buffers: list[Any]) -> None:
            hear(content, buffers)

        self.on_msg(on_message)
        shelf.attach(self.send)

    def look(self) -> None:
        """Have every page that is attached say what its browser keeps."""
        self.send({"do": "tell"})
