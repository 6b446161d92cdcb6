"""How far every pixel of a picture is from its paper, whatever its colours, light and desk."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitrec.ink import desk
from digitrec.ink.planes import COARSE, Mask, Plane, Planes, resized

_DARKEST = 0.45  # of the paper around it: what is darker is no shadow
_RING = 0.05  # of the picture's side: how broad its border is, where a sheet shows first
_STEPS = 6  # of fitting a plain sheet; it settles in three or four
_PLAIN = (0.015, 0.1)  # of the whole range: what is nearer to a plain sheet is the sheet
_SEEN = (0.2, 0.5)  # share of a plain sheet that shows, in the picture and along its border
_LEAST = (0.04, 0.1)  # of the whole range, from paper to ink, on a plain sheet and on another
_DIMMEST = 0.3  # of the whole range: darker paper does not make ink stronger


@dataclass(frozen=True, eq=False)
class Strength:
    """How far every pixel is from paper towards ink, by one idea of what the paper is.

    Parameters
    ----------
    plane : ndarray of float32, shape (rows, columns)
        0 is paper, 1 at most is ink.
    steps : ndarray of float32, shape (rows, columns)
        How much the paper itself may differ from place to place.
    least : float
        How strong ink is at least; weaker things may be the end of a shadow.
    desk : ndarray of bool, shape (rows, columns), or None
        Where there was a desk, which has been painted over; None if there was none.
    """

    plane: Plane
    steps: Plane
    least: float
    desk: Mask | None = None


def strengths(picture: Planes) -> Iterator[Strength]:
    """Say how far every pixel is from paper to ink, the likeliest idea of the paper first.

    Parameters
    ----------
    picture : ndarray of float32, shape (3, rows, columns)
        Red, green and blue, 0 to 1.

    Yields
    ------
    Strength
        By a plain sheet in an even light, if there is one; then by what is brightest around
        every place, for shadows; then the same for light ink on dark paper, or the other way
        round.
    """
    if all(np.array_equal(picture[0], other) for other in picture[1:]):
        picture = picture[:1]
    outside = desk.outside(picture.mean(axis=0))
    if outside is not None:
        hidden = resized(outside.astype(np.float32), picture.shape[1:]) > desk.BESIDE
        yield from _strengths(desk.painted_over(picture, outside), hidden)
    else:
        yield from _strengths(picture, None)


def _strengths(picture: Planes, hidden: Mask | None) -> Iterator[Strength]:
    plain = _plain(picture)
    if plain is not None:
        steps = np.zeros(picture.shape[1:], np.float32)
        yield Strength(_from_plain(picture, plain), steps, _LEAST[0], hidden)
    light = 1.0 if hidden is not None else _lightness(picture.mean(axis=0))
    turns = (picture, 1 - picture) if light >= 0.5 else (1 - picture, picture)
    for shown in turns if 0.25 < light < 0.75 and plain is None else turns[:1]:
        contrast, steps = _contrast(shown)
        plane = _along(contrast)
        yield Strength(plane - np.median(plane[::3, ::3]), steps, _LEAST[1], hidden)


def _plain(picture: Planes) -> Planes | None:
    """Return the colours of a sheet in an even light, or None if this is none.

    They follow a curved surface, fitted to all that is near it, beginning at the border.
    """
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    rows, columns = picture.shape[1:]
    small = (max(1, rows // COARSE), max(1, columns // COARSE))
    coarse = np.stack([resized(plane, small) for plane in picture])
    y, x = np.mgrid[-1 : 1 : small[0] * 1j, -1 : 1 : small[1] * 1j]
    ring = np.ones(small, bool)
    broad = max(1, round(_RING * min(small)))
    ring[broad:-broad, broad:-broad] = False
    middle = _commonest(coarse[:, ring])
    fit = np.broadcast_to(middle[:, None, None], coarse.shape)
    terms = np.stack([np.ones_like(x), x, y, x * y, x * x, y * y])
    weights = np.zeros((len(terms), len(picture)))
    # The grain of a sheet, and of a camera in the dark, may be coarse.
    grain = 1.48 * np.median(np.abs(coarse - ndimage.median_filter(coarse, (1, 5, 5))))
    most = max(_PLAIN[1], 5 * float(grain))
    bound = most
    for step in range(_STEPS):
        away = np.abs(coarse - fit).max(axis=0)
        near = away < bound
        if near.mean() < _SEEN[0] or near[ring].mean() < _SEEN[1]:
            return None
        if step == _STEPS - 1:
            break
        bound = float(np.clip(6 * np.median(away[near]), _PLAIN[0], most))
        # Until most of the sheet is found, a plane; a surface would bend to what is not there.
        used = terms[: 3 if step < 2 else len(terms), near]
        drag = 1e-3 * near.sum() * np.eye(len(used))
        drag[0] = 0
        values = coarse[:, near] - middle[:, None]
        weights = np.linalg.solve(used @ used.T + drag, used @ values.T)
        fit = middle[:, None, None] + np.tensordot(weights.T, terms[: len(used)], 1)
    return np.stack([resized(plane.astype(np.float32), (rows, columns)) for plane in fit])


def _commonest(colours: Plane) -> NDArray[np.float64]:
    """Return the colour that most of some pixels are nearest to."""
    tones = (colours.mean(axis=0) * 16).astype(int)
    counts = np.bincount(tones, minlength=18)
    together = counts[:-1] + counts[1:]
    tone = int(together.argmax())
    return np.asarray(np.median(colours[:, (tones == tone) | (tones == tone + 1)], axis=1), float)


def _from_plain(picture: Planes, paper: Planes) -> Plane:
    """Return how far every pixel is from a plain sheet, in the direction in which its ink lies."""
    away = paper - picture
    far = np.abs(away).max(axis=0)
    strong = far > 0.5 * np.percentile(far, 99.5)
    if not strong.any():
        return np.zeros(far.shape, np.float32)
    seen = away[:, strong].astype(np.float64)
    direction = np.linalg.eigh(seen @ seen.T)[1][:, -1]
    along = direction @ seen
    if (along**3).sum() < 0:
        direction = -direction
    darker = float(direction.sum()) > 0
    white = paper.max(axis=0) if darker else 1 - paper.min(axis=0)
    reach = np.abs(direction).sum() * np.maximum(white, _DIMMEST)
    return np.asarray(np.tensordot(direction, away, 1) / reach, np.float32)


def _contrast(picture: Planes) -> tuple[Planes, Plane]:
    """Return how much darker than the paper below it every pixel is, and the paper's own steps."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    shape = picture.shape[1:]
    small = (max(1, shape[0] // COARSE), max(1, shape[1] // COARSE))
    papers = []
    steps = np.zeros(small, np.float32)
    longer = max(small)
    narrow, wide = (max(3, round(share * longer)) for share in (0.12, 0.33))
    for channel in picture:
        # Beyond the edge is more of the same paper.
        coarse = np.pad(ndimage.gaussian_filter(resized(channel, small), 0.7), wide, mode="edge")
        paper = ndimage.grey_closing(coarse, narrow)
        paper = np.maximum(paper, _DARKEST * ndimage.grey_closing(coarse, wide))
        papers.append(ndimage.gaussian_filter(paper, 1.0)[wide:-wide, wide:-wide])
    brightest = np.maximum(np.max(papers, axis=0), 0.1)
    contrasts = []
    for channel, paper in zip(picture, papers, strict=True):
        # A channel that the paper hardly throws back says little.
        full = resized(paper, shape)
        contrasts.append((full - channel) / np.maximum(full, 0.5 * resized(brightest, shape)))
        spread = ndimage.maximum_filter(paper, 5) - ndimage.minimum_filter(paper, 5)
        steps = np.maximum(steps, spread / np.maximum(paper, np.maximum(0.5 * brightest, 0.15)))
    return np.stack(contrasts), resized(steps, shape)


def _along(contrast: Planes) -> Plane:
    """Return the contrast in the channels in which the strongest ink shows."""
    most = contrast.max(axis=0)
    strong = most > 0.5 * np.percentile(most[::2, ::2], 99)
    if len(contrast) == 1 or not strong.any():
        return np.asarray(most)
    weights = np.maximum(contrast[:, strong].mean(axis=1), 0)
    return np.asarray(np.tensordot(weights / max(float(weights.sum()), 1e-6), contrast, 1))


def _lightness(grey: Plane) -> float:
    """Return how light the sheet is among the tones of its picture; near 0.5 nobody knows."""
    from scipy import ndimage  # noqa: PLC0415 - only pictures need it

    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    low, high = float(grey.min()), float(grey.max())
    place = (float(np.median(border)) - low) / max(high - low, 1e-6)
    if not 0.25 < place < 0.75:
        return place
    # Neither: then thin things tell, which are ink.
    coarse = resized(grey, (grey.shape[0] // COARSE, grey.shape[1] // COARSE))
    dark = ((ndimage.grey_closing(coarse, 5) - coarse) ** 3).sum()
    light = ((coarse - ndimage.grey_opening(coarse, 5)) ** 3).sum()
    return 0.7 if dark > light else 0.3
