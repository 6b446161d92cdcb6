"""What the visitor's browser stores for this page, as the kernel sees it.

A browser belongs to its visitor, so nothing that comes from it is trusted: types, names, counts and
sizes are checked here. The code that reads the bytes and lines checks what they mean.
"""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

MAX_MODEL_BYTES = 500_000
"""What a model stored in a browser may take, bytes."""

MAX_DIGITS = 1_000
"""How many of a visitor's digits are stored."""

MAX_DIGIT_CHARACTERS = 250_000
"""What one of them may take, written down."""

MAX_DIGITS_CHARACTERS = 4_000_000
"""What all of them may take together."""

HOWS = ("trained", "taught", "opened")
"""How a visitor came by a model."""

_KEY = re.compile(r"[0-9a-z]{1,40}")

Kind = Literal["model", "digits"]


@dataclass(frozen=True)
class StoredModel:
    """A model as a browser stores it.

    Parameters
    ----------
    content : bytes
        Said to be a safetensors file, and not yet looked into.
    day : str
        The day it was made, as in "2026-05-03".
    how : str
        One of :data:`HOWS`.
    """

    content: bytes
    day: str
    how: str


@dataclass(frozen=True)
class Found:
    """What a browser says that it stores.

    Parameters
    ----------
    model : StoredModel or None
        None if there is none, or none of the kind that we store.
    model_damaged : bool
        Whether there is something in its place that is no model of ours.
    digits : tuple of (str, str)
        The name of each of the visitor's digits, and what is written in its place.
    num_damaged : int
        How many more there are that are nothing of ours.
    """

    model: StoredModel | None = None
    model_damaged: bool = False
    digits: tuple[tuple[str, str], ...] = ()
    num_damaged: int = 0


@dataclass(frozen=True)
class Change:
    """One thing to be written into the browser, or deleted there.

    Parameters
    ----------
    kind : {"model", "digits"}
    key : str or None
        Which of its kind; None means all, to be deleted.
    value : StoredModel, str or None
        A model or a written digit; None deletes.
    """

    kind: Kind
    key: str | None
    value: StoredModel | str | None = None


@dataclass(frozen=True)
class _Order:
    changes: Sequence[Change]
    then: Callable[[bool], None]


class BrowserStore:
    """Hands the browser what it is to store, and tells listeners what it has stored.

    Without a browser everything waits until one attaches.

    Examples
    --------
    >>> store = BrowserStore()
    >>> store.on_found(lambda found: print(len(found.digits), found.num_damaged))
    >>> store.hear({"event": "found", "digits": [["a1", "{}"], 7]}, [])
    1 1
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._send: Callable[[dict[str, Any], list[bytes]], None] = lambda _content, _buffers: None
        self._waiting: dict[int, _Order] = {}
        self._number = 0
        self._listeners: list[Callable[[Found], None]] = []

    def attach(self, send: Callable[[dict[str, Any], list[bytes]], None]) -> None:
        """Name the way to the browser: called with a message and its buffers."""
        self._send = send

    def on_found(self, listener: Callable[[Found], None]) -> None:
        """Have a function called whenever a browser says what it stores."""
        self._listeners.append(listener)

    def change(self, changes: Sequence[Change], then: Callable[[bool], None]) -> None:
        """Write and delete, all of it or nothing.

        Parameters
        ----------
        changes : sequence of Change
        then : callable of bool
            Called when the browser has answered, with whether it could.
        """
        with self._lock:
            self._number += 1
            number = self._number
            self._waiting[number] = _Order(tuple(changes), then)
        self._order(number)

    def hear(self, content: Any, buffers: Sequence[Any]) -> None:
        """Take a message from the browser, whatever it is.

        Parameters
        ----------
        content : object
        buffers : sequence of bytes-like
        """
        event = content.get("event") if isinstance(content, dict) else None
        if event in ("changed", "failed"):
            number = content.get("number")
            with self._lock:
                order = self._waiting.pop(number, None) if type(number) is int else None
            if order is not None:
                order.then(event == "changed")
        elif event == "found":
            with self._lock:
                waiting = sorted(self._waiting)
            if waiting:
                # Ordered while no page was there to hear it. Then it has to look again.
                for number in waiting:
                    self._order(number)
                self._send({"do": "tell"}, [])
                return
            found = _read(content, buffers)
            for listener in self._listeners:
                listener(found)

    def _order(self, number: int) -> None:
        order = self._waiting.get(number)
        if order is None:
            return
        changes: list[dict[str, Any]] = []
        buffers: list[bytes] = []
        for change in order.changes:
            told: dict[str, Any] = {"kind": change.kind, "key": change.key}
            if isinstance(change.value, StoredModel):
                told |= {"buffer": len(buffers), "day": change.value.day, "how": change.value.how}
                buffers.append(change.value.content)
            elif change.value is not None:
                told["text"] = change.value
            changes.append(told)
        self._send({"do": "change", "number": number, "changes": changes}, buffers)


def _read(content: dict[str, Any], buffers: Sequence[Any]) -> Found:
    model = content.get("model")
    stored = _read_model(model, buffers)
    listed = content.get("digits")
    entries = listed if isinstance(listed, list) else []
    digits: dict[str, str] = {}
    room = MAX_DIGITS_CHARACTERS
    for entry in entries[:MAX_DIGITS]:
        if _is_digit(entry) and entry[0] not in digits and len(entry[1]) <= room:
            digits[entry[0]] = entry[1]
            room -= len(entry[1])
    num_damaged = len(entries) - len(digits)
    told = content.get("damaged")
    if type(told) is int and 0 < told <= 1_000_000:
        num_damaged += told
    return Found(stored, model is not None and stored is None, tuple(digits.items()), num_damaged)


def _read_model(told: Any, buffers: Sequence[Any]) -> StoredModel | None:
    if not isinstance(told, dict) or len(buffers) != 1:
        return None
    day, how = told.get("day"), told.get("how")
    if not isinstance(day, str) or not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", day):
        return None
    if how not in HOWS:
        return None
    try:
        size = memoryview(buffers[0]).nbytes
    except TypeError:
        return None
    if not 0 < size <= MAX_MODEL_BYTES:
        return None
    return StoredModel(bytes(buffers[0]), day, str(how))


def _is_digit(entry: Any) -> bool:
    return (
        isinstance(entry, list)
        and len(entry) == 2
        and all(isinstance(part, str) for part in entry)
        and _KEY.fullmatch(entry[0]) is not None
        and len(entry[1]) <= MAX_DIGIT_CHARACTERS
    )
