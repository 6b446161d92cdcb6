"""How a hand and a device change a curve: slant, haste, tremor, sampling.

The numbers were chosen by eye, on sheets of drawings (``benchmarks/hand_sheet.py``): most drawings
should look like ordinary writing, a few like a child's or a very hasty hand's, and a digit should
never turn into another. Lengths are half heights of a digit unless a comment says otherwise.
"""

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

CANVAS = 300
"""Height and width of the canvas, pixels."""

_MARGIN = 4  # left free at the canvas's edge, pixels


def write(curves: list[Points], rng: np.random.Generator, *, bend: float = 1.0) -> list[Points]:
    """Write curves somewhere on a canvas, as one hand would on one day.

    Parameters
    ----------
    curves : list of ndarray of float64, shape (n, 2)
        Dense points of every stroke, around 0, 0; a digit reaches from -1 to 1 in height.
    rng : numpy.random.Generator
    bend : float
        Strength of slant, turning and bending.

    Returns
    -------
    list of ndarray of float64, shape (n, 2)
        Points as a device would report them, pixels of the canvas.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> strokes = write([np.array([[0.0, -1.0], [0.0, 0.0], [0.0, 1.0]])], rng)
    >>> bool(np.all((0 <= strokes[0]) & (strokes[0] <= 300)))
    True
    """
    curves = _habits(curves, rng)
    if rng.random() < 0.25:  # one hand in four is unsteady
        curves = [_tremble(curve, rng) for curve in curves]
    lengths = [len(curve) for curve in curves]
    points = _place(_bend(np.concatenate(curves), rng, bend), rng)
    stops = np.cumsum(lengths)
    return _sample([points[b - n : b] for b, n in zip(stops, lengths, strict=True)], rng)


def _bend(points: Points, rng: np.random.Generator, bend: float) -> Points:
    """Bend the whole plane, as a writer does with all strokes of a sign alike."""
    # The two in a hundred that are further out would be illegible.
    n = np.clip(rng.standard_normal(10), -2.3, 2.3) * bend
    x, y = points[:, 0], points[:, 1]
    x0, y0 = 0.5 * x.min() + 0.5 * x.max(), 0.5 * y.min() + 0.5 * y.max()
    x, y = x - x0, y - y0
    square = np.minimum(y * y, 1.5)  # what sticks out above or below must not be bent away
    # As a rule up to a quarter wider or narrower, and 13 % more at the top or at the bottom.
    wide = np.exp(0.25 * n[0] + 0.02) * (1 + 0.13 * n[1] * np.clip(y, -1, 1))
    # The whole bends into an arc and an S, by a twentieth of its half height: more is another sign.
    u = x * wide + 0.05 * n[2] * (square - 0.5) + 0.04 * n[3] * y * (1 - square)
    # The middle moves up or down, the baseline climbs, and flat lines sag.
    v = y + 0.10 * n[4] * (1 - square) + 0.06 * n[5] * x + 0.05 * n[6] * x * x
    slant = 0.12 * bend + 0.2 * n[7]  # most people lean to the right, by 7 degrees here
    turn = 0.09 * n[8]  # radians, 5 degrees: paper and wrist are never quite straight
    u = u - slant * v
    cos, sin = np.cos(turn), np.sin(turn)
    return np.column_stack([u * cos - v * sin, u * sin + v * cos])


def _place(points: Points, rng: np.random.Generator) -> Points:
    """Put a drawing anywhere on the canvas, in any size that fits."""
    low, high = points.min(axis=0), points.max(axis=0)
    extent = max(float((high - low).max()), 0.5)  # or a dot would fill the canvas
    room = CANVAS - 2 * _MARGIN
    # Pixels. Most people use the canvas they are given; one in seven writes small.
    size = min(room, rng.uniform(70, room) if rng.random() < 0.85 else rng.uniform(30, 90))
    scale = size / extent
    free = room - scale * (high - low)
    # Anywhere, but rather in the middle than at the edge.
    return np.asarray((points - low) * scale + _MARGIN + free * rng.beta(2, 2, 2))


def _habits(curves: list[Points], rng: np.random.Generator) -> list[Points]:
    """Let strokes be hooked, joined, lifted, drawn backwards or again, as in haste."""
    # Each habit is rare, or the network would rely on it; the rarer, the more it changes.
    chance = rng.random(8)
    curves = [_ends(curve, rng) for curve in curves]
    if len(curves) > 1 and chance[0] < 0.06:  # the pen stays down between two strokes
        at = int(rng.integers(len(curves) - 1))
        curves[at : at + 2] = [np.concatenate(curves[at : at + 2])]
    if chance[1] < 0.05:  # the pen is lifted in the middle of a stroke
        at = int(rng.integers(len(curves)))
        curve = curves[at]
        if len(curve) > 8:  # so that each piece is a stroke
            cut = int(rng.integers(3, len(curve) - 3))
            shift = rng.normal(0, 0.04, 2)  # and comes down nearly where it left
            curves[at : at + 1] = [curve[: cut + 1], curve[cut:] + shift]
    if chance[2] < 0.02:  # a stroke is drawn twice, almost on itself
        at = int(rng.integers(len(curves)))
        curves.append(curves[at][::-1] + rng.normal(0, 0.05, 2))
    if chance[3] < 0.015:  # the pen taps once, on the drawing or just beside it
        points = np.concatenate(curves)
        low, high = points.min(axis=0), points.max(axis=0)
        curves.append(rng.uniform(low - 0.1, high + 0.1)[None])
    # The order and direction of strokes change little in the image, so these may be common.
    if chance[4] < 0.1:
        curves.reverse()
    if chance[5] < 0.15:
        curves = [curve[::-1] for curve in curves]
    return curves


def _tremble(curve: Points, rng: np.random.Generator) -> Points:
    """Shake a stroke, as a child's or an unsteady hand does."""
    width = 4  # points of the moving mean; without it the line would be jagged
    # From a slight waver to a child's hand.
    shaking = rng.normal(0, rng.uniform(0.01, 0.05), (len(curve) + width - 1, 2)).cumsum(axis=0)
    # A moving mean of a random walk, without its slow drift.
    mean = (shaking[width - 1 :] + shaking[: len(curve)]) / 2
    drift = np.linspace(0, 1, len(curve))[:, None]
    sway = mean - mean[:1] * (1 - drift) - mean[-1:] * drift
    return np.asarray(curve + np.clip(sway, -0.08, 0.08))  # more would close gaps and open loops


def _ends(curve: Points, rng: np.random.Generator) -> Points:
    """Let a stroke begin and end early, late, or with a hook."""
    if len(curve) < 6:  # too short to have a direction at its ends
        return curve
    chance = rng.random(2)
    amount = rng.standard_normal(2)
    for end in (0, 1):
        if chance[end] < 0.07:  # a hook at one end in fourteen
            curve = np.concatenate([_hook(curve, rng), curve])
        elif amount[end] > 0.4:  # a third of the ends: too long, rarely by over a tenth
            away = curve[0] - curve[2]
            away *= 0.07 * (amount[end] - 0.4) / (np.hypot(away[0], away[1]) + 1e-9)
            curve = np.concatenate([curve[:1] + away, curve])
        elif amount[end] < -0.8 and len(curve) > 12:  # a fifth: too short
            curve = curve[int(-amount[end] * len(curve) * 0.03) :]
        curve = curve[::-1]
    return curve


def _hook(curve: Points, rng: np.random.Generator) -> Points:
    """Return points that come before a stroke: a pen that lands early and turns."""
    ahead = curve[3] - curve[0]
    ahead = ahead / (np.hypot(ahead[0], ahead[1]) + 1e-9)
    # Radians: less would not look like a hook, more would fall on the stroke.
    turn = rng.choice((-1, 1)) * rng.uniform(0.5, 2.4)
    cos, sin = np.cos(turn), np.sin(turn)
    away = np.array([-(ahead[0] * cos - ahead[1] * sin), -(ahead[0] * sin + ahead[1] * cos)])
    length = rng.uniform(0.06, 0.24)  # a longer one would be a serif or a flag
    along = np.array([1.0, 0.66, 0.33])[:, None]  # three points, evenly spaced
    return np.asarray(curve[0] + length * along * ((1 - along / 3) * away - along / 3 * ahead))


def _sample(curves: list[Points], rng: np.random.Generator) -> list[Points]:
    """Report points as a device does: dense or sparse, shaking, on whole pixels or between."""
    kind = rng.random()
    # Pixels from point to point, and of shaking. A faster hand leaves points further apart.
    if kind < 0.35:  # a mouse in haste
        spacing, jitter = rng.uniform(12, 40), 0.3
    elif kind < 0.75:  # a finger or pen at ease
        spacing, jitter = rng.uniform(4, 12), rng.uniform(0, 0.8)
    else:  # a slow hand
        spacing, jitter = rng.uniform(1.5, 4), rng.uniform(0, 0.7)
    whole = rng.random() < 0.6  # more devices report whole pixels than fractions
    surge = rng.uniform(-0.1, 0.14)  # above 0: slower at the ends, as most movements are
    strokes = []
    for curve in curves:
        steps = np.hypot(*np.diff(curve, axis=0).T)
        lengths = np.concatenate([[0.0], steps.cumsum()])
        total = lengths[-1]
        # Even the hastiest stroke has enough points to show its bends, and a tap has one.
        num = max(3, int(total / spacing), min(9, len(curve) // 4)) if total > 1 else 1
        t = np.linspace(0, 1, num)
        t = total * (t - surge * np.sin(2 * np.pi * t))
        points = np.column_stack([np.interp(t, lengths, curve[:, axis]) for axis in (0, 1)])
        points += rng.normal(0, jitter, points.shape)
        strokes.append(np.clip(np.round(points) if whole else points, 0, CANVAS))
    return strokes
