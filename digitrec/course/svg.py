"""Drawings of lines, discs and letters that stay sharp at every width."""

import html

INK, PALE = "#222222", "#d9d9d9"
BLUE, ORANGE = "#0072b2", "#d55e00"
"""Colours that differ for every kind of colour vision, on the white paper of a drawing."""


def drawing(width: float, height: float, *parts: str, words: str = "") -> str:
    """Put parts on white paper that shrinks and grows with the page.

    Parameters
    ----------
    width, height : float
        Of the paper, in the units of the parts.
    *parts : str
        What is on it, the last on top.
    words : str
        What it shows, for people who cannot see it; none where the page says it already.

    Examples
    --------
    >>> drawing(4, 3, words="nothing")[:51]
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 '
    """
    role = f'role="img" aria-label="{html.escape(words)}"' if words else 'role="presentation"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" {role} '
        'style="display:block;width:100%;height:auto;background:white;border-radius:3px" '
        f'font-family="sans-serif">{"".join(parts)}</svg>'
    )


def text(
    x: float,
    y: float,
    content: str,
    *,
    size: float = 12,
    anchor: str = "middle",
    bold: bool = False,
    colour: str = INK,
) -> str:
    """Write a line, its middle at the height of a point.

    Parameters
    ----------
    x, y : float
    content : str
    size : float
        Of the letters.
    anchor : {"start", "middle", "end"}
        Which end of the line is at `x`.
    bold : bool
    colour : str

    Examples
    --------
    >>> "5 &lt; 6" in text(10, 10, "5 < 6")
    True
    """
    weight = ' font-weight="bold"' if bold else ""
    # An attribute for the vertical middle exists, but not in every browser; this is its effect.
    return (
        f'<text x="{x:.1f}" y="{y + size * 0.35:.1f}" font-size="{size:g}" text-anchor="{anchor}"'
        f'{weight} fill="{colour}">{html.escape(content)}</text>'
    )


def line(
    start: tuple[float, float],
    end: tuple[float, float],
    *,
    colour: str = INK,
    width: float = 1,
    dashes: str = "",
) -> str:
    """Draw a straight line.

    Parameters
    ----------
    start, end : tuple of float
        Its ends, x and y.
    colour : str
    width : float
    dashes : str
        How long dashes and gaps are, such as "4 3"; a whole line if left out.

    Examples
    --------
    >>> "dasharray" in line((0, 0), (1, 1), dashes="4 3")
    True
    """
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" '
        f'stroke="{colour}" stroke-width="{width:g}"{dashed}/>'
    )


def disc(x: float, y: float, radius: float, *, colour: str, filled: bool = True) -> str:
    """Draw a disc, or a ring.

    Parameters
    ----------
    x, y : float
        Its middle.
    radius : float
    colour : str
    filled : bool
        False draws a ring.

    Examples
    --------
    >>> "none" in disc(0, 0, 3, colour="red", filled=False)
    True
    """
    look = f'fill="{colour}"' if filled else f'fill="none" stroke="{colour}" stroke-width="1.5"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {look}/>'


def box(x: float, y: float, width: float, height: float, *, colour: str) -> str:
    """Draw a filled rectangle.

    Parameters
    ----------
    x, y : float
        Its upper left corner.
    width, height : float
    colour : str

    Examples
    --------
    >>> box(0, 0, 3, 3, colour="red")[:5]
    '<rect'
    """
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'
    )


def choice(value: int, words: str, *parts: str) -> str:
    """Make something of a drawing that can be chosen in a :class:`digitrec.course.picker.Picker`.

    Parameters
    ----------
    value : int
        What choosing it means.
    words : str
        What it is, for people who cannot see it.
    *parts : str
        What of the drawing belongs to it.

    Examples
    --------
    >>> 'data-value="7"' in choice(7, "a disc", disc(0, 0, 3, colour="red"))
    True
    """
    return (
        f'<g role="option" data-value="{value}" aria-label="{html.escape(words)}">'
        f"{''.join(parts)}</g>"
    )
