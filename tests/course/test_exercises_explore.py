import numpy as np
import pytest

from digitrec.course.exercises import explore

TRAIN, TEST = [1, 1, 1, 7, 7, 0], [1, 7, 0, 0, 1, 1, 2, 3]
DOT = np.zeros((28, 28), np.uint8)
DOT[9:12, 19:22] = 200
SPREAD = np.ones((10, 28, 28)) * np.array([5, 1, 9, 3, 4, 2, 6, 7, 8, 3])[:, None, None]
NONSENSE = (None, "seven", [], {}, object(), float("nan"), np.zeros((3, 3)))


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (0.375, "✔"),
        (np.float64(0.375), "✔"),
        (37.5, "percentage"),
        (0.1, "equally frequent"),
        (0.25, "commonest digit"),
        (0.0, "commonest digit"),
    ],
)
def test_always_the_same(answer, says):
    verdict = explore.always_the_same(answer, TRAIN, TEST)
    assert says in repr(verdict)
    assert verdict.solved == (says == "✔")


@pytest.mark.parametrize(
    ("rows", "columns", "says"),
    [
        (4, -6, "✔"),
        (np.int64(4), -6.0, "✔"),
        (-4, 6, "the way back"),
        (4, 6, "rows are right"),
        (0, -6, "columns are right"),
        (4.4, -6, "whole"),
        (0, 0, "Where does its ink balance"),
    ],
)
def test_centred(rows, columns, says):
    verdict = explore.centred(DOT, rows, columns)
    assert says in repr(verdict)
    assert verdict.solved == (says == "✔")


@pytest.mark.parametrize(
    ("digit", "says"),
    [(2, "✔"), (np.int64(2), "✔"), (1, "most alike"), (8, "mean over"), (2.5, "One digit"),
     (11, "One digit")],
)  # fmt: skip
def test_most_varied(digit, says):
    verdict = explore.most_varied(digit, SPREAD)
    assert says in repr(verdict)
    assert verdict.solved == (says == "✔")


@pytest.mark.parametrize(
    ("prediction", "says"),
    [("the same", "✔"), (" The same ", "✔"), ("lower", "know where"), ("higher", "gain"),
     ("about equal", "Choose one")],
)  # fmt: skip
def test_shuffled(prediction, says):
    verdict = explore.shuffled(prediction)
    assert says in repr(verdict)
    assert verdict.solved == (says == "✔")


@pytest.mark.parametrize(
    ("answer", "says"),
    [(0.75, "✔"), (1 - 2 / 8, "✔"), (75, "percentage"), (0.25, "against"), (0.9, "one mistake")],
)
def test_ceiling(answer, says):
    verdict = explore.ceiling(answer, [3, 5], TEST)
    assert says in repr(verdict)
    assert verdict.solved == (says == "✔")


@pytest.mark.parametrize("answer", NONSENSE, ids=lambda value: type(value).__name__)
def test_nonsense_gets_a_calm_verdict(answer):
    for verdict in (
        explore.always_the_same(answer, TRAIN, TEST),
        explore.centred(DOT, answer, answer),
        explore.most_varied(answer, SPREAD),
        explore.shuffled(answer),
        explore.ceiling(answer, [3, 5], TEST),
    ):
        assert not verdict.solved
        assert len(verdict.words) > 20
