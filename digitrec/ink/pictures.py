"""Pictures of a digit, photographed, scanned or drawn elsewhere, down the same last stages."""

import io
import os
import struct
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import PIL.ImageOps
from numpy.typing import NDArray

from digitrec.errors import FileError
from digitrec.ink import frame, sheet

Picture = str | os.PathLike[str] | bytes | PIL.Image.Image | NDArray[Any]
"""A path, the bytes of a file, a Pillow image, or an array (rows, columns[, 3 or 4])."""

MAX_PIXELS = 40_000_000
"""A picture with more pixels is refused before it is unpacked."""

_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")  # none that needs a program
# A broken PNG is a SyntaxError to Pillow and a broken header a ValueError; the others come out of
# the depths of its readers, as where a TIFF gives a fraction for a place in the file.
_DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError,
    TypeError, LookupError, ArithmeticError, RuntimeError, struct.error,
)  # fmt: skip
_WORK = 400  # longest side a picture is worked on at, pixels
_LARGE = 4_000_000  # pixels; more of them are not taken as numbers
_MOST_ZOOM = 4  # what a small picture is made larger by
_MOST_SCALE = 1.0  # a blot is no line, and has no middle that would fill the box
_MARGIN = 12  # paper around the ink, so that ink at its edge has an outside, pixels


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
        If an array has another shape or type, or an image numbers that are not finite.

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
    found = ink_of(source)
    return None if found is None else framed(found)


def ink_of(source: Picture) -> frame.Float | None:
    """Find the ink in a picture.

    Parameters
    ----------
    source : path-like, bytes, PIL.Image.Image or ndarray
        As for :func:`picture_image`.

    Returns
    -------
    ndarray of float32, shape (rows, columns), or None
        0 is paper, 1 is ink, in the size that pictures are worked on at; None when there is none.

    Raises
    ------
    FileError, ValueError
        As :func:`picture_image`.

    Examples
    --------
    >>> page = np.full((90, 60), 255, np.uint8)
    >>> page[20:70, 28:34] = 0
    >>> ink_of(page).shape
    (360, 240)
    """
    return sheet.ink_strength(_open(source))


def framed(found: frame.Float) -> dict[str, frame.Float] | None:
    """Return the last steps from a picture's ink to what the network sees.

    Parameters
    ----------
    found : ndarray of float32, shape (rows, columns)
        0 is paper, 1 is ink.

    Returns
    -------
    dict of str to ndarray of float32, or None
        As :func:`picture_stages`.

    Examples
    --------
    >>> plane = np.zeros((90, 60), np.float32)
    >>> plane[20:70, 28:34] = 1
    >>> framed(plane)["centred"].shape
    (28, 28)
    """
    from scipy import ndimage  # noqa: PLC0415 - a page that is only drawn on never needs it

    drawn = np.nonzero(found > 0.5)
    if not len(drawn[0]):
        return None
    trimmed = found[tuple(slice(places.min(), places.max() + 1) for places in drawn)]
    ink = np.pad(trimmed > 0.5, _MARGIN)
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
    scale = min(frame.scale_for(low, high), _MOST_SCALE)
    middle = (low + high) / 2
    field = signed + radius

    def distance(x: NDArray[np.float64], y: NDArray[np.float64], reach: float) -> Any:
        places = np.meshgrid(y / scale + middle[1], x / scale + middle[0], indexing="ij")
        # Beyond the picture's edge is paper, further from the ink than matters.
        return scale * ndimage.map_coordinates(
            field, places, order=1, mode="constant", cval=(reach + 1) / scale
        )

    fitted, centred = frame.frame(distance, np.zeros(2))
    return {"drawing": found, "trimmed": trimmed, "fitted": fitted, "centred": centred}


def _open(source: Picture) -> NDArray[np.float32]:
    """Return a picture as floats 0 to 1 of shape (3, rows, columns), no larger than is useful."""
    if isinstance(source, np.ndarray):
        picture = _from_array(source)
    elif isinstance(source, PIL.Image.Image):
        picture = source
        _check_numbers(picture)
    else:
        picture = _from_file(source)
    if min(picture.size) < 1:
        raise ValueError(
            f"a picture with at least one pixel was expected. Received: {picture.size}"
        )
    opaque = _on_paper(picture)
    factor = min(_WORK / max(opaque.size), _MOST_ZOOM)
    size = (max(1, round(opaque.width * factor)), max(1, round(opaque.height * factor)))
    method = PIL.Image.Resampling.BICUBIC if factor > 1 else PIL.Image.Resampling.BOX
    planes = opaque.resize(size, method).split()
    return np.asarray(np.stack([np.asarray(plane) for plane in planes]) / 255, np.float32)


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
            # Pillow warns of what is large or damaged, and goes on; a log need not know.
            warnings.simplefilter("ignore")
            content = io.BytesIO(source) if isinstance(source, bytes) else Path(source)
            with PIL.Image.open(content, formats=_FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise FileError(
                        f"{name}: at most {MAX_PIXELS:,} pixels were expected. Received: "
                        f"{picture.width:,} × {picture.height:,}; make it smaller"
                    )
                picture.load()
                _check_numbers(picture)
                return PIL.ImageOps.exif_transpose(picture)
    except PIL.UnidentifiedImageError as error:
        raise FileError(f"{name}: a picture (PNG, JPEG, …) was expected, and it is none") from error
    except PIL.Image.DecompressionBombError as error:
        raise FileError(f"{name}: at most {MAX_PIXELS:,} pixels were expected") from error
    except _DAMAGED as error:
        raise FileError(f"{name}: a picture was expected: {error}") from error


def _check_numbers(picture: PIL.Image.Image) -> None:
    if picture.mode == "F" and not np.isfinite(np.asarray(picture)).all():
        raise ValueError("a picture of finite numbers was expected, and some of these are not")


def _on_paper(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Lay a picture with transparent parts on white or black, whichever its ink is not."""
    if picture.mode in ("I", "I;16", "F"):
        grey = np.asarray(_less(picture.convert("F")), np.float64)
        most = max(float(grey.max()), 1.0)
        return PIL.Image.fromarray((grey.clip(0) / most * 255).astype(np.uint8)).convert("RGB")
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layered = _less(picture.convert("RGBA"))
    colours = np.asarray(layered, np.float64)
    weight = colours[..., 3]
    mean = (colours[..., :3].mean(axis=2) * weight).sum() / max(weight.sum(), 1)
    paper = PIL.Image.new("RGBA", layered.size, "white" if mean < 128 else "black")
    return PIL.Image.alpha_composite(paper, layered).convert("RGB")


def _less(picture: PIL.Image.Image) -> PIL.Image.Image:
    """Return a large picture with fewer pixels, though more than it is worked on at."""
    if picture.width * picture.height <= _LARGE:
        return picture
    return picture.reduce(max(1, max(picture.size) // (2 * _WORK)))
