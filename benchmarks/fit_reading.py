"""Fit what it costs to cut ink into digits, on numbers that the generating hand draws.

    python benchmarks/fit_reading.py [--seed N] [--drawings N]

Prints the weights that ``digitrec/reading/costs.py`` holds, and how many drawings of another seed
are then cut as they should be. A way to cut a drawing has the probability exp(-cost), divided by
the sum over all its ways, which makes this a semi-Markov conditional random field (Sarawagi and
Cohen, 2004); the weights are those under which the right ways are most probable. Single digits
count more than numbers, since a digit that is cut is the worse mistake. Drawings of other things
are to stay whole, or to be cut so that the network refuses one of the parts.
"""

import argparse
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from digitrec import hand
from digitrec.hand.rows import side_by_side, strokes_of
from digitrec.network import bundled
from digitrec.reading import costs
from digitrec.reading.drawn import Drawing
from digitrec.reading.pieces import along
from digitrec.reading.ways import Choices

SHARES = {0: 0.35, 1: 0.35, 2: 0.12, 3: 0.08, 4: 0.05, 5: 0.05}
"""How often drawings of so many digits are drawn; 0 is something else."""

IMPORTANCE = {0: 4.0, 1: 8.0}
"""What a mistake with other things and with a single digit counts; one with a number counts 1."""

OTHERS = [kind for kind in hand.OTHER_KINDS if kind != "number"]
JOINED = 0.08
LATE = 0.15
"""How often a stroke is drawn last, wherever it belongs."""

ROUNDS = 4
KEPT = 24
STIFFNESS = 0.05
"""Holds every weight near where it is without data."""

WITHOUT_DATA = {"inside": 3.0, "overlap": 2.0, "deep overlap": 12.0}
"""Weights of what the generating hand never does, but people do: nothing else could teach that
digits do not lie within each other. All others are 0 without data.
"""

Points = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Example:
    """What may be a digit in a drawing, the right way through, and how many digits it has."""

    choices: Choices
    right: list[int]
    length: int
    refused: NDArray[np.bool_]

    def accepts(self, way: Sequence[int]) -> bool:
        """Say whether a way is as right: other things may be cut where that is refused."""
        return list(way) == self.right or (self.length == 0 and self.refused[list(way)].any())


def example(length: int, rng: np.random.Generator) -> Example | None:
    """Draw something, and return None where no cut is where it should be."""
    row: list[list[Points]] = []
    if length == 0:
        drawing = Drawing(hand.draw_other(rng, str(rng.choice(OTHERS))))
    else:
        digits = [hand.draw(int(rng.integers(10)), rng) for _ in range(length)]
        row = side_by_side(digits, rng, joined=JOINED)
        strokes = strokes_of(row)
        if rng.random() < LATE:
            strokes.append(strokes.pop(int(rng.integers(len(strokes)))))
        drawing = Drawing(strokes)
    choices = Choices(drawing.pieces, drawing.links)
    places = {run: place for place, run in enumerate(choices.runs)}
    groups = owned(drawing, row) if row else [tuple(range(len(drawing.pieces)))]
    if not all(group in places for group in groups):
        return None
    if len(choices.runs) == 1:
        return Example(choices, [0], length, np.zeros(1, bool))
    network = bundled()
    logits = network.logits(np.stack([drawing.image(run) for run in choices.runs]))
    choices.measures[:, costs.ASKED] = costs.network_measures(network, logits)
    right = [places[group] for group in groups]
    return Example(choices, right, length, network.refuses(logits))


def owned(drawing: Drawing, row: Sequence[Sequence[Points]]) -> list[tuple[int, ...]]:
    """Return each digit's pieces: those most of whose points lie nearest to its ink."""
    inks = []
    for number, strokes in enumerate(row):
        first, *others = strokes
        if number and np.array_equal(first[0], row[number - 1][-1][-1]):
            first = first[1:]  # the link belongs to neither
        inks.append(np.concatenate([along(stroke, 200) for stroke in (first, *others)]))
    groups: list[list[int]] = [[] for _ in row]
    for place, piece in enumerate(drawing.pieces):
        away = [
            np.square(piece.points[:, None] - ink[None]).sum(axis=-1).min(axis=1) for ink in inks
        ]
        votes = np.bincount(np.argmin(away, axis=0), minlength=len(row))
        groups[int(votes.argmax())].append(place)
    return [tuple(group) for group in groups]


def examples(count: int, rng: np.random.Generator) -> tuple[list[Example], int]:
    """Draw that many, and return how many had no right way beside those that have one."""
    lengths = rng.choice(list(SHARES), size=count, p=list(SHARES.values()))
    drawn = [example(int(length), rng) for length in lengths]
    kept = [one for one in drawn if one is not None]
    return kept, count - len(kept)


def total(one: Example, way: Sequence[int]) -> Points:
    """Return the measures of all digits and cuts of a way together."""
    runs = one.choices.measures[list(way)].sum(axis=0)
    pairs = sum((one.choices.cut(a, b) for a, b in itertools.pairwise(way)), NO_CUT)
    return np.concatenate([runs, pairs])


NO_CUT = np.zeros(len(costs.PAIR))


def fit(drawn: Sequence[Example]) -> Points:
    """Return the weights under which the right ways are most probable."""
    weights = np.ones(len(costs.RUN) + len(costs.PAIR))
    bounds = [(None, None) if name == "digit" else (0, None) for name in (*costs.RUN, *costs.PAIR)]
    expected = np.array([WITHOUT_DATA.get(name, 0.0) for name in (*costs.RUN, *costs.PAIR)])
    seen: list[dict[tuple[int, ...], Points]] = [{} for _ in drawn]
    for _ in range(ROUNDS):
        # All ways would be too many, so those that these weights like best are the rivals.
        for one, ways in zip(drawn, seen, strict=True):
            found = one.choices.cheapest(*split(weights), keep=KEPT)
            for way in [one.right, *found]:
                ways.setdefault(tuple(way), total(one, way))
        rivals = [np.stack(list(ways.values())) for ways in seen]
        fine = np.array(
            [one.accepts(way) for one, ways in zip(drawn, seen, strict=True) for way in ways]
        )
        matter = np.array([IMPORTANCE.get(one.length, 1.0) for one in drawn])
        rows = np.concatenate([table - table[0] for table in rivals])
        starts = np.cumsum([0, *(len(table) for table in rivals[:-1])])
        each = np.repeat(np.arange(len(rivals)), [len(table) for table in rivals])

        def loss(weights: Points) -> tuple[float, Points]:
            # What each way costs more than the first right one of its drawing.
            powers = np.exp(np.minimum(-(rows @ weights), 500))  # noqa: B023 - minimize calls it in this round
            right = powers * fine  # noqa: B023 - as above
            sums, rights = (np.add.reduceat(part, starts) for part in (powers, right))  # noqa: B023 - as above
            off = weights - expected
            value = matter @ np.log(sums / rights) + STIFFNESS * off @ off / 2  # noqa: B023 - as above
            shares = matter[each] * (powers / sums[each] - right / rights[each])  # noqa: B023 - as above
            return float(value), -(shares @ rows) + STIFFNESS * off  # noqa: B023 - as above

        weights = optimize.minimize(loss, weights, jac=True, bounds=bounds, method="L-BFGS-B").x
    return np.asarray(weights)


def split(weights: Points) -> tuple[dict[str, float], dict[str, float]]:
    """Return what the measures of a digit cost, and those of a cut."""
    count = len(costs.RUN)
    return (
        dict(zip(costs.RUN, weights[:count].tolist(), strict=True)),
        dict(zip(costs.PAIR, weights[count:].tolist(), strict=True)),
    )


def main() -> None:
    """Fit, and print what was fitted."""
    parser = argparse.ArgumentParser(description="Fit what it costs to cut ink into digits.")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--drawings", type=int, default=3000)
    arguments = parser.parse_args()
    drawn, lost = examples(arguments.drawings, np.random.default_rng(arguments.seed))
    print(f"{len(drawn)} drawings; {lost} more have no cut where it should be")
    weights = fit(drawn)
    for title, fitted in zip(("RUN", "PAIR"), split(weights), strict=True):
        print(title, {name: round(cost, 2) for name, cost in fitted.items()})
    prices = [one.choices.price(one.right, *split(weights)) for one in drawn if one.length > 1]
    print(f"MOST = {np.percentile(prices, 95):.2f}")
    checked, lost = examples(arguments.drawings // 2, np.random.default_rng(arguments.seed + 1))
    print(f"of another seed, where {lost} have no cut where it should be:")
    for length in SHARES:
        of_it = [one for one in checked if one.length == length]
        right = sum(one.accepts(one.choices.cheapest(*split(weights))[0]) for one in of_it)
        print(f"{length} digits: {right} of {len(of_it)} as they should be")


if __name__ == "__main__":
    main()
