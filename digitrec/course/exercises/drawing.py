"""The exercises of the notebook on drawings."""

from collections.abc import Iterable, Mapping

import numpy as np
from numpy.typing import ArrayLike

from digitrec import ink
from digitrec.course.exercises import Verdict, check, not_yet, right
from digitrec.network import Network

_SAME = 0.02  # of full ink: less than this is rounding


@check
def same_to_the_network(
    answer: Iterable[str], strokes: ink.Strokes, changed: Mapping[str, ink.Strokes]
) -> Verdict:
    """Judge which changes of a drawing the network never notices.

    Parameters
    ----------
    answer : iterable of str
        Their names.
    strokes : sequence of array_like, each of shape (n, 2)
    changed : mapping of str to strokes
        The drawing after each change.

    Examples
    --------
    >>> line = [[(10, 10), (60, 90)]]
    >>> changed = {"moved": [[(20, 10), (70, 90)]], "mirrored": [[(60, 10), (10, 90)]]}
    >>> same_to_the_network(["moved"], line, changed).solved
    True
    >>> same_to_the_network("moved", line, changed)
    ✘ Not yet. Give the names in a list, even if there is only one.
    """
    if isinstance(answer, str):
        return not_yet("Give the names in a list, even if there is only one.")
    named = set(answer)
    if not named <= set(changed):
        return not_yet(f"The names are {', '.join(changed)}.")
    before = ink.image(strokes)
    true = {name for name, after in changed.items() if _alike(before, ink.image(after))}
    if named == true:
        return right(
            "The frame takes away place and size; the network has to learn everything else."
        )
    if true < named:
        return not_yet("One of these changes its shape. What do fitting and balancing undo?")
    return not_yet("Compare what ink.image makes of the drawing before and after each change.")


@check
def highest_bound(bound: float, energies: ArrayLike, most: float) -> Verdict:
    """Judge a bound for refusing that may cost no more than a share of the digits.

    Parameters
    ----------
    bound : float
    energies : array_like, shape (n,)
        Of digits.
    most : float
        The share of them that may be refused, 0 to 1.

    Examples
    --------
    >>> highest_bound(1.9, np.arange(100), most=0.02).solved
    True
    >>> highest_bound(9, np.arange(100), most=0.02)
    ✘ Not yet. With this bound, 9.0 % of the digits are refused.
    """
    values = np.sort(np.asarray(energies, np.float64))
    if not np.isfinite(bound):
        return not_yet("A bound is a number, an energy.")
    refused = float((values < float(bound)).mean())
    allowed = int(most * len(values) + 1e-9)
    if refused > most + 1e-9:
        return not_yet(f"With this bound, {refused * 100:.1f} % of the digits are refused.")
    # Between the last energy that may be refused and the first that may not, all are as good.
    if float(bound) < values[max(allowed - 1, 0)] - 1e-6:
        return not_yet(
            f"It costs {refused * 100:.1f} % of the digits. It may cost a little more, and then "
            "it catches more scribbles."
        )
    return right("No higher bound keeps the promise, so none refuses more of the other drawings.")


@check
def misled(covered: ArrayLike, image: ArrayLike, network: Network, most: int) -> Verdict:
    """Judge whether covering a few pixels makes a network read another digit.

    Parameters
    ----------
    covered : array_like, shape (28, 28)
        The image with some pixels set to 0.
    image : array_like, shape (28, 28)
        The same before.
    network : Network
    most : int
        How many pixels may be covered.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> misled(np.zeros((28, 28)), np.eye(28), bundled(), most=5)
    ✘ Not yet. 28 pixels are covered, and no more than 5 may be.
    """
    before, after = np.asarray(image), np.asarray(covered)
    if after.shape != before.shape:
        return not_yet(f"An image of {len(before)} × {len(before)} pixels is expected.")
    changed = after != before
    if not changed.any():
        return not_yet("Nothing is covered yet.")
    if after[changed].any():
        return not_yet("To cover a pixel is to set it to 0; leave the others as they are.")
    num = int(changed.sum())
    if num > most:
        return not_yet(f"{num} pixels are covered, and no more than {most} may be.")
    digits = network.logits(np.stack([before, after])).argmax(axis=1)
    if digits[0] == digits[1]:
        return not_yet("It still reads the same digit. Cover what its score depends on most.")
    return right(f"With {num} pixels covered it reads a {digits[1]}.")


@check
def learnt(answer: Iterable[str], before: Network, after: Network) -> Verdict:
    """Judge which arrays of a network changed while it was adapted.

    Parameters
    ----------
    answer : iterable of str
        The names of the arrays.
    before, after : Network

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> learnt(["conv1/kernel"], bundled(), bundled())
    ✘ Not yet. conv1/kernel is as it was.
    """
    if isinstance(answer, str):
        return not_yet("Give the names in a list, even if there is only one.")
    named = set(answer)
    if not named <= set(before.weights):
        return not_yet(f"The names are {', '.join(sorted(before.weights))}.")
    true = {name for name in before.weights if (before.weights[name] != after.weights[name]).any()}
    for name in sorted(named - true):
        return not_yet(f"{name} is as it was.")
    if named != true:
        return not_yet("There is at least one more.")
    return right("What the convolutions look for stayed. Only what is concluded from it is new.")


def _alike(first: ArrayLike | None, second: ArrayLike | None) -> bool:
    if first is None or second is None:
        return first is second
    return bool(np.abs(np.asarray(first) - np.asarray(second)).max() < _SAME)
