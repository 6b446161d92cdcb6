"""Photographs of one digit on paper or a blackboard, made from nothing but a seed.

What goes wrong with a picture is what lies around the ink: the light, the lines of the sheet, the
camera. So the ink here is that of :mod:`digitrec.hand`, and the rest is laid around it in the order
in which it happens to a real sheet: paper, its lines, ink, light, lens, sensor, JPEG.
"""

import io
import math
from collections.abc import Sequence

import numpy as np
import PIL.Image
import PIL.ImageDraw
import PIL.ImageFilter
from numpy.typing import ArrayLike, NDArray
from sheets import DESKS, KINDS, LINES, MARGIN_LINE, PAPERS, PENS, Kind, Pair, Pen

from digitrec import hand, ink

__all__ = ["KINDS", "Kind", "photograph"]

Plane = NDArray[np.float32]
Points = NDArray[np.float64]


def photograph(
    drawing: int | Sequence[ArrayLike], rng: np.random.Generator, *, kind: str | None = None
) -> NDArray[np.uint8]:
    """Photograph a digit on paper.

    Parameters
    ----------
    drawing : int, or sequence of array_like of shape (n, 2)
        The digit that :func:`digitrec.hand.draw` is to draw, 0 to 9; or strokes, x to the right,
        y down, in any unit. No strokes are an empty sheet.
    rng : numpy.random.Generator
        The same generator state gives the same photograph.
    kind : str, optional
        One of ``KINDS``; without it one is drawn at random.

    Returns
    -------
    ndarray of uint8, shape (rows, columns, 3)
        Red, green and blue, as they come out of a JPEG.

    Raises
    ------
    ValueError
        If there is no such digit or kind.
    InkError
        If strokes are no drawing.

    Examples
    --------
    >>> picture = photograph(7, np.random.default_rng(0), kind="ruled")
    >>> picture.dtype, picture.ndim, picture.shape[2]
    (dtype('uint8'), 3, 3)
    >>> empty = photograph((), np.random.default_rng(0), kind="ruled")
    """
    if kind is None:
        kind = list(KINDS)[int(rng.integers(len(KINDS)))]
    elif kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}. Received: {kind!r}")
    settings = KINDS[kind]
    if isinstance(drawing, int | np.integer):
        strokes = hand.draw(int(drawing), rng)
    else:
        strokes = ink.check(drawing)
    pen = PENS[settings.pens[int(rng.integers(len(settings.pens)))]]
    view = _View(settings, pen, strokes, rng)
    paper = _paper(settings, view, rng)
    scene = _written(settings, paper, pen, view, rng) if strokes else paper
    if settings.desk:
        scene = _on_desk(scene, view, rng)
    return _developed(scene * _light(settings, view, rng), settings, view, rng)


class _View:
    """Where on the sheet every pixel looks, and where in the picture every point of it lies."""

    def __init__(
        self,
        settings: Kind,
        pen: Pen,
        strokes: Sequence[Points],
        rng: np.random.Generator,
    ) -> None:
        longer = _log_between(settings.sides, rng)
        sides = np.array([longer, longer * rng.choice((0.75, 0.75, 0.5625, 1))])
        if rng.random() < 0.5:
            sides = sides[::-1]
        self.columns, self.rows = (round(side) for side in sides)
        self.half = min(self.columns, self.rows) / 2
        size = _between(settings.size, rng)
        share = _log_between(settings.pen, rng)
        # A line thinner than this is no line on any sensor.
        self.pen = max(2 * self.half * size * share, 1.4)
        self.pixels = self.pen / pen.width  # a millimetre of the sheet
        turn = math.radians(rng.uniform(-settings.turn, settings.turn))
        self.cos, self.sin = math.cos(turn), math.sin(turn)
        self.tilt = rng.uniform(-settings.tilt, settings.tilt, 2)
        self.curl = rng.normal(0, 0.01) * (settings.tilt > 0)
        self.middle = np.zeros(2)
        self.lines: list[Points] = []
        low, high = np.zeros(2), np.ones(2)
        if strokes:
            points = np.concatenate(strokes)
            low, high = points.min(axis=0), points.max(axis=0)
        self.extent = 2 * size * (high - low) / max(float((high - low).max()), 1e-9)
        scale = float(self.extent.max()) / max(float((high - low).max()), 1e-9)
        drawn = [(_curve(stroke) - (low + high) / 2) * scale for stroke in strokes]
        edge = np.array([self.columns, self.rows]) / self.half / 2
        room = np.maximum(edge - self.extent / 2 - 0.06, 0)
        wanted = settings.place * room * rng.uniform(-1, 1, 2)
        for shrink in 0.93 ** np.arange(60):
            self.middle = wanted * min(1, shrink**2)
            self.lines = [self.seen(line * shrink) for line in drawn]
            reach = np.concatenate([*self.lines, np.full((1, 2), self.half)])
            if (reach > 0.04 * self.half).all() and (
                reach < 2 * self.half * edge - 0.04 * self.half
            ).all():
                break

    def seen(self, places: Points) -> Points:
        """Return the pixels where places of the sheet, around the digit's middle, are seen."""
        right, down = places.T
        x = right * self.cos - down * self.sin + self.middle[0]
        y = right * self.sin + down * self.cos + self.middle[1]
        flat = np.column_stack([x, y - self.curl * x * x])
        near = flat / (1 - flat @ self.tilt)[:, None]
        return np.asarray(near * self.half + np.array([self.columns, self.rows]) / 2)

    def sheet(self) -> tuple[Plane, Plane]:
        """Return what every pixel sees of the sheet: millimetres right of and below the digit."""
        x, y = self.grid()
        far = 1 / (1 + float(self.tilt[0]) * x + float(self.tilt[1]) * y)
        across, along = x * far, y * far
        along = along + self.curl * across * across
        across, along = across - float(self.middle[0]), along - float(self.middle[1])
        scale = self.half / self.pixels
        right = (across * self.cos + along * self.sin) * scale
        down = (along * self.cos - across * self.sin) * scale
        return np.asarray(right, np.float32), np.asarray(down, np.float32)

    def grid(self) -> tuple[Plane, Plane]:
        """Return x and y of every pixel, from the middle, in halves of the shorter side."""
        x = (np.arange(self.columns, dtype=np.float32) + 0.5 - self.columns / 2) / self.half
        y = (np.arange(self.rows, dtype=np.float32) + 0.5 - self.rows / 2) / self.half
        return np.broadcast_to(x, (self.rows, self.columns)), y[:, None]

    def clouds(self, cell: float, rng: np.random.Generator, *, stretch: float = 1) -> Plane:
        """Return smooth noise of mean 0 and deviation near 1, its bumps so many pixels wide."""
        shape = (int(self.rows / cell) + 3, int(self.columns / cell / stretch) + 3)
        small = PIL.Image.fromarray(rng.standard_normal(shape, dtype=np.float32))
        width, height = round(shape[1] * cell * stretch), round(shape[0] * cell)
        full = small.resize((max(width, self.columns), max(height, self.rows)))
        return np.asarray(full)[: self.rows, : self.columns]


def _paper(settings: Kind, view: _View, rng: np.random.Generator) -> Plane:
    """Return how much light the sheet throws back, (3, rows, columns)."""
    name = settings.papers[int(rng.integers(len(settings.papers)))]
    tone = np.array(PAPERS[name], np.float32) * rng.uniform(0.94, 1.04)
    board = "board" in name
    mottle = 0.01 * view.clouds(max(view.half / 6, 2), rng)
    mottle = mottle + rng.uniform(0.004, 0.02) * view.clouds(max(0.25 * view.pixels, 1.2), rng)
    if board:  # what the sponge left
        wiped = view.clouds(max(view.half / 25, 1.5), rng, stretch=rng.uniform(4, 12))
        mottle = mottle + 0.09 * wiped + 0.15 * view.clouds(view.half / 2, rng)
    paper = tone[:, None, None] * (1 + mottle)
    if board:
        dust = rng.uniform(0.005, 0.05) * (1 + 0.5 * view.clouds(view.half / 2, rng))
        paper = paper + dust.clip(0)
    if settings.lines != "none":
        paper = _ruled(paper, settings.lines, view, rng)
    if settings.worn:
        paper = _worn(paper, settings.worn, view, rng)
    return np.asarray(paper, np.float32)


def _ruled(paper: Plane, lines: str, view: _View, rng: np.random.Generator) -> Plane:
    """Print lines on a sheet."""
    right, down = view.sheet()
    colour = np.array(LINES[int(rng.integers(len(LINES)))], np.float32)
    strength = rng.uniform(0.35, 0.95)
    width = rng.uniform(0.18, 0.35)
    spacing = rng.uniform(6.5, 10) if lines == "ruled" else rng.uniform(4, 6)
    if lines == "boxed":
        return _boxed(paper, right, down, view, rng)
    cover = _lines(down, spacing, width, view.pixels, rng)
    if lines == "squared":
        cover = np.maximum(cover, _lines(right, spacing, width, view.pixels, rng))
    paper = paper * (1 - strength * cover * (1 - colour[:, None, None]))
    if rng.random() < 0.4:
        extent = float(view.extent[0]) * view.half / view.pixels
        away = np.abs(right + extent * rng.uniform(0.7, 1.3))
        red = _covered(away, width * 1.2, view.pixels)
        paper = paper * (1 - 0.9 * red * (1 - np.array(MARGIN_LINE, np.float32)[:, None, None]))
    return np.asarray(paper)


def _boxed(paper: Plane, right: Plane, down: Plane, view: _View, rng: np.random.Generator) -> Plane:
    """Print the frame of a form's cell, whose lines run on to the cells beside it."""
    reach = float(view.extent.max()) * view.half / view.pixels / 2
    width = rng.uniform(0.3, 1.2)
    cover = np.zeros_like(right * down)
    for away in (right, down):
        for end in (-1, 1):
            place = end * reach * rng.uniform(1.25, 1.7)
            cover = np.maximum(cover, _covered(np.abs(away - place), width, view.pixels))
    return np.asarray(paper * (1 - rng.uniform(0.7, 1) * cover))


def _lines(
    along: Plane, spacing: float, width: float, pixels: float, rng: np.random.Generator
) -> Plane:
    away = np.abs((along + spacing * rng.random()) % spacing - spacing / 2)
    return _covered(away, width, pixels)


def _covered(away: Plane, width: float, pixels: float) -> Plane:
    """Return the share of every pixel that a line covers, from distances in millimetres."""
    # A line thinner than a pixel is paler, not thinner.
    cover = np.clip(0.5 + (max(width * pixels, 1) / 2 - away * pixels), 0, 1)
    return np.asarray(cover * min(1, width * pixels), np.float32)


def _worn(paper: Plane, amount: float, view: _View, rng: np.random.Generator) -> Plane:
    """Leave specks, smudges and a fold on a sheet."""
    marks = PIL.Image.new("L", (view.columns, view.rows), 0)
    draw = PIL.ImageDraw.Draw(marks)
    for _ in range(rng.poisson(9 * amount)):
        x, y = rng.uniform(0, view.columns), rng.uniform(0, view.rows)
        radius = rng.uniform(0.1, 0.45) * view.pen + 0.4
        depth = int(rng.uniform(60, 220))
        draw.ellipse((x - radius, y - radius * 0.8, x + radius, y + radius * 0.8), fill=depth)
    paper = np.asarray(paper * (1 - 0.8 * np.asarray(marks) / 255), np.float32)
    across, along = view.grid()
    for _ in range(rng.poisson(1.5 * amount)):
        angle = math.pi / 2 * int(rng.integers(2)) + rng.normal(0, 0.06)
        away = across * math.cos(angle) + along * math.sin(angle) - rng.uniform(-0.9, 0.9)
        width = rng.uniform(0.008, 0.02)
        # One side of a fold catches the light, the other loses it.
        slope = away / width * np.exp(-0.5 * (away / width) ** 2)
        paper = np.asarray(paper * (1 + rng.uniform(0.03, 0.12) * slope), np.float32)
    smudge = view.clouds(view.half / 3, rng)
    return np.asarray(paper * (1 - 0.06 * amount * np.clip(smudge - 1, 0, 2)))


def _written(
    settings: Kind, paper: Plane, pen: Pen, view: _View, rng: np.random.Generator
) -> Plane:
    """Draw the digit's lines with a pen."""
    zoom = 3
    cover = PIL.Image.new("L", (view.columns * zoom, view.rows * zoom), 0)
    draw = PIL.ImageDraw.Draw(cover)
    density = _between(pen.density, rng)
    for line in view.lines:
        dots = _dense(line * zoom, view.pen * zoom / 10)
        steps = np.linspace(0, 6, len(dots))
        pressure = np.interp(steps, np.arange(7), rng.uniform(-1, 1, 7))
        radii = view.pen / 2 * (1 + 0.14 * pressure) * zoom
        if settings.broken[1] > 0:
            dots, radii, pressure = _interrupted(settings, dots, radii, pressure, rng)
        for (x, y), radius, press in zip(dots, radii, pressure, strict=True):
            fill = int(255 * min(1.0, density * (1 + 0.12 * press)))
            draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill)
    alpha = np.asarray(cover.reduce(zoom), np.float32) / 255
    grain = view.clouds(max(0.16 * view.pen, 1.1), rng)
    patches = view.clouds(max(2 * view.pen, 3), rng)
    alpha = alpha * np.clip(1 + pen.grain * (grain - 0.3 + 0.4 * patches), 0.05, 1.1)
    alpha = alpha.clip(0, 1)
    return np.asarray(paper + alpha * (np.array(pen.colour, np.float32)[:, None, None] - paper))


def _interrupted(
    settings: Kind, dots: Points, radii: Points, pressure: Points, rng: np.random.Generator
) -> tuple[Points, Points, Points]:
    """Leave out some pieces of a line that is drawn as dots, ten a width of the pen."""
    missing = _between(settings.broken, rng)
    left = np.ones(len(dots), bool)
    at = 0.0
    while at < len(dots):
        gap = rng.uniform(10, 20)
        at += gap / missing * (1 - missing) * rng.uniform(0.6, 1.4)
        # The ends of what is left are round, and reach into the gap.
        left[int(at) : int(at + gap + 10)] = False
        at += gap + 10
    return dots[left], radii[left], pressure[left]


def _on_desk(sheet: Plane, view: _View, rng: np.random.Generator) -> Plane:
    """Let the sheet end inside the picture."""
    right, down = view.sheet()
    reach = view.half / view.pixels * float(view.extent.max())
    ends = reach * rng.uniform(0.75, 1.8, 4)
    away = np.max([-right - ends[0], right - ends[1], -down - ends[2], down - ends[3]], axis=0)
    away = away * view.pixels
    desk = np.array(DESKS[int(rng.integers(len(DESKS)))], np.float32)
    veins = view.clouds(max(view.half / 40, 1.5), rng, stretch=rng.uniform(5, 20))
    wood = desk[:, None, None] * (1 + 0.1 * veins + 0.1 * view.clouds(view.half / 2, rng))
    # The sheet lies a little above the desk and throws a shadow.
    wood = wood * (1 - 0.4 * np.exp(-away.clip(0) / (0.02 * view.half)))
    inside = np.clip(0.5 - away, 0, 1)
    return np.asarray(wood + inside * (sheet - wood), np.float32)


def _light(settings: Kind, view: _View, rng: np.random.Generator) -> Plane:
    """Return how much light falls where and reaches the sensor, (3, rows, columns)."""
    x, y = view.grid()
    angle = rng.uniform(0, 2 * math.pi)
    reach = math.hypot(view.columns, view.rows) / view.half / 2
    along = (x * math.cos(angle) + y * math.sin(angle)) / reach
    light = 1 - _between(settings.gradient, rng) * (along + 1) / 2
    light = light * (1 - _between(settings.vignette, rng) * ((x / reach) ** 2 + (y / reach) ** 2))
    shade = np.zeros_like(light)
    depth = _between(settings.shadow, rng)
    if depth > 0:
        soft = reach * 10 ** rng.uniform(-2.3, -0.6)
        angle = rng.uniform(0, 2 * math.pi)
        across = x * math.cos(angle) + y * math.sin(angle)
        if rng.random() < 0.5:  # a wall, a window frame, the writer
            away = across - rng.uniform(-0.6, 0.6)
        else:  # a hand, the telephone itself
            sideways = y * math.cos(angle) - x * math.sin(angle) - rng.uniform(-0.5, 0.5)
            away = np.maximum(across - rng.uniform(-0.6, 0.4), np.abs(sideways) - 0.35)
        shade = 1 / (1 + np.exp(np.clip(away / soft, -30, 30)))
    warm = rng.normal(0, 0.07)
    tint = np.array([1 + warm, 1, 1 - 1.3 * warm], np.float32)
    # A shadow is lit by the sky.
    losses = np.array([1.0, 0.98, 0.92], np.float32) * depth
    return np.asarray(
        tint[:, None, None] * light * (1 - losses[:, None, None] * shade), dtype=np.float32
    )


def _developed(
    scene: Plane, settings: Kind, view: _View, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Do to light what a lens, a sensor and a JPEG do."""
    exposure = _between(settings.exposure, rng) ** 2 / 0.9
    # A curve of 2, near that of sRGB: on it the noise of counted light is the same everywhere.
    values = 255 * np.sqrt((scene * exposure).clip(0, 1))
    picture = PIL.Image.fromarray(np.moveaxis(values, 0, 2).astype(np.uint8))
    blur = _between(settings.blur, rng) * max(view.columns, view.rows) / 1000
    picture = picture.filter(PIL.ImageFilter.GaussianBlur(blur))
    # Telephones sharpen, and smooth the noise away: what is left of it is coarse.
    sharpening = PIL.ImageFilter.UnsharpMask(1.5, int(rng.uniform(0, 120)), 2)
    noisy = np.array(picture.filter(sharpening), np.float32)
    noise = _between(settings.noise, rng) * 255
    noisy += noise * view.clouds(1.5, rng)[..., None]
    for channel in range(3):
        noisy[..., channel] += 0.7 * noise * view.clouds(1.5 + channel / 4, rng)
    picture = PIL.Image.fromarray(noisy.round().clip(0, 255).astype(np.uint8))
    if rng.random() < settings.grey:
        picture = picture.convert("L").convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=round(_between(settings.quality, rng)))
    with PIL.Image.open(buffer) as read:
        return np.array(read.convert("RGB"))


def _curve(points: Points) -> Points:
    """Return many points on a curve through a few (Catmull and Rom, 1974)."""
    if len(points) < 2:
        return points
    num = 12
    padded = np.concatenate([points[:1], points, points[-1:]])
    t = (np.arange(num) / num)[None, :, None]
    p0, p1, p2, p3 = (padded[i : len(padded) - 3 + i][:, None] for i in range(4))
    curve = p1 + 0.5 * t * (
        p2 - p0 + t * (2 * p0 - 5 * p1 + 4 * p2 - p3 + t * (3 * (p1 - p2) + p3 - p0))
    )
    return np.concatenate([curve.reshape(-1, 2), points[-1:]])


def _dense(points: Points, step: float) -> Points:
    """Return points on straight pieces, no further from each other than a step."""
    lengths = np.concatenate([[0.0], np.hypot(*np.diff(points, axis=0).T).cumsum()])
    at = np.linspace(0, lengths[-1], max(2, int(np.ceil(lengths[-1] / step)) + 1))
    return np.column_stack([np.interp(at, lengths, points[:, axis]) for axis in (0, 1)])


def _between(bounds: Pair, rng: np.random.Generator) -> float:
    return float(rng.uniform(*bounds))


def _log_between(bounds: Pair, rng: np.random.Generator) -> float:
    return float(np.exp(rng.uniform(*np.log(bounds))))
