"""The pieces of a picture: ink that hangs together, cut where digits may touch."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from digitrec import ink
from digitrec.reading.pieces import Box, Piece, Points, Run, gather

Mask = NDArray[np.bool_]
Plane = NDArray[np.float32]

_SPECK = 0.02  # a blot smaller than this share of the largest is dirt
_SAMPLED = 96  # points that stand for a piece when distances are measured
_ROW = 0.45  # a blot lower than this share of the highest makes no row of its own
_WIDE = 0.7  # a blot narrower than this share of the row's height is not cut
_LEAST_HEIGHT = 0.55  # of either side of a cut, share of the row's height
_CROSSING = 1.6  # widths of a line that a cut may cross
_MOST_CUTS = 3  # of one blot


class Row:
    """A row of ink in a picture in pieces, from left to right.

    Parameters
    ----------
    plane : ndarray of float32, shape (rows, columns)
        The ink of the row, 0 is paper, 1 is ink.

    Examples
    --------
    >>> plane = np.zeros((80, 90), np.float32)
    >>> plane[10:70, 20:26] = plane[10:70, 60:66] = 1
    >>> row = Row(plane)
    >>> len(row.pieces), row.box((1,))
    (2, (60.0, 10.0, 66.0, 70.0))
    """

    def __init__(self, plane: Plane) -> None:
        from scipy import ndimage  # noqa: PLC0415 - only pictures need it

        self._plane = plane
        mask = plane > 0.5
        labels, count = ndimage.label(mask, np.ones((3, 3)))
        inside = ndimage.distance_transform_edt(np.pad(mask, 1))[1:-1, 1:-1]
        ridge = (inside == ndimage.maximum_filter(inside, 3)) & mask
        width = 2 * float(np.median(inside[ridge]))
        high = max(box[0].stop - box[0].start for box in ndimage.find_objects(labels))
        joints = []
        for number in range(1, count + 1):
            left = number
            for seam in _seams(labels == number, high, width):
                # What lies right of a seam becomes a part of its own.
                before = np.arange(plane.shape[1])[None] < seam[:, None]
                right = (labels == left) & ~before
                if not all(_is_tall(side, high) for side in (right, (labels == left) & before)):
                    continue
                count += 1
                labels[right] = count
                joints.append((left, count))
                left = count
        pieces = []
        for number in range(1, count + 1):
            rows, columns = np.nonzero(ridge & (labels == number))
            if not len(rows):
                rows, columns = np.nonzero(labels == number)
            kept = np.linspace(0, len(rows) - 1, min(_SAMPLED, len(rows))).round().astype(int)
            pieces.append(Piece(np.column_stack([columns, rows])[kept].astype(float), (number,)))
        self._labels = labels
        self.pieces = gather(pieces)
        owner = {part: place for place, piece in enumerate(self.pieces) for part in piece.parts}
        self.links: dict[tuple[int, int], float] = {}
        for left, right in joints:
            i, j = sorted((owner[left], owner[right]))
            if i != j:
                self.links[i, j] = width

    def image(self, run: Run) -> Plane:
        """Return the 28×28 image of some pieces, as if they were all that is in the picture."""
        stages = ink.framed(np.where(self._mask(run), self._plane, 0))
        assert stages is not None, "every piece has ink"  # noqa: S101 - so that types hold
        return stages["centred"]

    def ink(self, run: Run) -> Plane:
        """Return the ink of some pieces inside their box."""
        left, upper, right, lower = map(int, self.box(run))
        held = np.where(self._mask(run), self._plane, 0)
        return np.asarray(held[upper:lower, left:right], np.float32)

    def box(self, run: Run) -> Box:
        """Return the left, upper, right and lower edge of some pieces."""
        rows, columns = np.nonzero(self._mask(run) & (self._plane > 0.5))
        return (
            float(columns.min()), float(rows.min()), float(columns.max() + 1), float(rows.max() + 1)
        )  # fmt: skip

    def _parts(self, place: int) -> list[int]:
        return [part for part in self.pieces[place].parts if isinstance(part, int)]

    def _mask(self, run: Run) -> Mask:
        from scipy import ndimage  # noqa: PLC0415 - only pictures need it

        own = np.isin(self._labels, [part for place in run for part in self._parts(place)])
        # The soft edge of a line belongs to it.
        return np.asarray(
            ndimage.binary_dilation(own, np.ones((3, 3))) & (own | (self._labels == 0))
        )


def rows_of(plane: Plane) -> list[Plane]:
    """Part the ink of a picture into rows, from above.

    Parameters
    ----------
    plane : ndarray of float32, shape (rows, columns)
        0 is paper, 1 is ink; there is some.

    Returns
    -------
    list of ndarray of float32, shape (rows, columns)
        The ink of each row where it lies in the picture, without specks.

    Examples
    --------
    >>> plane = np.zeros((90, 40), np.float32)
    >>> plane[5:35, 10:14] = plane[55:85, 10:14] = 1
    >>> [int(np.nonzero(row)[0].min()) for row in rows_of(plane)]
    [5, 55]
    """
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    labels, count = ndimage.label(plane > 0.5, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    boxes = ndimage.find_objects(labels)
    spans = np.array([(box[0].start, box[0].stop) for box in boxes], float)
    tall = np.ptp(spans, axis=1)
    clean = sizes >= _SPECK * sizes.max()
    large = np.flatnonzero(clean & (tall >= _ROW * tall[clean].max()))
    group = _in_rows(spans[large])
    row_of = dict(zip(large.tolist(), group, strict=True))
    middles = (
        np.array([[box[0].start + box[0].stop, box[1].start + box[1].stop] for box in boxes]) / 2
    )
    for number in np.flatnonzero(clean):
        if number not in row_of:
            nearest = large[np.argmin(np.hypot(*(middles[large] - middles[number]).T))]
            row_of[int(number)] = row_of[int(nearest)]
    planes = []
    for row in range(max(group) + 1):
        own = np.isin(labels, [number + 1 for number, its in row_of.items() if its == row])
        soft = ndimage.binary_dilation(own, np.ones((3, 3))) & (own | (labels == 0))
        planes.append(np.asarray(np.where(soft, plane, 0), np.float32))
    return planes


def _in_rows(spans: Points) -> list[int]:
    """Return for each span of heights the number of its row, from above."""
    middles = spans.mean(axis=1)
    row = np.arange(len(spans))
    for i in range(len(spans)):
        for j in range(i):
            # Beside each other is what has its middle within the other's height.
            if spans[i, 0] < middles[j] < spans[i, 1] or spans[j, 0] < middles[i] < spans[j, 1]:
                row[row == row[i]] = row[j]
    order = sorted(set(row.tolist()), key=lambda number: float(middles[row == number].mean()))
    return [order.index(number) for number in row.tolist()]


def _seams(part: Mask, high: float, width: float) -> Sequence[NDArray[np.int64]]:
    """Return where a blot may be cut from above to below, as the first column right of each cut.

    The cheapest way down through every column crosses as little ink as can be (Avidan and Shamir,
    "Seam carving", 2007, have the recursion).
    """
    rows, columns = np.nonzero(part)
    left, right = columns.min(), columns.max() + 1
    if right - left < _WIDE * high or columns.size < 2:
        return []
    ink_here = part[:, left:right].astype(float) + 1e-3
    down, up = _cheapest_down(ink_here), _cheapest_down(ink_here[::-1])[::-1]
    middle = round(float(rows.mean()))
    through = down[middle] + up[middle] - ink_here[middle]
    seams: list[NDArray[np.int64]] = []
    # Of ways that cross as much, the ones in the middle come first.
    centre = np.abs(np.arange(len(through)) - len(through) / 2)
    order = np.lexsort((centre, through.round()))
    least = max(0.15 * high, width)
    taken: list[int] = []
    for column in order.tolist():
        if through[column] > _CROSSING * width or len(seams) == _MOST_CUTS:
            break
        if min(column, len(through) - 1 - column) < least or any(
            abs(column - other) < least for other in taken
        ):
            continue
        seam = left + _followed(down, up, middle, column)
        seams.append(seam)
        taken.append(column)
    return sorted(seams, key=lambda seam: float(seam.mean()))


def _is_tall(part: Mask, high: float) -> bool:
    rows = np.flatnonzero(part.any(axis=1))
    return len(rows) > 0 and bool(rows[-1] - rows[0] >= _LEAST_HEIGHT * high)


def _cheapest_down(ink_here: Points) -> Points:
    """Return what the cheapest way from the upper edge to each pixel crosses."""
    total = ink_here.copy()
    for row in range(1, len(total)):
        above = np.pad(total[row - 1], 1, constant_values=np.inf)
        total[row] += np.minimum(np.minimum(above[:-2], above[1:-1]), above[2:])
    return total


def _followed(down: Points, up: Points, middle: int, column: int) -> NDArray[np.int64]:
    """Return the columns of the cheapest way through a pixel."""
    seam = np.full(len(down), column)
    for step, table in ((-1, down), (1, up)):
        at = column
        row = middle + step
        while 0 <= row < len(down):
            low = max(at - 1, 0)
            at = low + int(np.argmin(table[row, low : at + 2]))
            seam[row] = at
            row += step
    return seam
