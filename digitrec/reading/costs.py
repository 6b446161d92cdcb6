"""What it costs to call some ink a digit, and to cut between two.

Every cost is a measure, in shares of the line's height where it is a length, times a weight. The
weights are fitted on numbers that the generating hand draws, by ``benchmarks/fit_reading.py``.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from digitrec.network import Network, energy
from digitrec.reading.pieces import Piece, Points

RUN = {
    "digit": -0.15,  # one more digit
    "doubt": 0.00,  # -log of the best probability
    "strange": 0.00,  # energy below the bound that refuses
    "unusual": 0.00,  # energy less than 3 above it
    "plain": 0.21,  # energy less than 7 above it
    "gap": 7.75,  # the widest gap in x
    "wide gap": 0.00,  # what of it is beyond 0.1
    "apart": 1.83,  # the longest way from one piece to the next
    "far apart": 0.79,  # what of it is beyond 0.1
    "small": 1.83,  # how much lower than 0.85 of the line
    "tiny": 0.00,  # how much lower than 0.5
    "wide": 5.46,  # how much wider than the line is high
    "very wide": 0.00,  # how much wider than 1.4 times that
    "side by side": 9.14,  # two pieces, each higher than 0.6 of the line, that do not overlap in x
    "link kept": 0.00,  # a possible link that is not cut
    "many pieces": 0.18,  # more than one
}
"""What the measures of a digit cost."""

PAIR = {
    "overlap": 0.00,  # in x
    "deep overlap": 1.31,  # what of it is beyond 0.1
    "inside": 4.08,  # share of the narrower one's width that overlaps
    "near": 0.00,  # how much nearer than 0.1
    "touching": 0.00,  # how much nearer than 0.03
    "lifted": 12.16,  # how much the lower edges differ beyond 0.15
    "hanging": 3.95,  # the upper edges
    "out of turn": 3.62,  # drawn in another order than from left to right
    "link cut": 4.04,  # a stroke leads on
    "long link cut": 0.00,  # the length of that
}
"""What the measures of a cut cost."""

MOST = 2.12
"""A number that costs more a digit is refused; a twentieth of the generating hand's do."""

ASKED = slice(1, 5)
"""Where in RUN the measures of the network are."""

_DOUBT = 1e-6  # less probable than this costs no more


def run_measures(
    pieces: Sequence[Piece],
    away: Points,
    links: Mapping[tuple[int, int], float],
    runs: Sequence[Sequence[int]],
    high: float,
) -> Points:
    """Return the measures of runs of pieces that need no network, shape (runs, len(RUN)).

    Those of the network, the four after the first, are 0; see :func:`network_measures`.
    """
    table = np.zeros((len(runs), len(RUN)))
    for row, run in zip(table, runs, strict=True):
        low = np.min([pieces[i].low for i in run], axis=0)
        top = np.max([pieces[i].high for i in run], axis=0)
        width, height = (top - low) / high
        gap, apart, kept = _looseness(pieces, away, links, run, high)
        beside = max(
            (_beside(pieces[i], pieces[j], high) for i in run for j in run if i < j), default=0
        )
        row[0] = 1
        row[5:] = (
            gap,
            max(0, gap - 0.1),
            apart,
            max(0, apart - 0.1),
            max(0, 0.85 - height),
            max(0, 0.5 - height),
            max(0, width - 1),
            max(0, width - 1.4),
            beside,
            kept,
            len(run) - 1,
        )
    return table


def network_measures(network: Network, logits: ArrayLike) -> Points:
    """Return the measures of the network's answers, shape (runs, 4)."""
    bound = network.calibration.min_energy
    energies = energy(logits)
    doubt = -np.log(np.maximum(network.softmax(logits).max(axis=-1), _DOUBT))
    # A network that refuses nothing has no bound to be near to.
    above = np.full(len(doubt), np.inf) if bound is None else energies - bound
    return np.column_stack([doubt, *(np.maximum(0, least - above) for least in (0, 3, 7))])


def pair_measures(
    pieces: Sequence[Piece],
    away: Points,
    links: Mapping[tuple[int, int], float],
    left: Sequence[int],
    right: Sequence[int],
    high: float,
) -> Points:
    """Return the measures of a cut between two runs of pieces, shape (len(PAIR),)."""
    low, top = zip(*(_box(pieces, run) for run in (left, right)), strict=True)
    overlap = (min(top[0][0], top[1][0]) - max(low[0][0], low[1][0])) / high
    if low[0][0] + top[0][0] > low[1][0] + top[1][0]:
        overlap += 1  # the second lies left of the first
    narrow = min(top[0][0] - low[0][0], top[1][0] - low[1][0]) / high
    nearest = float(away[np.ix_(list(left), list(right))].min())
    cut = [
        length / high
        for (i, j), length in links.items()
        if (i in left and j in right) or (i in right and j in left)
    ]
    first = [pieces[i].when for i in left]
    second = [pieces[i].when for i in right]
    late = max(when[1] for when in first) > min(when[0] for when in second)
    return np.array(
        [
            max(0, overlap),
            max(0, overlap - 0.1),
            min(1, max(0, overlap) / (narrow + 0.05)),
            0 if cut else max(0, 0.1 - nearest),
            0 if cut else max(0, 0.03 - nearest),
            max(0, abs(top[0][1] - top[1][1]) / high - 0.15),
            max(0, abs(low[0][1] - low[1][1]) / high - 0.15),
            float(late),
            len(cut),
            sum(cut),
        ]
    )


def _box(pieces: Sequence[Piece], run: Sequence[int]) -> tuple[Points, Points]:
    return (
        np.min([pieces[i].low for i in run], axis=0),
        np.max([pieces[i].high for i in run], axis=0),
    )


def _beside(first: Piece, second: Piece, high: float) -> float:
    """Return by how much two pieces are both higher than 0.6, less for what they overlap in x."""
    lower = min(first.high[1] - first.low[1], second.high[1] - second.low[1]) / high
    overlap = min(first.high[0], second.high[0]) - max(first.low[0], second.low[0])
    narrow = min(first.high[0] - first.low[0], second.high[0] - second.low[0])
    return max(0.0, float(lower) - 0.6) * float(
        1 - min(1.0, max(0.0, overlap) / (narrow + 0.05 * high))
    )


def _looseness(
    pieces: Sequence[Piece],
    away: Points,
    links: Mapping[tuple[int, int], float],
    run: Sequence[int],
    high: float,
) -> tuple[float, float, int]:
    """Return a run's widest gap in x, its longest way between pieces, and the links in it."""
    if len(run) == 1:
        return 0.0, 0.0, 0
    inside = [pair for pair in links if pair[0] in run and pair[1] in run]
    spans = [(pieces[i].low[0], pieces[i].high[0]) for i in run]
    for i, j in inside:
        spans.append((min(pieces[i].high[0], pieces[j].low[0]), pieces[j].low[0]))
    gap, reached = 0.0, -np.inf
    for low, top in sorted(spans):
        if reached > -np.inf:
            gap = max(gap, (low - reached) / high)
        reached = max(reached, top)
    between = away[np.ix_(list(run), list(run))].copy()
    for i, j in inside:
        a, b = run.index(i), run.index(j)
        between[a, b] = between[b, a] = 0
    # Prim's algorithm: the longest edge of the tree that joins all with the least line.
    reach, longest = between[0].copy(), 0.0
    left = set(range(1, len(run)))
    while left:
        nearest = min(left, key=lambda place: reach[place])
        longest = max(longest, float(reach[nearest]))
        left.remove(nearest)
        reach = np.minimum(reach, between[nearest])
    return float(gap), longest, len(inside)
