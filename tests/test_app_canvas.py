"""What the canvas is told to paint, read from the messages to the page."""

import json
from itertools import pairwise
from typing import Any

import ipycanvas.canvas
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitrec.app.canvas import CanvasView, new_ink
from digitrec.app.guard import Guard
from digitrec.app.state import Pad
from tests.stand_ins import small


class Stage:
    """A canvas whose messages are kept instead of sent."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[Any] = []
        self.said: list[str] = []
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

    def event(self, name: str, *touches: tuple[float, float], **content: float) -> None:
        message: dict[str, Any] = {"event": name, **content}
        if touches:
            message["touches"] = [{"x": x, "y": y} for x, y in touches]
        self.view.canvas._handle_frontend_event(self.view.canvas, message, [])

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
    stage.event("client_ready")
    names = stage.names()
    assert names[0] == "switchCanvas"
    assert "fillRect" in names
    assert names.count("strokeLine") + names.count("strokeLines") == 1


def test_a_reload_paints_everything_again(stage: Stage) -> None:
    stage.event("client_ready")
    stage.pad.begin(10, 10)
    stage.pad.extend(20, 20)
    stage.sent.clear()
    stage.event("client_ready")
    names = stage.names()
    assert names[0] == "switchCanvas"
    assert names[-1] == "strokeLine"


def test_a_move_paints_one_line_and_no_more(stage: Stage) -> None:
    stage.event("client_ready")
    stage.event("mouse_down", x=10, y=10)
    stage.sent.clear()
    stage.event("mouse_move", x=20, y=20)
    assert stage.names() == ["strokeLine"]
    stage.event("mouse_up", x=20, y=20)
    assert stage.names() == ["strokeLine"]
    assert stage.pad.strokes == (((10.0, 10.0), (20.0, 20.0)),)


def test_fingers_draw_too(stage: Stage) -> None:
    stage.event("client_ready")
    stage.event("touch_start", (10, 10))
    stage.event("touch_move", (20, 20))
    stage.view.canvas._handle_frontend_event(None, {"event": "touch_end", "touches": []}, [])
    assert stage.pad.strokes == (((10.0, 10.0), (20.0, 20.0)),)


def test_undo_paints_the_paper_again(stage: Stage) -> None:
    stage.event("client_ready")
    stage.event("mouse_down", x=10, y=10)
    stage.sent.clear()
    stage.pad.undo()
    assert "fillRect" in stage.names()


def test_the_hint_goes_with_the_first_point_and_comes_back(stage: Stage) -> None:
    def gone() -> bool:
        return "dr-gone" in stage.view.hint._dom_classes

    assert not gone()
    stage.pad.begin(10, 10)
    assert gone()
    stage.pad.end()
    assert gone()
    stage.pad.clear()
    assert not gone()


def test_an_error_while_painting_is_said(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("no canvas")

    monkeypatch.setattr(stage.view, "_paint", broken)
    stage.event("client_ready")
    stage.event("mouse_down", x=10, y=10)
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
