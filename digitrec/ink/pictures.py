"""Pictures of a digit, photographed, scanned or drawn elsewhere, down the same last stages."""

import io
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps
from numpy.typing import NDArray

from digitrec.errors import FileError
from digitrec.ink import frame

Picture = str | os.PathLike[str] | bytes | PIL.Image.Image | NDArray[Any]
"""A path, the bytes of a file, a Pillow image, or an array (rows, columns[, 3 or 4])."""

MAX_PIXELS = 40_000_000
"""A picture with more pixels is refused before it is unpacked."""

_WORK = 280  # longest side a picture is worked on at, pixels
_MARGIN = 12  # paper added around it, so that ink at its edge has an outside, pixels
_LEAST_CONTRAST = 0.12  # between ink and paper, of the whole range; less is an empty sheet
_SPECK = 0.03  # a blot smaller than this share of the largest is dirt


def picture_image(source: Picture) -> frame.Float | None:
    """Turn a picture of one digit into the image that MNIST would have made of it.

    Parameters
    ----------
    source : path-like, bytes, PIL.Image.Image or ndarray
        Dark ink on light paper or the reverse, in any size; arrays are uint8, or floats 0 to 1, of
        shape (rows, columns), or with 3 or 4 channels.

    Returns
    -------
    ndarray of float32, shape (28, 28), or None
        0 is paper, 1 is ink; None when there is no ink on the paper.

    Raises
    ------
    FileError
        If a file is missing, damaged, no picture, or larger than ``MAX_PIXELS``.
    ValueError
        If an array has another shape or type.

    Examples
    --------
    >>> page = np.full((90, 60), 255, np.uint8)
    >>> page[20:70, 28:34] = 0
    >>> picture_image(page).shape
    (28, 28)
    >>> picture_image(np.full((90, 60), 255, np.uint8)) is None
    True
    """
    steps = picture_stages(source)
    return None if steps is None else steps["centred"]


def picture_stages(source: Picture) -> dict[str, frame.Float] | None:
    """Return every step from a picture to what the network sees.

    Parameters
    ----------
    source : path-like, bytes, PIL.Image.Image or ndarray
        As for :func:`picture_image`.

    Returns
    -------
    dict of str to ndarray of float32, or None
        In order: "drawing" (rows, columns), the ink found, 0 to 1; "trimmed", the same without the
        paper around it; "fitted" (20, 20) and "centred" (28, 28) as in
        :func:`digitrec.ink.stages`. None when there is no ink.

    Raises
    ------
    FileError, ValueError
        As :func:`picture_image`.

    Examples
    --------
    >>> page = np.full((90, 60), 255, np.uint8)
    >>> page[20:70, 28:34] = 0
    >>> list(picture_stages(page))
    ['drawing', 'trimmed', 'fitted', 'centred']
    """
    from scipy import ndimage  # noqa: PLC0415 - a page that is only drawn on never needs it

    strength = _ink_strength(_open(source))
    if strength is None:
        return None
    ink = _without_specks(strength > 0.5)
    inside = ndimage.distance_transform_edt(ink)
    outside = ndimage.distance_transform_edt(~ink)
    # Along a line's middle the distance to paper is the pen's radius; the median is not misled by
    # the blots where lines cross.
    ridge = inside[(inside == ndimage.maximum_filter(inside, 3)) & ink]
    radius = float(np.median(ridge))
    signed = np.where(ink, -inside + 0.5, outside - 0.5)
    rows, columns = np.nonzero(ink)
    low = np.array([columns.min(), rows.min()]) + radius - 0.5
    high = np.maximum(np.array([columns.max(), rows.max()]) - radius + 0.5, low)
    scale = frame.scale_for(low, high)
    middle = (low + high) / 2
    field = signed + radius

    def distance(x: NDArray[np.float64], y: NDArray[np.float64], reach: float) -> Any:
        places = np.meshgrid(y / scale + middle[1], x / scale + middle[0], indexing="ij")
        # Beyond the picture's edge is paper, further from the ink than matters.
        return scale * ndimage.map_coordinates(
            field, places, order=1, mode="constant", cval=(reach + 1) / scale
        )

    fitted, centred = frame.frame(distance, np.zeros(2))
    drawing = np.where(ink, strength, 0).astype(np.float32)
    trimmed = drawing[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    return {"drawing": drawing, "trimmed": trimmed, "fitted": fitted, "centred": centred}


def _open(source: Picture) -> NDArray[np.float64]:
    """Return a picture as floats 0 to 1 of shape (rows, columns, 3), no larger than is useful."""
    if isinstance(source, np.ndarray):
        picture = _from_array(source)
    elif isinstance(source, PIL.Image.Image):
        picture = source
    else:
        picture = _from_file(source)
    if min(picture.size) < 1:
        raise ValueError(
            f"a picture with at least one pixel was expected. Received: {picture.size}"
        )
    opaque = _on_paper(picture)
    factor = _WORK / max(opaque.size)
    size = (max(1, round(opaque.width * factor)), max(1, round(opaque.height * factor)))
    method = PIL.Image.Resampling.BICUBIC if factor > 1 else PIL.Image.Resampling.BOX
    return np.asarray(opaque.resize(size, method), np.float64) / 255


def _from_array(array: NDArray[Any]) -> PIL.Image.Image:
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise ValueError(
            "a picture of shape (rows, columns), or with 3 or 4 channels, was expected. "
            f"Received: {array.shape}"
        )
    if array.dtype.kind == "f" and np.isfinite(array).all():
        array = np.round(np.clip(array, 0, 1) * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        raise ValueError(
            f"a picture of uint8, or of finite floats 0 to 1, was expected. Received: {array.dtype}"
        )
    return PIL.Image.fromarray(array)


def _from_file(source: str | os.PathLike[str] | bytes) -> PIL.Image.Image:
    name = "the picture" if isinstance(source, bytes) else str(Path(source))
    try:
        with warnings.catch_warnings():
            # Pillow warns of a large picture and goes on; we look at its size ourselves.
            warnings.simplefilter("ignore", PIL.Image.DecompressionBombWarning)
            content = io.BytesIO(source) if isinstance(source, bytes) else Path(source)
            with PIL.Image.open(content) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise FileError(
                        f"{name}: at most {MAX_PIXELS:,} pixels were expected. Received: "
                        f"{picture.width:,} × {picture.height:,}; make it smaller"
                    )
                picture.load()
                return PIL.ImageOps.exif_transpose(picture)
    except PIL.UnidentifiedImageError as error:
        raise FileError(f"{name}: a picture (PNG, JPEG, …) was expected, and it is none") from error
    except PIL.Image.DecompressionBombError as error:
        raise FileError(f"{name}: at most {MAX_PIXELS:,} pixels were expected") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        # Pillow's readers raise SyntaxError for a broken PNG and ValueError for broken headers.
        raise FileError(f"{name}: a picture was expected: {error}") from error


def _on_paper(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Lay a picture with transparent parts on white or black, whichever its ink is not."""
    if picture.mode in ("I", "I;16", "F"):
        grey = np.asarray(picture, np.float64)
        most = max(float(grey.max()), 1.0)
        return PIL.Image.fromarray((grey.clip(0) / most * 255).astype(np.uint8)).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = picture.convert("RGBA")
    colours = np.asarray(layered, np.float64)
    weight = colours[..., 3]
    mean = (colours[..., :3].mean(axis=2) * weight).sum() / max(weight.sum(), 1)
    paper = PIL.Image.new("RGBA", layered.size, "white" if mean < 128 else "black")
    return PIL.Image.alpha_composite(paper, layered).convert("RGB")


def _ink_strength(picture: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return how far every pixel is from paper to ink, or None if all of it is paper."""
    from scipy import ndimage  # noqa: PLC0415 - a page that is only drawn on never needs it

    grey = picture.mean(axis=2)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    # Ink covers less than paper does, and the border is nearly always paper.
    light_paper = float(np.median(border)) >= (float(grey.min()) + float(grey.max())) / 2
    if not light_paper:
        picture = 1 - picture
    # The paper's own brightness, shadow and all: what is left when everything narrower than a
    # third of the picture is closed over, made smooth.
    width = max(picture.shape[:2]) // 3
    pad = [(width, width), (width, width)]
    contrast = np.zeros(grey.shape)
    coloured = bool(np.ptp(picture, axis=2).any())
    for channel in np.moveaxis(picture, 2, 0)[: 3 if coloured else 1]:
        small = ndimage.zoom(np.pad(channel, pad, mode="edge"), 0.25, order=1)
        closed = ndimage.grey_closing(ndimage.gaussian_filter(small, 0.7), max(3, width // 4))
        paper = ndimage.gaussian_filter(closed, width / 16)
        factors = [
            (side + 2 * width) / have for side, have in zip(grey.shape, paper.shape, strict=True)
        ]
        full = ndimage.zoom(paper, factors, order=1)
        rows, columns = grey.shape
        full = full[width : width + rows, width : width + columns]
        contrast = np.maximum(contrast, (full - channel) / np.maximum(full, 0.2))
    bound = _otsu(contrast.clip(0, 1))
    faint, strong = contrast[contrast <= bound], contrast[contrast > bound]
    if not strong.size or not faint.size or strong.mean() - faint.mean() < _LEAST_CONTRAST:
        return None
    strength = (contrast - faint.mean()) / (strong.mean() - faint.mean())
    return np.pad(strength.clip(0, 1), _MARGIN)


def _otsu(values: NDArray[np.float64]) -> float:
    """Return the bound that parts values best in two (Otsu, 1979)."""
    counts, edges = np.histogram(values, bins=256, range=(0, 1))
    middles = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()
    above = below[-1] - below
    sums = (counts * middles).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        apart = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    return float(edges[1:][np.nan_to_num(apart).argmax()])


def _without_specks(ink: NDArray[np.bool_]) -> NDArray[np.bool_]:
    from scipy import ndimage  # noqa: PLC0415 - a page that is only drawn on never needs it

    parts, _ = ndimage.label(ink, np.ones((3, 3)))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.asarray((sizes >= _SPECK * sizes.max())[parts])
