"""Why it answers so, without a browser: the sentence, the coloured ink, the feature maps."""

import asyncio
import base64
import io
import itertools
import re

import numpy as np
import pytest
from PIL import Image

from digitrec.app.answer import evidence, maps
from digitrec.app.answer.answer import AnswerView
from digitrec.app.answer.evidence import EvidenceView
from digitrec.app.answer.later import Later
from digitrec.app.answer.maps import MapsView
from digitrec.app.answer.why import Why, reasons, sentence_of
from digitrec.app.pad.pad import Pad
from digitrec.explain import Place, contributions, smoothed
from digitrec.network import Prediction, bundled
from tests.app.test_pad import draw
from tests.app.test_views import GUARD, read
from tests.browser.handwriting import UPRIGHT
from tests.stand_ins import small

SEVEN = [[(70, 60), (220, 60), (130, 250)]]
CROSS = [[(60, 60), (240, 240)], [(240, 60), (60, 240)], [(150, 40), (150, 260)]]


def scores(values: dict[int, float]) -> np.ndarray:
    logits = np.zeros(10, np.float32)
    for digit, value in values.items():
        logits[digit] = value
    return logits


def prediction(values: dict[int, float], *, refused: bool = False) -> Prediction:
    powers = np.exp(scores(values).astype(np.float64))
    return Prediction(powers / powers.sum(), scores(values), refused)


def place(where: str, kind: str, values: dict[int, float]) -> Place:
    return Place(where, kind, (0, 0, 5, 5), scores(values))  # type: ignore[arg-type] # a str


TORN = prediction({4: 5.0, 9: 4.5})
SURE = prediction({7: 9.0, 1: 2.0})


@pytest.mark.parametrize("digit", range(10))
def test_the_colours_and_shares_are_nearly_those_of_many_more_steps(digit: int) -> None:
    pad = Pad(bundled())
    draw(pad, UPRIGHT[digit])
    assert pad.answer is not None
    shown = reasons(pad.network, pad.answer)
    watched = np.zeros((1, 10))
    watched[0, [shown.digit, shown.other]] = 1, -1
    exact = smoothed(contributions(pad.network, pad.answer.image, watched, steps=128))[0]
    inked = pad.answer.image > 0
    assert np.corrcoef(shown.spoke[1][inked], exact[inked])[0, 1] > 0.98
    share = exact[inked].clip(0).sum() / np.abs(exact[inked]).sum()
    assert shown.share(1) == pytest.approx(share, abs=0.05)


def test_a_torn_answer_names_what_speaks_for_either() -> None:
    told = sentence_of(
        TORN,
        (
            place("top", "gap", {4: 2, 9: 6}),
            place("right", "line", {4: 6, 9: 1}),
            place("middle", "line", {4: 5, 9: 4.4}),
        ),
    )
    assert told == "The gap at the top speaks for a 4, the line at the right for a 9."


def test_a_torn_answer_with_one_reason_or_none() -> None:
    right = place("right", "line", {4: 6, 9: 1})
    assert sentence_of(TORN, (right,)) == "The line at the right speaks for a 9."
    level = place("right", "line", {4: 5.2, 9: 4.6})
    assert sentence_of(TORN, (level,)) == "No single place of it decides between a 4 and a 9."


def test_a_sure_answer_names_what_it_would_be_without_a_line() -> None:
    lines = (
        place("top", "line", {1: 5, 7: 3}),
        place("bottom", "line", {7: 6}),
        place("left", "gap", {7: -9, 8: 9}),
    )
    assert sentence_of(SURE, lines) == "Without the line at the top it would look more like a 1."
    assert sentence_of(SURE, lines[1:]) == "What speaks for it most is the line at the bottom."
    assert sentence_of(SURE, lines[2:]) == "No single place of it decides."


def test_a_refused_answer_and_a_dot() -> None:
    refused = prediction({3: 1.0}, refused=True)
    assert sentence_of(refused, ()).startswith("No answer fits")
    assert sentence_of(SURE, (place("", "line", {}),)) == ""


def test_what_is_said_of_refused_drawings_is_true() -> None:
    pad = Pad(bundled())
    draw(pad, CROSS)
    assert pad.answer is not None
    assert pad.answer.prediction.refused
    assert "even the best of the ten scores is too low" in reasons(pad.network, pad.answer).sentence
    # Refused is what has little energy, and the energy is never below the best score.
    assert pad.network.calibration.min_energy > pad.answer.prediction.logits.max()


def test_the_reasons_belong_to_the_answer_and_to_its_ink_alone() -> None:
    pad = Pad(bundled())
    draw(pad, SEVEN)
    assert pad.answer is not None
    why = reasons(pad.network, pad.answer)
    assert (why.digit, why.other) == (7, pad.answer.prediction.runner_up)
    assert why.spoke.shape == (2, 28, 28)
    assert not why.spoke[:, pad.answer.image == 0].any()
    assert 0.5 < why.share(0) <= 1


def pixels(html: str, which: int = 0) -> np.ndarray:
    found = re.findall(r"base64,([^\"]+)", html)
    return np.array(Image.open(io.BytesIO(base64.b64decode(found[which]))))


def test_ink_is_blue_where_it_spoke_for_and_orange_where_against() -> None:
    spoke, image = np.zeros((28, 28)), np.zeros((28, 28), np.float32)
    image[5, :9] = 1
    spoke[5, :3], spoke[5, 3:6] = 1.0, -1.0
    html = evidence.evidence_html(Why("", 4, 9, np.stack([spoke, -spoke])), image)
    first, second = pixels(html), pixels(html, 1)
    blue, orange, grey, paper = (first[5, column].astype(int) for column in (0, 3, 7, 20))
    assert blue[2] > blue[0] + 100
    assert orange[0] > orange[2] + 100
    assert np.ptp(grey) < 20
    assert paper.max() == 0
    np.testing.assert_array_equal(first[5, 0], second[5, 3])
    page = read(html)
    assert "for a 4 instead of a 9" in page.text
    assert "blue ink spoke for it" in page.text
    assert html.count("50 % spoke for a 4") == 2


def test_the_evidence_keeps_its_room_and_goes_with_the_ink() -> None:
    pad = Pad(bundled(), clock=itertools.count().__next__)
    view = AnswerView(pad, GUARD)
    seen = EvidenceView(pad, GUARD)
    assert view.widget.children
    empty = read(seen.widget.value)
    draw(pad, SEVEN)
    full = read(seen.widget.value)
    assert full.seen.count("img") == 2
    assert full.seen.count("li") == empty.seen.count("li")
    assert "the line at the" in seen.sentence.value
    pad.begin(20, 280)
    for step in range(1, 6):
        pad.extend(20 + step, 280)
    assert "nbsp" in seen.sentence.value
    assert "dr-old" in seen.widget._dom_classes
    pad.clear()
    assert seen.widget.value == evidence.evidence_html(None, None)
    assert "dr-old" not in seen.widget._dom_classes


def test_the_reasons_come_after_the_answer_and_once() -> None:
    async def visit() -> list[str]:
        pad = Pad(bundled())
        view = EvidenceView(pad, GUARD)
        told: list[str] = []
        view.widget.observe(lambda change: told.append(change["new"]), "value")
        draw(pad, SEVEN)
        draw(pad, [[(90, 150), (200, 150)]])
        assert pad.answer is not None
        assert told == []
        while not told:
            await asyncio.sleep(0.01)
        await asyncio.sleep(2 * evidence.PAUSE)
        draw(pad, SEVEN)
        pad.clear()
        await asyncio.sleep(2 * evidence.PAUSE)
        return told

    told = asyncio.run(visit())
    assert [html.count("<img") for html in told] == [2, 0]


def test_reasons_and_maps_of_an_answer_that_has_gone_are_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pad = Pad(bundled(), clock=itertools.count().__next__)
    seen, layers = EvidenceView(pad, GUARD), MapsView(pad, GUARD)
    empty = evidence.evidence_html(None, None)
    seen._show()
    assert seen.widget.value == empty
    pad.begin(*SEVEN[0][0])
    for place in SEVEN[0][1:]:
        pad.extend(*place)
    assert pad.answer is not None
    assert not pad.answer.settled
    layers._show()
    assert "<img" not in layers.widget.value

    def slowly(*_: object) -> None:
        pad.clear()

    monkeypatch.setattr(evidence, "reasons", slowly)
    pad.end()
    seen._show()
    assert seen.widget.value == empty


def test_what_is_asked_for_later_can_be_asked_from_another_thread() -> None:
    async def ask() -> list[int]:
        called: list[int] = []
        later = Later(lambda: called.append(1), 0.01)
        await asyncio.to_thread(later)
        await asyncio.to_thread(later)
        while not called:
            await asyncio.sleep(0.01)
        await asyncio.to_thread(later)
        await asyncio.to_thread(later.cancel)
        await asyncio.sleep(0.05)
        return called

    assert asyncio.run(ask()) == [1]


def test_the_maps_of_both_layers_are_one_picture_each() -> None:
    pad = Pad(bundled())
    view = MapsView(pad, GUARD)
    empty = read(view.widget.value)
    assert "img" not in empty.seen
    draw(pad, SEVEN)
    html = view.widget.value
    page = read(html)
    assert page.seen.count("img") == 2
    seen = pad.network.activations(pad.answer.image)
    for which, columns in ((0, 8), (1, 12)):
        found = seen[f"relu{which + 1}"]
        height, width, num = found.shape
        sheet = pixels(html, which)
        assert sheet.shape == (-(-num // columns) * (height + 2), columns * (width + 2), 2)
        number = int(found.max(axis=(0, 1)).argmax())
        assert f"number {number + 1}, which answers most strongly" in page.text
        row, column = divmod(number, columns)
        top, left = row * (height + 2) + 1, column * (width + 2) + 1
        tile = sheet[top : top + height, left : left + width, 0]
        assert tile.max() == 255
        np.testing.assert_allclose(tile / 255, found[..., number] / found.max(), atol=0.003)
    pad.clear()
    assert "<img" not in view.widget.value


def test_maps_of_another_network_and_of_one_that_finds_nothing() -> None:
    pad = Pad(bundled())
    view = MapsView(pad, GUARD)
    pad.network = small(3)
    assert "2 filters" in read(view.widget.value).text
    blind = small(3)
    blind.weights["conv1/bias"][:] = -1e3
    told = read(maps.maps_html(blind, np.eye(28, dtype=np.float32))).text
    assert "None of them found anything" in told


@pytest.mark.parametrize(
    ("down", "across", "words"),
    [(0.0, 0.0, "at the top left"), (1.0, 1.0, "at the bottom right"), (0.5, 0.9, "at the right")],
)
def test_places_have_names(down: float, across: float, words: str) -> None:
    assert maps.whereabouts(down, across) == words
