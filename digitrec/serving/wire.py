"""What a page may send over its web socket: read with every count, offset and size checked first.

Jupyter knows two forms of a message. In the newer one it is a table of offsets and the parts they
cut out. In the older one, which pages speak where a proxy drops the name of the newer, it is JSON,
behind a smaller table where there are buffers. All numbers in both come from a stranger.
"""

import itertools
import json
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from digitrec.errors import DigitrecError

PROTOCOL = "v1.kernel.websocket.jupyter.org"
"""Name of the newer form, as browser and server agree on it."""

CONTROL = "jupyter.widget.control"
"""The one kind of comm that a page opens; through it, it asks for all of its widgets."""

MAX_BUFFERS = 16
"""A page sends one at most: a picture, a file, or the model that it keeps."""

MAX_CONTENT = 5_000_000
"""Bytes of JSON. A page has 4,000,000 characters of corrected digits at most, some quoted."""

MAX_REST = 2_000
"""Bytes of the JSON around the content, which is some 200 from a page."""

MAX_CHANGE = 2_000
"""Bytes of a change of widgets' values. Pages change numbers and short texts, and a kernel keeps
each value, so this bounds what they take."""

MAX_DEPTH = 32
"""Lists and tables in one another; a page's strokes are eight."""

# One half of a letter that takes two: a kernel that is to repeat it says nothing any more.
_HALF = re.compile(r"\\u[dD][89a-fA-F]")
_FIELDS = ("msg_id", "msg_type", "session", "username", "version", "date")
_LONGEST_FIELD = 128
_MISFIT = "A table of offsets does not fit its message."
_NUM_JSON = 4  # header, parent header, metadata and content come before the buffers
_MOST_OFFSETS = 1 + _NUM_JSON + MAX_BUFFERS + 1  # of the channel, the parts, and the end


class WireError(DigitrecError):
    """A message that cannot be a page's.

    Examples
    --------
    >>> str(WireError("The message is cut off."))
    'The message is cut off.'
    """


@dataclass(frozen=True)
class Message:
    """One message from a page, checked.

    Parameters
    ----------
    channel : str
        Where it is meant to go.
    header : dict of str to str
        Without anything that a kernel need not know.
    version : str or None
        The one thing of its metadata that matters.
    content : dict
        JSON.
    written : bytes
        The content as JSON.
    buffers : list of bytes
    """

    channel: str
    header: dict[str, str]
    version: str | None
    content: dict[str, Any]
    written: bytes
    buffers: list[bytes]

    @property
    def kind(self) -> str:
        """What is wanted, as in "comm_msg"."""
        return self.header["msg_type"]

    @property
    def method(self) -> str | None:
        """What a message to a widget is for, as in "update"."""
        data = self.content.get("data")
        method = data.get("method") if isinstance(data, dict) else None
        return method if isinstance(method, str) else None

    @property
    def makes_sense(self) -> bool:
        """Whether a kernel would know what to do with it, and not only complain in its log."""
        if self.kind not in ("comm_open", "comm_msg", "comm_close"):
            return True
        name, data = self.content.get("comm_id"), self.content.get("data")
        too_large = self.kind != "comm_msg" and len(self.written) > MAX_CHANGE
        if not isinstance(name, str) or not isinstance(data, dict) or too_large:
            return False
        if self.kind == "comm_open":
            # Of ipywidgets' protocol for this, whose other versions its kernel side refuses.
            is_known = self.content.get("target_name") == CONTROL
            return is_known and (self.version or "").startswith("1.")
        if self.kind == "comm_close" or self.method == "custom":
            return True
        if self.method == "update":
            paths = data.get("buffer_paths", [])
            return isinstance(data.get("state"), dict) and isinstance(paths, list)
        return self.asks_for_all

    @property
    def asks_for_all(self) -> bool:
        """Whether the answer is all that widgets hold, however short the question."""
        return self.method in ("request_state", "request_states")

    def parts(self) -> list[bytes]:
        """Return what is sent to the kernel: four parts of JSON, and the buffers."""
        about = {} if self.version is None else {"version": self.version}
        return [_dump(self.header), b"{}", _dump(about), self.written, *self.buffers]


def read(message: str | bytes, protocol: str | None) -> Message:
    """Read a message from a page.

    Parameters
    ----------
    message : str or bytes
        As it came, text or binary.
    protocol : str or None
        What browser and server agreed on: :data:`PROTOCOL`, or nothing, which is the older form.

    Returns
    -------
    Message

    Raises
    ------
    WireError
        If a number in it does not fit the message, a part is no JSON of the right kind, or it is
        larger than anything a page sends. It can be shown to the sender.

    Examples
    --------
    >>> text = '{"channel": "shell", "header": {"msg_id": "1", "msg_type": "x"}, "content": {}}'
    >>> read(text, None).kind
    'x'
    >>> read(bytes([255] * 16), PROTOCOL)
    Traceback (most recent call last):
    digitrec.serving.wire.WireError: A table of offsets does not fit its message.
    """
    if protocol == PROTOCOL:
        if isinstance(message, str):
            raise WireError("Bytes were expected, and text came.")
        return _read_parts(message)
    return _read_older(message)


def cut(message: bytes, number: str, *, closed: bool) -> list[bytes]:
    """Cut a message into the parts that its table of offsets names.

    Parameters
    ----------
    message : bytes
        Begins with how many offsets there are, and the offsets.
    number : str
        How each of these numbers is written, in the manner of :mod:`struct`, as in "<Q".
    closed : bool
        Whether the end of the last part is in the table too.

    Returns
    -------
    list of bytes
        Together they are all that follows the table.

    Raises
    ------
    WireError
        If the table does not fit the message.

    Examples
    --------
    >>> cut(bytes([3, 4, 6, 7]) + b"abc", "<B", closed=True)
    [b'ab', b'c']
    >>> cut(bytes([200, 4, 6, 7]) + b"abc", "<B", closed=True)
    Traceback (most recent call last):
    digitrec.serving.wire.WireError: A table of offsets does not fit its message.
    """
    width = struct.calcsize(number)
    if len(message) < width:
        raise WireError(_MISFIT)
    (count,) = struct.unpack_from(number, message)
    first = width * (1 + count)
    # Nothing has been done as often as the message says.
    if not 1 <= count <= _MOST_OFFSETS or first > len(message):
        raise WireError(_MISFIT)
    offsets = list(struct.unpack_from(f"{number[0]}{count}{number[1]}", message, width))
    if not closed:
        offsets.append(len(message))
    if offsets[0] != first or offsets[-1] != len(message) or offsets != sorted(offsets):
        raise WireError(_MISFIT)
    return [message[start:end] for start, end in itertools.pairwise(offsets)]


def _read_parts(message: bytes) -> Message:
    channel, *parts = cut(message, "<Q", closed=True) or [b""]
    if len(parts) < _NUM_JSON:
        raise WireError("A message has a header, a parent, metadata and content.")
    _bound(parts[3], MAX_CONTENT)
    for part in (channel, *parts[:3]):
        _bound(part, MAX_REST)
    header, _parent, about, content = (_load(part) for part in parts[:_NUM_JSON])
    return _checked(_text(channel), header, about, content, parts[3], parts[_NUM_JSON:])


def _read_older(message: str | bytes) -> Message:
    buffers: list[bytes] = []
    if isinstance(message, bytes):
        message, *buffers = cut(message, ">I", closed=False)
    _bound(message, MAX_CONTENT + MAX_REST)
    found = _load(message)
    header, about, content = (found.get(name) or {} for name in ("header", "metadata", "content"))
    # Without a name it goes to the shell, as Jupyter has it.
    channel = found.get("channel") or "shell"
    if not isinstance(channel, str):
        raise WireError("A channel has a name.")
    for part in (header, about, content):
        if not isinstance(part, dict):
            raise WireError("A JSON object was expected.")
    return _checked(channel, header, about, content, _dump(content), buffers)


def _checked(
    channel: str,
    header: Mapping[str, Any],
    about: Mapping[str, Any],
    content: dict[str, Any],
    written: bytes,
    buffers: list[bytes],
) -> Message:
    kept = {name: header[name] for name in _FIELDS if name in header}
    for value in kept.values():
        if not isinstance(value, str) or len(value) > _LONGEST_FIELD or not value.isprintable():
            raise WireError("A field of the header is a short text.")
    if not kept.get("msg_id") or not kept.get("msg_type"):
        raise WireError("A header names its message and its type.")
    version = about.get("version")
    if not isinstance(version, str) or len(version) > _LONGEST_FIELD:
        version = None
    if len(buffers) > MAX_BUFFERS:
        raise WireError("A page sends fewer buffers.")
    _bound_depth(content)
    found = Message(channel, kept, version, content, written, buffers)
    # Only what is sent to our own code is large. A widget would keep it.
    if found.method != "custom" and (len(written) > MAX_CHANGE or any(buffers)):
        raise WireError("A page changes less at a time.")
    return found


def _bound(part: str | bytes, most: int) -> None:
    if len(part) > most:
        raise WireError("A part of a message is larger than a page's.")


def _text(part: bytes) -> str:
    try:
        return part.decode("utf-8")
    except UnicodeDecodeError:
        raise WireError("Text was expected in UTF-8.") from None


def _load(part: str | bytes) -> dict[str, Any]:
    try:
        text = _text(part) if isinstance(part, bytes) else part
        found = json.loads(text)
        if _HALF.search(text):
            json.dumps(found, ensure_ascii=False).encode("utf-8")
    except (
        ValueError,
        RecursionError,
    ):  # also numbers of thousands of digits, and halves of letters
        raise WireError("A JSON object was expected.") from None
    if not isinstance(found, dict):
        raise WireError("A JSON object was expected.")
    return found


def _dump(value: Mapping[str, Any]) -> bytes:
    return json.dumps(value).encode("ascii")


def _bound_depth(value: dict[str, Any]) -> None:
    """Refuse what is nested more deeply than kernels can follow."""
    level: Sequence[Any] = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise WireError("A message is nested too deeply.")
