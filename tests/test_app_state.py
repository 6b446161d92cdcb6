"""The pad's state: strokes, answers and what is said, without a widget."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitrec import ink
from digitrec.app.state import MAX_POINTS, NOTHING_DRAWN, PAD_FULL, SIZE, Pad
from digitrec.network import bundled
from tests.drawings import DRAWINGS
from tests.stand_ins import small


def draw(pad: Pad, strokes: list[list[tuple[float, float]]]) -> None:
    for stroke in strokes:
        pad.begin(*stroke[0])
        for point in stroke[1:]:
            pad.extend(*point)
        pad.end()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_importing_the_state_imports_no_widget() -> None:
    check = (
        "import sys, digitrec.app.state, digitrec.app.models, digitrec.app.session;"
        "bad = {'ipywidgets', 'ipycanvas', 'anywidget', 'tensorflow', 'matplotlib', 'sklearn',"
        " 'seaborn', 'pandas'} & set(sys.modules);"
        "sys.exit(repr(bad) if bad else 0)"
    )
    subprocess.run([sys.executable, "-c", check], check=True)


@pytest.mark.parametrize("digit", DRAWINGS)
def test_a_drawing_is_answered_when_the_pen_is_lifted(digit: int) -> None:
    pad = Pad(bundled())
    draw(pad, DRAWINGS[digit])
    assert pad.answer.prediction.digit == digit
    assert pad.answer.settled
    assert not pad.drawing


def test_the_image_is_the_one_that_ink_makes() -> None:
    pad = Pad(bundled())
    draw(pad, DRAWINGS[4])
    expected = ink.image([np.array(stroke) for stroke in DRAWINGS[4]])
    np.testing.assert_array_equal(pad.answer.image, expected)


def test_there_are_answers_while_drawing_but_not_at_every_point() -> None:
    clock = Clock()
    pad = Pad(small(3), clock)
    answers = []
    pad.observe(lambda change: answers.append(change["new"]), "answer")
    pad.begin(10, 10)
    for step in range(1, 101):
        clock.now += 0.01
        pad.extend(10 + step, 10)
    during = len(answers)
    assert 8 <= during <= 14  # a second of drawing, at most every 0.08 s
    assert not any(answer.settled for answer in answers)
    pad.end()
    assert len(answers) == during + 1
    assert answers[-1].settled


def test_a_slow_answer_leaves_time_to_draw() -> None:
    class SlowClock(Clock):
        def __call__(self) -> float:
            self.now += 0.1  # every look at the clock finds that much has passed
            return self.now

    pad = Pad(small(), SlowClock())
    answers = []
    pad.observe(lambda change: answers.append(change["new"]), "answer")
    pad.begin(10, 10)
    for step in range(40):
        pad.extend(11 + step, 10)
    assert len(answers) <= 40 / 4


def test_undo_takes_one_stroke_and_answers_the_rest() -> None:
    pad = Pad(bundled())
    draw(pad, DRAWINGS[4])
    whole = pad.answer
    pad.undo()
    assert len(pad.strokes) == 1
    assert pad.answer is not whole
    pad.undo()
    assert pad.strokes == ()
    assert pad.answer is None
    pad.undo()
    assert pad.strokes == ()


def test_clear_takes_everything() -> None:
    pad = Pad(bundled())
    draw(pad, DRAWINGS[4])
    pad.clear()
    assert pad.strokes == ()
    assert pad.answer is None
    assert pad.notice == ""


def test_an_empty_pad_says_so_until_something_is_drawn() -> None:
    pad = Pad(bundled())
    pad.predict()
    assert pad.notice == NOTHING_DRAWN
    assert pad.answer is None
    pad.begin(5, 5)
    assert pad.notice == ""


def test_another_network_answers_the_same_drawing() -> None:
    pad = Pad(small(1))
    draw(pad, DRAWINGS[7])
    assert pad.answer.prediction.digit == 1
    pad.network = small(2)
    assert pad.answer.prediction.digit == 2


def test_a_tap_of_a_hand_that_trembles_is_a_dot() -> None:
    tapped, trembled = Pad(bundled()), Pad(bundled())
    for pad in (tapped, trembled):
        pad.begin(150, 150)
    for x, y in ((151, 150), (151, 152), (150, 151)):
        trembled.extend(x, y)
    for pad in (tapped, trembled):
        pad.end()
    assert trembled.answer is not None
    assert tapped.answer is not None
    np.testing.assert_array_equal(trembled.answer.image, tapped.answer.image)


def test_one_point_is_a_dot_and_is_answered() -> None:
    pad = Pad(bundled())
    draw(pad, [[(150.0, 150.0)]])
    assert pad.answer is not None


def test_a_lost_pen_up_does_not_join_two_strokes() -> None:
    pad = Pad(small())
    pad.begin(10, 10)
    pad.begin(200, 200)
    assert pad.strokes == (((10.0, 10.0),), ((200.0, 200.0),))


def test_moving_without_the_pen_draws_nothing() -> None:
    pad = Pad(small())
    pad.extend(10, 10)
    pad.end()
    assert pad.strokes == ()


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), float("-inf")])
def test_points_that_are_no_points_are_passed_over(wrong: float) -> None:
    pad = Pad(small())
    pad.begin(wrong, 5)
    assert not pad.drawing
    pad.begin(5, 5)
    pad.extend(5, wrong)
    assert pad.strokes == (((5.0, 5.0),),)


def test_the_pad_takes_only_so_many_points() -> None:
    pad = Pad(small(), clock=lambda: 0.0)
    pad.begin(0, 0)
    for step in range(MAX_POINTS + 50):
        pad.extend(step % SIZE, step // SIZE)
    assert pad.num_points == MAX_POINTS
    assert pad.notice == PAD_FULL
    assert not pad.drawing
    pad.begin(1, 1)
    assert len(pad.strokes) == 1
    pad.clear()
    assert pad.notice == ""


NETWORK = small()
ACTIONS = st.one_of(
    st.tuples(st.sampled_from(["begin", "extend"]), st.tuples(st.floats(), st.floats())),
    st.tuples(st.sampled_from(["end", "undo", "clear", "predict"]), st.just(())),
)


@given(st.lists(ACTIONS, max_size=30))
def test_whatever_is_done_the_strokes_lie_on_the_pad(actions: list) -> None:
    pad = Pad(NETWORK, clock=lambda: 0.0)
    for name, arguments in actions:
        getattr(pad, name)(*arguments)
        assert all(stroke for stroke in pad.strokes)
        for stroke in pad.strokes:
            assert all(0 <= x <= SIZE and 0 <= y <= SIZE for x, y in stroke)
        if not pad.drawing:
            assert bool(pad.strokes) == (pad.answer is not None)
        assert not (pad.drawing and not pad.strokes)
