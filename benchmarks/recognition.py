"""Compare what reads people's drawings: what most demonstrations do, and what each step here adds.

    python benchmarks/recognition.py INK… [--seed N] [--epochs N] [--keep FOLDER] [--out FOLDER]

INK are ink files of the pad's 300×300 canvas (see the README), digits and other things together; a
label that is no digit makes a drawing one of the others. Every network below is trained in this
run, in a separate process, except the one that comes with the package:

- the Keras documentation's example (``peer.py``), given the whole canvas made smaller to 28×28, as
  most demonstrations do, and given the image that MNIST would have made of the drawing;
- a normalised network of 37,162 parameters that learns from MNIST alone, distorted;
- the recipes classic and quick, and the network in the package.

"Refused" is by the bound that a network came with; the Keras example has none. "At 2 %" gives each
the bound at which it refuses 2 % of these very digits, which makes their energies (Liu et al.,
2020) comparable. An other is "called a digit" if it is not refused and the answer is over 90 %
sure. The calibration error is that of Guo et al. (2017). Then the same digits, in whole pixels as
a mouse reports them, are drawn in other sizes and places. ``--out`` draws all this, ``--keep``
keeps the trained networks for the next run.
"""

import argparse
import dataclasses
import json
import math
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import inference
import numpy as np
import peer
import PIL.Image
import PIL.ImageDraw
from numpy.typing import ArrayLike, NDArray

from digitrec import evaluation, files, ink, mnist
from digitrec.errors import DigitrecError
from digitrec.ink.strokes import CANVAS
from digitrec.network import Network, bundled, energy
from digitrec.report import Report
from digitrec.training.recipes import RECIPES, Recipe

DISTORTED = Recipe(
    "distorted",
    "MNIST alone, every digit turned, slanted, stretched and bent anew in every epoch.",
    epochs=9,
    learning_rate=0.004,
    one_cycle=True,
    filters=(24, 48),
    batch_normalisation=True,
    distortion=1.0,
    clean_epochs=1,
)
LEARNT = {"distorted": DISTORTED, "classic": RECIPES["classic"], "quick": RECIPES["quick"]}

PEN = 18
"""Width of the pad's line, pixels of its canvas."""

SURE = 0.9
AT = 0.02
SHARES = (0.005, 0.01, 0.02, 0.05, 0.1)
SIZES = (250, 200, 150, 100, 75, 50)
PLACES = (60, 105, 150, 195, 240)
PLACED_SIZE = 100
"""Longer side of the digits that are drawn in other places, pixels."""

Images = NDArray[Any]
Frame = Callable[[ink.Strokes], Images | None]
Shares = Mapping[str, Sequence[float]]


@dataclass(frozen=True, eq=False)
class Drawings:
    """Drawings of digits, what they show, and drawings of other things; all of them have ink."""

    digits: Sequence[ink.Strokes]
    labels: NDArray[np.int64]
    others: Sequence[ink.Strokes]


@dataclass(frozen=True, eq=False)
class Scores:
    """What a network made of the drawings.

    Parameters
    ----------
    report : Report
        About the digits.
    digits, others : ndarray of float64
        The energy of every digit and of everything else.
    others_refused : float
        Share of the others that are refused, by the network's own bound.
    others_called : float
        Share of the others that are called a digit, over 90 % sure.
    """

    report: Report
    digits: NDArray[np.float64]
    others: NDArray[np.float64]
    others_refused: float
    others_called: float

    def refused_at(self, shares: ArrayLike) -> NDArray[np.float64]:
        """Return the share of the others refused where these shares of the digits are."""
        if not len(self.others):
            return np.full(np.shape(shares), math.nan)
        bounds = np.asarray(np.quantile(self.digits, np.asarray(shares)))
        return np.asarray((self.others < bounds[..., None]).mean(axis=-1))


@dataclass(frozen=True, eq=False)
class Findings:
    """What is printed: by the name of a reader, except that `sizes` and `places` are of two."""

    scores: Mapping[str, Scores]
    on_mnist: Mapping[str, float]
    sizes: Shares
    places: Shares


# The drawings


def read(paths: Sequence[Path]) -> Drawings:
    """Read labelled ink files; what has no ink is left out.

    Raises
    ------
    DigitrecError, ValueError
        If a file cannot be read, a drawing has no label or leaves the canvas, or none is a digit.
    """
    digits, labels, others = [], [], []
    for path in paths:
        for number, sample in enumerate(ink.read(path), start=1):
            if sample.label is None:
                raise ValueError(f"{path}: every drawing needs a label; number {number} has none")
            if not sample.strokes:
                continue
            points = np.concatenate(sample.strokes)
            if points.min() < 0 or points.max() > CANVAS:
                raise ValueError(
                    f"{path}: drawings on a canvas of {CANVAS}×{CANVAS} were expected; "
                    f"number {number} leaves it"
                )
            if sample.label in set("0123456789"):
                digits.append(sample.strokes)
                labels.append(int(sample.label))
            else:
                others.append(sample.strokes)
    if not digits:
        raise ValueError(f"{paths[0]}: at least one drawing of a digit was expected")
    return Drawings(digits, np.array(labels), others)


def resized(strokes: ink.Strokes) -> Images:
    """Return the pad's canvas as it is painted, made smaller to 28×28 by averaging areas.

    Returns
    -------
    ndarray of uint8, shape (28, 28)
    """
    canvas = PIL.Image.new("L", (CANVAS, CANVAS))
    brush = PIL.ImageDraw.Draw(canvas)
    for stroke in strokes:
        # For Pillow a pixel's middle is a whole number, and a circle holds its rim.
        points = [(float(x) - 0.5, float(y) - 0.5) for x, y in np.asarray(stroke)]
        if len(points) > 1:
            brush.line(points, fill=255, width=PEN)
        for x, y in points:  # ends and joints are round
            brush.circle((x, y), PEN / 2 - 0.5, fill=255)
    return np.asarray(canvas.resize((28, 28), PIL.Image.Resampling.BOX))


def moved(strokes: ink.Strokes, size: float, centre: tuple[float, float]) -> ink.Strokes:
    """Return a drawing made smaller or larger, and moved, in whole pixels.

    Parameters
    ----------
    strokes : sequence of array_like, each of shape (n, 2)
    size : float
        Longer side of the box around its points, pixels; a dot stays one.
    centre : (float, float)
        Where the middle of that box goes, x and y.
    """
    arrays = [np.asarray(stroke) for stroke in strokes]
    points = np.concatenate(arrays)
    low, high = points.min(axis=0), points.max(axis=0)
    extent = float((high - low).max())
    scale = size / extent if extent > 0 else 1.0
    return [np.round((array - (low + high) / 2) * scale + centre) for array in arrays]


def _images(frame: str, drawings: Iterable[ink.Strokes]) -> Images:
    return np.array([FRAMES[frame](strokes) for strokes in drawings]).reshape(-1, 28, 28)


FRAMES: dict[str, Frame] = {"resized": resized, "framed": ink.image}
RESIZED, PACKAGED = "Keras example, canvas resized", "the network in the package"
READERS = {
    RESIZED: ("example", "resized"),
    "Keras example, framed": ("example", "framed"),
    "MNIST alone, distorted": ("distorted", "framed"),
    "recipe classic": ("classic", "framed"),
    "recipe quick": ("quick", "framed"),
    PACKAGED: ("bundled", "framed"),
}
"""By the name of a row, its network and its way to turn a drawing into an image."""


# The networks


def settings(kind: str, epochs: int) -> dict[str, Any]:
    """Return what decides a training besides its seed, as JSON values."""
    if kind == "example":
        return {"epochs": epochs, "num_images": peer.NUM_IMAGES}
    content: dict[str, Any] = json.loads(json.dumps(dataclasses.asdict(LEARNT[kind])))
    return content


def learn(kind: str, seed: int, chosen: Mapping[str, Any]) -> Network:
    """Train the network of one row, in this process."""
    if kind == "example":
        network = peer.train(seed, **chosen)
        test = mnist.load_part("test")
        right = network.logits(test.images).argmax(axis=1) == test.labels
        about = {"recipe": kind, "recipe_settings": dict(chosen), "test_accuracy": _mean(right)}
        return dataclasses.replace(network, metadata={**about, "seed": seed})
    from digitrec import training

    pairs: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in chosen.items()
    }
    return training.train(dataclasses.replace(LEARNT[kind], **pairs), seed=seed)


def networks(folder: Path, seed: int, epochs: int) -> dict[str, Network]:
    """Return all networks by name, trained now unless the folder holds them."""
    found = {}
    for kind in ("example", *LEARNT):
        path, wanted = folder / f"{kind}-{seed}.safetensors", settings(kind, epochs)
        network = Network.load(path) if path.exists() else None
        if network is None or network.metadata.get("recipe_settings") != wanted:
            print(f"training: {kind}", file=sys.stderr)
            _learn_in_a_process(kind, seed, epochs, path)
            network = Network.load(path)
        found[kind] = network
    return {**found, "bundled": bundled()}


def _learn_in_a_process(kind: str, seed: int, epochs: int, path: Path) -> None:
    arguments = ["--learn", kind, "--to", str(path), "--seed", str(seed), "--epochs", str(epochs)]
    finished = subprocess.run(
        [sys.executable, __file__, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if finished.returncode:
        sys.exit(f"the training of {kind} failed:\n{finished.stderr[-2000:]}")


# The measuring


def measure(
    network: Network, digits: NDArray[Any], labels: NDArray[Any], others: NDArray[Any]
) -> Scores:
    """Judge what a network put out.

    Parameters
    ----------
    network : Network
        Its calibration decides how sure it is and what it refuses.
    digits, others : ndarray, shape (n, 10)
        Its logits for the digits and for everything else, of which there may be none.
    labels : ndarray of int, shape (n,)
        What the digits are.
    """
    refused = network.refuses(others)
    sure = network.softmax(others).max(axis=1) > SURE
    return Scores(
        report=evaluation.evaluate_logits(network, digits, labels),
        digits=energy(digits),
        others=energy(others),
        others_refused=_mean(refused),
        others_called=_mean(sure & ~refused),
    )


def accuracies(
    found: Mapping[str, Network],
    drawings: Sequence[ink.Strokes],
    labels: NDArray[Any],
    where: Sequence[tuple[float, tuple[float, float]]],
) -> Shares:
    """Return what resizing and what our network read right of digits drawn elsewhere.

    Parameters
    ----------
    found : mapping of str to Network
    drawings : sequence of drawings
    labels : ndarray of int, shape (n,)
    where : sequence of (float, (float, float))
        The sizes and middles to draw them at, as :func:`moved` takes them.
    """
    right: dict[str, list[float]] = {RESIZED: [], PACKAGED: []}
    for size, centre in where:
        there = [moved(strokes, size, centre) for strokes in drawings]
        for name, shares in right.items():
            kind, frame = READERS[name]
            guesses = found[kind].logits(_images(frame, there)).argmax(axis=1)
            shares.append(float((guesses == labels).mean()))
    return right


def _mean(truths: NDArray[np.bool_]) -> float:
    return float(truths.mean()) if len(truths) else math.nan


# The tables


def overview(findings: Findings) -> str:
    """Return the table that compares them all."""
    columns = [
        "right on MNIST's test images",
        "right (95 % interval)",
        "refused",
        "others refused",
        f"others refused at {AT:.0%} of digits".replace("%", " %"),
        f"others called a digit, over {SURE:.0%}".replace("%", " %"),
        "calibration error",
    ]
    cells = {}
    for name, scores in findings.scores.items():
        report = scores.report
        low, high = (_percent(bound) for bound in report.interval)
        cells[name] = [
            _percent(findings.on_mnist[name]),
            f"{_percent(report.accuracy)} ({low} to {high})",
            _percent(report.refused),
            _percent(scores.others_refused),
            _percent(float(scores.refused_at(AT))),
            _percent(scores.others_called),
            f"{report.ece:.4f}",
        ]
    return _table(columns, cells)


def by_digit(rows: Mapping[str, Scores]) -> str:
    """Return the table of the accuracy of every digit."""
    return _table(
        [str(digit) for digit in range(10)],
        {name: [_percent(p, 1) for p in scores.report.per_class] for name, scores in rows.items()},
    )


def by_refusal(rows: Mapping[str, Scores]) -> str:
    """Return the table of the others refused where some shares of the digits are."""
    return _table(
        [f"at {_percent(share, 1)}" for share in SHARES],
        {name: [_percent(p, 1) for p in s.refused_at(SHARES)] for name, s in rows.items()},
    )


def by_confidence(rows: Mapping[str, Scores]) -> str:
    """Return the table of their accuracy in each confidence bin, and of the bin's size."""
    bins = len(next(iter(rows.values())).report.reliability)
    cells = {}
    for number in range(bins):
        shares = [scores.report.reliability[number] for scores in rows.values()]
        cells[f"{_percent(number / bins, 1)} to {_percent((number + 1) / bins, 1)}"] = [
            f"{_percent(right, 1)} of {count:,.0f}" if count else "–" for count, _, right in shares
        ]
    return _table(list(rows), cells, "sure")


def by_size(right: Shares) -> str:
    """Return the table of the accuracy at every size."""
    return _table(
        [f"{size} pixels" for size in SIZES],
        {name: [_percent(p, 1) for p in shares] for name, shares in right.items()},
    )


def by_place(right: Shares) -> str:
    """Return the table of the accuracy at every place, a row of the canvas each."""
    cells = {}
    for name, shares in right.items():
        for y, row in zip(PLACES, np.reshape(shares, (len(PLACES), -1)), strict=True):
            cells[f"{name}, y = {y}"] = [_percent(p, 1) for p in row]
    return _table([f"x = {x}" for x in PLACES], cells)


def _table(columns: Sequence[str], cells: Mapping[str, Sequence[str]], corner: str = "") -> str:
    lines = [f"| {corner} | {' | '.join(columns)} |", "| --- |" + " ---: |" * len(columns)]
    lines += [f"| {name} | {' | '.join(row)} |" for name, row in cells.items()]
    return "\n".join(lines)


def _percent(share: float, places: int = 2) -> str:
    return "–" if math.isnan(share) else f"{100 * share:.{places}f} %"


# The program


def compare(
    drawings: Drawings, found: Mapping[str, Network], num_moved: int, seed: int
) -> Findings:
    """Measure every reader.

    Parameters
    ----------
    drawings : Drawings
    found : mapping of str to Network
        As :func:`networks` returns them.
    num_moved : int
        How many of the digits are drawn elsewhere as well.
    seed : int
        Chooses these.
    """
    images = {
        frame: (_images(frame, drawings.digits), _images(frame, drawings.others))
        for frame in FRAMES
    }
    scores = {}
    for name, (kind, frame) in READERS.items():
        digits, others = map(found[kind].logits, images[frame])
        scores[name] = measure(found[kind], digits, drawings.labels, others)
    chosen = np.random.default_rng(seed).permutation(len(drawings.digits))[:num_moved]
    some = [drawings.digits[place] for place in chosen], drawings.labels[chosen]
    middle = CANVAS / 2, CANVAS / 2
    return Findings(
        scores,
        {name: found[kind].metadata["test_accuracy"] for name, (kind, _) in READERS.items()},
        accuracies(found, *some, [(size, middle) for size in SIZES]),
        accuracies(found, *some, [(PLACED_SIZE, (x, y)) for y in PLACES for x in PLACES]),
    )


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"recognition.py: {message}", file=sys.stderr)
        raise SystemExit(2)


def main(argv: Sequence[str] | None = None) -> int:
    """Train what is missing, measure everything, print the tables."""
    parser = _Parser(description=__doc__.splitlines()[0])
    parser.add_argument("ink", nargs="*", type=Path, metavar="INK", help="labelled ink files")
    parser.add_argument("--seed", type=int, default=0, help="of the trainings")
    parser.add_argument("--epochs", type=int, default=12, help="of the Keras example")
    parser.add_argument("--moved", type=int, default=500, help="digits drawn elsewhere as well")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where networks are kept")
    parser.add_argument("--out", type=Path, metavar="FOLDER", help="where figures go")
    parser.add_argument("--learn", help=argparse.SUPPRESS)
    parser.add_argument("--to", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    for name in ("epochs", "moved"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1. Received: {getattr(options, name)}")
    if not 0 <= options.seed < 2**32:
        parser.error(f"--seed must be from 0 to 2**32 - 1. Received: {options.seed}")
    if options.learn:
        chosen = settings(options.learn, options.epochs)
        learn(options.learn, options.seed, chosen).save(options.to)
        return 0
    if not options.ink:
        parser.error("at least one ink file was expected")
    try:
        drawings = read(options.ink)
        for folder in (options.keep, options.out):
            if folder is not None:
                folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as passing:
            found = networks(options.keep or Path(passing), options.seed, options.epochs)
        _report(drawings, found, options)
    except OSError as error:
        parser.error(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (DigitrecError, ValueError) as error:
        parser.error(" ".join(str(error).split()))
    return 0


def _report(drawings: Drawings, found: Mapping[str, Network], options: argparse.Namespace) -> None:
    findings = compare(drawings, found, options.moved, options.seed)
    scores = findings.scores
    num_moved = min(options.moved, len(drawings.digits))
    print(
        f"{inference.machine()}\n\n{len(drawings.digits):,} digits, {len(drawings.others):,} "
        f"others; seed {options.seed}, {options.epochs} epochs of the Keras example\n\n"
        f"{overview(findings)}\n\nRight, of every digit:\n\n{by_digit(scores)}\n\n"
        f"Others refused where so many digits are:\n\n{by_refusal(scores)}\n\n"
        f"Right when so sure:\n\n{by_confidence(scores)}\n\n"
        f"Right of {num_moved:,} digits, their longer side so long:\n\n"
        f"{by_size(findings.sizes)}\n\n"
        f"Right of the same, {PLACED_SIZE} pixels long, their middle at x and y:\n\n"
        f"{by_place(findings.places)}"
    )
    if options.out is None:
        return
    import recognition_figures

    from digitrec import plots

    figures = {
        "calibration": recognition_figures.calibration({n: s.report for n, s in scores.items()}),
        "places": recognition_figures.places(
            SIZES, findings.sizes, PLACES, findings.places, PLACED_SIZE
        ),
    }
    if drawings.others:
        curves = {name: row.refused_at for name, row in scores.items()}
        figures["refusals"] = recognition_figures.refusals(curves, AT)
    for name, figure in figures.items():
        files.write(options.out / f"recognition-{name}.png", plots.to_bytes(figure))


if __name__ == "__main__":
    sys.exit(main())
