"""The ways to cut pieces into digits, and the cheapest of them."""

import heapq
import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from digitrec.reading import costs
from digitrec.reading.pieces import Piece, Points, Run, distances, line_height

_LONGEST = 5  # pieces of a digit, unless the whole drawing is one
_MOST_PIECES = 24  # ten digits have fewer; more are a scribble's
_WIDEST = 2.0  # of a digit, shares of the line's height, unless the whole drawing is one
_LOOSEST = 0.6  # gap inside a digit, likewise


class Choices:
    """What may be a digit, what may follow it, and what either measures.

    Attributes
    ----------
    runs : list of tuple of int
        The places of the pieces that may be a digit.
    measures : ndarray of float64, shape (runs, len(costs.RUN))
        Those of the network are 0 until it was asked.

    Parameters
    ----------
    pieces : sequence of Piece
        From left to right.
    links : mapping of (int, int) to float
        Pairs of pieces between which a stroke leads on, and the length of that.

    Examples
    --------
    >>> ones = [Piece(np.array([[x, 0.0], [x, 90.0]]), (x,), (x, x)) for x in (0.0, 50.0)]
    >>> Choices(ones, {}).runs
    [(0,), (0, 1), (1,)]
    """

    def __init__(self, pieces: Sequence[Piece], links: Mapping[tuple[int, int], float]) -> None:
        self._pieces, self._links = pieces, links
        self._high = line_height(pieces)
        self._away = distances(pieces) / self._high
        self._pairs: dict[tuple[int, int], Points] = {}
        whole = tuple(range(len(pieces)))
        runs = sorted(_runs(pieces)) if len(pieces) <= _MOST_PIECES else [whole]
        measures = costs.run_measures(pieces, self._away, links, runs, self._high)
        gaps, extra = (measures[:, list(costs.RUN).index(name)] for name in ("gap", "wide"))
        kept = [
            place
            for place, run in enumerate(runs)
            if len(run) in (1, len(whole))
            or (gaps[place] <= _LOOSEST and extra[place] <= _WIDEST - 1)
        ]
        self.runs: list[Run] = [runs[place] for place in kept]
        self.measures = measures[kept]

    def cut(self, left: int, right: int) -> Points:
        """Return the measures of a cut between two runs, shape (len(costs.PAIR),)."""
        if (left, right) not in self._pairs:
            self._pairs[left, right] = costs.pair_measures(
                self._pieces, self._away, self._links, self.runs[left], self.runs[right], self._high
            )
        return self._pairs[left, right]

    def price(
        self,
        way: Sequence[int],
        run_costs: Mapping[str, float] = costs.RUN,
        pair_costs: Mapping[str, float] = costs.PAIR,
    ) -> float:
        """Return what a way costs a digit.

        Parameters
        ----------
        way : sequence of int
            Places in ``runs``.
        run_costs, pair_costs : mapping of str to float
            What the measures of a digit and of a cut cost.
        """
        price = float(self.measures[list(way)].sum(axis=0) @ np.array(list(run_costs.values())))
        weights = np.array(list(pair_costs.values()))
        price += sum(float(self.cut(a, b) @ weights) for a, b in itertools.pairwise(way))
        return price / len(way)

    def cheapest(
        self,
        run_costs: Mapping[str, float] = costs.RUN,
        pair_costs: Mapping[str, float] = costs.PAIR,
        keep: int = 1,
    ) -> list[list[int]]:
        """Return the cheapest ways to make digits of all pieces, cheapest first.

        Parameters
        ----------
        run_costs, pair_costs : mapping of str to float
            What the measures of a digit and of a cut cost.
        keep : int
            How many ways to keep up to each digit, and in the end (Viterbi's algorithm keeps 1).

        Returns
        -------
        list of list of int
            Each way as places in ``runs``, from left to right.
        """
        pair_weights = np.array(list(pair_costs.values()))
        prices = self.measures @ np.array(list(run_costs.values()))
        masks = [sum(1 << piece for piece in run) for run in self.runs]
        holding: dict[int, list[int]] = {}
        for place, run in enumerate(self.runs):
            for piece in run:
                holding.setdefault(piece, []).append(place)
        everything = (1 << len(self._pieces)) - 1
        # What is covered and the last digit, to the cheapest ways there.
        levels: list[dict[tuple[int, int], list[tuple[float, tuple[int, ...]]]]]
        levels = [{} for _ in range(len(self._pieces) + 1)]
        levels[0][0, -1] = [(0.0, ())]
        for level in levels[:-1]:
            for (covered, last), ways in level.items():
                first = (~covered & (covered + 1)).bit_length() - 1
                for place in holding[first]:
                    if masks[place] & covered:
                        continue
                    price = prices[place]
                    if last >= 0:
                        price += self.cut(last, place) @ pair_weights
                    reached = covered | masks[place]
                    there = levels[reached.bit_count()].setdefault((reached, place), [])
                    there += [(cost + price, (*way, place)) for cost, way in ways]
                    there[:] = heapq.nsmallest(keep, there)
        done = [
            way
            for (covered, _), ways in levels[-1].items()
            if covered == everything
            for way in ways
        ]
        return [list(way) for _, way in heapq.nsmallest(keep, done)]


def _runs(pieces: Sequence[Piece]) -> set[Run]:
    """Return the runs of few pieces, from left to right and as they were drawn, and the whole."""
    places = list(range(len(pieces)))
    drawn = sorted(places, key=lambda place: pieces[place].when)
    found = {tuple(places)}
    for order in (places, drawn):
        for first in places:
            for size in range(1, min(_LONGEST, len(places) - first) + 1):
                found.add(tuple(sorted(order[first : first + size])))
    return found
