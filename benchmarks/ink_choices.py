"""Print what each choice in the way from strokes to an image is worth on labelled ink.

    python benchmarks/ink_choices.py INK ... [--most 2000] [--seed 1]

The packaged network reads the same digits with other pens, without the curve through few points,
with fewer points, tiny, cut off at the canvas's edge, and with what a finger leaves beside them.
Labels that are not digits are left out.
"""

import argparse
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from digitrec import ink
from digitrec.errors import DigitrecError
from digitrec.network import Network, bundled

Points = NDArray[np.float64]
Drawing = tuple[Points, ...]

_STEPS = 12  # points laid on every straight piece


def every(drawing: Drawing, step: int) -> Drawing:
    """Return a drawing with every so many points of a stroke, and its last: a fast pen's."""
    places = [[*range(0, len(stroke) - 1, step), len(stroke) - 1] for stroke in drawing]
    return tuple(stroke[kept] for stroke, kept in zip(drawing, places, strict=True))


def straight(drawing: Drawing) -> Drawing:
    """Return a drawing with so many points on its straight pieces that no curve is left to lay."""
    share = np.arange(_STEPS)[:, None] / _STEPS
    return tuple(
        np.concatenate([*(a + share * (b - a) for a, b in itertools.pairwise(stroke)), stroke[-1:]])
        for stroke in drawing
    )


def fitted(drawing: Drawing, size: float) -> Drawing:
    """Return a drawing moved to 0, its longer side so many pixels long, in whole pixels."""
    low, extent = _corner_and_extent(drawing)
    return tuple(np.round((stroke - low) * size / extent) for stroke in drawing)


def cut(drawing: Drawing, share: float) -> Drawing:
    """Return a drawing whose lower end lies beyond the canvas, and so flat on its edge."""
    low, extent = _corner_and_extent(drawing)
    height = max(float(stroke[:, 1].max()) for stroke in drawing) - low[1]
    edge = low[1] + height - share * extent
    return tuple(np.column_stack([s[:, 0], np.minimum(s[:, 1], edge)]) for s in drawing)


def beside(drawing: Drawing, length: float) -> Drawing:
    """Return a drawing with a line beside it, half its size away; length is a share of its size."""
    low, extent = _corner_and_extent(drawing)
    start = low + np.array([-extent / 2, extent / 2])
    return (*drawing, np.array([start, start + np.array([0, length * extent])]))


def _corner_and_extent(drawing: Drawing) -> tuple[Points, float]:
    points = np.concatenate(drawing)
    low = points.min(axis=0)
    return low, max(float((points.max(axis=0) - low).max()), 1e-9)


CHOICES: dict[str, tuple[Callable[[Drawing], Drawing], float]] = {
    "as the pad does it": (lambda d: d, 2.0),
    "a pen of 1.6 pixels for 2.0": (lambda d: d, 1.6),
    "a pen of 2.4 pixels": (lambda d: d, 2.4),
    "a pen of 2.8 pixels": (lambda d: d, 2.8),
    "straight pieces for the curve": (straight, 2.0),
    "every 3rd point, curve": (lambda d: every(d, 3), 2.0),
    "every 3rd point, straight": (lambda d: straight(every(d, 3)), 2.0),
    "every 6th point, curve": (lambda d: every(d, 6), 2.0),
    "every 6th point, straight": (lambda d: straight(every(d, 6)), 2.0),
    "30 pixels long": (lambda d: fitted(d, 30), 2.0),
    "15 pixels long": (lambda d: fitted(d, 15), 2.0),
    "8 pixels long": (lambda d: fitted(d, 8), 2.0),
    "a tenth beyond the canvas": (lambda d: cut(d, 0.1), 2.0),
    "a fifth beyond the canvas": (lambda d: cut(d, 0.2), 2.0),
    "a tap beside it, left out": (lambda d: beside(d, 0.0), 2.0),
    "a line beside it, too long to be a tap": (lambda d: beside(d, 0.1), 2.0),
}
"""What is done to a drawing, and the pen it is painted with, pixels."""


def rows(network: Network, samples: list[ink.Sample]) -> Iterator[tuple[str, float, float]]:
    """Yield every choice with the shares of the digits that are read correctly and refused."""
    labels = np.array([int(sample.label or "") for sample in samples])
    for name, (change, pen) in CHOICES.items():
        images = [ink.image(change(ink.check(sample.strokes)), pen=pen) for sample in samples]
        answers = network.predict_many(np.stack([image for image in images if image is not None]))
        right = np.array([answer.digit for answer in answers]) == labels
        yield name, float(right.mean()), float(np.mean([answer.refused for answer in answers]))


def main() -> None:
    """Read the ink and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ink", nargs="+", type=Path, help="labelled ink")
    parser.add_argument("--most", type=int, default=2000, help="read so many digits of it")
    parser.add_argument("--seed", type=int, default=1, help="which of them")
    options = parser.parse_args()
    try:
        drawn = [sample for path in options.ink for sample in ink.read(path)]
    except DigitrecError as error:
        parser.error(str(error))
    samples = [
        s for s in drawn if s.label is not None and s.label in set("0123456789") and s.strokes
    ]
    if not samples or options.most < 1:
        parser.error("there has to be a labelled digit, and --most at least 1")
    chosen = np.random.default_rng(options.seed).permutation(len(samples))[: options.most]
    print(f"| of {len(chosen)} digits | right | refused |")
    print("| --- | ---: | ---: |")
    for name, right, refused in rows(bundled(), [samples[place] for place in chosen]):
        print(f"| {name} | {100 * right:.2f} % | {100 * refused:.2f} % |", flush=True)


if __name__ == "__main__":
    main()
