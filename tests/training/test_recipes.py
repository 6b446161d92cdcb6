import dataclasses

import pytest

from digitrec.training.recipes import RECIPES, Recipe


def test_recipes_know_their_names():
    assert next(iter(RECIPES)) == "quick"
    assert all(name == recipe.name for name, recipe in RECIPES.items())


def test_classic_is_the_original_pages():
    classic = RECIPES["classic"]
    assert (classic.num_images, classic.epochs, classic.batch_size) == (5_500, 10, 512)
    assert (classic.filters, classic.kernel_sizes) == ((8, 16), (5, 5))


@pytest.mark.parametrize(
    "change",
    [
        {"epochs": 0},
        {"epochs": 2.5},
        {"epochs": True},
        {"num_images": 60_000},
        {"batch_size": 1},
        {"learning_rate": 0},
        {"learning_rate": float("nan")},
        {"learning_rate": "fast"},
        {"filters": (0, 8)},
        {"filters": (8,)},
        {"filters": 8},
        {"kernel_sizes": (11, 3)},
        {"padding": ("valid", "full")},
        {"dropout": 1.0},
        {"distortion": -0.1},
        {"drawing_distortion": 4},
        {"degraded": 1.2},
        {"others_weight": -0.1},
    ],
)
def test_impossible_settings_are_named(change):
    with pytest.raises(ValueError, match=f"{next(iter(change))} must be"):
        dataclasses.replace(Recipe("mine"), **change)
