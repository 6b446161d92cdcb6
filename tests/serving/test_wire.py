"""What comes over a web socket: honest messages pass, and no number in any other is believed."""

import contextlib
import json
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jupyter_server.services.kernels.connection.base import (
    serialize_binary_message,
    serialize_msg_to_ws_v1,
)

from digitrec.serving import wire

HEADER = {
    "msg_id": "5a3ba5ab", "msg_type": "comm_msg", "session": "1ede353e", "username": "",
    "version": "5.2", "date": "2026-01-01T00:00:00.000Z",
}  # fmt: skip
CONTENT = {"comm_id": "a", "data": {"method": "custom", "content": {"do": [["up"]]}}}


def newer(
    header: Any = HEADER, content: Any = CONTENT, buffers: tuple[bytes, ...] = (), **other: Any
) -> bytes:
    parts = (header, other.get("parent", {}), other.get("about", {}), content)
    written = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in parts]
    return bytes(serialize_msg_to_ws_v1([*written, *buffers], other.get("channel", "shell")))


def older(
    header: Any = HEADER, content: Any = CONTENT, buffers: tuple[bytes, ...] = (), **other: Any
) -> str | bytes:
    message = {
        "header": header, "parent_header": {}, "metadata": other.get("about", {}),
        "content": content, "channel": other.get("channel", "shell"),
    }  # fmt: skip
    if not buffers:
        return json.dumps(message)
    return bytes(serialize_binary_message({**message, "buffers": list(buffers)}))


FORMS = [(newer, wire.PROTOCOL), (older, None)]
both_forms = pytest.mark.parametrize(("write", "protocol"), FORMS, ids=["newer", "older"])


@both_forms
@pytest.mark.parametrize("buffers", [(), (b"a picture",), (b"", b"x" * 3_000_000, b"")])
def test_what_a_page_sends_arrives(write: Any, protocol: str | None, buffers: Any) -> None:
    found = wire.read(write(buffers=buffers), protocol)
    assert (found.channel, found.kind, found.method) == ("shell", "comm_msg", "custom")
    assert found.content == CONTENT
    header, parent, about, content, *rest = found.parts()
    assert (json.loads(header), json.loads(parent), json.loads(about)) == (HEADER, {}, {})
    assert json.loads(content) == CONTENT
    assert tuple(rest) == buffers


@both_forms
def test_a_kernel_hears_of_the_header_what_it_needs(write: Any, protocol: str | None) -> None:
    odd = {**HEADER, "subshell_id": "none", "more": {"deep": [1]}}
    found = wire.read(write(odd, about={"version": "1.0.0", "cellId": "x"}), protocol)
    header, _parent, about, *_ = found.parts()
    assert json.loads(header) == HEADER
    assert json.loads(about) == {"version": "1.0.0"}


DIGITS = {"event": "found", "digits": [[f"a{i}", '{"strokes": []}' * 250] for i in range(1000)]}


@both_forms
@pytest.mark.parametrize(
    "content",
    [
        {"comm_id": "a", "data": {"method": "custom", "content": DIGITS}},
        {"comm_id": "a", "data": {"method": "update", "state": {"value": "x" * 1500}}},
        {"comm_id": "a", "target_name": "jupyter.widget.control", "data": {}},
        {},
    ],
    ids=["all digits", "a long value", "control", "nothing"],
)
def test_the_largest_that_a_page_sends_passes(write: Any, protocol: str, content: Any) -> None:
    assert wire.read(write(content=content), protocol).content == content


def deep(depth: int) -> bytes:
    return b'{"data": ' + b"[" * depth + b"]" * depth + b"}"


REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("no table", {"header": [1, 2]}),
    ("no name", {"header": {**HEADER, "msg_id": ""}}),
    ("no type", {"header": {"msg_id": "a"}}),
    ("a type that is none", {"header": {**HEADER, "msg_type": 7}}),
    ("half a letter", {"header": {**HEADER, "session": "\ud800"}}),
    ("a long name", {"header": {**HEADER, "username": "x" * 500}}),
    ("content that is none", {"content": 7}),
    ("a large change", {"content": {"data": {"method": "update", "state": {"value": "x" * 9000}}}}),
    ("a change with a buffer", {"content": {"data": {"method": "update"}}, "buffers": (b"x",)}),
    ("too many buffers", {"buffers": (b"x",) * 17}),
    ("too much content", {"content": {"data": {"method": "custom", "content": "x" * 5_100_000}}}),
]  # fmt: skip


@both_forms
@pytest.mark.parametrize("odd", [odd for _, odd in REFUSED], ids=[name for name, _ in REFUSED])
def test_what_no_page_sends_is_refused(write: Any, protocol: str | None, odd: Any) -> None:
    with pytest.raises(wire.WireError) as caught:
        wire.read(write(**odd), protocol)
    # It has to fit where a web socket says why it ends.
    assert len(str(caught.value).encode()) <= 123


@pytest.mark.parametrize("content", [deep(40), deep(100_000), b'{"a": ' + b"9" * 5000 + b"}"])
def test_what_a_kernel_could_not_read_is_refused(content: bytes) -> None:
    with pytest.raises(wire.WireError):
        wire.read(newer(content=content), wire.PROTOCOL)
    text = json.dumps({"channel": "shell", "header": HEADER, "content": 0})
    with pytest.raises(wire.WireError):
        wire.read(text.replace("0}", content.decode() + "}"), None)


def test_lists_in_one_another_as_on_a_page_pass() -> None:
    wire.read(newer(content=deep(20)), wire.PROTOCOL)


LIES = st.sampled_from([0, 1, 2, 7, 8, 2**31 - 1, 2**31, 2**32 - 1, 2**63, 2**64 - 1])


@given(st.sampled_from(["<Q", ">I"]), st.integers(0, 8), LIES | st.integers(0, 600))
def test_no_number_is_believed(number: str, place: int, lie: int) -> None:
    whole = newer(buffers=(b"abc",)) if number == "<Q" else older(buffers=(b"abc",))
    assert isinstance(whole, bytes)
    width = struct.calcsize(number)
    (count,) = struct.unpack_from(number, whole)
    place %= 1 + count
    true = struct.unpack_from(number, whole, place * width)[0]
    lie %= 256**width
    changed = bytearray(whole)
    struct.pack_into(number, changed, place * width, lie)
    protocol = wire.PROTOCOL if number == "<Q" else None
    if lie == true:
        wire.read(bytes(changed), protocol)
        return
    try:
        found = wire.read(bytes(changed), protocol)
    except wire.WireError:
        pass
    else:
        # A border between two parts may be moved, and each byte is still in one of them.
        assert sum(map(len, found.buffers)) <= len(whole)


@given(st.binary(max_size=200), st.sampled_from([wire.PROTOCOL, None]))
def test_any_bytes_are_a_message_or_refused(content: bytes, protocol: str | None) -> None:
    with contextlib.suppress(wire.WireError):
        assert wire.read(content, protocol).kind


@given(st.text(max_size=60) | st.just("[" * 100_000), st.sampled_from([wire.PROTOCOL, None]))
def test_any_text_is_a_message_or_refused(content: str, protocol: str | None) -> None:
    with contextlib.suppress(wire.WireError):
        assert wire.read(content, protocol).kind


def sense(kind: str, content: Any, version: str | None = "1.0.0") -> bool:
    about = {} if version is None else {"version": version}
    message = newer({**HEADER, "msg_type": kind}, content, about=about)
    return wire.read(message, wire.PROTOCOL).makes_sense


def test_a_page_opens_one_kind_of_comm() -> None:
    control = {"comm_id": "a", "target_name": "jupyter.widget.control", "data": {}}
    assert sense("comm_open", control)
    assert not sense("comm_open", control, version=None)
    assert not sense("comm_open", control, version="2.0.0")
    assert not sense("comm_open", {**control, "target_name": "jupyter.widget"})
    large = {"method": "custom", "content": "x" * 3000}
    assert not sense("comm_open", {**control, "data": large})


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ({"method": "custom", "content": 7}, True),
        ({"method": "request_states"}, True),
        ({"method": "request_state"}, True),
        ({"method": "update", "state": {"value": 1}, "buffer_paths": []}, True),
        ({"method": "update", "state": {"value": 1}, "buffer_paths": 7}, False),
        ({"method": "update", "state": 7}, False),
        ({"method": "nonsense"}, False),
        ({"method": ["custom"]}, False),
        ({}, False),
        (7, False),
    ],
)
def test_a_widget_is_told_what_it_understands(data: Any, expected: bool) -> None:
    assert sense("comm_msg", {"comm_id": "a", "data": data}) is expected
    assert not sense("comm_msg", {"comm_id": ["a"], "data": data})
    assert not sense("comm_msg", {"data": data})


@both_forms
def test_half_a_letter_is_refused_and_a_whole_one_is_not(write: Any, protocol: str | None) -> None:
    def saying(text: str) -> Any:
        return write(content={"data": {"method": "custom", "content": text}})

    assert wire.read(saying("\U0001f600"), protocol).method == "custom"
    for half in ("\ud83d", "\ude00", "\ude00\ud83d"):
        with pytest.raises(wire.WireError):
            wire.read(saying(half), protocol)
