"""The exercises of the notebook on the data."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.course.exercises import Verdict, check, not_yet, right

_MIDDLE = 14  # the row and the column in which MNIST's digits balance


@check
def always_the_same(answer: float, train_labels: ArrayLike, test_labels: ArrayLike) -> Verdict:
    """Judge how many test images are right if all get the best single answer.

    Parameters
    ----------
    answer : float
        A share between 0 and 1.
    train_labels, test_labels : array_like of int, shape (n,)
        The digit is chosen by the first, and measured on the second.

    Examples
    --------
    >>> always_the_same(0.5, [3, 3, 4], [3, 4, 3, 1]).solved
    True
    >>> always_the_same(50, [3, 3, 4], [3, 4, 3, 1])
    ✘ Not yet. The number is right as a percentage; give a share between 0 and 1.
    """
    commonest = np.bincount(np.asarray(train_labels)).argmax()
    truth = float((np.asarray(test_labels) == commonest).mean())
    share = float(answer)
    if abs(share - truth) < 5e-4:
        return right("So much is right without looking. What a network is worth begins above it.")
    if abs(share / 100 - truth) < 5e-4:
        return not_yet("The number is right as a percentage; give a share between 0 and 1.")
    if abs(share - 0.1) < 1e-9:
        return not_yet("So it would be if all digits were equally frequent. Are they?")
    return not_yet("Find the commonest digit of the training labels, and compare the test labels.")


@check
def centred(image: ArrayLike, rows: float, columns: float) -> Verdict:
    """Judge how far a digit has to be moved to where MNIST would have put it.

    Parameters
    ----------
    image : array_like, shape (28, 28)
        A digit in another place.
    rows, columns : int
        How far it is moved, down and to the right.

    Examples
    --------
    >>> image = np.zeros((28, 28))
    >>> image[10, 20] = 255
    >>> centred(image, 4, -6).solved
    True
    >>> centred(image, -4, 6)
    ✘ Not yet. That is the way back: down and right are positive.
    """
    balance = _centre_of_mass(np.asarray(image, np.float64))
    wanted = _MIDDLE - balance
    moved = np.array([float(rows), float(columns)])
    if np.any(moved % 1):
        return not_yet("Pixels are whole: round to the nearest.")
    off = np.abs(moved - wanted) <= 0.5 + 1e-9
    if off.all():
        return right("Its ink balances in the middle now, as in the images of MNIST.")
    if np.all(np.abs(moved + wanted) <= 0.5 + 1e-9):
        return not_yet("That is the way back: down and right are positive.")
    if off.any():
        return not_yet(f"The {'rows' if off[0] else 'columns'} are right, and the others not yet.")
    return not_yet("Where does its ink balance now, and how far is it from there to the middle?")


@check
def most_varied(answer: int, spread: ArrayLike) -> Verdict:
    """Judge which digit people write most differently.

    Parameters
    ----------
    answer : int
        The digit.
    spread : array_like, shape (10, 28, 28)
        How far each pixel of a digit varies from writer to writer.

    Examples
    --------
    >>> most_varied(3, np.arange(10).reshape(10, 1, 1) % 4).solved
    True
    """
    means = np.asarray(spread, np.float64).mean(axis=(1, 2))
    digit = int(answer)
    if digit != answer or not 0 <= digit <= 9:
        return not_yet("One digit is asked for, from 0 to 9.")
    if means[digit] == means.max():
        return right(
            "Its pixels vary most. Whatever reads digits must allow it the widest variety."
        )
    if means[digit] == means.min():
        return not_yet("That is the digit that people write most alike.")
    return not_yet("Take the mean over the 784 pixels of each digit, and then the largest of ten.")


@check
def shuffled(prediction: str) -> Verdict:
    """Judge what shuffling the pixels does to reading by averages.

    Parameters
    ----------
    prediction : {"lower", "the same", "higher"}

    Examples
    --------
    >>> shuffled("higher")
    ✘ Not yet. What would it gain? Think of how a distance is computed, pixel by pixel.
    """
    guess = str(prediction).strip().lower()
    if guess == "the same":
        return right("A distance is a sum over pixels, and a sum does not ask for their order.")
    if guess == "lower":
        return not_yet("You cannot read it any more. Does the distance know where a pixel is?")
    if guess == "higher":
        return not_yet("What would it gain? Think of how a distance is computed, pixel by pixel.")
    return not_yet('Choose one of "lower", "the same" and "higher".')


@check
def ceiling(answer: float, doubtful: ArrayLike, test_labels: ArrayLike) -> Verdict:
    """Judge the accuracy of a perfect reader if all doubtful labels are wrong.

    Parameters
    ----------
    answer : float
        A share between 0 and 1.
    doubtful : array_like of int, shape (n,)
        The places of the doubtful images.
    test_labels : array_like of int, shape (m,)

    Examples
    --------
    >>> ceiling(0.75, [3], [1, 2, 3, 4]).solved
    True
    >>> ceiling(0.25, [3], [1, 2, 3, 4])
    ✘ Not yet. That is the share that is counted against the perfect reader.
    """
    lost = len(np.asarray(doubtful)) / len(np.asarray(test_labels))
    share = float(answer)
    if abs(share - (1 - lost)) < 1e-6:
        return right("A network above that would have learnt to repeat mistakes.")
    if abs(share / 100 - (1 - lost)) < 1e-6:
        return not_yet("The number is right as a percentage; give a share between 0 and 1.")
    if abs(share - lost) < 1e-6:
        return not_yet("That is the share that is counted against the perfect reader.")
    return not_yet("Every doubtful label counts as one mistake. How many of all are left?")


def _centre_of_mass(image: NDArray[np.float64]) -> NDArray[np.float64]:
    axis = np.arange(len(image))
    moments = np.array([image.sum(axis=1) @ axis, image.sum(axis=0) @ axis])
    return np.asarray(moments / image.sum())
