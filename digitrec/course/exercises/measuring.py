"""The checks of the notebook on how good a network is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from digitrec.course.exercises import Verdict, check, not_yet, right
from digitrec.evaluation import reliability_at
from digitrec.network import CLASSES
from digitrec.report import calibration_error

_COLDEST, _HOTTEST = 0.1, 10.0
_WORST = 3  # so many of the lowest accuracies pass for the lowest


@check
def halved(times: float) -> Verdict:
    """Judge how many times as many images an interval of half the width needs.

    Parameters
    ----------
    times : float

    Examples
    --------
    >>> halved(1).solved
    False
    """
    times = float(times)
    if 3.5 <= times <= 4.5:
        return right(
            "The width falls with the square root of the number of images, so each further "
            "digit of certainty is dear."
        )
    if times == 2:
        return not_yet("That would be too cheap. Try it with the slider: from 1,000 to 3,000.")
    if times > 4.5:
        return not_yet("Fewer will do. Compare the widths at 1,000 and at 10,000 images.")
    return not_yet("It takes more than that. Compare the widths at 1,000 and at 3,000 images.")


@check
def precision(share: float, confusion: ArrayLike, digit: int) -> Verdict:
    """Judge the precision of a digit.

    Parameters
    ----------
    share : float
        The answer, 0 to 1.
    confusion : array_like of int, shape (10, 10)
        How often the digit of the row was read as that of the column.
    digit : int

    Examples
    --------
    >>> precision(0.0, np.eye(10), 3).solved
    False
    """
    counts = np.asarray(confusion)
    answer = float(share)
    hits, shown, said = counts[digit, digit], counts[digit].sum(), counts[:, digit].sum()
    if not 0 <= answer <= 1:
        return not_yet("A share is between 0 and 1: part divided by whole.")
    # First the right one: by chance, others may be equal to it.
    if np.isclose(answer, hits / said, rtol=0, atol=5e-5):
        return right(f"Of all answers “{digit}”, that is the share which shows a {digit}.")
    if np.isclose(answer, hits / shown, rtol=0, atol=5e-5):
        return not_yet(
            f"That is the recall: of the images that show a {digit}. Precision asks about the "
            f"images that were read as a {digit}. Are they in a row or in a column?"
        )
    if np.isclose(answer, hits / counts.sum(), rtol=0, atol=5e-5):
        return not_yet(f"Do not divide by all images, only by those that were read as a {digit}.")
    return not_yet(f"How many were read as a {digit}, and how many of these show a {digit}?")


@check
def most_confused(pair: Any, confusion: ArrayLike) -> Verdict:
    """Judge which two digits are taken for one another most often.

    Parameters
    ----------
    pair : two int
        In any order.
    confusion : array_like of int, shape (10, 10)
        How often the digit of the row was read as that of the column.

    Examples
    --------
    >>> most_confused((3, 3), np.eye(10)).solved
    False
    """
    first, second = (int(digit) for digit in pair)
    if not (0 <= first < CLASSES and 0 <= second < CLASSES):
        return not_yet("Two digits from 0 to 9 were expected, such as (0, 6).")
    if first == second:
        return not_yet("Two different digits were asked for; the diagonal holds the right answers.")
    counts = np.asarray(confusion)
    both = counts + counts.T
    np.fill_diagonal(both, 0)
    if both[first, second] == both.max():
        return right(
            f"{counts[first, second]} times one way and {counts[second, first]} times the other."
        )
    largest = np.where(np.eye(CLASSES, dtype=bool), 0, counts).max()
    if max(counts[first, second], counts[second, first]) == largest:
        return not_yet(
            "That is the largest cell. But count both ways: the cells mirror each other."
        )
    return not_yet(
        f"They were confused {both[first, second]} times. Another pair was confused more often: "
        "add each cell to its mirror image on the other side of the diagonal."
    )


@check
def temperature(value: float, logits: ArrayLike, labels: ArrayLike) -> Verdict:
    """Judge a temperature by the calibration error of images that were not learnt from.

    Parameters
    ----------
    value : float
        The answer.
    logits : array_like, shape (n, 10)
    labels : array_like of int, shape (n,)

    Examples
    --------
    >>> temperature(-1.0, np.eye(10), np.arange(10)).solved
    False
    """
    answer = float(value)
    if not _COLDEST <= answer <= _HOTTEST:
        return not_yet("A temperature from 0.1 to 10 was expected, as the slider has them.")
    grid = np.geomspace(_COLDEST, _HOTTEST, 101)
    least = min(calibration_error(reliability_at(logits, labels, each)) for each in grid)
    table = reliability_at(logits, labels, answer)
    # Half of the largest standard deviation that an accuracy on so many images can have.
    chance = 0.25 / np.sqrt(len(np.asarray(labels)))
    if calibration_error(table) <= least + chance:
        return right("With that, the network keeps about what it promises on these images.")
    counts, sure, kept = table[table[:, 0] > 0].T
    if counts @ sure > counts @ kept:
        return not_yet("With that it promises more than it keeps: try a higher temperature.")
    return not_yet("With that it promises less than it keeps: try a lower temperature.")


@check
def worst(name: str, accuracies: Mapping[str, float]) -> Verdict:
    """Judge a guess at the corruption that costs most.

    Parameters
    ----------
    name : str
    accuracies : mapping of str to float
        The accuracy under every corruption.

    Examples
    --------
    >>> worst("rain", {"fog": 0.3, "shear": 0.9}).solved
    False
    """
    guess = str(name).strip().lower().replace(" ", "_")
    known = {each.replace(" ", "_"): share for each, share in accuracies.items()}
    if guess not in known:
        return not_yet(f"One of these was expected: {', '.join(accuracies)}.")
    rank = 1 + sum(share < known[guess] for share in known.values())
    if rank <= _WORST:
        return right(
            f"It leaves {known[guess]:.0%} right. Only {rank - 1} of the {len(known)} are worse."
        )
    return not_yet(
        f"{rank - 1} of the {len(known)} are worse. What have all of MNIST's images in common: "
        "the paper, the stroke, its thickness? Which corruption takes that away?"
    )
