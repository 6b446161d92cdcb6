"""(Re)Train in a real Chromium: through to a new model, cancelled, kept, found again, forgotten."""

import re
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from digitrec.app.models import UNREADABLE
from digitrec.network import Network, bundled
from tests.browser.handwriting import SLANTED, UPRIGHT
from tests.browser.visit import Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

TRAINING = 400_000
"""Milliseconds that a training may take on a slow machine with other work to do."""

FRESH = "This is the model that came with the page."
PLACES = (
    "[...document.querySelectorAll('.dr-section, .dr-retrain .dr-chart, .dr-choice, .dr-origin')]"
    ".map(e => Math.round(e.getBoundingClientRect().top + window.scrollY))"
)
CURVES = "[...document.querySelectorAll('.dr-curve')].map(e => e.getAttribute('points'))"


@pytest.fixture(autouse=True)
def _nothing_kept(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)


def start(visit: Visit) -> None:
    visit.press("(Re)Train")
    expect(visit.button("(Re)Train")).to_be_disabled()
    expect(visit.button("Cancel")).to_be_visible()
    expect(visit.page.locator(".dr-beside")).to_contain_text(re.compile(r"seed \d+"))


def test_train_a_new_model_keep_it_and_find_it_again(
    meet: Callable[..., Visit], home: Path
) -> None:
    visit = meet()
    page = visit.page
    expect(page.locator(".dr-whence")).to_have_text(FRESH)
    expect(visit.button("Cancel")).to_be_hidden()
    assert page.evaluate(CURVES) == []
    expect(page.locator("img.dr-atlas")).to_be_visible()
    places = page.evaluate(PLACES)
    start(visit)
    assert page.evaluate(PLACES) == places

    # The pad goes on answering, while the curves move.
    expect(page.locator(".dr-stage")).to_contain_text("Epoch 1 of", timeout=TRAINING)
    shapes = set()
    slowest = 0.0
    for digit in range(10):
        page.locator(".dr-curve").first.wait_for()
        shapes.add(str(page.evaluate(CURVES)))
        visit.draw(UPRIGHT[digit])
        lifted = time.monotonic()
        assert str(digit) in visit.settled()
        slowest = max(slowest, time.monotonic() - lifted)
        visit.press("Clear")
        visit.waiting()
    assert len(shapes) >= 3
    assert slowest < 2

    assert page.evaluate(PLACES) == places

    # The drawing on the pad is answered anew by the new model, and all figures change.
    visit.draw(UPRIGHT[3])
    visit.settled()
    expect(page.locator(".dr-stage")).to_contain_text("Done.", timeout=TRAINING)
    expect(page.locator(".dr-said")).to_have_text("That's a 3.")
    accuracy = page.locator(".dr-figure b").inner_text()
    assert float(accuracy.removesuffix(" %")) > 98
    sides = page.locator(".dr-side b")
    expect(sides).to_have_count(2)
    expect(sides.nth(1)).to_have_text(accuracy)
    assert page.evaluate(PLACES) == places

    # It is kept, and is the one that was shown.
    page.get_by_text("How was this built?").click()
    seed = re.search(r"seed (\d+)", page.locator(".dr-beside").inner_text())
    assert seed is not None
    expect(page.locator(".dr-built")).to_contain_text(f"with seed {seed[1]}.")
    assert Network.load(home / "model.safetensors").metadata["seed"] == int(seed[1])
    visit.press("Keep it")
    expect(visit.button("Keep it")).to_be_hidden()

    # A reload, another window: it is there, says when it was trained, and knows all digits.
    page.reload()
    visit.ready()
    expect(page.locator(".dr-whence")).to_contain_text("You trained this model on")
    expect(page.locator(".dr-figure b")).to_have_text(accuracy)
    page.get_by_text("How was this built?").click()
    other = meet()
    expect(other.page.locator(".dr-whence")).to_contain_text("You trained this model on")
    for digit in range(10):
        other.draw(SLANTED[digit])
        assert str(digit) in other.settled()
        other.press("Clear")
        other.waiting()

    # And it can be forgotten.
    visit.press("Forget it")
    expect(page.locator(".dr-whence")).to_have_text(FRESH)
    assert not (home / "model.safetensors").exists()
    expect(page.locator(".dr-layers")).to_be_visible()  # what was unfolded stays so
    page.reload()
    visit.ready()
    expect(page.locator(".dr-whence")).to_have_text(FRESH)


def test_cancel_leaves_everything_as_it_was(visit: Visit, home: Path) -> None:
    page = visit.page
    old = page.locator(".dr-figure").inner_text()
    start(visit)
    visit.press("Cancel")
    expect(page.locator(".dr-stage")).to_contain_text(
        "The training was cancelled. Your model is as it was.", timeout=1500
    )
    expect(visit.button("(Re)Train")).to_be_enabled()
    expect(page.locator(".dr-figure")).to_have_text(old)

    # Once more, in the middle of learning.
    start(visit)
    page.locator(".dr-curve").first.wait_for(timeout=TRAINING)
    visit.press("Cancel")
    expect(page.locator(".dr-stage")).to_contain_text("Your model is as it was.", timeout=1500)
    visit.draw(UPRIGHT[8])
    assert visit.settled() == "That's an 8."
    assert not (home / "model.safetensors").exists()


def test_a_second_training_waits_its_turn(meet: Callable[..., Visit]) -> None:
    first, second = meet(), meet()
    start(first)
    expect(first.page.locator(".dr-stage")).not_to_contain_text("ahead")
    start(second)
    expect(second.page.locator(".dr-stage")).to_contain_text("One training is ahead of yours.")
    first.press("Cancel")
    expect(second.page.locator(".dr-stage")).not_to_contain_text("ahead")
    second.press("Cancel")
    expect(second.page.locator(".dr-stage")).to_contain_text("Your model is as it was.")


def test_a_kept_model_that_cannot_be_read(meet: Callable[..., Visit], home: Path) -> None:
    home.mkdir(exist_ok=True)
    (home / "model.safetensors").write_bytes(bundled().to_bytes()[:-1000])
    visit = meet()
    expect(visit.page.locator(".dr-whence")).to_have_text(UNREADABLE)
    visit.draw(UPRIGHT[7])
    assert visit.settled() == "That's a 7."
    visit.press("Forget it")
    expect(visit.page.locator(".dr-whence")).to_have_text(FRESH)
    assert not (home / "model.safetensors").exists()
