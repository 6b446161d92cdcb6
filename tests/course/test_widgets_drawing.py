"""The widgets of the notebook on drawings, without a browser."""

import re

import numpy as np
import pytest

from digitrec import hand, ink
from digitrec.app.pad.pad import SIZE
from digitrec.course import Evidence, Framing, HandViewer, Recorder, Refusing, StagesViewer
from digitrec.course.placing import made_small, placed
from digitrec.course.recorder import WAYS, stand_ins
from digitrec.explain import occlusion
from tests.drawings import FOUR, SEVEN
from tests.networks import make_network

DRAWINGS = [SEVEN, FOUR, SEVEN, FOUR, FOUR]


def pictures_in(html: str) -> list[str]:
    return re.findall(r'src="([^"]+)"', html)


def draw(pad, strokes) -> None:
    for first, *others in strokes:
        pad.begin(*first)
        for point in others:
            pad.extend(*point)
        pad.end()


@pytest.mark.parametrize("size", [0.1, 0.45, 1])
@pytest.mark.parametrize("right", [-1, 0, 0.5, 1])
@pytest.mark.parametrize("down", [-1, 0.3, 1])
def test_a_drawing_is_placed_inside_the_canvas(size, right, down):
    points = np.concatenate(placed(FOUR, size=size, right=right, down=down))
    low, high = points.min(axis=0) - 9, points.max(axis=0) + 9
    assert (high - low).max() == pytest.approx(size * SIZE)
    before = np.ptp(np.concatenate([np.array(stroke) for stroke in FOUR]), axis=0)
    now = np.ptp(points, axis=0)
    assert now[0] / now[1] == pytest.approx(before[0] / before[1])
    middle, room = (low + high) / 2, SIZE - (high - low)
    assert middle == pytest.approx(SIZE / 2 + room / 2 * np.array([right, down]))


def test_a_dot_is_only_moved():
    (dot,) = placed([[(40, 70)]], size=0.5, right=-1, down=1)
    assert dot.tolist() == [[9, 291]]


@pytest.mark.parametrize("settings", [{"size": 0}, {"size": 1.1}, {"right": 2}, {"down": -1.5}])
def test_outside_the_canvas_nothing_is_placed(settings):
    with pytest.raises(ValueError, match="were expected"):
        placed(FOUR, **settings)
    with pytest.raises(ValueError, match="with ink"):
        placed([])


def test_made_small_the_place_stays_and_framed_it_does_not():
    left, right = placed(FOUR, size=0.4, right=-1), placed(FOUR, size=0.4, right=1)
    columns = np.arange(28)
    balance = [made_small(each).sum(axis=0) @ columns for each in (left, right)]
    balance = [b / made_small(s).sum() for b, s in zip(balance, (left, right), strict=True)]
    assert balance[1] - balance[0] > 10
    assert np.allclose(ink.image(left), ink.image(right), atol=1e-4)
    assert not made_small([]).any()


@pytest.mark.parametrize("control", ["digit", "size", "right", "down"])
def test_every_control_of_the_frame_changes_the_picture(control):
    framing = Framing(make_network(), DRAWINGS)
    small, framed = pictures_in(framing.picture.value)
    slider = getattr(framing, control)
    slider.value = 0 if control == "digit" else slider.value / 2
    after = pictures_in(framing.picture.value)
    assert after[0] != small
    if control in {"right", "down"}:
        assert after[1] == framed
    assert f"A drawn {framing.digit.value}." in framing.picture.value


def test_the_frame_tells_what_is_read():
    network = make_network()
    framing = Framing(network, DRAWINGS, digit=2)
    framing.size.value = 0.7
    read = network.predict_many(np.stack(framing.images()))
    told = re.findall(r"<b>(\d)</b> \((\d+) %\)", framing.sentence())
    assert told == [(str(each.digit), f"{each.confidence:.0%}"[:-1]) for each in read]


def test_every_stage_follows_the_pen():
    viewer = StagesViewer(make_network())
    before = pictures_in(viewer.picture.value)
    assert len(before) == 4
    viewer.clear.click()
    assert "nothing on the pad" in viewer.picture.value
    viewer.pad.begin(*SEVEN[0][0])
    viewer.pad._next_answer = 0.0
    for point in SEVEN[0][1:]:
        viewer.pad.extend(*point)
    assert len(pictures_in(viewer.picture.value)) == 4, "while the pen is still down"
    viewer.pad.end()
    assert "The network says" in viewer.picture.value
    after = pictures_in(viewer.picture.value)
    assert not set(before) & set(after)
    viewer.undo.click()
    assert "nothing on the pad" in viewer.picture.value


def test_the_hand_draws_what_is_chosen():
    viewer = HandViewer(make_network(), 7, "crossed")
    assert viewer.style.label == "crossed"
    first = viewer.images()
    viewer.sheet.value = 5
    assert (viewer.images() != first).any()
    viewer.sheet.value = 0
    assert np.array_equal(viewer.images(), first)
    for digit in (0, 7, 4):
        viewer.digit.value = digit
        assert [name for name, _ in viewer.style.options] == list(hand.STYLES[digit])
        assert f"{digit}, {hand.STYLES[digit][0]}, sheet 0" in viewer.picture.value
        viewer.style.value = len(hand.STYLES[digit]) - 1
        assert f"{digit}, {hand.STYLES[digit][-1]}, sheet 0" in viewer.picture.value


def test_what_is_read_stands_below_each_drawing():
    network = make_network()
    viewer = HandViewer(network, 3, "angular")
    right = (network.logits(viewer.images()).argmax(axis=1) == 3).sum()
    assert f"<b>{right} of 8</b>" in viewer.picture.value


def test_the_bound_is_counted_on_both_sides():
    digits, others = np.linspace(4, 9, 200), np.linspace(1, 6, 100)
    refusing = Refusing(digits, others, bound=5.0)
    for bound in (1.5, 4.2, 5.0, 8.9):
        refusing.bound.value = bound
        assert refusing.shares() == ((digits < bound).mean(), (others < bound).mean())
        refused, lost = f"{(others < bound).mean():.0%}", f"{(digits < bound).mean():.1%}"
        told = re.findall(r"<b>([\d.]+) %</b>", refusing.picture.value)
        assert told == [refused[:-1], lost[:-1]]
        assert refusing.picture.value.count("<polyline") >= 3


def test_the_bound_reaches_every_energy():
    refusing = Refusing([3.33, 4.0], [-1.27, 2.0], bound=0.0)
    refusing.bound.value = refusing.bound.min
    assert refusing.shares() == (0, 0)
    refusing.bound.value = refusing.bound.max
    assert refusing.shares() == (1, 1)


@pytest.mark.parametrize(("digits", "others"), [([], [1.0]), ([1.0], []), ([2.0], [2.0])])
def test_two_heaps_are_wanted(digits, others):
    with pytest.raises(ValueError, match="were expected"):
        Refusing(digits, others, bound=1.0)


def test_the_evidence_is_that_of_the_drawing():
    network = make_network()
    evidence = Evidence(network)
    image = evidence.pad.answer.image
    assert np.allclose(evidence.lost(), occlusion(network, image))
    before = pictures_in(evidence.picture.value)
    winner = evidence.pad.answer.prediction.digit
    evidence.digit.value = (winner + 1) % 10
    assert np.allclose(evidence.lost(), occlusion(network, image, digit=(winner + 1) % 10))
    assert pictures_in(evidence.picture.value)[0] == before[0]
    assert pictures_in(evidence.picture.value)[1] != before[1]
    evidence.clear.click()
    assert "nothing on the pad" in evidence.picture.value


def test_the_evidence_waits_for_the_pen():
    evidence = Evidence(make_network())
    before = evidence.picture.value
    evidence.pad.begin(50, 50)
    evidence.pad._next_answer = 0.0
    evidence.pad.extend(250, 250)
    assert not evidence.pad.answer.settled
    assert evidence.picture.value == before
    evidence.pad.end()
    assert evidence.picture.value != before


def test_the_writer_who_stands_in_is_always_the_same():
    first, second = stand_ins(), stand_ins()
    assert [sample.label for sample in first] == [*"0123456789"] * 2
    for one, other in zip(first, second, strict=True):
        assert all(np.array_equal(*pair) for pair in zip(one.strokes, other.strokes, strict=True))
    assert all(WAYS[digit] in hand.STYLES[digit] for digit in range(10))
    assert (first[0].strokes[0][:3] != stand_ins(seed=1)[0].strokes[0][:3]).any()


def test_twenty_digits_are_asked_for_and_kept():
    instead = stand_ins()
    recorder = Recorder(make_network(), instead)
    assert recorder.samples == tuple(instead)
    for number, sample in enumerate(instead, start=1):
        assert f">{sample.label}</b> · {number} of 20" in recorder.prompt.value
        assert not recorder.is_mine
        draw(recorder.pad, FOUR)
        assert "The network says" not in recorder.picture.value
        recorder.keep.click()
        assert recorder.pad.strokes == ()
        assert f"{number} " in recorder.picture.value
    assert recorder.is_mine
    assert recorder.keep.disabled
    assert "run the cells below again" in recorder.picture.value
    assert [sample.label for sample in recorder.samples] == [each.label for each in instead]
    assert recorder.samples[3].writer == "me"
    assert recorder.samples[3].strokes[1].tolist() == [list(point) for point in FOUR[1]]
    recorder.again.click()
    assert not recorder.is_mine
    assert recorder.samples == tuple(instead)
    assert not recorder.keep.disabled
    assert "· 1 of 20" in recorder.prompt.value


def test_an_empty_pad_is_not_kept():
    recorder = Recorder(make_network(), stand_ins())
    recorder.keep.click()
    assert "nothing on the pad" in recorder.trouble.value
    assert "· 1 of 20" in recorder.prompt.value
    draw(recorder.pad, SEVEN)
    recorder.undo.click()
    recorder.keep.click()
    assert "· 1 of 20" in recorder.prompt.value
    draw(recorder.pad, SEVEN)
    recorder.keep.click()
    assert recorder.trouble.value == ""
    assert "· 2 of 20" in recorder.prompt.value


WIDGETS = {
    "Evidence": Evidence,
    "Framing": lambda network: Framing(network, DRAWINGS),
    "HandViewer": HandViewer,
    "Recorder": lambda network: Recorder(network, stand_ins()),
    "Refusing": lambda _: Refusing([5.0, 6.0], [2.0, 3.0], 4.0),
    "StagesViewer": StagesViewer,
}


@pytest.mark.parametrize("name", list(WIDGETS))
def test_a_widget_is_also_a_still_picture_with_words(name):
    widget = WIDGETS[name](make_network())
    data, metadata = widget._repr_mimebundle_()
    view = data["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == widget.view.model_id
    assert data["image/png"].startswith(b"\x89PNG")
    assert "Run the notebook" in data["text/plain"]
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert metadata["image/png"]["width"] <= 460
    assert "aria-live" in widget.picture.value
