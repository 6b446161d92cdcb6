"""The trained network as a file for other programs: Keras, ONNX or LiteRT.

Each takes float32 images of shape (n, 28, 28, 1), 0 to 1 with bright ink, and gives the same
probabilities of shape (n, 10) as :meth:`digitrec.network.Network.probabilities`.
"""

import os
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from digitrec import files, training
from digitrec.errors import needs
from digitrec.network import CLASSES, SIDE, Network

Format = Literal["keras", "onnx", "litert"]
"""The kinds of file."""

# What every ONNX Runtime since 1.13 (2022) reads; the graph needs nothing newer.
_ONNX_OPSET = 17
_ONNX_IR = 8


def export(network: Network, path: str | os.PathLike[str], kind: Format) -> None:
    """Write the network to a file for another program, whole or not at all.

    Parameters
    ----------
    network : Network
        What to write.
    path : path-like
        The file; an older one there is replaced when the new one is whole.
    kind : {"keras", "onnx", "litert"}
        Which program will read it.

    Raises
    ------
    ValueError
        If `kind` is not one of these, or the name of a Keras file does not end in ``.keras``:
        Keras would not open it.
    MissingPackageError
        If a package that the format needs is not installed.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     export(bundled(), Path(folder, "digits.onnx"), "onnx")
    ...     Path(folder, "digits.onnx").stat().st_size > 1000
    True
    """
    path = Path(path)
    makers: dict[str, Callable[[Network], bytes]] = {
        "keras": to_keras,
        "onnx": to_onnx,
        "litert": to_litert,
    }
    if kind not in makers:
        raise ValueError(f"format must be one of {', '.join(get_args(Format))}. Received: {kind!r}")
    if kind == "keras" and path.suffix != ".keras":
        raise ValueError(f"the name of a Keras file must end in .keras. Received: {path.name!r}")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent}; make it first")
    files.write(path, makers[kind](network))


def to_keras(network: Network) -> bytes:
    """Return the network as a ``.keras`` file, for ``keras.models.load_model``.

    Parameters
    ----------
    network : Network

    Returns
    -------
    bytes
    """
    return _saved(network, "model.keras", lambda model, path: model.save(path))


def to_litert(network: Network) -> bytes:
    """Return the network as a LiteRT (formerly TensorFlow Lite) file, for phones and boards.

    Parameters
    ----------
    network : Network

    Returns
    -------
    bytes
        Its input is one image; an interpreter can resize it for more.
    """
    return _saved(
        network,
        "model.tflite",
        lambda model, path: model.export(path, format="litert", verbose=False),
    )


def to_onnx(network: Network) -> bytes:
    """Return the network as an ONNX file, for ONNX Runtime and other programs.

    Besides "probabilities" it gives the "logits". If the log of their summed exponentials is
    below ``min_energy`` in the file's metadata, the image is not a digit.

    Parameters
    ----------
    network : Network

    Returns
    -------
    bytes

    Raises
    ------
    MissingPackageError
        If the package ``onnx`` is not installed.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> b"probabilities" in to_onnx(bundled())
    True
    """
    with needs("an ONNX file", "export"):
        import onnx  # noqa: PLC0415 - an optional package, for this function alone
        from onnx import TensorProto, helper, numpy_helper  # noqa: PLC0415 - as above

    arrays: dict[str, np.ndarray[Any, Any]] = {}
    nodes = []
    architecture = network.architecture
    shapes = {layer.name: layer.output_shape for layer in network.layers}
    arrays["one_channel"] = np.array([0, 1, SIDE, SIDE], np.int64)
    nodes.append(helper.make_node("Reshape", ["images", "one_channel"], ["input"]))
    last = "input"
    for number in (1, 2):
        conv, relu, pool = f"conv{number}", f"relu{number}", f"pool{number}"
        arrays[f"{conv}/kernel"] = network.weights[f"{conv}/kernel"].transpose(3, 2, 0, 1)
        arrays[f"{conv}/bias"] = network.weights[f"{conv}/bias"]
        padding = architecture.padding[number - 1]
        nodes += [
            helper.make_node(
                "Conv",
                [last, f"{conv}/kernel", f"{conv}/bias"],
                [conv],
                auto_pad="SAME_UPPER" if padding == "same" else "VALID",
                strides=[architecture.strides[number - 1]] * 2,
            ),
            helper.make_node("Relu", [conv], [relu]),
        ]
        last = relu
        if (side := architecture.pools[number - 1]) > 1:
            sides = [side, side]
            nodes.append(
                helper.make_node("MaxPool", [relu], [pool], kernel_shape=sides, strides=sides)
            )
            last = pool
    # ONNX has channels before rows and columns, so the dense layer gets its inputs reordered.
    kernel = network.weights["dense/kernel"].reshape(*shapes["pool2"], CLASSES)
    arrays["dense/kernel"] = kernel.transpose(2, 0, 1, 3).reshape(-1, CLASSES)
    arrays["dense/bias"] = network.weights["dense/bias"]
    arrays["temperature"] = np.array(network.calibration.temperature, np.float32)
    nodes += [
        helper.make_node("Flatten", [last], ["flatten"]),
        helper.make_node("Gemm", ["flatten", "dense/kernel", "dense/bias"], ["logits"]),
        helper.make_node("Div", ["logits", "temperature"], ["calibrated"]),
        helper.make_node("Softmax", ["calibrated"], ["probabilities"], axis=1),
    ]
    images = helper.make_tensor_value_info("images", TensorProto.FLOAT, ["n", SIDE, SIDE, 1])
    outputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, ["n", CLASSES])
        for name in ("probabilities", "logits")
    ]
    values = [
        numpy_helper.from_array(np.ascontiguousarray(array), name) for name, array in arrays.items()
    ]
    graph = helper.make_graph(nodes, "digitrec", [images], outputs, values)
    opsets = [helper.make_opsetid("", _ONNX_OPSET)]
    model = helper.make_model(
        graph, opset_imports=opsets, ir_version=_ONNX_IR, producer_name="digitrec"
    )
    about = {
        "recipe": network.metadata.get("recipe"),
        "seed": network.metadata.get("seed"),
        "min_energy": network.calibration.min_energy,
    }
    helper.set_model_props(model, {k: str(v) for k, v in about.items() if v is not None})
    onnx.checker.check_model(model, full_check=True)
    return bytes(model.SerializeToString())


def _saved(network: Network, name: str, save: Callable[[Any, str], object]) -> bytes:
    """Return what Keras writes; it writes only to a named file."""
    model = training.to_keras(network)
    # Keras exports a model as it was last called, and this one was never called.
    model(np.zeros((1, SIDE, SIDE, 1), np.float32))
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        # Keras and NumPy 2 do not agree on a keyword yet; it concerns nobody here.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        path = Path(folder, name)
        save(model, str(path))
        return path.read_bytes()
