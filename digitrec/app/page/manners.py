"""The page's manners: what only JavaScript can do for accessibility."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget

_HERE = Path(__file__).parent


class Manners(anywidget.AnyWidget):  # type: ignore[misc] # anywidget is not followed by mypy
    """Names the pad for screen readers and gives the keyboard back to the page.

    It shows nothing and acts on the dashboard around it.

    Parameters
    ----------
    on_ready : callable
        Called whenever a page has drawn all of the dashboard. What is changed earlier, while the
        page fetches the widgets one by one, may be lost to it.

    Examples
    --------
    >>> manners = Manners(on_ready=lambda: print("ready"))
    >>> manners._handle_custom_msg({"event": "ready"}, [])
    ready
    """

    _esm = (_HERE / "manners.js").read_text(encoding="utf-8")

    def __init__(self, on_ready: Callable[[], None]) -> None:
        super().__init__()

        def hear(_widget: Any, content: Any, _buffers: Any) -> None:
            if content == {"event": "ready"}:
                on_ready()

        self.on_msg(hear)


def style() -> str:
    """Return the page's style sheet: first what holds everywhere, then a part for each view.

    Examples
    --------
    >>> ".digitrec" in style()
    True
    """
    sheets = sorted(
        (_HERE / "styles").glob("*.css"), key=lambda path: (path.name != "page.css", path.name)
    )
    return "\n".join(sheet.read_text(encoding="utf-8") for sheet in sheets)
