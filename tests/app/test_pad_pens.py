"""Batches from pages: each taken once and in order, and nothing in them believed."""

import io
import math
from typing import Any

import numpy as np
import PIL.Image
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitrec.app.pad import pens as pen
from digitrec.app.pad.pad import LARGE_PICTURE, MAX_POINTS, NO_INK, NO_PICTURE, SIZE, Pad
from digitrec.app.pad.pens import MAX_PENS, Pens
from tests.stand_ins import small

NETWORK = small()


class Page:
    """A page with one pen: sends batches and keeps what it is told."""

    def __init__(self, pad: Pad, pens: Pens | None = None, name: str = "page") -> None:
        self.pad = pad
        self.name = name
        self.number = 0
        self.heard: list[dict[str, Any]] = []
        self.pens = Pens(pad, self.heard.append) if pens is None else pens

    def send(self, *actions: Any, number: int | None = None, buffers: Any = ()) -> None:
        self.number = self.number + 1 if number is None else number
        self.pens.take({"pen": self.name, "number": self.number, "do": list(actions)}, buffers)

    @property
    def taken(self) -> int:
        return max(message["taken"].get(self.name, 0) for message in self.heard)

    @property
    def kept(self) -> Any:
        return [message["ink"] for message in self.heard if "ink" in message][-1]


@pytest.fixture
def page() -> Page:
    return Page(Pad(NETWORK, clock=lambda: 0.0))


def picture(colour: int = 0) -> bytes:
    array = np.full((60, 40), 255, np.uint8)
    array[10:50, 18:23] = colour
    file = io.BytesIO()
    PIL.Image.fromarray(array).save(file, "PNG")
    return file.getvalue()


def test_a_stroke_comes_in_pieces(page: Page) -> None:
    page.send(["down", [[10, 10], [11, 11]]])
    page.send(["move", [[20, 20], [30, 30]]])
    assert page.pad.drawing
    page.send(["move", [[40, 40]]], ["up"], ["down", [[5, 5]]], ["up"])
    assert page.pad.strokes == (
        ((10.0, 10.0), (11.0, 11.0), (20.0, 20.0), (30.0, 30.0), (40.0, 40.0)),
        ((5.0, 5.0),),
    )
    assert not page.pad.drawing
    assert page.taken == 3


def test_what_comes_twice_is_taken_once(page: Page) -> None:
    page.send(["down", [[10, 10]]])
    page.send(["up"], ["down", [[20, 20]]], ["up"])
    before = page.pad.strokes
    page.send(["up"], ["down", [[20, 20]]], ["up"], number=2)
    page.send(["down", [[10, 10]]], number=1)
    assert page.pad.strokes == before
    assert page.heard[-1]["taken"] == {"page": 2}


def test_what_comes_before_its_turn_waits_to_come_again(page: Page) -> None:
    page.send(["down", [[10, 10]]])
    page.send(["move", [[30, 30]]], number=3)
    assert page.heard[-1]["taken"] == {"page": 1}
    page.send(["move", [[20, 20]]], number=2)
    page.send(["move", [[30, 30]]], number=3)
    assert page.pad.strokes == (((10.0, 10.0), (20.0, 20.0), (30.0, 30.0)),)


@given(st.lists(st.integers(1, 12), max_size=60))
def test_whatever_is_lost_or_repeated_every_point_is_there_once(order: list[int]) -> None:
    page = Page(Pad(NETWORK, clock=lambda: 0.0))
    batches = {1: ["down", [[1, 1]]]} | {at: ["move", [[at, at]]] for at in range(2, 13)}
    for number in [*order, *range(1, 13)]:
        page.send(batches[number], number=number)
    assert page.pad.strokes == (tuple((float(at), float(at)) for at in range(1, 13)),)


def test_each_page_has_numbers_of_its_own(page: Page) -> None:
    other = Page(page.pad, page.pens, "other")
    page.send(["down", [[10, 10]]], ["up"])
    other.send(["down", [[20, 20]]], ["up"])
    assert len(page.pad.strokes) == 2
    for number in range(2 * MAX_PENS):
        Page(page.pad, page.pens, f"{number}").send()
    assert len(page.pens._taken) == MAX_PENS


def test_all_ink_is_told_when_the_pen_is_up(page: Page) -> None:
    page.send(["down", [[10, 10]]])
    assert "ink" not in page.heard[-1]
    page.send(["move", [[20, 20]]], ["up"])
    assert page.kept == [[(10.0, 10.0), (20.0, 20.0)]]
    page.send(["predict"])
    assert "ink" not in page.heard[-1]
    page.send(["undo"])
    assert page.kept == []


def test_a_page_that_draws_on_a_full_pad_is_told_what_is_there(page: Page) -> None:
    """It takes its stroke to go on, and would keep all of it over a reload."""
    page.send(["down", [[at % SIZE, at // SIZE] for at in range(MAX_POINTS)]], ["move", [[1, 1]]])
    assert not page.pad.drawing
    del page.heard[:]
    page.send(["move", [[50, 50]]])
    assert "ink" not in page.heard[-1]
    page.send(["move", [[60, 60]]], ["up"])
    assert page.heard[-1]["taken"] == {"page": 3}
    assert sum(map(len, page.kept)) == MAX_POINTS


def test_ink_that_a_button_took_away_is_told_too(page: Page) -> None:
    page.pad.observe(page.pens.look, ["strokes", "picture", "drawing"])
    page.send(["down", [[10, 10]]], ["up"])
    num = len(page.heard)
    page.pad.clear()
    assert page.heard[num:] == [{"taken": {"page": 1}, "ink": [], "picture": None}]


def test_what_a_page_knows_is_not_told_again(page: Page) -> None:
    page.send(["down", [[10, 10]]], ["up"])
    num = len(page.heard)
    page.pens.look()
    assert len(page.heard) == num


@pytest.mark.parametrize("name", ["undo", "redo", "clear", "predict"])
def test_keys_do_what_the_buttons_do(page: Page, name: str) -> None:
    other = Pad(NETWORK, clock=lambda: 0.0)
    for pad in (page.pad, other):
        for x in (10, 100, 200):
            pad.begin(x, 10)
            pad.end()
        pad.undo()
    page.send([name])
    getattr(other, name)()
    assert page.pad.strokes == other.strokes
    assert page.pad.notice == other.notice


def test_a_page_that_comes_back_brings_its_ink(page: Page) -> None:
    page.send(["hello", [[[10, 10], [20, 20]]], None])
    assert page.pad.strokes == (((10.0, 10.0), (20.0, 20.0)),)
    assert page.pad.answer is not None
    assert page.kept == [[(10.0, 10.0), (20.0, 20.0)]]


def test_a_second_page_sees_the_ink_and_does_not_change_it(page: Page) -> None:
    page.send(["down", [[10, 10]]], ["up"])
    page.heard.clear()
    Page(page.pad, page.pens, "second").send(["hello", [[[99, 99]]], None])
    assert page.pad.strokes == (((10.0, 10.0),),)
    assert page.heard == [
        {"taken": {"page": 1, "second": 1}, "ink": [[(10.0, 10.0)]], "picture": None}
    ]


def test_a_cleared_pad_stays_clear_when_a_page_comes_back(page: Page) -> None:
    page.send(["down", [[10, 10]]], ["up"], ["clear"])
    Page(page.pad, page.pens, "second").send(["hello", [[[99, 99]]], 4], buffers=[picture()])
    assert page.pad.is_empty


def test_a_picture_comes_with_the_number_that_its_page_gave_it(page: Page) -> None:
    page.send(["picture", 7], buffers=[memoryview(picture())])
    assert page.pad.picture is not None
    assert page.heard[-1] == {"taken": {"page": 1}, "ink": [], "picture": 7}
    page.send(["down", [[10, 10]]], ["up"])
    assert page.heard[-1]["picture"] is None
    page.send(["undo"])
    assert page.heard[-1]["picture"] == 7


def test_a_picture_without_a_number_is_shown_too(page: Page) -> None:
    page.send(["picture", "seven"], buffers=[picture()])
    assert page.pad.picture is not None
    assert page.heard[-1]["picture"] is None


def test_a_picture_comes_back_after_a_reload(page: Page) -> None:
    page.send(["hello", [], 7], buffers=[picture()])
    assert page.pad.picture is not None
    assert page.heard[-1]["picture"] == 7


@pytest.mark.parametrize(
    ("data", "sentence"), [(b"no picture", NO_PICTURE), (picture(255), NO_INK), (b"", NO_PICTURE)]
)
def test_what_is_no_picture_of_ink_is_said_and_the_ink_stays(
    page: Page, data: bytes, sentence: str
) -> None:
    page.send(["down", [[10, 10]]], ["up"])
    page.send(["picture", 1], buffers=[data])
    assert page.pad.notice == sentence
    assert page.pad.strokes == (((10.0, 10.0),),)


def test_a_page_says_why_it_sends_no_picture_but_not_in_words_of_its_own(page: Page) -> None:
    page.send(["refuse", "too large"])
    assert page.pad.notice == LARGE_PICTURE
    page.send(["refuse", "no picture"])
    assert page.pad.notice == NO_PICTURE
    page.send(["refuse", "<b>anything</b>"], ["refuse", ["too large"]], ["refuse"])
    assert page.pad.notice == NO_PICTURE


def test_a_batch_has_only_so_many_actions_and_the_pad_so_many_points(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pen, "MAX_ACTIONS", 100)
    page.send(*[["down", [[1, 1]]]] * 105)
    assert len(page.pad.strokes) == 100
    page.send(["clear"], ["down", [[at % SIZE, at // SIZE] for at in range(3 * MAX_POINTS)]])
    assert page.pad.num_points <= MAX_POINTS


@pytest.mark.parametrize(
    "batch",
    [
        None,
        [],
        "text",
        {},
        {"pen": "a", "number": 1},
        {"pen": 3, "number": 1, "do": [["down", [[1, 1]]]]},
        {"pen": "", "number": 1, "do": [["down", [[1, 1]]]]},
        {"pen": "a" * 1000, "number": 1, "do": [["down", [[1, 1]]]]},
        {"pen": "a", "number": True, "do": [["down", [[1, 1]]]]},
        {"pen": "a", "number": 1.0, "do": [["down", [[1, 1]]]]},
        {"pen": "a", "number": math.nan, "do": [["down", [[1, 1]]]]},
        {"pen": "a", "number": 0, "do": [["down", [[1, 1]]]]},
        {"pen": "a", "number": 10**400, "do": [["down", [[1, 1]]]]},
        {"pen": "a", "number": 1, "do": {"down": [[1, 1]]}},
        {"pen": "a", "number": 1, "do": [[], None, "down", [["down"]], ["what", [[1, 1]]]]},
        {"pen": "a", "number": 1, "do": [["down"], ["down", None], ["down", [[math.inf, 1]]]]},
        {"pen": "a", "number": 1, "do": [["down", [[10**400, 1], ["1", 1], [[1], 1]]]]},
        {"pen": "a", "number": 1, "do": [["hello"], ["picture"], ["picture", 3], ["hello", 5, 5]]},
    ],
)  # fmt: skip
def test_what_is_no_batch_changes_nothing(page: Page, batch: Any) -> None:
    page.pens.take(batch)
    assert page.pad.strokes == ()
    assert page.pad.picture is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda some: (
        st.lists(some, max_size=4) | st.dictionaries(st.text(max_size=3), some, max_size=3)
    ),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["down", "move", "up", "undo", "redo", "clear", "predict", "hello", "picture", "refuse"]
)
ACTION = st.tuples(NAMES, JSON).map(list) | st.tuples(NAMES, JSON, JSON).map(list) | JSON


@given(
    st.lists(st.lists(ACTION, max_size=4), max_size=6), st.lists(st.binary(max_size=9), max_size=2)
)
def test_no_batch_raises_or_draws_beside_the_pad(batches: Any, buffers: Any) -> None:
    page = Page(Pad(NETWORK, clock=lambda: 0.0))
    for actions in batches:
        page.send(*actions, buffers=buffers)
    assert all(0 <= x <= SIZE and 0 <= y <= SIZE for s in page.pad.strokes for x, y in s)
