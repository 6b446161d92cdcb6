"""A drawn overview of a network: the output and the number of parameters of every layer."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, Rectangle

from digitrec.network import SIDE, Layer, Network
from digitrec.plots.look import BLUE, INK, ORANGE, WIDTH, describe, new_figure

# All lengths are inches: the axes fill the figure, so that a square is a square.
_ROW, _HEAD, _FOOT = 0.6, 0.45, 0.55
_MIDDLE = 0.95  # where the sketches are centred
_WORDS, _SHAPE, _LEARNT = 1.85, 4.6, 5.9


def architecture(network: Network) -> Figure:
    """Draw a network from its input to its answer, layer by layer.

    Parameters
    ----------
    network : Network

    Returns
    -------
    Figure
        A row for every layer: a sketch of its output, its name, the shape of its output and the
        number of its parameters. Layers that learn are orange, the others blue.

    Examples
    --------
    >>> from digitrec import network
    >>> figure = architecture(network.bundled())
    >>> [text.get_text() for text in figure.axes[0].texts][:3]
    ['output', 'parameters', 'image']
    """
    layers = (Layer("image", "image", (SIDE, SIDE, 1), 0), *network.layers)
    height = _HEAD + _ROW * len(layers) + _FOOT
    with new_figure(height) as figure:
        figure.set_layout_engine("none")  # there is nothing to arrange
        axes = figure.add_axes((0, 0, 1, 1))
        axes.axis("off")
        axes.set_xlim(0, WIDTH)
        axes.set_ylim(height, 0)
        axes.text(_SHAPE, _HEAD / 2, "output", ha="right", va="center")
        axes.text(_LEARNT, _HEAD / 2, "parameters", ha="right", va="center")
        for row, layer in enumerate(layers):
            y = _HEAD + _ROW * (row + 0.5)
            if row:
                _arrow(axes, y - _ROW)
            _sketch(axes, y, layer)
            axes.text(_WORDS, y, layer.kind, va="center")
            axes.text(_SHAPE, y, _shape(layer), ha="right", va="center")
            learnt = f"{layer.num_parameters:,}" if layer.num_parameters else "–"
            axes.text(_LEARNT, y, learnt, ha="right", va="center")
        axes.plot([_WORDS, _LEARNT], [height - _FOOT] * 2, color=INK, lw=1)
        y = height - _FOOT / 2
        axes.text(_WORDS, y, "together", va="center")
        total = f"{network.num_parameters:,}"
        axes.text(_LEARNT, y, total, ha="right", va="center", weight="bold")
        describe(figure, _in_words(layers, network.num_parameters))
    return figure


def _sketch(axes: Axes, y: float, layer: Layer) -> None:
    """Sketch a layer's output: maps as a stack of squares, a row of numbers as a strip."""
    colour = ORANGE if layer.num_parameters else BLUE
    if len(layer.output_shape) == 1:
        length = min(1.3, 0.35 + 0.2 * math.log2(layer.output_shape[0] / 10 + 1))
        boxes = [(_MIDDLE - length / 2, y - 0.07, length, 0.14)]
    else:
        side = 0.48 * layer.output_shape[0] / SIDE
        num_sheets = min(layer.output_shape[2], 6)  # more would only blacken
        left = _MIDDLE - (side + 0.08 * (num_sheets - 1)) / 2
        boxes = [
            (left + 0.08 * sheet, y - side / 2 - 0.02 * (sheet - num_sheets / 2), side, side)
            for sheet in range(num_sheets)
        ]
    for x, top, width, height in reversed(boxes):
        axes.add_patch(Rectangle((x, top), width, height, facecolor=colour, edgecolor="white"))


def _arrow(axes: Axes, y: float) -> None:
    ends = (0.15, y + 0.12), (0.15, y + _ROW - 0.12)
    axes.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=10, color=INK))


def _shape(layer: Layer) -> str:
    return " × ".join(f"{size:,}" for size in layer.output_shape)


def _in_words(layers: tuple[Layer, ...], num_parameters: int) -> str:
    steps = "; ".join(
        f"{layer.kind}, {_shape(layer)}"
        + (f", {layer.num_parameters:,} parameters" if layer.num_parameters else "")
        for layer in layers
    )
    return f"The network from top to bottom, with {num_parameters:,} parameters: {steps}."
