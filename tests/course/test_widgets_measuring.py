"""What the reader moves in the notebook on how good a network is."""

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from digitrec.corruptions import CORRUPTIONS, DESCRIPTIONS, corrupt
from digitrec.course import (
    AccuracyInterval,
    ConfusionChooser,
    CorruptionViewer,
    LastLayerMap,
    Temperature,
    svg,
)
from digitrec.course.accuracy_interval import SIZES
from digitrec.course.confusion_chooser import MOST
from digitrec.course.corruption_viewer import EXAMPLES
from digitrec.course.picker import Picker
from digitrec.evaluation import evaluate
from digitrec.mnist import Part
from digitrec.report import wilson_interval
from tests.networks import make_network

RNG = np.random.default_rng(4)
PART = Part(
    RNG.integers(0, 256, (40, 28, 28)).astype(np.uint8), np.tile(np.arange(10), 4).astype(np.uint8)
)
CORRECT = np.eye(10)[PART.labels] * 0.7 + 0.03


class _Saying:
    """Stands for a network that answers what it is told, with probabilities."""

    calibration = make_network().calibration

    def __init__(self, probabilities: np.ndarray) -> None:
        self._left = np.log(probabilities)

    def logits(self, images):
        now, self._left = self._left[: len(images)], self._left[len(images) :]
        return now

    def softmax(self, logits):
        return np.exp(logits)

    def refuses(self, logits):
        return np.zeros(len(logits), bool)


def chooser(probabilities: np.ndarray, part: Part = PART) -> ConfusionChooser:
    report = evaluate(_Saying(probabilities), part.images, part.labels)
    return ConfusionChooser(report, part, probabilities)


def read_as(answers: dict[int, tuple[int, float]]) -> np.ndarray:
    """Right answers, but for some samples another digit with its probability."""
    probabilities = CORRECT.copy()
    for sample, (digit, confidence) in answers.items():
        probabilities[sample] = (1 - confidence) / 9
        probabilities[sample, digit] = confidence
    return probabilities


# The drawing that can be chosen from


def values_in(picker: Picker) -> list[int]:
    return [int(value) for value in re.findall(r'data-value="(\d+)"', picker.svg)]


def test_a_picker_sends_what_the_browser_needs():
    dots = [svg.choice(i, f"dot <{i}>", svg.disc(9 * i, 5, 3, colour="red")) for i in range(3)]
    picker = Picker(svg.drawing(30, 10, *dots), "three dots", value=2, hover=True, width=99)
    state = picker.get_state()
    assert (state["value"], state["hover"], state["words"]) == (2, True, "three dots")
    assert values_in(picker) == [0, 1, 2]
    assert 'aria-label="dot &lt;1&gt;"' in state["svg"]
    assert picker.layout.max_width == "100%"
    assert "export default" in state["_esm"]


def test_every_line_of_a_drawing_is_escaped():
    assert "<b>" not in svg.drawing(9, 9, svg.text(1, 1, "<b>&"), words='"<b>"')


# The interval


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("accuracy", [50.0, 93.7, 99.0, 100.0])
def test_the_interval_is_that_of_wilson(size, accuracy):
    widget = AccuracyInterval()
    widget.images.value, widget.accuracy.value = size, accuracy
    low, high = wilson_interval(round(size * accuracy / 100), size)
    said = re.findall(r"<b>([\d.]+) %</b>", widget.picture.value)
    assert [float(bound) for bound in said] == pytest.approx([100 * low, 100 * high], abs=0.0101)
    assert f"of {size:,} images" in widget.picture.value


def test_more_images_make_the_interval_shorter():
    widget = AccuracyInterval(0.97)
    widths = []
    for size in SIZES:
        widget.images.value = size
        widths.append(float(re.search(r"([\d.]+) points apart", widget.picture.value)[1]))
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > 100 * widths[-1]


@pytest.mark.parametrize("accuracy", [50.0, 99.9])
def test_everything_lies_on_the_paper(accuracy):
    widget = AccuracyInterval()
    widget.accuracy.value = accuracy
    width = float(re.search(r'viewBox="0 0 (\d+)', widget.picture.value)[1])
    places = re.findall(r' (?:x1|x2|cx)="([-\d.]+)"', widget.picture.value)
    assert len(places) > 3 * len(SIZES)
    assert all(0 < float(place) < width for place in places)


# The confusion matrix


def test_the_most_frequent_mistake_is_chosen_at_first():
    widget = chooser(read_as({4: (9, 0.6), 14: (9, 0.9), 3: (5, 0.8)}))
    assert (widget.shown, widget.read) == (4, 9)
    assert widget.samples().tolist() == [14, 4]
    assert "<b>2</b> × a 4 was read as a 9: wrong" in widget.picture.value


def test_every_cell_can_be_chosen_and_says_its_count():
    widget = chooser(read_as({4: (9, 0.6)}))
    assert values_in(widget.matrix) == list(range(100))
    for shown in range(10):
        for read in range(10):
            widget.choose(shown, read)
            count = 4 - (shown == 4) if shown == read else int((shown, read) == (4, 9))
            assert len(widget.samples()) == count
            assert f"{shown} read as {read}: {count}" in widget.matrix.svg
            assert ("<img" in widget.picture.value) == (count > 0)


def test_what_was_right_but_barely_comes_first():
    widget = chooser(read_as({7: (7, 0.9), 17: (7, 0.3), 27: (7, 0.5), 37: (7, 0.99)}))
    widget.choose(7, 7)
    assert widget.samples().tolist() == [17, 27, 7, 37]
    assert "right" in widget.picture.value
    assert "least sure first" in widget.picture.value


def test_a_large_cell_shows_some_of_its_images():
    part = Part(np.repeat(PART.images[:1], 30, axis=0), np.zeros(30, np.uint8))
    widget = chooser(np.tile(np.eye(10)[6] * 0.9 + 0.01, (30, 1)), part)
    assert (widget.shown, widget.read) == (0, 6)
    assert len(widget.samples()) == 30
    assert f"These are {MOST} of them" in widget.sentence()


def test_a_network_without_mistakes_has_a_matrix_too():
    assert "<img" in chooser(CORRECT).picture.value


def test_a_matrix_of_other_images_is_refused():
    report = evaluate(_Saying(CORRECT), PART.images, PART.labels)
    with pytest.raises(ValueError, match="of equal number were expected"):
        ConfusionChooser(report, PART, CORRECT[:-1])


# The temperature


def test_a_higher_temperature_makes_the_network_less_sure():
    logits = np.random.default_rng(1).normal(0, 4, (300, 10))
    labels = logits.argmax(axis=1)
    labels[::10] = (labels[::10] + 1) % 10
    widget = Temperature({"some": (logits, labels)}, start=0.2)
    assert "promises too much" in widget.picture.value
    before = widget.picture.value
    widget.value.value = 8.0
    assert "promises too little" in widget.picture.value
    assert widget.picture.value != before
    right = re.findall(r"right in ([\d.]+) %", before + widget.picture.value)
    assert set(right) == {"90.00"}


def test_each_set_of_images_has_its_own_diagram():
    logits = 6 * np.eye(10)
    answers = {"right": (logits, np.arange(10)), "wrong": (logits, (np.arange(10) + 1) % 10)}
    widget = Temperature(answers)
    assert "right in 100 %" in widget.picture.value
    widget.images.value = 1
    assert "right in 0 %" in widget.picture.value


def test_a_network_that_is_as_sure_as_it_is_right_is_said_to_be():
    logits = np.tile(np.where(np.arange(10) == 3, 50.0, 0.0), (20, 1))
    sentence = Temperature({"twenty threes": (logits, np.full(20, 3))}).sentence()
    assert "On average it is about as sure as it is right." in sentence


def test_the_diagram_has_a_dot_and_a_difference_for_every_filled_bin():
    logits = np.random.default_rng(1).normal(0, 2, (300, 10))
    widget = Temperature({"some": (logits, np.arange(300) % 10)})
    table = widget.table()
    filled = table[table[:, 0] > 0]
    svg = widget.picture.value
    radii = [float(radius) for radius in re.findall(r'<circle [^>]*r="([\d.]+)"', svg)]
    expected = [3 * (1 + np.log10(count)) ** 0.5 for count in filled[:, 0]]
    assert radii[:1] + radii[2:] == pytest.approx(expected, rel=0.01)  # the second is the legend's
    assert svg.count('stroke-width="3"') == len(filled) + 1 + 1  # two legends


def test_a_temperature_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least were expected"):
        Temperature({})


# The corruptions


@pytest.mark.parametrize("place", range(len(CORRUPTIONS)))
def test_a_spoilt_image_is_shown_with_what_was_done_to_it(place):
    name = list(CORRUPTIONS)[place]
    viewer = VIEWER
    viewer.corruption.value, viewer.example.value = place, 5
    assert viewer.name == name
    assert np.array_equal(viewer.spoilt(), corrupt(PART.images[:EXAMPLES], name, 3)[5])
    assert DESCRIPTIONS[name] in viewer.picture.value
    network = make_network()
    assert network.predict(viewer.spoilt()).sentence.replace("'", "&#x27;") in (
        viewer.picture.value.replace("'", "&#x27;")
    )


VIEWER = CorruptionViewer(make_network(), PART, seed=3)


def test_another_image_is_another_picture():
    before = VIEWER.picture.value
    VIEWER.example.value = 11
    assert VIEWER.picture.value != before
    assert VIEWER.example.max == EXAMPLES - 1


def test_nothing_cannot_be_spoilt():
    with pytest.raises(ValueError, match="at least one image"):
        CorruptionViewer(make_network(), Part(PART.images[:0], PART.labels[:0]))


# The map

POINTS = np.random.default_rng(6).normal(size=(40, 4))
READ = np.where(np.arange(40) == 7, 1, PART.labels)


def test_a_mistake_is_chosen_at_first_and_has_a_ring():
    shown = LastLayerMap(PART, READ, POINTS)
    assert shown.map.value == 7
    assert shown.map.svg.count("<circle") == 1
    assert "shows <b>a 7</b> but was read as <b>a 1</b>" in shown.picture.value
    assert "a 7, read as a 1" in shown.map.svg


def test_choosing_a_point_shows_its_image_and_its_neighbours():
    shown = LastLayerMap(PART, READ, POINTS)
    before = shown.picture.value
    shown.map.value = 12
    assert shown.picture.value != before
    distances = np.linalg.norm(POINTS[:, :2] - POINTS[12, :2], axis=1)
    assert shown.nearest().tolist() == np.argsort(distances)[1:6].tolist()


def test_other_directions_are_another_map():
    shown = LastLayerMap(PART, READ, POINTS)
    before = shown.map.svg
    shown.pair.value = 1
    assert shown.map.svg != before
    assert np.array_equal(shown.points(), POINTS[:, 2:])
    assert sorted(values_in(shown.map)) == list(range(40))


def test_points_that_all_coincide_are_drawn():
    assert "nan" not in LastLayerMap(PART, READ, np.zeros((40, 2))).map.svg


@pytest.mark.parametrize(
    ("part", "read", "points"),
    [
        (PART, READ[:-1], POINTS),
        (PART, READ, POINTS[:-1]),
        (PART, READ, POINTS[:, :1]),
        (Part(PART.images[:5], PART.labels[:5]), READ[:5], POINTS[:5]),
    ],
)
def test_a_map_of_unequal_parts_is_refused(part, read, points):
    with pytest.raises(ValueError, match="were expected"):
        LastLayerMap(part, read, points)


# All of them


@pytest.mark.parametrize(
    "make",
    [
        AccuracyInterval,
        lambda: chooser(read_as({4: (9, 0.6)})),
        lambda: Temperature({"all": (np.log(CORRECT), PART.labels)}),
        lambda: VIEWER,
        lambda: LastLayerMap(PART, READ, POINTS),
    ],
    ids=["interval", "confusion", "temperature", "corruption", "map"],
)
def test_a_widget_is_also_a_still_picture_with_words(make):
    widget = make()
    data, metadata = widget._repr_mimebundle_()
    view = data["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == widget.view.model_id
    with Image.open(io.BytesIO(data["image/png"])) as picture:
        assert metadata["image/png"]["width"] <= 600
        assert picture.width > metadata["image/png"]["width"]
    assert "Run the notebook" in data["text/plain"]
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert 'aria-live="polite"' in widget.picture.value
    json.dumps({name: text for name, text in data.items() if isinstance(text, str)})
