"""The model in use, the one that is offered, and the one that the browser stores."""

import base64
import dataclasses
import datetime
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitrec.app.browser_store.store import MAX_MODEL_BYTES, BrowserStore
from digitrec.app.digits.corrections import Corrections
from digitrec.app.model.in_use import (
    DELETING,
    FRESH,
    UNREADABLE,
    ModelInUse,
    checked,
    report_of,
    validation,
)
from digitrec.errors import FileError
from digitrec.network import Architecture, Network, bundled
from tests.app.test_browser_store import Browser
from tests.networks import make_network
from tests.stand_ins import report, small

STORED_BY_0_1 = Path(__file__).with_name("stored_by_0_1.json")
"""What version 0.1 left in a browser; its model answers 5 to everything."""


def digit(models: ModelInUse) -> int:
    return int(models.network.weights["dense/bias"].argmax())


def visit(browser: Browser) -> ModelInUse:
    """Open the page in a browser: a kernel of its own, and all that the browser has stored."""
    store = BrowserStore()
    models = ModelInUse(store, load_bundled=lambda: small(0))
    browser.attach(store)
    browser.look()
    return models


def choose(models: ModelInUse, network: Network) -> None:
    models.offer(network, "trained")
    models.keep()


@pytest.fixture
def browser() -> Browser:
    return Browser()


def test_without_a_stored_model_the_bundled_one_answers(browser: Browser) -> None:
    models = visit(browser)
    assert digit(models) == 0
    assert (models.own, models.forgettable, models.note) == (False, False, FRESH)
    assert browser.told == []


def test_a_new_model_is_found_again_on_another_day(browser: Browser) -> None:
    choose(visit(browser), small(1))
    assert browser.model is not None
    assert browser.model["day"] == datetime.datetime.now().astimezone().date().isoformat()
    browser.model["day"] = "2025-05-03"
    again = visit(browser)
    assert digit(again) == 1
    assert again.own
    assert again.forgettable
    assert again.note == "You trained this model on 3 May 2025; it lives in this browser."


def test_this_year_is_not_said(browser: Browser) -> None:
    choose(visit(browser), small(1))
    year = datetime.datetime.now().astimezone().year
    assert browser.model is not None
    browser.model["day"] = f"{year}-05-03"
    assert visit(browser).note == "You trained this model on 3 May; it lives in this browser."


def test_the_bundled_model_answers_until_the_stored_one_has_come(browser: Browser) -> None:
    choose(visit(browser), small(1))
    store = BrowserStore()
    waiting = ModelInUse(store, load_bundled=lambda: small(0))
    browser.attach(store)
    assert digit(waiting) == 0
    browser.look()
    assert digit(waiting) == 1
    seen = waiting.network
    browser.look()
    assert waiting.network is seen  # nothing new, nothing read


def test_another_browser_is_not_touched(browser: Browser) -> None:
    choose(visit(browser), small(1))
    assert digit(visit(Browser())) == 0


@pytest.mark.parametrize("how", ["trained", "taught", "opened"])
def test_an_offer_is_nowhere_before_it_is_chosen(browser: Browser, how: str) -> None:
    models = visit(browser)
    old = models.network
    models.offer(small(1), how)
    assert models.offered is not None
    assert models.offered.old is models.network is old
    assert (models.own, models.forgettable, models.note) == (False, False, FRESH)
    assert browser.told == []
    assert visit(browser).offered is None

    models.go_back()
    assert models.offered is None
    models.keep()  # there is nothing to choose any more
    assert models.network is old
    assert browser.told == []


def test_the_latest_offer_is_the_one_that_is_kept(browser: Browser) -> None:
    models = visit(browser)
    models.offer(small(1), "trained")
    models.offer(small(2), "taught")
    assert models.offered is not None
    assert models.offered.old is models.network
    models.keep()
    assert models.offered is None
    assert digit(models) == 2
    assert models.note.startswith("You taught this model your digits on ")
    assert digit(visit(browser)) == 2
    models.go_back()  # what was kept stays
    assert digit(models) == 2


def test_an_offer_stays_beside_whatever_answers(browser: Browser) -> None:
    models = visit(browser)
    choose(models, small(1))
    models.offer(small(2), "trained")
    models.forget()
    assert models.offered is not None
    assert models.offered.old is models.network
    assert digit(models) == 0
    choose(visit(browser), small(3))  # in another tab
    browser.attach(models._store)
    browser.look()
    assert models.offered.old is models.network
    assert digit(models) == 3
    models.keep()
    assert digit(visit(browser)) == 2


def test_forgetting_deletes_it(browser: Browser) -> None:
    models = visit(browser)
    choose(models, small(1))
    models.forget()
    assert digit(models) == 0
    assert browser.model is None
    assert (models.forgettable, models.note) == (False, FRESH)


def test_a_model_is_said_to_be_deleted_when_the_browser_has_done_it(browser: Browser) -> None:
    models = visit(browser)
    choose(models, small(1))
    browser.away = True
    notes: list[str] = []
    models.observe(lambda change: notes.append(change.new), "note")
    models.forget()
    assert digit(models) == 0
    assert notes == [DELETING]
    browser.away = False
    browser.look()
    assert notes == [DELETING, FRESH]


def test_a_browser_that_cannot_store_it_is_said_and_the_model_stays(browser: Browser) -> None:
    models = visit(browser)
    browser.full = True
    choose(models, small(1))
    assert digit(models) == 1
    assert models.own
    assert "lives in this browser" not in models.note
    assert models.note.endswith("This browser could not store it: download it if you want to.")
    browser.look()  # as when the page is reloaded while the kernel lives
    assert digit(models) == 1


def test_a_browser_that_cannot_forget_is_said(browser: Browser) -> None:
    models = visit(browser)
    choose(models, small(1))
    browser.full = True
    models.forget()
    assert digit(models) == 0
    assert "could not be deleted" in models.note
    browser.full = False
    assert models.forgettable
    models.forget()
    assert browser.model is None


def test_a_model_that_is_too_large_to_store_answers_nevertheless(browser: Browser) -> None:
    models = visit(browser)
    large = make_network(filters=(8, 700))
    assert len(large.to_bytes()) > MAX_MODEL_BYTES
    choose(models, large)
    assert models.network is large
    assert "too large" in models.note
    assert browser.model is None


def test_what_is_chosen_while_no_page_is_there_is_stored_when_one_comes(browser: Browser) -> None:
    models = visit(browser)
    browser.away = True
    choose(models, small(1))
    assert "lives" not in models.note
    browser.away = False
    browser.look()
    assert digit(models) == 1
    assert "it lives in this browser" in models.note
    assert digit(visit(browser)) == 1


def test_of_two_tabs_the_last_one_wins(browser: Browser) -> None:
    first, second = visit(browser), visit(browser)
    choose(second, small(2))
    browser.attach(first._store)
    choose(first, small(1))
    assert digit(second) == 2
    assert digit(visit(browser)) == 1


def test_a_model_forgotten_in_another_tab_goes_on_answering_here(browser: Browser) -> None:
    models = visit(browser)
    choose(models, small(1))
    browser.model = None
    browser.look()
    assert digit(models) == 1
    assert "lives" not in models.note


def test_what_version_0_1_stored_is_found(browser: Browser) -> None:
    before = json.loads(STORED_BY_0_1.read_text(encoding="utf-8"))
    browser.model = {**before["model"], "bytes": base64.b64decode(before["model"]["bytes"])}
    browser.digits = before["digits"]
    models = visit(browser)
    assert digit(models) == 5
    assert models.note == "You trained this model on 3 May 2025; it lives in this browser."
    assert models.report is not None
    assert models.report.accuracy == 0.07
    corrections = Corrections(models._store)
    browser.look()
    assert corrections.labels.tolist() == [7, 4]
    assert [one.is_picture for one in corrections.digits] == [False, True]
    assert corrections.trouble == ""


# What comes from a browser is a stranger's


def changed(network: Network, **about: Any) -> bytes:
    return dataclasses.replace(network, metadata={**network.metadata, **about}).to_bytes()


def header(content: bytes, change: Any) -> bytes:
    """Return a file with another header."""
    (length,) = struct.unpack_from("<Q", content)
    about = json.loads(content[8 : 8 + length])
    change(about)
    text = json.dumps(about).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + length :]


def rename(about: dict[str, Any]) -> None:
    about["dense/weights"] = about.pop("dense/kernel")


def reshape(about: dict[str, Any]) -> None:
    about["dense/kernel"]["shape"] = [10, 48]


WHOLE = small(1).to_bytes()
WITH_NAN = small(1)
WITH_NAN.weights["conv1/kernel"][0, 0, 0, 0] = np.nan
GREEDY = make_network(
    Architecture(padding=("same", "same"), pools=(1, 4)),
    kernels=((1, 1), (1, 1)),
    filters=(3000, 1),
)
STRANGE = {
    "empty": b"",
    "no model": b"no model",
    "noise": b"\xff" * 10_000,
    "truncated": WHOLE[:-100],
    "huge": bytes(MAX_MODEL_BYTES + 1),
    "too large": make_network(filters=(8, 700)).to_bytes(),
    "another name": header(WHOLE, rename),
    "another shape": header(WHOLE, reshape),
    "not a number": WITH_NAN.to_bytes(),
    "endless computing": GREEDY.to_bytes(),
    "a number for a text": changed(small(1), recipe=7),
    "a text for a number": changed(small(1), seed="7"),
    "a list for seconds": changed(small(1), seconds=[1]),
    "endless seconds": changed(small(1), seconds=10**400),
    "endless drawings": changed(small(1), recipe_settings={"num_drawings": [-(10**400)]}),
    "settings that are none": changed(small(1), recipe_settings="quick"),
    "a report that is none": changed(small(1), evaluation={"samples": -1}),
}


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_a_strange_model_is_said_and_can_be_forgotten(browser: Browser, content: bytes) -> None:
    browser.model = {"day": "2026-05-03", "how": "trained", "bytes": content}
    models = visit(browser)
    assert digit(models) == 0
    assert (models.own, models.note) == (False, UNREADABLE)
    assert models.forgettable
    models.forget()
    assert models.note == FRESH
    assert browser.model is None


def test_a_day_that_there_is_not_is_unreadable(browser: Browser) -> None:
    browser.model = {"day": "2026-02-30", "how": "trained", "bytes": WHOLE}
    assert visit(browser).note == UNREADABLE


def test_a_strange_model_does_not_oust_the_one_in_use_for_good(browser: Browser) -> None:
    browser.model = {"day": "2026-05-03", "how": "trained", "bytes": b"no model"}
    models = visit(browser)
    choose(models, small(3))
    assert digit(visit(browser)) == 3


@settings(max_examples=60)
@given(st.data())
def test_changed_bytes_are_a_model_or_the_documented_error(data: st.DataObject) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1) | st.integers(0, 900))
        content[place] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(1, len(content)) | st.just(len(content))) :]
    try:
        network = checked(bytes(content))
    except FileError:
        return
    assert np.isfinite(network.logits(np.ones((1, 28, 28)))).all()


def test_the_bundled_model_would_be_accepted() -> None:
    assert checked(bundled().to_bytes()).num_parameters == bundled().num_parameters


# A file that a visitor opens, a model that was taught


def test_a_file_is_offered_beside_the_old_model(browser: Browser) -> None:
    models = visit(browser)
    models.open(small(4).to_bytes())
    assert models.offered is not None
    assert digit(models) == 0
    models.keep()
    assert digit(models) == 4
    assert models.note.startswith("You opened this model on ")


@pytest.mark.parametrize("content", STRANGE.values(), ids=STRANGE)
def test_a_file_that_is_none_leaves_the_model(browser: Browser, content: bytes) -> None:
    models = visit(browser)
    with pytest.raises(FileError):
        models.open(content)
    assert digit(models) == 0
    assert models.offered is None


def test_how_much_was_forgotten_is_read_from_the_metadata() -> None:
    def taught(before: object, after: object) -> Network:
        return small(adapted={"validation_before": before, "validation_after": after})

    assert validation(taught(0.5, 0.25)) == (0.5, 0.25)
    for strange in (small(), small(adapted=7), taught(float(2), 0.5), taught(0.5, True)):
        assert validation(strange) is None


def test_the_report_comes_from_the_metadata() -> None:
    expected = report(15)
    found = report_of(small(evaluation=expected.to_dict()))
    assert found is not None
    assert found.accuracy == expected.accuracy
    assert report_of(small()) is None
    assert report_of(small(evaluation="good")) is None
    assert report_of(small(evaluation={"samples": -1})) is None
