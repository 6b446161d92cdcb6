"""Turns arrays of numbers into pictures: grey ink, signed colours, numbers in their cells."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image, ImageDraw, ImageFont

DENSITY = 2
"""Pixels of a picture for one pixel of the page, so that it is sharp on a dense screen."""

Picture = Image.Image

# Blue and orange differ for every kind of colour vision; both ends are equally dark.
_ANCHORS = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])
_SIGNED = np.array([(0, 68, 136), (111, 170, 212), (247, 247, 247), (250, 170, 95), (179, 74, 0)])
_BLANK = (226, 226, 230)
_PAPER = (255, 255, 255)
_TEXT = (34, 34, 34)
_FRAME = ((0, 0, 0), (255, 214, 0))


@dataclass(frozen=True)
class Box:
    """A frame around some cells of a grid.

    Parameters
    ----------
    top, left : int
        Its first row and column.
    height, width : int
        How many rows and columns it goes around.

    Examples
    --------
    >>> Box(0, 0, 5, 5).height
    5
    """

    top: int
    left: int
    height: int
    width: int


def colours(values: ArrayLike, *, signed: bool, limit: float | None = None) -> NDArray[np.uint8]:
    """Return a colour for every number.

    Parameters
    ----------
    values : array_like, shape (height, width)
    signed : bool
        True: blue for negative, white for 0, orange for positive. False: black for 0 to white.
    limit : float, optional
        The number that gets the strongest colour; the largest of `values` if left out.

    Returns
    -------
    ndarray of uint8, shape (height, width, 3)

    Raises
    ------
    ValueError
        If `values` has another number of dimensions.

    Examples
    --------
    >>> colours([[0.0, 1.0]], signed=False).tolist()
    [[[0, 0, 0], [255, 255, 255]]]
    """
    array = np.asarray(values, np.float64)
    if array.ndim != 2:
        raise ValueError(f"values must have shape (height, width). Received: {array.shape}")
    if limit is None:
        limit = float(np.abs(array).max(initial=0))
    shares = np.clip(array / limit, -1, 1) if limit > 0 else np.zeros_like(array)
    if not signed:
        grey = np.rint(np.clip(shares, 0, 1) * 255).astype(np.uint8)
        return np.stack([grey] * 3, axis=-1)
    channels = [np.interp(shares, _ANCHORS, _SIGNED[:, channel]) for channel in range(3)]
    return np.asarray(np.rint(np.stack(channels, axis=-1)), np.uint8)


def readable_on(colour: ArrayLike) -> tuple[int, int, int]:
    """Return black or white, whichever can be read better on a colour.

    Parameters
    ----------
    colour : array_like of three bytes
        Red, green and blue.

    Returns
    -------
    tuple of int
        Its contrast to `colour` is at least 4.5 to 1, by the relative luminance of WCAG 2.2.

    Examples
    --------
    >>> readable_on((0, 0, 0)), readable_on((250, 170, 95))
    ((255, 255, 255), (0, 0, 0))
    """
    shares = np.asarray(colour) / 255
    linear = np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)
    # Here either has the same contrast: (1 + 0.05) / (0.179 + 0.05) = (0.179 + 0.05) / 0.05.
    return (0, 0, 0) if linear @ (0.2126, 0.7152, 0.0722) > 0.179 else _PAPER


def grid(
    values: ArrayLike,
    *,
    signed: bool,
    limit: float | None = None,
    cell: int = 8,
    numbers: str = "",
    box: Box | None = None,
    blank: NDArray[np.bool_] | None = None,
) -> Picture:
    """Draw every number as a coloured cell.

    Parameters
    ----------
    values : array_like, shape (height, width)
    signed, limit
        As for :func:`colours`.
    cell : int
        Side of a cell, in pixels of the page.
    numbers : str
        The format in which the numbers are written into their cells, such as ".2f"; none if
        left out.
    box : Box, optional
        Cells to frame.
    blank : ndarray of bool, shape (height, width), optional
        Cells that hold no number: they are left grey.

    Returns
    -------
    PIL.Image.Image

    Examples
    --------
    >>> grid(np.eye(3), signed=True, cell=10).size
    (60, 60)
    """
    array = np.asarray(values, np.float64)
    painted = colours(array, signed=signed, limit=limit)
    if blank is not None:
        painted[blank] = _BLANK
    side = cell * DENSITY
    picture = Image.fromarray(painted.repeat(side, axis=0).repeat(side, axis=1))
    pen = ImageDraw.Draw(picture)
    if numbers:
        font = ImageFont.load_default(side * 0.36)
        for (row, column), number in np.ndenumerate(array):
            if blank is None or not blank[row, column]:
                middle = (column + 0.5) * side, (row + 0.5) * side
                colour = readable_on(painted[row, column])
                pen.text(middle, format(number, numbers), colour, font, anchor="mm")
        for line in range(side, picture.width, side):
            pen.line([(line, 0), (line, picture.height)], fill=(128, 128, 128))
        for line in range(side, picture.height, side):
            pen.line([(0, line), (picture.width, line)], fill=(128, 128, 128))
    if box is not None:
        _frame(pen, box, side)
    return picture


def sheet(
    tiles: Sequence[Picture], *, columns: int, labels: Sequence[str] = (), gap: int = 6
) -> Picture:
    """Lay pictures out in rows on white paper.

    Parameters
    ----------
    tiles : sequence of PIL.Image.Image
        At least one.
    columns : int
        How many are side by side.
    labels : sequence of str
        What is written below each; nothing if left out.
    gap : int
        Room between two, in pixels of the page.

    Returns
    -------
    PIL.Image.Image

    Raises
    ------
    ValueError
        If there is nothing to lay out, or not a label for each.

    Examples
    --------
    >>> tile = grid(np.eye(3), signed=True, cell=10)
    >>> sheet([tile] * 4, columns=2, gap=5).size
    (150, 150)
    """
    if not tiles or columns < 1:
        raise ValueError(
            f"at least one tile and one column are needed. Received: {len(tiles)}, {columns}"
        )
    if labels and len(labels) != len(tiles):
        raise ValueError(f"{len(tiles)} labels were expected. Received: {len(labels)}")
    gap *= DENSITY
    size = 15 * DENSITY
    font = ImageFont.load_default(size)
    below = round(size * 1.5) if labels else 0
    width = max(tile.width for tile in tiles)
    if labels:
        width = max(width, *(round(font.getlength(label)) for label in labels))
    height = max(tile.height for tile in tiles) + below
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    paper = Image.new("RGB", (columns * (width + gap) + gap, rows * (height + gap) + gap), _PAPER)
    pen = ImageDraw.Draw(paper)
    for index, tile in enumerate(tiles):
        row, column = divmod(index, columns)
        left = gap + column * (width + gap) + (width - tile.width) // 2
        top = gap + row * (height + gap)
        paper.paste(tile, (left, top + height - below - tile.height))
        if labels:
            middle = gap + column * (width + gap) + width / 2
            pen.text((middle, top + height - below / 2), labels[index], _TEXT, font, anchor="mm")
    return paper


def beside(*parts: Picture | str, gap: int = 10) -> Picture:
    """Put pictures and the signs between them in one line on white paper.

    Parameters
    ----------
    *parts : PIL.Image.Image or {"×", "=", "→"}
    gap : int
        Room around each, in pixels of the page.

    Returns
    -------
    PIL.Image.Image

    Examples
    --------
    >>> tile = grid(np.eye(3), signed=True, cell=10)
    >>> beside(tile, "×", tile, gap=5).size
    (196, 80)
    """
    pictures = [_sign(part) if isinstance(part, str) else part for part in parts]
    gap *= DENSITY
    height = max(picture.height for picture in pictures)
    paper = Image.new("RGB", (sum(p.width + gap for p in pictures) + gap, height + 2 * gap), _PAPER)
    left = gap
    for picture in pictures:
        paper.paste(picture, (left, gap + (height - picture.height) // 2))
        left += picture.width + gap
    return paper


def to_png(picture: Picture, *, effort: int = 6) -> bytes:
    """Return the bytes of a PNG file.

    Parameters
    ----------
    picture : PIL.Image.Image
    effort : int
        From 1, fast, to 9, small.

    Examples
    --------
    >>> to_png(grid(np.eye(3), signed=True))[1:4]
    b'PNG'
    """
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=effort)
    return stream.getvalue()


def to_html(picture: Picture, words: str) -> str:
    """Return an ``<img>`` that holds the picture itself and shrinks with the page.

    Parameters
    ----------
    picture : PIL.Image.Image
    words : str
        What it shows, for people who cannot see it.

    Examples
    --------
    >>> to_html(grid(np.eye(3), signed=True), "a diagonal")[:21]
    '<img alt="a diagonal"'
    """
    content = base64.b64encode(to_png(picture, effort=1)).decode()
    return (
        f'<img alt="{html.escape(words)}" src="data:image/png;base64,{content}" '
        f'width="{picture.width // DENSITY}" '
        'style="max-width:100%;height:auto;border-radius:3px">'
    )


def _frame(pen: ImageDraw.ImageDraw, box: Box, side: int) -> None:
    left, top = box.left * side, box.top * side
    right, bottom = left + box.width * side - 1, top + box.height * side - 1
    # Yellow between two black lines is seen on ink, on paper and on either signed colour.
    for inset, colour, width in ((-1, _FRAME[0], DENSITY + 3), (0, _FRAME[1], DENSITY + 1)):
        pen.rectangle(
            (left + inset, top + inset, right - inset, bottom - inset), outline=colour, width=width
        )


def _sign(sign: str) -> Picture:
    side = 18 * DENSITY
    picture = Image.new("RGB", (side, side), _PAPER)
    pen = ImageDraw.Draw(picture)
    low, high, middle = side * 0.25, side * 0.75, side / 2
    strokes = {
        "×": [(low, low, high, high), (low, high, high, low)],
        "=": [(low, side * 0.4, high, side * 0.4), (low, side * 0.6, high, side * 0.6)],
        "→": [
            (low, middle, high, middle),
            (middle, low, high, middle),
            (middle, high, high, middle),
        ],
    }
    if sign not in strokes:
        raise ValueError(f"a sign must be one of {', '.join(strokes)}. Received: {sign!r}")
    for stroke in strokes[sign]:
        pen.line(stroke, fill=_TEXT, width=DENSITY)
    return picture
