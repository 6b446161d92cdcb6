"""What a visitor may choose about a training, and the bounds of it; without a widget."""

import dataclasses
import math
from dataclasses import dataclass

import traitlets

from digitrec.network import SIDE
from digitrec.training.recipes import RECIPES, Recipe

MOST_SEED = 2**32 - 1

HOW_LONG = {
    "quick": "about 15 seconds",
    "classic": "about 10 seconds",
    "best": "about 20 minutes",
}
"""How long each recipe takes on two cores that have nothing else to do."""

# So that `estimate` says of each recipe what HOW_LONG does.
_BEGINNING = 9.0  # seconds to start TensorFlow and to measure the new network
_PRODUCTS = 2e10  # of two numbers, in a second, forth and back through the network together

_ROOM = 2.0  # a server that also answers visitors needs up to so many times as long


@dataclass(frozen=True)
class Bounds:
    """What one choice may be.

    Parameters
    ----------
    label : str
        What it is called.
    least, most : float
        The smallest and largest value. Filters end where a model's file would outgrow 500 KB.
    whole : bool
        Whether it has to be a whole number.

    Examples
    --------
    >>> BOUNDS["epochs"].words
    'a whole number from 1 to 30'
    """

    label: str
    least: float
    most: float
    whole: bool = True

    @property
    def words(self) -> str:
        """What it has to be."""
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {_text(self.least)} to {_text(self.most)}"

    def read(self, text: str) -> float:
        """Return a typed number, which may lie outside the bounds.

        Raises
        ------
        ValueError
            If it is no number of this kind.

        Examples
        --------
        >>> BOUNDS["learning_rate"].read(" 0,01 ")
        0.01
        """
        value = float(text.strip().replace(",", "."))
        if not math.isfinite(value) or (self.whole and value != int(value)):
            raise ValueError(f"{self.words} was expected. Received: {text!r}")
        return int(value) if self.whole else value


BOUNDS = {
    "epochs": Bounds("Epochs", 1, 30),
    "filters1": Bounds("Filters in the first layer", 2, 32),
    "filters2": Bounds("Filters in the second layer", 4, 96),
    "learning_rate": Bounds("Learning rate", 0.0001, 0.05, whole=False),
    "distortion": Bounds("Distortion", 0, 1.5, whole=False),
}
"""The numbers that may be chosen, by name."""


def estimate(recipe: Recipe) -> float:
    """Return about how long a training takes on two cores that have nothing else to do.

    It follows from the products that the convolutions take for all images, at a speed that fits
    the recipes as they are. Distortion and small batches, which cost a little, are left out.

    Parameters
    ----------
    recipe : Recipe

    Returns
    -------
    float
        Seconds.

    Examples
    --------
    >>> [round(estimate(recipe)) for recipe in RECIPES.values()]
    [15, 10, 1191]
    """
    side, channels, products = SIDE, 1, 0
    for filters, kernel, padding in zip(
        recipe.filters, recipe.kernel_sizes, recipe.padding, strict=True
    ):
        side = side if padding == "same" else side - kernel + 1
        products += side**2 * kernel**2 * channels * filters
        side, channels = side // 2, filters
    drawings = (recipe.num_drawings + recipe.num_others) * recipe.drawings_share
    images = recipe.epochs * (recipe.num_images + drawings)
    return _BEGINNING + images * products / _PRODUCTS


class Options(traitlets.HasTraits):  # type: ignore[misc] # traitlets has no types mypy may follow
    """The choices for the next training.

    Every value is text as a person would type it, and always one that can be trained with.

    Parameters
    ----------
    recipe : Recipe, optional
        What is chosen first; "quick" when none is given.
    most_seconds : float, optional
        How long one training may take here. What would likely take longer cannot be chosen: a
        busy server is reckoned to need twice what :func:`estimate` says.

    Examples
    --------
    >>> options = Options()
    >>> options.change("epochs", "1"); options.change("seed", "7")
    >>> options.recipe.epochs, options.wanted_seed
    (1, 7)
    >>> options.change("epochs", "1000")
    >>> options.epochs, options.notice
    ('30', 'Epochs: a whole number from 1 to 30, so it is 30 now.')
    """

    name = traitlets.Unicode(help="of the recipe")
    epochs = traitlets.Unicode()
    filters1 = traitlets.Unicode()
    filters2 = traitlets.Unicode()
    learning_rate = traitlets.Unicode()
    distortion = traitlets.Unicode()
    seed = traitlets.Unicode("", help="empty for a fresh one")
    notice = traitlets.Unicode("", help="why a value is not what was typed")

    def __init__(self, recipe: Recipe | None = None, most_seconds: float | None = None) -> None:
        super().__init__()
        self.most_seconds = most_seconds
        self._base = RECIPES["quick"] if recipe is None else recipe
        self._fill()

    @property
    def recipe(self) -> Recipe:
        """The chosen recipe with all that was changed of it."""
        base = self._base
        values = {name: bounds.read(getattr(self, name)) for name, bounds in BOUNDS.items()}
        if values == _values(base):
            return base
        epochs = int(values["epochs"])
        return dataclasses.replace(
            base,
            name=f"{base.name}, changed",
            epochs=epochs,
            filters=(int(values["filters1"]), int(values["filters2"])),
            learning_rate=values["learning_rate"],
            distortion=values["distortion"],
            # A recipe ends with undistorted digits; a short training shall see others too.
            clean_epochs=min(base.clean_epochs, epochs // 4),
        )

    @property
    def offered(self) -> tuple[str, ...]:
        """The names of the recipes that can be chosen; the first of all always can."""
        first, *others = RECIPES
        return (first, *(name for name in others if self._fits(RECIPES[name])))

    def _fits(self, recipe: Recipe) -> bool:
        return self.most_seconds is None or _ROOM * estimate(recipe) <= self.most_seconds

    @property
    def wanted_seed(self) -> int | None:
        """The seed that was asked for, or None for a fresh one."""
        return int(self.seed) if self.seed else None

    def choose(self, name: str) -> None:
        """Take another recipe, with its own values for everything but the seed.

        Parameters
        ----------
        name : str
            One of :attr:`offered`.

        Raises
        ------
        KeyError
            If there is no such recipe, or it is not offered.
        """
        if name not in self.offered:
            raise KeyError(name)
        self._base = RECIPES[name]
        self._fill()

    def change(self, name: str, text: str) -> None:
        """Take what a person typed, as far as it can be trained with.

        Parameters
        ----------
        name : str
            "seed", or one of :data:`BOUNDS`.
        text : str
            Whatever it is. A number outside the bounds becomes the nearest inside them, anything
            else changes nothing; both are told in :attr:`notice`.

        Raises
        ------
        KeyError
            If nothing of that name can be chosen.
        """
        if name == "seed":
            self._change_seed(text.strip())
            return
        bounds = BOUNDS[name]
        try:
            value = bounds.read(text)
        except ValueError:
            stays = f"so it stays {getattr(self, name)}"
            self.notice = f"{bounds.label}: {bounds.words}, {stays}."
            return
        inside = min(max(value, bounds.least), bounds.most)
        before = getattr(self, name)
        with self.hold_trait_notifications():
            setattr(self, name, _text(inside))
            # More of it takes longer, so the most that fits lies between this and what there was.
            while not self._fits(self.recipe) and inside > bounds.read(before):
                inside -= 1
                setattr(self, name, _text(inside))
        is_now = f"so it is {_text(inside)} now"
        words = bounds.words
        if self.most_seconds and inside < min(value, bounds.most):
            minutes = f"{self.most_seconds / 60:g} minute{'s' * (self.most_seconds != 60)}"
            words = f"more would likely take longer than the {minutes} it may take here"
        self.notice = "" if inside == value else f"{bounds.label}: {words}, {is_now}."

    def _change_seed(self, text: str) -> None:
        # Not everything that Python takes for digits is one for a person.
        if not text or (text.isascii() and text.isdigit() and int(text[:40]) <= MOST_SEED):
            self.seed = str(int(text)) if text else ""
            self.notice = ""
            return
        stays = f"so it stays {self.seed}" if self.seed else "or nothing for a fresh one"
        self.notice = f"Seed: a whole number from 0 to {MOST_SEED:,}, {stays}."

    def _fill(self) -> None:
        with self.hold_trait_notifications():
            self.name = self._base.name
            for name, value in _values(self._base).items():
                setattr(self, name, _text(value))
            self.notice = ""


def _values(recipe: Recipe) -> dict[str, float]:
    first, second = recipe.filters
    return {
        "epochs": recipe.epochs,
        "filters1": first,
        "filters2": second,
        "learning_rate": recipe.learning_rate,
        "distortion": recipe.distortion,
    }


def _text(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
