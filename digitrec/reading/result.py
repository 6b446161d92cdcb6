"""What a number was read as."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitrec.network import Prediction
from digitrec.reading.pieces import Box

_PLACES = (
    "first", "second", "third", "fourth", "fifth",
    "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Digit:
    """One digit of a number.

    Parameters
    ----------
    prediction : Prediction
        What the network makes of it, alone.
    ink : tuple of ndarray of float64, shape (n, 2); or ndarray of float32
        Its strokes, which may be parts of those that were drawn; of a picture, the ink inside its
        box, 0 to 1.
    box : tuple of float
        Left, upper, right and lower edge, in the unit of the strokes or in pixels of the picture.
    image : ndarray of float32, shape (28, 28)
        What the network saw.

    Examples
    --------
    >>> from digitrec.reading import read
    >>> read([[(0, 0), (0, 90)]]).digits[0].box
    (0.0, 0.0, 0.0, 90.0)
    """

    prediction: Prediction
    ink: tuple[NDArray[np.float64], ...] | NDArray[np.float32]
    box: Box
    image: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Reading:
    """A drawing or a picture, read as the number it shows.

    Parameters
    ----------
    lines : tuple of tuple of Digit
        The rows from above, each from left to right. A drawing is one row; there is none where
        nothing is drawn.
    unlikely : bool
        Whether the digits, each of which may be readable, lie and look too little like a number.

    Examples
    --------
    >>> from digitrec.reading import read
    >>> reading = read([[(0, 0), (0, 90)], [(60, 0), (60, 90)]])
    >>> reading.text, len(reading.digits), reading.refused
    ('11', 2, False)
    >>> reading.sentence
    "That's 11."
    """

    lines: tuple[tuple[Digit, ...], ...]
    unlikely: bool = False

    @property
    def digits(self) -> tuple[Digit, ...]:
        """All digits, row by row."""
        return tuple(digit for line in self.lines for digit in line)

    @property
    def text(self) -> str:
        """The most probable digits, refused or not; rows are on lines of their own."""
        return "\n".join(
            "".join(str(digit.prediction.digit) for digit in line) for line in self.lines
        )

    @property
    def unreadable(self) -> tuple[int, ...]:
        """The places in ``digits`` of those that are too unlike any digit, from 0."""
        return tuple(place for place, digit in enumerate(self.digits) if digit.prediction.refused)

    @property
    def refused(self) -> bool:
        """Whether something in it is too unlike any digit, or all is unlikely, or there is none."""
        return not self.lines or self.unlikely or bool(self.unreadable)

    @property
    def confidence(self) -> float:
        """The probability that all digits are right, taken one by one; 0 where nothing is drawn."""
        chances = [digit.prediction.confidence for digit in self.digits]
        return float(np.prod(chances)) if chances else 0.0

    @property
    def sentence(self) -> str:
        """The answer as a sentence that a child understands."""
        digits = self.digits
        if not digits:
            return "There is nothing to read."
        if len(digits) == 1:
            return digits[0].prediction.sentence
        if self.unlikely or len(self.unreadable) == len(digits):
            return "I don't think that is a number."
        if self.unreadable:
            plural = "s" * (len(self.unreadable) > 1)
            return f"I can't read {_which(self.unreadable)} digit{plural} of {self.marked}."
        return f"That's {self.marked}."

    @property
    def marked(self) -> str:
        """The text in one line, with a question mark for every digit that cannot be read."""
        rows = (
            "".join(
                "?" if digit.prediction.refused else str(digit.prediction.digit) for digit in line
            )
            for line in self.lines
        )
        return ", ".join(rows)


def _which(places: tuple[int, ...]) -> str:
    names = [
        f"the {_PLACES[place]}" if place < len(_PLACES) else f"the {place + 1}th"
        for place in places
    ]
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last
