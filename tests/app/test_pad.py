"""The pad's state: strokes, answers and what is said, without a widget."""

import io
import json
import os
import subprocess
import sys
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitrec import ink
from digitrec.app.pad.pad import (
    LARGE_PICTURE,
    MAX_PICTURE_BYTES,
    MAX_POINTS,
    NO_INK,
    NO_PICTURE,
    NOTHING_DRAWN,
    PAD_FULL,
    SIZE,
    Pad,
)
from digitrec.errors import FileError
from digitrec.ink.strokes import MAX_STROKES
from digitrec.network import bundled
from tests.drawings import DRAWINGS
from tests.stand_ins import small

NETWORK = small()


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
        "import sys, digitrec.app.pad.pad, digitrec.app.model.in_use, digitrec.app.training.run;"
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
    assert 20 <= during <= 28  # a second of drawing, at most every 0.035 s
    assert not any(answer.settled for answer in answers)
    pad.end()
    assert len(answers) == during + 1
    assert answers[-1].settled


def test_a_slow_answer_leaves_time_to_draw() -> None:
    clock = Clock()
    pad = Pad(small(), clock)
    answers = []

    def show(change: Any) -> None:
        answers.append(change["new"])
        clock.now += 1

    pad.observe(show, "answer")
    pad.begin(10, 10)
    for step in range(40):
        clock.now += 0.1
        pad.extend(11 + step, 10)
    assert 4 <= len(answers) <= 6  # of the 8 or 9 seconds half


THREADS = """
import json, numpy, threadpoolctl
def threads():
    return [library["num_threads"] for library in threadpoolctl.threadpool_info()]
before = threads()
from digitrec.app.pad.pad import Pad
from digitrec.network import bundled
Pad(bundled())
print(json.dumps([before, threads()]))
"""


def test_a_pad_leaves_the_other_processors_to_the_browser() -> None:
    several = {**os.environ, "OPENBLAS_NUM_THREADS": "2", "OMP_NUM_THREADS": "2"}
    command = [sys.executable, "-c", THREADS]
    done = subprocess.run(command, env=several, capture_output=True, text=True, check=True)
    before, after = json.loads(done.stdout)
    if 2 not in before:
        pytest.skip("NumPy has one processor here, or linear algebra whose threads nobody counts")
    assert set(after) == {1}


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


def test_undo_and_redo_lead_to_where_one_was() -> None:
    pad = Pad(small())
    draw(pad, DRAWINGS[4])
    seen = [(), pad.strokes[:1], pad.strokes]
    pad.clear()
    seen.append(())
    draw(pad, DRAWINGS[7])
    seen.append(pad.strokes)
    assert not pad.can_redo
    for strokes in reversed(seen[:-1]):
        assert pad.can_undo
        pad.undo()
        assert pad.strokes == strokes
    assert not pad.can_undo
    for strokes in seen[1:]:
        assert pad.can_redo
        pad.redo()
        assert pad.strokes == strokes
        assert (pad.answer is None) == (strokes == ())
    assert not pad.can_redo


def test_what_can_be_undone_takes_so_much_memory_and_no_more() -> None:
    pad = Pad(small())
    for number in range(40):
        pad.begin(number, 0)
        pad.extend_by([(x % 300, number) for x in range(5_000)])
        pad.end()
        pad.clear()
    held = {id(stroke): len(stroke) for past in pad._past for stroke in past.strokes}
    assert 50_000 < sum(held.values()) <= 100_000
    pad.undo()
    assert pad.num_points > 5_000


def test_a_long_drawing_can_be_undone_stroke_by_stroke() -> None:
    pad = Pad(small())
    for number in range(300):
        pad.begin(number % 280, 10)
        pad.extend_by([(number % 280, y) for y in range(11, 40)])
        pad.end()
    for number in reversed(range(300)):
        pad.undo()
        assert len(pad.strokes) == number
    assert not pad.can_undo


def test_what_was_undone_is_gone_when_something_else_is_drawn() -> None:
    pad = Pad(small())
    draw(pad, DRAWINGS[4])
    pad.undo()
    draw(pad, DRAWINGS[7])
    strokes = pad.strokes
    assert not pad.can_redo
    pad.redo()
    assert pad.strokes == strokes


def test_undo_takes_a_stroke_that_is_being_drawn() -> None:
    pad = Pad(small())
    pad.begin(10, 10)
    pad.extend(20, 20)
    pad.undo()
    pad.extend(30, 30)
    assert pad.strokes == ()
    pad.redo()
    assert pad.strokes == (((10.0, 10.0), (20.0, 20.0)),)


def test_clearing_an_empty_pad_is_nothing_to_undo() -> None:
    pad = Pad(small())
    pad.clear()
    assert not pad.can_undo
    assert pad.is_untouched


def test_several_points_are_one_change() -> None:
    pad = Pad(small())
    pad.begin(10, 10)
    changes = []
    pad.observe(changes.append, "strokes")
    pad.extend_by([(20, 20), (20, 20), (float("nan"), 3), (900, 30)])
    assert len(changes) == 1
    assert pad.strokes == (((10.0, 10.0), (20.0, 20.0), (300.0, 30.0)),)


def test_a_pen_that_rests_is_answered_too() -> None:
    clock = Clock()
    pad = Pad(small(), clock)
    pad.begin(10, 10)
    pad.extend(200, 10)
    before = pad.answer
    clock.now += 1
    pad.extend_by([])
    after = pad.answer
    assert after is not before
    clock.now += 1
    pad.extend_by([])
    assert pad.answer is after


def test_strokes_come_back_once() -> None:
    pad = Pad(small())
    pad.restore([])
    pad.restore([[[10, 10], [20, 20.5]], [[5, 5]]])
    assert pad.strokes == (((10.0, 10.0), (20.0, 20.5)), ((5.0, 5.0),))
    assert pad.answer.settled
    pad.restore([[[99, 99]]])
    assert len(pad.strokes) == 2
    pad.clear()
    pad.restore([[[99, 99]]])
    assert pad.strokes == ()


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=2),
    lambda some: (
        st.lists(some, max_size=3) | st.dictionaries(st.text(max_size=2), some, max_size=2)
    ),
    max_leaves=10,
)


# Points have two numbers, or what stands for them.
POINTS = st.lists(st.lists(ANYTHING, min_size=2, max_size=2), max_size=3)


@given(ANYTHING | st.lists(POINTS, max_size=3))
def test_whatever_comes_back_lies_on_the_pad(kept: Any) -> None:
    pad = Pad(NETWORK)
    pad.restore(kept)
    assert all(0 <= x <= SIZE and 0 <= y <= SIZE for stroke in pad.strokes for x, y in stroke)
    assert all(pad.strokes)


@pytest.mark.parametrize(
    "kept", [None, "text", 3, {"a": 1}, [[10**400, 1]], [[[10**400, 1], [True, 1], ["1", 1]]]]
)
def test_what_is_no_drawing_does_not_come_back(kept: Any) -> None:
    pad = Pad(small())
    pad.restore(kept)
    assert pad.strokes == ()


def test_of_too_many_points_the_first_come_back() -> None:
    pad = Pad(small())
    pad.restore([[[at % SIZE, at // SIZE] for at in range(MAX_POINTS)], [[1, 1]]])
    assert pad.num_points == MAX_POINTS


def photograph(digit: int, side: int = 200, ink_is: int = 0) -> bytes:
    """Return a picture of dark ink on light paper, or of none, as a PNG."""
    pad = Pad(NETWORK)
    draw(pad, DRAWINGS[digit])
    drawn = PIL.Image.fromarray(np.round(255 * ink.stages(DRAWINGS[digit])["drawing"]))
    dark = np.asarray(drawn.resize((side, side)))
    grey = (255 - dark * (255 - ink_is) / 255).astype(np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(grey).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("digit", DRAWINGS)
def test_a_picture_is_answered(digit: int) -> None:
    pad = Pad(bundled())
    pad.show_picture(photograph(digit))
    assert pad.answer.prediction.digit == digit
    assert pad.answer.settled
    assert pad.picture.shape == (SIZE, SIZE)
    assert pad.picture.dtype == np.float32
    assert pad.picture.max() > 0.9
    assert not pad.picture[:25].any()
    assert list(pad.answer.stages) == ["drawing", "trimmed", "fitted", "centred"]
    pad.network = small(2)
    assert pad.answer.prediction.digit == 2


def test_strokes_and_a_picture_are_never_there_both() -> None:
    pad = Pad(small())
    both = []

    def look(_change: object) -> None:
        both.append(bool(pad.strokes) and pad.picture is not None)

    pad.observe(look, ["strokes", "picture"])
    draw(pad, DRAWINGS[4])
    strokes = pad.strokes
    pad.show_picture(photograph(8))
    shown = pad.picture
    assert pad.strokes == ()
    pad.undo()
    assert pad.strokes == strokes
    assert pad.picture is None
    pad.redo()
    assert pad.picture is shown
    draw(pad, DRAWINGS[7])
    assert pad.picture is None
    pad.undo()
    assert pad.picture is shown
    assert pad.answer is not None
    pad.clear()
    assert pad.is_empty
    assert pad.answer is None
    pad.predict()
    assert pad.notice == NOTHING_DRAWN
    assert not any(both)


def test_only_some_pictures_are_remembered() -> None:
    pad = Pad(small())
    data = photograph(7)
    remembered = []
    for _ in range(10):
        pad.show_picture(data)
        remembered.append(sum(content.picture is not None for content in pad._past))
    assert remembered == [0, 1, 2, *[3] * 7]
    # What lies before the oldest of them is forgotten with those that are gone, as it came before.
    for _ in range(20):
        pad.undo()
        assert pad.picture is not None


@pytest.mark.parametrize("digit", [4, 7, 8])
def test_a_picture_is_shown_in_the_middle_of_the_pad(digit: int) -> None:
    pad = Pad(small())
    pad.show_picture(photograph(digit))
    for axis in (0, 1):
        inked = np.flatnonzero(pad.picture.max(axis=axis))
        assert inked[0] + inked[-1] == pytest.approx(SIZE - 1, abs=2)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", NO_PICTURE),
        (b"GIF89a and then nothing", NO_PICTURE),
        (photograph(7)[:200], NO_PICTURE),
        (photograph(7, ink_is=255), NO_INK),
        (bytes(MAX_PICTURE_BYTES + 1), LARGE_PICTURE),
    ],
)
def test_what_is_no_picture_of_a_digit_leaves_the_drawing_without_its_answer(
    data: bytes, sentence: str
) -> None:
    pad = Pad(small())
    draw(pad, DRAWINGS[4])
    before = pad.strokes
    with pytest.raises(FileError) as caught:
        pad.show_picture(data)
    assert str(caught.value) == sentence
    assert pad.strokes == before
    assert pad.answer is None
    pad.predict()
    assert pad.answer is not None


def test_a_heic_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    pad = Pad(small())
    draw(pad, DRAWINGS[4])
    with pytest.raises(FileError, match="HEIC file, as iPhones make them"):
        pad.show_picture(b"\0\0\0\x18ftypheic" + bytes(40))
    assert pad.strokes
    assert pad.answer is None


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


def test_the_pad_takes_only_so_many_strokes() -> None:
    pad = Pad(small(), clock=lambda: 0.0)
    pad.restore([[[at % SIZE, at // SIZE]] for at in range(MAX_STROKES - 1)] + [[[9, 9]]] * 9)
    assert len(pad.strokes) == MAX_STROKES
    assert pad.answer is not None
    pad.undo()
    pad.begin(1, 1)
    assert not pad.drawing
    assert len(pad.strokes) == MAX_STROKES
    assert pad.notice == PAD_FULL
    pad.clear()
    pad.begin(1, 1)
    assert pad.notice == ""
    assert pad.drawing


ACTIONS = st.one_of(
    st.tuples(st.sampled_from(["begin", "extend"]), st.tuples(st.floats(), st.floats())),
    st.tuples(st.sampled_from(["end", "undo", "redo", "clear", "predict"]), st.just(())),
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
