"""Skeletons: hand-laid points that a pen passes through, and the smooth curves through them.

A skeleton is written as text. Strokes are separated by ``|`` and given in the order in which they
are drawn; a stroke is a list of points ``x,y`` on a sheet of 60 by 100 (y grows downwards). ``!``
after a point marks a corner, ``o`` a point of a loop, which a hand makes larger at one time and
smaller at another. ``@x,y,rx,ry`` (or ``@x,y,rx,ry,sweep``) is a whole stroke: a ring around a
point, begun anywhere and drawn through about 360 degrees, or through the given sweep.
"""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float64]

_RING_POINTS = 11  # enough for a round curve through them
_REACH = 0.3  # how far along a stroke a pen stays off course, half heights
_STEP = 0.09  # between points of a curve, half heights of a digit


@dataclass(frozen=True)
class Ring:
    """A ring: which points of a skeleton it has, its middle, half axes, and degrees of sweep."""

    part: slice
    middle: tuple[float, float]
    radii: tuple[float, float]
    sweep: float


@dataclass(frozen=True, eq=False)
class Skeleton:
    """The strokes of one way to write a sign.

    Parameters
    ----------
    points : ndarray of float64, shape (k, 2)
        The points that the pen passes through, one stroke after the other; 0, 0 is the middle of
        the sheet and 1 half its height.
    wander : ndarray of float64, shape (k, k)
        Makes independent noise on the points smooth along every stroke.
    sharp, smooth : ndarray of float64, shape (m, k)
        Turn the points into the curves through them, with corners sharp and with corners rounded.
    stops : tuple of int
        Where each stroke ends in the m points of the curves.
    stroke_of : ndarray of int, shape (k,)
        Which stroke each point belongs to.
    loop : ndarray of int
        Which points belong to a loop.
    rings : tuple of Ring
        Strokes that are rings.
    """

    points: Points
    wander: Points
    sharp: Points
    smooth: Points
    stops: tuple[int, ...]
    stroke_of: NDArray[np.intp]
    loop: NDArray[np.intp]
    rings: tuple[Ring, ...]

    def curves(
        self, rng: np.random.Generator, looseness: float, sharpness: float | None = None
    ) -> list[Points]:
        """Return the strokes as one hand draws them once.

        Parameters
        ----------
        rng : numpy.random.Generator
        looseness : float
            How far points stray, about 0.03 to 0.12 half heights.
        sharpness : float, optional
            Of corners, 0 to 1; random if left out.

        Returns
        -------
        list of ndarray of float64, shape (n, 2)
            Dense points along every stroke.
        """
        points = self.points.copy()
        for ring in self.rings:
            points[ring.part] = _ring(ring, rng)
        if len(self.loop):
            loop = points[self.loop]
            middle = loop.mean(axis=0)
            factor = max(0.5, np.exp(rng.normal(-0.05, 0.3)))  # smaller loops would close
            points[self.loop] = middle + factor * (loop - middle)
        points += self.wander @ rng.normal(0, looseness, points.shape)
        if len(self.stops) > 1:
            # Strokes miss each other by a little more than their points stray.
            shifts = rng.normal(0, 1.1 * looseness, (len(self.stops), 2))
            points += shifts[self.stroke_of]
        if sharpness is None:
            # Every sharpness, and quite round or quite sharp corners in about a third of cases.
            sharpness = float(np.clip(rng.normal(0.55, 0.5), 0, 1))
        curve = (sharpness * self.sharp + (1 - sharpness) * self.smooth) @ points
        starts = (0, *self.stops[:-1])
        return [curve[start:stop] for start, stop in zip(starts, self.stops, strict=True)]


def parse(text: str) -> Skeleton:
    """Read a skeleton from text.

    Parameters
    ----------
    text : str
        As the module describes.

    Returns
    -------
    Skeleton

    Examples
    --------
    >>> parse("4,4 54,3! 36,45 22,100 | 14,50 54,48").points.shape
    (6, 2)
    """
    points: list[tuple[float, float]] = []
    loop: list[int] = []
    rings: list[Ring] = []
    blocks = []
    wanders = []
    for part in text.split("|"):
        first = len(points)
        corners = []
        words = part.split()
        if words[0].startswith("@"):
            x, y, width, height, *sweep = map(float, words[0][1:].split(","))
            middle, radii = _place(x, y), (width / 50, height / 50)
            place = slice(first, first + _RING_POINTS)
            rings.append(Ring(place, middle, radii, *(sweep or [365.0])))
            angles = np.linspace(-np.pi / 2, 1.5 * np.pi, _RING_POINTS)
            points += zip(
                (middle[0] + radii[0] * np.cos(angles)).tolist(),
                (middle[1] + radii[1] * np.sin(angles)).tolist(),
                strict=True,
            )
        else:
            for word in words:
                x, y = map(float, word.rstrip("!o").split(","))
                if word.endswith("!"):
                    corners.append(len(points) - first)
                if word.endswith("o"):
                    loop.append(len(points))
                points.append(_place(x, y))
        stroke = np.array(points[first:])
        blocks.append((_basis(stroke, corners), _basis(stroke, [])))
        wanders.append(_wander(stroke))
    lengths = [len(sharp) for sharp, _ in blocks]
    return Skeleton(
        points=np.array(points),
        wander=_diagonal(wanders),
        sharp=_diagonal([sharp for sharp, _ in blocks]),
        smooth=_diagonal([smooth for _, smooth in blocks]),
        stops=tuple(np.cumsum(lengths).tolist()),
        stroke_of=np.repeat(np.arange(len(blocks)), [sharp.shape[1] for sharp, _ in blocks]),
        loop=np.array(loop, np.intp),
        rings=tuple(rings),
    )


def _place(x: float, y: float) -> tuple[float, float]:
    return (x - 30) / 50, (y - 50) / 50


def _ring(ring: Ring, rng: np.random.Generator) -> Points:
    """Draw a ring: most begin near the top, some anywhere; the ends meet, miss or overlap."""
    # A gap on the right would turn it into a C.
    spread = 0.3 if ring.sweep < 340 else 0.6
    anywhere = ring.sweep >= 360 and rng.random() < 0.25
    start = rng.uniform(0, 2 * np.pi) if anywhere else rng.normal(-0.5 * np.pi, spread)
    sweep = np.radians(ring.sweep + rng.normal(0, 18)) * (1 if rng.random() < 0.25 else -1)
    along = np.linspace(0, 1, _RING_POINTS)
    angles = start + sweep * along
    drift = 1 + rng.normal(0, 0.07) * (2 * along - 1)
    return np.column_stack(
        [
            ring.middle[0] + ring.radii[0] * drift * np.cos(angles),
            ring.middle[1] + ring.radii[1] * drift * np.sin(angles),
        ]
    )


def _wander(points: Points) -> Points:
    steps = np.hypot(*np.diff(points, axis=0).T)
    along = np.concatenate([[0.0], steps.cumsum()])
    near = np.exp(-0.5 * ((along[:, None] - along) / _REACH) ** 2)
    return np.asarray(near / np.linalg.norm(near, axis=1, keepdims=True))


def _diagonal(blocks: list[Points]) -> Points:
    rows, columns = np.sum([block.shape for block in blocks], axis=0)
    whole = np.zeros((rows, columns))
    row = column = 0
    for block in blocks:
        whole[row : row + len(block), column : column + block.shape[1]] = block
        row, column = row + len(block), column + block.shape[1]
    return whole


def _basis(points: Points, corners: list[int]) -> Points:
    """Return the matrix that turns points into dense points on the curve through them.

    The curve is a centripetal Catmull-Rom spline (Yuksel et al., "Parameterization and
    applications of Catmull-Rom curves", 2011), broken at corners. Its knots come from the
    original points, so that the curve is linear in the points that a hand then displaces.
    """
    num = len(points)
    stops = sorted({0, *corners, num - 1})
    rows = [np.eye(num)[:1]]
    for first, last in itertools.pairwise(stops):
        identity = np.eye(num)[first : last + 1]
        padded = np.concatenate(
            [[2 * identity[0] - identity[1]], identity, [2 * identity[-1] - identity[-2]]]
        )
        gaps = np.maximum(np.linalg.norm(np.diff(padded @ points, axis=0), axis=1), 1e-6)
        knots = np.sqrt(gaps)
        for i in range(last - first):
            before, along, after = knots[i : i + 3]
            a, b, c, d = padded[i : i + 4]
            leaving = along * ((b - a) / before - (c - a) / (before + along) + (c - b) / along)
            arriving = along * ((c - b) / along - (d - b) / (along + after) + (d - c) / after)
            num_steps = max(2, int(np.ceil(gaps[i + 1] / _STEP)))
            t = (np.arange(1, num_steps + 1) / num_steps)[:, None]
            rows.append(
                (2 * t**3 - 3 * t**2 + 1) * b
                + (t**3 - 2 * t**2 + t) * leaving
                + (3 * t**2 - 2 * t**3) * c
                + (t**3 - t**2) * arriving
            )
    return np.concatenate(rows)
