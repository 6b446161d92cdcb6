import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import digitrec.errors
import digitrec.resources
from digitrec import hand, ink, mnist, personal
from digitrec.hand import _motion as motion
from digitrec.network import Calibration, bundled
from digitrec.personal import MOST_DRIFT, Learner, Memory, learn
from tests.networks import make_network


@functools.cache
def memory():
    return Memory.of(bundled())


def fresh():
    return Learner(bundled(), memory())


def drawn(digit, style, num, seed):
    """Return images of one writer's digit, always in the same style and shape."""
    rng = np.random.default_rng(seed)
    skeleton = hand._variants(digit, style)[0]
    images = []
    for _ in range(num):
        strokes = motion.write(skeleton.curves(rng, 0.055), rng)
        images.append(np.round(255 * ink.image(strokes)).astype(np.uint8))
    return np.stack(images)


def errors(network, images, labels):
    return int((network.logits(images).argmax(axis=1) != labels).sum())


@functools.cache
def odd_writer():
    """Return digits of somebody whose sevens look like the ones of others."""
    styles = {1: "curved flag", 4: "short stem", 9: "small loop"}
    meant = {1: 7, 4: 4, 9: 9}
    images = [drawn(digit, style, 9, 40 + digit) for digit, style in styles.items()]
    labels = np.repeat([meant[digit] for digit in styles], 9)
    order = np.random.default_rng(3).permutation(len(labels))
    return np.concatenate(images)[order], labels[order]


@functools.cache
def known(num=400):
    part = mnist.load_part("validation")
    return part.images[:num], part.labels[:num]


def test_a_hand_is_learnt_from_few_of_its_digits_and_little_is_forgotten():
    images, labels = odd_writer()
    taught, unseen = slice(0, 12), slice(12, None)
    before = errors(bundled(), images[unseen], labels[unseen])
    learnt = fresh().learn(images[taught], labels[taught])
    after = errors(learnt.network, images[unseen], labels[unseen])
    assert before >= 4
    assert after <= before // 2
    assert learnt.drift <= MOST_DRIFT
    assert errors(learnt.network, *known()) - errors(bundled(), *known()) <= 2


def test_ordinary_writers_lose_nothing():
    rng = np.random.default_rng(8)
    lost = []
    for writer in range(6):
        pairs = [
            (digit, hand.STYLES[digit][rng.integers(len(hand.STYLES[digit]))])
            for digit in range(10)
        ]
        images = np.concatenate([drawn(*pair, 4, 100 + writer) for pair in pairs])
        labels = np.repeat([digit for digit, _ in pairs], 4)
        seen = np.arange(len(labels)) % 4 < 2
        network = fresh().learn(images[seen], labels[seen]).network
        unseen = images[~seen], labels[~seen]
        lost.append(errors(network, *unseen) - errors(bundled(), *unseen))
    assert max(lost) <= 1
    assert sum(lost) <= 0


def test_a_corrected_drawing_is_right_at_once_even_if_it_was_refused():
    scribble = ink.image(hand.draw_other(np.random.default_rng(0), "scribble"))
    assert bundled().predict(scribble).refused
    learnt = fresh().learn(scribble[None], [4])
    answer = learnt.network.predict(scribble)
    assert learnt.outcomes == ("right",)
    assert (answer.digit, answer.refused) == (4, False)


def test_what_is_left_out_was_never_learnt():
    images, labels = odd_writer()
    learner = fresh()
    first = learner.learn(images[:5], labels[:5]).network
    more = learner.learn(images[:6], labels[:6]).network
    again = learner.learn(images[:5], labels[:5]).network
    other = fresh().learn(images[:5], labels[:5]).network
    assert (first.weights["dense/kernel"] != more.weights["dense/kernel"]).any()
    for name, weights in first.weights.items():
        assert np.array_equal(again.weights[name], weights)
        assert np.array_equal(other.weights[name], weights)


def test_nothing_learnt_is_the_network_itself():
    learnt = fresh().learn(np.zeros((0, 28, 28)), [])
    assert learnt.network is bundled()
    assert learnt.outcomes == ()


def test_only_the_last_layer_learns_and_the_rest_stays():
    images, labels = odd_writer()
    network = dataclasses.replace(
        bundled(), calibration=Calibration(0.7, 1.5), metadata={"recipe": "x", "seconds": 3}
    )
    after = Learner(network, memory()).learn(images[:3], labels[:3]).network
    changed = {
        name for name, array in network.weights.items() if (after.weights[name] != array).any()
    }
    assert changed == {"dense/kernel", "dense/bias"}
    assert after.calibration == network.calibration
    assert after.metadata["recipe"] == "x"
    assert after.metadata["personal"]["drawings"] == 3
    assert "seconds" not in after.metadata


def test_two_words_on_one_drawing_are_weighed_and_said():
    images, labels = odd_writer()
    slip = (labels[0] + 1) % 10
    twice = fresh().learn(images[[0, 0]], [labels[0], slip])
    assert twice.contradictions == {0: 1}, "of two words the later one holds"
    assert twice.outcomes == ("contradicted", "right")
    # Nearly the same drawing, moved by a pixel: more of them win over the latest.
    moved = np.roll(images[0], 1, axis=1)
    both = fresh().learn(np.stack([images[0], images[0], images[0]]), [labels[0]] * 2 + [slip])
    assert both.contradictions == {2: 1}
    assert both.outcomes == ("right", "right", "contradicted")
    assert fresh().learn(np.stack([images[0], moved]), [labels[0]] * 2).outcomes[0] == "right"


def test_the_step_is_bounded_where_a_hand_asks_for_more():
    rng = np.random.default_rng(4)
    images, _ = hand.images(60, rng)
    learnt = fresh().learn(images, rng.integers(0, 10, 60))
    assert learnt.drift <= MOST_DRIFT
    assert {"too costly"} <= set(learnt.outcomes)
    assert errors(learnt.network, *known()) - errors(bundled(), *known()) <= 4


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.lists(
        st.tuples(st.integers(0, 17), st.sampled_from([None, 0, 1, 7])), min_size=1, max_size=12
    )
)
def test_whatever_is_said_of_drawings_the_result_is_sound(said):
    images, meant = odd_writer()
    places = [place for place, _ in said]
    labels = np.array([meant[place] if word is None else word for place, word in said])
    learnt = fresh().learn(images[places], labels)
    answers = learnt.network.predict_many(images[places])
    for answer, label, outcome, place in zip(
        answers, labels, learnt.outcomes, range(len(labels)), strict=True
    ):
        assert (answer.digit == label and not answer.refused) == (outcome == "right")
        if outcome == "contradicted":
            against = learnt.contradictions[place]
            assert labels[against] != label
    assert learnt.drift <= MOST_DRIFT
    assert errors(learnt.network, *known(150)) - errors(bundled(), *known(150)) <= 4
    # A drawing that is said a second time in the same words changes nothing.
    last = [len(places) - 1]
    again = fresh().learn(images[places + [places[i] for i in last]], np.r_[labels, labels[last]])
    if not learnt.contradictions and not again.contradictions:
        assert np.allclose(
            again.network.weights["dense/kernel"],
            learnt.network.weights["dense/kernel"],
            atol=1e-4,
        )


def test_one_digit_alone_does_not_become_the_answer_to_everything():
    images = drawn(4, "short stem", 30, 2)
    learnt = fresh().learn(images, np.full(30, 9))
    assert learnt.drift <= MOST_DRIFT
    assert errors(learnt.network, *known()) - errors(bundled(), *known()) <= 2


def test_many_drawings_are_learnt_with_fewer_copies():
    part = mnist.load_part("validation")
    learner = fresh()
    learnt = learner.learn(part.images[:300], part.labels[:300])
    assert learnt.outcomes.count("right") >= 299
    assert len(learner._seen) <= 400
    assert len(learner._copied) <= 60


def test_the_memory_in_the_package_is_small_and_that_of_the_network():
    path = digitrec.resources.data("memory.safetensors")
    assert path.stat().st_size < 1_200_000
    packaged = memory()
    numbers = packaged.directions.size + packaged.spread.size
    assert 4 * numbers < 20e6
    assert np.allclose(packaged.directions @ packaged.directions.T, np.eye(256), atol=1e-2)


@pytest.mark.slow
def test_the_memory_of_any_network_is_made_and_comes_out_the_same():
    network = make_network()
    one, other = Memory.of(network), Memory.of(network)
    assert np.array_equal(one.directions, other.directions)
    assert one.directions.shape[1] == len(network.weights["dense/kernel"]) + 1
    images, labels = known(20)
    learnt = Learner(network, one).learn(images, labels)
    assert errors(learnt.network, images, labels) < errors(network, images, labels)


def test_what_is_learnt_on_top_of_the_packaged_network_finds_its_memory():
    images, labels = odd_writer()
    after = learn(bundled(), images[:2], labels[:2])
    assert Memory.of(after) is Memory.of(bundled())


def test_bytes_and_floats_are_the_same_images():
    images, labels = odd_writer()
    pair = [
        fresh().learn(some, labels[:3]).network.weights["dense/bias"]
        for some in (images[:3], images[:3] / 255)
    ]
    assert np.array_equal(*pair)


@pytest.mark.parametrize(
    ("images", "labels", "word"),
    [
        (np.zeros((2, 20, 28), np.uint8), [1, 2], "up to 1,000 images"),
        (np.zeros((1_001, 28, 28), np.uint8), [1] * 1_001, "up to 1,000 images"),
        (np.zeros((2, 28, 28), np.uint8), [1], "2 labels"),
        (np.zeros((2, 28, 28), np.uint8), [1, 10], "labels must be"),
        (np.zeros((2, 28, 28), np.uint8), [1.0, 2.0], "labels must be"),
        (np.full((2, 28, 28), 1.5), [1, 2], "images must be"),
        (np.full((2, 28, 28), np.nan), [1, 2], "images must be"),
        (np.zeros((2, 28, 28), int), [1, 2], "images must be"),
    ],
)
def test_what_makes_no_sense_is_said(images, labels, word):
    with pytest.raises(ValueError, match=word):
        learn(bundled(), images, labels)


def test_a_damaged_memory_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr(personal.resources, "data", lambda name: tmp_path / name)
    personal._packaged.cache_clear()
    try:
        with pytest.raises(digitrec.errors.FileError, match="install digitrec again"):
            personal._packaged()
        (tmp_path / "memory.safetensors").write_bytes(b"nothing of ours")
        with pytest.raises(digitrec.errors.FileError, match="install digitrec again"):
            personal._packaged()
    finally:
        personal._packaged.cache_clear()
