"""The shape and the number of parameters of every layer, worked out as if by hand."""

import math
from dataclasses import dataclass

from digitrec.network import SIDE, Layer, Network


@dataclass(frozen=True)
class Size:
    """The arithmetic behind the size of one layer.

    Parameters
    ----------
    layer : Layer
        The layer, with the results.
    shape_sum : str
        How its height (or length) is calculated, as you would write it by hand.
    parameters_sum : str
        How its number of parameters is calculated; empty if it has none.

    Examples
    --------
    >>> Size(Layer("pool1", "max pooling 2×2", (12, 12, 8), 0), "24 ÷ 2 = 12", "").shape
    '12 × 12 × 8'
    """

    layer: Layer
    shape_sum: str
    parameters_sum: str

    @property
    def shape(self) -> str:
        """The layer's output shape, as text."""
        return " × ".join(map(str, self.layer.output_shape))


def sizes(network: Network) -> tuple[Size, ...]:
    """Work out the shape and the number of parameters of every layer, as if by hand.

    Parameters
    ----------
    network : Network

    Returns
    -------
    tuple of Size
        One for each layer, in order.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> [size.layer.name for size in sizes(bundled())][:3]
    ['conv1', 'relu1', 'pool1']
    """
    result = []
    shape: tuple[int, ...] = (SIDE, SIDE, 1)
    for layer in network.layers:
        result.append(_size(network, layer, shape))
        shape = layer.output_shape
    return tuple(result)


def _size(network: Network, layer: Layer, before: tuple[int, ...]) -> Size:
    shape_sum = parameters_sum = ""
    kind, number = layer.name[:-1], layer.name[-1]
    if kind == "conv":
        height, width, inputs, filters = network.weights[f"{layer.name}/kernel"].shape
        stride = network.architecture.strides[int(number) - 1]
        padding = network.architecture.padding[int(number) - 1]
        shape_sum = _side_sum(before[0], height, stride, padding, layer.output_shape[0])
        parameters_sum = f"{height} × {width} × {inputs} × {filters} + {filters}"
    elif kind == "pool":
        side = network.architecture.pools[int(number) - 1]
        shape_sum = _quotient(before[0], side, layer.output_shape[0])
    elif layer.name == "flatten":
        shape_sum = f"{' × '.join(map(str, before))} = {math.prod(before)}"
    elif layer.name == "dense":
        inputs, outputs = network.weights["dense/kernel"].shape
        parameters_sum = f"{inputs} × {outputs} + {outputs}"
    if parameters_sum:
        parameters_sum += f" = {layer.num_parameters:,}"
    return Size(layer, shape_sum, parameters_sum)


def _side_sum(before: int, kernel: int, stride: int, padding: str, after: int) -> str:
    if padding == "same":
        return _quotient(before, stride, after) + ", padded"
    if stride > 1:
        result = f"({before} − {kernel}) ÷ {stride} + 1 = {after}"
        return result if (before - kernel) % stride == 0 else f"{result}, rounded down"
    return f"{before} − {kernel} + 1 = {after}"


def _quotient(dividend: int, divisor: int, result: int) -> str:
    if dividend == divisor * result:
        return f"{dividend} ÷ {divisor} = {result}"
    way = "down" if dividend > divisor * result else "up"
    return f"{dividend} ÷ {divisor} = {result}, rounded {way}"
