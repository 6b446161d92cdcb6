"""Changes digit images as other hands, poor light or a poor lens would have."""

import numpy as np
from numpy.typing import NDArray

_SIDE = 28
_KNOTS = 5  # across the image, where the elastic field is drawn at random
_CHUNK = 500  # images at a time, so that they stay in the processor's cache

_CENTRED = np.arange(_SIDE, dtype=np.float32) - (_SIDE - 1) / 2
_GRID = np.stack(np.meshgrid(_CENTRED, _CENTRED, indexing="ij")).reshape(2, -1)


def distort(
    images: NDArray[np.uint8], rng: np.random.Generator, *, strength: float = 1.0
) -> NDArray[np.uint8]:
    """Return images as other hands might have drawn them.

    Each image is turned, slanted, stretched and moved at random, and bent by a smooth random field
    (after Simard, Steinkraus and Platt, "Best practices for convolutional neural networks applied
    to visual document analysis", 2003).

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        They are not changed.
    rng : numpy.random.Generator
        The same generator state gives the same images.
    strength : float
        0 changes nothing. At 1, up to 0.2 radians of rotation, 0.25 of shear, 15 % of stretch,
        1.2 pixels of shift, and 1.6 pixels of standard deviation in the elastic field's knots.

    Returns
    -------
    ndarray of uint8, shape (n, 28, 28)

    Raises
    ------
    ValueError
        If the images have another shape or type, or the strength is not from 0 to 3.

    Examples
    --------
    >>> images = np.zeros((2, 28, 28), np.uint8)
    >>> distort(images, np.random.default_rng(0)).shape
    (2, 28, 28)
    """
    _check(images)
    if not 0 <= strength <= 3:
        raise ValueError(f"strength must be from 0 to 3. Received: {strength}")
    distorted = np.empty_like(images)
    for start in range(0, len(images), _CHUNK):
        chunk = images[start : start + _CHUNK]
        places = _places(len(chunk), rng, strength)
        distorted[start : start + _CHUNK] = _sample(chunk, places)
    return distorted


def degrade(
    images: NDArray[np.uint8], rng: np.random.Generator, *, share: float = 1.0
) -> NDArray[np.uint8]:
    """Return images, some of which look as if taken of grey paper, with a poor lens, in poor light.

    Each chosen image is blurred, loses contrast, and gets a grey background and noise: all four in
    random amounts, the last two not always.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        They are not changed.
    rng : numpy.random.Generator
        The same generator state gives the same images.
    share : float
        The share of images that is degraded, 0 to 1.

    Returns
    -------
    ndarray of uint8, shape (n, 28, 28)

    Raises
    ------
    ValueError
        If the images have another shape or type, or the share is not from 0 to 1.

    Examples
    --------
    >>> images = np.zeros((2, 28, 28), np.uint8)
    >>> degrade(images, np.random.default_rng(0)).max() > 0
    np.True_
    """
    from scipy import ndimage  # noqa: PLC0415 - only training needs it

    _check(images)
    if not 0 <= share <= 1:
        raise ValueError(f"share must be from 0 to 1. Received: {share}")
    degraded = images.copy()
    chosen = np.flatnonzero(rng.random(len(images)) < share)
    for start in range(0, len(chosen), _CHUNK):
        places = chosen[start : start + _CHUNK]

        def draw(low: float, high: float, num: int = len(places)) -> NDArray[np.float32]:
            return rng.uniform(low, high, (num, 1, 1)).astype(np.float32)

        blur = rng.uniform(0, 1.3)  # pixels; one value for the whole chunk, since it takes longest
        ink = ndimage.gaussian_filter(images[places].astype(np.float32) / 255, (0, blur, blur))
        ground, contrast = np.maximum(draw(-0.3, 0.6), 0), draw(0.5, 1)
        noise = np.maximum(draw(-0.1, 0.2), 0) * rng.standard_normal(ink.shape, np.float32)
        shown = ground + (1 - ground) * contrast * ink + noise
        degraded[places] = np.clip(255 * shown, 0, 255).astype(np.uint8)
    return degraded


def _check(images: NDArray[np.uint8]) -> None:
    if images.ndim != 3 or images.shape[1:] != (_SIDE, _SIDE) or images.dtype != np.uint8:
        raise ValueError(
            "images must be uint8 of shape (n, 28, 28). "
            f"Received: {images.dtype} of shape {images.shape}"
        )


def _places(num: int, rng: np.random.Generator, strength: float) -> NDArray[np.float32]:
    """Return the place in the source that each pixel is read from, shape (n, 2, 784), pixels."""

    def draw(most: float, *shape: int) -> NDArray[np.float32]:
        return rng.uniform(-most * strength, most * strength, (num, *shape)).astype(np.float32)

    angle, shear = draw(0.2), draw(0.25)
    tall, wide = np.exp(draw(0.15)), np.exp(draw(0.15))
    cos, sin = np.cos(angle), np.sin(angle)
    affine = np.stack(
        [
            np.stack([cos * tall, -sin * wide], axis=-1),
            np.stack([sin * tall + cos * shear, cos * wide], axis=-1),
        ],
        axis=1,
    )
    field = rng.normal(0, 1.6 * strength, (num, 2, _KNOTS, _KNOTS)).astype(np.float32)
    elastic = _SPREAD @ field @ _SPREAD.T
    return np.asarray(affine @ _GRID + draw(1.2, 2, 1) + elastic.reshape(num, 2, -1))


def _spread() -> NDArray[np.float32]:
    """Return the matrix that spreads one row of knots smoothly over 28 pixels."""
    knots = np.linspace(_CENTRED[0], _CENTRED[-1], _KNOTS)
    width = 0.75 * (knots[1] - knots[0])
    bumps = np.exp(-0.5 * ((_CENTRED[:, None] - knots) / width) ** 2)
    return np.asarray(bumps / bumps.sum(axis=1, keepdims=True), np.float32)


_SPREAD = _spread()


def _sample(images: NDArray[np.uint8], places: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Read images between their pixels (bilinear), with paper all around."""
    num = len(images)
    side = _SIDE + 3
    padded = np.zeros((num, side, side), np.float32)
    padded[:, 1:-2, 1:-2] = images
    places = np.clip(places + (_SIDE + 1) / 2, 0, _SIDE + 0.999)
    corner = places.astype(np.int32)
    down, right = (places - corner).transpose(1, 0, 2)
    first = np.arange(num, dtype=np.int32)[:, None] * side**2 + corner[:, 0] * side + corner[:, 1]
    flat = padded.ravel()
    above = flat[first] + right * (flat[first + 1] - flat[first])
    below = flat[first + side] + right * (flat[first + side + 1] - flat[first + side])
    mixed = above + down * (below - above)
    return np.asarray((mixed + 0.5).reshape(images.shape), np.uint8)
