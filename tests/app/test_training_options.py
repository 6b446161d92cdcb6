"""What may be chosen about a training, and what comes of everything else that is typed."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitrec.app.browser_store.store import MAX_MODEL_BYTES
from digitrec.app.training.options import BOUNDS, HOW_LONG, MOST_SEED, Options, estimate
from digitrec.network import bundled
from digitrec.training.recipes import RECIPES
from tests.networks import make_network


def test_the_recipes_come_first() -> None:
    options = Options()
    assert options.recipe is RECIPES["quick"]
    assert options.wanted_seed is None
    assert set(HOW_LONG) == set(RECIPES)
    for name, recipe in RECIPES.items():
        options.choose(name)
        assert options.recipe is recipe
        assert options.name == name
    assert options.epochs == "24"
    assert (options.filters1, options.filters2) == ("24", "128")
    assert options.distortion == "1.2"


def test_what_is_changed_is_trained_and_the_rest_is_the_recipe() -> None:
    options = Options()
    for name, text in (
        ("epochs", "3"), ("filters1", " 8 "), ("filters2", "24"), ("learning_rate", "0,005"),
        ("distortion", ".5"), ("seed", "0042"),
    ):  # fmt: skip
        options.change(name, text)
        assert options.notice == ""
    changed = {"epochs": 3, "filters": (8, 24), "learning_rate": 0.005, "distortion": 0.5}
    assert options.recipe == dataclasses.replace(RECIPES["quick"], name="quick, changed", **changed)
    assert options.wanted_seed == 42
    assert options.seed == "42"
    # Another recipe, another set of values; the seed has nothing to do with that.
    options.choose("classic")
    assert options.recipe is RECIPES["classic"]
    assert options.wanted_seed == 42
    options.change("seed", " ")
    assert options.wanted_seed is None


def test_a_value_put_back_is_the_recipe_again() -> None:
    options = Options()
    options.change("epochs", "3")
    options.change("epochs", "2")
    assert options.recipe is RECIPES["quick"]


def test_a_short_training_sees_distorted_digits_too() -> None:
    options = Options()
    options.choose("best")
    options.change("epochs", "1")
    assert options.recipe.clean_epochs == 0
    options.change("epochs", "20")
    assert options.recipe.clean_epochs == RECIPES["best"].clean_epochs


@pytest.mark.parametrize(
    ("name", "text", "becomes", "words"),
    [
        ("epochs", "0", "1", "so it is 1 now"),
        ("epochs", "-7", "1", "so it is 1 now"),
        ("epochs", "1e9", "30", "so it is 30 now"),
        ("epochs", "2.5", "2", "a whole number from 1 to 30, so it stays 2"),
        ("epochs", "many", "2", "so it stays 2"),
        ("epochs", "", "2", "so it stays 2"),
        ("epochs", "nan", "2", "so it stays 2"),
        ("epochs", "inf", "2", "so it stays 2"),
        ("filters2", "500", "96", "Filters in the second layer: a whole number from 4 to 96"),
        ("learning_rate", "10", "0.05", "a number from 0.0001 to 0.05, so it is 0.05 now"),
        ("learning_rate", "0", "0.0001", "so it is 0.0001 now"),
        ("distortion", "2", "1.5", "so it is 1.5 now"),
        ("seed", "-1", "", "Seed: a whole number from 0 to 4,294,967,295, or nothing"),
        ("seed", "4294967296", "", "or nothing for a fresh one"),
        ("seed", "9" * 5000, "", "or nothing for a fresh one"),
        ("seed", "\u0663", "", "or nothing for a fresh one"),
    ],
)
def test_what_cannot_be_is_said_and_bounded(name: str, text: str, becomes: str, words: str) -> None:
    options = Options()
    options.change(name, text)
    assert getattr(options, name) == becomes
    assert words in options.notice
    assert options.recipe.name.startswith("quick")
    options.change("epochs", "3")
    assert options.notice == ""


def test_a_seed_that_cannot_be_leaves_the_one_before() -> None:
    options = Options()
    options.change("seed", str(MOST_SEED))
    options.change("seed", "next")
    assert options.wanted_seed == MOST_SEED
    assert "so it stays 4294967295" in options.notice


@given(
    st.sampled_from([*BOUNDS, "seed"]), st.text() | st.floats().map(str) | st.integers().map(str)
)
def test_whatever_is_typed_can_be_trained_with(name: str, text: str) -> None:
    options = Options()
    options.change(name, text)
    recipe, seed = options.recipe, options.wanted_seed
    assert 1 <= recipe.epochs <= 30
    assert recipe.filters[0] <= 32
    assert recipe.filters[1] <= 96
    assert seed is None or 0 <= seed <= MOST_SEED


def test_nobody_can_choose_what_there_is_not() -> None:
    with pytest.raises(KeyError):
        Options().choose("slow")
    with pytest.raises(KeyError):
        Options().change("name", "classic")


def test_the_largest_network_can_be_kept_in_a_browser() -> None:
    filters = int(BOUNDS["filters1"].most), int(BOUNDS["filters2"].most)
    largest = make_network(kernels=((5, 5), (5, 5)), filters=filters)
    about = dict(bundled().metadata)
    # What it may say about a network that gets a third of the test digits wrong.
    mistakes = about["evaluation"]["mistakes"]
    about["evaluation"] = {**about["evaluation"], "mistakes": mistakes * (3_500 // len(mistakes))}
    content = dataclasses.replace(largest, metadata=about).to_bytes()
    assert np.prod(filters) * 100 < len(content) < MAX_MODEL_BYTES


def test_the_estimate_agrees_with_what_the_recipes_take() -> None:
    said = {"quick": 15, "classic": 10, "best": 20 * 60}
    assert set(said) == set(HOW_LONG)
    for name, seconds in said.items():
        assert str(seconds if seconds < 60 else seconds // 60) in HOW_LONG[name]
        assert 0.8 * seconds < estimate(RECIPES[name]) < 1.2 * seconds


def test_without_a_limit_everything_is_offered() -> None:
    options = Options()
    assert options.offered == tuple(RECIPES)
    for name, bounds in BOUNDS.items():
        options.change(name, str(bounds.most))
        assert getattr(options, name) == f"{bounds.most:g}"


@pytest.mark.parametrize("minutes", [1, 10, 30, 40, 100])
@pytest.mark.parametrize("name", RECIPES)
def test_what_would_take_too_long_cannot_be_chosen(minutes: int, name: str) -> None:
    options = Options(most_seconds=60 * minutes)
    if name not in options.offered:
        with pytest.raises(KeyError):
            options.choose(name)
        assert options.recipe is RECIPES["quick"]
    else:
        options.choose(name)
    for field in ("epochs", "filters1", "filters2"):
        options.change(field, "1000000")
        assert 2 * estimate(options.recipe) <= 60 * minutes
        assert BOUNDS[field].least <= BOUNDS[field].read(getattr(options, field))
    # One more of what was cut short would not fit.
    if "longer than the" in options.notice:
        assert f"so it is {options.filters2} now" in options.notice
        more = (int(options.filters1), int(options.filters2) + 1)
        longer = dataclasses.replace(options.recipe, filters=more)
        assert 2 * estimate(longer) > 60 * minutes


def test_best_is_offered_where_there_is_time() -> None:
    assert Options(most_seconds=600).offered == ("quick", "classic")
    assert Options(most_seconds=2400).offered == tuple(RECIPES)


def test_a_number_that_takes_too_long_is_said() -> None:
    options = Options(most_seconds=60)
    options.change("epochs", "30")
    assert options.epochs == "7"
    assert options.notice == (
        "Epochs: more would likely take longer than the 1 minute it may take here, so it is 7 now."
    )
    options.change("epochs", "3")
    assert (options.epochs, options.notice) == ("3", "")
