"""Fifteen ways to degrade a picture of a digit, to see how far a network can be trusted.

They follow Mu and Gilmer, "MNIST-C: A Robustness Benchmark for Computer Vision", 2019, each at
the one strength that the authors chose. The implementation is our own: the images are not those
of the published dataset, so compare figures with published ones only roughly.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Corruption = Callable[[NDArray[np.uint8], np.random.Generator], NDArray[np.uint8]]

CORRUPTIONS: dict[str, Corruption] = {}
"""The fifteen by name, in the paper's order: from uint8 images and a generator, new images."""

DESCRIPTIONS: dict[str, str] = {}
"""What each one does, in one sentence."""

_SIDE = 28
_CHUNK = 1_000  # images at a time, to limit the memory

_ROWS, _COLUMNS = np.indices((_SIDE, _SIDE)).astype(np.float32)


def corrupt(
    images: NDArray[np.uint8], name: str, rng: np.random.Generator | int
) -> NDArray[np.uint8]:
    """Return images with one of the fifteen corruptions.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        Grey values, 0 for the ground and 255 for ink; left as they are.
    name : str
        A key of ``CORRUPTIONS``, "shot_noise" to "canny_edges".
    rng : numpy.random.Generator or int
        A generator, or the seed of one. The same state or seed gives the same images.

    Returns
    -------
    ndarray of uint8, shape (n, 28, 28)

    Raises
    ------
    ValueError
        If there is no corruption of that name, the images have another shape or type, or the
        seed is not a whole number from 0 up.

    Examples
    --------
    >>> images = np.zeros((2, 28, 28), np.uint8)
    >>> int(corrupt(images, "brightness", 0).max())
    128
    >>> corrupt(images, "rain", 0)
    Traceback (most recent call last):
    ...
    ValueError: expected one of shot_noise, impulse_noise, glass_blur, ...; received 'rain'
    """
    if name not in CORRUPTIONS:
        raise ValueError(f"expected one of {', '.join(CORRUPTIONS)}; received {name!r}")
    if not isinstance(rng, np.random.Generator):
        if isinstance(rng, bool) or not isinstance(rng, int | np.integer) or rng < 0:
            raise ValueError(f"expected a generator, or a whole number from 0 up; received {rng!r}")
        rng = np.random.default_rng(rng)
    return CORRUPTIONS[name](images, rng)


def _corruption(
    name: str, description: str
) -> Callable[[Callable[[Floats, np.random.Generator], Floats]], Corruption]:
    """Register a function of grey values from 0 to 1 as a corruption of checked bytes."""

    def register(spoil: Callable[[Floats, np.random.Generator], Floats]) -> Corruption:
        def corruption(images: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
            if images.ndim != 3 or images.shape[1:] != (_SIDE, _SIDE) or images.dtype != np.uint8:
                raise ValueError(
                    "images must be uint8 of shape (n, 28, 28). "
                    f"Received: {images.dtype} of shape {images.shape}"
                )
            spoilt = np.empty_like(images)
            for start in range(0, len(images), _CHUNK):
                chunk = np.asarray(images[start : start + _CHUNK] / 255, np.float32)
                grey = np.clip(spoil(chunk, rng), 0, 1)
                spoilt[start : start + _CHUNK] = np.rint(255 * grey)
            return spoilt

        CORRUPTIONS[name] = corruption
        DESCRIPTIONS[name] = description
        return corruption

    return register


@_corruption("shot_noise", "Grain eats into the ink, as in a photograph taken with little light.")
def _shot_noise(images: Floats, rng: np.random.Generator) -> Floats:
    most = 3  # particles of light that make a pixel white
    return np.asarray(rng.poisson(images * most) / most, np.float32)


@_corruption("impulse_noise", "One pixel in six turns white or black, wherever it is.")
def _impulse_noise(images: Floats, rng: np.random.Generator) -> Floats:
    chance = rng.random(images.shape, np.float32)
    return np.where(chance < 0.17, chance < 0.085, images).astype(np.float32)


@_corruption("glass_blur", "Seen through frosted glass: neighbouring pixels change places.")
def _glass_blur(images: Floats, rng: np.random.Generator) -> Floats:
    # From the last pixel to the first, each stays or changes places with the one above, to the
    # left, or both. One after the other, so that a pixel may be carried more than once.
    steps = np.array([0, 0, 0, 0, 0, -1, -_SIDE, -_SIDE - 1])
    pixels = np.ascontiguousarray(_blur(images, 0.7).reshape(len(images), -1).T)
    every = np.arange(len(images))
    for _ in range(2):
        drawn = steps[rng.integers(0, len(steps), pixels.shape)]
        for place in range(_SIDE**2 - 1, 2 * _SIDE, -1):
            if place % _SIDE < 2:
                continue
            other = place + drawn[place]
            carried = pixels[place].copy()
            pixels[place] = pixels[other, every]
            pixels[other, every] = carried
    return _blur(pixels.T.reshape(images.shape), 0.7)


@_corruption("motion_blur", "The camera moved: every stroke trails off in one direction.")
def _motion_blur(images: Floats, rng: np.random.Generator) -> Floats:
    length, width = 10, 3.0
    angle = rng.uniform(-np.pi / 4, np.pi / 4, len(images))
    side = _SIDE + 2 * length
    padded = np.pad(images, ((0, 0), (length, length), (length, length)), mode="edge").ravel()
    within = (_ROWS * side + _COLUMNS).astype(np.int64)
    weights = np.exp(-0.5 * (np.arange(length + 1) / width) ** 2)
    blurred = np.zeros_like(images)
    for step, weight in enumerate(weights / weights.sum()):
        down, right = np.rint(step * np.sin(angle)), np.rint(step * np.cos(angle))
        corner = (length + down) * side + length + right + np.arange(len(images)) * side**2
        blurred += np.float32(weight) * padded[corner.astype(np.int64)[:, None, None] + within]
    return blurred


@_corruption("shear", "The digit leans over, to the left or to the right.")
def _shear(images: Floats, rng: np.random.Generator) -> Floats:
    return _either_way(images, rng, lambda sign: np.array([[1, 0], [0.4 * sign, 1]]))


@_corruption("scale", "The digit shrinks to seven tenths of its size.")
def _scale(images: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001 - as the others
    return _warp(images, np.eye(2) / 0.7)


@_corruption("rotate", "The digit is turned by 23 degrees, one way or the other.")
def _rotate(images: Floats, rng: np.random.Generator) -> Floats:
    cos, sin = np.cos(0.4), np.sin(0.4)
    return _either_way(images, rng, lambda sign: np.array([[cos, -sin * sign], [sin * sign, cos]]))


@_corruption("brightness", "Everything becomes brighter, and what was black is grey.")
def _brightness(images: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001 - all are called alike
    return np.asarray(images + 0.5, np.float32)


@_corruption("translate", "The digit is moved by three pixels, both sideways and up or down.")
def _translate(images: Floats, rng: np.random.Generator) -> Floats:
    padded = np.pad(images, ((0, 0), (3, 3), (3, 3)))
    moved = np.empty_like(images)
    down, right = 6 * rng.integers(0, 2, (2, len(images)))
    for top in (0, 6):
        for left in (0, 6):
            these = (down == top) & (right == left)
            moved[these] = padded[these, top : top + _SIDE, left : left + _SIDE]
    return moved


@_corruption("stripe", "Black and white are exchanged in a broad stripe at the left and the right.")
def _stripe(images: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001 - all are called alike
    outer = (_COLUMNS < 7) | (_COLUMNS >= 21)
    return np.where(outer, 1 - images, images)


@_corruption("fog", "Fog drifts in front of the digit and leaves a quarter of its contrast.")
def _fog(images: Floats, rng: np.random.Generator) -> Floats:
    # Clouds whose spectrum falls off like that of the paper's diamond-square fractal, with its
    # mean and spread; drawn on a larger field, since such a field repeats itself at its borders.
    side, density = 2 * _SIDE, 3
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    frequency[0, 0] = np.inf
    noise = np.fft.rfft2(rng.standard_normal((len(images), side, side), np.float32))
    clouds = np.fft.irfft2(noise * frequency**-1.9, s=(side, side))[:, :_SIDE, :_SIDE]
    clouds -= clouds.mean(axis=(1, 2), keepdims=True)
    clouds *= 0.06 / clouds.std(axis=(1, 2), keepdims=True)
    clouds += np.clip(rng.normal(0.52, 0.19, (len(images), 1, 1)), 0.1, 0.9)
    return np.asarray((images + density * clouds) / (1 + density), np.float32)


@_corruption("spatter", "Grey drops fell on the digit and cover parts of it.")
def _spatter(images: Floats, rng: np.random.Generator) -> Floats:
    wet = _blur(rng.normal(0.65, 0.3, images.shape).astype(np.float32), 1.0) > 0.65
    cover = _blur(wet.astype(np.float32), 1.5)
    cover[cover < 0.8] = 0
    return np.asarray(images * (1 - cover) + 0.25 * cover, np.float32)


@_corruption("dotted_line", "A dotted line is drawn across the picture.")
def _dotted_line(images: Floats, rng: np.random.Generator) -> Floats:
    start, end = rng.integers(0, _SIDE - 1, (2, len(images), 1, 1))
    line = _line(start + (end - start) * _COLUMNS[0] / (_SIDE - 1))
    return images + line * (_COLUMNS % 4 >= 2)


@_corruption("zigzag", "A zigzag line is drawn across the picture.")
def _zigzag(images: Floats, rng: np.random.Generator) -> Floats:
    first, last = 2, _SIDE - 3
    start = rng.integers(0, _SIDE - 1, (len(images), 1, 1))
    climb = rng.integers(-5, 5, (len(images), 1, 1))
    along = _COLUMNS[0] - first
    teeth = 2 - np.abs((along + 2) % 8 - 4)
    line = _line(start + climb * along / (last - first) + teeth)
    line[..., (along < 0) | (along > last - first)] = 0
    return images + line


@_corruption("canny_edges", "Only the outlines are left, as white lines on black.")
def _canny_edges(images: Floats, rng: np.random.Generator) -> Floats:  # noqa: ARG001 - all are called alike
    # Canny, "A computational approach to edge detection", 1986.
    down, right = _blur(images, 1.0, slope=1), _blur(images, 1.0, slope=2)
    strength = np.hypot(down, right)
    ridges = strength * _is_ridge(strength, down, right)
    return _hysteresis(ridges, low=0.0125, high=0.025)


def _blur(images: Floats, sigma: float, *, slope: int | None = None) -> Floats:
    """Return Gaussian averages, or their slope along an axis, grey values a pixel."""
    from scipy import ndimage  # noqa: PLC0415 - importing the room must not cost this

    order = [int(axis == slope) for axis in range(3)]
    return np.asarray(
        ndimage.gaussian_filter(images, (0, sigma, sigma), order, mode="nearest"), np.float32
    )


def _warp(images: Floats, matrix: NDArray[np.float64]) -> Floats:
    """Read every pixel from where a matrix takes its place, rows first, from the centre."""
    from scipy import ndimage  # noqa: PLC0415 - few use it, and it is slow to import

    whole = np.eye(3)
    whole[1:, 1:] = matrix
    centre = np.array([0, (_SIDE - 1) / 2, (_SIDE - 1) / 2])
    return np.asarray(
        ndimage.affine_transform(images, whole, centre - whole @ centre, order=1), np.float32
    )


def _either_way(
    images: Floats, rng: np.random.Generator, matrix: Callable[[int], NDArray[np.float64]]
) -> Floats:
    """Warp each image by one of two matrices, that of -1 or that of 1."""
    signs = rng.choice([-1, 1], len(images))
    warped = np.empty_like(images)
    for sign in (-1, 1):
        warped[signs == sign] = _warp(images[signs == sign], matrix(sign))
    return warped


def _line(heights: NDArray[np.float64]) -> Floats:
    """Draw a soft line, three pixels thick, through one height a column, shape (n, 1, 28)."""
    return np.clip(1 - np.abs(_ROWS - heights) / 1.6, 0, 1).astype(np.float32)


def _is_ridge(strength: Floats, down: Floats, right: Floats) -> NDArray[np.bool_]:
    """Say where an edge is at least as strong as on both sides of it, along the slope."""
    flat = np.pad(strength, ((0, 0), (1, 1), (1, 1))).ravel()
    side = _SIDE + 2
    places = np.arange(flat.size).reshape(-1, side, side)[:, 1:-1, 1:-1]
    by_row, by_column = np.sign(down).astype(np.int64) * side, np.sign(right).astype(np.int64)
    height, width = np.abs(down), np.abs(right)
    straight = np.where(height > width, by_row, by_column)
    # Without any slope there is no ridge to decide on; only avoid dividing by zero.
    slant = np.minimum(height, width) / np.maximum(np.maximum(height, width), 1e-9)
    ridge = np.ones(strength.shape, bool)
    for way in (-1, 1):
        beside = flat[places + way * straight]
        diagonal = flat[places + way * (by_row + by_column)]
        ridge &= strength >= beside + slant * (diagonal - beside)
    return ridge


def _hysteresis(ridges: Floats, *, low: float, high: float) -> Floats:
    """Keep the connected pieces above the low threshold that reach the high one."""
    from scipy import ndimage  # noqa: PLC0415 - few use it, and it is slow to import

    touching = np.zeros((3, 3, 3), bool)
    touching[1] = True  # within an image, never from one to the next
    pieces, num_pieces = ndimage.label(ridges >= low, touching)
    reaches = np.zeros(num_pieces + 1, bool)
    reaches[pieces[ridges >= high]] = True
    reaches[0] = False
    return np.asarray(reaches[pieces], np.float32)
