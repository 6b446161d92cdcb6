import numpy as np
import pytest

from digitrec import explain
from digitrec.course.exercises import convolution
from tests.networks import make_network

NETWORK = make_network()
IMAGE = np.random.default_rng(2).integers(0, 256, (28, 28)).astype(np.uint8)
SEEN = NETWORK.activations(IMAGE)
SOFTMAX = explain.Softmax(np.linspace(-2, 3, 10), temperature=0.7)
MAPS = NETWORK.weights["conv2/kernel"].shape[-1]
NONSENSE = (None, "seven", [], {}, object(), float("nan"), np.zeros((3, 3)), -1)


@pytest.mark.parametrize(
    ("kernel", "says"),
    [
        ([[-1, -1, -1], [0, 0, 0], [1, 1, 1]], "✔"),
        ([[-1, -2, -1], [0, 0, 0], [1, 2, 1]], "✔"),
        ([[-2, -2, -2], [1, 1, 1], [1, 1, 1]], "✔"),
        ([[1, 1, 1], [0, 0, 0], [-1, -1, -1]], "Turn it over"),
        ([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]], "paper is above ink"),
        ([[-1, -1, 0], [-1, 0, 1], [0, 1, 1]], "upright edge"),
        ([[-1, -1, -1], [2, 2, 2], [-1, -1, -1]], "paper is above ink"),
        (np.ones((3, 3)), "answers +9"),
        (np.zeros((3, 3)), "paper is above ink"),
        ([-1, 0, 1], "three rows"),
    ],
)
def test_upper_edge(kernel, says):
    verdict = convolution.upper_edge(kernel)
    assert says in repr(verdict)
    assert verdict.solved == (says == "✔")


def windows():
    relu, (rows, columns, maps) = SEEN["relu1"], SEEN["pool1"].shape
    return relu.reshape(rows, 2, columns, 2, maps)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (lambda: windows().max(axis=(1, 3)), "✔"),
        (lambda: windows().mean(axis=(1, 3)), "average"),
        (lambda: SEEN["relu1"][::2, ::2], "one number of every window"),
        (lambda: SEEN["relu1"], "smaller"),
        (lambda: windows().max(axis=(0, 2)), "shape should be"),
        (lambda: SEEN["pool1"] + 1, "which four"),
    ],
)
def test_pooled(answer, says):
    verdict = convolution.pooled(answer(), SEEN)
    assert says in repr(verdict)
    assert verdict.solved == (says == "✔")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (SOFTMAX.probabilities, "✔"),
        (list(SOFTMAX.probabilities), "✔"),
        (SOFTMAX.powers, "add up to 1.82"),
        (explain.Softmax(SOFTMAX.logits, 1.0).probabilities, "temperature first"),
        (np.full(10, 0.1), "powers of e"),
        (np.ones(9), "Ten numbers"),
    ],
)
def test_softmax(answer, says):
    verdict = convolution.softmax(answer, SOFTMAX)
    assert says in repr(verdict)
    assert verdict.solved == (says == "✔")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((9 * MAPS + 1) * 8, "✔"),
        (np.int64((9 * MAPS + 1) * 8), "✔"),
        (9 * MAPS * 8, "weights. What else"),
        (9 * MAPS + 1, "one kernel"),
        (9 * 8 + 8, "reads one map"),
        (12345, "second rule"),
    ],
)
def test_parameters(answer, says):
    verdict = convolution.parameters(answer, NETWORK)
    assert says in repr(verdict)
    assert verdict.solved == (says == "✔")


@pytest.mark.parametrize("answer", NONSENSE, ids=lambda value: type(value).__name__)
def test_nonsense_gets_a_calm_verdict(answer):
    for verdict in (
        convolution.upper_edge(answer),
        convolution.pooled(answer, SEEN),
        convolution.softmax(answer, SOFTMAX),
        convolution.parameters(answer, NETWORK),
    ):
        assert not verdict.solved
        assert len(verdict.words) > 20
