"""Two hands that write the digits from 0 to 9: points "x,y" on a 300×300 pad, strokes by ";"."""

import itertools

import numpy as np

from digitrec.ink import image
from digitrec.network import bundled

Stroke = list[tuple[float, float]]


def _read(hand: dict[int, str]) -> dict[int, list[Stroke]]:
    return {
        digit: [
            [(float(x), float(y)) for x, y in (point.split(",") for point in stroke.split())]
            for stroke in strokes.split(";")
        ]
        for digit, strokes in hand.items()
    }


UPRIGHT = _read(
    {
        0: (
            "152,48 128,56 106,80 94,112 90,150 95,190 110,224 134,246 160,248 186,232 202,202 "
            "210,164 208,124 198,88 180,60 156,48"
        ),
        1: ("152,44 151,80 149,120 148,165 146,210 145,252"),
        2: (
            "92,96 100,70 122,54 152,50 180,60 196,84 194,112 178,142 152,174 124,206 96,236 "
            "92,242 124,240 162,240 206,240"
        ),
        3: (
            "96,70 120,54 152,50 180,62 190,88 180,116 156,134 130,140 160,144 188,160 202,188 "
            "196,218 172,240 138,248 104,238 86,220"
        ),
        4: ("128,48 116,84 102,120 88,156 122,158 160,156 214,154; 178,96 176,140 172,190 168,250"),
        5: (
            "112,60 108,92 104,126 130,116 160,118 186,136 198,168 192,204 172,232 140,244 "
            "106,236 88,220; "
            "112,60 146,58 196,56"
        ),
        6: (
            "178,46 148,72 122,108 106,150 102,190 112,226 138,248 168,244 190,222 194,192 "
            "178,166 150,160 124,172 108,194"
        ),
        7: ("88,64 124,62 164,60 206,60 194,92 178,130 162,170 148,208 136,250"),
        8: (
            "188,82 168,58 138,52 112,66 108,94 126,120 154,140 180,164 192,196 182,228 152,248 "
            "120,240 104,212 112,180 138,154 166,132 186,106 190,84"
        ),
        9: (
            "192,92 172,64 142,56 114,72 102,104 112,136 138,150 166,140 186,114 192,92 192,130 "
            "188,170 180,210 168,250"
        ),
    }
)
"""Upright and large."""

SLANTED = _read(
    {
        0: (
            "176,82 154,88 136,108 124,134 120,162 128,186 146,194 166,184 182,160 190,132 "
            "188,104 176,84"
        ),
        1: ("132,112 148,98 164,80 158,112 152,148 144,196"),
        2: (
            "116,108 128,88 152,80 174,90 178,112 164,136 142,160 120,184 112,192 132,188 "
            "154,190 180,192"
        ),
        3: ("118,94 138,80 162,82 172,100 160,120 138,130 162,136 174,156 164,182 140,194 112,184"),
        4: ("144,78 132,104 116,136 140,138 178,134; 172,84 164,120 156,160 148,200"),
        5: ("184,80 160,80 138,82 134,104 128,126 150,120 170,132 174,156 160,182 136,192 112,184"),
        6: (
            "174,78 152,96 134,122 122,152 122,178 138,194 160,188 172,166 162,148 140,152 126,168"
        ),
        7: ("114,86 142,84 184,82 172,110 158,140 146,168 138,198; 128,140 152,138 178,136"),
        8: (
            "176,96 160,80 140,86 134,106 148,126 164,146 162,174 142,192 122,182 122,160 "
            "142,138 166,120 178,98"
        ),
        9: ("174,102 158,82 138,88 128,112 138,132 158,128 174,104 170,136 162,166 152,200"),
    }
)
"""Smaller, leaning to the right, with other shapes for one, five and seven."""


def between(one: int, other: int, share: float) -> list[Stroke]:
    """Draw what lies between two digits of one stroke; a `share` of 0 is the one, 1 the other."""
    places = np.linspace(0, 1, 25)
    ends = []
    for digit in (one, other):
        (stroke,) = (np.array(points) for points in UPRIGHT[digit])
        along = np.concatenate([[0], np.hypot(*np.diff(stroke, axis=0).T).cumsum()])
        ends.append([np.interp(places * along[-1], along, column) for column in stroke.T])
    mixed = (1 - share) * np.array(ends[0]) + share * np.array(ends[1])
    return [[(float(x), float(y)) for x, y in mixed.T.round()]]


def torn() -> list[Stroke]:
    """Draw what the packaged network, whichever it is, cannot decide between two digits."""
    network = bundled()
    for one, other in itertools.combinations((0, 1, 2, 3, 6, 7, 8, 9), 2):
        found = [between(one, other, share) for share in np.linspace(0, 1, 81)]
        kinds = [network.predict(image(drawing)).kind for drawing in found]
        # A page takes points a little differently; so what is near has to be as unsure.
        for place in range(2, len(found) - 2):
            if set(kinds[place - 2 : place + 3]) == {"torn"}:
                return found[place]
    raise AssertionError("the network is sure of everything between two digits")
