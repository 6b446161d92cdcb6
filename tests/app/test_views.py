"""What the views show, read from their HTML without a browser."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from digitrec import mnist
from digitrec.app.answer import answer
from digitrec.app.answer.answer import AnswerView
from digitrec.app.model import built
from digitrec.app.model.in_use import ModelInUse, Offer
from digitrec.app.pad.buttons import ButtonsView
from digitrec.app.pad.pad import NOTHING_DRAWN, Answer, Pad
from digitrec.app.page import header, pictures, samples
from digitrec.app.page.guard import Guard
from digitrec.app.page.samples import SampleView
from digitrec.app.training import curves, progress
from digitrec.app.training.guesses import Guesses
from digitrec.app.training.retrain import RetrainView, curves_html
from digitrec.app.training.run import Training
from digitrec.errors import FileError
from digitrec.jobs import Point, Status
from digitrec.network import Prediction
from digitrec.training import Progress
from digitrec.training.recipes import RECIPES
from tests.app.test_pad import draw
from tests.stand_ins import report, small

VOID = {"img", "br", "path", "circle", "rect", "polyline"}
HOSTILE = '"><script>alert(1)</script>'


class Balance(HTMLParser):
    """Fails where a tag is closed that is not open, and says what stays open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - html.parser's
        self.seen.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def read(html: str) -> Balance:
    """Parse HTML, insist that it is well formed, and hand back what it says."""
    parser = Balance()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    return parser


def loud(sentence: str) -> None:
    raise AssertionError(f"the page said: {sentence}")


GUARD = Guard(loud)


def prediction(chances: dict[int, float], *, refused: bool = False) -> Prediction:
    rest = (1 - sum(chances.values())) / (10 - len(chances))
    values = np.array([chances.get(digit, rest) for digit in range(10)])
    return Prediction(values, np.log(values).astype(np.float32), refused)


def answer_of(chances: dict[int, float], *, refused: bool = False, settled: bool = True) -> Answer:
    return Answer(prediction(chances, refused=refused), {}, settled)


# The answer


def test_a_sure_answer() -> None:
    text = read(answer.sentence_html(answer_of({7: 0.982}))).text
    assert "That's a 7." in text
    assert "98 % sure" in text


def test_a_torn_answer() -> None:
    text = read(answer.sentence_html(answer_of({4: 0.52, 9: 0.41}))).text
    assert "A 4, or maybe a 9." in text
    assert "52 % for 4, 41 % for 9" in text


def test_a_refused_answer_accents_no_bar() -> None:
    refused = answer_of({8: 0.9}, refused=True)
    text = read(answer.sentence_html(refused)).text
    assert "I don't think that is a digit." in text
    assert "nearest to an 8" in text
    assert "dr-top" not in answer.bars_html(refused.prediction)


def test_while_drawing_the_answer_is_quiet_and_not_announced() -> None:
    assert "dr-is-drawing" in answer.sentence_html(answer_of({7: 0.9}, settled=False))
    assert "dr-is-drawing" not in answer.sentence_html(answer_of({7: 0.9}))
    pad = Pad(small(7), clock=lambda: 0.0)
    view = AnswerView(pad, GUARD)
    pad.predict()
    assert view.announcement.value == NOTHING_DRAWN
    pad.begin(10, 10)
    pad.extend(100, 100)
    assert "That" not in view.announcement.value
    pad.end()
    assert "That&#x27;s a 7." in view.announcement.value


def test_the_stages_follow_the_pen_some_times_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    pad = Pad(small(7), clock=lambda: now)
    view = AnswerView(pad, Guard(print))
    pad.begin(150, 60)
    seen, answers = {view.stages.value}, {id(pad.answer): pad.answer}
    for step in range(1, 9):
        now += 0.1
        pad.extend(150, 60 + 20 * step)
        seen.add(view.stages.value)
        answers[id(pad.answer)] = pad.answer
    assert len(answers) == 9
    assert 3 <= len(seen) <= 5
    pad.extend(200, 240)
    pad.end()
    assert pad.answer is not None
    assert view.stages.value == answer.stages_html(pad.answer.stages)


def test_the_bars_have_numbers_and_one_accent() -> None:
    html = answer.bars_html(prediction({7: 0.9, 1: 0.05}))
    assert html.count("dr-top") == 1
    assert "90 %" in read(html).text
    assert "width:90.0%" in html


def test_the_answer_keeps_its_room_when_there_is_none() -> None:
    pad = Pad(small(3))
    view = AnswerView(pad, GUARD)
    assert "The answer appears here." in view.sentence.value
    empty = read(view.stages.value).seen.count("li")
    draw(pad, [[(50, 50), (60, 200)]])
    assert "That&#x27;s a 3." in view.sentence.value
    stages = read(view.stages.value)
    assert stages.seen.count("li") == empty == stages.seen.count("img")
    pad.predict()
    pad.clear()
    assert "The answer appears here." in view.sentence.value


def test_the_buttons_act_on_the_pad() -> None:
    pad = Pad(small(3))
    view = ButtonsView(pad, GUARD)
    view.predict.click()
    assert pad.notice == NOTHING_DRAWN
    draw(pad, [[(50, 50), (60, 200)], [(90, 90)]])
    view.undo.click()
    assert len(pad.strokes) == 1
    view.clear.click()
    assert pad.strokes == ()


# Training


@pytest.fixture
def models() -> ModelInUse:
    return ModelInUse(load_bundled=lambda: small(0))


def retrain(training: Training, models: ModelInUse, **options: Any) -> RetrainView:
    guesses = Guesses(Pad(models.network), training, models)
    return RetrainView(training, models, guesses, GUARD, **options)


def progress_of(epoch: int, batch: int, seconds_left: float | None) -> Progress:
    return Progress(
        stage="training", epoch=epoch, num_epochs=2, batch=batch, num_batches=100,
        loss=0.5, accuracy=0.9, validation_accuracy=None, seconds_left=seconds_left,
    )  # fmt: skip


def said(status: Status | None, *, running: bool = True, sentence: str = "") -> str:
    return read(progress.progress_html(status, RECIPES["quick"], running, sentence)).text


def test_every_stage_of_a_training_is_said() -> None:
    queued = Status("queued", seed=12345, ahead=2)
    quick = RECIPES["quick"]
    drawn = f"{quick.num_drawings + quick.num_others:,} generated drawings"
    assert f"{quick.num_images:,} digits of MNIST and {drawn}, twice each" in said(
        None, running=False
    )
    drawing = Status("starting", seed=12345, progress=Progress("drawing", num_epochs=2))
    assert "Drawing digits to learn from" in said(drawing)
    assert "Two trainings are ahead of yours." in said(queued)
    assert "seed 12345" in said(queued)
    assert "Starting TensorFlow" in said(Status("starting", seed=1))
    training = Status("training", seed=1, progress=progress_of(2, 50, 5.2))
    assert "Epoch 2 of 2" in said(training)
    assert "about 6 s left" in said(training)
    assert 'value="0.750"' in progress.progress_html(training, RECIPES["quick"], True, "")
    assert "Testing it" in said(replace(training, state="evaluating"))
    done = replace(training, state="done")
    assert "Done." in said(done, running=False)
    failed = replace(training, state="failed")
    assert "It broke." in said(failed, running=False, sentence="It broke.")


def test_the_first_guess_at_the_time_left_is_not_told() -> None:
    training = Status("training", seed=1, progress=progress_of(1, 1, 4000.0))
    assert "left" not in said(training)


def test_the_curves_keep_their_room_and_move() -> None:
    empty = read(curves_html(None, 2))
    assert empty.seen.count("svg") == 2
    assert "polyline" not in empty.seen
    history = tuple(Point(step / 10, 2 - step / 10, step / 20) for step in range(20))
    html = curves_html(Status("training", seed=1, history=history), 2)
    assert read(html).seen.count("polyline") == 2
    assert "0.100" in read(html).text


@pytest.mark.parametrize("num", [1, 2, 159, 160, 161, 1000])
def test_a_curve_is_thinned_and_ends_at_its_last_point(num: int) -> None:
    points = [(step / num, 1.0) for step in range(num)]
    svg = curves.curve(points, title="Loss", epochs=1, low=0, high=2)
    drawn = re.search('points="([^"]+)"', svg)[1].split()
    assert len(drawn) <= 322
    tip = re.search('cx="([^"]+)" cy="([^"]+)"', svg)
    assert drawn[-1] == f"{tip[1]},{tip[2]}"


def test_values_off_the_axis_stay_in_the_picture() -> None:
    svg = curves.curve([(0, -5), (3, 99)], title="Loss", epochs=2, low=0, high=1)
    points = [pair.split(",") for pair in re.search('points="([^"]+)"', svg)[1].split()]
    assert all(0 <= float(x) <= curves.WIDTH and 0 <= float(y) <= curves.HEIGHT for x, y in points)
    with pytest.raises(ValueError, match="above low"):
        curves.curve([], title="Loss", epochs=1, low=1, high=1)


@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        (15, 19, "The new one gets 4 more digits right."),
        (19, 15, "The old one gets 4 more digits right."),
        (15, 15, "They get equally many right."),
        (14, 15, "1 more digit right. So small a difference may be chance."),
    ],
)
def test_old_and_new_are_compared(old: int, new: int, verdict: str) -> None:
    assert verdict in progress.verdict(report(old), report(new))


def test_the_two_models_stand_side_by_side() -> None:
    old = small(0, evaluation=report(15).to_dict())
    new = small(1, evaluation=report(19).to_dict())
    text = read(progress.offer_html(Offer(old, new, "trained"))).text
    assert "75.00 %" in text
    assert "95.00 %" in text
    assert "5 of 20 wrong" in text


def hidden(widget: object) -> bool:
    return "dr-unseen" in widget._dom_classes


def test_the_choice_and_the_way_to_forget(models: ModelInUse) -> None:
    view = retrain(Training(models), models)
    assert hidden(view.choice)
    assert hidden(view.forget)
    assert hidden(view.cancel)
    models.offer(small(1), "trained")
    assert not hidden(view.choice)
    assert hidden(view.forget)
    view.back.click()
    assert hidden(view.choice)
    assert models.network.weights["dense/bias"].argmax() == 0
    models.offer(small(1), "trained")
    view.keep.click()
    assert hidden(view.choice)
    assert models.network.weights["dense/bias"].argmax() == 1
    assert not hidden(view.forget)
    view.forget.click()
    assert hidden(view.forget)
    assert "Deleting the other model" in view.note.value  # there is no browser that would say so


def test_the_curves_are_painted_at_most_five_times_a_second(models: ModelInUse) -> None:
    now = [0.0]
    training = Training(models)
    training.running = True
    view = retrain(training, models, clock=lambda: now[0])
    painted = []
    view.curves.observe(lambda _change: painted.append(now[0]), "value")
    history: tuple[Point, ...] = ()
    for step in range(100):
        now[0] += 0.02
        history = (*history, Point(step / 100, 1.0, 0.5))
        training.status = Status("training", seed=1, history=history)
    assert 5 <= len(painted) <= 11
    training.running = False
    assert view.curves.value == curves_html(training.status, training.recipe.epochs)


def test_cancel_is_there_while_it_trains_and_cancels(
    models: ModelInUse, monkeypatch: pytest.MonkeyPatch
) -> None:
    training, cancelled = Training(models), []
    monkeypatch.setattr(training, "cancel", lambda: cancelled.append(True))
    view = retrain(training, models)
    assert hidden(view.cancel)
    training.running = True
    assert not hidden(view.cancel)
    view.cancel.click()
    assert cancelled == [True]
    training.running = False
    assert hidden(view.cancel)


def test_the_beginning_and_the_end_of_a_training_are_announced(models: ModelInUse) -> None:
    training = Training(models)
    view = retrain(training, models)
    assert view.announcement.value == ""
    training.running = True
    assert view.announcement.value == "The training has started."
    training.running = False
    assert view.announcement.value == progress.DONE
    training.running = True
    training.sentence = "It broke."
    training.running = False
    assert view.announcement.value == "It broke."


# How good it is, what it learnt from, how it was built


def test_samples_come_from_their_class_and_others_when_asked() -> None:
    view = SampleView(GUARD)
    assert "<img" not in view.picture.value
    view.show()
    first = view.picture.value
    assert read(first).seen.count("img") == 1
    view.others.click()
    assert view.picture.value != first
    np.testing.assert_array_equal(samples.choose(5), samples.choose(5))
    part = mnist.load_part("validation")
    labels = part.labels.tolist()
    label = dict(zip((image.tobytes() for image in part.images), labels, strict=True))
    for digit, row in enumerate(samples.choose(5)):
        assert {label[image.tobytes()] for image in row} == {digit}


def test_rows_of_digits_are_labelled_where_a_row_is_a_class() -> None:
    labels = [f"<span>{digit}</span>" for digit in range(10)]
    assert all(label in samples.samples_html(None) for label in labels)
    assert not any(label in samples.samples_html(None, 7) for label in labels)


def test_one_digit_may_be_chosen_and_many_of_it_seen() -> None:
    view = SampleView(GUARD)
    view.show()
    everything = view.picture.value
    view.digit.value = 7
    sevens = view.picture.value
    assert "120 handwritten examples of the digit 7" in sevens
    view.others.click()
    assert view.picture.value != sevens
    assert "of the digit 7" in view.picture.value
    view.digit.value = None
    assert view.picture.value != everything
    assert "each digit" in view.picture.value


@pytest.mark.parametrize("digit", range(10))
def test_a_chosen_digit_is_the_only_one(digit: int) -> None:
    part = mnist.load_part("validation")
    known = {image.tobytes() for image in part.images[part.labels == digit]}
    chosen = samples.choose(3, digit).reshape(-1, 28, 28)
    assert len({image.tobytes() for image in chosen}) == 120
    assert {image.tobytes() for image in chosen} <= known


def test_an_atlas_holds_every_image_and_clear_gaps() -> None:
    rows = np.arange(2 * 3 * 4 * 4, dtype=np.uint8).reshape(2, 3, 4, 4)
    page = pictures.atlas(rows)
    assert page.shape == (12, 18, 2)
    np.testing.assert_array_equal(page[7:11, 13:17, 0], rows[1, 2])
    assert page[..., 1].sum() == 255 * rows.size


def test_the_layers_are_drawn_with_shape_and_number() -> None:
    network = small()
    text = read(built.layers_html(network.layers)).text
    for layer in network.layers:
        assert "×".join(map(str, layer.output_shape)) in text
        if layer.num_parameters:
            assert f"{layer.num_parameters:,} numbers learnt" in text


def test_the_figures_of_the_training_come_from_the_metadata() -> None:
    network = small(
        recipe="quick", seed=12345, seconds=75.2, evaluation=report(19).to_dict(),
        recipe_settings={"num_images": 5500, "epochs": 10},
    )  # fmt: skip
    text = read(built.built_html(network)).text
    for words in ("seed 12345", "5,500 digits of MNIST, ten times each", "1 min 20 s", "95.00 %"):
        assert words in text
    assert "Nothing is known" in built.training_text(small())


@pytest.mark.parametrize(
    "show",
    [
        built.built_html,
        lambda network: progress.offer_html(Offer(network, network, "opened")),
    ],
)
def test_nothing_out_of_a_file_becomes_html(show: Callable[..., str]) -> None:
    hostile = small(
        recipe=HOSTILE, seed=HOSTILE, seconds=HOSTILE, created=HOSTILE,
        recipe_settings={"num_drawings": HOSTILE, "num_images": HOSTILE, "epochs": HOSTILE},
        evaluation={"samples": HOSTILE},
    )  # fmt: skip
    assert "script" not in read(show(hostile)).seen


def test_a_sentence_about_an_error_becomes_no_html(models: ModelInUse) -> None:
    training = Training(models)
    view = retrain(training, models)
    training.status = Status("failed", seed=1)
    training.sentence = HOSTILE
    assert "script" not in read(view.progress.value).seen
    models.note = HOSTILE
    assert "script" not in read(view.note.value).seen


def test_the_header_leads_to_the_live_page() -> None:
    page = read(header.header_html())
    assert page.seen.count("li") == 3
    assert page.seen.count("h1") == 1
    assert 'href="02_inside_a_cnn.ipynb"' in header.header_html()


# Errors


def test_an_error_in_a_callback_is_said_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def broken(_button: object) -> None:
        raise ZeroDivisionError("secret details")

    Guard(heard.append)(broken, "drawing")("button")
    (sentence,) = heard
    assert "Something went wrong while drawing" in sentence
    assert "secret" not in sentence
    assert "secret details" in caplog.text

    def known() -> None:
        raise FileError("the disk is full")

    Guard(heard.append)(known, "keeping")()
    assert heard[1] == "The disk is full."
