"""The page as a whole, wired together, without a browser."""

import asyncio
import time
from dataclasses import replace
from pathlib import Path

import pytest

from digitrec.app import Dashboard
from digitrec.jobs import Status
from digitrec.training.recipes import Recipe
from tests.app.test_pad import draw
from tests.stand_ins import small


class QuickJob:
    """A training that is over at the third look."""

    def __init__(self, _recipe: Recipe, _seed: int | None, out: Path) -> None:
        self.out = out
        self.looks = 0
        self.trouble: Exception | None = None

    def start(self) -> None:
        pass

    def cancel(self) -> None:
        pass

    def status(self) -> Status:
        if self.trouble is not None:
            raise self.trouble
        self.looks += 1
        now = Status("training", seed=1)
        if self.looks < 3:
            return now
        small(6).save(self.out)
        return replace(now, state="done")


def make() -> Dashboard:
    dashboard = Dashboard()
    dashboard.training._make_job = QuickJob
    return dashboard


def test_a_notebook_shows_it_by_one_steady_name() -> None:
    bundle = make()._repr_mimebundle_()
    assert bundle["text/plain"] == "Dashboard()"
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_a_training_is_followed_and_its_model_answers_when_it_is_chosen() -> None:
    async def visit() -> Dashboard:
        dashboard = make()
        draw(dashboard.pad, [[(150, 50), (150, 250)]])
        before = dashboard.pad.answer
        dashboard.training.start()
        ended = time.monotonic() + 10
        while dashboard.training.running:
            assert time.monotonic() < ended
            await asyncio.sleep(0.02)
        assert dashboard.pad.answer is before  # what is offered does not answer yet
        dashboard.models.keep()
        return dashboard

    dashboard = asyncio.run(visit())
    assert dashboard.pad.answer.prediction.digit == 6
    assert dashboard.models.own


def test_an_error_while_following_is_said(caplog: pytest.LogCaptureFixture) -> None:
    async def visit() -> Dashboard:
        dashboard = make()
        dashboard.training.start()
        dashboard.training._job.trouble = ZeroDivisionError()
        await asyncio.sleep(0.3)
        return dashboard

    dashboard = asyncio.run(visit())
    assert "following the training" in dashboard._trouble.text.value
    assert "following the training" in caplog.text
    dashboard.training._job.trouble = None
    while dashboard.training.running:
        dashboard.training.poll()


def test_the_page_asks_the_browser_for_its_model_and_takes_it() -> None:
    waiting = make()
    asked: list[object] = []
    waiting._store_widget.send = lambda content, _buffers=None: asked.append(content)
    waiting._manners._handle_custom_msg({"event": "ready"}, [])
    assert asked == [{"do": "tell"}]
    model = {"day": "2026-05-03", "how": "trained"}
    found = {"event": "found", "model": model, "digits": [], "damaged": 0}
    waiting._store_widget._handle_custom_msg(found, [memoryview(small(5).to_bytes())])
    assert waiting.models.own
    draw(waiting.pad, [[(150, 50), (150, 250)]])
    assert waiting.pad.answer.prediction.digit == 5
