"""The visitor's digits: noted, taken back, kept, found, saved, loaded, learnt from."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitrec import ink
from digitrec.app.browser_store.store import BrowserStore
from digitrec.app.digits import corrections as module
from digitrec.app.digits.corrections import FULL, NOT_STORED, Corrections, Digit
from digitrec.app.digits.lesson import Lesson, Outcome
from digitrec.app.model.in_use import ModelInUse
from digitrec.app.training.run import Training
from digitrec.errors import FileError, InkError
from digitrec.jobs import Status
from tests.app.test_browser_store import Browser
from tests.stand_ins import small

ONE = (((150.0, 50.0), (150.0, 250.0)),)
SEVEN = (((80.0, 80.0), (220.0, 80.0), (150.0, 250.0)),)
PICTURE = np.zeros((28, 28), np.float32)
PICTURE[4:24, 12:16] = 1


def visit(browser: Browser) -> Corrections:
    store = BrowserStore()
    corrections = Corrections(store)
    browser.attach(store)
    browser.look()
    return corrections


@pytest.fixture
def browser() -> Browser:
    return Browser()


def labels(corrections: Corrections) -> list[int]:
    return [int(label) for label in corrections.labels]


def test_a_correction_is_thanked_for_and_found_again(browser: Browser) -> None:
    corrections = visit(browser)
    corrections.note(1, ONE)
    assert corrections.said == "Thank you: noted as a 1."
    corrections.note(8, SEVEN)
    assert corrections.said == "Thank you: noted as an 8."
    again = visit(browser)
    assert sorted(labels(again)) == [1, 8]
    assert again.images.shape == (2, 28, 28)
    expected = ink.image(ONE)
    assert any(np.array_equal(image, expected) for image in again.images)


def test_the_same_drawing_corrected_twice_has_the_last_label(browser: Browser) -> None:
    corrections = visit(browser)
    corrections.note(1, ONE)
    corrections.note(7, ONE)
    assert labels(corrections) == [7]
    assert labels(visit(browser)) == [7]


def test_the_last_word_can_be_taken_back(browser: Browser) -> None:
    corrections = visit(browser)
    corrections.note(1, ONE)
    corrections.note(7, ONE)
    assert corrections.undoable
    corrections.undo()
    assert labels(corrections) == labels(visit(browser)) == [1]
    assert (corrections.label, corrections.undoable, corrections.said) == (1, False, "Taken back.")
    browser.attach(corrections._store)
    corrections.undo()  # there is no older one
    assert labels(corrections) == [1]

    corrections.note(7, SEVEN)
    corrections.undo()
    assert labels(corrections) == [1]
    assert corrections.label is None
    assert len(browser.digits) == 1


def test_a_drawing_that_was_corrected_before_is_known(browser: Browser) -> None:
    corrections = visit(browser)
    corrections.look_at(ONE)
    corrections.note(4, ONE)
    corrections.look_at(SEVEN)
    assert (corrections.label, corrections.said, corrections.undoable) == (None, "", False)
    corrections.look_at(ONE)
    assert corrections.label == 4
    corrections.look_at(())
    assert corrections.label is None


def test_a_picture_is_noted_without_ink(browser: Browser) -> None:
    corrections = visit(browser)
    corrections.note(1, (), PICTURE)
    corrections.note(7, SEVEN)
    again = visit(browser)
    assert sorted(labels(again)) == [1, 7]
    (picture,) = [digit for digit in again.digits if digit.is_picture]
    assert np.array_equal(picture.image, PICTURE)
    assert again.to_bytes().count(b"\n") == 1
    again.look_at((), PICTURE)
    assert again.label == 1


def test_forgetting_empties_page_and_browser(browser: Browser) -> None:
    corrections = visit(browser)
    corrections.note(1, ONE)
    corrections.forget()
    assert corrections.digits == ()
    assert browser.digits == {}
    assert corrections.images.shape == (0, 28, 28)


def test_two_tabs_add_up(browser: Browser) -> None:
    first, second = visit(browser), visit(browser)
    second.note(7, SEVEN)
    browser.attach(first._store)
    first.note(1, ONE)
    assert sorted(labels(visit(browser))) == [1, 7]


def test_a_browser_that_is_full_is_said_and_the_digit_stays(browser: Browser) -> None:
    corrections = visit(browser)
    browser.full = True
    corrections.note(1, ONE)
    assert corrections.trouble == NOT_STORED
    assert labels(corrections) == [1]
    browser.full = False
    corrections.note(7, SEVEN)
    assert corrections.trouble == ""


def test_more_than_there_is_room_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_DIGITS", 1)
    corrections = Corrections()
    corrections.note(1, ONE)
    corrections.note(7, SEVEN)
    assert corrections.said == FULL
    assert labels(corrections) == [1]
    corrections.note(7, ONE)  # another word on it needs no room
    assert labels(corrections) == [7]
    content = b"".join(
        json.dumps({"label": "1", "strokes": [[[0, 0], [x, 9]]]}).encode() + b"\n" for x in (1, 2)
    )
    with pytest.raises(FileError, match="no room"):
        corrections.load(content)


def test_only_ink_and_a_digit_can_be_noted(browser: Browser) -> None:
    corrections = visit(browser)
    with pytest.raises(InkError, match="nothing on the pad"):
        corrections.note(1, ())
    with pytest.raises(ValueError, match=r"from 0 to 9 was expected\. Received: 10"):
        corrections.note(10, ONE)
    assert labels(corrections) == []


def test_a_page_that_comes_again_brings_nothing_new(browser: Browser) -> None:
    corrections = visit(browser)
    corrections.note(1, ONE)
    browser.look()
    assert labels(corrections) == [1]
    assert corrections.trouble == ""


def test_of_more_than_there_is_room_for_in_a_browser_nothing_is_taken(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    corrections = visit(browser)
    corrections.note(1, ONE)
    corrections.note(7, SEVEN)
    monkeypatch.setattr(module, "MAX_DIGITS", 1)
    late = visit(browser)
    assert labels(late) == []
    assert late.trouble.startswith("Two of your digits in this browser could not be read")


# Saving and loading


def test_what_is_downloaded_is_an_ink_file(tmp_path: Path) -> None:
    corrections = Corrections()
    corrections.note(1, ONE)
    corrections.note(7, SEVEN)
    path = tmp_path / "my_digits.jsonl"
    path.write_bytes(corrections.to_bytes())
    samples = ink.read(path)
    assert [sample.label for sample in samples] == ["1", "7"]
    assert [stroke.tolist() for stroke in samples[0].strokes] == [list(map(list, ONE[0]))]


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
def test_a_file_brings_them_back_and_nothing_twice(browser: Browser, pack: Any) -> None:
    corrections = Corrections()
    corrections.note(1, ONE)
    corrections.note(7, SEVEN)
    content = pack(corrections.to_bytes())
    other = visit(browser)
    other.note(7, SEVEN)
    assert other.load(content) == "Two loaded."
    assert sorted(labels(other)) == [1, 7]
    assert sorted(labels(visit(browser))) == [1, 7]


def test_other_peoples_ink_is_read_and_what_has_no_label_is_left_out() -> None:
    lines = [
        {"label": 3, "strokes": [[[0, 0], [1, 1]]], "writer": "w1"},
        {"label": "x", "strokes": [[[0, 0], [2, 2]]]},
        {"strokes": [[[0, 0], [3, 3]]]},
        {"label": "4", "strokes": [[]]},
    ]
    corrections = Corrections()
    content = "\n".join(json.dumps(line) for line in lines).encode()
    assert corrections.load(content).startswith("One loaded. 3 without")
    assert labels(corrections) == [3]


BOMB = gzip.compress(b" " * 10_000_000)
STRANGE = {
    "empty": b"",
    "noise": b"\xff\xfe" * 100,
    "no ink": b'{"label": "1"}',
    "no label": b'{"strokes": [[[1, 2]]]}',
    "not a number": b'{"label": "1", "strokes": [[[1, NaN]]]}',
    "endless": b'{"label": "1", "strokes": [[[1, 1e999]]]}',
    "deep": b"[" * 100_000,
    "damaged": gzip.compress(b"{}")[:-4],
    "bomb": BOMB,
    "huge": b" " * (module.MAX_LOAD_BYTES + 1),
    "one huge drawing": json.dumps(
        {"label": "1", "strokes": [[[x % 300 + 0.25, 1] for x in range(30_000)]]}
    ).encode(),
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_a_file_that_is_none_is_refused_and_changes_nothing(content: bytes) -> None:
    corrections = Corrections()
    corrections.note(1, ONE)
    with pytest.raises(FileError):
        corrections.load(content, "my file")
    assert labels(corrections) == [1]


# What comes from a browser is a stranger's


def found(line: object) -> Corrections:
    store = BrowserStore()
    corrections = Corrections(store)
    text = line if isinstance(line, str) else json.dumps(line)
    store.hear({"event": "found", "digits": [["a1", text], ["b2", GOOD]]}, [])
    return corrections


GOOD = Digit.of_ink(ONE, 1).line
SMALL = base64.b64encode(bytes(783)).decode()


@pytest.mark.parametrize(
    "line",
    [
        "", "no JSON", "[]", "7", "null", "[" * 10_000, '{"label": "1"}',
        {"label": 1, "strokes": [[[1, 2]]]}, {"label": "10", "strokes": [[[1, 2]]]},
        {"label": ["1"], "strokes": [[[1, 2]]]}, {"label": {}, "strokes": [[[1, 2]]]},
        {"label": "1", "strokes": []}, {"label": "1", "strokes": "x"},
        '{"label": "1", "strokes": [[[1, NaN]]]}', '{"label": "1", "strokes": [[[1, 1e300]]]}',
        {"label": "1", "image": SMALL}, {"label": "1", "image": "?"}, {"label": "1", "image": 7},
        '{"label": "1", "strokes": [[[1, 2]]]}\n{"label": "2", "strokes": [[[1, 2]]]}',
    ],
)  # fmt: skip
def test_a_strange_digit_is_left_out_and_said(line: object) -> None:
    corrections = found(line)
    assert labels(corrections) == [1]
    assert corrections.trouble == (
        "One of your digits in this browser could not be read and was left out."
    )


@settings(max_examples=80)
@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda b: b.decode("latin-1")), st.data())
def test_changed_lines_are_a_digit_or_left_out(noise: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(GOOD)))
    end = data.draw(st.integers(start, len(GOOD)))
    corrections = found(GOOD[:start] + noise + GOOD[end:])
    assert len(corrections.digits) + bool(corrections.trouble) == 2
    assert np.isfinite(corrections.images).all()


@settings(max_examples=80)
@given(st.binary(max_size=200) | st.binary(max_size=100).map(gzip.compress))
def test_any_bytes_are_ink_or_the_documented_error(content: bytes) -> None:
    corrections = Corrections()
    try:
        corrections.load(content)
    except FileError:
        assert corrections.digits == ()


# Learning from them


class ToldLesson:
    """A job that is over when it is told, with the network it is told."""

    def __init__(self, out: Path) -> None:
        self.out = out
        self.now = Status("queued", seed=0)

    def start(self) -> None:
        pass

    def cancel(self) -> None:
        self.now = Status("cancelled", seed=0, message="The learning was cancelled.")

    def status(self) -> Status:
        return self.now


class Bench:
    """A model that says 0 to everything, two digits, and a lesson that ends as it is told."""

    def __init__(self) -> None:
        self.lessons: list[ToldLesson] = []
        self.models = ModelInUse(load_bundled=lambda: small(0))
        self.training = Training(self.models, make_lesson=self.make)
        self.corrections = Corrections()
        self.lesson = Lesson(self.corrections, self.training, self.models)

    def make(self, _network: object, images: Any, digits: Any, out: Path) -> ToldLesson:
        assert images.shape == (2, 28, 28)
        assert sorted(digits.tolist()) == [1, 7]
        self.lessons.append(ToldLesson(out))
        return self.lessons[-1]

    def learn(self, after: float) -> None:
        self.corrections.note(1, ONE)
        self.corrections.note(7, SEVEN)
        self.lesson.start()
        adapted = {"validation_before": 0.99, "validation_after": after}
        small(7, adapted=adapted).save(self.lessons[-1].out)
        self.lessons[-1].now = Status("done", seed=0)
        self.training.poll()


def test_before_and_after_of_a_lesson() -> None:
    bench = Bench()
    bench.learn(after=0.98)
    assert bench.lesson.outcome == Outcome(2, 0, 1, 0.99, 0.98)
    assert not bench.models.own
    bench.models.keep()
    assert bench.models.own
    assert bench.lesson.outcome == Outcome(2, 0, 1, 0.99, 0.98)


def test_an_offer_of_the_lesson_before_is_no_outcome_of_this_one() -> None:
    bench = Bench()
    bench.learn(after=0.99)
    bench.lesson.start()
    bench.models.forget()  # so that what is still offered is beside another model
    assert bench.models.offered is not None
    assert bench.lesson.outcome is None
    bench.learn(after=0.98)
    assert bench.lesson.outcome == Outcome(2, 0, 1, 0.99, 0.98)


def test_a_lesson_that_is_cancelled_has_no_outcome() -> None:
    bench = Bench()
    bench.learn(after=0.99)
    bench.lesson.start()
    assert bench.lesson.outcome is None
    bench.training.cancel()
    assert bench.lesson.outcome is None
    bench.models.open(small(3, adapted={}).to_bytes())  # somebody's, and not of this lesson
    assert bench.lesson.outcome is None


def test_without_digits_there_is_nothing_to_learn() -> None:
    bench = Bench()
    bench.lesson.start()
    assert bench.lessons == []
    assert not bench.training.running
