"""Compare how the bundled network and the Keras example network fare on spoilt images.

    python benchmarks/robustness.py [--seed N] [--epochs N] [--images N] [--out FIGURE.png]
                                    [--keep FILE | --example FILE]

Both read MNIST's test images as they are and under each of the fifteen corruptions of
``digitrec.corruptions``, which follow MNIST-C (Mu and Gilmer, 2019). The example is trained in the
run (``benchmarks/peer.py``), or was kept from an earlier one. A digit counts as read right where it
is the most probable one, refused or not. The bundled network may refuse, and the last two columns
say how often it does, and how often it is right where it does not.
"""

import argparse
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from digitrec.network import Network

CLEAN, MEAN = "clean", "mean of the fifteen"
_DOTS_AN_INCH = 144


@dataclass(frozen=True)
class Row:
    """What became of the images under one corruption, as counts."""

    name: str
    images: int
    example_right: int
    right: int
    refused: int
    right_and_answered: int

    @property
    def cells(self) -> list[str]:
        """The name and the shares, as the table shows them."""
        answered = self.images - self.refused
        return [
            self.name,
            _percent(self.example_right / self.images),
            _percent(self.right / self.images),
            _percent(self.refused / self.images),
            _percent(self.right_and_answered / answered) if answered else "–",
        ]


def _percent(share: float, places: int = 2) -> str:
    return f"{100 * share:.{places}f} %"


def measure(
    example: "Network",
    ours: "Network",
    images: NDArray[np.uint8],
    labels: NDArray[np.uint8],
    seed: int,
) -> list[Row]:
    """Let both networks read the images clean, then under each corruption.

    Parameters
    ----------
    example, ours : Network
    images : ndarray of uint8, shape (n, 28, 28)
    labels : ndarray of uint8, shape (n,)
    seed : int
        Decides the corruptions, each on its own.

    Returns
    -------
    list of Row
        Clean, the corruptions in the paper's order, and their mean.
    """
    from digitrec.corruptions import CORRUPTIONS, corrupt

    def ask(name: str, seen: NDArray[np.uint8]) -> Row:
        logits = ours.logits(seen)
        right, refused = logits.argmax(axis=1) == labels, ours.refuses(logits)
        return Row(
            name,
            images=len(labels),
            example_right=int((example.logits(seen).argmax(axis=1) == labels).sum()),
            right=int(right.sum()),
            refused=int(refused.sum()),
            right_and_answered=int((right & ~refused).sum()),
        )

    rows = [ask(CLEAN, images)]
    for number, name in enumerate(CORRUPTIONS):
        rng = np.random.default_rng([seed, number])
        rows.append(ask(name.replace("_", " "), corrupt(images, name, rng)))
    return [*rows, mean(rows[1:])]


def mean(rows: Iterable[Row]) -> Row:
    """Return the mean of rows about equally many images, as one row about all of them."""
    counts = np.array(
        [[r.images, r.example_right, r.right, r.refused, r.right_and_answered] for r in rows]
    )
    return Row(MEAN, *counts.sum(axis=0).tolist())


def table(rows: Iterable[Row]) -> str:
    """Return the rows as a Markdown table."""
    lines = [
        "| images | example | bundled | refused by bundled | right where it answered |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    return "\n".join([*lines, *(f"| {' | '.join(row.cells)} |" for row in rows)])


def figure(rows: list[Row]) -> "Figure":
    """Draw the accuracy of both networks as two dots a row, the best of ours on top."""
    from digitrec.plots.look import BLUE, INK, ORANGE, PALE, describe, new_figure

    first, *corrupted, last = rows
    corrupted.sort(key=lambda row: row.right, reverse=True)
    shown = [first, *corrupted, last]
    places = [0.0, *np.arange(1.4, 1.4 + len(corrupted)), 1.8 + len(corrupted)]
    example = [row.example_right / row.images for row in shown]
    ours = [row.right / row.images for row in shown]
    with new_figure(6.6) as drawing:
        axes = drawing.subplots()
        axes.hlines(places, example, ours, color=PALE, linewidth=4, zorder=1)
        # Told apart by form too; an open square does not hide what it lies on.
        axes.plot(ours, places, "o", color=BLUE, markersize=9, label="bundled network")
        axes.plot(
            example,
            places,
            "s",
            markersize=8,
            markerfacecolor="none",
            markeredgecolor=ORANGE,
            markeredgewidth=2.5,
            label="Keras example",
        )
        axes.set_yticks(places, labels=[row.name for row in shown])
        axes.tick_params(axis="y", length=0)
        for place in (0.7, 1.1 + len(corrupted)):
            axes.axhline(place, color=INK, linewidth=0.8)
        axes.set_ylim(places[-1] + 0.7, -0.7)
        axes.set_xlim(-0.02, 1.02)
        axes.set_xticks(np.linspace(0, 1, 6), labels=[f"{n} %" for n in range(0, 101, 20)])
        axes.set_xlabel(f"read right, of {first.images:,} MNIST test images")
        axes.axvline(0.1, color=INK, linewidth=1, linestyle=":", label="guessing")
        axes.grid(axis="x")
        axes.set_axisbelow(True)
        drawing.legend(loc="outside upper center", ncols=3, handletextpad=0.3, columnspacing=1)
        each = "; ".join(
            f"{row.name} {_percent(row.example_right / row.images, 1)} and "
            f"{_percent(row.right / row.images, 1)}"
            for row in shown
        )
        describe(
            drawing,
            "The share of MNIST's test images that the Keras example network and the bundled "
            f"network read right, clean and under fifteen corruptions: {each}.",
        )
    return drawing


def main(arguments: list[str] | None = None) -> None:
    """Read the arguments, train or open the example, print the table and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0, help="of corruptions and example")
    parser.add_argument("--epochs", type=int, default=12, help="of the example; %(default)s")
    parser.add_argument("--images", type=int, default=10_000, help="the first of the test images")
    parser.add_argument("--out", type=Path, metavar="FIGURE.png", help="draw a figure too")
    parser.add_argument("--example", type=Path, metavar="FILE", help="an example kept before")
    parser.add_argument("--keep", type=Path, metavar="FILE", help="keep the example there")
    options = parser.parse_args(arguments)
    _check(parser, options)
    example = _example(parser, options)

    from digitrec import mnist
    from digitrec.network import bundled

    test = mnist.load_part("test")
    chosen = slice(options.images)
    rows = measure(example, bundled(), test.images[chosen], test.labels[chosen], options.seed)
    trained = f"{options.epochs} epochs" if options.example is None else f"from {options.example}"
    print(f"{options.images:,} test images, seed {options.seed}; example: {trained}\n")
    print(table(rows))
    if options.out:
        from digitrec.plots import alt_text

        drawn = figure(rows)
        about = {"Description": alt_text(drawn)}
        drawn.savefig(options.out, dpi=_DOTS_AN_INCH, metadata=about)


def _check(parser: argparse.ArgumentParser, options: Any) -> None:
    """End with a line on what is wrong, before minutes are spent on a training."""
    if options.seed < 0:
        parser.error(f"--seed must be at least 0. Received: {options.seed}")
    if options.epochs < 1:
        parser.error(f"--epochs must be at least 1. Received: {options.epochs}")
    if not 1 <= options.images <= 10_000:
        parser.error(f"--images must be from 1 to 10000. Received: {options.images}")
    if options.out and options.out.suffix != ".png":
        parser.error(f"--out must end in .png. Received: {options.out}")
    if options.example and options.keep:
        parser.error("--keep is for an example trained in this run; leave out it or --example")
    for path in (options.out, options.keep):
        if path and not path.absolute().parent.is_dir():
            parser.error(f"there is no folder {path.parent}; make it first")


def _example(parser: argparse.ArgumentParser, options: Any) -> "Network":
    from digitrec.errors import FileError
    from digitrec.network import Network

    if options.example:
        try:
            return Network.load(options.example)
        except FileError as error:
            parser.error(str(error))
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    import peer

    print(f"training the example for {options.epochs} epochs", file=sys.stderr)
    example = peer.train(seed=options.seed, epochs=options.epochs)
    if options.keep:
        example.save(options.keep)
    return example


if __name__ == "__main__":
    main()
