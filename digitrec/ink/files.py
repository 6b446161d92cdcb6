"""Ink files: one JSON object a line, plain (``.jsonl``) or compressed (``.jsonl.gz``)."""

import gzip
import io
import json
import os
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from digitrec import files
from digitrec.errors import FileError, InkError
from digitrec.ink.strokes import MAX_POINTS, MAX_STROKES, Sample, check

MAX_FILE_BYTES = 512 * 1024 * 1024
"""What an ink file may hold once unpacked, bytes."""

MAX_MEMORY = 512 * 1024 * 1024
"""What the drawings of one ink file may take once they are read, bytes."""

# What Python and NumPy take for a drawing and for a stroke beside its points, as sys.getsizeof
# and tracemalloc tell it, rounded up.
_SAMPLE_BYTES = 500
_STROKE_BYTES = 200

# A point is a bracket and two commas. What more a line may have is for names and empty strokes.
_MAX_MARKS = 3 * MAX_POINTS + 10 * MAX_STROKES

_GZIP = b"\x1f\x8b"


def read(path: str | os.PathLike[str]) -> list[Sample]:
    """Read the drawings in an ink file.

    Parameters
    ----------
    path : path-like
        A ``.jsonl`` or ``.jsonl.gz`` file, in letters of either case. Each line is an object with
        "strokes", a list of lists of [x, y] points, and optionally "label", "id" and "writer".

    Returns
    -------
    list of Sample

    Raises
    ------
    FileError
        If the file is missing, damaged, too large once unpacked, holds more than ``MAX_MEMORY``, or
        a line is no drawing; the message names the line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder, "ink.jsonl"), [Sample(check([[(1, 2), (3, 4)]]), label="1")])
    ...     read(Path(folder, "ink.jsonl"))[0].label
    '1'
    """
    path = Path(path)
    try:
        with gzip.open(path) if path.suffix.lower() == ".gz" else path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise FileError(
            f"an ink file was expected at {path}: {getattr(error, 'strerror', None) or error}"
        ) from error
    return _samples(content, str(path), MAX_FILE_BYTES)


def parse(
    content: bytes, name: str = "the file", *, max_bytes: int = MAX_FILE_BYTES
) -> list[Sample]:
    """Read the drawings in the bytes of an ink file, plain or compressed.

    Parameters
    ----------
    content : bytes
        As for :func:`read`; compressed ones tell by how they begin.
    name : str
        What to call it in an error.
    max_bytes : int
        What it may hold once unpacked; no more than that is ever unpacked.

    Returns
    -------
    list of Sample

    Raises
    ------
    FileError
        As :func:`read` does.

    Examples
    --------
    >>> parse(b'{"strokes": [[[1, 2], [3, 4]]], "label": "1"}')[0].label
    '1'
    """
    if content.startswith(_GZIP):
        try:
            with gzip.open(io.BytesIO(content)) as file:
                content = file.read(max_bytes + 1)
        except (OSError, EOFError, zlib.error) as error:
            raise FileError(f"an ink file was expected at {name}: {error}") from error
    return _samples(content, name, max_bytes)


def write(path: str | os.PathLike[str], samples: Iterable[Sample]) -> None:
    """Write drawings to an ink file.

    Parameters
    ----------
    path : path-like
        Compressed if its name ends in ``.gz``; written whole or not at all.
    samples : iterable of Sample

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder, "ink.jsonl"), [Sample(check([[(1.25, 2)]]), label="7")])
    ...     print(Path(folder, "ink.jsonl").read_text(), end="")
    {"label": "7", "strokes": [[[1.25, 2.0]]]}
    """
    path = Path(path)
    lines = []
    for sample in samples:
        record: dict[str, Any] = {
            name: getattr(sample, name)
            for name in ("id", "label", "writer")
            if getattr(sample, name) is not None
        }
        record["strokes"] = [stroke.tolist() for stroke in sample.strokes]
        lines.append(json.dumps(record) + "\n")
    content = "".join(lines).encode()
    files.write(path, gzip.compress(content, mtime=0) if path.suffix.lower() == ".gz" else content)


def _samples(content: bytes, name: str, max_bytes: int) -> list[Sample]:
    if len(content) > max_bytes:
        raise FileError(f"{name}: at most {max_bytes:,} bytes of ink were expected; split it")
    samples = []
    room = MAX_MEMORY
    # Line by line: all of them at once would be the file's size again.
    for number, line in enumerate(io.BytesIO(content), start=1):
        if not line.strip():
            continue
        sample = _sample(name, number, line)
        points = sum(stroke.nbytes for stroke in sample.strokes)
        room -= _SAMPLE_BYTES + _STROKE_BYTES * len(sample.strokes) + points
        if room < 0:
            raise FileError(
                f"{name}, line {number}: up to here the drawings take more than "
                f"{MAX_MEMORY:,} bytes; split the file"
            )
        samples.append(sample)
    return samples


def _sample(name: str, number: int, line: bytes) -> Sample:
    where = f"{name}, line {number}"
    # Counted before it is read: as objects of Python a line takes twenty times its length.
    if line.count(b"[") + line.count(b"{") + line.count(b",") > _MAX_MARKS:
        raise FileError(
            f"{where}: at most {MAX_POINTS:,} points in {MAX_STROKES:,} strokes were expected"
        )
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{where}: a JSON object was expected: {error}") from error
    if not isinstance(record, dict) or not isinstance(record.get("strokes"), list):
        raise FileError(f'{where}: an object with "strokes", a list of strokes, was expected')
    texts = {field: record.get(field) for field in ("label", "id", "writer")}
    for field, text in texts.items():
        if text is not None and not isinstance(text, str | int):
            raise FileError(f'{where}: "{field}" must be a text. Received: {type(text).__name__}')
    try:
        strokes = check(record["strokes"])
    except InkError as error:
        raise FileError(f"{where}: {error}") from error
    return Sample(strokes, **{k: None if v is None else str(v) for k, v in texts.items()})
