import os
import re
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from digitrec import course
from digitrec.course import Descent, LiveCurves, OneWeight, Rivals, charts
from digitrec.course.charts import BLUE, ORANGE, Axis, Chart, Dots, Line
from digitrec.mnist import Part, load_part
from tests.networks import make_network

NAMES = ["Descent", "LiveCurves", "Rivals"]


@pytest.fixture(scope="module")
def neuron():
    return OneWeight.from_part(load_part("validation"))


def made(name: str, neuron: OneWeight):
    if name == "Descent":
        return Descent(neuron)
    if name == "LiveCurves":
        return LiveCurves(2)
    return Rivals({"one": make_network(), "two": make_network(filters=(2, 2))})


# One weight


def test_the_slope_is_the_derivative_of_the_loss(neuron):
    for weight in (-3.0, 0.0, 1.5, 8.0):
        rise = neuron.loss(weight + 1e-5) - neuron.loss(weight - 1e-5)
        assert neuron.slope(weight) == pytest.approx(rise / 2e-5, abs=1e-6)


def test_the_loss_is_minus_log_of_the_right_answers(neuron):
    sure = neuron.sure(1.3)
    of_the_right = np.where(neuron.answers == 1, sure, 1 - sure)
    assert neuron.loss(1.3) == pytest.approx(-np.log(of_the_right).mean())
    assert neuron.loss(0.0) == pytest.approx(np.log(2))


def test_nowhere_is_the_loss_lower_than_at_the_lowest(neuron):
    lowest = neuron.lowest()
    assert abs(neuron.slope(lowest)) < 1e-6
    for weight in np.linspace(-5, 10, 31):
        assert neuron.loss(weight) >= neuron.loss(lowest)


def test_a_step_is_the_rate_times_the_slope(neuron):
    first, second, third = neuron.descend(-4.0, 0.5, 2)
    assert first == -4.0
    assert second == pytest.approx(first - 0.5 * neuron.slope(first))
    assert third == pytest.approx(second - 0.5 * neuron.slope(second))


def test_more_ink_is_the_positive_answer(neuron):
    assert set(neuron.answers) == {0.0, 1.0}
    assert neuron.ink.mean() == pytest.approx(0)
    assert neuron.ink.std() == pytest.approx(1)
    assert neuron.right(5.0) == len(neuron.answers) - neuron.right(-5.0)
    assert neuron.right(5.0) > 0.7 * len(neuron.answers)
    place = int(neuron.ink.argmax())
    assert neuron.images[place].sum() == neuron.images.sum(axis=(1, 2)).max()


def test_one_weight_needs_both_digits_and_an_answer_for_each():
    images = np.zeros((2, 28, 28), np.uint8)
    with pytest.raises(ValueError, match="for each of 2 images"):
        OneWeight(images, np.zeros(3), np.zeros(2))
    with pytest.raises(ValueError, match="some of both"):
        OneWeight(images, np.zeros(2), np.ones(2))
    with pytest.raises(ValueError, match="some of both"):
        OneWeight.from_part(Part(images, np.zeros(2, np.uint8)))


# Charts


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (0, 5, [0, 1, 2, 3, 4, 5]),
        (-6, 20, [-5, 0, 5, 10, 15, 20]),
        (0, 2.4, [0, 0.5, 1, 1.5, 2]),
        (-0.06, 1.06, [0, 0.2, 0.4, 0.6, 0.8, 1]),
        (0, 10, [0, 2, 4, 6, 8, 10]),
    ],
)
def test_ticks_are_round_and_few(low, high, ticks):
    assert Axis("x", low, high).ticks() == pytest.approx(ticks)


@pytest.mark.parametrize("high", [0.001, 1, 3, 7, 40, 99, 1234])
def test_there_are_always_some_ticks_and_never_many(high):
    assert 3 <= len(Axis("x", 0, high).ticks()) <= 7


def test_an_axis_has_a_length():
    with pytest.raises(ValueError, match="high must be above low"):
        Axis("x", 1, 1)


def test_svg_and_picture_show_the_same():
    line, dots = Line([(0, 0), (1, 1)], BLUE, "a line"), Dots([(0.5, 0), (9, 9)], ORANGE)
    chart = Chart(Axis("x", 0, 1), Axis("y", 0, 1, " %"), [line, dots], 'a "chart"')
    svg = chart.svg()
    assert 'aria-label="a &quot;chart&quot;"' in svg
    assert "a line" in svg
    assert "0.4 %" in svg
    circles = [tuple(map(float, xy)) for xy in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', svg)]
    assert circles[1][0] == charts.WIDTH - 12  # what lies beyond an end is drawn there
    pixels = np.asarray(chart.picture())
    for colour, least in ((BLUE, 200), (ORANGE, 50)):
        channels = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
        assert (np.abs(pixels.astype(int) - channels).max(axis=-1) < 8).sum() > least


def test_a_chart_puts_its_points_where_its_axes_say():
    corners = [(-2.0, 0.0), (0.0, 5.0), (2.0, 10.0)]
    chart = Chart(Axis("x", -2, 2), Axis("y", 0, 10), [Dots(corners, BLUE), Line(corners, BLUE)])
    svg = chart.svg()
    frame, *ticks, line = (
        [tuple(map(float, point.split(","))) for point in points.split()]
        for points in re.findall(r'points="([^"]+)"', svg)
    )
    (left, _), (_, floor), (right, _) = frame
    dots = [tuple(map(float, xy)) for xy in re.findall(r'cx="([\d.]+)" cy="([\d.]+)"', svg)]
    assert dots == line
    assert dots[0] == (left, floor)
    assert dots[2][0] == right
    assert dots[1] == pytest.approx(((left + right) / 2, (floor + dots[2][1]) / 2), abs=0.1)
    assert re.search(rf'<text x="{(left + right) / 2:.1f}" [^>]*>x</text>', svg)
    # Every number stands at its tick: those of x below the frame, those of y left of it.
    assert sum(start[1] == floor < end[1] for start, end in ticks) == len(chart.x.ticks())
    assert sum(start[0] < left == end[0] for start, end in ticks) == len(chart.y.ticks())
    pixels = np.asarray(chart.picture())
    scale = pixels.shape[1] / charts.WIDTH
    channels = [int(BLUE[at : at + 2], 16) for at in (1, 3, 5)]
    for x, y in dots:
        assert pixels[round(y * scale), round(x * scale) - 1].tolist() == pytest.approx(
            channels, abs=8
        )


# The descent


@pytest.mark.parametrize(("control", "value"), [("weight", 6.0), ("steps", 4), ("rate", 10.0)])
def test_every_control_of_the_descent_changes_the_picture(neuron, control, value):
    descent = Descent(neuron, steps=2)
    before = descent.picture.value
    getattr(descent, control).value = value
    assert descent.picture.value != before


def test_both_kinds_of_digits_stand_at_what_they_want(neuron):
    _, chart = Descent(neuron).charts()
    _, more, less = chart.marks
    assert (len(more.points), len(less.points)) == (
        (neuron.answers == 1).sum(), (neuron.answers == 0).sum(),
    )  # fmt: skip
    for dots, wanted in ((more, 1), (less, 0)):
        inks, heights = np.transpose(dots.points)
        assert set(heights) == {wanted}
        assert np.array_equal(np.sort(inks), np.sort(neuron.ink[neuron.answers == wanted]))


@pytest.mark.parametrize(
    ("rate", "steps", "said"),
    [
        (0.1, 5, "on its way"),
        (10.0, 30, "arrived at the bottom"),
        (100.0, 1, "leave the picture"),
    ],
)
def test_the_way_is_judged_in_words(neuron, rate, steps, said):
    descent = Descent(neuron, weight=-4, steps=steps)
    descent.rate.value = rate
    assert said in descent.sentence()
    assert f"learning rate {rate:g}" in descent.sentence()


def test_leaps_across_the_valley_are_named():
    # One digit of either kind and little ink between them, and the valley is wide and even.
    images = np.zeros((4, 28, 28), np.uint8)
    ink, answers = np.array([1.0, -1.0, 1.0, -1.0]), np.array([1.0, 0.0, 0.0, 0.0])
    descent = Descent(OneWeight(images, ink, answers), weight=5, steps=4)
    descent.rate.value = 10.0
    assert "leaps from one side" in descent.sentence()


def test_the_slope_tells_where_it_goes_down(neuron):
    descent = Descent(neuron, weight=-4)
    assert "downhill is to the right" in descent.sentence()
    descent.weight.value = 12
    assert "downhill is to the left" in descent.sentence()
    descent.weight.value = round(neuron.lowest(), 1)
    assert "bottom of the valley" in descent.sentence()


# Live curves


def test_a_step_is_drawn_with_its_own_loss():
    live = LiveCurves(2)
    own = [2.0, 1.0, 3.0]
    for batch in range(3):
        live.step(0, batch, 3, float(np.mean(own[: batch + 1])), 0.5)
    live.step(1, 0, 3, 0.25, 0.5)
    assert [loss for _, loss in live.losses] == pytest.approx([*own, 0.25])
    assert [place for place, _ in live.losses] == pytest.approx([1 / 3, 2 / 3, 1, 4 / 3])


def test_curves_are_not_painted_more_often_than_can_be_seen():
    now = [0.0]
    live = LiveCurves(1, clock=lambda: now[0])
    live.step(0, 0, 9, 2.3, 0.1)
    first = live.picture.value
    live.step(0, 1, 9, 2.0, 0.2)
    assert live.picture.value == first
    now[0] = 1.0
    live.step(0, 2, 9, 1.8, 0.3)
    assert live.picture.value != first


def test_how_far_it_is_is_said_once_an_epoch():
    live = LiveCurves(2)
    assert "Nothing" in live.sentence()
    live.step(0, 0, 2, 2.3, 0.1)
    said = live.sentence()
    live.step(0, 1, 2, 2.2, 0.2)
    assert live.sentence() == said == "Epoch 1 of 2."
    live.checked(0, 2.0, 0.4)
    assert "Epoch 2 of 2" in live.sentence()
    assert "<b>40.0 %</b>" in live.sentence()
    live.checked(1, 1.0, 0.8)
    assert "All 2 epochs are over" in live.sentence()


def test_the_button_can_be_pressed_only_while_it_learns(capsys):
    live = LiveCurves(2)
    assert live.stop.disabled
    with live:
        assert not live.stop.disabled
        live.stop.click()
        assert live.stopped
    assert live.stop.disabled
    assert "You have stopped it" in live.picture.value
    capsys.readouterr()  # what IPython prints where there is no notebook


def test_an_interrupted_kernel_counts_as_a_pressed_button(capsys):
    with LiveCurves(2) as live:
        raise KeyboardInterrupt
    assert live.stopped
    with pytest.raises(RuntimeError), LiveCurves(2):
        raise RuntimeError
    capsys.readouterr()


def test_the_button_is_heard_while_the_kernel_is_busy(capsys):
    live = LiveCurves(2)
    live.stop.comm._reply_subshell_id = None  # as ipykernel notes after every word to the page
    with live:
        assert not hasattr(live.stop.comm, "_reply_subshell_id")
    capsys.readouterr()


def test_what_is_kept_is_the_last_picture(monkeypatch):
    shown = []
    handle = SimpleNamespace(update=shown.append)
    monkeypatch.setattr("IPython.display.display", lambda *_args, **_named: handle)
    with LiveCurves(2) as live:
        assert shown == []
    assert shown == [live]


@pytest.mark.slow
def test_a_pressed_button_ends_a_training_of_keras():
    import keras  # noqa: PLC0415 - costs seconds

    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten()])
    model.add(keras.layers.Dense(10))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("sgd", loss, metrics=["accuracy"])
    images, labels = np.zeros((40, 28, 28, 1), np.float32), np.arange(40) % 10
    live = LiveCurves(50)
    press = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: len(live.losses) == 5 and live.press()  # noqa: ARG005 - Keras names them
    )
    model.fit(
        images, labels, batch_size=10, epochs=50, validation_data=(images, labels), verbose=0,
        callbacks=[press, live.callback()],
    )  # fmt: skip
    assert live.stopped
    assert len(live.losses) == 6  # the step it was at is finished
    assert len(live.validation_losses) == 2
    assert live.losses[0][1] == pytest.approx(np.log(10), abs=0.5)
    live.callback().on_epoch_end(2, {"loss": 2.3, "accuracy": 0.1})  # trained without validation
    assert len(live.validation_losses) == 2


# Rivals


def test_every_network_answers_what_is_drawn():
    networks = {"one": make_network(), "t<o": make_network(filters=(2, 2))}
    rivals = Rivals(networks)
    answers = rivals.answers()
    image = rivals.pad.answer.image
    for name, network in networks.items():
        assert answers[name].digit == network.predict(image).digit
        assert f"a {answers[name].digit}" in rivals.sentence()
    assert "t&lt;o" in rivals.picture.value
    before = rivals.picture.value
    rivals.pad.begin(50, 50)
    rivals.pad.extend(250, 250)
    rivals.pad.end()
    assert rivals.picture.value != before
    rivals.undo.click()
    assert rivals.picture.value == before
    rivals.clear.click()
    assert "nothing on the pad" in rivals.picture.value
    assert rivals.answers() == {}


def test_rivals_can_be_shown_while_nothing_is_drawn():
    rivals = Rivals({"one": make_network()})
    rivals.clear.click()
    data, _ = rivals._repr_mimebundle_()
    assert "nothing on the pad" in data["text/plain"]


def test_trouble_while_drawing_is_said(monkeypatch):
    rivals = Rivals({"one": make_network()})

    def fail():
        raise RuntimeError("no")

    monkeypatch.setattr(rivals.pad, "clear", fail)
    rivals.clear.click()
    assert "Something went wrong while clearing" in rivals.trouble.value


def test_rivals_are_at_least_one():
    with pytest.raises(ValueError, match="at least one network"):
        Rivals({})


# All of them


@pytest.mark.parametrize("name", NAMES)
def test_a_widget_is_also_a_still_picture_with_words(name, neuron):
    widget = made(name, neuron)
    data, metadata = widget._repr_mimebundle_()
    view = data["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == widget.view.model_id
    assert data["image/png"].startswith(b"\x89PNG")
    assert "Run the notebook" in data["text/plain"]
    assert metadata["image/png"]["alt"] == data["text/plain"]
    assert 'aria-live="polite"' in widget.picture.value


@pytest.mark.parametrize("name", [*NAMES, "OneWeight", "quietly"])
def test_the_names_are_found(name):
    assert name in course.__all__
    assert callable(getattr(course, name))


def test_notes_from_c_are_dropped_and_errors_are_not():
    program = (
        "import os, sys\n"
        "from digitrec.course import quietly\n"
        "with quietly(): os.write(2, b'a note')\n"
        "os.write(2, b'after it')\n"
        "with quietly(): raise RuntimeError('an error')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False,
        env={**os.environ},
    )  # fmt: skip
    assert done.returncode == 1
    assert "a note" not in done.stderr
    assert "after it" in done.stderr
    assert "RuntimeError: an error" in done.stderr
