import dataclasses
import json
import struct

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given, settings
from hypothesis import strategies as st

from digitrec import mnist
from digitrec.errors import FileError
from digitrec.network import Architecture, Calibration, Network, Prediction, bundled, energy


def random_network(
    filters=(3, 5), kernels=(5, 3), padding=("valid", "same"), strides=(1, 1), pools=(2, 2), seed=0
):
    rng = np.random.default_rng(seed)
    architecture = Architecture(padding, strides, pools)
    side = 28
    for kernel, pad, step, pool in zip(kernels, padding, strides, pools, strict=True):
        side = -(-side // step) if pad == "same" else (side - kernel) // step + 1
        side //= pool
    shapes = {
        "conv1/kernel": (kernels[0], kernels[0], 1, filters[0]),
        "conv1/bias": (filters[0],),
        "conv2/kernel": (kernels[1], kernels[1], *filters),
        "conv2/bias": (filters[1],),
        "dense/kernel": (side * side * filters[1], 10),
        "dense/bias": (10,),
    }
    weights = {name: rng.normal(0, 0.3, shape).astype(np.float32) for name, shape in shapes.items()}
    return Network(
        weights, architecture, Calibration(1.5, -3.0), {"recipe": "random", "seed": seed}
    )


def forward_by_loops(network, image):
    """Do what the network does, one multiplication after another."""
    maps = image[:, :, None].astype(np.float64)
    for number in (1, 2):
        kernel = network.weights[f"conv{number}/kernel"].astype(np.float64)
        size, step = kernel.shape[0], network.architecture.strides[number - 1]
        if network.architecture.padding[number - 1] == "same":
            total = max((-(-len(maps) // step) - 1) * step + size - len(maps), 0)
            maps = np.pad(maps, [(total // 2, total - total // 2)] * 2 + [(0, 0)])
        side = (len(maps) - size) // step + 1
        after = np.zeros((side, side, kernel.shape[3]))
        for row in range(side):
            for column in range(side):
                patch = maps[row * step :, column * step :][:size, :size]
                for index in range(kernel.shape[3]):
                    after[row, column, index] = (patch * kernel[..., index]).sum()
        after = np.maximum(after + network.weights[f"conv{number}/bias"], 0)
        pool = network.architecture.pools[number - 1]
        side //= pool
        maps = np.array(
            [
                [after[r * pool :, c * pool :][:pool, :pool].max(axis=(0, 1)) for c in range(side)]
                for r in range(side)
            ]
        )
    return maps.ravel() @ network.weights["dense/kernel"] + network.weights["dense/bias"]


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"padding": ("same", "valid")},
        {"kernels": (4, 2), "padding": ("same", "same")},
        {"strides": (2, 1), "padding": ("same", "same")},
        {"strides": (1, 2), "pools": (3, 1)},
        {"pools": (1, 1), "strides": (2, 2)},
    ],
)
def test_the_forward_pass_equals_plain_loops(settings):
    network = random_network(**settings)
    image = mnist.load_part("validation").images[3] / 255
    expected = forward_by_loops(network, image)
    np.testing.assert_allclose(network.logits(image[None])[0], expected, rtol=1e-4, atol=1e-4)


def test_activations_have_the_names_and_shapes_of_the_layers():
    network = random_network()
    image = mnist.load_part("validation").images[0]
    activations = network.activations(image)
    assert [layer.name for layer in network.layers] == list(activations)
    for layer in network.layers:
        assert activations[layer.name].shape == layer.output_shape
    assert sum(layer.num_parameters for layer in network.layers) == network.num_parameters
    np.testing.assert_array_equal(activations["dense"], network.logits(image[None])[0])
    np.testing.assert_array_equal(activations["softmax"], network.predict(image).probabilities)
    assert activations["relu1"].min() >= 0


def test_many_images_and_one_at_a_time_agree():
    images = mnist.load_part("validation").images[:150]
    network = bundled()
    one_by_one = np.concatenate([network.logits(image[None]) for image in images])
    np.testing.assert_allclose(network.logits(images), one_by_one, atol=1e-4)
    np.testing.assert_allclose(network.logits(images / 255), one_by_one, atol=1e-4)


def test_the_bundled_network_reads_mnist():
    part = mnist.load_part("validation")
    images, labels = part.images[:2_000], part.labels[:2_000]
    assert (bundled().logits(images).argmax(axis=1) == labels).mean() > 0.985


def test_temperature_softens_and_leaves_the_order():
    network = bundled()
    hotter = dataclasses.replace(network, calibration=Calibration(temperature=3.0))
    image = mnist.load_part("validation").images[0]
    assert hotter.predict(image).confidence < network.predict(image).confidence
    assert hotter.predict(image).digit == network.predict(image).digit


@given(
    logits=st.lists(st.floats(-1e4, 1e4), min_size=10, max_size=10),
    temperature=st.floats(0.01, 100),
)
def test_probabilities_are_probabilities(logits, temperature):
    network = dataclasses.replace(bundled(), calibration=Calibration(temperature))
    probabilities = network.softmax([logits])[0]
    assert probabilities.sum() == pytest.approx(1)
    assert probabilities.min() >= 0
    assert energy(logits) >= max(logits)


def test_refusing_follows_the_energy():
    network = dataclasses.replace(bundled(), calibration=Calibration(1.0, 5.0))
    assert network.refuses([[6.0] + [0.0] * 9, [0.0] * 10]).tolist() == [False, True]
    assert not dataclasses.replace(network, calibration=Calibration()).refuses([[-9.0] * 10])[0]


def prediction(refused=False, **chances):
    probabilities = np.full(10, 1e-3)
    for digit, chance in chances.items():
        probabilities[int(digit[1:])] = chance
    return Prediction(probabilities, np.log(probabilities).astype(np.float32), refused)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (prediction(d7=0.98), "That's a 7."),
        (prediction(d8=0.98), "That's an 8."),
        (prediction(d4=0.5, d9=0.4), "A 4, or maybe a 9."),
        (prediction(d8=0.5, d3=0.4), "An 8, or maybe a 3."),
        (prediction(d3=0.5, d8=0.4), "A 3, or maybe an 8."),
        (prediction(d3=0.99, refused=True), "I don't think that is a digit."),
    ],
)
def test_the_answer_is_a_sentence(answer, sentence):
    assert answer.sentence == sentence


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (np.zeros((28, 28)), "shape"),
        (np.zeros((1, 27, 28)), "shape"),
        (np.zeros((1, 28, 28), np.int64), "unsigned bytes"),
        (np.full((1, 28, 28), 255.0), "divide bytes by 255"),
        (np.full((1, 28, 28), np.nan), "between 0 and 1"),
        ("seven", "shape"),
    ],
)
def test_what_are_no_images_is_said_so(images, said):
    with pytest.raises(ValueError, match=said):
        bundled().logits(images)


@pytest.mark.parametrize(
    ("name", "array", "said"),
    [
        ("conv1/kernel", np.zeros((5, 5, 2, 3), np.float32), "conv1/kernel must have shape"),
        ("conv1/kernel", np.zeros((29, 29, 1, 3), np.float32), "sides up to 28"),
        ("conv1/bias", np.zeros(4, np.float32), "conv1/bias must have shape"),
        ("dense/kernel", np.zeros((7, 10), np.float32), "dense/kernel must have shape"),
        ("dense/bias", np.zeros(11, np.float32), "dense/bias must have shape"),
        ("dense/bias", np.zeros(10), "finite float32"),
        ("dense/bias", np.full(10, np.inf, np.float32), "finite float32"),
        ("dense/bias", np.zeros((0,), np.float32), "impossible size"),
        ("dense/bias", np.full(10, 1e7, np.float32), "numbers up to 1e\\+06"),
        ("other", np.zeros(1, np.float32), "a network has the arrays"),
    ],
)
def test_wrong_arrays_are_named(name, array, said):
    weights = {**random_network().weights, name: array}
    with pytest.raises(ValueError, match=said):
        Network(weights, Architecture(("valid", "same")))


@pytest.mark.parametrize(
    "settings",
    [
        {"padding": ("none", "same")},
        {"strides": (0, 1)},
        {"pools": (2,)},
        {"pools": [2, 2]},
        {"strides": (True, 1)},
    ],
)
def test_an_impossible_architecture_is_refused(settings):
    with pytest.raises(ValueError, match=next(iter(settings))):
        Architecture(**settings)


@pytest.mark.parametrize("values", [(0.0,), (float("nan"),), ("1",), (1.0, float("inf"))])
def test_an_impossible_calibration_is_refused(values):
    with pytest.raises(ValueError, match=r"temperature|min_energy"):
        Calibration(*values)


def test_a_network_that_pools_everything_away_is_refused():
    with pytest.raises(ValueError, match="leave nothing"):
        random_network(kernels=(5, 9), pools=(4, 4), padding=("valid", "valid"))


def test_a_file_keeps_everything(tmp_path):
    network = random_network()
    network.save(tmp_path / "kept.safetensors")
    again = Network.load(tmp_path / "kept.safetensors")
    assert again.architecture == network.architecture
    assert again.calibration == network.calibration
    assert again.metadata == network.metadata
    for name, array in network.weights.items():
        np.testing.assert_array_equal(again.weights[name], array)
    assert [path.name for path in tmp_path.iterdir()] == ["kept.safetensors"]


def test_numbers_of_16_bits_take_half_the_room_and_come_back_as_they_were():
    network = random_network(filters=(16, 32))
    halves = {name: w.astype(np.float16).astype(np.float32) for name, w in network.weights.items()}
    halves["dense/bias"] = network.weights["dense/bias"]
    half = dataclasses.replace(network, weights=halves)
    assert len(half.to_bytes()) < 0.6 * len(network.to_bytes())
    again = Network.from_bytes(half.to_bytes())
    for name, array in halves.items():
        assert again.weights[name].dtype == np.float32
        np.testing.assert_array_equal(again.weights[name], array)


def test_what_16_bits_cannot_hold_is_stored_whole():
    network = random_network()
    weights = {**network.weights, "dense/bias": np.full(10, 9e5, np.float32)}
    large = dataclasses.replace(network, weights=weights)
    assert Network.from_bytes(large.to_bytes()).weights["dense/bias"][0] == np.float32(9e5)


def test_a_failed_save_leaves_the_older_file(tmp_path):
    path = tmp_path / "kept.safetensors"
    random_network(seed=1).save(path)
    before = path.read_bytes()
    broken = dataclasses.replace(random_network(seed=2), metadata={"accuracy": float("nan")})
    with pytest.raises(ValueError, match="not JSON compliant"):
        broken.save(path)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def rewritten(**about):
    network = random_network()
    content = network.to_bytes()
    length = struct.unpack_from("<Q", content)[0]
    header = json.loads(content[8 : 8 + length])["__metadata__"]
    return safetensors.numpy.save(dict(network.weights), metadata={**header, **about})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"short",
        b"\xff" * 64,
        b"\x80\x04K\x01.",
        struct.pack("<Q", 10**9) + b"{}",
        random_network().to_bytes()[:-5],
        random_network().to_bytes() + b"more",
        safetensors.numpy.save({"conv1/kernel": np.zeros(3, np.float32)}),
        rewritten(format="another"),
        rewritten(architecture="[]"),
        rewritten(architecture='{"padding": "valid"}'),
        rewritten(architecture='{"pools": [[], []]}'),
        rewritten(architecture='{"strides": [1e999, 1]}'),
        rewritten(architecture='{"unknown": [1, 1]}'),
        rewritten(architecture="[" * 100_000),
        rewritten(calibration="{"),
        rewritten(calibration='{"temperature": 0}'),
        rewritten(calibration='{"temperature": NaN}'),
        rewritten(calibration=f'{{"temperature": 1{"0" * 400}}}'),
        rewritten(calibration=f'{{"min_energy": -1{"0" * 400}}}'),
        rewritten(metadata="3"),
        rewritten(metadata='{"seconds": [NaN]}'),
        rewritten(metadata='{"seconds": 1e999}'),
    ],
    # Old versions of safetensors write what a file says about itself in an order of chance.
    ids=lambda content: f"{len(content)} bytes",
)
def test_a_file_that_is_no_network_is_refused(content):
    with pytest.raises(FileError, match="a network file was expected"):
        Network.from_bytes(content)


def test_a_file_of_great_size_is_refused_unread(tmp_path):
    path = tmp_path / "huge.safetensors"
    with path.open("wb") as file:
        file.truncate(10**10)
    with pytest.raises(FileError, match="at most"):
        Network.load(path)
    path.unlink()


def test_a_missing_file_is_one_error(tmp_path):
    with pytest.raises(FileError, match=r"none\.safetensors"):
        Network.load(tmp_path / "none.safetensors")


@given(data=st.data())
@settings(max_examples=300)
def test_a_file_with_changed_bytes_is_a_network_or_the_documented_error(data):
    content = bytearray(random_network().to_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        # The header is where a changed byte means something else.
        place = data.draw(st.integers(0, 1200))
        content[place] = data.draw(st.integers(0, 255))
    try:
        network = Network.from_bytes(bytes(content))
    except FileError:
        return
    assert np.isfinite(network.logits(np.zeros((1, 28, 28)))).all()


def test_features_are_what_the_last_layer_reads():
    network = random_network()
    images = np.random.default_rng(8).integers(0, 256, (70, 28, 28)).astype(np.uint8)
    found = network.features(images)
    assert np.allclose(found[69], network.activations(images[69])["flatten"], atol=1e-5)
    scores = found @ network.weights["dense/kernel"] + network.weights["dense/bias"]
    assert np.allclose(scores, network.logits(images), atol=1e-4)
    assert network.features(images[:0]).shape == (0, found.shape[1])
