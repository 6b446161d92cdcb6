"""How far images are from the average of each digit: the oldest way to read them."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.network import CLASSES


def of_digits(images: ArrayLike, labels: ArrayLike) -> NDArray[np.float32]:
    """Return the average image of every digit.

    Parameters
    ----------
    images : array_like, shape (n, height, width)
    labels : array_like of int, shape (n,)
        The digit in each, 0 to 9.

    Returns
    -------
    ndarray of float32, shape (10, height, width)

    Raises
    ------
    ValueError
        If some digit has no image.

    Examples
    --------
    >>> images = np.arange(20).repeat(4).reshape(20, 2, 2)
    >>> of_digits(images, np.arange(20) % 10)[:, 0, 0].tolist()[:3]
    [5.0, 6.0, 7.0]
    """
    images, labels = np.asarray(images), np.asarray(labels)
    if missing := sorted(set(range(CLASSES)) - set(labels.tolist())):
        raise ValueError(f"an image of every digit was expected. Received none of {missing[0]}")
    averages = [images[labels == digit].mean(axis=0) for digit in range(CLASSES)]
    return np.asarray(averages, np.float32)


def distances(images: ArrayLike, averages: ArrayLike) -> NDArray[np.float32]:
    """Return how far every image is from every average.

    Parameters
    ----------
    images : array_like, shape (n, height, width)
    averages : array_like, shape (10, height, width)

    Returns
    -------
    ndarray of float32, shape (n, 10)
        The square root of the mean squared difference of the pixels, in grey values.

    Examples
    --------
    >>> distances(np.zeros((1, 2, 2)), np.full((10, 2, 2), 3.0))[0, 0].item()
    3.0
    """
    pixels = np.asarray(images, np.float32)
    columns = [
        np.sqrt(((pixels - average) ** 2).mean(axis=(1, 2)))
        for average in np.asarray(averages, np.float32)
    ]
    return np.stack(columns, axis=1)
