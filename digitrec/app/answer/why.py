"""Why the network answers as it does: a sentence, and what every pixel said."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitrec import explain
from digitrec.app.pad.pad import Answer
from digitrec.app.page.words import a_digit
from digitrec.network import CLASSES, Network, Prediction

_CLEAR = 0.5  # of a score; a smaller change decides nothing
# More would bring the shares nearer by a point or two of a hundred, and colour the ink much as
# these do; a class that draws on one machine needs the time more.
_STEPS = 8


@dataclass(frozen=True, eq=False)
class Why:
    """The reasons for an answer.

    Parameters
    ----------
    sentence : str
        The strongest of them in words; empty where there is none to be named.
    digit, other : int
        The most probable digit and the one after it.
    spoke : ndarray of float64, shape (2, 28, 28)
        What every pixel of ink said for `digit` against all others together, and for `digit`
        instead of `other`; negative where it spoke against.

    Examples
    --------
    >>> Why("", 7, 1, np.ones((2, 28, 28))).share(0)
    1.0
    """

    sentence: str
    digit: int
    other: int
    spoke: NDArray[np.float64]

    def share(self, which: int) -> float:
        """Return how much of what the ink said spoke for the digit, 0 to 1."""
        said = self.spoke[which]
        return float(said.clip(0).sum() / max(np.abs(said).sum(), 1e-12))


def reasons(network: Network, answer: Answer) -> Why:
    """Work out why a network gives its answer; some twenty milliseconds.

    Parameters
    ----------
    network : Network
        The one that gave the answer.
    answer : Answer

    Returns
    -------
    Why

    Examples
    --------
    >>> from digitrec.app.pad.pad import Pad
    >>> from digitrec.network import bundled
    >>> pad = Pad(bundled())
    >>> pad.begin(150, 60); pad.extend(150, 240); pad.end()
    >>> reasons(pad.network, pad.answer).digit
    1
    """
    prediction = answer.prediction
    digit, other = prediction.digit, prediction.runner_up
    scores = np.full((2, CLASSES), -1 / (CLASSES - 1))
    scores[1] = 0
    scores[1, other] = -1
    scores[:, digit] = 1
    added = explain.contributions(network, answer.image, scores, steps=_STEPS)
    spoke = explain.smoothed(added)
    sentence = sentence_of(prediction, explain.places(network, answer.image))
    return Why(sentence, digit, other, spoke * (answer.image > 0))


def sentence_of(prediction: Prediction, places: tuple[explain.Place, ...]) -> str:
    """Say in one sentence what decides an answer.

    Parameters
    ----------
    prediction : Prediction
    places : tuple of Place
        What the scores would be if one place of the drawing were otherwise.

    Returns
    -------
    str
        Empty where no place is to be named.

    Examples
    --------
    >>> logits = np.array([0, 0, 0, 0, 5, 0, 0, 0, 0, 4.5], np.float32)
    >>> torn = Prediction(np.exp(logits) / np.exp(logits).sum(), logits, refused=False)
    >>> closed = explain.Place("top", "gap", (4, 11, 9, 16), logits[::-1])
    >>> sentence_of(torn, (closed,))
    'The gap at the top speaks for a 4.'
    """
    if prediction.kind == "refused":
        return "No answer fits: even the best of the ten scores is too low."
    named = [place for place in places if place.where]
    if not named:
        return ""
    if prediction.kind == "torn":
        return _between(prediction, named)
    return _alone(prediction, named)


def _alone(prediction: Prediction, named: list[explain.Place]) -> str:
    """Name the line without which the answer has least left of its lead."""
    digit = prediction.digit

    def lead(logits: NDArray[np.float32]) -> float:
        return float(logits[digit] - np.delete(logits, digit).max())

    lines = [place for place in named if place.kind == "line"]
    most = min(lines, key=lambda place: lead(place.logits), default=None)
    if most is None or lead(prediction.logits) - lead(most.logits) < _CLEAR:
        return "No single place of it decides."
    instead = int(most.logits.argmax())
    if instead != digit:
        return f"Without the {most.name} it would look more like {a_digit(instead)}."
    return f"What speaks for it most is the {most.name}."


def _between(prediction: Prediction, named: list[explain.Place]) -> str:
    """Name what speaks most for either of two digits."""
    digit, other = prediction.digit, prediction.runner_up

    def for_digit(place: explain.Place) -> float:
        here = prediction.logits[digit] - prediction.logits[other]
        return float(here - (place.logits[digit] - place.logits[other]))

    most, least = max(named, key=for_digit), min(named, key=for_digit)
    said = []
    if for_digit(most) >= _CLEAR:
        said.append(f"the {most.name} speaks for {a_digit(digit)}")
    if for_digit(least) <= -_CLEAR:
        said.append(f"the {least.name}{' speaks' * (not said)} for {a_digit(other)}")
    if not said:
        return f"No single place of it decides between {a_digit(digit)} and {a_digit(other)}."
    sentence = ", ".join(said)
    return f"{sentence[0].upper()}{sentence[1:]}."
