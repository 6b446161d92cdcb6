"""Packaged drawings of the generating hand, for trainings that cannot wait."""

import functools
import io

import numpy as np
import PIL.Image
from numpy.typing import NDArray

from digitrec import hand, resources
from digitrec.errors import FileError

NUM_DIGITS = 12_000
"""How many of the packaged drawings are digits, each as often as any other."""

NUM_OTHERS = 3_000
"""How many are not digits."""

SEED = 2026
"""The seed they were drawn from."""

_COLUMNS = 120
_NAME = "drawings.png"
_SIDE = 28


def make(seed: int = SEED, *, num_digits: int = NUM_DIGITS, num_others: int = NUM_OTHERS) -> bytes:
    """Draw the packaged drawings anew.

    Parameters
    ----------
    seed : int
        The seed they are drawn from.
    num_digits, num_others : int
        How many; together a multiple of 120, and the digits a multiple of 10.

    Returns
    -------
    bytes
        A PNG that shows them all, 120 in a row: the zeros, the ones, …, and the other drawings.

    Examples
    --------
    >>> make(num_digits=120, num_others=0)[1:4]
    b'PNG'
    """
    images, _ = hand.images(_labels(num_digits, num_others), np.random.default_rng(seed))
    rows = images.reshape(-1, _COLUMNS, _SIDE, _SIDE).transpose(0, 2, 1, 3)
    content = io.BytesIO()
    PIL.Image.fromarray(rows.reshape(-1, _COLUMNS * _SIDE)).save(content, "PNG", optimize=True)
    return content.getvalue()


@functools.cache
def load() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return the packaged drawings.

    Returns
    -------
    images : ndarray of uint8, shape (15000, 28, 28)
        0 is paper, 255 is ink.
    labels : ndarray of uint8, shape (15000,)
        0 to 9, or :data:`digitrec.hand.NOT_A_DIGIT`.

    Raises
    ------
    FileError
        If the file is missing or damaged; install digitrec again to repair it.

    Examples
    --------
    >>> images, labels = load()
    >>> images.shape, np.bincount(labels).tolist()[-3:]
    ((15000, 28, 28), [1200, 1200, 3000])
    """
    path = resources.data(_NAME)
    labels = _labels(NUM_DIGITS, NUM_OTHERS)
    try:
        with PIL.Image.open(path) as sheet:
            pixels = np.asarray(sheet)
    except (OSError, SyntaxError, ValueError) as error:
        # Pillow's PNG reader raises SyntaxError for a broken chunk.
        raise FileError(
            f"{path}: the packaged drawings were expected ({error}); install digitrec again"
        ) from error
    shape = (len(labels) // _COLUMNS * _SIDE, _COLUMNS * _SIDE)
    if pixels.shape != shape or pixels.dtype != np.uint8:
        raise FileError(
            f"{path}: grey pixels of shape {shape} were expected. Received: {pixels.dtype} of "
            f"shape {pixels.shape}; install digitrec again"
        )
    rows = pixels.reshape(-1, _SIDE, _COLUMNS, _SIDE).transpose(0, 2, 1, 3)
    images = rows.reshape(-1, _SIDE, _SIDE)
    for array in (images, labels):
        array.setflags(write=False)
    return images, labels


def _labels(num_digits: int, num_others: int) -> NDArray[np.uint8]:
    each = [num_digits // hand.NOT_A_DIGIT] * hand.NOT_A_DIGIT
    return np.repeat(np.arange(hand.NOT_A_DIGIT + 1, dtype=np.uint8), [*each, num_others])
