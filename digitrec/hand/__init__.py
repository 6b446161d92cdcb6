"""A hand that draws digits, letters, signs and scribbles from a seed.

MNIST shows how some Americans wrote in the nineties. People at a pad write in many other ways:
flagged ones, crossed sevens, open fours. This package draws all of them stroke by stroke, as a pen
would leave them on a canvas, so that a network can train on them without anybody's handwriting.
"""

import functools

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec import ink
from digitrec.hand import _motion, _scrawls
from digitrec.hand._skeletons import Skeleton, parse
from digitrec.hand.tables import DIGITS

__all__ = ["NOT_A_DIGIT", "OTHER_KINDS", "STYLES", "draw", "draw_other", "images"]

NOT_A_DIGIT = 10
"""The label of anything that is not a digit."""

STYLES: dict[int, tuple[str, ...]] = {digit: tuple(styles) for digit, styles in DIGITS.items()}
"""For each digit, the names of its styles."""

OTHER_KINDS: tuple[str, ...] = tuple(_scrawls.KINDS)
"""The kinds of drawings that are not digits."""

Strokes = tuple[NDArray[np.float64], ...]

# MNIST's writers had thin and thick pens, and a network that has seen only one width relies on it.
_PEN = 2.0  # pixels of the 28×28 image, as the pad draws
_PEN_SPREAD = 0.25  # of the width's logarithm: two pens in three are between 1.6 and 2.6 pixels


def draw(digit: int, rng: np.random.Generator, style: str | None = None) -> Strokes:
    """Draw a digit on a canvas of 300×300.

    Parameters
    ----------
    digit : int
        0 to 9.
    rng : numpy.random.Generator
        The same generator state gives the same drawing.
    style : str, optional
        One of ``STYLES[digit]``; without it one is chosen at random, common ones more often.

    Returns
    -------
    tuple of ndarray of float64, shape (n, 2)
        The strokes, x to the right, y down, as :func:`digitrec.ink.image` takes them.

    Raises
    ------
    ValueError
        If there is no such digit or style.

    Examples
    --------
    >>> STYLES[7][:3]
    ('plain', 'curved', 'serif')
    >>> strokes = draw(7, np.random.default_rng(3), "crossed")
    >>> strokes[0].shape[1]
    2
    """
    if digit not in DIGITS:
        raise ValueError(f"digit must be a whole number from 0 to 9. Received: {digit!r}")
    digit = int(digit)
    if style is None:
        names, bounds = _bounds(digit)
        style = names[int(np.searchsorted(bounds, rng.random(), side="right"))]
    elif style not in DIGITS[digit]:
        raise ValueError(
            f"a {digit} is drawn in one of the styles {', '.join(STYLES[digit])}. "
            f"Received: {style!r}"
        )
    variants = _variants(digit, style)
    skeleton = variants[int(rng.integers(len(variants)))]
    looseness = 0.055 * np.exp(rng.normal(0, 0.4))  # half heights; few hands are twice as loose
    return tuple(_motion.write(skeleton.curves(rng, looseness), rng))


def draw_other(rng: np.random.Generator, kind: str | None = None) -> Strokes:
    """Draw something that is not a digit on a canvas of 300×300.

    Parameters
    ----------
    rng : numpy.random.Generator
        The same generator state gives the same drawing.
    kind : str, optional
        One of ``OTHER_KINDS``; without it one is chosen at random.

    Returns
    -------
    tuple of ndarray of float64, shape (n, 2)

    Raises
    ------
    ValueError
        If there is no such kind.

    Examples
    --------
    >>> strokes = draw_other(np.random.default_rng(0), "scribble")
    >>> all(stroke.shape[1] == 2 for stroke in strokes)
    True
    """
    if kind is None:
        kind = OTHER_KINDS[int(rng.choice(len(OTHER_KINDS), p=_scrawls.SHARES))]
    elif kind not in _scrawls.KINDS:
        raise ValueError(f"kind must be one of {', '.join(OTHER_KINDS)}. Received: {kind!r}")
    _, make, bend = _scrawls.KINDS[kind]
    return tuple(_motion.write(make(rng), rng, bend=bend))


def images(
    labels: int | ArrayLike, rng: np.random.Generator
) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Draw many digits, or other things, and turn them into images like a visitor's ink.

    Parameters
    ----------
    labels : int or array_like of int, shape (n,)
        What to draw, 0 to 9 or ``NOT_A_DIGIT``; or how many digits, all equally often.
    rng : numpy.random.Generator
        The same generator state gives the same images.

    Returns
    -------
    images : ndarray of uint8, shape (n, 28, 28)
    labels : ndarray of uint8, shape (n,)

    Raises
    ------
    ValueError
        If a label is not one of these.

    Examples
    --------
    >>> pictures, labels = images([3, 1, NOT_A_DIGIT], np.random.default_rng(0))
    >>> pictures.shape, labels.tolist()
    ((3, 28, 28), [3, 1, 10])
    """
    if isinstance(labels, int | np.integer):
        if labels < 0:
            raise ValueError(f"a number of images from 0 was expected. Received: {labels}")
        wanted = rng.permutation(np.arange(labels) % 10)
    else:
        wanted = np.asarray(labels)
        if wanted.ndim != 1 or not np.isin(wanted, np.arange(NOT_A_DIGIT + 1)).all():
            raise ValueError(
                f"labels must be a row of whole numbers from 0 to {NOT_A_DIGIT}. "
                f"Received: {wanted.dtype} of shape {wanted.shape}"
            )
    pictures = np.zeros((len(wanted), 28, 28), np.uint8)
    for picture, label in zip(pictures, wanted, strict=True):
        strokes = draw_other(rng) if label == NOT_A_DIGIT else draw(int(label), rng)
        # Thinner lines would break, thicker ones would fill the loops.
        pen = float(np.clip(_PEN * np.exp(rng.normal(0, _PEN_SPREAD)), 1.5, 4))
        image = ink.image(strokes, pen=pen)
        assert image is not None, "every drawing has ink"  # noqa: S101 - so that types hold
        picture[:] = np.round(255 * image)
    return pictures, wanted.astype(np.uint8)


@functools.cache
def _bounds(digit: int) -> tuple[tuple[str, ...], NDArray[np.float64]]:
    weights = np.array([weight for weight, _ in DIGITS[digit].values()])
    return STYLES[digit], np.cumsum(weights / weights.sum())[:-1]


@functools.cache
def _variants(digit: int, style: str) -> tuple[Skeleton, ...]:
    return tuple(parse(text) for text in DIGITS[digit][style].variants)
