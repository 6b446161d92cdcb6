import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

from digitrec import export, mnist
from digitrec.errors import MissingPackageError
from digitrec.network import Architecture, Calibration, Network

ARCHITECTURES = [
    (Architecture(), (5, 5)),
    (Architecture(padding=("same", "same"), pools=(2, 3)), (3, 5)),
    (Architecture(padding=("same", "valid"), strides=(2, 1), pools=(1, 3)), (4, 3)),
    (Architecture(padding=("valid", "same"), strides=(1, 3), pools=(3, 1)), (6, 2)),
]


def make(architecture: Architecture, sides: tuple[int, int]) -> Network:
    rng = np.random.default_rng(5)

    def draw(*shape: int) -> NDArray[np.float32]:
        # Kernels keep the size of what they are given, and biases stay small beside it.
        spread = 0.1 if len(shape) == 1 else 2 / np.sqrt(np.prod(shape[:-1]))
        return rng.normal(0, spread, shape).astype(np.float32)

    side = 28
    for kernel, padding, step, pool in zip(
        sides, architecture.padding, architecture.strides, architecture.pools, strict=True
    ):
        side = (-(-side // step) if padding == "same" else (side - kernel) // step + 1) // pool
    weights = {
        "conv1/kernel": draw(sides[0], sides[0], 1, 4),
        "conv1/bias": draw(4),
        "conv2/kernel": draw(sides[1], sides[1], 4, 6),
        "conv2/bias": draw(6),
        "dense/kernel": draw(side * side * 6, 10),
        "dense/bias": draw(10),
    }
    about = {"recipe": "classic", "seed": 12}
    return Network(weights, architecture, Calibration(1.7, 2.5), about)


@pytest.fixture(scope="module")
def images() -> NDArray[np.float32]:
    return (mnist.load_part("test").images[:50] / 255).astype(np.float32)


@pytest.fixture(params=ARCHITECTURES, ids=["classic", "same", "strided", "mixed"])
def network(request: pytest.FixtureRequest) -> Network:
    return make(*request.param)


def spread(probabilities: NDArray[Any]) -> None:
    """Make sure that a comparison of them says something."""
    assert probabilities.std(axis=0).max() > 0.05


def test_onnx_gives_the_same(network: Network, images: NDArray[np.float32]) -> None:
    session = onnxruntime.InferenceSession(
        export.to_onnx(network), providers=["CPUExecutionProvider"]
    )
    probabilities, logits = session.run(None, {"images": images[..., None]})
    spread(probabilities)
    np.testing.assert_allclose(probabilities, network.probabilities(images), atol=1e-5)
    np.testing.assert_allclose(logits, network.logits(images), atol=1e-4)
    (single, _) = session.run(["probabilities", "logits"], {"images": images[:1, ..., None]})
    assert single.shape == (1, 10)


def test_onnx_says_where_it_comes_from() -> None:
    model = onnx.load_from_string(export.to_onnx(make(*ARCHITECTURES[0])))
    about = {entry.key: entry.value for entry in model.metadata_props}
    assert about == {"recipe": "classic", "seed": "12", "min_energy": "2.5"}
    assert model.producer_name == "digitrec"


@pytest.mark.slow
def test_litert_gives_the_same(network: Network, images: NDArray[np.float32]) -> None:
    interpreter = Interpreter(model_content=export.to_litert(network))
    (given,) = interpreter.get_input_details()
    interpreter.resize_tensor_input(given["index"], [len(images), 28, 28, 1])
    interpreter.allocate_tensors()
    interpreter.set_tensor(given["index"], images[..., None])
    interpreter.invoke()
    probabilities = interpreter.get_tensor(interpreter.get_output_details()[0]["index"])
    spread(probabilities)
    np.testing.assert_allclose(probabilities, network.probabilities(images), atol=1e-5)


@pytest.mark.slow
def test_keras_gives_the_same(
    network: Network, images: NDArray[np.float32], tmp_path: Path
) -> None:
    import keras  # noqa: PLC0415 - the fast tests of this file load no TensorFlow

    path = tmp_path / "digits.keras"
    export.export(network, path, "keras")
    probabilities = np.asarray(keras.models.load_model(path)(images[..., None]))
    spread(probabilities)
    np.testing.assert_allclose(probabilities, network.probabilities(images), atol=1e-5)


def test_a_file_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = make(*ARCHITECTURES[0])
    path = tmp_path / "digits.onnx"
    path.write_bytes(b"old")
    export.export(network, path, "onnx")
    onnx.checker.check_model(onnx.load(path))
    path.write_bytes(b"old")
    monkeypatch.setattr(onnx.checker, "check_model", _fail)
    with pytest.raises(OSError, match="disk"):
        export.export(network, path, "onnx")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def _fail(*_: object, **__: object) -> None:
    raise OSError("no room on the disk")


def test_wrong_arguments(tmp_path: Path) -> None:
    network = make(*ARCHITECTURES[0])
    with pytest.raises(ValueError, match=r"keras, onnx, litert. Received: 'pickle'"):
        export.export(network, tmp_path / "digits", "pickle")  # type: ignore[arg-type] # on purpose
    with pytest.raises(ValueError, match=r"must end in \.keras. Received: 'digits.h5'"):
        export.export(network, tmp_path / "digits.h5", "keras")
    with pytest.raises(FileNotFoundError, match="no folder"):
        export.export(network, tmp_path / "no" / "digits.onnx", "onnx")


@pytest.mark.parametrize(
    ("package", "kind", "extra"), [("onnx", "onnx", "export"), ("keras", "litert", "train")]
)
def test_without_a_package_it_says_what_to_install(
    package: str, kind: Any, extra: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / "digits"
    with pytest.raises(MissingPackageError, match=rf"pip install 'digitrec\[{extra}\]'"):
        export.export(make(*ARCHITECTURES[0]), path, kind)
    assert not path.exists()
