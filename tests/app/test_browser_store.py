"""What goes to the browser and comes from it, with a browser that does as it is told."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitrec.app.browser_store import store as limits
from digitrec.app.browser_store.store import BrowserStore, Change, Found, StoredModel

MODEL = {"day": "2026-05-03", "how": "trained"}


class Browser:
    """A visitor's browser: two stores, and messages that wait to be let through."""

    def __init__(self) -> None:
        self.model: dict[str, Any] | None = None
        self.digits: dict[str, str] = {}
        self.full = False
        self.away = False
        self.told: list[dict[str, Any]] = []
        self.store: BrowserStore | None = None

    def attach(self, store: BrowserStore) -> None:
        self.store = store
        store.attach(self.receive)

    def receive(self, content: dict[str, Any], buffers: list[bytes]) -> None:
        if self.away:
            return
        assert self.store is not None
        content = json.loads(json.dumps(content))
        self.told.append(content)
        if content["do"] == "tell":
            self.look()
            return
        assert content["do"] == "change"
        if self.full:
            self.store.hear({"event": "failed", "number": content["number"]}, [])
            return
        for change in content["changes"]:
            self.apply(change, buffers)
        self.store.hear({"event": "changed", "number": content["number"]}, [])

    def apply(self, change: dict[str, Any], buffers: list[bytes]) -> None:
        if change["kind"] == "model":
            assert change["key"] == "model"
            self.model = None
            if "buffer" in change:
                about = {name: change[name] for name in ("day", "how")}
                self.model = {**about, "bytes": buffers[change["buffer"]]}
        elif change["key"] is None:
            self.digits.clear()
        elif "text" in change:
            self.digits[change["key"]] = change["text"]
        else:
            self.digits.pop(change["key"], None)

    def look(self) -> None:
        """Say what there is, as a page does that attaches."""
        assert self.store is not None
        stored = self.model
        about = None if stored is None else {"day": stored["day"], "how": stored["how"]}
        content = {"event": "found", "model": about, "damaged": 0}
        content["digits"] = [list(pair) for pair in self.digits.items()]
        self.store.hear(content, [] if stored is None else [memoryview(stored["bytes"])])


def finding(store: BrowserStore) -> list[Found]:
    found: list[Found] = []
    store.on_found(found.append)
    return found


def test_what_is_stored_is_found_again() -> None:
    store, browser = BrowserStore(), Browser()
    browser.attach(store)
    done: list[bool] = []
    model = StoredModel(b"abc", "2026-05-03", "trained")
    store.change([Change("model", "model", model), Change("digits", "a1", "one")], done.append)
    assert done == [True]
    again = BrowserStore()
    browser.attach(again)
    found = finding(again)
    browser.look()
    assert found == [Found(model=model, digits=(("a1", "one"),))]
    again.change([Change("model", "model"), Change("digits", None)], done.append)
    assert browser.model is None
    assert browser.digits == {}


def test_a_browser_that_cannot_says_so() -> None:
    store, browser = BrowserStore(), Browser()
    browser.attach(store)
    browser.full = True
    done: list[bool] = []
    store.change([Change("digits", "a1", "one")], done.append)
    assert done == [False]


def test_what_nobody_heard_is_ordered_again_before_anything_is_found() -> None:
    store, browser = BrowserStore(), Browser()
    browser.attach(store)
    browser.away = True
    done: list[bool] = []
    store.change([Change("digits", "a1", "one")], done.append)
    store.change([Change("digits", "a1", "two")], done.append)
    assert done == []
    found = finding(store)
    browser.away = False
    browser.look()
    assert done == [True, True]
    assert found == [Found(digits=(("a1", "two"),))]


@pytest.mark.parametrize(
    "model",
    [
        "damaged", 7, [], {}, True,
        {"day": "2026-05-03"}, {"how": "trained"},
        {**MODEL, "day": 20260503}, {**MODEL, "day": "3 May"}, {**MODEL, "day": "2026-05-03<b>"},
        {**MODEL, "how": "<script>"}, {**MODEL, "how": ["trained"]}, {**MODEL, "how": None},
    ],
)  # fmt: skip
def test_a_model_with_other_words_about_it_is_damaged(model: object) -> None:
    store = BrowserStore()
    found = finding(store)
    store.hear({"event": "found", "model": model, "digits": []}, [b"abc"])
    assert found == [Found(model_damaged=True)]


@pytest.mark.parametrize(
    "buffers",
    [[], [b""], [b"a", b"b"], ["text"], [None], [bytes(limits.MAX_MODEL_BYTES + 1)]],
    ids=["none", "empty", "two", "text", "nothing", "huge"],
)
def test_a_model_without_its_bytes_is_damaged(buffers: list[Any]) -> None:
    store = BrowserStore()
    found = finding(store)
    store.hear({"event": "found", "model": MODEL}, buffers)
    assert found == [Found(model_damaged=True)]


def test_too_many_and_too_long_digits_are_left_out_and_counted() -> None:
    store = BrowserStore()
    found = finding(store)
    digits: list[Any] = [
        ["ok", "{}"], ["ok", "twice"], ["../x", "{}"], ["", "{}"], ["k" * 41, "{}"], ["a", 1],
        ["b"], "c", None, ["long", "x" * (limits.MAX_DIGIT_CHARACTERS + 1)],
    ]  # fmt: skip
    store.hear({"event": "found", "digits": digits, "damaged": 3}, [])
    assert found[-1].digits == (("ok", "{}"),)
    assert found[-1].num_damaged == 12
    store.hear({"event": "found", "digits": [[f"k{n}", "{}"] for n in range(1005)]}, [])
    assert len(found[-1].digits) == 1000
    assert found[-1].num_damaged == 5
    big = "x" * limits.MAX_DIGIT_CHARACTERS
    store.hear({"event": "found", "digits": [[f"k{n}", big] for n in range(20)]}, [])
    assert sum(len(text) for _, text in found[-1].digits) == limits.MAX_DIGITS_CHARACTERS


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=10,
)


@given(
    st.fixed_dictionaries(
        {"event": st.sampled_from(["found", "changed", "failed"])},
        optional=dict.fromkeys(("model", "digits", "damaged", "number"), anything),
    )
    | anything,
    st.lists(st.binary(max_size=20) | st.none(), max_size=3),
)
def test_nothing_that_a_browser_says_does_harm(content: Any, buffers: list[Any]) -> None:
    store = BrowserStore()
    answered: list[bool] = []
    store.change([Change("digits", "a1", "one")], answered.append)
    store.hear(content, buffers)
    store.hear({"event": "failed", "number": 1}, [])
    assert len(answered) == 1
    found = finding(store)
    store.hear(content, buffers)
    for one in found:
        assert all(isinstance(key, str) and isinstance(text, str) for key, text in one.digits)
        assert one.num_damaged >= 0
