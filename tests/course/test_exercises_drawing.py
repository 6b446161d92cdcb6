import numpy as np
import pytest

from digitrec.adaptation import adapt
from digitrec.course.exercises import drawing as exercises
from tests.drawings import SEVEN
from tests.networks import make_network

STROKES = [np.array(stroke, float) for stroke in SEVEN]
CHANGED = {
    "moved": [stroke + np.array([30, -20]) for stroke in STROKES],
    "made smaller": [0.4 * stroke for stroke in STROKES],
    "turned": [stroke @ [[0.9, 0.4], [-0.4, 0.9]] for stroke in STROKES],
    "made wider": [stroke * (1.6, 1) for stroke in STROKES],
}
ENERGIES = np.linspace(0, 10, 201)
NONSENSE = [None, "seven", 1j, object(), [[1, 2], [3]], float("nan")]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (["moved", "made smaller"], "✔"),
        ({"made smaller", "moved"}, "✔"),
        ("moved", "in a list"),
        (["moved"], "before and after"),
        (["moved", "made smaller", "turned"], "changes its shape"),
        (["turned", "made wider"], "before and after"),
        (["shouted"], "The names are moved"),
    ],
)
def test_which_changes_are_not_noticed(answer, word):
    assert word in repr(exercises.same_to_the_network(answer, STROKES, CHANGED))


def test_a_drawing_without_ink_is_like_no_other():
    changed = {"moved": CHANGED["moved"], "wiped": []}
    assert exercises.same_to_the_network(["moved"], STROKES, changed).solved


@pytest.mark.parametrize(
    ("bound", "word"),
    [
        (np.quantile(ENERGIES, 0.02), "✔"),
        (0.2, "✔"),
        (0.19, "✔"),
        (0.1, "a little more"),
        (-3, "It costs 0.0 %"),
        (5, "49.8 %"),
        (float("inf"), "is a number"),
    ],
)
def test_the_highest_bound(bound, word):
    assert word in repr(exercises.highest_bound(bound, ENERGIES, most=0.02))


def test_the_quantile_is_always_a_solution():
    rng = np.random.default_rng(2)
    for num in (7, 50, 99, 100, 101, 600):
        for most in (0.01, 0.02, 0.03, 0.1):
            energies = rng.normal(5, 2, num)
            bound = np.quantile(energies, most)
            verdict = exercises.highest_bound(bound, energies, most)
            assert verdict.solved == ((energies < bound).mean() <= most), (num, most, verdict)


def test_covering_a_few_pixels_may_mislead():
    network = make_network()
    image = np.random.default_rng(6).integers(1, 256, (28, 28)).astype(np.uint8)
    logits = network.logits(image[None])[0]
    covered = image.copy()
    for place in np.random.default_rng(7).permutation(784):
        covered.flat[place] = 0
        if network.logits(covered[None])[0].argmax() != logits.argmax():
            break
    count = int((covered == 0).sum())
    verdict = exercises.misled(covered, image, network, most=count)
    assert verdict.solved
    assert f"With {count} pixels" in verdict.words
    assert f"no more than {count - 1}" in exercises.misled(covered, image, network, count - 1).words
    one = image.copy()
    one[0, 0] = 0
    assert "still reads" in exercises.misled(one, image, network, 5).words
    one[0, 0] = image[0, 0] ^ 1
    assert "is to set it to 0" in exercises.misled(one, image, network, 5).words
    assert "Nothing is covered" in exercises.misled(image, image, network, 5).words
    assert "28 × 28" in exercises.misled(image[:20], image, network, 5).words


def test_which_arrays_were_learnt():
    before = make_network()
    image = np.zeros((1, 28, 28), np.uint8)
    image[0, 5:20, 14] = 255
    after = adapt(before, image, [3], rehearsal=0, steps=1)

    def said(answer):
        return repr(exercises.learnt(answer, before, after))

    assert "✔" in said(["dense/kernel", "dense/bias"])
    assert "one more" in said(["dense/kernel"])
    assert "conv1/bias is as it was" in said(list(before.weights))
    assert "in a list" in said("dense/kernel")
    assert "The names are conv1/bias" in said(["dense"])


@pytest.mark.parametrize("nonsense", NONSENSE, ids=lambda value: type(value).__name__)
def test_nonsense_is_answered_calmly(nonsense):
    network = make_network()
    image = np.zeros((28, 28), np.uint8)
    verdicts = [
        exercises.same_to_the_network(nonsense, STROKES, CHANGED),
        exercises.highest_bound(nonsense, ENERGIES, most=0.02),
        exercises.misled(nonsense, image, network, most=9),
        exercises.learnt(nonsense, network, network),
    ]
    assert [verdict.solved for verdict in verdicts] == [False] * 4
    assert "dots" in repr(exercises.highest_bound(..., ENERGIES, most=0.02))
