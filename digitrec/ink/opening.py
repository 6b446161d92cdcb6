"""Opening pictures, whatever they are: files, bytes, arrays, with or without colour."""

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

from digitrec.errors import FileError, HeicError
from digitrec.ink.planes import Planes

Picture = str | os.PathLike[str] | bytes | PIL.Image.Image | NDArray[Any]
"""A path, the bytes of a file, a Pillow image, or an array (rows, columns[, 3 or 4])."""

MAX_PIXELS = 40_000_000
"""A picture with more pixels is refused before it is unpacked."""

_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF", "PPM")  # none that needs a program
_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
# A broken PNG is a SyntaxError to Pillow and a broken header a ValueError; the others come out of
# the depths of its readers, as where a TIFF gives a fraction for a place in the file.
_DAMAGED = (
    OSError, SyntaxError, ValueError, EOFError,
    TypeError, LookupError, ArithmeticError, RuntimeError, struct.error,
)  # fmt: skip
_WORK = 400  # longest side a picture is worked on at, pixels
_LARGE = 4_000_000  # pixels; more of them are not taken as numbers
_ENLARGED = 200  # longest side a smaller picture is enlarged to, pixels
_MOST_ZOOM = 4  # what a small picture is made larger by


def open_planes(source: Picture) -> Planes:
    """Open a picture, no larger than is useful, and a very small one enlarged.

    Parameters
    ----------
    source : path-like, bytes, PIL.Image.Image or ndarray

    Returns
    -------
    ndarray of float32, shape (3, rows, columns)
        Red, green and blue, 0 to 1.

    Raises
    ------
    FileError, ValueError
        As :func:`digitrec.ink.picture_image`.
    """
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
    longest = max(opaque.size)
    factor = min(_WORK / longest, max(1, min(_ENLARGED / longest, _MOST_ZOOM)))
    size = (max(1, round(opaque.width * factor)), max(1, round(opaque.height * factor)))
    method = PIL.Image.Resampling.BICUBIC if factor > 1 else PIL.Image.Resampling.BOX
    planes = opaque.resize(size, method).split()
    return np.asarray(np.stack([np.asarray(plane) for plane in planes]) / 255, np.float32)


def open_picture(source: Picture) -> Planes:
    """Open a picture as :func:`open_planes` does, to be shown.

    Parameters
    ----------
    source : path-like, bytes, PIL.Image.Image or ndarray

    Returns
    -------
    ndarray of float32, shape (rows, columns, 3)
        Red, green and blue, 0 to 1.

    Raises
    ------
    FileError, ValueError
        As :func:`digitrec.ink.picture_image`.

    Examples
    --------
    >>> open_picture(np.zeros((300, 400), np.uint8)).shape
    (300, 400, 3)
    """
    return np.ascontiguousarray(np.moveaxis(open_planes(source), 0, 2))


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
            with _opened(content, name) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    raise FileError(
                        f"{name}: at most {MAX_PIXELS:,} pixels were expected. Received: "
                        f"{picture.width:,} × {picture.height:,}; make it smaller"
                    )
                picture.load()
                _check_numbers(picture)
                return PIL.ImageOps.exif_transpose(picture)
    except FileError:
        raise
    except PIL.UnidentifiedImageError as error:
        raise FileError(f"{name}: a picture (PNG, JPEG, …) was expected, and it is none") from error
    except PIL.Image.DecompressionBombError as error:
        raise FileError(f"{name}: at most {MAX_PIXELS:,} pixels were expected") from error
    except _DAMAGED as error:
        raise FileError(f"{name}: a picture was expected: {error}") from error


def _opened(content: io.BytesIO | Path, name: str) -> PIL.Image.Image:
    if not _is_heic(content):
        return PIL.Image.open(content, formats=_FORMATS)
    try:
        import pillow_heif  # noqa: PLC0415 - only these files need it, and it may be missing
    except ImportError:
        raise HeicError(
            f"{name}: this is a HEIC file, as iPhones make them, and cannot be read here; save it "
            "as a JPEG, or install digitrec[heic]"
        ) from None
    picture: PIL.Image.Image = pillow_heif.HeifImageFile(content)
    return picture


def _is_heic(content: io.BytesIO | Path) -> bool:
    """Say whether a file begins like one of the High Efficiency Image Format (ISO/IEC 23008-12)."""
    if isinstance(content, Path):
        with content.open("rb") as file:
            start = file.read(12)
    else:
        start = content.getvalue()[:12]
    return start[4:8] == b"ftyp" and start[8:12] in _HEIC


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
