"""Charts of lines and dots: as SVG in the page, as pixels where no kernel runs."""

import html
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from PIL import Image, ImageDraw, ImageFont

from digitrec.course.pictures import DENSITY, Picture

BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#808080"
"""Told apart with every common kind of colour blindness, on light and on dark pages."""

WIDTH, HEIGHT = 340, 250
"""Of a chart, in pixels of the page."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 12, 30, 40
_TEXT, _PAPER = "#222222", "#FFFFFF"
_SIZE = 12
_FINE = 2  # drawn larger by this and then made smaller, which smooths the lines

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """One side of a chart.

    Parameters
    ----------
    title : str
    low, high : float
        Its ends. Points beyond an end are drawn at that end.
    unit : str
        Written behind the numbers.

    Raises
    ------
    ValueError
        If it has no length.

    Examples
    --------
    >>> Axis("loss", 0, 3).ticks()
    [0.0, 1.0, 2.0, 3.0]
    """

    title: str
    low: float
    high: float
    unit: str = ""

    def __post_init__(self) -> None:
        if not self.high > self.low:
            raise ValueError(f"high must be above low. Received: {self.low!r} and {self.high!r}")

    def ticks(self) -> list[float]:
        """Return the three to six round numbers that are written beside it."""
        span = self.high - self.low
        power = 10.0 ** math.floor(math.log10(span / 3))
        step = max(size * power for size in (1, 2, 5) if span / (size * power) >= 3 - 1e-9)
        first = math.ceil(self.low / step - 1e-9)
        last = math.floor(self.high / step + 1e-9)
        return [round(number * step, 10) + 0.0 for number in range(first, last + 1)]

    def share(self, value: float) -> float:
        """Return how far along the axis a value is, 0 to 1."""
        return (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)


@dataclass(frozen=True)
class Line:
    """Points that are joined.

    Parameters
    ----------
    points : sequence of (float, float)
    colour : str
    name : str
        What it is called above the chart; nothing if left out.
    width : float
        Pixels of the page.

    Examples
    --------
    >>> Line([(0, 1), (1, 0)], BLUE).width
    2
    """

    points: Sequence[Point]
    colour: str
    name: str = ""
    width: float = 2


@dataclass(frozen=True)
class Dots:
    """Points that stand alone.

    Parameters
    ----------
    points : sequence of (float, float)
    colour : str
    name : str
        What they are called above the chart; nothing if left out.
    radius : float
        Pixels of the page.

    Examples
    --------
    >>> Dots([(0, 1)], ORANGE).radius
    3
    """

    points: Sequence[Point]
    colour: str
    name: str = ""
    radius: float = 3


@dataclass(frozen=True)
class _Stroke:
    points: list[Point]
    colour: str
    width: float


@dataclass(frozen=True)
class _Disc:
    place: Point
    colour: str
    radius: float


@dataclass(frozen=True)
class _Word:
    place: Point
    text: str
    anchor: str  # "start", "middle" or "end"


_Shape = _Stroke | _Disc | _Word


@dataclass(frozen=True)
class Chart:
    """Lines and dots between two axes.

    Parameters
    ----------
    x, y : Axis
    marks : sequence of Line or Dots
        Later ones are drawn over earlier ones.
    words : str
        What it shows, for people who cannot see it.

    Examples
    --------
    >>> axes = Axis("weight", -4, 4), Axis("loss", 0, 1)
    >>> chart = Chart(*axes, [Line([(-4, 1), (4, 0)], BLUE)], "A falling line.")
    >>> chart.svg()[:4], chart.picture().size
    ('<svg', (680, 500))
    """

    x: Axis
    y: Axis
    marks: Sequence[Line | Dots] = field(default_factory=tuple)
    words: str = ""

    def svg(self) -> str:
        """Return the chart as an ``<svg>`` in the text colour of the page; it shrinks with it."""
        parts = []
        for shape in self._shapes():
            if isinstance(shape, _Stroke):
                points = " ".join(f"{x:.1f},{y:.1f}" for x, y in shape.points)
                parts.append(
                    f'<polyline points="{points}" fill="none" stroke="{shape.colour}" '
                    f'stroke-width="{shape.width:g}" stroke-linejoin="round"/>'
                )
            elif isinstance(shape, _Disc):
                x, y = shape.place
                parts.append(
                    f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{shape.radius:g}" '
                    f'fill="{shape.colour}"/>'
                )
            else:
                x, y = shape.place
                parts.append(
                    f'<text x="{x:.1f}" y="{y + 4:.1f}" text-anchor="{shape.anchor}">'
                    f"{html.escape(shape.text)}</text>"
                )
        return (
            f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" '
            f'aria-label="{html.escape(self.words)}" font-size="{_SIZE}" fill="currentColor" '
            f'style="max-width:100%;height:auto;display:block">{"".join(parts)}</svg>'
        )

    def picture(self) -> Picture:
        """Return the same chart on white paper."""
        scale = DENSITY * _FINE
        paper = Image.new("RGB", (WIDTH * scale, HEIGHT * scale), _PAPER)
        pen = ImageDraw.Draw(paper)
        font = ImageFont.load_default(_SIZE * scale)
        anchors = {"start": "lm", "middle": "mm", "end": "rm"}
        for shape in self._shapes():
            if isinstance(shape, _Stroke):
                points = [(x * scale, y * scale) for x, y in shape.points]
                pen.line(points, shape.colour, round(shape.width * scale), joint="curve")
            elif isinstance(shape, _Disc):
                x, y = shape.place
                reach = shape.radius
                box = [(x - reach) * scale, (y - reach) * scale]
                box += [(x + reach) * scale, (y + reach) * scale]
                pen.ellipse(box, shape.colour)
            else:
                place = shape.place[0] * scale, shape.place[1] * scale
                text = shape.text.replace("−", "-")  # which Pillow's own font does not have
                pen.text(place, text, _TEXT, font, anchor=anchors[shape.anchor])
        return paper.resize((WIDTH * DENSITY, HEIGHT * DENSITY), Image.Resampling.LANCZOS)

    def _place(self, point: Point) -> Point:
        x = _LEFT + (WIDTH - _LEFT - _RIGHT) * self.x.share(point[0])
        y = HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * self.y.share(point[1])
        return x, y

    def _shapes(self) -> list[_Shape]:
        shapes = self._axes()
        left: float = _LEFT
        for mark in self.marks:
            places = [self._place(point) for point in mark.points]
            if isinstance(mark, Dots):
                shapes += [_Disc(place, mark.colour, mark.radius) for place in places]
            elif len(places) > 1:
                shapes.append(_Stroke(places, mark.colour, mark.width))
            if mark.name:
                if isinstance(mark, Dots):
                    shapes.append(_Disc((left + 6, 10), mark.colour, 4))
                else:
                    shapes.append(_Stroke([(left, 10), (left + 14, 10)], mark.colour, 3))
                shapes.append(_Word((left + 18, 10), mark.name, "start"))
                left += 30 + 0.56 * _SIZE * len(mark.name)
        return shapes

    def _axes(self) -> list[_Shape]:
        floor, right = HEIGHT - _BOTTOM, WIDTH - _RIGHT
        shapes: list[_Shape] = [
            _Stroke([(_LEFT, _TOP - 4), (_LEFT, floor), (right, floor)], GREY, 1),
            _Word(((_LEFT + right) / 2, HEIGHT - 9), self.x.title, "middle"),
        ]
        for tick in self.x.ticks():
            x, _ = self._place((tick, self.y.low))
            shapes.append(_Stroke([(x, floor), (x, floor + 4)], GREY, 1))
            shapes.append(_Word((x, floor + 13), _written(tick, self.x.unit), "middle"))
        for tick in self.y.ticks():
            _, y = self._place((self.x.low, tick))
            shapes.append(_Stroke([(_LEFT - 4, y), (_LEFT, y)], GREY, 1))
            shapes.append(_Word((_LEFT - 7, y), _written(tick, self.y.unit), "end"))
        return shapes


def _written(value: float, unit: str) -> str:
    return f"{value:g}{unit}".replace("-", "−")
