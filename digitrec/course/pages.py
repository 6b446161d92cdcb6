"""Small pieces of HTML for pictures and words.

Colours are those of the page around them, so that light and dark themes both fit.
"""

import html
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.course import pictures

# Twenty-five cells that each say so would be three times as long. The names are our own, and
# twice the class outweighs what JupyterLab says about every table.
_CELLS = (
    "<style>.digitrec-numbers.digitrec-numbers{border-collapse:collapse;margin:0}"
    ".digitrec-numbers.digitrec-numbers td{width:42px;min-width:42px;max-width:42px;height:36px;"
    "padding:0;text-align:center;font-size:12px;border:1px solid #808080;"
    "font-variant-numeric:tabular-nums}"
    # On a phone, two tables of five columns fit side by side.
    "@media(max-width:480px){.digitrec-numbers.digitrec-numbers td{width:28px;min-width:28px;"
    "max-width:28px;height:28px;font-size:10px;letter-spacing:-.3px}}</style>"
)


def number(value: float) -> str:
    """Return a number for a sentence: two decimals and a true minus.

    Parameters
    ----------
    value : float

    Examples
    --------
    >>> number(-1.234), number(-0.001)
    ('−1.23', '0.00')
    """
    return f"{value:z.2f}".replace("-", "−")


def figure(*lines: str, caption: str, caption_first: bool = False) -> str:
    """Put together lines of pictures and a text that is read out when it changes.

    Parameters
    ----------
    *lines : str
        HTML.
    caption : str
        HTML.
    caption_first : bool
        Whether the text comes before the pictures.

    Examples
    --------
    >>> figure("<hr>", caption="A line.").endswith("</figcaption></figure>")
    True
    """
    text = f'<figcaption aria-live="polite" style="max-width:44em">{caption}</figcaption>'
    parts = [text, *lines] if caption_first else [*lines, text]
    return f'<figure style="margin:8px 0;line-height:1.5">{"".join(parts)}</figure>'


def line(*parts: str) -> str:
    """Put pieces side by side; on a narrow page they wrap.

    Parameters
    ----------
    *parts : str
        HTML.

    Examples
    --------
    >>> "flex" in line("a", "b")
    True
    """
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:6px;align-items:center;'
        f'margin-bottom:10px">{"".join(parts)}</div>'
    )


def titled(title: str, content: str, *, width: int | None = None) -> str:
    """Put a title above a picture.

    Parameters
    ----------
    title : str
    content : str
        HTML.
    width : int, optional
        Pixels that it takes if there is room; with less, it shrinks to two thirds of them.

    Examples
    --------
    >>> "The kernel" in titled("The kernel", numbers(np.eye(2), "weights", signed=True))
    True
    """
    room = "100%"
    if width is not None:
        room = f"{width}px;flex:1 1 {width * 2 // 3}px;align-self:flex-start"
    return (
        f'<div style="max-width:{room}">'
        f'<div style="font-size:90%">{html.escape(title)}</div>{content}</div>'
    )


def numbers(
    values: ArrayLike,
    words: str,
    *,
    signed: bool,
    limit: float | None = None,
    largest: bool = False,
) -> str:
    """Write numbers into a table of coloured cells.

    Parameters
    ----------
    values : array_like, shape (height, width)
    words : str
        What they are, for people who cannot see the table.
    signed, limit
        As for :func:`digitrec.course.pictures.colours`.
    largest : bool
        Whether to frame the largest.

    Examples
    --------
    >>> numbers([[0.5, -0.5]], "two", signed=True).count("</td>")
    2
    """
    array = np.asarray(values, np.float64)
    painted = pictures.colours(array, signed=signed, limit=limit)
    framed = divmod(int(array.argmax()), array.shape[1]) if largest else None
    rows = []
    for row in range(len(array)):
        cells = []
        for column, value in enumerate(array[row]):
            paper = painted[row, column]
            frame = "outline:3px solid #ffd600;outline-offset:-3px;" * (framed == (row, column))
            cells.append(
                f'<td style="{frame}background:{_css(paper)};'
                f'color:{_css(pictures.readable_on(paper))}">{number(value)}</td>'
            )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    return (
        f'{_CELLS}<table class="digitrec-numbers" aria-label="{html.escape(words)}">'
        f"{''.join(rows)}</table>"
    )


def sign(text: str) -> str:
    """Return a large sign to put between two pictures.

    Parameters
    ----------
    text : str

    Examples
    --------
    >>> "×" in sign("×")
    True
    """
    return f'<div style="font-size:22px">{html.escape(text)}</div>'


def _css(colour: Sequence[int] | NDArray[np.uint8]) -> str:
    return "#" + bytes(int(channel) for channel in colour).hex()
