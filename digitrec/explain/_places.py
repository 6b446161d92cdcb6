"""The nine places of a drawing: what the scores would be if one of them were different."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.network import Network

_Kind = Literal["line", "gap"]
_Box = tuple[int, int, int, int]

_PALE = 0.1  # fainter than the edge of a line
_DOT = 5  # pixels; a dot as wide as a bold pen
_LEAST_INK = 2.0  # in full pixels; less is the end of a line from the next place
_MOST_INK = 1.0  # in full pixels; a place with more ink is not a gap
_NARROW = 9  # pixels; a shorter side is not divided


@dataclass(frozen=True, eq=False)
class Place:
    """One place of a drawing, and the scores of the drawing after that place was changed.

    Parameters
    ----------
    where : str
        As people say it: "top left", "middle", "bottom", and "" for all of a small drawing.
    kind : {"line", "gap"}
        A line was taken away, or ink was put into a gap.
    box : tuple of int
        First row, first column, and the row and column after the last, pixels.
    logits : ndarray of float32, shape (10,)
        The scores afterwards.

    Examples
    --------
    >>> Place("top", "gap", (4, 11, 9, 16), np.zeros(10, np.float32)).name
    'gap at the top'
    """

    where: str
    kind: _Kind
    box: _Box
    logits: NDArray[np.float32]

    @property
    def name(self) -> str:
        """What was changed, and where."""
        if not self.where:
            return self.kind
        return f"{self.kind} {'in' if self.where == 'middle' else 'at'} the {self.where}"


def places(network: Network, image: ArrayLike) -> tuple[Place, ...]:
    """Divide a drawing into nine places, change each one, and ask the network again.

    If a place holds a line, the line is removed; if a dot has room beside the lines, a dot is
    added. So the network answers at most eighteen changed drawings, all in one go.

    Parameters
    ----------
    network : Network
    image : array_like, shape (28, 28)
        As for :meth:`digitrec.network.Network.activations`.

    Returns
    -------
    tuple of Place
        Empty if there is no ink. A narrow or flat drawing has fewer than nine places.

    Raises
    ------
    ValueError
        If the image has another shape.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> bar = np.zeros((28, 28), np.float32)
    >>> bar[4:24, 13:15] = 1
    >>> [place.name for place in places(bundled(), bar)]
    ['line at the top', 'line in the middle', 'line at the bottom']
    """
    pixels = np.asarray(image)
    if pixels.ndim != 2:
        raise ValueError(f"an image of shape (28, 28) was expected. Received: {pixels.shape}")
    whole = np.asarray(pixels / (255 if pixels.dtype == np.uint8 else 1), np.float32)
    inked = whole > _PALE
    if not inked.any():
        return ()
    rows = _thirds(np.asarray(inked.any(axis=1)), ("top", "", "bottom"))
    columns = _thirds(np.asarray(inked.any(axis=0)), ("left", "", "right"))
    divided = max(len(rows), len(columns)) > 1
    found: list[tuple[str, _Kind, _Box]] = []
    for upper, top, bottom in rows:
        for side, left, right in columns:
            where = " ".join(filter(None, (upper, side))) or "middle" * divided
            if whole[top:bottom, left:right].sum() >= _LEAST_INK:
                found.append((where, "line", (top, left, bottom, right)))
            dot = _emptiest(whole, top, left, bottom, right)
            if dot is not None:
                found.append((where, "gap", dot))
    changed = np.repeat(whole[np.newaxis], len(found), axis=0)
    for other, (_, kind, (top, left, bottom, right)) in zip(changed, found, strict=True):
        other[top:bottom, left:right] = kind == "gap"
    scores = network.logits(changed)
    return tuple(Place(*each, logits) for each, logits in zip(found, scores, strict=True))


def _thirds(inked: NDArray[np.bool_], names: tuple[str, str, str]) -> list[tuple[str, int, int]]:
    first, last = np.flatnonzero(inked)[[0, -1]]
    if last - first + 1 < _NARROW:
        return [("", int(first), int(last) + 1)]
    ends = np.rint(np.linspace(first, last + 1, 4)).astype(int).tolist()
    return list(zip(names, ends, ends[1:], strict=False))


def _emptiest(
    whole: NDArray[np.float32], top: int, left: int, bottom: int, right: int
) -> _Box | None:
    """Find where a dot touches the least ink, near the middle of the place if there is a choice."""
    if bottom - top < _DOT or right - left < _DOT:
        return None
    windows = np.lib.stride_tricks.sliding_window_view(
        whole[top:bottom, left:right], (_DOT, _DOT)
    ).sum(axis=(2, 3))
    high, wide = windows.shape
    aside = np.add.outer(
        abs(np.arange(high) - (high - 1) / 2), abs(np.arange(wide) - (wide - 1) / 2)
    )
    row, column = np.unravel_index(int((windows + aside / 1000).argmin()), windows.shape)
    if windows[row, column] > _MOST_INK:
        return None
    return top + int(row), left + int(column), top + int(row) + _DOT, left + int(column) + _DOT
