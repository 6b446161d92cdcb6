"""Print how well numbers of several digits are read, made of people's digits set side by side.

    python benchmarks/numbers.py INK ... [--numbers 200] [--most 6000] [--seed 5] [--json]

INK are ink files of labelled digits; labels that are no digit make a drawing one of the others.
Every number is of one writer's digits, about as high as each other, up and down by a few pixels,
with gaps from -5 to 30 % of a digit's width. "Alone" is what reading every digit by itself would
give. "Touching" are the numbers in which a digit begins where the one before has not ended yet;
"joined" are numbers that were written without lifting the pen between digits. 13, 15 and 18 are
also made of digits that the generating hand draws.
"""

import argparse
import collections
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitrec import hand, ink
from digitrec.errors import DigitrecError
from digitrec.hand.rows import side_by_side, strokes_of
from digitrec.network import bundled
from digitrec.reading import read

LENGTHS = (2, 3, 5)
HARD = ("13", "15", "18")
HARD_NUMBERS = 55

Row = list[list[NDArray[np.float64]]]
Writers = Mapping[str | None, Sequence[ink.Sample]]


def alone(strokes: ink.Strokes) -> tuple[str, bool]:
    """Return the digit that a drawing is read as when it is taken for one, and if it is refused."""
    image = ink.image(strokes)
    if image is None:
        return "", True
    answer = bundled().predict(image)
    return str(answer.digit), answer.refused


def singles(digits: Sequence[ink.Sample]) -> dict[str, Any]:
    """Return how many single digits are cut, and how many are right with and without cutting."""
    readings = [read(sample.strokes) for sample in digits]
    return {
        "samples": len(digits),
        "cut": sum(len(reading.digits) > 1 for reading in readings),
        "right": sum(r.text == s.label for r, s in zip(readings, digits, strict=True)),
        "alone": sum(alone(sample.strokes)[0] == sample.label for sample in digits),
    }


def others(drawings: Sequence[ink.Sample]) -> dict[str, Any]:
    """Return how many other things are refused, with and without cutting."""
    return {
        "samples": len(drawings),
        "refused": sum(read(sample.strokes).refused for sample in drawings),
        "alone": sum(alone(sample.strokes)[1] for sample in drawings),
    }


def numbers(
    writers: Writers, length: int, count: int, rng: np.random.Generator, *, joined: bool = False
) -> dict[str, Any]:
    """Return how many numbers of a length are right, of those that touch and of the others."""
    names = list(writers)
    rows, texts, apiece = [], [], []
    for _ in range(count):
        own = writers[names[rng.integers(len(names))]]
        chosen = [own[place] for place in rng.integers(len(own), size=length)]
        rows.append(side_by_side([sample.strokes for sample in chosen], rng, joined=float(joined)))
        texts.append("".join(str(sample.label) for sample in chosen))
        apiece.append("".join(alone(sample.strokes)[0] for sample in chosen))
    return judged(rows, texts, apiece)


def hard(text: str, writers: Writers | None, rng: np.random.Generator) -> dict[str, Any]:
    """Return how many of a number that is easily taken for one digit are right."""
    rows, apiece = [], []
    for _ in range(HARD_NUMBERS):
        if writers is None:
            chosen: list[ink.Strokes] = [hand.draw(int(digit), rng) for digit in text]
        else:
            able = [
                own for own in writers.values() if set(text) <= {sample.label for sample in own}
            ]
            own = able[rng.integers(len(able))]
            chosen = []
            for digit in text:
                fitting = [sample for sample in own if sample.label == digit]
                chosen.append(fitting[rng.integers(len(fitting))].strokes)
        rows.append(side_by_side(chosen, rng))
        apiece.append("".join(alone(strokes)[0] for strokes in chosen))
    return judged(rows, [text] * len(rows), apiece)


def judged(rows: Sequence[Row], texts: Sequence[str], apiece: Sequence[str]) -> dict[str, Any]:
    """Return how many rows are read as they should be."""
    readings = [read(strokes_of(row)) for row in rows]
    right = np.array([reading.text == text for reading, text in zip(readings, texts, strict=True)])
    touch = np.array([_touches(row) for row in rows])
    return {
        "numbers": len(rows),
        "right": int(right.sum()),
        "alone": sum(text == other for text, other in zip(texts, apiece, strict=True)),
        "touching": int(touch.sum()),
        "touching_right": int(right[touch].sum()),
    }


def _touches(row: Row) -> bool:
    spans = [(points[:, 0].min(), points[:, 0].max()) for points in map(np.concatenate, row)]
    return any(later[0] <= before[1] for before, later in itertools.pairwise(spans))


def measured(samples: Sequence[ink.Sample], count: int, most: int, seed: int) -> dict[str, Any]:
    """Return all that is printed."""
    rng = np.random.default_rng(seed)
    digits = [sample for sample in samples if sample.label in set("0123456789")]
    rest = [sample for sample in samples if sample.label not in {*"0123456789", None}]
    by_writer: dict[str | None, list[ink.Sample]] = collections.defaultdict(list)
    for sample in digits:
        by_writer[sample.writer].append(sample)
    result: dict[str, Any] = {
        "seed": seed,
        "singles": singles([digits[i] for i in rng.permutation(len(digits))[:most]]),
        "others": others([rest[i] for i in rng.permutation(len(rest))[:most]]),
        "lengths": {n: numbers(by_writer, n, count, rng) for n in LENGTHS},
        "joined": {n: numbers(by_writer, n, count, rng, joined=True) for n in LENGTHS},
        "hard": {},
        "hard_drawn": {text: hard(text, None, rng) for text in HARD},
    }
    labels = {sample.label for sample in digits}
    if set("".join(HARD)) <= labels:
        result["hard"] = {text: hard(text, by_writer, rng) for text in HARD}
    return result


def printed(result: Mapping[str, Any]) -> str:
    """Return the measurements as tables."""
    single = "{samples} single digits: {cut} cut, {right} right; {alone} with no cut allowed."
    rest = "{samples} other drawings: {refused} refused; {alone} with no cut allowed."
    lines = [
        single.format(**result["singles"]),
        rest.format(**result["others"]),
        "",
        "| numbers | read | right | share | every digit alone | touching | right of these |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for key, name in (
        ("lengths", "of {} digits"),
        ("joined", "of {} digits, joined"),
        ("hard", "{}"),
        ("hard_drawn", "{}, generated"),
    ):
        for what, row in result[key].items():
            of_touching = _percent(row["touching_right"], row["touching"])
            lines.append(
                f"| {name.format(what)} | {row['numbers']} | {row['right']} | "
                f"{_percent(row['right'], row['numbers'])} | "
                f"{_percent(row['alone'], row['numbers'])} | {row['touching']} | {of_touching} |"
            )
    return "\n".join(lines)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "–"


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description="Print how well numbers are read.")
    parser.add_argument("ink", nargs="+", type=Path, metavar="INK", help=".jsonl or .jsonl.gz")
    parser.add_argument("--numbers", type=int, default=200, help="of each length")
    parser.add_argument("--most", type=int, default=6000, help="single digits, and others")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--json", action="store_true", help="one JSON object")
    arguments = parser.parse_args()
    try:
        samples = [sample for path in arguments.ink for sample in ink.read(path)]
    except DigitrecError as error:
        parser.error(str(error))
    if not any(sample.label in set("0123456789") for sample in samples):
        parser.error("no digit is among the drawings, so there is nothing to make numbers of")
    result = measured(samples, arguments.numbers, arguments.most, arguments.seed)
    print(json.dumps(result) if arguments.json else printed(result))


if __name__ == "__main__":
    main()
