"""Arrays as PNG pictures inside the page, made without Matplotlib."""

import base64
import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def png(pixels: NDArray[np.uint8]) -> str:
    """Return a picture as the address of an ``<img>``.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (height, width), (height, width, 2) or (height, width, 3)
        Grey, grey with opacity, or red, green and blue.

    Returns
    -------
    str
        A ``data:`` URL; nothing is asked of any server.

    Examples
    --------
    >>> png(np.zeros((2, 2), np.uint8))[:22]
    'data:image/png;base64,'
    """
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def grey(image: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return an image of floats from 0 to 1 as bytes.

    Parameters
    ----------
    image : ndarray of float32

    Returns
    -------
    ndarray of uint8
        Of the same shape.

    Examples
    --------
    >>> grey(np.array([[0.0, 1.0]], np.float32))
    array([[  0, 255]], dtype=uint8)
    """
    return np.rint(np.clip(image, 0, 1) * 255).astype(np.uint8)


def atlas(rows: NDArray[np.uint8], gap: int = 2) -> NDArray[np.uint8]:
    """Lay images out as one picture with clear gaps between them.

    Parameters
    ----------
    rows : ndarray of uint8, shape (rows, columns, height, width)
    gap : int, optional
        Pixels around every image, half on either side.

    Returns
    -------
    ndarray of uint8, shape (rows * (height + gap), columns * (width + gap), 2)
        Grey and opacity; the gaps are transparent.

    Examples
    --------
    >>> atlas(np.zeros((10, 12, 28, 28), np.uint8)).shape
    (300, 360, 2)
    """
    num_rows, num_columns, height, width = rows.shape
    side = gap // 2
    cells = np.zeros((num_rows, num_columns, height + gap, width + gap, 2), np.uint8)
    cells[:, :, side : side + height, side : side + width, 0] = rows
    cells[:, :, side : side + height, side : side + width, 1] = 255
    page = cells.transpose(0, 2, 1, 3, 4)
    return page.reshape(num_rows * (height + gap), num_columns * (width + gap), 2)
