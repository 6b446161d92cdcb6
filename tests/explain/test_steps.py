import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitrec import explain
from digitrec.network import Architecture
from tests.networks import make_network

ARCHITECTURES = st.builds(
    Architecture,
    padding=st.tuples(*[st.sampled_from(["valid", "same"])] * 2),
    strides=st.tuples(*[st.sampled_from([1, 2])] * 2),
    pools=st.tuples(*[st.sampled_from([1, 2])] * 2),
)
IMAGE = np.random.default_rng(1).random((28, 28))


@settings(deadline=None, max_examples=40)
@given(architecture=ARCHITECTURES, layer=st.sampled_from([1, 2]), data=st.data())
def test_a_step_writes_what_the_network_writes(architecture, layer, data):
    network = make_network(architecture, kernels=((5, 4), (3, 2)))
    maps = network.activations(IMAGE)[f"conv{layer}"]
    row, column, kernel = (data.draw(st.integers(0, size - 1)) for size in maps.shape)
    step = explain.convolution_step(network, IMAGE, row, column, kernel=kernel, layer=layer)
    assert step.output == pytest.approx(maps[row, column, kernel], abs=1e-4)
    relu = network.activations(IMAGE)[f"relu{layer}"]
    assert step.activation == pytest.approx(relu[row, column, kernel], abs=1e-4)
    assert step.by_input.sum() == pytest.approx(step.total)


@settings(deadline=None, max_examples=40)
@given(architecture=ARCHITECTURES, layer=st.sampled_from([1, 2]), data=st.data())
def test_a_window_holds_what_the_pooled_map_keeps(architecture, layer, data):
    network = make_network(architecture)
    maps = network.activations(IMAGE)[f"pool{layer}"]
    row, column, kernel = (data.draw(st.integers(0, size - 1)) for size in maps.shape)
    window = explain.pooling_step(network, IMAGE, row, column, kernel=kernel, layer=layer)
    side = architecture.pools[layer - 1]
    assert window.values.shape == (side, side)
    assert window.largest == pytest.approx(maps[row, column, kernel])
    assert window.values[window.where] == window.largest


def test_bytes_and_floats_give_the_same_step():
    network = make_network()
    image = (IMAGE * 255).astype(np.uint8)
    of_bytes = explain.convolution_step(network, image, 3, 4)
    of_floats = explain.convolution_step(network, image / 255, 3, 4)
    np.testing.assert_array_equal(of_bytes.patch, of_floats.patch)


def test_padding_is_zero_and_the_corner_is_negative():
    network = make_network(Architecture(padding=("same", "same")))
    step = explain.convolution_step(network, np.ones((28, 28)), 0, 0)
    assert (step.top, step.left) == (-2, -2)
    assert step.patch[:2].sum() == 0
    assert step.patch[2:, 2:].min() == 1


def test_the_strongest_place_is_the_largest_output():
    network = make_network()
    for layer in (1, 2):
        maps = network.activations(IMAGE)[f"conv{layer}"]
        assert maps[explain.strongest(network, IMAGE, layer=layer)] == maps.max()


def calculate(text: str) -> int:
    """Work out a sum such as "(28 − 5) ÷ 2 + 1 = 12, rounded down" and hold it to its result."""
    left, right = text.split(" = ")
    for sign, operator in (("×", "*"), ("−", "-"), ("÷", "/")):
        left = left.replace(sign, operator)
    exact = eval(left)  # noqa: S307 - our own sums
    rounded = math.ceil(exact) if "rounded up" in right else math.floor(exact)
    assert ("rounded" in right) == (rounded != exact)
    assert rounded == int(right.split(", ")[0].replace(",", ""))
    return rounded


@settings(deadline=None, max_examples=20)
@given(architecture=ARCHITECTURES)
def test_sums_written_by_hand_come_out(architecture):
    network = make_network(architecture)
    sizes = explain.sizes(network)
    assert [size.layer for size in sizes] == list(network.layers)
    for size in sizes:
        for text, result in (
            (size.shape_sum, size.layer.output_shape[0]),
            (size.parameters_sum, size.layer.num_parameters),
        ):
            if not text:
                continue
            assert calculate(text) == result, text
    learnt = {"conv1", "conv2", "dense"}
    assert {size.layer.name for size in sizes if size.parameters_sum} == learnt


def test_a_stride_with_padding_rounds_up():
    network = make_network(Architecture(padding=("same", "same"), strides=(3, 1)))
    conv1 = explain.sizes(network)[0]
    assert conv1.layer.output_shape[0] == 10
    assert conv1.shape_sum == "28 ÷ 3 = 10, rounded up, padded"


def test_softmax_steps_end_at_the_networks_probabilities():
    network = make_network(temperature=1.7)
    steps = explain.softmax_steps(network, IMAGE)
    np.testing.assert_allclose(
        steps.probabilities, network.probabilities(IMAGE[np.newaxis])[0], atol=1e-9
    )
    assert steps.distances.max() == 0
    assert steps.probabilities.sum() == pytest.approx(1)


@pytest.mark.parametrize("call", [explain.convolution_step, explain.pooling_step])
@pytest.mark.parametrize(
    ("place", "message"),
    [
        ({"row": 24, "column": 0}, "row must be between 0 and"),
        ({"row": 0, "column": -1}, "column must be between 0 and"),
        ({"row": 0, "column": 0, "kernel": 3}, "kernel must be between 0 and 2. Received: 3"),
        ({"row": 0, "column": 0, "layer": 3}, "layer must be 1 or 2"),
    ],
)
def test_a_place_that_is_not_there_is_named(call, place, message):
    with pytest.raises(ValueError, match=message):
        call(make_network(), IMAGE, **place)


def test_a_third_layer_has_no_strongest_place():
    with pytest.raises(ValueError, match="layer must be 1 or 2"):
        explain.strongest(make_network(), IMAGE, layer=3)


def test_an_image_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="shape"):
        explain.convolution_step(make_network(), np.zeros((20, 20)), 0, 0)
