"""(Re)Train in a real Chromium: chosen, looked on at, cancelled, chosen, forgotten."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from digitrec.app.training.guess_list import NOTHING
from digitrec.app.training.progress import NO_DRAWING
from tests.browser.handwriting import SLANTED, UPRIGHT
from tests.browser.test_pad_store import again, holds
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


def start(visit: Visit) -> None:
    visit.press("(Re)Train")
    expect(visit.button("(Re)Train")).to_be_disabled()
    expect(visit.button("Cancel")).to_be_visible()
    expect(visit.page.locator(".dr-beside")).to_contain_text(re.compile(r"seed \d+"))


def test_train_a_new_model_keep_it_and_find_it_again(
    meet: Callable[..., Visit],
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

    # The pad goes on answering, while the curves move. An empty one invites.
    guesses = page.locator(".dr-guesses li")
    expect(guesses).to_have_count(2)
    expect(page.locator(".dr-guesses-said")).to_have_text(NOTHING)
    page.locator(".dr-curve").first.wait_for(timeout=TRAINING)
    shapes = set()
    for digit in range(10):
        shapes.add(str(page.evaluate(CURVES)))
        visit.draw(UPRIGHT[digit])
        assert str(digit) in visit.settled()
        visit.press("Clear")
        visit.waiting()
    assert len(shapes) >= 3  # answers came between them
    assert page.evaluate(PLACES) == places

    # The drawing on the pad is answered after every epoch, and the list keeps its place.
    visit.draw(UPRIGHT[3])
    visit.settled()
    expect(guesses.nth(0)).to_contain_text(re.compile(r"After epoch 1.* sure"), timeout=TRAINING)
    expect(guesses.nth(1)).to_contain_text(
        re.compile(r"After epoch 2.*a 3, .* sure"), timeout=TRAINING
    )
    assert page.evaluate(PLACES) == places

    # At the end both are there, side by side; the old one answers until one is chosen.
    expect(page.locator(".dr-stage")).to_contain_text("until you choose", timeout=TRAINING)
    expect(page.locator(".dr-whence")).to_have_text(FRESH)
    sides = page.locator(".dr-figures b")
    expect(sides).to_have_count(2)
    expect(sides.nth(0)).to_have_text(page.locator(".dr-figure b").inner_text())
    accuracy = sides.nth(1).inner_text()
    assert float(accuracy.removesuffix(" %")) > 98
    assert page.evaluate(PLACES) == places

    # Both models answer the drawing, side by side; another drawing is answered by everybody anew.
    expect(page.locator(".dr-made b")).to_have_text(["That's a 3."] * 2)
    visit.press("Clear")
    expect(page.locator(".dr-guesses-said")).to_have_text(NOTHING)
    expect(page.locator(".dr-choice")).to_contain_text(NO_DRAWING)
    visit.draw(UPRIGHT[0])
    expect(guesses.nth(1)).to_contain_text("a 0, ")
    expect(page.locator(".dr-made b")).to_contain_text(["0", "0"])
    assert page.evaluate(PLACES) == places

    # It is chosen, and is the one that was shown: all figures change.
    visit.press("Keep it")
    expect(visit.button("Keep it")).to_be_hidden()
    expect(page.locator(".dr-stage")).not_to_contain_text("until you choose")
    expect(page.locator(".dr-figure b")).to_have_text(accuracy)
    expect(page.locator(".dr-whence")).to_contain_text("it lives in this browser.")
    page.get_by_text("How was this built?").click()
    seed = re.search(r"seed (\d+)", page.locator(".dr-beside").inner_text())
    assert seed is not None
    expect(page.locator(".dr-built")).to_contain_text(f"with seed {seed[1]}.")

    # A reload: it is there, says when it was trained, and knows all digits.
    page.reload()
    visit.ready()
    expect(page.locator(".dr-whence")).to_contain_text("You trained this model on")
    expect(page.locator(".dr-figure b")).to_have_text(accuracy)
    page.get_by_text("How was this built?").click()
    visit.press("Clear")
    visit.waiting()
    for digit in range(10):
        visit.draw(SLANTED[digit])
        assert str(digit) in visit.settled()
        visit.press("Clear")
        visit.waiting()

    # And it can be forgotten.
    visit.press("Forget it")
    expect(page.locator(".dr-whence")).to_have_text(FRESH)
    expect(page.locator(".dr-layers")).to_be_visible()  # what was unfolded stays so
    page.reload()
    visit.ready()
    expect(page.locator(".dr-whence")).to_have_text(FRESH)


def test_cancel_leaves_everything_as_it_was(visit: Visit) -> None:
    page = visit.page
    old = page.locator(".dr-figure").inner_text()
    start(visit)
    visit.press("Cancel")
    expect(page.locator(".dr-stage")).to_contain_text(
        "The training was cancelled. Your model is as it was."
    )
    expect(visit.button("(Re)Train")).to_be_enabled()
    expect(page.locator(".dr-figure")).to_have_text(old)

    # Once more, in the middle of learning.
    start(visit)
    page.locator(".dr-curve").first.wait_for(timeout=TRAINING)
    visit.press("Cancel")
    expect(page.locator(".dr-stage")).to_contain_text("Your model is as it was.")
    visit.draw(UPRIGHT[8])
    assert visit.settled() == "That's an 8."


def test_trainings_wait_their_turn(meet: Callable[..., Visit]) -> None:
    first, second, third = meet(), meet(), meet()
    for one in (first, second, third):  # none may end before it is cancelled
        one.page.locator(".dr-options-toggle").click()
        choose(one, "Epochs", "20")
    start(first)
    expect(first.page.locator(".dr-stage")).not_to_contain_text("ahead")
    start(second)
    expect(second.page.locator(".dr-stage")).to_contain_text("One training is ahead of yours.")
    start(third)
    expect(third.page.locator(".dr-stage")).to_contain_text("Two trainings are ahead of yours.")
    first.press("Cancel")
    expect(second.page.locator(".dr-stage")).not_to_contain_text("ahead")
    expect(third.page.locator(".dr-stage")).to_contain_text("One training is ahead of yours.")
    second.press("Cancel")
    expect(second.page.locator(".dr-stage")).to_contain_text("Your model is as it was.")
    expect(third.page.locator(".dr-stage")).not_to_contain_text("ahead")
    third.press("Cancel")
    expect(third.page.locator(".dr-stage")).to_contain_text("Your model is as it was.")


def choose(visit: Visit, label: str, text: str) -> None:
    field = visit.page.get_by_label(label, exact=True)
    field.fill(text)
    field.press("Enter")


def test_options_change_what_is_trained(phone: Visit) -> None:
    visit = phone
    page = visit.page
    epochs = page.get_by_label("Epochs", exact=True)
    expect(epochs).to_be_hidden()
    page.get_by_role("button", name="Options: quick, 2 epochs").tap()
    expect(epochs).to_have_value("2")
    choose(visit, "Epochs", "99")
    expect(epochs).to_have_value("30")
    expect(page.locator(".dr-options-notice")).to_have_text(
        "Epochs: a whole number from 1 to 30, so it is 30 now."
    )
    choose(visit, "Learning rate", "fast")
    expect(page.locator(".dr-options-notice")).to_contain_text("so it stays 0.01.")
    page.get_by_label("Recipe", exact=True).select_option("classic: about 10 seconds")
    expect(epochs).to_have_value("10")
    expect(page.locator(".dr-guesses li")).to_have_count(10)
    choose(visit, "Epochs", "1")
    choose(visit, "Seed", "7")
    expect(page.locator(".dr-guesses li")).to_have_count(1)
    for field in page.locator(".dr-field :is(input, select)").all():
        box = field.bounding_box()
        assert box is not None
        assert 44 <= box["height"] <= 50
    assert page.evaluate("document.documentElement.scrollWidth") == 375

    visit.draw_by_touch(UPRIGHT[7])
    assert visit.settled() == "That's a 7."
    visit.button("(Re)Train").tap()
    expect(page.locator(".dr-beside")).to_contain_text("seed 7")
    expect(epochs).to_be_disabled()
    guess = page.locator(".dr-guesses li .dr-what")
    expect(guess).to_have_text(re.compile(r"^an? \d, .* sure$"), timeout=TRAINING)
    expect(page.locator(".dr-stage")).to_contain_text("Done.", timeout=TRAINING)
    expect(epochs).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth") == 375

    # It learnt little, so the old one stays.
    expect(page.locator(".dr-choice")).to_contain_text("The old one gets")
    visit.button("Go back").tap()
    expect(visit.button("Go back")).to_be_hidden()
    expect(page.locator(".dr-whence")).to_have_text(FRESH)
    expect(page.locator(".dr-said")).to_have_text("That's a 7.")
    expect(guess).to_have_text(re.compile("sure$"))  # what was seen stays

    # Once more, to see that what was chosen is what is trained.
    visit.button("(Re)Train").tap()
    expect(visit.button("Keep it")).to_be_visible(timeout=TRAINING)
    visit.button("Keep it").tap()
    expect(page.locator(".dr-whence")).to_contain_text("You trained this model on")
    page.get_by_text("How was this built?").tap()
    expect(page.locator(".dr-built")).to_contain_text("“classic, changed” with seed 7.")
    expect(page.locator(".dr-built")).to_contain_text("5,500 digits of MNIST, once each")


def test_a_worse_model_answers_nowhere_before_it_is_chosen(visit: Visit) -> None:
    page = visit.page
    figure = page.locator(".dr-figure b")
    good = figure.inner_text()

    def train_a_worse_one() -> None:
        page.get_by_role("button", name="Options:").click()
        for label, text in (
            ("Epochs", "1"),
            ("Filters, first layer", "2"),
            ("Filters, second layer", "4"),
            ("Seed", "7"),
        ):
            choose(visit, label, text)
        start(visit)
        expect(visit.button("Keep it")).to_be_visible(timeout=TRAINING)
        expect(page.locator(".dr-choice")).to_contain_text("The old one gets")
        expect(visit.button("Go back")).to_have_class(re.compile("dr-primary"))
        expect(visit.button("Keep it")).not_to_have_class(re.compile("dr-primary"))

    def answers_as_before(tab: Visit) -> None:
        expect(tab.page.locator(".dr-whence")).to_have_text(FRESH)
        expect(tab.page.locator(".dr-figure b")).to_have_text(good)
        tab.press("Clear")
        tab.waiting()
        tab.draw(UPRIGHT[7])
        expect(tab.page.locator(".dr-said")).to_have_text("That's a 7.")

    train_a_worse_one()
    answers_as_before(visit)
    other = Visit(page.context.new_page(), visit.address)
    other.open()
    answers_as_before(other)
    expect(other.button("Keep it")).to_be_hidden()
    again(visit)
    answers_as_before(visit)
    expect(visit.button("Keep it")).to_be_hidden()
    holds(visit, "model", 0)

    train_a_worse_one()
    worse = page.locator(".dr-figures b").nth(1).inner_text()
    visit.press("Keep it")
    expect(page.locator(".dr-whence")).to_contain_text("it lives in this browser.")
    expect(figure).to_have_text(worse)
    answers_as_before(other)
    for tab in (visit, other):
        again(tab)
        expect(tab.page.locator(".dr-whence")).to_contain_text("You trained this model on")
        expect(tab.page.locator(".dr-figure b")).to_have_text(worse)
    other.page.close()
    other.check()
