"""Mouse and fingers: one pen, which is never stuck."""

import pytest

from digitrec.app.pen import Pen
from digitrec.app.state import Pad
from tests.stand_ins import small


@pytest.fixture
def pad() -> Pad:
    return Pad(small())


@pytest.fixture
def pen(pad: Pad) -> Pen:
    return Pen(pad)


def test_a_mouse_draws_only_with_its_button_down(pad: Pad, pen: Pen) -> None:
    pen.mouse_move(1, 1)
    pen.mouse_down(10, 10)
    pen.mouse_move(20, 20)
    pen.mouse_up(30, 30)
    pen.mouse_move(40, 40)
    assert pad.strokes == (((10.0, 10.0), (20.0, 20.0), (30.0, 30.0)),)


def test_leaving_the_pad_draws_to_its_edge_and_lifts_the_pen(pad: Pad, pen: Pen) -> None:
    pen.mouse_down(290, 10)
    pen.mouse_out(310, 20)
    assert pad.strokes == (((290.0, 10.0), (300.0, 20.0)),)
    assert not pad.drawing
    pen.mouse_move(280, 30)  # back again, whether the button is down or not
    assert len(pad.strokes[0]) == 2


def test_the_first_finger_draws_and_the_second_does_not(pad: Pad, pen: Pen) -> None:
    pen.touch_start([(10, 10)])
    pen.touch_move([(12, 12)])
    pen.touch_start([(12, 12), (200, 200)])
    pen.touch_move([(14, 14), (210, 210)])
    pen.touch_end([(14, 14)])
    pen.touch_move([(16, 16)])
    pen.touch_end([])
    assert pad.strokes == (((10.0, 10.0), (12.0, 12.0), (14.0, 14.0), (16.0, 16.0)),)
    assert not pad.drawing


def test_when_the_first_finger_leaves_the_second_does_not_go_on(pad: Pad, pen: Pen) -> None:
    pen.touch_start([(10, 10)])
    pen.touch_start([(10, 10), (200, 200)])
    pen.touch_end([(200, 200)])
    assert not pad.drawing
    pen.touch_move([(210, 210)])
    pen.touch_end([])
    assert pad.strokes == (((10.0, 10.0),),)


def test_a_finger_that_leaves_the_pad_and_returns_begins_a_new_stroke(pad: Pad, pen: Pen) -> None:
    pen.touch_start([(290, 10)])
    pen.touch_move([(310, 10)])
    assert not pad.drawing
    pen.touch_move([(320, 50)])
    pen.touch_move([(280, 60)])
    pen.touch_end([])
    assert pad.strokes == (((290.0, 10.0), (300.0, 10.0)), ((280.0, 60.0),))


def test_a_cancelled_touch_lifts_the_pen(pad: Pad, pen: Pen) -> None:
    pen.touch_start([(10, 10)])
    pen.touch_cancel([])
    assert not pad.drawing
    pen.touch_move([(20, 20)])
    assert pad.strokes == (((10.0, 10.0),),)


def test_after_a_touch_the_mouse_draws_again(pad: Pad, pen: Pen) -> None:
    pen.touch_start([(10, 10)])
    pen.touch_end([])
    pen.mouse_down(50, 50)
    pen.mouse_move(60, 60)
    pen.mouse_up(60, 60)
    assert pad.strokes[1] == ((50.0, 50.0), (60.0, 60.0))


def test_nothing_but_noise_from_a_touch_that_began_elsewhere(pad: Pad, pen: Pen) -> None:
    pen.touch_move([(10, 10)])
    pen.touch_move([])
    pen.touch_end([])
    assert pad.strokes == ()
