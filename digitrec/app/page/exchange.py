"""Files between the visitor's computer and the page: open one, download one."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from digitrec.app.page.guard import Guard

MAX_NAME = 80


class Exchange(anywidget.AnyWidget):  # type: ignore[misc] # anywidget is not followed by mypy
    """Two buttons: one opens a file of the visitor's, one downloads what the page has.

    Parameters
    ----------
    guard : Guard
        Makes errors in the callbacks visible.
    on_open : callable of (bytes, str)
        Receives the content of the chosen file, and its name. What it raises is said.
    give : callable
        Returns the bytes to be downloaded.
    max_bytes : int
        A larger file is refused unread, in the browser already.
    **looks : str
        ``title`` of the folded part, "" for none; ``text`` in it; ``open_label``,
        ``download_label``; ``accept``, what the file chooser shows; ``filename`` of the download.

    Examples
    --------
    >>> exchange = Exchange(
    ...     Guard(print), on_open=lambda content, name: print(name, len(content)),
    ...     give=lambda: b"ink", max_bytes=10, open_label="Load…", download_label="Download",
    ... )
    >>> exchange._handle_custom_msg({"event": "open", "name": "my.jsonl"}, [memoryview(b"ink!")])
    my.jsonl 4
    """

    _esm = (Path(__file__).parent / "exchange.js").read_text(encoding="utf-8")
    title = traitlets.Unicode("").tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)
    open_label = traitlets.Unicode().tag(sync=True)
    download_label = traitlets.Unicode().tag(sync=True)
    accept = traitlets.Unicode("").tag(sync=True)
    filename = traitlets.Unicode("").tag(sync=True)
    max_bytes = traitlets.Int().tag(sync=True)
    downloadable = traitlets.Bool(True).tag(sync=True)
    said = traitlets.Unicode("", help="what became of the last file").tag(sync=True)

    def __init__(
        self,
        guard: Guard,
        on_open: Callable[[bytes, str], None],
        give: Callable[[], bytes],
        *,
        max_bytes: int,
        **looks: str,
    ) -> None:
        super().__init__(max_bytes=max_bytes, **looks)
        self._on_open = on_open
        self._give = give
        hear = guard(self._hear, "passing a file on")

        def on_message(_widget: Any, content: Any, buffers: list[Any]) -> None:
            hear(content, buffers)

        self.on_msg(on_message)

    def _hear(self, content: Any, buffers: list[Any]) -> None:
        event = content.get("event") if isinstance(content, dict) else None
        if event == "download":
            # Every page hears the answer, and only the one that asked shall save it.
            self.send({"do": "save", "ticket": content.get("ticket")}, [self._give()])
        elif event == "open" and len(buffers) == 1:
            name = content.get("name")
            name = name[:MAX_NAME] if isinstance(name, str) and name else "the file"
            data = bytes(buffers[0])
            if len(data) <= self.max_bytes:
                self._on_open(data, name)
