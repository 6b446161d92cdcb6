import dataclasses
import math

import numpy as np
import pytest

from digitrec import evaluation, hand, mnist, training
from digitrec.network import Network, bundled
from digitrec.training import RECIPES, Progress, augment, drawings

TINY = dataclasses.replace(
    RECIPES["quick"],
    name="tiny",
    filters=(8, 12),
    num_images=1_000,
    epochs=2,
    num_drawings=0,
    num_others=0,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def trained():
    steps: list[Progress] = []
    return training.train(TINY, seed=5, on_progress=steps.append), steps


def test_a_network_learns(trained):
    network, _ = trained
    part = mnist.load_part("validation")
    accuracy = (network.logits(part.images).argmax(axis=1) == part.labels).mean()
    assert accuracy > 0.6
    assert accuracy == pytest.approx(network.metadata["validation_accuracy"])


def test_its_weights_take_16_bits_and_its_logits_have_nothing_in_common(trained):
    network, _ = trained
    for array in network.weights.values():
        np.testing.assert_array_equal(array.astype(np.float16), array)
    logits = network.logits(mnist.load_part("validation").images[:100])
    np.testing.assert_allclose(logits.mean(axis=1), 0, atol=2e-3)


def test_its_metadata_says_where_it_comes_from(trained):
    network, _ = trained
    metadata = Network.from_bytes(network.to_bytes()).metadata
    assert metadata["recipe"] == "tiny"
    assert metadata["seed"] == 5
    settings = {k: tuple(v) if isinstance(v, list) else v for k, v in
                metadata["recipe_settings"].items()}  # fmt: skip
    assert training.Recipe(**settings) == TINY
    report = evaluation.Report.from_dict(metadata["evaluation"])
    assert report.samples == 10_000
    assert report.accuracy == metadata["test_accuracy"]


def test_progress_is_told_from_first_to_last(trained):
    _, steps = trained
    assert steps[0].stage == "starting TensorFlow"
    assert steps[-1].stage == "evaluating"
    learning = [step for step in steps if step.stage == "training"]
    places = [(step.epoch, step.batch) for step in learning]
    assert places == sorted(places)
    assert places[-1] == (2, learning[-1].num_batches)
    assert learning[-1].num_batches == 8
    assert all(step.seconds_left >= 0 and step.loss > 0 for step in learning)
    assert learning[-1].validation_accuracy is not None
    assert learning[-1].loss < learning[0].loss


def test_the_same_seed_gives_the_same_network(trained):
    network, _ = trained
    again = training.train(TINY, seed=5)
    for name, array in network.weights.items():
        np.testing.assert_allclose(again.weights[name], array, atol=1e-5)


def test_without_a_seed_every_run_is_another_and_says_which():
    tiny = dataclasses.replace(TINY, num_images=100, epochs=1)
    one, other = (training.train(tiny) for _ in range(2))
    assert one.metadata["seed"] != other.metadata["seed"]
    assert np.abs(one.weights["conv1/kernel"] - other.weights["conv1/kernel"]).max() > 1e-3


@pytest.mark.parametrize("recipe", ["quick", "classic"])
def test_the_network_equals_its_keras_model(recipe):
    model = training.build(RECIPES[recipe])
    rng = np.random.default_rng(0)
    # Away from its first values, or a forgotten mean or variance would not show.
    model.set_weights([w + rng.uniform(0.05, 0.3, w.shape) * 0.3 for w in model.get_weights()])
    images = mnist.load_part("test").images[:1_000]
    network = training.to_network(model)
    expected = np.asarray(model(images[..., None].astype(np.float32), training=False))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(network.logits(images) / scale, expected / scale, atol=1e-5)


def test_the_bundled_network_equals_keras_on_a_thousand_test_images():
    images = mnist.load_part("test").images[:1_000]
    model = training.to_keras(bundled())
    expected = np.asarray(model((images[..., None] / 255).astype(np.float32)))
    np.testing.assert_allclose(bundled().probabilities(images), expected, atol=1e-5)


def test_distortion_and_dropout_train_too(monkeypatch):
    monkeypatch.setattr("digitrec.training.fitting._REPORT_SECONDS", 1e9)
    recipe = dataclasses.replace(
        TINY,
        batch_size=32,
        distortion=0.5,
        dropout=0.2,
        epochs=1,
        padding=("same", "same"),
        kernel_sizes=(3, 4),
    )
    steps: list[Progress] = []
    network = training.train(recipe, seed=1, on_progress=steps.append)
    # However soon it comes, the last batch is told.
    assert {step.batch for step in steps if step.stage == "training"} == {32}
    assert network.architecture.padding == ("same", "same")
    assert network.metadata["validation_accuracy"] > 0.2


def test_generated_drawings_are_learnt_and_what_is_no_digit_is_doubted():
    recipe = dataclasses.replace(
        TINY,
        num_images=100,
        num_drawings=2_000,
        num_others=600,
        epochs=4,
        clean_epochs=1,
        drawing_distortion=0.3,
        degraded=0.05,
    )
    network = training.train(recipe, seed=2)
    rng = np.random.default_rng(99)
    digits, labels = hand.images(300, rng)
    others, _ = hand.images(np.full(300, hand.NOT_A_DIGIT), rng)
    chances = network.probabilities(digits)
    assert (chances.argmax(axis=1) == labels).mean() > 0.6
    assert np.median(network.probabilities(others).max(axis=1)) < np.median(chances.max(axis=1))


def test_more_drawings_than_are_packaged_are_drawn_first(monkeypatch):
    monkeypatch.setattr(drawings, "NUM_OTHERS", 400)
    recipe = dataclasses.replace(TINY, num_images=100, num_drawings=600, num_others=401, epochs=1)
    steps: list[Progress] = []
    training.train(recipe, seed=2, on_progress=steps.append)
    drawn = [step for step in steps if step.stage == "drawing"]
    assert steps[: len(drawn)] == drawn
    assert [step.batch for step in drawn] == list(range(drawn[0].num_batches))


def test_an_epoch_shows_a_share_of_the_drawings_each_time_another(monkeypatch):
    shown = []

    def look(images, *_, **__):
        shown.append({image.tobytes() for image in images})
        return images

    monkeypatch.setattr(augment, "distort", look)
    recipe = dataclasses.replace(
        TINY, num_images=100, num_drawings=200, num_others=100, epochs=3,
        drawing_distortion=0.5, drawings_share=0.4,
    )  # fmt: skip
    steps: list[Progress] = []
    training.train(recipe, seed=2, on_progress=steps.append)
    assert [len(images) for images in shown] == [120] * 3
    # Three times 40 of 100 at random leave 0.6³ of all unseen.
    assert 200 < len(set.union(*shown)) < 270
    num_batches = math.ceil(220 / recipe.batch_size)
    assert {step.num_batches for step in steps if step.stage == "training"} == {num_batches}


def test_what_the_watcher_raises_ends_the_training():
    class EnoughError(Exception):
        pass

    def watcher(progress):
        if progress.stage == "training":
            raise EnoughError

    with pytest.raises(EnoughError):
        training.train(TINY, seed=0, on_progress=watcher)


@pytest.mark.parametrize("recipe", [TINY, "quick"])
@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, True, "one"])
def test_an_impossible_seed_is_said_so(seed, recipe):
    with pytest.raises(ValueError, match="seed must be"):
        training.train(recipe, seed=seed)


def test_the_bundled_network_refuses_few_digits_and_is_calibrated():
    part = mnist.load_part("validation")
    report = evaluation.evaluate(bundled(), part.images, part.labels)
    assert report.refused < 0.02
    assert report.ece < 0.01
    images, labels = (array[: drawings.NUM_DIGITS : 4] for array in drawings.load())
    report = evaluation.evaluate(bundled(), images, labels)
    assert 0.015 < report.refused < 0.025
    assert report.ece < 0.01
