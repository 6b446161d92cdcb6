"""What photographs of a digit may show: papers, pens, lines, desks, and the kinds made of them."""

from dataclasses import dataclass

Pair = tuple[float, float]


@dataclass(frozen=True)
class Kind:
    """What a kind of photograph shows; a pair holds the bounds between which a value is drawn.

    Parameters
    ----------
    papers, pens : tuple of str
        Names of what it may be written on, and with.
    lines : {"none", "ruled", "squared", "boxed"}
        What is printed on the paper; "boxed" is the frame of a form's cell around the digit.
    pen : tuple of float
        Width of the line, shares of the digit's longer side.
    size : tuple of float
        Longer side of the digit, shares of the picture's shorter side.
    place : float
        How far from the middle the digit may lie, share of the room there is.
    turn : float
        Most the sheet is turned, degrees.
    tilt : float
        Most the camera leans; at 0.1 the far side of the picture is smaller by about a fifth.
    gradient, shadow, vignette : tuple of float
        Share of the light that is lost across the picture, in a shadow, and in the corners.
    exposure : tuple of float
        Brightness of white paper in full light, 0 to 1.
    blur : tuple of float
        Standard deviation of the lens's blur, thousandths of the picture's longer side.
    noise : tuple of float
        Standard deviation of the sensor's noise, share of the whole range.
    quality : tuple of float
        Of the JPEG, 1 to 95.
    sides : tuple of float
        The picture's longer side, pixels.
    worn : float
        How many specks, smudges and folds there are, 0 to 1.
    desk : bool
        Whether the sheet's edges, and the desk below it, are in the picture.
    grey : float
        Share of pictures without colour.
    broken : tuple of float
        Share of every line that is missing, in gaps of one to two widths of the pen.

    Examples
    --------
    >>> Kind(lines="ruled").lines
    'ruled'
    """

    papers: tuple[str, ...] = ("white", "white", "cream", "recycled")
    pens: tuple[str, ...] = ("black", "blue")
    lines: str = "none"
    pen: Pair = (0.018, 0.06)
    size: Pair = (0.3, 0.75)
    place: float = 0.5
    turn: float = 6
    tilt: float = 0.08
    gradient: Pair = (0.05, 0.35)
    shadow: Pair = (0, 0)
    vignette: Pair = (0, 0.25)
    exposure: Pair = (0.6, 1.0)
    blur: Pair = (0.5, 1.5)
    noise: Pair = (0.004, 0.018)
    quality: Pair = (50, 95)
    sides: Pair = (320, 1200)
    worn: float = 0
    desk: bool = False
    grey: float = 0.03
    broken: Pair = (0, 0)


_ALL_COLOURS = ("black", "blue", "red", "green", "violet")

KINDS: dict[str, Kind] = {
    "plain": Kind(),
    "shadowed": Kind(shadow=(0.25, 0.6), gradient=(0.1, 0.5), lines="none"),
    "ruled": Kind(lines="ruled", pens=_ALL_COLOURS[:3]),
    "squared": Kind(lines="squared", pens=_ALL_COLOURS[:3]),
    "coloured pen": Kind(pens=("red", "green", "violet", "orange", "light blue")),
    "pencil": Kind(pens=("pencil",), shadow=(0, 0.2)),
    "pencil on squares": Kind(pens=("pencil",), lines="squared"),
    "fine pen": Kind(pens=_ALL_COLOURS, pen=(0.012, 0.018), size=(0.4, 0.9)),
    "felt-tip": Kind(pens=("black felt", "blue felt", "red felt", "green felt"), pen=(0.06, 0.16)),
    "off-centre": Kind(size=(0.13, 0.3), place=1, sides=(640, 1200), pen=(0.03, 0.07)),
    "tilted": Kind(turn=14, tilt=0.2, shadow=(0, 0.3), lines="ruled"),
    "dim": Kind(exposure=(0.3, 0.6), noise=(0.02, 0.05), blur=(1.5, 3.5), quality=(30, 80)),
    "worn": Kind(worn=1, papers=("cream", "recycled", "yellow"), shadow=(0, 0.3)),
    "desk": Kind(desk=True, size=(0.25, 0.45), place=0.25, shadow=(0, 0.3)),
    "scan": Kind(
        papers=("white",),
        size=(0.15, 0.8),
        turn=2,
        tilt=0,
        gradient=(0, 0.05),
        vignette=(0, 0),
        exposure=(0.9, 1.0),
        blur=(0.3, 0.8),
        noise=(0.002, 0.008),
        worn=0.3,
        grey=0.5,
    ),
    "blackboard": Kind(papers=("green board", "black board"), pens=("chalk",), pen=(0.025, 0.07)),
    "boxed": Kind(
        papers=("white", "cream"), lines="boxed", size=(0.25, 0.45), place=0.1, turn=3, tilt=0.03
    ),
    "saturated": Kind(
        papers=("bright yellow", "orange", "red", "lime", "cyan", "blue"),
        pens=("black", "black felt"),
        pen=(0.03, 0.1),
    ),
    "grainy": Kind(papers=("yellow", "recycled"), noise=(0.05, 0.1), pen=(0.05, 0.12)),
    "pale": Kind(pens=("faint", "lilac"), pen=(0.03, 0.08), exposure=(0.85, 1.0), noise=(0, 0.006)),
    "broken": Kind(pens=("black", "blue"), pen=(0.04, 0.08), broken=(0.2, 0.4)),
}
"""The kinds of photographs, by name."""

PAPERS = {
    "white": (0.90, 0.90, 0.89),
    "cream": (0.88, 0.84, 0.74),
    "recycled": (0.66, 0.65, 0.61),
    "yellow": (0.90, 0.80, 0.36),
    "bright yellow": (0.95, 0.88, 0.02),
    "orange": (0.95, 0.35, 0.03),
    "red": (0.80, 0.03, 0.03),
    "lime": (0.30, 0.90, 0.05),
    "cyan": (0.05, 0.80, 0.90),
    "blue": (0.04, 0.12, 0.75),
    "green board": (0.05, 0.10, 0.075),
    "black board": (0.05, 0.05, 0.055),
}
"""The share of red, green and blue light that papers throw back, by name."""

LINES = ((0.45, 0.60, 0.80), (0.55, 0.70, 0.85), (0.55, 0.55, 0.57), (0.62, 0.50, 0.42))
"""The colours of printed lines."""

MARGIN_LINE = (0.85, 0.35, 0.38)
"""The colour of the line beside a margin."""

DESKS = ((0.20, 0.11, 0.06), (0.42, 0.28, 0.16), (0.10, 0.10, 0.11), (0.35, 0.36, 0.38))
"""The colours of desks."""


@dataclass(frozen=True)
class Pen:
    """What is written with.

    Parameters
    ----------
    colour : tuple of float
        Share of red, green and blue light that it throws back.
    width : float
        Millimetres.
    density : tuple of float
        Between what bounds it covers the paper, 0 to 1.
    grain : float
        How unevenly, 0 to 1.

    Examples
    --------
    >>> PENS["black"].width
    0.7
    """

    colour: tuple[float, float, float]
    width: float  # millimetres
    density: Pair = (0.85, 1.0)
    grain: float = 0.05


PENS = {
    "black": Pen((0.02, 0.02, 0.025), 0.7),
    "blue": Pen((0.02, 0.05, 0.32), 0.7),
    "red": Pen((0.60, 0.03, 0.05), 0.7),
    "green": Pen((0.03, 0.25, 0.10), 0.7),
    "violet": Pen((0.22, 0.04, 0.35), 0.7),
    "orange": Pen((0.85, 0.28, 0.03), 0.9),
    "light blue": Pen((0.10, 0.42, 0.72), 0.9),
    "pencil": Pen((0.06, 0.06, 0.065), 0.8, (0.4, 0.8), 0.35),
    "faint": Pen((0.62, 0.62, 0.64), 1.2),
    "lilac": Pen((0.72, 0.62, 0.85), 1.2),
    "black felt": Pen((0.015, 0.015, 0.02), 3),
    "blue felt": Pen((0.02, 0.06, 0.40), 3),
    "red felt": Pen((0.65, 0.02, 0.04), 3),
    "green felt": Pen((0.02, 0.28, 0.10), 3),
    "chalk": Pen((0.80, 0.80, 0.76), 9, (0.6, 0.95), 0.45),
}
"""What is written with, by name."""
