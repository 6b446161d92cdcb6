"""Measure how well photographs and scans of one digit are read, a kind of photograph at a time.

    python benchmarks/photographs.py [--each N] [--empty N] [--seed N] [--model FILE] [--out FOLDER]

The photographs are those of ``digitrec.paper``, with the digits of ``digitrec.hand``, each of the
ten as often as any other. "On the pad" is what the network makes of the same strokes without a
picture in between, which no picture can be expected to do better than; "resized" is what it makes
of the picture made small, grey and light on dark, as many programs do it. A digit that is found
empty counts as wrong; one that is refused counts by its nearest digit, as it does for drawings. The
second table is of sheets with nothing on them. A picture's time is that from its pixels to the
answer, the median of a kind.
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import paper
import PIL.Image
import PIL.ImageDraw

from digitrec import hand, ink, network, sight

_TILE = 150
_CAPTION = 16


@dataclass(frozen=True)
class Reading:
    """What was photographed, and what was read."""

    kind: str
    digit: int | None
    picture: np.ndarray
    answer: int | None
    refused: bool
    on_the_pad: int | None
    resized: int
    seconds: float

    @property
    def right(self) -> bool:
        """Whether the answer is the digit, or that there is none."""
        return self.answer == self.digit

    @property
    def caption(self) -> str:
        """What was read, for below the picture."""
        read = "empty" if self.answer is None else f"{self.answer}{'?' if self.refused else ''}"
        return (
            read if self.right else f"{read}, not {'empty' if self.digit is None else self.digit}"
        )


def readings(
    net: network.Network, each: int, seed: int, *, empty: bool = False
) -> Iterator[Reading]:
    """Photograph and read so many digits, or empty sheets, of every kind."""
    for number, kind in enumerate(paper.KINDS):
        for turn in range(each):
            # One generator a picture: a longer run begins with the pictures of a shorter one.
            rng = np.random.default_rng([seed, int(empty), number, turn])
            strokes = () if empty else hand.draw(turn % 10, rng)
            picture = paper.photograph(strokes, rng, kind=kind)
            drawn = None if empty else ink.image(strokes)
            begun = time.perf_counter()
            seen = sight.look(net, picture)
            prediction = None if seen is None else seen.prediction
            seconds = time.perf_counter() - begun
            yield Reading(
                kind,
                None if empty else turn % 10,
                picture,
                None if prediction is None else prediction.digit,
                prediction is not None and prediction.refused,
                None if drawn is None else net.predict(drawn).digit,
                net.predict(resized(picture)).digit,
                seconds,
            )


def resized(picture: np.ndarray) -> np.ndarray:
    """Make a picture small, its darker half light: what is done where nothing is known of ink."""
    grey = np.asarray(PIL.Image.fromarray(picture).convert("L").resize((28, 28)))
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    return 255 - grey if np.median(border) > 127 else grey


def interval(right: int, of: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927)."""
    from scipy.stats import binomtest

    found = binomtest(right, of).proportion_ci(0.95, method="wilson")
    return float(found.low), float(found.high)


def table(done: list[Reading]) -> str:
    """Return what was made of digits as a Markdown table, a line a kind and one for all."""
    lines = [
        "| kind | pictures | right | 95 % interval | on the pad | resized | empty | refused | ms |",
        "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    for kind in [*dict.fromkeys(reading.kind for reading in done), None]:
        rows = [reading for reading in done if kind in (None, reading.kind)]
        right = sum(reading.right for reading in rows)
        low, high = interval(right, len(rows))
        pad = sum(reading.on_the_pad == reading.digit for reading in rows) / len(rows)
        plain = sum(reading.resized == reading.digit for reading in rows) / len(rows)
        nothing = sum(reading.answer is None for reading in rows) / len(rows)
        refused = sum(reading.refused for reading in rows) / len(rows)
        milliseconds = 1000 * statistics.median(reading.seconds for reading in rows)
        lines.append(
            f"| {kind or 'all'} | {len(rows):,} | {_percent(right / len(rows))} "
            f"| {_percent(low)} to {_percent(high)} | {_percent(pad)} | {_percent(plain)} "
            f"| {_percent(nothing)} | {_percent(refused)} | {milliseconds:.0f} |"
        )
    return "\n".join(lines)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def table_of_empty(done: list[Reading]) -> str:
    """Return what was made of empty sheets as a Markdown table."""
    lines = [
        "| kind | empty sheets | found empty | refused | taken for a digit |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for kind in [*dict.fromkeys(reading.kind for reading in done), None]:
        rows = [reading for reading in done if kind in (None, reading.kind)]
        nothing = sum(reading.right for reading in rows) / len(rows)
        refused = sum(reading.refused for reading in rows) / len(rows)
        taken = 1 - nothing - refused
        lines.append(
            f"| {kind or 'all'} | {len(rows):,} | {_percent(nothing)} | {_percent(refused)} "
            f"| {_percent(abs(taken))} |"
        )
    return "\n".join(lines)


def sheet(rows: list[list[Reading]]) -> PIL.Image.Image:
    """Return pictures side by side, each with what was read in it."""
    columns = max(len(row) for row in rows)
    page = PIL.Image.new("RGB", (columns * _TILE, len(rows) * (_TILE + _CAPTION)), "white")
    pen = PIL.ImageDraw.Draw(page)
    for line, row in enumerate(rows):
        for place, reading in enumerate(row):
            corner = (place * _TILE, line * (_TILE + _CAPTION))
            picture = PIL.Image.fromarray(reading.picture)
            picture.thumbnail((_TILE - 4, _TILE - 4))
            page.paste(picture, corner)
            # A colour for everybody: wrong is orange, and says so in words too.
            colour = "#333333" if reading.right else "#D55E00"
            words = f"{reading.kind}: {reading.caption}"
            pen.text((corner[0], corner[1] + _TILE - 2), words, fill=colour)
    return page


def write_sheets(done: list[Reading], folder: Path) -> None:
    """Write ten pictures of every kind, and up to a hundred that were read wrongly."""
    folder.mkdir(parents=True, exist_ok=True)
    kinds = dict.fromkeys(reading.kind for reading in done)
    rows = [[reading for reading in done if reading.kind == kind][:10] for kind in kinds]
    sheet(rows).save(folder / "photographs.png")
    wrong = [reading for reading in done if not reading.right][:100]
    if wrong:
        sheet([wrong[start : start + 10] for start in range(0, len(wrong), 10)]).save(
            folder / "mistakes.png"
        )


def main() -> None:
    """Read the arguments, photograph, read, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--each", type=int, default=100, help="digits a kind (default: 100)")
    parser.add_argument("--empty", type=int, default=20, help="empty sheets a kind (default: 20)")
    parser.add_argument("--seed", type=int, default=0, help="default: 0")
    parser.add_argument("--model", type=Path, help="a trained network (default: the bundled)")
    parser.add_argument("--out", type=Path, help="a folder for sheets of pictures with answers")
    options = parser.parse_args()
    if options.each < 1 or options.empty < 0 or options.seed < 0:
        parser.error("--each must be at least 1, --empty and --seed at least 0")
    net = network.Network.load(options.model) if options.model else network.bundled()
    done = list(readings(net, options.each, options.seed))
    print(table(done))
    if options.empty:
        nothing = list(readings(net, options.empty, options.seed, empty=True))
        print(f"\n{table_of_empty(nothing)}")
        done += nothing
    if options.out:
        write_sheets(done, options.out)


if __name__ == "__main__":
    main()
