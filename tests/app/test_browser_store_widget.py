"""The views of what the visitor's browser stores, without a browser."""

from pathlib import Path
from typing import Any

import pytest

from digitrec.app.browser_store.store import MAX_MODEL_BYTES, BrowserStore, Change, StoredModel
from digitrec.app.browser_store.widget import StoreWidget
from digitrec.app.digits.correcting import CorrectingView
from digitrec.app.digits.corrections import Corrections
from digitrec.app.digits.lesson import Lesson, Outcome
from digitrec.app.digits.your_digits import YourDigitsView, digits_html, outcome_html
from digitrec.app.model.file import OwnModelView
from digitrec.app.model.in_use import ModelInUse
from digitrec.app.pad.pad import Pad
from digitrec.app.page.exchange import Exchange
from digitrec.app.page.guard import Guard
from digitrec.app.training.run import Training
from digitrec.jobs import Status
from digitrec.network import Network
from tests.app.test_digits_corrections import ONE, PICTURE, SEVEN
from tests.app.test_pad import draw
from tests.app.test_views import GUARD, read
from tests.stand_ins import small


class Wire:
    """Holds the messages that a widget sends."""

    def __init__(self, widget: Any) -> None:
        self.sent: list[tuple[Any, Any]] = []
        widget.send = lambda content, buffers=None: self.sent.append((content, buffers))


def test_the_model_travels_as_bytes_and_the_digits_as_text() -> None:
    store = BrowserStore()
    keep = StoreWidget(store, GUARD)
    wire = Wire(keep)
    store.attach(keep.send)
    done: list[bool] = []
    model = StoredModel(b"abc", "2026-05-03", "trained")
    store.change([Change("model", "model", model), Change("digits", "a1", "{}")], done.append)
    ((content, buffers),) = wire.sent
    assert buffers == [b"abc"]
    assert content["changes"] == [
        {"kind": "model", "key": "model", "buffer": 0, "day": "2026-05-03", "how": "trained"},
        {"kind": "digits", "key": "a1", "text": "{}"},
    ]
    keep._handle_custom_msg({"event": "changed", "number": content["number"]}, [])
    assert done == [True]
    keep.look()
    assert wire.sent[-1][0] == {"do": "tell"}


def test_an_error_while_listening_to_the_browser_is_said() -> None:
    said: list[str] = []
    store = BrowserStore()
    store.on_found(lambda _found: 1 / 0)
    StoreWidget(store, Guard(said.append))._handle_custom_msg({"event": "found"}, [])
    assert "looking at what this browser stores" in said[0]


# It was a …


@pytest.fixture
def pad() -> Pad:
    return Pad(small(3))


def press(view: Any, **content: Any) -> None:
    view._handle_custom_msg(content, [])


def test_the_drawing_on_the_pad_is_corrected_and_taken_back(pad: Pad) -> None:
    corrections = Corrections()
    view = CorrectingView(pad, corrections, GUARD)
    assert not view.ready
    press(view, event="label", digit=4)  # there is nothing on the pad
    assert corrections.digits == ()
    draw(pad, [list(ONE[0])])
    assert view.ready
    press(view, event="label", digit=4)
    assert (view.label, view.said, view.undoable) == (4, "Thank you: noted as a 4.", True)
    press(view, event="undo")
    assert (view.label, view.undoable) == (None, False)
    assert corrections.digits == ()


@pytest.mark.parametrize("digit", [0, 9])
def test_every_digit_may_be_said(pad: Pad, digit: int) -> None:
    corrections = Corrections()
    view = CorrectingView(pad, corrections, GUARD)
    draw(pad, [list(ONE[0])])
    press(view, event="label", digit=digit)
    assert (view.label, len(corrections.digits)) == (digit, 1)


@pytest.mark.parametrize(
    "content",
    [None, 7, {}, *({"event": "label", "digit": digit} for digit in (None, 10, -1, True, "4"))],
)
def test_a_message_that_is_none_is_passed_over(pad: Pad, content: Any) -> None:
    corrections = Corrections()
    view = CorrectingView(pad, corrections, GUARD)
    draw(pad, [list(ONE[0])])
    view._handle_custom_msg(content, [])
    assert corrections.digits == ()


def test_the_thanks_go_with_the_drawing_and_stay_with_another_network(pad: Pad) -> None:
    corrections = Corrections()
    view = CorrectingView(pad, corrections, GUARD)
    draw(pad, [list(ONE[0])])
    press(view, event="label", digit=4)
    pad.network = small(5)
    assert view.said == "Thank you: noted as a 4."
    pad.clear()
    assert (view.ready, view.label, view.said) == (False, None, "")
    draw(pad, [list(ONE[0])])
    assert view.label == 4  # the same drawing once more


# Files


def test_a_file_comes_in_and_one_goes_out_to_who_asked() -> None:
    came: list[tuple[bytes, str]] = []
    exchange = Exchange(
        GUARD, on_open=lambda content, name: came.append((content, name)), give=lambda: b"out",
        max_bytes=4,
    )  # fmt: skip
    wire = Wire(exchange)
    press(exchange, event="download", ticket="mine")
    assert wire.sent == [({"do": "save", "ticket": "mine"}, [b"out"])]
    exchange._handle_custom_msg({"event": "open", "name": "a.b"}, [memoryview(b"in")])
    exchange._handle_custom_msg({"event": "open", "name": 7}, [b"in"])
    exchange._handle_custom_msg({"event": "open", "name": "x" * 999}, [b"in"])
    assert [name for _, name in came] == ["a.b", "the file", "x" * 80]
    for buffers in ([], [b"a", b"b"], [b"large"]):
        exchange._handle_custom_msg({"event": "open", "name": "a"}, buffers)
    assert len(came) == 3


def test_a_model_is_opened_and_downloaded() -> None:
    models = ModelInUse(load_bundled=lambda: small(0))
    widget = OwnModelView(models, GUARD).widget
    wire = Wire(widget)
    widget._handle_custom_msg({"event": "open", "name": "mine"}, [small(4).to_bytes()])
    assert widget.said == "mine is open. Choose under Retrain which one should answer."
    assert models.offered is not None
    models.keep()
    press(widget, event="download", ticket="t")
    (content,) = wire.sent[0][1]
    assert (
        Network.from_bytes(content).weights["dense/bias"] == models.network.weights["dense/bias"]
    ).all()
    assert widget.max_bytes == MAX_MODEL_BYTES
    widget._handle_custom_msg({"event": "open", "name": "no"}, [b"no model"])
    assert widget.said.startswith("no could not be opened: a network file was expected")


# Your digits


class Section:
    def __init__(self) -> None:
        self.models = ModelInUse(load_bundled=lambda: small(0))
        self.training = Training(self.models, make_lesson=self.make)
        self.corrections = Corrections()
        self.lesson = Lesson(self.corrections, self.training, self.models)
        self.view = YourDigitsView(self.corrections, self.lesson, self.training, self.models, GUARD)
        self.now = Status("training", seed=0)
        self.out: Path | None = None

    def make(self, _network: object, _images: object, _labels: object, out: Path) -> Any:
        self.out = out
        return self

    def start(self) -> None:
        pass

    def cancel(self) -> None:
        self.now = Status("cancelled", seed=0, message="The learning was cancelled.")

    def status(self) -> Status:
        return self.now

    def end(self, after: float) -> None:
        assert self.out is not None
        adapted = {"validation_before": 0.99, "validation_after": after}
        small(7, adapted=adapted).save(self.out)
        self.now = Status("done", seed=0)
        self.training.poll()


def unseen(widget: Any) -> bool:
    return "dr-unseen" in widget._dom_classes


def test_the_count_and_what_can_be_done() -> None:
    section = Section()
    view = section.view
    assert "None yet." in read(view.text.value).text
    assert (view.learn.disabled, view.forget.disabled) == (True, True)
    assert not view.exchange.downloadable
    section.corrections.note(1, (), PICTURE)
    assert not view.exchange.downloadable  # a picture has no ink
    section.corrections.note(7, SEVEN)
    assert "Two digits that you corrected" in read(view.text.value).text
    assert "no ink" in read(view.text.value).text
    assert (view.learn.disabled, view.forget.disabled) == (False, False)
    assert view.exchange.downloadable
    view.forget.click()
    assert "None yet." in read(view.text.value).text


def test_the_newest_are_shown_with_their_labels() -> None:
    corrections = Corrections()
    for x in range(30):
        corrections.note(x % 10, [[(10, 10), (x + 20, 200)]])
    shown = read(digits_html(corrections.digits))
    assert shown.seen.count("img") == 20
    assert shown.text.endswith("98765432109876543210")
    one = read(digits_html(corrections.digits[:1], "<b>")).text
    assert "One digit that you corrected" in one
    assert "<b>" in one


def test_learning_through_to_a_model_that_is_offered() -> None:
    section = Section()
    view = section.view
    section.corrections.note(7, SEVEN)
    section.corrections.note(1, ONE)
    view.learn.click()
    assert view.learn.disabled
    assert "Learning your digits" in view.outcome.value
    section.end(after=0.98)
    said = read(view.outcome.value).text
    assert "0 of your 2 digits before, 1 after." in said
    assert "99.00 % right before, 98.00 % after" in said
    assert "Choose under Retrain" in said
    assert not view.learn.disabled
    assert not section.models.own
    section.models.keep()
    assert "Choose" not in read(view.outcome.value).text


def test_a_lesson_that_was_cancelled_leaves_no_figures() -> None:
    section = Section()
    section.corrections.note(7, SEVEN)
    section.view.learn.click()
    section.training.cancel()
    assert "before" not in section.view.outcome.value
    assert "Learning" not in section.view.outcome.value


def test_what_was_not_measured_is_not_told() -> None:
    said = outcome_html(Outcome(1, 0, 1), busy=False, offered=True)
    assert "0 of your digit before, 1 after. It was not measured on MNIST." in read(said).text


def test_a_file_of_digits_is_loaded_or_refused_in_words() -> None:
    section = Section()
    exchange = section.view.exchange
    other = Corrections()
    other.note(1, ONE)
    exchange._handle_custom_msg({"event": "open", "name": "my.jsonl"}, [other.to_bytes()])
    assert exchange.said == "One loaded."
    exchange._handle_custom_msg({"event": "open", "name": "my.jsonl"}, [b"\xff"])
    assert exchange.said.startswith("My.jsonl, line 1: a JSON object was expected")
    assert exchange.said.endswith("Nothing was loaded.")
    assert len(section.corrections.digits) == 1
