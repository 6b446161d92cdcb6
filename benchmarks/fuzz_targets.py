"""What reads a stranger's bytes and points, each part as a function that fails only on a fault.

A target takes any bytes at all. Refusing them in the documented way is right; whatever else goes
wrong leaves the function as an exception. The tests call the targets with what hypothesis invents,
``benchmarks/fuzz.py`` with what a coverage-guided fuzzer finds.
"""

import contextlib
import gzip
import io
import json
import struct
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import PIL.Image
import traitlets

from digitrec import ink
from digitrec.app.browser_store.store import HOWS, MAX_DIGITS, BrowserStore
from digitrec.app.dashboard import Dashboard
from digitrec.app.digits.corrections import Corrections
from digitrec.app.model.built import built_html
from digitrec.app.model.in_use import ModelInUse, checked
from digitrec.app.pad.pad import MAX_POINTS, SIZE, Pad
from digitrec.app.pad.pens import Pens
from digitrec.errors import FileError, InkError
from digitrec.jobs import Status
from digitrec.network import Architecture, Network
from digitrec.serving import wire

MAX_INK_BYTES = 60_000
"""What an ink file may hold here: the limits are tested elsewhere, and time is better spent."""

_PAGE_LASTS = 200  # inputs; making a page takes as long as some tens of them


def tiny() -> Network:
    """Return a network whose file has less than a kilobyte.

    Examples
    --------
    >>> tiny().num_parameters
    24
    """
    weights = {
        "conv1/kernel": np.ones((1, 1, 1, 1)),
        "conv1/bias": np.zeros(1),
        "conv2/kernel": np.ones((1, 1, 1, 1)),
        "conv2/bias": np.zeros(1),
        "dense/kernel": np.ones((1, 10)),
        "dense/bias": np.arange(10),
    }
    arrays = {name: array.astype(np.float32) for name, array in weights.items()}
    return Network(arrays, Architecture(strides=(2, 3), pools=(2, 2)), metadata={"seed": 1})


class Source:
    """Makes values of all kinds out of bytes, the same out of the same."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._at = 0

    @property
    def left(self) -> bool:
        """Whether there is a byte that was not used yet."""
        return self._at < len(self._content)

    def take(self, num: int) -> bytes:
        """Return the next bytes, fewer at the end."""
        part = self._content[self._at : self._at + num]
        self._at += num
        return part

    def byte(self) -> int:
        """Return the next byte, 0 after the end."""
        return int.from_bytes(self.take(1), "little")

    def pick(self, choices: Sequence[Any]) -> Any:
        """Return one of some things."""
        return choices[self.byte() % len(choices)]

    def number(self) -> Any:
        """Return a number that a browser might send, or should not."""
        kind = self.byte() % 6
        if kind < 3:
            return (self.byte(), 300 * self.byte() / 255, -self.byte())[kind]
        if kind == 3:
            return struct.unpack("<d", self.take(8).ljust(8, b"\0"))[0]
        return 10 ** (self.byte() * 2) if kind == 4 else self.byte() % 12

    def text(self) -> str:
        """Return a short text."""
        return self.take(self.byte() % 12).decode("utf-8", "replace")

    def value(self, depth: int = 0) -> Any:
        """Return anything that JSON can hold, and not-a-number."""
        kind = self.byte() % (6 if depth > 3 else 9)
        if kind < 3:
            return (None, True, False)[kind]
        if kind < 6:
            return self.number() if kind < 5 else self.text()
        num = self.byte() % 5
        if kind == 6:
            return {self.text(): self.value(depth + 1) for _ in range(num)}
        return [self.value(depth + 1) for _ in range(num)]

    def points(self) -> Any:
        """Return what is nearly always a list of points."""
        if self.byte() % 8 == 0:
            return self.value()
        return [
            [self.number(), self.number()] if self.byte() % 16 else self.value(2)
            for _ in range(self.byte() % 12)
        ]


_ABOUT = (
    "name", "created", "seed", "seconds", "recipe_settings", "adapted", "evaluation", "validation",
    "padding", "strides", "pools", "temperature", "min_energy", "recipe", "digitrec", "num_images",
    "num_drawings", "num_others", "epochs", "drawings_share",
)  # fmt: skip


def odd_network(source: Source) -> bytes:
    """Return a model file that is whole but for some entries of its header.

    Bytes that are changed at random are mostly no JSON any more, and refused before anything that
    they say is looked at.

    Examples
    --------
    >>> odd_network(Source(b"")) != tiny().to_bytes()
    True
    """
    whole = tiny().to_bytes()
    (length,) = struct.unpack_from("<Q", whole)
    header, body = json.loads(whole[8 : 8 + length]), whole[8 + length :]
    about = header.pop("__metadata__")
    inside = {name: json.loads(about[name]) for name in sorted({*about} - {"format"})}
    settings: dict[str, Any] = {}
    for _ in range(1 + source.byte() % 4):
        table = source.pick([settings, *inside.values(), *header.values()])
        key = source.pick([*table, *_ABOUT])
        small = [source.byte() % 4 for _ in range(source.byte() % 5)]
        word = source.pick(("F16", "F32", "BF16", "I64", "same", "valid"))
        table[key] = source.pick((source.value(), small, [word, word], word, source.number()))
    if settings:
        inside["metadata"]["recipe_settings"] = settings
    header["__metadata__"] = about | {name: json.dumps(inside[name]) for name in inside}
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body + source.take(source.byte())


def read_network(content: bytes) -> None:
    """Read a model file, ask it, tell of it and write it again.

    A first byte of "H" has the header written by length, so that what comes after it is reached;
    after a "V" the bytes choose what is odd in a file that is otherwise whole.
    """
    if content[:1] == b"H":
        header, _, body = content[1:].partition(b"\n")
        content = struct.pack("<Q", len(header)) + header + body
    elif content[:1] == b"V":
        content = odd_network(Source(content[1:]))
    try:
        network = checked(content)
    except FileError:
        return
    image = np.full((28, 28), 0.5, np.float32)
    prediction = network.predict(image)
    assert np.isclose(prediction.probabilities.sum(), 1)
    assert prediction.sentence
    assert built_html(network)
    again = Network.from_bytes(network.to_bytes())
    assert np.array_equal(again.logits(image[None]), network.logits(image[None]))


def read_ink(content: bytes) -> None:
    """Read an ink file, plain, compressed or compressed here, and look at what it shows.

    After a "V" the bytes choose what is odd in lines that are otherwise whole.
    """
    if content[:1] == b"Z":
        content = gzip.compress(content[1:], 1, mtime=0)
    elif content[:1] == b"V":
        source = Source(content[1:])
        content = "\n".join(_line(source) for _ in range(1 + source.byte() % 4)).encode()
    try:
        samples = ink.parse(content, max_bytes=MAX_INK_BYTES)
    except FileError:
        return
    for sample in samples[:3]:
        image = ink.image(sample.strokes)
        if image is not None:
            assert image.shape == (28, 28)
            assert 0 <= image.min() <= image.max() <= 1


def read_picture(content: bytes) -> None:
    """Read a picture and find the ink in it."""
    pad = Pad(tiny())
    try:
        pad.show_picture(content)
    except FileError:
        assert pad.is_empty
        return
    assert pad.answer is not None
    assert 0 <= pad.answer.image.min() <= pad.answer.image.max() <= 1 + 1e-6


_ACTIONS = (
    "down", "move", "up", "undo", "redo", "clear", "predict", "hello", "picture", "refuse", "else",
)  # fmt: skip


def hear_pens(content: bytes) -> None:
    """Take what pens in pages do, in order and out of it."""
    source = Source(content)
    pad = Pad(tiny(), clock=lambda: 0.0)
    told: list[Any] = []
    pens = Pens(pad, told.append)
    numbers = {"a": 0, "b": 0}
    while source.left:
        pen = source.pick("aaab")
        numbers[pen] += 1
        number = numbers[pen] if source.byte() % 16 else source.value()
        actions: Any = []
        for _ in range(source.byte() % 6):
            name = source.pick(_ACTIONS)
            number_or_points = source.points() if name in ("down", "move") else source.value()
            if name == "hello":
                number_or_points = [source.points() for _ in range(source.byte() % 4)]
            actions.append([name, number_or_points, source.value()] if source.byte() % 8 else 1)
        buffers = [picture_of(source)] if source.byte() % 32 == 1 else []
        batch: Any = {"pen": pen, "number": number, "do": actions}
        if source.byte() % 32 == 2:
            batch = source.value()
        pens.take(batch, buffers)
        if type(number) is not int or number != numbers[pen]:
            numbers[pen] -= 1
    json.dumps(told)
    assert pad.num_points <= MAX_POINTS
    assert all(0 <= x <= SIZE and 0 <= y <= SIZE for s in pad.strokes for x, y in s)
    assert not (pad.strokes and pad.picture is not None)


def picture_of(source: Source) -> bytes:
    """Return a small picture, or the beginning of one."""
    side = 1 + source.byte() % 12
    pixels = np.frombuffer(source.take(side * side).ljust(side * side, b"\xff"), np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(pixels.reshape(side, side)).save(file, source.pick(("PNG", "BMP")))
    return file.getvalue()[: -source.byte() or None]


def _line(source: Source) -> str:
    record: dict[str, Any] = {"label": source.pick("0123456789x"), "strokes": [source.points()]}
    if source.byte() % 4 == 0:
        record[source.pick(("label", "strokes", "id", "writer", "else"))] = source.value()
    text = json.dumps(record)
    return text if source.byte() % 8 else text[: source.byte()] + source.text()


def hear_browser(content: bytes) -> None:
    """Take what a browser says that it stores: a model and digits."""
    source = Source(content)
    store = BrowserStore()
    sent: list[Any] = []
    models, corrections = ModelInUse(store, tiny), Corrections(store)
    store.attach(lambda message, _buffers: sent.append(message))
    whole = tiny().to_bytes()
    while source.left:
        event = source.pick(("found", "found", "found", "changed", "failed", "else"))
        message: Any = {"event": event, "number": source.byte() % 4, "damaged": source.value(4)}
        message["digits"] = [
            [source.pick("abcd"), _line(source)] if source.byte() % 8 else source.value()
            for _ in range(source.byte() % 5)
        ]
        buffers: list[Any] = []
        if source.byte() % 2:
            at = source.byte() * 4
            buffers = [whole[:at] + source.take(source.byte() % 9) + whole[at:]]
            day = "2026-0" + str(source.byte() % 10) + "-1" + str(source.byte() % 10)
            message["model"] = {"day": day, "how": source.pick(("trained", "opened", "x"))}
        if source.byte() % 16 == 1:
            message = source.value()
        store.hear(message, buffers)
        act = source.byte() % 12
        if act == 0:
            corrections.undo()
        elif act == 1:
            models.offer(tiny(), source.pick(HOWS))
            (models.keep, models.go_back)[source.byte() % 2]()
        elif act == 2:
            with contextlib.suppress(FileError, InkError):
                corrections.load(_line(source).encode())
        elif act == 3:
            models.forget()
    assert len(corrections.digits) <= MAX_DIGITS
    assert corrections.images.shape == (len(corrections.digits), 28, 28)
    assert models.note
    json.dumps(sent)


class _NoJob:
    """A training that never begins, as the fuzzer presses all buttons."""

    def __init__(self, *_arguments: Any) -> None:
        self._ended = False

    def start(self) -> None:
        """Begin nothing."""

    def cancel(self) -> None:
        """End it."""
        self._ended = True

    def status(self) -> Status:
        """Say how it stands."""
        return Status("cancelled" if self._ended else "training", seed=1, message="Cancelled.")


class _Page:
    """The whole page with all of its widgets, and an ear for faults that were only said."""

    def __init__(self) -> None:
        from ipywidgets.widgets.widget import _instances

        before = set(_instances)
        self.dashboard = Dashboard()
        self.dashboard.training._make_job = _NoJob
        self.dashboard.training._make_lesson = _NoJob
        self.widgets = [_instances[key] for key in _instances if key not in before]
        # A few of them do more with a message than keep a value.
        self.hearing = [one for one in self.widgets if one._msg_callbacks.callbacks]
        self.inputs = self.pens = 0

    def close(self) -> None:
        for widget in self.widgets:
            widget.close()


_pages: list[_Page] = []
_STROKES = ("down", "move", "up", "down", "move", "up", "undo", "redo", "clear", "predict")
_EVENTS = (
    "found", "changed", "failed", "open", "download", "label", "undo", "ready", "click",
    "client_ready", "else",
)  # fmt: skip


def hear_widgets(content: bytes) -> None:
    """Send messages to all widgets of the page: new values, events, and what is neither."""
    from digitrec.app.page import guard

    if not _pages or _pages[0].inputs >= _PAGE_LASTS:
        for old in _pages:
            old.close()
        _pages[:] = [_Page()]
    page = _pages[0]
    page.inputs += 1
    source = Source(content)
    faults: list[Exception] = []
    report = guard.Guard.report

    def note(self: guard.Guard, error: Exception, doing: str) -> None:
        if not isinstance(error, FileError | InkError):
            faults.append(error)
        report(self, error, doing)

    # The page itself would catch the faults, say so calmly and go on; here they are to be heard.
    guard.Guard.report = note  # type: ignore[method-assign] # to hear the faults; put back below
    try:
        while source.left and not faults:
            _send(page, source)
    finally:
        guard.Guard.report = report  # type: ignore[method-assign] # the page's own again
    for fault in faults:
        raise fault
    assert all(0 <= x <= SIZE and 0 <= y <= SIZE for s in page.dashboard.pad.strokes for x, y in s)


def _send(page: _Page, source: Source) -> None:
    if source.byte() % 2:
        widget = source.pick(page.hearing)
    else:
        widget = page.widgets[(source.byte() << 8 | source.byte()) % len(page.widgets)]
    kind = source.byte() % 4
    if kind == 0:
        keys = [key for key in sorted(widget.keys) if not key.startswith("_")]
        state = {source.pick(keys): source.value() for _ in range(1 + source.byte() % 2)}
        data: Any = {"method": "update", "state": state, "buffer_paths": []}
    elif kind == 3:
        data = {"method": source.pick(("request_state", "custom", "x")), "content": source.value()}
    else:
        event: Any = {"event": source.pick(_EVENTS), "digit": source.number()}
        event |= {"name": source.text(), "ticket": source.value(), "digits": source.value()}
        # A pen of its own for every message, since a pen's messages are taken in their order only.
        page.pens += 1
        actions = [[source.pick(_STROKES), source.points()] for _ in range(source.byte() % 4)]
        event |= {"pen": str(page.pens), "number": source.pick((1, 1, 1, 2)), "do": actions}
        data = {"method": "custom", "content": event if source.byte() % 8 else source.value()}
    buffers = [source.take(source.byte())] if source.byte() % 3 == 0 else []
    try:
        widget._handle_msg({"content": {"data": data}, "buffers": buffers})
    except (traitlets.TraitError, TypeError, ValueError, KeyError, AttributeError) as error:
        # A value that the widget's own types refuse; the comm logs it, and nothing has changed.
        if _is_ours(error):
            raise


def _is_ours(error: Exception) -> bool:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and "/digitrec/" in trace.tb_frame.f_code.co_filename


_HEADER = {"msg_id": "1", "msg_type": "comm_msg", "session": "s", "username": "", "version": "5"}
_CHANNELS = (b"shell", b"shell", b"control", b"iopub", b"\xff", b"")


def _cut_up(source: Source, parts: list[bytes], number: str, *, closed: bool) -> bytes:
    """Return parts behind a table of offsets, in which some numbers may lie."""
    width = struct.calcsize(number)
    table = [0]
    at = width * (1 + len(parts) + closed)
    for part in parts:
        table.append(at)
        at += len(part)
    if closed:
        table.append(at)
    table[0] = len(table) - 1
    for _ in range(source.byte() % 3):
        lie = source.pick((source.byte(), int.from_bytes(source.take(width), "little"), 2**31, at))
        table[source.byte() % len(table)] = lie % 256**width
    return b"".join(struct.pack(number, entry) for entry in table) + b"".join(parts)


def _message(source: Source) -> tuple[str | bytes, str | None]:
    """Return a message of one of both forms, most of which is as it should be."""
    header: Any = {**_HEADER, "msg_type": source.pick(("comm_msg", "comm_open", "comm_close", "x"))}
    method = source.pick(("custom", "update", "request_state", "request_states", "x"))
    data: Any = {"method": method, "content": source.value(), "state": {"value": source.value()}}
    content: Any = {"comm_id": source.text(), "target_name": wire.CONTROL, "data": data}
    for table in (header, data, content):
        if source.byte() % 8 == 0:
            table[source.pick([*table])] = source.value()
    whole: list[Any] = [header, {}, {"version": "1.0"}, content]
    if source.byte() % 8 == 0:
        whole[source.byte() % 4] = source.value()
    parts = [json.dumps(part).encode() for part in whole]
    if source.byte() % 8 == 0:
        parts[source.byte() % 4] = source.take(source.byte() % 16)
    buffers = [source.take(source.byte() % 32) for _ in range(source.byte() % 4)]
    channel = source.pick(_CHANNELS)
    if source.byte() % 2:
        return _cut_up(source, [channel, *parts, *buffers], "<Q", closed=True), wire.PROTOCOL
    names = ("header", "parent_header", "metadata", "content")
    older = dict(zip(names, whole, strict=True)) | {"channel": channel.decode("utf-8", "replace")}
    text = json.dumps(older)
    if not buffers:
        return text[: -source.byte() % 256 or None] if source.byte() % 8 == 0 else text, None
    return _cut_up(source, [text.encode(), *buffers], ">I", closed=False), None


def read_wire(content: bytes) -> None:
    """Read a message as it comes over a web socket.

    After a first byte of "N" or "O" the rest is the message, in the newer form or the older;
    otherwise the bytes choose what is odd in a message that is otherwise whole.
    """
    message: str | bytes
    if content[:1] in (b"N", b"O"):
        message, protocol = content[1:], wire.PROTOCOL if content[:1] == b"N" else None
    else:
        message, protocol = _message(Source(content))
    with contextlib.suppress(wire.WireError):
        _look_into(wire.read(message, protocol), len(message))


def _look_into(found: wire.Message, size: int) -> None:
    assert isinstance(found.makes_sense, bool)
    header, _parent, _about, inside, *buffers = found.parts()
    assert json.loads(header)["msg_id"]
    assert isinstance(json.loads(inside), dict)
    # Nothing that came once is there twice.
    assert sum(map(len, buffers)) <= size


TARGETS: dict[str, Callable[[bytes], None]] = {
    "network": read_network,
    "ink": read_ink,
    "picture": read_picture,
    "pens": hear_pens,
    "browser": hear_browser,
    "widgets": hear_widgets,
    "wire": read_wire,
}
"""By the names under which they are run."""


def seeds(name: str) -> list[bytes]:
    """Return what a target is first given: whole files, where it reads files."""
    if name == "network":
        whole = tiny().to_bytes()
        (length,) = struct.unpack_from("<Q", whole)
        written = b"H" + whole[8 : 8 + length] + b"\n" + whole[8 + length :]
        return [whole, written, b"V" + bytes(range(64)), b"V" + bytes(range(255, 0, -5))]
    if name == "ink":
        lines = (
            b'{"strokes": [[[1, 2], [3, 4], [30, 90.5]], [[5, 5]]], "label": "1", "id": "a"}\n'
            b'{"label": "7", "writer": "w", "strokes": [[[0, 0], [9, 0], [4, 20]]]}\n'
        )
        odd = b"V" + bytes(range(200))
        return [lines, b"Z" + lines, gzip.compress(lines, mtime=0), odd]
    if name == "wire":
        whole = [_message(Source(bytes(range(start, 256, 7)))) for start in range(16)]
        marks = [b"O" if protocol is None else b"N" for _, protocol in whole]
        texts = [one.encode() if isinstance(one, str) else one for one, _ in whole]
        return [mark + text for mark, text in zip(marks, texts, strict=True)] + [bytes(range(200))]
    if name == "picture":
        return [_drawn(mode, kind) for mode, kind in _KINDS]
    return [bytes(range(256)), bytes(64), bytes(range(255, 0, -3)) * 3]


_KINDS = (
    ("L", "PNG"), ("RGBA", "PNG"), ("P", "PNG"), ("I;16", "PNG"), ("1", "PNG"), ("LA", "PNG"),
    ("RGB", "JPEG"), ("CMYK", "JPEG"), ("P", "GIF"), ("RGB", "BMP"), ("RGB", "WEBP"),
    ("F", "TIFF"), ("I", "TIFF"), ("L", "PPM"),
)  # fmt: skip


def _drawn(mode: str, kind: str) -> bytes:
    pixels = np.full((14, 10), 255, np.uint8)
    pixels[2:12, 4:6] = 0
    picture = PIL.Image.fromarray(pixels)
    if mode == "I;16":
        picture = PIL.Image.fromarray(pixels.astype(np.uint16) * 200)
    elif mode == "LA":
        picture = picture.convert("RGBA").convert("LA")
    else:
        picture = picture.convert(mode)
    file = io.BytesIO()
    picture.save(file, kind)
    return file.getvalue()
