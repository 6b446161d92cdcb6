"""One step of a kernel, one pooling window, and the softmax, number by number.

Everything here is data for pictures and tables, computed step by step, so that you can compare it
with what :class:`digitrec.network.Network` computes at once.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from digitrec.network import Layer, Network

Float64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Step:
    """A kernel on one place of its input, and what it computes there.

    Parameters
    ----------
    top, left : int
        Where the kernel's first row and column are in the input, pixels; negative, or beyond
        the last row, if the kernel hangs over the edge.
    patch : ndarray of float64, shape (height, width, inputs)
        The part of the input under the kernel; 0 where there is no input.
    kernel : ndarray of float64, shape (height, width, inputs)
        The weights that the patch is multiplied by.
    bias : float
        The number added to the sum of the products.

    Examples
    --------
    >>> step = Step(0, 0, np.ones((2, 2, 1)), np.full((2, 2, 1), -0.5), bias=0.25)
    >>> step.total, step.output, step.activation
    (-2.0, -1.75, 0.0)
    """

    top: int
    left: int
    patch: Float64
    kernel: Float64
    bias: float

    @property
    def products(self) -> Float64:
        """Patch times kernel, number by number; shape (height, width, inputs)."""
        return self.patch * self.kernel

    @property
    def by_input(self) -> Float64:
        """The sum of the products for each input map; shape (inputs,)."""
        return np.asarray(self.products.sum(axis=(0, 1)))

    @property
    def total(self) -> float:
        """The sum of all products."""
        return float(self.products.sum())

    @property
    def output(self) -> float:
        """The sum plus the bias: the number that the convolution writes down."""
        return self.total + self.bias

    @property
    def activation(self) -> float:
        """The output after ReLU: itself, or 0 if it is negative."""
        return max(self.output, 0.0)


@dataclass(frozen=True, eq=False)
class Window:
    """One window of a feature map and the largest number in it.

    Parameters
    ----------
    top, left : int
        The window's first row and column in the feature map.
    values : ndarray of float64, shape (side, side)
        The numbers in it.

    Examples
    --------
    >>> window = Window(0, 0, np.array([[0.0, 3.0], [1.0, 2.0]]))
    >>> window.largest, window.where
    (3.0, (0, 1))
    """

    top: int
    left: int
    values: Float64

    @property
    def largest(self) -> float:
        """The number that max pooling passes on."""
        return float(self.values.max())

    @property
    def where(self) -> tuple[int, int]:
        """Row and column of the largest number inside the window."""
        row, column = np.unravel_index(int(self.values.argmax()), self.values.shape)
        return int(row), int(column)


@dataclass(frozen=True, eq=False)
class Softmax:
    """How ten logits become ten probabilities, one column a step.

    Parameters
    ----------
    logits : ndarray of float64, shape (10,)
        The outputs of the dense layer.
    temperature : float
        The number they are divided by.

    Examples
    --------
    >>> softmax = Softmax(np.array([0.0] * 9 + [np.log(3)]), temperature=1.0)
    >>> softmax.probabilities[9].round(2)
    np.float64(0.25)
    """

    logits: Float64
    temperature: float

    @property
    def distances(self) -> Float64:
        """How far each logit is below the largest, divided by the temperature."""
        return np.asarray((self.logits - self.logits.max()) / self.temperature)

    @property
    def powers(self) -> Float64:
        """The number e to the power of each distance; the largest is 1."""
        return np.asarray(np.exp(self.distances))

    @property
    def probabilities(self) -> Float64:
        """Each power as a share of their sum."""
        return np.asarray(self.powers / self.powers.sum())


def convolution_step(
    network: Network, image: ArrayLike, row: int, column: int, *, kernel: int = 0, layer: int = 1
) -> Step:
    """Lay one kernel on one place of its input and show the numbers.

    Parameters
    ----------
    network : Network
    image : array_like, shape (28, 28)
        As for :meth:`digitrec.network.Network.activations`.
    row, column : int
        Which number of the feature map is computed.
    kernel : int
        Which kernel, counted from 0.
    layer : {1, 2}
        Which convolution.

    Returns
    -------
    Step
        Its ``output`` is ``network.activations(image)["conv1"][row, column, kernel]``
        (or "conv2"), to rounding.

    Raises
    ------
    ValueError
        If there is no such layer, place or kernel.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> convolution_step(bundled(), np.zeros((28, 28)), 0, 0).total
    0.0
    """
    maps = _input_maps(network, image, layer)
    output_shape = _layer(network, f"conv{layer}").output_shape
    _check_place(output_shape, row=row, column=column, kernel=kernel)
    weights = network.weights[f"conv{layer}/kernel"][..., kernel].astype(np.float64)
    height, width, inputs = weights.shape
    stride = network.architecture.strides[layer - 1]
    before = (0, 0)
    if network.architecture.padding[layer - 1] == "same":
        before = (
            _padding(maps.shape[0], height, stride, output_shape[0]),
            _padding(maps.shape[1], width, stride, output_shape[1]),
        )
    top, left = row * stride - before[0], column * stride - before[1]
    patch = np.zeros((height, width, inputs))
    rows = slice(max(top, 0), min(top + height, maps.shape[0]))
    columns = slice(max(left, 0), min(left + width, maps.shape[1]))
    patch[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = maps[
        rows, columns
    ]
    bias = float(network.weights[f"conv{layer}/bias"][kernel])
    return Step(top, left, patch, weights, bias)


def pooling_step(
    network: Network, image: ArrayLike, row: int, column: int, *, kernel: int = 0, layer: int = 1
) -> Window:
    """Return the window of a feature map that becomes one number of the pooled map.

    Parameters
    ----------
    network : Network
    image : array_like, shape (28, 28)
    row, column : int
        Which number of the pooled map is computed.
    kernel : int
        The kernel of the feature map, counted from 0.
    layer : {1, 2}
        Which pooling.

    Returns
    -------
    Window
        Its ``largest`` is ``network.activations(image)["pool1"][row, column, kernel]``
        (or "pool2").

    Raises
    ------
    ValueError
        If there is no such layer, place or kernel.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> window = pooling_step(bundled(), np.zeros((28, 28)), 0, 0)
    >>> window.largest == float(window.values[window.where])
    True
    """
    _check_layer(layer)
    _check_place(
        _layer(network, f"pool{layer}").output_shape, row=row, column=column, kernel=kernel
    )
    side = network.architecture.pools[layer - 1]
    maps = network.activations(image)[f"relu{layer}"]
    top, left = row * side, column * side
    values = maps[top : top + side, left : left + side, kernel].astype(np.float64)
    return Window(top, left, values)


def strongest(network: Network, image: ArrayLike, *, layer: int = 1) -> tuple[int, int, int]:
    """Find where a convolution responds most strongly to an image.

    Parameters
    ----------
    network : Network
    image : array_like, shape (28, 28)
    layer : {1, 2}
        Which convolution.

    Returns
    -------
    row, column, kernel : int
        The place of its largest output.

    Raises
    ------
    ValueError
        If there is no such layer.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> len(strongest(bundled(), np.eye(28)))
    3
    """
    _check_layer(layer)
    maps = network.activations(image)[f"conv{layer}"]
    row, column, kernel = np.unravel_index(int(maps.argmax()), maps.shape)
    return int(row), int(column), int(kernel)


def softmax_steps(network: Network, image: ArrayLike) -> Softmax:
    """Return the ten logits of an image and every step to their probabilities.

    Parameters
    ----------
    network : Network
    image : array_like, shape (28, 28)

    Returns
    -------
    Softmax
        Its ``probabilities`` are the network's.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> softmax_steps(bundled(), np.zeros((28, 28))).powers.max()
    np.float64(1.0)
    """
    logits = network.activations(image)["dense"].astype(np.float64)
    return Softmax(logits, network.calibration.temperature)


def _layer(network: Network, name: str) -> Layer:
    return next(layer for layer in network.layers if layer.name == name)


def _input_maps(network: Network, image: ArrayLike, layer: int) -> NDArray[Any]:
    _check_layer(layer)
    activations = network.activations(image)
    if layer == 2:
        return activations["pool1"]
    values = np.asarray(image)
    if values.dtype == np.uint8:
        values = values / 255
    return values[..., np.newaxis]


def _padding(side: int, kernel: int, stride: int, after: int) -> int:
    return max((after - 1) * stride + kernel - side, 0) // 2


def _check_layer(layer: int) -> None:
    if layer not in (1, 2):
        raise ValueError(f"layer must be 1 or 2, the first or the second. Received: {layer!r}")


def _check_place(shape: tuple[int, ...], **place: int) -> None:
    for (name, index), size in zip(place.items(), shape, strict=True):
        if not 0 <= index < size:
            raise ValueError(f"{name} must be between 0 and {size - 1}. Received: {index!r}")
