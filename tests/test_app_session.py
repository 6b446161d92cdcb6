"""A training as the page sees it, with a job that does as it is told."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from digitrec.app.models import Models
from digitrec.app.session import AS_IT_WAS, Training
from digitrec.app.store import Store
from digitrec.errors import FileError, TrainingError
from digitrec.jobs import Status
from digitrec.recipes import RECIPES, Recipe
from tests.stand_ins import small


class ToldJob:
    """A job whose status is set by the test."""

    def __init__(self, recipe: Recipe, out: Path) -> None:
        self.recipe = recipe
        self.out = out
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
    def __init__(self, folder: Path) -> None:
        self.jobs: list[ToldJob] = []
        self.trouble: Exception | None = None
        self.folder = folder
        self.models = Models(Store(folder / "mine"), load_bundled=lambda: small(0))
        self.training = Training(self.models, make_job=self.make)

    def make(self, recipe: Recipe, out: Path) -> ToldJob:
        job = ToldJob(recipe, out)
        job.trouble = self.trouble
        self.jobs.append(job)
        return job

    @property
    def digit(self) -> int:
        return int(self.models.network.weights["dense/bias"].argmax())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.training.cancel()


def test_a_training_through_to_a_new_model(bench: Bench) -> None:
    training = bench.training
    training.start()
    (job,) = bench.jobs
    assert job.started
    assert job.recipe is RECIPES["quick"]
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
    assert bench.digit == 4
    assert bench.models.comparison is not None
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


def test_a_model_that_cannot_be_kept_is_said_and_the_training_is_over(bench: Bench) -> None:
    bench.training.start()
    job = bench.jobs[0]
    small(4).save(job.out)
    job.now = replace(job.now, state="done")
    (bench.folder / "mine").write_text("in the way")
    with pytest.raises(FileError, match="could not be kept"):
        bench.training.poll()
    assert not bench.training.running
    assert bench.digit == 4


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


def test_starting_again_keeps_the_model_that_was_being_compared(bench: Bench) -> None:
    bench.training.start()
    small(4).save(bench.jobs[0].out)
    bench.jobs[0].now = replace(bench.jobs[0].now, state="done")
    bench.training.poll()
    bench.training.start()
    assert bench.models.comparison is None
    bench.training.cancel()
    assert bench.digit == 4


def test_polling_without_a_training_does_nothing(bench: Bench) -> None:
    bench.training.poll()
    bench.training.cancel()
    assert bench.training.status is None
