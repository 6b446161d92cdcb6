import dataclasses

import numpy as np
import pytest

from digitrec import adaptation, hand, ink, mnist
from digitrec.adaptation import adapt, learn
from digitrec.evaluation import evaluate
from digitrec.mnist import Part
from digitrec.network import Calibration, bundled
from tests.networks import make_network

RNG = np.random.default_rng(3)
IMAGES = RNG.integers(0, 256, (4, 28, 28)).astype(np.uint8)
LABELS = np.array([7, 7, 2, 0])


def right(network, images, labels):
    return float((network.logits(images).argmax(axis=1) == labels).mean())


def test_what_was_taught_is_known_afterwards():
    network = make_network()
    part = mnist.load_part("validation")
    images, labels = part.images[:6], part.labels[:6]
    assert right(network, images, labels) < 1
    assert right(adapt(network, images, labels, rehearsal=0, steps=500), images, labels) == 1


@pytest.mark.slow
def test_a_way_of_writing_is_learnt_and_little_forgotten():
    rng = np.random.default_rng(1)
    ways = {1: "curved flag", 4: "short stem", 9: "small loop"}
    # Read as something else, so that there is certainly much to learn.
    taken_for = {1: 4, 4: 9, 9: 1}

    def draw(num):
        drawn = [hand.draw(digit, rng, way) for _ in range(num) for digit, way in ways.items()]
        return np.stack([ink.image(strokes) for strokes in drawn])

    labels = np.array([taken_for[digit] for digit in ways])
    taught, fresh = draw(2), draw(10)
    validation = mnist.load_part("validation")
    images, digits = validation.images[:300], validation.labels[:300]
    before = bundled()
    rehearsed = adapt(before, taught, np.tile(labels, 2), seed=1, rehearsal=600)
    careless = adapt(before, taught, np.tile(labels, 2), seed=1, rehearsal=0)
    told = np.tile(labels, 10)
    assert right(rehearsed, fresh, told) > right(before, fresh, told) + 0.2
    assert right(rehearsed, images, digits) > right(careless, images, digits) + 0.02


def test_only_the_last_layer_learns_and_the_calibration_stays():
    network = dataclasses.replace(
        make_network(), calibration=Calibration(0.7, 1.5), metadata={"recipe": "x", "seconds": 3}
    )
    before = {name: array.copy() for name, array in network.weights.items()}
    after = adapt(network, IMAGES, LABELS, seed=9, rehearsal=20, steps=3)
    changed = {name for name in before if (after.weights[name] != before[name]).any()}
    assert changed == {"dense/kernel", "dense/bias"}
    assert all((network.weights[name] == before[name]).all() for name in before)
    assert after.calibration == network.calibration
    told = {"images": 4, "seed": 9, "rehearsal": 20, "steps": 3}
    assert after.metadata == {"recipe": "x", "adapted": told}


def test_the_seed_decides():
    def weights(seed):
        network = adapt(make_network(), IMAGES, LABELS, seed=seed, rehearsal=20, steps=3)
        return network.weights["dense/kernel"]

    assert (weights(4) == weights(4)).all()
    assert (weights(4) != weights(5)).any()


@pytest.mark.slow
def test_many_images_are_copied_less():
    seen = []
    adapt(make_network(), IMAGES, LABELS, rehearsal=600, steps=1, on_images=seen.append)
    assert sum(seen) == 4 * 31 + 600
    for num in (136, 1_000):
        seen.clear()
        many = np.zeros((num, 28, 28), np.uint8)
        adapt(make_network(), many, np.zeros(num, int), rehearsal=0, steps=1, on_images=seen.append)
        assert num < sum(seen) <= 4_200


@pytest.mark.slow
def test_what_was_learnt_is_measured_once(monkeypatch):
    few = {}
    for name, num in (("train", 2_200), ("validation", 600), ("test", 700)):
        part = mnist.load_part(name)
        few[name] = Part(part.images[:num], part.labels[:num])
    monkeypatch.setattr(mnist, "load_part", few.__getitem__)
    network, told = make_network(), []
    after = learn(network, IMAGES, LABELS, seed=2, on_progress=lambda *values: told.append(values))
    plain = adapt(network, IMAGES, LABELS, seed=2)
    assert all((after.weights[name] == plain.weights[name]).all() for name in plain.weights)
    validation, test = mnist.load_part("validation"), mnist.load_part("test")
    adapted = after.metadata["adapted"]
    assert plain.metadata["adapted"].items() <= adapted.items()
    assert adapted["validation_before"] == right(network, validation.images, validation.labels)
    assert adapted["validation_after"] == right(after, validation.images, validation.labels)
    assert adapted["validation_before"] != adapted["validation_after"]
    assert after.metadata["validation_accuracy"] == adapted["validation_after"]
    report = evaluate(after, test.images, test.labels)
    assert after.metadata["test_accuracy"] == report.accuracy
    assert after.metadata["evaluation"]["confusion"] == report.to_dict()["confusion"]
    # No image of MNIST was looked at twice, and all of it was told.
    total = 4 * 31 + adaptation.REHEARSAL + len(validation) + len(test)
    assert told[0] == ("learning", 0, total)
    assert told[-1] == ("evaluating", total, total)
    assert [done for _, done, _ in told] == sorted(done for _, done, _ in told)


def test_bytes_and_floats_are_the_same_images():
    pair = [
        adapt(make_network(), images, LABELS, rehearsal=0, steps=2).weights["dense/bias"]
        for images in (IMAGES, IMAGES / 255)
    ]
    assert np.array_equal(*pair)


@pytest.mark.parametrize(
    ("images", "labels", "settings", "word"),
    [
        (IMAGES[:0], LABELS[:0], {}, "1 to 1,000 images"),
        (IMAGES[:, :20], LABELS, {}, "1 to 1,000 images"),
        (IMAGES, LABELS[:3], {}, "4 labels"),
        (IMAGES, LABELS + 3, {}, "labels must be"),
        (IMAGES, LABELS / 1, {}, "labels must be"),
        (IMAGES / 1, LABELS, {}, "images must be"),
        (IMAGES / np.nan, LABELS, {}, "images must be"),
        (IMAGES.astype(int), LABELS, {}, "images must be"),
        (IMAGES, LABELS, {"rehearsal": -1}, "rehearsal must be"),
        (IMAGES, LABELS, {"rehearsal": 2.5}, "rehearsal must be"),
        (IMAGES, LABELS, {"steps": 0}, "steps must be"),
        (IMAGES, LABELS, {"steps": True}, "steps must be"),
    ],
)
def test_what_makes_no_sense_is_said(images, labels, settings, word):
    with pytest.raises(ValueError, match=word):
        adapt(make_network(), images, labels, **settings)
