"""Pictures of a digit, photographed, scanned or drawn elsewhere, down the same last stages."""

from collections.abc import Iterator

from digitrec.ink import frame, parts, redraw, sheet
from digitrec.ink.opening import MAX_PIXELS, Picture, open_planes

__all__ = [
    "MAX_PIXELS",
    "Picture",
    "framed",
    "ink_of",
    "picture_image",
    "picture_readings",
    "picture_stages",
]


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
    >>> import numpy as np
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
    >>> import numpy as np
    >>> page = np.full((90, 60), 255, np.uint8)
    >>> page[20:70, 28:34] = 0
    >>> list(picture_stages(page))
    ['drawing', 'trimmed', 'fitted', 'centred']
    """
    return next(picture_readings(source), [None])[0]


def picture_readings(source: Picture) -> Iterator[list[redraw.Stages]]:
    """Return every way to read a picture.

    Parameters
    ----------
    source : path-like, bytes, PIL.Image.Image or ndarray
        As for :func:`picture_image`.

    Yields
    ------
    list of dict of str to ndarray of float32
        For every idea of what is ink, the likeliest first, the ways to redraw it, each as
        :func:`picture_stages` returns it.

    Raises
    ------
    FileError, ValueError
        As :func:`picture_image`.

    Examples
    --------
    >>> import numpy as np
    >>> page = np.full((90, 60), 255, np.uint8)
    >>> page[20:70, 28:34] = 0
    >>> list(next(picture_readings(page))[0])
    ['drawing', 'trimmed', 'fitted', 'centred']
    """
    for strength in sheet.strengths(open_planes(source)):
        for found in parts.inks(strength):
            ways = list(redraw.redrawn(found))
            if ways:
                yield ways


def ink_of(source: Picture) -> frame.Float | None:
    """Find all the ink in a picture, of however many digits.

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
    >>> import numpy as np
    >>> page = np.full((90, 160), 255, np.uint8)
    >>> page[20:70, 28:34] = page[20:70, 120:126] = 0
    >>> found = ink_of(page)
    >>> found.shape, (found.max(axis=0) > 0.5).sum()
    ((112, 200), np.int64(16))
    """
    for strength in sheet.strengths(open_planes(source)):
        found = parts.all_ink(strength)
        if found is not None:
            return found
    return None


def framed(found: frame.Float) -> redraw.Stages | None:
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
    >>> import numpy as np
    >>> plane = np.zeros((90, 60), np.float32)
    >>> plane[20:70, 28:34] = 1
    >>> framed(plane)["centred"].shape
    (28, 28)
    """
    return next(redraw.redrawn(parts.Ink(found, found)), None)
