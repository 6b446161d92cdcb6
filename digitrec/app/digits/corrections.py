"""What a visitor said a drawing was: the labelled digits from which a network can learn."""

import base64
import binascii
import functools
import hashlib
import json
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from digitrec import ink
from digitrec.app.browser_store.store import (
    MAX_DIGIT_CHARACTERS,
    MAX_DIGITS,
    MAX_DIGITS_CHARACTERS,
    BrowserStore,
    Change,
    Found,
)
from digitrec.app.page.words import number
from digitrec.errors import FileError, InkError
from digitrec.network import CLASSES, SIDE, Network

MAX_LOAD_BYTES = 4_000_000
"""What a file of ink may hold to be loaded on the page, as it comes and unpacked, bytes."""

FULL = "There is no room for more of your digits. Download them, and forget them here."
NOT_STORED = "This browser could not store your digits: download them if you want them again."

_LABELS = frozenset("0123456789")

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Digit:
    """One drawing or picture with the digit that it shows.

    Parameters
    ----------
    key : str
        The same for the same drawing, whatever it is said to show.
    label : int
        0 to 9.
    line : str
        The digit written down: a line of an ink file, or of our own where it was a picture.
    """

    key: str
    label: int
    line: str

    @classmethod
    def of_ink(cls, strokes: Sequence[ArrayLike], label: int) -> Self:
        """Return what was drawn; raises InkError if the strokes are no drawing."""
        points = [stroke.tolist() for stroke in ink.check(strokes)]
        if not points:
            raise InkError("there is nothing on the pad")
        key = hashlib.sha256(json.dumps(points).encode()).hexdigest()[:20]
        record = {"id": key, "label": str(label), "strokes": points}
        return cls(key, label, json.dumps(record, separators=(",", ":")))

    @classmethod
    def of_picture(cls, image: Float32, label: int) -> Self:
        """Return what was seen in a picture, from its 28×28 image of floats 0 to 1."""
        pixels = np.rint(255 * np.clip(image, 0, 1)).astype(np.uint8).tobytes()
        key = hashlib.sha256(pixels).hexdigest()[:20]
        record = {"id": key, "label": str(label), "image": base64.b64encode(pixels).decode()}
        return cls(key, label, json.dumps(record))

    @classmethod
    def read(cls, key: str, line: str) -> Self:
        """Return what was stored.

        Parameters
        ----------
        key : str
            Under which it was stored.
        line : str
            What was found there.

        Raises
        ------
        FileError
            If it is nothing of ours.
        """
        digit = cls(key, _label(line), line)
        _ = digit.image  # raises what is wrong with the rest of the line
        return digit

    @property
    def is_picture(self) -> bool:
        """Whether it came from a picture, of which there is no ink."""
        return '"image"' in self.line[:100] and "image" in json.loads(self.line)

    @functools.cached_property
    def image(self) -> Float32:
        """The 28×28 image that the network is given."""
        if self.is_picture:
            return _pixels(json.loads(self.line)["image"])
        image = ink.image(ink.parse(self.line.encode(), "one of your digits")[0].strokes)
        if image is None:
            raise FileError("one of your digits has no ink")
        return image


class Corrections(traitlets.HasTraits):  # type: ignore[misc] # traitlets has no types mypy may follow
    """A visitor's digits; they are stored in the visitor's browser, and nowhere else.

    Parameters
    ----------
    store : BrowserStore, optional
        The way to that browser; without one nothing is stored.

    Examples
    --------
    >>> corrections = Corrections()
    >>> corrections.note(1, [[(150, 50), (150, 250)]])
    >>> corrections.said, len(corrections.digits)
    ('Thank you: noted as a 1.', 1)
    >>> corrections.undo()
    >>> corrections.digits
    ()
    """

    digits = traitlets.Any((), help="tuple of Digit, the newest last")
    said = traitlets.Unicode("", help="what became of the last correction, in words")
    label = traitlets.Int(None, allow_none=True, help="what the drawing on the pad was said to be")
    undoable = traitlets.Bool(False, help="whether the last correction can be taken back")
    trouble = traitlets.Unicode("", help="what could not be read or stored, in a sentence")

    def __init__(self, store: BrowserStore | None = None) -> None:
        super().__init__()
        self._lock = threading.RLock()
        self._store = BrowserStore() if store is None else store
        self._before: tuple[str, Digit | None] | None = None
        self._store.on_found(self._find)

    @property
    def images(self) -> Float32:
        """What the network is given for them, of shape (n, 28, 28)."""
        if not self.digits:
            return np.zeros((0, SIDE, SIDE), np.float32)
        return np.stack([digit.image for digit in self.digits])

    @property
    def labels(self) -> NDArray[np.int64]:
        """What they show, of shape (n,)."""
        return np.array([digit.label for digit in self.digits], np.int64)

    def num_right(self, network: Network) -> int:
        """Return how many of them a network reads as they were meant."""
        answers = network.predict_many(self.images)
        return sum(
            not answer.refused and answer.digit == label
            for answer, label in zip(answers, self.labels, strict=True)
        )

    def look_at(self, strokes: Sequence[ArrayLike], image: Float32 | None = None) -> None:
        """Say what the drawing on the pad was noted as, if it was.

        Parameters
        ----------
        strokes : sequence of array_like, each of shape (n, 2)
            None for a picture.
        image : ndarray of float32, shape (28, 28), optional
            What the network was given.
        """
        with self._lock, self.hold_trait_notifications():
            self._before, self.undoable, self.said = None, False, ""
            known = {digit.key: digit.label for digit in self.digits}
            self.label = None
            if known and (strokes or image is not None):
                self.label = known.get(_digit(strokes, image, 0).key)

    def note(self, label: int, strokes: Sequence[ArrayLike], image: Float32 | None = None) -> None:
        """Note what the drawing on the pad is; a second word on it replaces the first.

        Parameters
        ----------
        label : int
            0 to 9.
        strokes : sequence of array_like, each of shape (n, 2)
            None for a picture.
        image : ndarray of float32, shape (28, 28), optional
            What the network was given; needed for a picture.
        """
        if not 0 <= label < CLASSES:
            raise ValueError(f"a digit from 0 to 9 was expected. Received: {label!r}")
        with self._lock, self.hold_trait_notifications():
            digit = _digit(strokes, image, label)
            old = next((one for one in self.digits if one.key == digit.key), None)
            if not self._put([digit]):
                self.said = FULL
                return
            self._before = digit.key, old
            self.label, self.undoable = label, True
            self.said = f"Thank you: noted as {'an' if label == 8 else 'a'} {label}."
            self._write([Change("digits", digit.key, digit.line)])

    def undo(self) -> None:
        """Take the last correction back, as long as its drawing is on the pad."""
        with self._lock, self.hold_trait_notifications():
            if self._before is None:
                return
            key, old = self._before
            self._before, self.undoable = None, False
            if old is None:
                self.digits = tuple(digit for digit in self.digits if digit.key != key)
                self._write([Change("digits", key)])
            else:
                self._put([old])
                self._write([Change("digits", key, old.line)])
            self.label = None if old is None else old.label
            self.said = "Taken back."

    def forget(self) -> None:
        """Delete all of them, here and in the browser."""
        with self._lock, self.hold_trait_notifications():
            self.digits = ()
            self._before, self.undoable, self.said, self.label = None, False, "", None
            self.trouble = ""
            self._write([Change("digits", None)])

    def to_bytes(self) -> bytes:
        """Return those that were drawn as an ink file; pictures have no ink."""
        drawn = [digit.line + "\n" for digit in self.digits if not digit.is_picture]
        return "".join(drawn).encode()

    def load(self, content: bytes, name: str = "the file") -> str:
        """Take over the digits in an ink file, plain or compressed.

        Parameters
        ----------
        content : bytes
        name : str, optional
            The file's name, for the words about it.

        Returns
        -------
        str
            What was taken, in a sentence.

        Raises
        ------
        FileError
            If it is no ink file, too large, or holds no labelled digit; nothing is taken then.
        """
        if len(content) > MAX_LOAD_BYTES:
            raise FileError(f"{name} is larger than the {MAX_LOAD_BYTES // 10**6} MB that fit here")
        samples = ink.parse(content, name, max_bytes=MAX_LOAD_BYTES)
        labelled = [one for one in samples if one.label in _LABELS and one.strokes]
        if not labelled:
            raise FileError(f"{name} holds no drawing with a label from 0 to 9")
        digits = {
            digit.key: digit
            for digit in (Digit.of_ink(one.strokes, int(one.label or 0)) for one in labelled)
        }
        with self._lock, self.hold_trait_notifications():
            if not self._put(digits.values()):
                raise FileError(FULL)
            self._write([Change("digits", key, digit.line) for key, digit in digits.items()])
        said = f"{number(len(digits)).capitalize()} loaded."
        left_out = len(samples) - len(labelled)
        return f"{said} {left_out} without a digit for a label were left out." if left_out else said

    def _put(self, digits: Iterable[Digit]) -> bool:
        """Take digits in, in place of older words on the same drawings; False if they are many."""
        all_of_them = {digit.key: digit for digit in self.digits}
        for digit in digits:
            all_of_them.pop(digit.key, None)
            all_of_them[digit.key] = digit
        lengths = [len(digit.line) for digit in all_of_them.values()]
        if (
            len(lengths) > MAX_DIGITS
            or max(lengths, default=0) > MAX_DIGIT_CHARACTERS
            or sum(lengths) > MAX_DIGITS_CHARACTERS
        ):
            return False
        self.digits = tuple(all_of_them.values())
        return True

    def _write(self, changes: list[Change]) -> None:
        def answered(done: bool) -> None:
            self.trouble = "" if done else NOT_STORED

        self._store.change(changes, answered)

    def _find(self, found: Found) -> None:
        digits: list[Digit] = []
        num_damaged = found.num_damaged
        known = {digit.key: digit for digit in self.digits}
        for key, line in found.digits:
            if key in known and known[key].line == line:
                continue
            try:
                digits.append(Digit.read(key, line))
            except (FileError, InkError):
                num_damaged += 1
        with self._lock, self.hold_trait_notifications():
            if digits and not self._put(digits):
                num_damaged += len(digits)
            if num_damaged:
                were = "was" if num_damaged == 1 else "were"
                self.trouble = (
                    f"{number(num_damaged).capitalize()} of your digits in this browser could "
                    f"not be read and {were} left out."
                )


def _digit(strokes: Sequence[ArrayLike], image: Float32 | None, label: int) -> Digit:
    if strokes or image is None:
        return Digit.of_ink(strokes, label)
    return Digit.of_picture(image, label)


def _label(line: str) -> int:
    try:
        label: Any = json.loads(line)["label"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise FileError("a labelled digit was expected") from error
    if not isinstance(label, str) or label not in _LABELS:
        raise FileError("a label from 0 to 9 was expected")
    return int(label)


def _pixels(text: Any) -> Float32:
    try:
        pixels = base64.b64decode(text, validate=True)
    except (binascii.Error, TypeError, ValueError) as error:
        raise FileError("an image of 28×28 bytes was expected") from error
    if len(pixels) != SIDE * SIDE:
        raise FileError(f"an image of 28×28 bytes was expected. Received: {len(pixels)}")
    return np.frombuffer(pixels, np.uint8).reshape(SIDE, SIDE).astype(np.float32) / np.float32(255)
