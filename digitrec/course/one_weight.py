"""The smallest network there is: one weight, trained before the reader's eyes."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.mnist import Part

_FAR = 100.0  # as far as the lowest place of the loss is looked for


@dataclass(frozen=True, eq=False)
class OneWeight:
    """A network that tells two digits apart by how much ink they take (logistic regression).

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        The digits to learn from.
    ink : ndarray of float, shape (n,)
        How much ink each takes beyond the average, in standard deviations.
    answers : ndarray of float, shape (n,)
        1 where the image shows the digit that takes more ink, 0 where it shows the other.

    Raises
    ------
    ValueError
        If there is not an answer for each image, or one of the two digits is missing.

    Examples
    --------
    >>> neuron = OneWeight(np.zeros((2, 28, 28), np.uint8), np.array([1.0, -1.0]), np.array([1, 0]))
    >>> neuron.sure(0.0).tolist()
    [0.5, 0.5]
    """

    images: NDArray[np.uint8]
    ink: NDArray[np.float64]
    answers: NDArray[np.float64]

    def __post_init__(self) -> None:
        count = len(self.images)
        if not self.ink.shape == self.answers.shape == (count,):
            raise ValueError(
                f"an amount of ink and an answer for each of {count} images were expected. "
                f"Received: {self.ink.shape} and {self.answers.shape}"
            )
        if set(np.unique(self.answers)) != {0, 1}:
            raise ValueError("answers must be 0 and 1, and there must be some of both")

    @classmethod
    def from_part(cls, part: Part, more: int = 0, less: int = 7, num: int = 200) -> Self:
        """Take the first images of two digits.

        Parameters
        ----------
        part : Part
        more, less : int
            The digit that takes more ink, and the one that takes less.
        num : int
            How many images, of both together.

        Examples
        --------
        >>> from digitrec.mnist import load_part
        >>> OneWeight.from_part(load_part("test"), num=50).ink.mean().round(6) + 0
        np.float64(0.0)
        """
        chosen = np.flatnonzero(np.isin(part.labels, (more, less)))[:num]
        images = part.images[chosen]
        ink = images.sum(axis=(1, 2), dtype=np.float64)
        answers = (part.labels[chosen] == more).astype(np.float64)
        return cls(images, (ink - ink.mean()) / max(float(ink.std()), 1e-9), answers)

    def sure(self, weight: float) -> NDArray[np.float64]:
        """Return how sure the network is of the digit with more ink, image by image.

        Parameters
        ----------
        weight : float

        Returns
        -------
        ndarray of float, shape (n,)
            Probabilities: the weight times the ink, through a sigmoid.
        """
        return sigmoid(weight * self.ink)

    def loss(self, weight: float) -> float:
        """Return the cross-entropy: the mean of −log of the probability of the right answer.

        Parameters
        ----------
        weight : float
        """
        signs = np.where(self.answers == 1, -1.0, 1.0)
        return float(np.logaddexp(0, signs * weight * self.ink).mean())

    def slope(self, weight: float) -> float:
        """Return how steeply the loss rises to the right of a weight: its derivative.

        Parameters
        ----------
        weight : float
        """
        return float(((self.sure(weight) - self.answers) * self.ink).mean())

    def right(self, weight: float) -> int:
        """Return how many of the images it answers correctly.

        Parameters
        ----------
        weight : float
        """
        return int(((self.sure(weight) > 0.5) == (self.answers == 1)).sum())

    def descend(self, start: float, rate: float, steps: int) -> list[float]:
        """Return the weights on the path of gradient descent.

        Parameters
        ----------
        start : float
            The first weight.
        rate : float
            The learning rate: a step is as long as this times the slope.
        steps : int

        Returns
        -------
        list of float
            The start and the weight after each step.
        """
        weights = [float(start)]
        for _ in range(steps):
            weights.append(weights[-1] - rate * self.slope(weights[-1]))
        return weights

    def lowest(self) -> float:
        """Return the weight at which the loss is lowest, to 1e-6; at most 100 either way."""
        low, high = -_FAR, _FAR
        while high - low > 1e-6:  # the loss has one valley, and its slope rises all the way
            middle = (low + high) / 2
            low, high = (middle, high) if self.slope(middle) < 0 else (low, middle)
        return (low + high) / 2


def sigmoid(values: ArrayLike) -> NDArray[np.float64]:
    """Return 1 / (1 + exp(−values)): any number becomes one between 0 and 1.

    Parameters
    ----------
    values : array_like

    Examples
    --------
    >>> sigmoid([-1000.0, 0.0, 1000.0]).tolist()
    [0.0, 0.5, 1.0]
    """
    half = np.asarray(values, np.float64) / 2
    return np.asarray((1 + np.tanh(half)) / 2)
