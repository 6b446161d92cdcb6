"""The pieces of a drawing: its strokes, and parts of strokes that may write two digits."""

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitrec import ink
from digitrec.reading.links import links
from digitrec.reading.pieces import Box, Piece, Points, Run, along, gather, line_height

_LONG = 0.5  # a stroke lower than this share of the line's height writes no two digits


@dataclass(frozen=True)
class Part:
    """Some points of a stroke, from the first up to the last.

    Parameters
    ----------
    stroke, first, last : int
        Which stroke, and places in its points.
    """

    stroke: int
    first: int
    last: int


class Drawing:
    """A drawing in pieces, from left to right.

    Parameters
    ----------
    strokes : sequence of array_like, each of shape (n, 2)
        As :func:`digitrec.ink.image` takes them; at least one holds a point.

    Examples
    --------
    >>> drawing = Drawing([[(0, 0), (0, 90)], [(40, 0), (40, 90)]])
    >>> len(drawing.pieces)
    2
    >>> drawing.ink((1,))[0].tolist()
    [[40.0, 0.0], [40.0, 90.0]]
    """

    def __init__(self, strokes: ink.Strokes) -> None:
        self._strokes = ink.check(strokes)
        whole = [Piece(along(stroke), ()) for stroke in self._strokes]
        high = line_height(whole)
        self._points = []
        pieces = []
        for number, stroke in enumerate(self._strokes):
            points: Points = stroke
            ranges: list[tuple[int, int]] = []
            if np.ptp(stroke[:, 1]) >= _LONG * high:
                points, ranges = links(stroke)
            self._points.append(points)
            firsts = [0, *(stop for _, stop in ranges)]
            lasts = [*(start for start, _ in ranges), len(points) - 1]
            for first, last in zip(firsts, lasts, strict=True):
                pieces.append(
                    Piece(
                        along(points[first : last + 1]),
                        (Part(number, first, last),),
                        (number + first / len(points), number + last / len(points)),
                    )
                )
        self.pieces = gather(pieces)
        self.links = self._find_links()

    def image(self, run: Run) -> NDArray[np.float32]:
        """Return the 28×28 image of some pieces, as if they were all that is drawn."""
        image = ink.image(self.ink(run))
        assert image is not None, "every piece has ink"  # noqa: S101 - so that types hold
        return image

    def ink(self, run: Run) -> tuple[Points, ...]:
        """Return the strokes, or what of them belongs to some pieces, in the order of the pen."""
        parts = sorted(
            (part for place in run for part in self._parts(place)),
            key=lambda part: (part.stroke, part.first),
        )
        merged: list[Part] = []
        for part in parts:
            if merged and merged[-1].stroke == part.stroke and self._follows(merged[-1], part):
                merged[-1] = Part(part.stroke, merged[-1].first, part.last)
            else:
                merged.append(part)
        return tuple(self._cut(part) for part in merged)

    def box(self, run: Run) -> Box:
        """Return the left, upper, right and lower edge of some pieces."""
        points = np.concatenate(self.ink(run))
        (left, upper), (right, lower) = points.min(axis=0).tolist(), points.max(axis=0).tolist()
        return left, upper, right, lower

    def _cut(self, part: Part) -> Points:
        points = self._points[part.stroke]
        if part.first == 0 and part.last == len(points) - 1:
            return self._strokes[part.stroke]
        return points[part.first : part.last + 1]

    def _follows(self, part: Part, later: Part) -> bool:
        """Say whether only a link lies between two parts of a stroke."""
        between = (
            other.stroke == part.stroke and part.last <= other.first and other.last <= later.first
            for place in range(len(self.pieces))
            for other in self._parts(place)
            if other not in (part, later)
        )
        return not any(between)

    def _parts(self, place: int) -> list[Part]:
        return [part for part in self.pieces[place].parts if isinstance(part, Part)]

    def _find_links(self) -> dict[tuple[int, int], float]:
        """Return the pairs of pieces between which a stroke leads on, and how long the link is."""
        owners = sorted(
            (part.stroke, part.first, part.last, place)
            for place in range(len(self.pieces))
            for part in self._parts(place)
        )
        found = {}
        for (stroke, _, last, i), (other, first, _, j) in itertools.pairwise(owners):
            if stroke == other and i != j:
                ends = self._points[stroke][[last, first]]
                found[min(i, j), max(i, j)] = float(np.hypot(*(ends[1] - ends[0])))
        return found
