import numpy as np
import pytest

from digitrec.course.exercises import measuring
from digitrec.evaluation import reliability_at
from digitrec.report import calibration_error

CONFUSION = np.diag([90] * 10)
CONFUSION[4, 9] = 7
CONFUSION[3, 5] = CONFUSION[5, 3] = 5
CONFUSION[:, 0] += 1

ACCURACIES = {"shot_noise": 0.7, "fog": 0.2, "shear": 0.9, "stripe": 0.5, "scale": 0.8}


def answers(temperature: float, num: int = 2_000) -> tuple[np.ndarray, np.ndarray]:
    """Outputs that promise what they keep at a temperature: labels are drawn as they say."""
    rng = np.random.default_rng(8)
    logits = rng.normal(0, 2, (num, 10))
    chances = np.exp(logits)
    chances /= chances.sum(axis=1, keepdims=True)
    labels = (chances.cumsum(axis=1) > rng.random((num, 1))).argmax(axis=1)
    return temperature * logits, labels


@pytest.mark.parametrize(
    ("answer", "solved", "words"),
    [
        (4, True, "square root"),
        (4.2, True, "square root"),
        (2, False, "too cheap"),
        (1.4, False, "more than that"),
        (16, False, "Fewer"),
        (..., False, "where the dots are"),
        ("many", False, "another kind"),
        (None, False, "another kind"),
    ],
)
def test_halved(answer, solved, words):
    verdict = measuring.halved(answer)
    assert verdict.solved is solved
    assert words in verdict.words


@pytest.mark.parametrize(
    ("answer", "solved", "words"),
    [
        (90 / 98, True, "shows a 9"),
        (90 / 91, False, "recall"),
        (90 / 928, False, "all images"),
        (0.5, False, "How many were read"),
        (92, False, "between 0 and 1"),
        (None, False, "another kind"),
    ],
)
def test_precision(answer, solved, words):
    confusion = CONFUSION.copy()
    confusion[9] = 0
    confusion[9, [0, 9]] = 1, 90
    confusion[2, 9] = 1
    verdict = measuring.precision(answer, confusion, 9)
    assert verdict.solved is solved, verdict
    assert words in verdict.words


def test_a_precision_that_equals_the_recall_is_right():
    confusion = np.diag([5] * 10)
    confusion[1, 2] = confusion[2, 1] = 1
    assert measuring.precision(5 / 6, confusion, 2).solved


@pytest.mark.parametrize(
    ("answer", "solved", "words"),
    [
        ((3, 5), True, "5 times one way and 5"),
        ([5, 3], True, "5 times one way"),
        ((4, 9), False, "both ways"),
        ((1, 2), False, "0 times"),
        ((3, 3), False, "different"),
        ((3, 10), False, "from 0 to 9"),
        (7, False, "another kind"),
        (None, False, "another kind"),
    ],
)
def test_most_confused(answer, solved, words):
    verdict = measuring.most_confused(answer, CONFUSION)
    assert verdict.solved is solved
    assert words in verdict.words


def test_the_words_on_a_wrong_pair_do_not_name_the_right_one():
    for first in range(10):
        for second in range(10):
            verdict = measuring.most_confused((first, second), CONFUSION)
            assert verdict.solved == ({first, second} == {3, 5})
            assert verdict.solved or "3 and 5" not in verdict.words


@pytest.mark.parametrize("truth", [0.5, 1.0, 3.0])
def test_temperature(truth):
    logits, labels = answers(truth)
    assert measuring.temperature(_best(logits, labels), logits, labels).solved
    for factor, words in ((0.3, "higher"), (3, "lower")):
        verdict = measuring.temperature(truth * factor, logits, labels)
        assert not verdict.solved
        assert words in verdict.words


def _best(logits: np.ndarray, labels: np.ndarray) -> float:
    grid = np.geomspace(0.1, 10, 100)
    errors = [calibration_error(reliability_at(logits, labels, each)) for each in grid]
    return float(grid[int(np.argmin(errors))])


@pytest.mark.parametrize("answer", [0, -1, 50, None, "warm", float("nan")])
def test_no_temperature_at_all(answer):
    assert not measuring.temperature(answer, *answers(1.0, 50)).solved


@pytest.mark.parametrize(
    ("answer", "solved", "words"),
    [
        ("fog", True, "20%"),
        ("stripe", True, "Only 1 of"),
        ("Shot noise", True, "Only 2 of"),
        ("shear", False, "4 of the 5"),
        ("scale", False, "3 of the 5"),
        ("rain", False, "One of these"),
        (None, False, "One of these"),
    ],
)
def test_worst(answer, solved, words):
    verdict = measuring.worst(answer, ACCURACIES)
    assert verdict.solved is solved
    assert words in verdict.words
