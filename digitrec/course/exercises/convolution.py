"""The exercises of the notebook on convolutions."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.course.exercises import Verdict, check, not_yet, right
from digitrec.explain import Softmax
from digitrec.network import Network

_UPPER = np.array([[[0, 0, 0], [1, 1, 1], [1, 1, 1]], [[0, 0, 0], [0, 0, 0], [1, 1, 1]]])
_SIDE, _KERNELS = 3, 8  # of the layer whose parameters are asked for


@check
def upper_edge(kernel: ArrayLike) -> Verdict:
    """Judge whether a kernel finds the upper edge of a stroke, and nothing else.

    Parameters
    ----------
    kernel : array_like, shape (3, 3)

    Examples
    --------
    >>> upper_edge([[1, 1, 1], [0, 0, 0], [-1, -1, -1]])
    ✘ Not yet. It finds the lower edge of a stroke. Turn it over.
    >>> upper_edge([[-1, -1, -1], [0, 0, 0], [1, 1, 1]]).solved
    True
    """
    weights = np.asarray(kernel, np.float64)
    if weights.shape != (3, 3) or not np.isfinite(weights).all():
        return not_yet("Write three rows of three numbers.")
    plain = float(weights.sum())
    if abs(plain) > 1e-6:
        return not_yet(
            f"In the middle of a large patch of ink it answers {plain:+g}, and there is no edge. "
            "What must its weights add up to?"
        )
    upper = _answers(weights, _UPPER)
    if (upper < -1e-6).all():
        return not_yet("It finds the lower edge of a stroke. Turn it over.")
    if (upper <= 1e-6).any():
        return not_yet("It does not answer everywhere where paper is above ink.")
    upright = np.abs(_answers(weights, _UPPER.transpose(0, 2, 1)))
    if upright.max() > upper.min() / 2:
        return not_yet("It answers to an upright edge, too. Let every row have one number.")
    return right("Paper above and ink below give a large sum, and everything else a small one.")


@check
def pooled(answer: ArrayLike, seen: Mapping[str, NDArray[Any]]) -> Verdict:
    """Judge a max pooling by hand.

    Parameters
    ----------
    answer : array_like, shape (height, width, maps)
    seen : mapping of str to ndarray
        All activations, as :meth:`digitrec.network.Network.activations` returns them.

    Examples
    --------
    >>> maps = np.arange(16.0).reshape(4, 4, 1)
    >>> seen = {"relu1": maps, "pool1": maps[1::2, 1::2]}
    >>> pooled(maps[::2, ::2], seen)
    ✘ Not yet. That is one number of every window, and not always the largest.
    >>> pooled(maps[1::2, 1::2], seen).solved
    True
    """
    maps, wanted = np.asarray(answer, np.float64), seen["pool1"]
    if maps.shape == seen["relu1"].shape:
        return not_yet("Nothing has become smaller yet. Which axes does the largest run over?")
    if maps.shape != wanted.shape:
        return not_yet(f"The shape should be {wanted.shape}, and yours is {maps.shape}.")
    if np.allclose(maps, wanted, atol=1e-4):
        return right("It is what the network's pooling layer computes, number by number.")
    windows = _windows(seen["relu1"], wanted.shape)
    if np.allclose(maps, windows.mean(axis=(1, 3)), atol=1e-4):
        return not_yet("That is the average of every window. Which of its numbers goes on?")
    if np.allclose(maps[0, 0], windows[0, 0, 0, 0], atol=1e-4):
        return not_yet("That is one number of every window, and not always the largest.")
    return not_yet("The shape is right, the numbers are not: which four make one window?")


@check
def softmax(answer: ArrayLike, steps: Softmax) -> Verdict:
    """Judge ten probabilities that were computed from ten scores.

    Parameters
    ----------
    answer : array_like, shape (10,)
    steps : Softmax
        The scores and the temperature.

    Examples
    --------
    >>> softmax(np.full(10, 0.5), Softmax(np.zeros(10), temperature=1.0))
    ✘ Not yet. Your ten numbers add up to 5.00. What do probabilities add up to?
    """
    shares = np.asarray(answer, np.float64)
    if shares.shape != (10,):
        return not_yet("Ten numbers are asked for, one for each digit.")
    if np.allclose(shares, steps.probabilities, atol=1e-4):
        return right("They add up to 1, and the highest score has the largest share.")
    if np.allclose(shares, Softmax(steps.logits, 1.0).probabilities, atol=1e-4):
        return not_yet("Nearly: divide the differences by the temperature first.")
    if abs(shares.sum() - 1) > 1e-4:
        return not_yet(
            f"Your ten numbers add up to {shares.sum():.2f}. What do probabilities add up to?"
        )
    return not_yet("They add up to 1. Are they powers of e? And does the temperature come in?")


@check
def parameters(answer: int, network: Network) -> Verdict:
    """Judge how many numbers another convolution would have to learn.

    The layer asked for has 8 kernels of 3 × 3 and reads the maps of the second convolution.

    Parameters
    ----------
    answer : int
    network : Network

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> parameters(80, bundled())
    ✘ Not yet. That is enough for a layer that reads one map. How many does this one read?
    """
    maps = network.weights["conv2/kernel"].shape[-1]
    weights = _SIDE * _SIDE * maps * _KERNELS
    number = float(answer)
    if number == weights + _KERNELS:
        return right("Height × width × maps, for every kernel, and a bias each.")
    if number == weights:
        return not_yet("These are the weights. What else does every kernel have?")
    if number in {_SIDE * _SIDE * maps, _SIDE * _SIDE * maps + 1}:
        return not_yet("That is one kernel. The layer has eight.")
    if number in {_SIDE * _SIDE * _KERNELS, (_SIDE * _SIDE + 1) * _KERNELS}:
        return not_yet(
            "That is enough for a layer that reads one map. How many does this one read?"
        )
    return not_yet("Take the second rule of this part, number by number. The table helps.")


def _answers(kernel: NDArray[np.float64], patches: NDArray[Any]) -> NDArray[np.float64]:
    return np.asarray((kernel * patches).sum(axis=(1, 2)))


def _windows(maps: NDArray[Any], shape: tuple[int, ...]) -> NDArray[Any]:
    """Return maps with separate axes for each window's rows and columns."""
    rows, columns, count = shape
    height, width = maps.shape[0] // rows, maps.shape[1] // columns
    inside = maps[: rows * height, : columns * width]
    return inside.reshape(rows, height, columns, width, count)
