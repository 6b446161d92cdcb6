"""Drawings that are not digits: signs from a table, and scribbles made up on the spot.

The numbers were chosen by eye, on sheets of drawings, so that each kind varies widely and none
looks like a digit. Lengths are half heights of a digit, angles are radians.
"""

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from digitrec.hand._skeletons import Skeleton, parse
from digitrec.hand.tables import DIGITS, SIGNS

Points = NDArray[np.float64]
Make = Callable[[np.random.Generator], list[Points]]


def _from_table(table: dict[str, tuple[str, ...]], sharpness: float | None = None) -> Make:
    # The tables list more ways of writing those signs that look most like a digit, and all ways are
    # equally common: a network has to see these signs often.
    texts = [text for variants in table.values() for text in variants]

    def make(rng: np.random.Generator) -> list[Points]:
        skeleton = _skeleton(texts[int(rng.integers(len(texts)))])
        # A little looser than digits: nothing has to stay legible.
        return skeleton.curves(rng, 0.065 * np.exp(rng.normal(0, 0.45)), sharpness)

    return make


@functools.cache
def _skeleton(text: str) -> Skeleton:
    return parse(text)


def _handwritten(rng: np.random.Generator) -> list[Points]:
    """Return a small letter, in half of all cases with a piece of its joins to other letters."""
    curves = _small(rng)
    # With 0.3 at each end, half of the letters have a join. One comes from the left, rather from
    # below; the other goes to the right, rather upwards.
    if rng.random() < 0.3:
        away = np.array([-rng.uniform(0.2, 0.9), rng.uniform(-0.2, 0.9)])
        curves[0] = np.concatenate([_join(curves[0][0] + away, curves[0][0], rng), curves[0]])
    if rng.random() < 0.3:
        away = np.array([rng.uniform(0.2, 0.9), rng.uniform(-0.9, 0.2)])
        curves[-1] = np.concatenate([curves[-1], _join(curves[-1][-1], curves[-1][-1] + away, rng)])
    return curves


def _join(start: Points, end: Points, rng: np.random.Generator) -> Points:
    t = np.linspace(0, 1, 10)[:, None]  # points, enough for so short a curve
    sag = np.array([0.0, rng.uniform(-0.1, 0.35)]) * 4 * t * (1 - t)  # joins hang through
    return np.asarray(start + (end - start) * t + sag)


def _scribble(rng: np.random.Generator) -> list[Points]:
    """Return a pen moved to and fro without any aim: waves of random speeds, added up."""
    t = np.linspace(0, 1, 240)[:, None, None]  # 20 points for the fastest wave
    speed = rng.uniform(1.5, 11, (1, 2, 5))  # turns; five waves a direction look irregular
    size = rng.normal(0, 1, (1, 2, 5))
    curve = (size * np.sin(2 * np.pi * (speed * t + rng.random((1, 2, 5))))).sum(axis=2)
    # One that is much longer than wide could be a thick 1.
    curve *= np.exp(rng.normal(0, 0.25, 2)) / np.ptp(curve, axis=0)
    return [2 * curve + rng.normal(0, 0.5, 2) * t[:, 0]]  # as high as a digit, and drifting


def _wander(rng: np.random.Generator) -> list[Points]:
    """Return one curve through random points, too many for a digit."""
    num = int(rng.integers(8, 18))
    # A walk alone would go straight on too often, places alone would cross too often.
    points = np.cumsum(rng.normal(0, 1, (num, 2)), axis=0) * 0.3 + rng.uniform(-1, 1, (num, 2))
    return [_curve(points, 12)]


def _hatching(rng: np.random.Generator) -> list[Points]:
    """Return parallel lines, drawn one by one or to and fro, crossed by others or not."""
    num = int(rng.integers(4, 10))  # three lines or fewer could be an 11 or a 4
    across = np.linspace(-1, 1, num) + rng.normal(0, 0.05, num)  # nearly even, as a hand does it
    ends = np.sort(rng.normal(0, 0.12, (num, 2)) + np.array([-1.0, 1.0]), axis=1)
    lines = [np.array([[x, low], [x, high]]) for x, (low, high) in zip(across, ends, strict=True)]
    if rng.random() < 0.5:
        lines = [line[:: 1 if i % 2 else -1] for i, line in enumerate(lines)]
        lines = [np.concatenate(lines)]
    angle = rng.uniform(0, np.pi)
    turned = [_turned(_dense(line), angle) for line in lines]
    if rng.random() < 0.4:  # crossed, steeply enough to be seen
        turned += [_turned(line, rng.uniform(0.8, 2.2)) for line in turned]
    return turned


def _zigzag(rng: np.random.Generator) -> list[Points]:
    """Return a line that turns sharply again and again."""
    num = int(rng.integers(6, 13))  # fewer corners could be a 2, a 3 or a 7
    x = np.linspace(-1, 1, num) * rng.uniform(0.8, 1.6) + rng.normal(0, 0.06, num)
    y = np.where(np.arange(num) % 2, 1, -1) * rng.uniform(0.2, 0.9) + rng.normal(0, 0.12, num)
    # Half of them are level, a quarter upright, a quarter oblique.
    return [_turned(_dense(np.column_stack([x, y])), rng.choice((0, 0, np.pi / 2, 0.7)))]


def _spiral(rng: np.random.Generator) -> list[Points]:
    """Return a line wound around itself twice to five times."""
    turns = rng.uniform(2.0, 5)  # fewer could be a 6 or a 9
    t = np.linspace(0.05, 1, 160)  # from just beside the middle; 30 points a turn or more
    angle = rng.uniform(0, 2 * np.pi) + rng.choice((-1, 1)) * 2 * np.pi * turns * t
    radius = t ** rng.uniform(0.7, 1.4)  # windings closer outside, even, or closer inside
    return [np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])]


def _blot(rng: np.random.Generator) -> list[Points]:
    """Return an area filled with strokes."""
    num = int(rng.integers(12, 26))  # strokes, so many that they touch
    y = np.linspace(-1, 1, num)
    # A disc, or as often a square; 1.1 keeps the disc's first and last stroke from being dots.
    half = np.sqrt(np.clip(1.1 - y**2, 0, None)) if rng.random() < 0.5 else np.ones(num)
    # A narrower one could be a thick 1.
    half = half * rng.uniform(0.5, 1.2) * np.exp(rng.normal(0, 0.15, num))
    x = np.where(np.arange(num) % 2, half, -half)
    return [_turned(_dense(np.column_stack([x, y])), rng.uniform(0, np.pi))]


def _taps(rng: np.random.Generator) -> list[Points]:
    """Return two to nine dots, or one dot alone."""
    num = 1 if rng.random() < 0.2 else int(rng.integers(2, 10))  # a lone dot, often enough to learn
    places = rng.uniform(-1, 1, (num, 2))
    if num == 1:  # a single dot that moved would be enlarged to a 1
        return [places]
    # One to three points each: a finger hardly moves while it taps.
    return [place + rng.normal(0, 0.02, (int(rng.integers(1, 4)), 2)) for place in places]


def _invented(rng: np.random.Generator) -> list[Points]:
    """Return a letter of no alphabet: bars, arcs, hooks and rings that touch each other."""
    strokes: list[Points] = []
    for _ in range(int(rng.integers(3, 7))):  # two strokes or fewer could be a digit
        kind = rng.integers(5)
        size = rng.uniform(0.3, 1.0)  # up to as high as a letter
        if kind <= 1:  # bars twice as often as each of the others, as in most alphabets
            stroke = _dense(np.array([[-size, 0.0], [size, 0.0]]))
        elif kind == 2:
            sweep = np.linspace(0, rng.uniform(1.5, 5.0), 30)  # a quarter to most of a ring
            stroke = size * 0.7 * np.column_stack([np.cos(sweep), np.sin(sweep)])
        elif kind == 3:
            stroke = _dense(np.array([[-size, 0.0], [size, 0.0], [size, rng.uniform(-0.8, 0.8)]]))
        else:
            stroke = _curve(rng.normal(0, 0.6 * size, (4, 2)), 12)
        # Level, upright or oblique, as letters are made, and never exactly.
        stroke = _turned(stroke, rng.choice((0, np.pi / 2, 0.8, -0.8)) + rng.normal(0, 0.2))
        if strokes:
            other = strokes[int(rng.integers(len(strokes)))]
            stroke = stroke - stroke[int(rng.integers(len(stroke)))]
            stroke = stroke + other[int(rng.integers(len(other)))]
        strokes.append(stroke)
    return strokes


def _number(rng: np.random.Generator) -> list[Points]:
    """Return two or three digits side by side."""
    strokes: list[Points] = []
    digits = rng.integers(0, 10, int(rng.integers(2, 4)))
    if (digits == 1).all():
        digits[0] = 2  # bare ones side by side could be the two stems of a 4
    right = 0.0
    for digit in digits:
        styles = list(DIGITS[int(digit)].values())
        weights = np.array([weight for weight, _ in styles])
        _, texts = styles[int(rng.choice(len(styles), p=weights / weights.sum()))]
        # Tidier than a digit alone: in a row they have less room.
        curves = _skeleton(texts[int(rng.integers(len(texts)))]).curves(rng, 0.04)
        left = min(float(curve[:, 0].min()) for curve in curves)
        shift = np.array([right - left, rng.normal(0, 0.08)])  # not quite on one line
        curves = [curve + shift for curve in curves]
        # Apart, so that two never make one sign.
        right = max(float(curve[:, 0].max()) for curve in curves) + rng.uniform(0.1, 0.5)
        strokes += curves
    return strokes


def _letters(rng: np.random.Generator) -> list[Points]:
    """Return two or three small letters side by side."""
    strokes: list[Points] = []
    for i in range(int(rng.integers(2, 4))):
        shift = np.array([1.2 * i, 0])  # most letters of the table are narrower
        strokes += [curve + shift for curve in _small(rng)]
    return strokes


def _dense(points: Points) -> Points:
    """Return points along the straight lines between those given."""
    t = np.linspace(0, len(points) - 1, 12 * (len(points) - 1) + 1)  # 12 points a line
    at = np.arange(len(points))
    return np.column_stack([np.interp(t, at, points[:, axis]) for axis in (0, 1)])


def _curve(points: Points, steps: int) -> Points:
    """Return a smooth curve through points (a uniform Catmull-Rom spline)."""
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    t = (np.arange(steps) / steps)[None, :, None]
    a, b, c, d = (padded[i : len(padded) - 3 + i, None] for i in range(4))
    bent = b + t / 2 * (c - a + t * (2 * a - 5 * b + 4 * c - d + t * (3 * (b - c) + d - a)))
    return np.concatenate([bent.reshape(-1, 2), points[-1:]])


def _turned(points: Points, angle: float) -> Points:
    cos, sin = np.cos(angle), np.sin(angle)
    return np.asarray(points @ np.array([[cos, sin], [-sin, cos]]))


_small = _from_table(SIGNS["small"])

# Letters most of all, since they look most like digits; scribbles are easily told apart. Signs and
# figures bend less, or some would become a digit, and figures have sharp corners.
KINDS: dict[str, tuple[float, Make, float]] = {
    "capital": (3, _from_table(SIGNS["capitals"]), 1.0),
    "small letter": (6, _handwritten, 1.0),
    "foreign letter": (2, _from_table(SIGNS["foreign"]), 1.0),
    "sign": (3, _from_table(SIGNS["signs"]), 0.8),
    "figure": (1, _from_table(SIGNS["figures"], 0.9), 0.8),
    "doodle": (1, _from_table(SIGNS["doodles"]), 0.8),
    "invented letter": (2, _invented, 1.0),
    "scribble": (0.8, _scribble, 1.0),
    "wander": (0.8, _wander, 1.0),
    "hatching": (0.4, _hatching, 1.0),
    "zigzag": (0.4, _zigzag, 1.0),
    "spiral": (0.4, _spiral, 1.0),
    "blot": (0.3, _blot, 1.0),
    "taps": (0.4, _taps, 1.0),
    "number": (0.8, _number, 1.0),
    "letters": (0.4, _letters, 1.0),
}
"""By kind: how common it is, what draws it, and how strongly a hand bends it."""

_weights = np.array([weight for weight, _, _ in KINDS.values()])
SHARES: NDArray[np.float64] = _weights / _weights.sum()
"""The share of each kind among all drawings."""
