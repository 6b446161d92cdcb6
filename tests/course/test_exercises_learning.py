import math

import pytest

from digitrec.course.exercises import learning
from digitrec.course.one_weight import OneWeight
from digitrec.mnist import load_part

PARAMETERS = 5_994


@pytest.fixture(scope="module")
def neuron():
    return OneWeight.from_part(load_part("validation"))


@pytest.mark.parametrize("weight", [-4.0, 0.0, 3.0])
def test_a_slope_by_a_nudge_is_right(neuron, weight):
    nudge = 0.001
    change = neuron.loss(weight + nudge) - neuron.loss(weight)
    assert learning.slope(change / nudge, neuron, weight).solved


@pytest.mark.parametrize(
    ("wrong", "hint"),
    [
        (lambda n: -n.slope(-4.0), "On which side"),
        (lambda n: n.loss(-3.999) - n.loss(-4.0), "How large was the nudge"),
        (lambda n: n.loss(-4.0), "the loss itself"),
        (lambda n: n.slope(-4.0) - 1, "divide by the nudge"),
        (lambda _: "steep", "another kind"),
        (lambda _: ..., "where the dots are"),
    ],
)
def test_a_wrong_slope_gets_a_hint(neuron, wrong, hint):
    verdict = learning.slope(wrong(neuron), neuron, -4.0)
    assert not verdict.solved
    assert hint in verdict.words


def test_only_a_rate_that_arrives_is_right(neuron):
    solved = {rate: learning.rate(rate, neuron, -4, 5) for rate in (0.1, 1, 6, 8, 40, 100)}
    assert [rate for rate, verdict in solved.items() if verdict.solved] == [6, 8]
    assert "still on its way" in solved[0.1].words
    assert "leaps" in solved[40].words
    assert "leaps" in solved[100].words
    assert "not walk downhill" in learning.rate(-1, neuron, -4, 10).words
    assert not learning.rate(None, neuron, -4, 10).solved
    assert not learning.rate(math.nan, neuron, -4, 10).solved


@pytest.mark.parametrize(
    ("answer", "solved", "hint"),
    [
        (math.log(10), True, "knows nothing"),
        (-math.log(0.1), True, "knows nothing"),
        (2.3, True, "knows nothing"),
        (math.log(0.1), False, "never negative"),
        (1.0, False, "natural"),
        (0.1, False, "the probability"),
        (7, False, "together they make 1"),
        (None, False, "another kind"),
    ],
)
def test_the_first_loss(answer, solved, hint):
    verdict = learning.first_loss(answer)
    assert verdict.solved is solved
    assert hint in verdict.words


@pytest.mark.parametrize(
    ("answer", "solved", "hint"),
    [
        (7, True, "as many"),
        (8, True, "as many"),
        ((PARAMETERS - 10) / 795, True, "as many"),
        (128, False, "much larger"),
        (PARAMETERS, False, "much larger"),
        (4, False, "How often"),
        ("many", False, "another kind"),
    ],
)
def test_the_size_of_a_dense_network(answer, solved, hint):
    verdict = learning.hidden(answer, PARAMETERS)
    assert verdict.solved is solved
    assert hint in verdict.words


def test_a_large_network_shows_what_was_forgotten():
    assert "besides its weights" in learning.hidden(100, 784 * 100).words


@pytest.mark.parametrize(
    ("answers", "solved", "hint"),
    [
        (("longer", "more data", "leave it"), True, "by heart"),
        (("leave it", "more data", "leave it"), False, "A again"),
        (("longer", "longer", "leave it"), False, "B again"),
        (("longer", "more data", "longer"), False, "C again"),
        (("longer", "magic", "leave it"), False, "For b"),
        ((None, None, None), False, "For a"),
    ],
)
def test_the_diagnosis(answers, solved, hint):
    verdict = learning.diagnosis(*answers)
    assert verdict.solved is solved
    assert hint in verdict.words


def test_a_diagnosis_with_dots_left_is_told_calmly():
    assert "dots" in learning.diagnosis("longer", ..., "leave it").words
