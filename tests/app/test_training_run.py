"""A training as the page sees it, with a job that does as it is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

from digitrec.adaptation import check
from digitrec.app.model.in_use import ModelInUse
from digitrec.app.training.run import AS_IT_WAS, MOST_EPOCHS, Training, shown_epochs
from digitrec.errors import TrainingError
from digitrec.jobs import EpochNetwork, Status
from digitrec.network import Network
from digitrec.training.recipes import RECIPES, Recipe
from tests.stand_ins import small


class ToldJob:
    """A job whose status is set by the test."""

    def __init__(self, out: Path, *wanted: object) -> None:
        self.out = out
        self.wanted = wanted
        self.now = Status("queued", seed=12345)
        self.started = False
        self.trouble: Exception | None = None

    def start(self) -> None:
        self.started = True
        if self.trouble is not None:
            raise self.trouble

    def cancel(self) -> None:
        self.now = replace(
            self.now, state="cancelled", message=f"The training was cancelled. {AS_IT_WAS}"
        )

    def status(self) -> Status:
        return self.now


class Bench:
    def __init__(self) -> None:
        self.jobs: list[ToldJob] = []
        self.trouble: Exception | None = None
        self.models = ModelInUse(load_bundled=lambda: small(0))
        self.training = Training(self.models, make_job=self.make, make_lesson=self.make_lesson)

    def make(self, recipe: Recipe, seed: int | None, out: Path) -> ToldJob:
        return self._add(ToldJob(out, recipe, seed))

    def make_lesson(
        self, network: Network, images: ArrayLike, labels: ArrayLike, out: Path
    ) -> ToldJob:
        check(images, labels)
        return self._add(ToldJob(out, network, images, labels))

    def _add(self, job: ToldJob) -> ToldJob:
        job.trouble = self.trouble
        self.jobs.append(job)
        return job

    @property
    def digit(self) -> int:
        return int(self.models.network.weights["dense/bias"].argmax())

    @property
    def offered(self) -> int:
        assert self.models.offered is not None
        return int(self.models.offered.new.weights["dense/bias"].argmax())


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.training.cancel()


def test_a_training_through_to_a_new_model(bench: Bench) -> None:
    training = bench.training
    training.start()
    (job,) = bench.jobs
    assert job.started
    assert job.wanted == (RECIPES["quick"], None)
    assert training.running
    assert training.status.state == "queued"

    job.now = replace(job.now, state="training")
    training.poll()
    assert training.status.state == "training"
    assert bench.digit == 0

    small(4).save(job.out)
    job.now = replace(job.now, state="done")
    training.poll()
    assert not training.running
    assert training.sentence == ""
    assert bench.offered == 4
    assert bench.digit == 0
    assert not job.out.exists()  # its folder was cleared away


@pytest.mark.parametrize("state", ["done", "failed", "cancelled"])
def test_nobody_sees_a_training_that_is_over_and_still_runs(bench: Bench, state: str) -> None:
    bench.training.start()
    seen = []
    bench.training.observe(
        lambda _change: seen.append((bench.training.status.state, bench.training.running)),
        ["status", "running", "sentence"],
    )
    job = bench.jobs[0]
    small(4).save(job.out)
    job.now = replace(job.now, state=state, message="Why.")
    bench.training.poll()
    assert set(seen) == {(state, False)}


def test_only_one_training_at_a_time(bench: Bench) -> None:
    bench.training.start()
    bench.training.start()
    assert len(bench.jobs) == 1


def test_cancelling_leaves_the_model_and_allows_another(bench: Bench) -> None:
    bench.training.start()
    bench.training.cancel()
    assert not bench.training.running
    assert bench.training.sentence == f"The training was cancelled. {AS_IT_WAS}"
    assert bench.digit == 0
    bench.training.start()
    assert len(bench.jobs) == 2
    assert bench.training.sentence == ""


def test_a_failure_is_said_and_leaves_the_model(bench: Bench) -> None:
    bench.training.start()
    why = f"The training ran out of memory. {AS_IT_WAS}"
    bench.jobs[0].now = replace(bench.jobs[0].now, state="failed", message=why)
    bench.training.poll()
    assert bench.training.sentence == why
    assert bench.digit == 0


def test_a_model_that_cannot_be_read_leaves_the_old_one(bench: Bench) -> None:
    bench.training.start()
    job = bench.jobs[0]
    job.out.write_bytes(b"no model")
    job.now = replace(job.now, state="done")
    bench.training.poll()
    assert bench.training.sentence.endswith(AS_IT_WAS)
    assert not bench.training.running
    assert bench.digit == 0


@pytest.mark.parametrize("trouble", [TrainingError("no room"), OSError("no room")])
def test_a_training_that_cannot_start(bench: Bench, trouble: Exception) -> None:
    bench.trouble = trouble
    bench.training.start()
    assert not bench.training.running
    assert "no room" in bench.training.sentence
    assert AS_IT_WAS in bench.training.sentence


def test_starting_again_leaves_the_offer_until_another_is_there(bench: Bench) -> None:
    bench.training.start()
    small(4).save(bench.jobs[0].out)
    bench.jobs[0].now = replace(bench.jobs[0].now, state="done")
    bench.training.poll()
    bench.training.start()
    bench.training.cancel()
    assert bench.offered == 4
    bench.training.start()
    small(5).save(bench.jobs[2].out)
    bench.jobs[2].now = replace(bench.jobs[2].now, state="done")
    bench.training.poll()
    assert bench.offered == 5


def test_polling_without_a_training_does_nothing(bench: Bench) -> None:
    bench.training.poll()
    bench.training.cancel()
    assert bench.training.status is None


def test_the_options_are_what_is_trained(bench: Bench) -> None:
    options = bench.training.options
    options.choose("classic")
    assert bench.training.epochs == (1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
    options.change("epochs", "3")
    options.change("seed", "7")
    assert bench.training.epochs == (1, 2, 3)
    bench.training.start()
    recipe, seed = bench.jobs[0].wanted
    assert recipe == options.recipe == bench.training.recipe
    assert (recipe.epochs, seed) == (3, 7)
    # What is chosen meanwhile is for the next.
    options.change("epochs", "5")
    assert bench.training.epochs == (1, 2, 3)
    assert bench.training.recipe.epochs == 3
    bench.training.cancel()
    bench.training.start()
    assert bench.training.epochs == (1, 2, 3, 4, 5)


def test_the_network_of_every_epoch_is_there_to_look_on(bench: Bench) -> None:
    training = bench.training
    training.start()
    job = bench.jobs[0]
    for epoch in (1, 1, 2):
        early = EpochNetwork(epoch, small(epoch).to_bytes())
        job.now = replace(job.now, state="training", epoch_network=early)
        training.poll()
    assert [epoch for epoch, _ in training.networks] == [1, 2]
    assert [int(network.weights["dense/bias"].argmax()) for _, network in training.networks] == [
        1,
        2,
    ]
    first = training.networks[0][1]
    training.poll()
    assert training.networks[0][1] is first  # it is not read again and again
    training.cancel()
    assert len(training.networks) == 2
    training.start()
    assert training.networks == ()


def test_the_network_of_the_last_epoch_is_not_missed(bench: Bench) -> None:
    bench.training.start()
    job = bench.jobs[0]
    small(4).save(job.out)
    early = EpochNetwork(2, small(4).to_bytes())
    job.now = replace(job.now, state="done", epoch_network=early)
    bench.training.poll()
    assert [epoch for epoch, _ in bench.training.networks] == [2]


def test_an_epoch_that_cannot_be_read_is_no_trouble(bench: Bench) -> None:
    bench.training.start()
    early = EpochNetwork(1, b"no network")
    bench.jobs[0].now = replace(bench.jobs[0].now, epoch_network=early)
    bench.training.poll()
    assert bench.training.networks == ()
    assert bench.training.running


@pytest.mark.parametrize("num", [1, 2, 11, 12, 13, 30, 200])
def test_a_handful_of_epochs_is_shown(num: int) -> None:
    epochs = shown_epochs(num)
    assert len(epochs) == min(num, MOST_EPOCHS)
    assert (epochs[0], epochs[-1]) == (1, num)
    assert list(epochs) == sorted(set(epochs))


# The visitor's own digits

DIGITS = np.zeros((3, 28, 28), np.uint8), np.array([4, 4, 9])


def test_what_was_learnt_is_offered(bench: Bench) -> None:
    training = bench.training
    old = bench.models.network
    training.learn(*DIGITS)
    (job,) = bench.jobs
    assert job.started
    assert job.wanted[0] is old
    assert job.wanted[1:] == DIGITS
    assert training.running
    assert training.learning
    small(4).save(job.out)
    job.now = replace(job.now, state="done")
    training.poll()
    assert not training.running
    assert training.learning
    assert bench.models.network is old
    assert bench.offered == 4
    assert bench.models.offered is not None
    assert bench.models.offered.how == "taught"
    training.start()
    assert not training.learning


def test_learning_that_fails_leaves_the_model(bench: Bench) -> None:
    bench.training.learn(*DIGITS)
    bench.training.start()
    bench.training.learn(*DIGITS)
    assert len(bench.jobs) == 1
    why = f"The learning crashed (SIGSEGV). {AS_IT_WAS}"
    bench.jobs[0].now = replace(bench.jobs[0].now, state="failed", message=why)
    bench.training.poll()
    assert bench.training.sentence == why
    assert bench.digit == 0
    bench.trouble = OSError("no room")
    bench.training.learn(*DIGITS)
    assert bench.training.sentence == f"The learning could not start: no room. {AS_IT_WAS}"


def test_digits_that_are_none_change_nothing(bench: Bench) -> None:
    bench.models.offer(small(3), "trained")
    with pytest.raises(ValueError, match="1 to 1,000 images"):
        bench.training.learn(DIGITS[0][:0], DIGITS[1][:0])
    assert not bench.training.running
    assert bench.offered == 3
    bench.training.start()
    assert bench.training.running
