"""Figures that show images themselves: samples of the data, mistakes, the stages of a drawing."""

from collections.abc import Mapping
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from digitrec.plots.look import VERMILION, WIDTH, describe, new_figure, percent
from digitrec.report import NO_INK, Report

_SIDE = 28
_TIGHT, _CAPTIONED = (3, 3), (4, 9)  # pixels between images, across and down
_SHEET_COLUMNS = 5


def sample_digits(images: ArrayLike, labels: ArrayLike, seed: int = 0, *, rows: int = 5) -> Figure:
    """Draw some images of every digit, in ten columns.

    Parameters
    ----------
    images : array_like, shape (n, 28, 28)
        Ink is bright.
    labels : array_like of int, shape (n,)
        The digit in each, 0 to 9.
    seed : int
        Another seed shows other images.
    rows : int
        Images of each digit; if there are fewer, places stay empty.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no images, or not one label for each.

    Examples
    --------
    >>> from digitrec import mnist
    >>> part = mnist.load_part("test")
    >>> sample_digits(part.images, part.labels, seed=3).axes[0].get_xlabel()
    'digit'
    """
    images, labels = _check_images(images), np.asarray(labels)
    if not len(images) or labels.shape != (len(images),):
        raise ValueError(
            "expected images and one label for each; "
            f"received {len(images)} images and labels of shape {labels.shape}"
        )
    rng = np.random.default_rng(seed)
    chosen = []
    for digit in range(10):
        members = np.flatnonzero(labels == digit)
        chosen.append(rng.permutation(members)[:rows])
    tiles = [
        images[column[row]] if row < len(column) else None
        for row in range(rows)
        for column in chosen
    ]
    with new_figure(_height(rows, columns=10) + 0.6) as figure:
        axes = figure.subplots()
        step = _show_tiles(axes, tiles, columns=10)
        axes.set_xticks(step * np.arange(10) + _SIDE / 2 - 0.5, labels=[*map(str, range(10))])
        axes.tick_params(bottom=False)
        axes.set_xlabel("digit")
        describe(
            figure,
            f"Handwritten digits, white on black, in ten columns for the digits 0 to 9, with up "
            f"to {rows} examples in each: {sum(map(len, chosen))} images in all.",
        )
    return figure


def mistakes(report: Report, images: ArrayLike, *, most: int = 30) -> Figure:
    """Draw the images that were read wrong, the most confident mistakes first.

    Parameters
    ----------
    report : Report
    images : array_like, shape (n, 28, 28)
        The images that were evaluated, in the same order.
    most : int
        Draw no more than these.

    Returns
    -------
    Figure
        Under each image what it shows, what it was read as, and how sure the network was.

    Raises
    ------
    ValueError
        If an image is missing.

    Examples
    --------
    >>> from digitrec import mnist, network
    >>> from digitrec.evaluation import evaluate
    >>> test = mnist.load_part("test")
    >>> report = evaluate(network.bundled(), test.images[:500], test.labels[:500])
    >>> figure = mistakes(report, test.images[:500])
    """
    with new_figure(mistakes_height(report, most)) as figure:
        describe(figure, draw_mistakes(figure.subplots(), report, images, most=most))
    return figure


def mistakes_height(report: Report, most: int) -> float:
    """Return the height in inches of a sheet of mistakes that is as wide as a figure."""
    num_rows = max(1, -(-min(len(report.mistakes), most) // _SHEET_COLUMNS))
    return _height(num_rows, columns=_SHEET_COLUMNS, gap=_CAPTIONED) + 0.5


def draw_mistakes(axes: Axes, report: Report, images: ArrayLike, *, most: int) -> str:
    """Draw a sheet of mistakes as :func:`mistakes` does, and return it in words."""
    images = _check_images(images)
    shown = report.mistakes[:most]
    if any(mistake.sample >= len(images) for mistake in shown):
        raise ValueError(
            f"expected the images that were evaluated, at least {max(m.sample for m in shown) + 1};"
            f" received {len(images)}"
        )
    if not shown:
        axes.axis("off")
        axes.text(0.5, 0.5, "Not one was read wrong.", ha="center", va="center")
        return f"No images: not one of {report.samples:,} was read wrong."
    tiles = [None if m.predicted == NO_INK else images[m.sample] for m in shown]
    step = _show_tiles(axes, tiles, columns=_SHEET_COLUMNS, gap=_CAPTIONED)
    for place, (_, label, predicted, confidence) in enumerate(shown):
        row, column = divmod(place, _SHEET_COLUMNS)
        answer = "no ink" if predicted == NO_INK else str(predicted)
        x, y = step * column + _SIDE / 2 - 0.5, (_SIDE + _CAPTIONED[1]) * row + _SIDE
        axes.text(x, y, f"{label} → {answer}", color=VERMILION, ha="right", va="top", weight="bold")
        axes.text(x, y, f"  {percent(confidence, 0)}", ha="left", va="top")
    axes.set_xlabel("what it shows → what it was read as, and how surely")
    words = (
        f"{len(shown)} of the {len(report.mistakes)} images that were read wrong, out of "
        f"{report.samples:,}, the surest first."
    )
    pairs = [f"{m.label} as {m.predicted}" for m in shown[:3] if m.predicted != NO_INK]
    return f"{words} The first were read like this: {', '.join(pairs)}." if pairs else words


def stages(images: Mapping[str, ArrayLike]) -> Figure:
    """Draw the stages between a drawing and what the network sees, side by side.

    Parameters
    ----------
    images : mapping of str to array_like, shape (height, width)
        The stages in order, as :func:`digitrec.ink.stages` returns them; values from 0 to 1.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        If there are no stages, or one is not an image.

    Examples
    --------
    >>> from digitrec import ink
    >>> figure = stages(ink.stages([[(150, 40), (150, 260)]]))
    >>> figure.axes[-1].get_xlabel()
    '28 × 28'
    """
    if not images:
        raise ValueError("expected the stages of a drawing; received none")
    arrays = {name: np.asarray(image) for name, image in images.items()}
    for name, array in arrays.items():
        if array.ndim != 2:
            raise ValueError(f"expected {name} to be one image; received shape {array.shape}")
    with new_figure(2.2) as figure:
        panels = figure.subplots(1, len(arrays), squeeze=False)[0]
        for axes, (name, array) in zip(panels, arrays.items(), strict=True):
            axes.imshow(array, cmap="gray", vmin=0, vmax=1)
            axes.set_title(name, loc="center")
            axes.set_xlabel(_size(array))
            _hide_ticks(axes)
        names = ", then ".join(f"{name} ({_size(array)})" for name, array in arrays.items())
        describe(figure, f"One drawing on its way to the network: {names}.")
    return figure


def _size(array: NDArray[Any]) -> str:
    return f"{array.shape[1]} × {array.shape[0]}"


def _check_images(images: ArrayLike) -> NDArray[Any]:
    array = np.asarray(images)
    if array.ndim != 3 or array.shape[1:] != (_SIDE, _SIDE):
        raise ValueError(f"expected images of shape (n, 28, 28); received {array.shape}")
    return array


def _height(num_rows: int, *, columns: int, gap: tuple[int, int] = _TIGHT) -> float:
    """Return the height in inches of a grid of images that is as wide as a figure."""
    across, down = gap
    return WIDTH * (_SIDE + down) * num_rows / ((_SIDE + across) * columns)


def _show_tiles(
    axes: Axes,
    tiles: list[NDArray[Any] | None],
    *,
    columns: int,
    gap: tuple[int, int] = _TIGHT,
) -> int:
    """Show images in a grid, as one picture, and return the distance of its columns."""
    across, down = gap
    num_rows = -(-len(tiles) // columns)
    sheet = np.full(((_SIDE + down) * num_rows, (_SIDE + across) * columns - across), np.nan)
    for place, tile in enumerate(tiles):
        if tile is not None:
            row, column = divmod(place, columns)
            top, left = (_SIDE + down) * row, (_SIDE + across) * column
            brightest = 255 if tile.dtype == np.uint8 else 1
            sheet[top : top + _SIDE, left : left + _SIDE] = tile / brightest
    paper = matplotlib.colormaps["gray"].with_extremes(bad="white")
    axes.imshow(sheet, cmap=paper, vmin=0, vmax=1, interpolation="nearest")
    # In the middle of its place the picture would move up with the words below it. Matplotlib then
    # gives the words only half of the room they lack, each time it paints: at first they were cut.
    axes.set_anchor("S")
    _hide_ticks(axes)
    return _SIDE + across


def _hide_ticks(axes: Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
