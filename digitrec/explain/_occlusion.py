"""Which pixels an answer depends on: each part of an image is covered in turn."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.network import CLASSES, Network


def occlusion(
    network: Network,
    image: ArrayLike,
    *,
    digit: int | None = None,
    side: int = 3,
    cover: float = 0.0,
) -> NDArray[np.float64]:
    """Return for every pixel how much the score of a digit falls when the pixel is covered.

    A square patch is laid over each pixel in turn, and the network answers again (Zeiler and
    Fergus, "Visualizing and Understanding Convolutional Networks", 2014). Patches that change
    nothing are skipped.

    Parameters
    ----------
    network : Network
    image : array_like, shape (28, 28)
        As for :meth:`digitrec.network.Network.activations`.
    digit : int, optional
        The digit whose score is watched, 0 to 9; the one with the highest score if left out.
    side : int
        Height and width of the patch, pixels; an odd number from 1 to 27.
    cover : float
        The patch's grey value, from 0, paper, to 1, ink.

    Returns
    -------
    ndarray of float64, shape (28, 28)
        The score before minus the score with the patch centred on this pixel: positive where the
        covered part speaks for the digit, negative where it speaks against it.

    Raises
    ------
    ValueError
        If the image has another shape, or a setting is out of range.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> bar = np.zeros((28, 28), np.uint8)
    >>> bar[4:24, 13:15] = 255
    >>> lost = occlusion(bundled(), bar)
    >>> lost.shape, float(np.abs(lost[:, 0]).max())
    ((28, 28), 0.0)
    """
    array = np.asarray(image)
    if array.ndim != 2:
        raise ValueError(f"an image of shape (28, 28) was expected. Received: {array.shape}")
    if digit is not None and digit not in range(CLASSES):
        raise ValueError(f"digit must be a whole number from 0 to 9. Received: {digit!r}")
    if side not in range(1, 28, 2):
        raise ValueError(f"side must be an odd number from 1 to 27. Received: {side!r}")
    if not 0 <= cover <= 1:
        raise ValueError(f"cover must be a number from 0 to 1. Received: {cover!r}")
    before = network.logits(array[np.newaxis])[0]
    watched = int(before.argmax()) if digit is None else digit
    whole = array.astype(np.float32) / (255 if array.dtype == np.uint8 else 1)
    rows, columns = whole.shape
    near_rows = np.abs(np.arange(rows)[:, None] - np.arange(rows)) <= side // 2
    near_columns = np.abs(np.arange(columns)[:, None] - np.arange(columns)) <= side // 2
    under = near_rows[:, None, :, None] & near_columns[None, :, None, :]
    covered = np.where(under, np.float32(cover), whole).reshape(-1, rows, columns)
    changed = (covered != whole).any(axis=(1, 2))
    lost = np.zeros(rows * columns)
    lost[changed] = before[watched] - network.logits(covered[changed])[:, watched]
    return lost.reshape(rows, columns)
