"""The exercises of the notebook on learning: loss, gradient descent, size, overfitting."""

import math

from digitrec.course.exercises import Verdict, check, not_yet, right
from digitrec.course.one_weight import OneWeight

__all__ = ["diagnosis", "first_loss", "hidden", "rate", "slope"]

_CLOSE = 0.01
_ARRIVED = 0.002
_PER_HIDDEN = 784 + 1 + 10  # weights from the pixels, a bias, weights to the digits
_WORDS = ("longer", "more data", "leave it")


@check
def slope(answer: float, neuron: OneWeight, weight: float) -> Verdict:
    """Judge a slope of the loss.

    Parameters
    ----------
    answer : float
    neuron : OneWeight
    weight : float
        Where the slope was asked for.

    Examples
    --------
    >>> from digitrec.mnist import load_part
    >>> neuron = OneWeight.from_part(load_part("test"), num=50)
    >>> nudge = 0.001
    >>> slope((neuron.loss(1.001) - neuron.loss(1.0)) / nudge, neuron, 1.0).solved
    True
    """
    answer, true = float(answer), neuron.slope(weight)
    if abs(answer - true) < _CLOSE:
        return right("That is the slope: how much the loss rises for each unit to the right.")
    if abs(answer + true) < _CLOSE:
        return not_yet("The size is right. On which side of the nudge is the loss lower?")
    if abs(answer) < 0.01 * abs(true):
        return not_yet(
            "That may be how much the loss changes; a slope is that change for each unit of the "
            "weight. How large was the nudge?"
        )
    if abs(answer - neuron.loss(weight)) < _CLOSE:
        return not_yet("That is the loss itself. How does it change when the weight is nudged?")
    return not_yet(
        "Compare the loss at the weight with the loss at the weight plus the nudge, "
        "and divide by the nudge."
    )


@check
def rate(answer: float, neuron: OneWeight, start: float, steps: int) -> Verdict:
    """Judge a learning rate by where gradient descent comes with it.

    Parameters
    ----------
    answer : float
    neuron : OneWeight
    start : float
        The first weight.
    steps : int
        How many steps there are to reach the bottom of the valley.

    Examples
    --------
    >>> from digitrec.mnist import load_part
    >>> rate(0.001, OneWeight.from_part(load_part("test"), num=50), -4, 10).solved
    False
    """
    answer = float(answer)
    if not answer > 0:
        return not_yet("With such a rate it does not walk downhill at all.")
    path = neuron.descend(start, answer, steps)
    lowest = neuron.lowest()
    above = neuron.loss(path[-1]) - neuron.loss(lowest)
    if above < _ARRIVED:
        return right(f"{steps} steps and it is at the bottom of the valley.")
    if (path[1] - lowest) * (start - lowest) < 0:
        return not_yet(
            f"It leaps over the bottom of the valley, and {steps} steps are too few to come back. "
            "Look at its path in the picture."
        )
    return not_yet(
        f"After {steps} steps it is still on its way. Look at its path in the picture: "
        "what would make it quicker?"
    )


@check
def first_loss(answer: float) -> Verdict:
    """Judge the loss of a network that gives all ten digits the same probability.

    Parameters
    ----------
    answer : float

    Examples
    --------
    >>> first_loss(0.1).solved
    False
    """
    answer, true = float(answer), math.log(10)
    if abs(answer - true) < _CLOSE:
        return right("A network that knows nothing starts there, and so will ours in a moment.")
    if abs(answer + true) < _CLOSE:
        return not_yet("Nearly: a loss is never negative. What stands before the logarithm?")
    if abs(answer - 1) < _CLOSE or abs(answer - math.log2(10)) < _CLOSE:
        return not_yet("Another logarithm: the loss takes the natural one, which is np.log.")
    if abs(answer - 0.1) < 0.001:
        return not_yet("That is the probability of the right digit. What is its loss?")
    return not_yet(
        "Which probability does the right digit get, if all ten get the same and together they "
        "make 1? Take the loss of that."
    )


@check
def hidden(answer: float, num_parameters: int) -> Verdict:
    """Judge how many hidden neurons make a dense network as large as another.

    Parameters
    ----------
    answer : float
    num_parameters : int
        How large the other is.

    Examples
    --------
    >>> hidden(1, 15_910).solved
    False
    """
    exact = (num_parameters - 10) / _PER_HIDDEN
    answer = float(answer)
    if abs(answer - exact) < 1:
        return right("So few of them take as many numbers as both convolutions and the last layer.")
    if answer * _PER_HIDDEN > 2 * num_parameters:
        return not_yet(
            "That is much larger than our network. Every hidden neuron has a weight for each of "
            "the 784 pixels."
        )
    if abs(answer - num_parameters / 784) < 1:
        return not_yet("Close: what does a hidden neuron have besides its weights to the pixels?")
    return not_yet(
        "Count what one hidden neuron takes: a weight for every pixel, a bias, and a weight to "
        "each digit. How often does that go into our network?"
    )


@check
def diagnosis(a: str, b: str, c: str) -> Verdict:
    """Judge what was said of three trainings, each known by two accuracies.

    Parameters
    ----------
    a, b, c : {"longer", "more data", "leave it"}
        Of one that is as poor on what it learns from as on what it does not, of one that is
        perfect on the first and much poorer on the second, of one that is good on both.

    Examples
    --------
    >>> diagnosis("leave it", "leave it", "leave it").solved
    False
    """
    for name, answer in zip("abc", (a, b, c), strict=True):
        if answer not in _WORDS:
            wanted = ", ".join(f'"{word}"' for word in _WORDS)
            return not_yet(f"For {name}, choose one of {wanted}.")
    if a != "longer":
        return not_yet(
            "Look at A again: it does not even know what it was shown. Is it at its end, "
            "or still at its beginning?"
        )
    if b != "more data":
        return not_yet(
            "Look at B again: on the digits it learns from there is nothing left to learn. "
            "Why is it poor on others?"
        )
    if c != "leave it":
        return not_yet("Look at C again: what is there to gain?")
    return right("Too little training, learnt by heart, and as it should be.")
