"""Draw a sheet of generated digits, or of other drawings, to look at.

python benchmarks/hand_sheet.py --out sheet.png            every style of every digit
python benchmarks/hand_sheet.py --digit 4 --out sheet.png  the styles of one digit
python benchmarks/hand_sheet.py --others --out sheet.png   drawings that are not digits
"""

import argparse
from pathlib import Path

import numpy as np
import PIL.Image
import PIL.ImageDraw

from digitrec import hand, ink

_GAP = 2
_TITLE = 170


def sheet(rows: list[tuple[str, list[tuple[np.ndarray, ...]]]], zoom: int) -> PIL.Image.Image:
    """Return a picture of named rows of drawings, as the network would see them."""
    cell = 28 * zoom + _GAP
    longest = max(len(drawings) for _, drawings in rows)
    page = PIL.Image.new("L", (_TITLE + cell * longest, cell * len(rows)), 255)
    pen = PIL.ImageDraw.Draw(page)
    for row, (title, drawings) in enumerate(rows):
        pen.text((4, row * cell + cell // 2 - 6), title, fill=0)
        for column, strokes in enumerate(drawings):
            image = ink.image(strokes)
            assert image is not None
            tile = PIL.Image.fromarray(np.uint8(255 - 255 * image))
            tile = tile.resize((28 * zoom, 28 * zoom), PIL.Image.Resampling.BICUBIC)
            page.paste(tile, (_TITLE + column * cell, row * cell))
    return page


def main() -> None:
    """Read the arguments and write the sheet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--digit", type=int, choices=range(10))
    parser.add_argument("--others", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--columns", type=int, default=24)
    parser.add_argument("--zoom", type=int, default=2)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    columns = range(arguments.columns)
    if arguments.others:
        rows = [(kind, [hand.draw_other(rng, kind) for _ in columns]) for kind in hand.OTHER_KINDS]
    else:
        chosen = range(10) if arguments.digit is None else [arguments.digit]
        rows = [
            (f"{digit} {style}", [hand.draw(digit, rng, style) for _ in columns])
            for digit in chosen
            for style in hand.STYLES[digit]
        ]
    sheet(rows, arguments.zoom).save(arguments.out)


if __name__ == "__main__":
    main()
