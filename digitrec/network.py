"""The trained network in plain NumPy: layers, forward pass, every activation, its file.

Keras trains (:mod:`digitrec.training`). Here the result is six arrays and a few lines of
arithmetic, so that a page that only asks "which digit is this?" starts at once.
"""

import functools
import itertools
import json
import math
import os
import struct
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import ArrayLike, NDArray

from digitrec import files, resources
from digitrec.errors import FileError

CLASSES = 10
"""The number of output nodes, one a digit."""

SIDE = 28
"""Height and width of an input image, pixels."""

MAX_FILE_BYTES = 8 * 1024 * 1024
"""A larger file is not one of our networks and is refused unread."""

_MAX_HEADER_BYTES = 1024 * 1024
_FORMAT = "digitrec-network-1"
_CHUNK = 64  # images a pass: its patches stay in the processor's cache
_SURE = 0.8  # a probability; below it the sentence names two digits
_MOST_WEIGHT = 1e6  # three layers of these still add up to finite logits

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class Architecture:
    """What the arrays do not say: how the kernels move and how the maps are pooled.

    Parameters
    ----------
    padding : tuple of {"valid", "same"}
        For each convolution, whether it stays inside its input or is padded with zeros.
    strides : tuple of int
        The step of each convolution, in pixels.
    pools : tuple of int
        Side of the max-pooling window after each convolution; 1 means no pooling.

    Examples
    --------
    >>> Architecture().pools
    (2, 2)
    """

    padding: tuple[str, str] = ("valid", "valid")
    strides: tuple[int, int] = (1, 1)
    pools: tuple[int, int] = (2, 2)

    def __post_init__(self) -> None:
        for name, allowed in (
            ("padding", ("valid", "same")),
            ("strides", (1, 2, 3)),
            ("pools", (1, 2, 3, 4)),
        ):
            value = getattr(self, name)
            if (
                not isinstance(value, tuple)
                or len(value) != 2
                or any(isinstance(v, bool) or v not in allowed for v in value)
            ):
                raise ValueError(f"{name} must be two of {allowed}. Received: {value!r}")


@dataclass(frozen=True)
class Calibration:
    """How logits become probabilities, and when the network says that it cannot know.

    Parameters
    ----------
    temperature : float
        Logits are divided by it before the softmax (Guo et al., "On Calibration of Modern
        Neural Networks", 2017). Above 1 it makes the network less certain.
    min_energy : float or None
        The network refuses a drawing whose negative free energy is below this. That is the log
        of the summed exponentials of its logits (Liu et al., "Energy-based Out-of-distribution
        Detection", 2020). None refuses nothing.

    Examples
    --------
    >>> Calibration(temperature=2.0).min_energy is None
    True
    """

    temperature: float = 1.0
    min_energy: float | None = None

    def __post_init__(self) -> None:
        if not _is_number(self.temperature) or not 0.01 <= self.temperature <= 100:
            raise ValueError(
                f"temperature must be a number from 0.01 to 100. Received: {self.temperature!r}"
            )
        if self.min_energy is not None and not _is_number(self.min_energy):
            raise ValueError(
                f"min_energy must be a finite number or None. Received: {self.min_energy!r}"
            )


@dataclass(frozen=True)
class Layer:
    """One layer, described for a reader.

    Parameters
    ----------
    name : str
        "conv1", "relu1", "pool1", …, "softmax": the key of its activation.
    kind : str
        What it is, in words.
    output_shape : tuple of int
        Shape of its output for one image.
    num_parameters : int
        How many numbers it learnt.

    Examples
    --------
    >>> Layer("flatten", "flatten", (400,), 0).output_shape
    (400,)
    """

    name: str
    kind: str
    output_shape: tuple[int, ...]
    num_parameters: int


@dataclass(frozen=True, eq=False)
class Prediction:
    """The network's answer to one image.

    Parameters
    ----------
    probabilities : ndarray of float64, shape (10,)
        One for each digit; they sum to 1.
    logits : ndarray of float32, shape (10,)
        The ten outputs before the softmax.
    refused : bool
        Whether the image is too unlike any digit to be called one.

    Examples
    --------
    >>> probabilities = np.full(10, 0.01)
    >>> probabilities[[4, 9]] = 0.52, 0.40
    >>> prediction = Prediction(probabilities, np.log(probabilities), refused=False)
    >>> prediction.digit, prediction.runner_up, prediction.kind
    (4, 9, 'torn')
    >>> prediction.sentence
    'A 4, or maybe a 9.'
    """

    probabilities: NDArray[np.float64]
    logits: Float32
    refused: bool

    @property
    def digit(self) -> int:
        """The most probable digit."""
        return int(np.argmax(self.probabilities))

    @property
    def runner_up(self) -> int:
        """The second most probable digit."""
        return int(np.argsort(self.probabilities, kind="stable")[-2])

    @property
    def confidence(self) -> float:
        """The probability of the most probable digit, 0 to 1."""
        return float(self.probabilities[self.digit])

    @property
    def kind(self) -> Literal["sure", "torn", "refused"]:
        """Whether the answer is one digit, two, or none."""
        if self.refused:
            return "refused"
        return "sure" if self.confidence >= _SURE else "torn"

    @property
    def sentence(self) -> str:
        """The answer as a sentence that a child understands."""
        if self.kind == "refused":
            return "I don't think that is a digit."
        if self.kind == "sure":
            return f"That's {_article(self.digit)} {self.digit}."
        return (
            f"{_article(self.digit).capitalize()} {self.digit}, "
            f"or maybe {_article(self.runner_up)} {self.runner_up}."
        )


@dataclass(frozen=True, eq=False)
class Network:
    """Two convolutional layers and a dense layer of ten, with what they learnt.

    Parameters
    ----------
    weights : mapping of str to ndarray of float32
        "conv1/kernel" and "conv2/kernel" of shape (height, width, inputs, filters),
        "conv1/bias" and "conv2/bias" (filters,), "dense/kernel" (inputs, 10) and
        "dense/bias" (10,).
    architecture : Architecture
        Padding, strides and pooling.
    calibration : Calibration
        The temperature, and the energy below which a drawing is refused.
    metadata : dict
        How the network was made: recipe, seed, accuracies. JSON values only.

    Raises
    ------
    ValueError
        If an array is missing, wrongly shaped or not finite.

    Examples
    --------
    >>> network = bundled()
    >>> network.logits(np.zeros((3, 28, 28), np.uint8)).shape
    (3, 10)
    """

    weights: Mapping[str, Float32]
    architecture: Architecture = field(default_factory=Architecture)
    calibration: Calibration = field(default_factory=Calibration)
    metadata: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = {f"{layer}/{part}" for layer in _LEARNT for part in ("kernel", "bias")}
        if set(self.weights) != names:
            raise ValueError(
                f"a network has the arrays {', '.join(sorted(names))}. "
                f"Received: {', '.join(sorted(map(str, self.weights)))[:200]}"
            )
        for name, array in self.weights.items():
            if array.dtype != np.float32 or not np.isfinite(array).all():
                raise ValueError(
                    f"{name} must hold finite float32 numbers. Received: {array.dtype}"
                )
            if not 1 <= array.size <= 1_000_000 or max(array.shape) > 20_000:
                raise ValueError(f"{name} has an impossible size. Received: {array.shape}")
            if np.abs(array).max() > _MOST_WEIGHT:
                raise ValueError(
                    f"{name} must hold numbers up to {_MOST_WEIGHT:g}. "
                    f"Received: {np.abs(array).max():g}"
                )
        inputs = 1
        for layer in ("conv1", "conv2"):
            shape = self.weights[f"{layer}/kernel"].shape
            if len(shape) != 4 or shape[0] > SIDE or shape[1] > SIDE or shape[2] != inputs:
                raise ValueError(
                    f"{layer}/kernel must have shape (height, width, {inputs}, filters) with sides "
                    f"up to {SIDE}. Received: {shape}"
                )
            inputs = shape[3]
            _check_shape(f"{layer}/bias", self.weights[f"{layer}/bias"], (inputs,))
        flat = math.prod(self._map_shapes()[-1])
        _check_shape("dense/kernel", self.weights["dense/kernel"], (flat, CLASSES))
        _check_shape("dense/bias", self.weights["dense/bias"], (CLASSES,))

    @property
    def num_parameters(self) -> int:
        """How many numbers the network learnt."""
        return sum(array.size for array in self.weights.values())

    @property
    def layers(self) -> tuple[Layer, ...]:
        """Every layer in order, with its output shape and its number of parameters."""
        conv1, pool1, conv2, pool2 = self._map_shapes()
        layers = []
        for number, conv, pool in ((1, conv1, pool1), (2, conv2, pool2)):
            height, width = self.weights[f"conv{number}/kernel"].shape[:2]
            side = self.architecture.pools[number - 1]
            num = sum(self.weights[f"conv{number}/{part}"].size for part in ("kernel", "bias"))
            layers += [
                Layer(f"conv{number}", f"convolution {height}×{width}", conv, num),
                Layer(f"relu{number}", "ReLU", conv, 0),
                Layer(f"pool{number}", f"max pooling {side}×{side}", pool, 0),
            ]
        num = sum(self.weights[f"dense/{part}"].size for part in ("kernel", "bias"))
        return (
            *layers,
            Layer("flatten", "flatten", (math.prod(pool2),), 0),
            Layer("dense", "dense", (CLASSES,), num),
            Layer("softmax", "softmax", (CLASSES,), 0),
        )

    def logits(self, images: ArrayLike) -> Float32:
        """Return the ten outputs before the softmax.

        Parameters
        ----------
        images : array_like, shape (n, 28, 28)
            Unsigned bytes 0 to 255, or floats 0 to 1; ink is bright.

        Returns
        -------
        ndarray of float32, shape (n, 10)

        Raises
        ------
        ValueError
            If the shape or type is different, or a value is not finite.

        Examples
        --------
        >>> bundled().logits(np.zeros((0, 28, 28))).shape
        (0, 10)
        """
        return self._outputs(images, "dense", CLASSES)

    def probabilities(self, images: ArrayLike) -> NDArray[np.float64]:
        """Return the calibrated probability of every digit.

        Parameters
        ----------
        images : array_like, shape (n, 28, 28)
            As for :meth:`logits`.

        Returns
        -------
        ndarray of float64, shape (n, 10)
            Every row sums to 1.

        Examples
        --------
        >>> bundled().probabilities(np.zeros((1, 28, 28))).sum().round(6)
        np.float64(1.0)
        """
        return self.softmax(self.logits(images))

    def softmax(self, logits: ArrayLike) -> NDArray[np.float64]:
        """Turn logits into probabilities at the network's temperature.

        Parameters
        ----------
        logits : array_like, shape (n, 10)

        Returns
        -------
        ndarray of float64, shape (n, 10)

        Examples
        --------
        >>> bundled().softmax(np.zeros((1, 10)))[0, 0].round(6)
        np.float64(0.1)
        """
        scaled = np.asarray(logits, np.float64) / self.calibration.temperature
        powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=-1, keepdims=True))

    def refuses(self, logits: ArrayLike) -> NDArray[np.bool_]:
        """Say which images are too unlike any digit to be called one.

        Parameters
        ----------
        logits : array_like, shape (n, 10)

        Returns
        -------
        ndarray of bool, shape (n,)

        Examples
        --------
        >>> bundled().refuses(np.zeros((2, 10))).shape
        (2,)
        """
        energies = energy(logits)
        if self.calibration.min_energy is None:
            return np.zeros(energies.shape, bool)
        return np.asarray(energies < self.calibration.min_energy)

    def predict(self, image: ArrayLike) -> Prediction:
        """Say which digit one image shows.

        Parameters
        ----------
        image : array_like, shape (28, 28)
            Unsigned bytes 0 to 255, or floats 0 to 1; ink is bright.

        Returns
        -------
        Prediction

        Examples
        --------
        >>> bundled().predict(np.zeros((28, 28))).probabilities.shape
        (10,)
        """
        return self.predict_many(np.asarray(image)[None])[0]

    def predict_many(self, images: ArrayLike) -> list[Prediction]:
        """Say which digit each image shows.

        Parameters
        ----------
        images : array_like, shape (n, 28, 28)

        Returns
        -------
        list of Prediction

        Examples
        --------
        >>> len(bundled().predict_many(np.zeros((2, 28, 28))))
        2
        """
        logits = self.logits(images)
        rows = zip(self.softmax(logits), logits, self.refuses(logits), strict=True)
        return [Prediction(chances, outputs, bool(refused)) for chances, outputs, refused in rows]

    def features(self, images: ArrayLike) -> Float32:
        """Return what the convolutions found, one row for each image: the last layer's input.

        Parameters
        ----------
        images : array_like, shape (n, 28, 28)
            As for :meth:`logits`.

        Returns
        -------
        ndarray of float32, shape (n, length)
            The activation "flatten" of every image.

        Examples
        --------
        >>> network = bundled()
        >>> found = network.features(np.zeros((2, 28, 28)))
        >>> found.shape[1] == len(network.weights["dense/kernel"])
        True
        """
        return self._outputs(images, "flatten", len(self.weights["dense/kernel"]))

    def activations(self, image: ArrayLike) -> dict[str, NDArray[Any]]:
        """Return the output of every layer for one image.

        Parameters
        ----------
        image : array_like, shape (28, 28)

        Returns
        -------
        dict of str to ndarray
            By the names of :attr:`layers`, in their order and with their shapes.

        Examples
        --------
        >>> list(bundled().activations(np.zeros((28, 28))))[:3]
        ['conv1', 'relu1', 'pool1']
        """
        outputs: dict[str, NDArray[Any]] = {**self._forward(_check_images(np.asarray(image)[None]))}
        outputs["softmax"] = self.softmax(outputs["dense"])
        return {name: array[0] for name, array in outputs.items()}

    def to_bytes(self) -> bytes:
        """Return the network as the bytes of a safetensors file.

        An array whose numbers all fit into 16 bits is stored in 16 bits, without any loss.

        Examples
        --------
        >>> Network.from_bytes(bundled().to_bytes()).num_parameters == bundled().num_parameters
        True
        """
        about = {
            "format": _FORMAT,
            "architecture": json.dumps(asdict(self.architecture)),
            "calibration": json.dumps(asdict(self.calibration)),
            "metadata": json.dumps(self.metadata, allow_nan=False),
        }
        arrays = {name: _smallest(array) for name, array in self.weights.items()}
        return bytes(safetensors.numpy.save(arrays, metadata=about))

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Read a network from the bytes of a file, trusting nothing in them.

        Parameters
        ----------
        content : bytes
            A safetensors file as :meth:`to_bytes` writes it. Nothing in it is ever run.

        Raises
        ------
        FileError
            If it is damaged or not one of our networks.

        Examples
        --------
        >>> Network.from_bytes(b"not a network")
        Traceback (most recent call last):
        ...
        digitrec.errors.FileError: a network file was expected, and this is not one: ...
        """
        if len(content) > MAX_FILE_BYTES:
            raise FileError(
                f"a network file of at most {MAX_FILE_BYTES:,} bytes was expected. "
                f"Received: {len(content):,} bytes"
            )
        try:
            about = _read_about(content)
            # safetensors returns them in a random order.
            arrays = dict(sorted(safetensors.numpy.load(content).items()))
            for name, array in arrays.items():
                if array.dtype == np.float16:
                    arrays[name] = array.astype(np.float32)
            settings = json.loads(about["architecture"])
            architecture = Architecture(**{name: tuple(settings[name]) for name in settings})
            calibration = Calibration(**json.loads(about["calibration"]))
            metadata = json.loads(about["metadata"])
            if not isinstance(metadata, dict):
                raise TypeError("its metadata is not a JSON object")
            json.dumps(metadata, allow_nan=False)  # refuse what we could not write again
            return cls(arrays, architecture, calibration, metadata)
        except (
            safetensors.SafetensorError,
            struct.error,
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            RecursionError,
        ) as error:
            raise FileError(
                "a network file was expected, and this is not one: "
                f"{type(error).__name__}: {str(error)[:300]}; train or choose another"
            ) from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the network to a file, whole or not at all.

        Parameters
        ----------
        path : path-like
            An older file there is replaced only when the new one is safely on disk.

        Examples
        --------
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     bundled().save(Path(folder, "copy.safetensors"))
        ...     Network.load(Path(folder, "copy.safetensors")).num_parameters > 0
        True
        """
        files.write(path, self.to_bytes())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Self:
        """Read a network from a file.

        Parameters
        ----------
        path : path-like
            A file written by :meth:`save`.

        Raises
        ------
        FileError
            If the file is missing, damaged, or not a network.

        Examples
        --------
        >>> Network.load(resources.data("model.safetensors")).metadata["recipe"]
        'best'
        """
        try:
            with Path(path).open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except OSError as error:
            raise FileError(
                f"a network file was expected at {path}: {error.strerror or error}"
            ) from error
        try:
            return cls.from_bytes(content)
        except FileError as error:
            raise FileError(f"{path}: {error}") from error

    def _map_shapes(self) -> list[tuple[int, int, int]]:
        shapes: list[tuple[int, int, int]] = []
        rows = columns = SIDE
        for number in (1, 2):
            height, width, _, filters = self.weights[f"conv{number}/kernel"].shape
            padding = self.architecture.padding[number - 1]
            step = self.architecture.strides[number - 1]
            pool = self.architecture.pools[number - 1]
            rows = _output_side(rows, height, step, padding)
            columns = _output_side(columns, width, step, padding)
            shapes.append((rows, columns, filters))
            rows, columns = rows // pool, columns // pool
            shapes.append((rows, columns, filters))
            if min(rows, columns) < 1:
                raise ValueError(
                    f"conv{number} and its pooling leave nothing of the image; "
                    "choose a smaller kernel, stride or pool"
                )
        return shapes

    def _outputs(self, images: ArrayLike, layer: str, length: int) -> Float32:
        batch = _check_images(images)
        outputs = np.zeros((len(batch), length), np.float32)
        for start in range(0, len(batch), _CHUNK):
            chunk = slice(start, start + _CHUNK)
            outputs[chunk] = self._forward(batch[chunk])[layer]
        return outputs

    def _forward(self, images: Float32) -> dict[str, Float32]:
        outputs: dict[str, Float32] = {}
        maps = images[..., np.newaxis]
        for number in (1, 2):
            kernel = self.weights[f"conv{number}/kernel"]
            bias = self.weights[f"conv{number}/bias"]
            step = self.architecture.strides[number - 1]
            maps = _convolve(maps, kernel, step, self.architecture.padding[number - 1])
            maps += bias
            outputs[f"conv{number}"] = maps
            maps = np.maximum(maps, 0)
            outputs[f"relu{number}"] = maps
            maps = _max_pool(maps, self.architecture.pools[number - 1])
            outputs[f"pool{number}"] = maps
        flat = maps.reshape(len(maps), -1)
        outputs["flatten"] = flat
        outputs["dense"] = flat @ self.weights["dense/kernel"] + self.weights["dense/bias"]
        return outputs


_LEARNT = ("conv1", "conv2", "dense")


def energy(logits: ArrayLike) -> NDArray[np.float64]:
    """Return the negative free energy of logits: high for digits, low for anything else.

    Parameters
    ----------
    logits : array_like, shape (n, 10)

    Returns
    -------
    ndarray of float64, shape (n,)
        The log of the summed exponentials (Liu et al., 2020).

    Examples
    --------
    >>> energy([[0.0] * 10])[0].round(3)
    np.float64(2.303)
    """
    values = np.asarray(logits, np.float64)
    top = values.max(axis=-1)
    return np.asarray(top + np.log(np.exp(values - top[..., np.newaxis]).sum(axis=-1)))


@functools.cache
def bundled() -> Network:
    """Return the network that comes with the package.

    Raises
    ------
    FileError
        If its file is missing or damaged; install digitrec again to repair it.

    Examples
    --------
    >>> bundled().layers[-1].output_shape
    (10,)
    """
    return Network.load(resources.data("model.safetensors"))


def _article(digit: int) -> str:
    return "an" if digit == 8 else "a"


def _is_number(value: object) -> bool:
    if not isinstance(value, int | float) or isinstance(value, bool):
        return False
    return abs(value) <= sys.float_info.max  # JSON has integers beyond it, too


def _check_shape(name: str, array: NDArray[Any], expected: tuple[int, ...]) -> None:
    if array.shape != expected:
        raise ValueError(f"{name} must have shape {expected}. Received: {array.shape}")


def _check_images(images: ArrayLike) -> Float32:
    array = np.asarray(images)
    if array.ndim != 3 or array.shape[1:] != (SIDE, SIDE):
        raise ValueError(f"images must have shape (n, 28, 28). Received: {array.shape}")
    if array.dtype == np.uint8:
        return array.astype(np.float32) / np.float32(255)
    if array.dtype.kind != "f":
        raise ValueError(
            f"images must be unsigned bytes 0 to 255 or floats 0 to 1. Received: {array.dtype}"
        )
    if array.size and not (array.min() >= -1e-6 and array.max() <= 1 + 1e-6):
        raise ValueError(
            "images of floats must be between 0 and 1; divide bytes by 255. "
            f"Received: {array.min():g} to {array.max():g}"
        )
    return array.astype(np.float32)


def _output_side(side: int, kernel: int, step: int, padding: str) -> int:
    if padding == "same":
        return -(-side // step)
    return (side - kernel) // step + 1


def _convolve(maps: Float32, kernel: Float32, step: int, padding: str) -> Float32:
    height, width, inputs, filters = kernel.shape
    if padding == "same":
        pads = []
        for side, size in ((maps.shape[1], height), (maps.shape[2], width)):
            total = max((_output_side(side, size, step, padding) - 1) * step + size - side, 0)
            pads.append((total // 2, total - total // 2))
        maps = np.pad(maps, ((0, 0), *pads, (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(maps, (height, width), axis=(1, 2))
    windows = windows[:, ::step, ::step].transpose(0, 1, 2, 4, 5, 3)
    patches = windows.reshape(-1, height * width * inputs)
    convolved = patches @ kernel.reshape(-1, filters)
    return convolved.reshape(*windows.shape[:3], filters)


def _max_pool(maps: Float32, side: int) -> Float32:
    if side == 1:
        return maps
    rows, columns = (length // side * side for length in maps.shape[1:3])
    # Faster than one maximum over two axes of every block.
    places = itertools.product(range(side), repeat=2)
    parts = (maps[:, row:rows:side, column:columns:side] for row, column in places)
    return functools.reduce(np.maximum, parts)


def _smallest(array: Float32) -> NDArray[np.floating[Any]]:
    with np.errstate(over="ignore"):  # too large for 16 bits becomes infinite, and unequal
        half = array.astype(np.float16)
    return np.ascontiguousarray(half if np.array_equal(half, array) else array)


def _read_about(content: bytes) -> dict[str, str]:
    (length,) = struct.unpack_from("<Q", content)
    if length > _MAX_HEADER_BYTES:
        raise ValueError("its header is too long")
    about = json.loads(content[8 : 8 + length])["__metadata__"]
    if about["format"] != _FORMAT:
        raise ValueError(f"its format is {about['format']!r:.60}, not {_FORMAT!r}")
    return dict(about)
