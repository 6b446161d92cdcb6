"""What tells a reader of the notebooks whether an exercise is solved, one notebook a module.

In a notebook an exercise is a code cell with the tag ``exercise`` with dots to replace,
and the cell after it holds the solution, folded away:

    answer = ...  # how many pixels has an image?
    exercises.pixels(answer)

Every check takes the reader's answer and returns a :class:`Verdict`, never an exception.
"""

import html
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

__all__ = ["Verdict", "check", "not_yet", "right"]


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and a sentence that helps on.

    Parameters
    ----------
    solved : bool
    words : str
        One or two sentences: why it is right, or what to look at again. Never the answer itself.

    Examples
    --------
    >>> Verdict(True, "Every row has 28 of them.")
    ✔ Right. Every row has 28 of them.
    """

    solved: bool
    words: str

    def __repr__(self) -> str:
        return f"{'✔ Right.' if self.solved else '✘ Not yet.'} {self.words}"

    def _repr_html_(self) -> str:
        # Blue and orange, as everywhere in the course: red and green look alike to many.
        colour = "#0072B2" if self.solved else "#D55E00"
        return (
            f'<p style="border-left:4px solid {colour};padding-left:.6em;margin:.3em 0">'
            f"{html.escape(repr(self))}</p>"
        )


def right(words: str) -> Verdict:
    """Return the verdict on a right answer.

    Parameters
    ----------
    words : str

    Examples
    --------
    >>> right("So it is.")
    ✔ Right. So it is.
    """
    return Verdict(True, words)


def not_yet(words: str) -> Verdict:
    """Return the verdict on an answer that is not right yet.

    Parameters
    ----------
    words : str

    Examples
    --------
    >>> not_yet("Count once more.")
    ✘ Not yet. Count once more.
    """
    return Verdict(False, words)


def check(judge: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """Make a check of a function that judges a sensible answer.

    If dots are left, or the judge stumbles over an answer, the reader is told so calmly.

    Parameters
    ----------
    judge : callable
        Takes the answer, or answers, and returns a :class:`Verdict`.

    Returns
    -------
    callable
        Takes the same, and never raises.

    Examples
    --------
    >>> @check
    ... def even(answer: int) -> Verdict:
    ...     return right("It is even.") if answer % 2 == 0 else not_yet("Try its neighbour.")
    >>> even(4)
    ✔ Right. It is even.
    >>> even(...)
    ✘ Not yet. Put your answer where the dots are, and run the cell again.
    >>> even("four")
    ✘ Not yet. Something of another kind was expected here (not all arguments converted during \
string formatting).
    """

    @wraps(judge)
    def checked(*answers: Any, **named: Any) -> Verdict:
        if any(answer is ... for answer in (*answers, *named.values())):
            return not_yet("Put your answer where the dots are, and run the cell again.")
        try:
            return judge(*answers, **named)
        except Exception as error:  # noqa: BLE001 - whatever a learner tries is answered
            return not_yet(f"Something of another kind was expected here ({error}).")

    return checked
