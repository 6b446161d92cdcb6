"""What the canvas is told to paint, read from the messages to the page."""

import json
from itertools import pairwise
from typing import Any

import ipycanvas.canvas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitrec.app.pad.canvas import CanvasView, new_ink
from digitrec.app.pad.pad import Pad
from digitrec.app.page.guard import Guard
from tests.app.test_pad import photograph
from tests.stand_ins import small


class Stage:
    """A canvas whose messages are kept instead of sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[Any] = []
        self.said: list[str] = []
        self.number = 0
        monkeypatch.setattr(
            ipycanvas.canvas._CanvasManager,
            "_send_custom",
            lambda _manager, command, _buffers=(): self.sent.append(
                json.dumps(command, default=str)
            ),
        )
        self.pad = Pad(small(), clock=lambda: 0.0)
        self.view = CanvasView(self.pad, Guard(self.said.append))
        self.sent.clear()

    def attach(self) -> None:
        """Tell the canvas that a page shows it."""
        self.view.canvas._handle_frontend_event(None, {"event": "client_ready"}, [])

    def draw(self, *actions: Any) -> None:
        """Send a batch, as the overlay in the page does."""
        self.number += 1
        batch = {"pen": "a", "number": self.number, "do": list(actions)}
        self.view.overlay._handle_custom_msg(batch, [])

    def names(self) -> list[str]:
        commands = []
        for text in self.sent:
            message = json.loads(text)
            commands += message if isinstance(message[0], list) else [message]
        return [ipycanvas.canvas._CMD_LIST[command[0]] for command in commands]


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


def test_nothing_is_painted_before_the_page_is_there(stage: Stage) -> None:
    stage.pad.begin(10, 10)
    stage.pad.extend(20, 20)
    assert stage.sent == []


def test_the_page_is_greeted_with_the_canvas_its_paper_and_its_ink(stage: Stage) -> None:
    stage.pad.begin(10, 10)
    stage.pad.extend(20, 20)
    stage.pad.extend(30, 30)
    stage.attach()
    names = stage.names()
    assert names[0] == "switchCanvas"
    assert "fillRect" in names
    assert names.count("strokeLine") + names.count("strokeLines") == 1


def test_a_reload_paints_everything_again(stage: Stage) -> None:
    stage.attach()
    stage.pad.begin(10, 10)
    stage.pad.extend(20, 20)
    stage.sent.clear()
    stage.attach()
    names = stage.names()
    assert names[0] == "switchCanvas"
    assert names[-1] == "strokeLine"


def test_a_batch_paints_one_line_and_no_more(stage: Stage) -> None:
    stage.attach()
    stage.draw(["down", [[10, 10]]])
    stage.sent.clear()
    stage.draw(["move", [[20, 20]]])
    assert stage.names() == ["strokeLine"]
    stage.draw(["move", [[30, 20], [40, 20], [50, 30]]], ["up"])
    assert stage.names() == ["strokeLine", "strokeLines"]
    assert stage.pad.num_points == 5


def test_the_page_hears_of_a_batch_after_it_was_painted(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.attach()
    monkeypatch.setattr(
        stage.view.overlay, "send", lambda message: stage.sent.append(json.dumps(message))
    )
    stage.sent.clear()
    stage.draw(["down", [[10, 10], [20, 20]]], ["up"])
    assert json.loads(stage.sent[-1]) == {
        "taken": {"a": 1},
        "ink": [[[10, 10], [20, 20]]],
        "picture": None,
    }
    assert len(stage.sent) > 1
    stage.sent.clear()
    stage.pad.undo()
    assert json.loads(stage.sent[-1])["ink"] == []
    assert len(stage.sent) > 1


def test_undo_paints_the_paper_again(stage: Stage) -> None:
    stage.attach()
    stage.draw(["down", [[10, 10]]])
    stage.sent.clear()
    stage.pad.undo()
    assert "fillRect" in stage.names()


def test_a_picture_is_painted_and_goes_again(stage: Stage) -> None:
    stage.attach()
    stage.sent.clear()
    stage.pad.show_picture(photograph(7))
    assert "putImageData" in stage.names()
    stage.sent.clear()
    stage.attach()
    assert "putImageData" in stage.names()
    stage.sent.clear()
    stage.draw(["down", [[10, 10]]])
    assert "fillRect" in stage.names()
    assert "putImageData" not in stage.names()


def test_the_page_knows_whether_the_pad_is_empty_and_what_can_be_undone(stage: Stage) -> None:
    def known() -> tuple[bool, bool, bool]:
        overlay = stage.view.overlay
        return overlay.empty, overlay.can_undo, overlay.can_redo

    assert known() == (True, False, False)
    stage.pad.begin(10, 10)
    assert known() == (False, True, False)
    stage.pad.undo()
    assert known() == (True, False, True)
    stage.pad.show_picture(photograph(7))
    assert known() == (False, True, False)


def test_a_pad_that_was_drawn_on_before_it_was_shown_is_not_empty() -> None:
    pad = Pad(small())
    pad.begin(10, 10)
    assert not CanvasView(pad, Guard(print)).overlay.empty


def test_an_error_while_painting_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("no canvas")

    monkeypatch.setattr(stage.view, "_paint", broken)
    stage.attach()
    stage.draw(["down", [[10, 10]]])
    assert any("Something went wrong while painting the pad" in sentence for sentence in stage.said)


POINTS = st.tuples(st.integers(0, 3).map(float), st.integers(0, 3).map(float))
STROKES = st.lists(st.lists(POINTS, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple)


@given(STROKES, STROKES)
def test_what_is_painted_and_what_is_new_make_what_is_wanted(
    painted: tuple[Any, ...], wanted: tuple[Any, ...]
) -> None:
    def lines(strokes: tuple[Any, ...]) -> set[Any]:
        return {
            line
            for stroke in strokes
            for line in (pairwise(stroke) if len(stroke) > 1 else [stroke])
        }

    news = new_ink(painted, wanted)
    if news is not None:
        assert lines(painted) | lines(news) >= lines(wanted)
        dots = {stroke for stroke in painted if len(stroke) == 1}
        assert lines(painted) - dots <= lines(wanted)
