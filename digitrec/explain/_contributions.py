"""What every pixel of a drawing adds to a score, in one walk from blank paper to the drawing."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.network import CLASSES, SIDE, Network

Float64 = NDArray[np.float64]


def contributions(
    network: Network, image: ArrayLike, scores: ArrayLike, *, steps: int = 16
) -> Float64:
    """Return what every pixel of ink adds to a score, or to a difference of scores.

    The drawing is faded in from blank paper in equal steps. At each, the gradient says what a
    little more ink in a pixel does to the score (integrated gradients: Sundararajan, Taly and
    Yan, "Axiomatic Attribution for Deep Networks", 2017). The pixels add up to the difference
    between the score of the drawing and that of blank paper, more exactly with more steps.

    Parameters
    ----------
    network : Network
    image : array_like, shape (28, 28)
        As for :meth:`digitrec.network.Network.activations`.
    scores : array_like, shape (n, 10)
        Each row is a score to watch, as a weighted sum of the ten logits: 1 for one digit and -1
        for another means the first instead of the second.
    steps : int
        How often the gradient is computed.

    Returns
    -------
    ndarray of float64, shape (n, 28, 28)
        Positive where ink speaks for the score, negative where it speaks against, 0 on blank paper.

    Raises
    ------
    ValueError
        If a shape is different, or there are no steps.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> bar = np.zeros((28, 28), np.float32)
    >>> bar[4:24, 13:15] = 1
    >>> instead = np.zeros((1, 10))
    >>> instead[0, [1, 7]] = 1, -1
    >>> spoke = contributions(bundled(), bar, instead)
    >>> spoke.shape, float(np.abs(spoke[0, :, 0]).max()), bool(spoke.sum() > 0)
    ((1, 28, 28), 0.0, True)
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1. Received: {steps!r}")
    pixels = np.asarray(image)
    whole = pixels.astype(np.float32) / (255 if pixels.dtype == np.uint8 else 1)
    shares = (np.arange(steps, dtype=np.float32) + np.float32(0.5)) / steps
    slopes = sum(gradient(network, share * whole, scores) for share in shares)
    return np.asarray(slopes * whole / steps, np.float64)


def smoothed(maps: ArrayLike) -> Float64:
    """Return maps in which every pixel is the mean of itself and its neighbours, to look at.

    Neighbouring pixels of a line often pull in opposite directions; the mean shows what a place
    says as a whole.

    Parameters
    ----------
    maps : array_like, shape (n, height, width)

    Returns
    -------
    ndarray of float64, shape (n, height, width)
        Means of 3×3 pixels; pixels outside the map count as 0.

    Examples
    --------
    >>> smoothed(np.ones((1, 3, 3)))[0, 1, 1].round(6)
    np.float64(1.0)
    """
    wide = np.pad(np.asarray(maps, np.float64), ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), axis=(1, 2))
    return np.asarray(windows.mean(axis=(3, 4)))


def gradient(network: Network, image: ArrayLike, scores: ArrayLike) -> Float64:
    """Return how fast a score rises with every pixel, by the chain rule through all layers.

    Parameters
    ----------
    network : Network
    image : array_like, shape (28, 28)
        As for :meth:`digitrec.network.Network.activations`.
    scores : array_like, shape (n, 10)
        As for :func:`contributions`.

    Returns
    -------
    ndarray of float64, shape (n, 28, 28)
        The change of the score for one unit of ink, from paper, 0, to ink, 1.

    Raises
    ------
    ValueError
        If a shape is different.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> gradient(bundled(), np.zeros((28, 28)), np.eye(10)).shape
    (10, 28, 28)
    """
    watched = np.asarray(scores, np.float32)
    if watched.ndim != 2 or watched.shape[1] != CLASSES:
        raise ValueError(f"scores must have shape (n, 10). Received: {watched.shape}")
    seen = network.activations(image)
    slopes = watched @ network.weights["dense/kernel"].T
    slopes = slopes.reshape(len(watched), *seen["pool2"].shape)
    side = SIDE
    for number in (2, 1):
        slopes = _unpool(
            slopes, seen[f"relu{number}"], seen[f"pool{number}"],
            network.architecture.pools[number - 1],
        )  # fmt: skip
        side = len(seen["pool1"]) if number == 2 else SIDE
        slopes = _unconvolve(slopes, network, number, side)
    return np.asarray(slopes[..., 0], np.float64)


def _unpool(
    slopes: NDArray[np.float32],
    maps: NDArray[np.float32],
    pooled: NDArray[np.float32],
    side: int,
) -> NDArray[np.float32]:
    """Pass the slope of every window on to its largest number, unless ReLU made it 0."""
    rows, columns = pooled.shape[0] * side, pooled.shape[1] * side
    largest = _spread(pooled[np.newaxis], side)[0]
    kept = maps[:rows, :columns]
    from_here = ((kept == largest) & (kept > 0)).astype(np.float32)
    # On even paper all the numbers of a window are the largest; each gets an equal share.
    windows = from_here.reshape(pooled.shape[0], side, pooled.shape[1], side, -1)
    equals = np.maximum(windows.sum(axis=(1, 3)), 1)
    result = np.zeros((len(slopes), *maps.shape), np.float32)
    result[:, :rows, :columns] = _spread(slopes / equals, side) * from_here
    return result


def _spread(maps: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    return maps.repeat(side, axis=1).repeat(side, axis=2)


def _unconvolve(
    slopes: NDArray[np.float32], network: Network, number: int, side: int
) -> NDArray[np.float32]:
    """Pass every slope back to the numbers under the kernel, each times its weight."""
    kernel = network.weights[f"conv{number}/kernel"]
    step = network.architecture.strides[number - 1]
    height, width, inputs, filters = kernel.shape
    num, rows, columns, _ = slopes.shape
    margin = (0, 0)
    if network.architecture.padding[number - 1] == "same":
        margin = tuple(
            max((places - 1) * step + size - side, 0)
            for places, size in ((rows, height), (columns, width))
        )
    shares = slopes.reshape(-1, filters) @ kernel.reshape(-1, filters).T
    shares = shares.reshape(num, rows, columns, height, width, inputs)
    whole = np.zeros((num, side + margin[0], side + margin[1], inputs), np.float32)
    for row in range(height):
        for column in range(width):
            reached = whole[
                :,
                row : row + (rows - 1) * step + 1 : step,
                column : column + (columns - 1) * step + 1 : step,
            ]
            reached += shares[:, :, :, row, column]
    top, left = margin[0] // 2, margin[1] // 2
    return whole[:, top : top + side, left : left + side]
