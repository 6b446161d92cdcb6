"""Which model answers, where it comes from, and the way back to the one before."""

import datetime
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

import traitlets

from digitrec.app.browser_store.store import (
    MAX_MODEL_BYTES,
    BrowserStore,
    Change,
    Found,
    StoredModel,
)
from digitrec.errors import FileError
from digitrec.evaluation import Report
from digitrec.network import Network, bundled

UNREADABLE = (
    "The model stored in this browser could not be read, "
    "so this is the one that came with the page."
)
FRESH = "This is the model that came with the page."
DELETING = "Deleting the other model from this browser …"

_MOST_NUMBERS = 2_000_000  # that one image becomes inside a network; ours need 100,000
_MOST_TOLD = 1e15  # what a model may say of itself in numbers; a trillion would do
_TEXTS = ("created", "recipe", "digitrec")
_BY = {
    "trained": "You trained this model",
    "taught": "You taught this model your digits",
    "opened": "You opened this model",
}


@dataclass(frozen=True, eq=False)
class Offer:
    """A new model beside the one in use, until the visitor chooses one of them.

    Parameters
    ----------
    old, new : Network
        The one in use, which goes on answering, and the candidate.
    how : str
        How the visitor came by the candidate, one of
        :data:`~digitrec.app.browser_store.store.HOWS`.

    Examples
    --------
    >>> Offer(bundled(), bundled(), "trained").old is bundled()
    True
    """

    old: Network
    new: Network
    how: str


@dataclass(frozen=True)
class _Own:
    """A visitor's own model, beside its network."""

    model: StoredModel
    lives: bool = False
    trouble: str = ""


class ModelInUse(traitlets.HasTraits):  # type: ignore[misc] # traitlets has no types mypy may follow
    """The model that answers, and the one way for another to take its place.

    Training, learning from corrections and opening a file all end in :meth:`offer`. The candidate
    is in this page alone until :meth:`keep` puts it into use and stores it in the visitor's
    browser, which is the only place where models are stored.

    Parameters
    ----------
    store : BrowserStore, optional
        The way to that browser; without one nothing is stored.
    load_bundled : callable, optional
        Returns the model that comes with the page.

    Examples
    --------
    >>> models = ModelInUse()
    >>> models.offer(bundled(), "trained")
    >>> print(models.own, models.offered is not None)
    False True
    >>> models.keep()
    >>> print(models.own, models.offered)
    True None
    """

    network = traitlets.Instance(Network)
    own = traitlets.Bool(False, help="whether the model in use is the visitor's")
    offered = traitlets.Instance(
        Offer, allow_none=True, help="a candidate that does not answer before it is chosen"
    )
    note = traitlets.Unicode("", help="where the model in use comes from, in a sentence")
    forgettable = traitlets.Bool(False, help="whether something is stored that can be forgotten")

    def __init__(
        self, store: BrowserStore | None = None, load_bundled: Callable[[], Network] = bundled
    ) -> None:
        self._store = BrowserStore() if store is None else store
        self._bundled = load_bundled
        self._mine: _Own | None = None
        super().__init__(network=load_bundled())
        self._describe()
        self._store.on_found(self._find)

    @property
    def report(self) -> Report | None:
        """How good the model in use is, as measured when it was made."""
        return report_of(self.network)

    def offer(self, network: Network, how: str) -> None:
        """Put a candidate beside the model in use; it takes the place of an earlier candidate.

        Parameters
        ----------
        network : Network
        how : {"trained", "taught", "opened"}
            How the visitor came by it.
        """
        self.offered = Offer(self.network, network, how)

    def open(self, content: bytes) -> None:
        """Offer a model out of a file.

        Parameters
        ----------
        content : bytes
            What the visitor chose.

        Raises
        ------
        FileError
            If it is not one of our models, or too large.
        """
        self.offer(checked(content), "opened")

    def keep(self) -> None:
        """Put the candidate into use, and store it."""
        chosen = self.offered
        if chosen is None:
            return
        today = datetime.datetime.now().astimezone().date()
        self._mine = _Own(StoredModel(chosen.new.to_bytes(), today.isoformat(), chosen.how))
        with self.hold_trait_notifications():
            self.offered = None
            self.network = chosen.new
            self._describe()
        self._write()

    def go_back(self) -> None:
        """Drop the candidate; the model in use stays."""
        self.offered = None

    def forget(self) -> None:
        """Delete the stored model and use the one that came with the page."""
        self._mine = None
        with self.hold_trait_notifications():
            self._answer_with(self._bundled())
            self._describe(deleting=True)
        self._write()

    def _answer_with(self, network: Network) -> None:
        self.network = network
        if self.offered is not None:
            self.offered = replace(self.offered, old=network)

    def _write(self) -> None:
        """Have the browser store what is in use, in place of what it stored."""
        mine = self._mine
        if mine is not None and len(mine.model.content) > MAX_MODEL_BYTES:
            self._end(mine, "It is too large for this browser to store: download it.")
            return
        change = Change("model", "model", None if mine is None else mine.model)

        def answered(done: bool) -> None:
            if mine is not None and done:
                self._end(mine, "")
            elif mine is not None:
                self._end(mine, "This browser could not store it: download it if you want to.")
            elif self._mine is None and done:
                self._describe()
            elif self._mine is None:
                self.note = f"{FRESH} The other one could not be deleted from this browser."
                self.forgettable = True

        self._store.change([change], answered)

    def _end(self, mine: _Own, trouble: str) -> None:
        """Note what became of storing a model, if it is still the one in use."""
        if self._mine is not None and self._mine.model is mine.model:
            self._mine = replace(mine, lives=not trouble, trouble=trouble)
            self._describe()

    def _find(self, found: Found) -> None:
        """Use what the browser has stored."""
        if found.model is None and not found.model_damaged:
            if self._mine is not None:
                # Forgotten in another tab, or never stored. What answers goes on answering.
                self._mine = replace(self._mine, lives=False)
            self._describe()
            return
        if found.model is not None and self._mine is not None and self._mine.model == found.model:
            self._mine = replace(self._mine, lives=True, trouble="")
            self._describe()
            return
        try:
            if found.model is None:
                raise FileError("there is something else in its place")
            network, day = checked(found.model.content), _day(found.model.day)
        except FileError:
            network, self._mine = self._bundled(), None
        else:
            self._mine = _Own(replace(found.model, day=day), lives=True)
        with self.hold_trait_notifications():
            self._answer_with(network)
            self._describe()
            if self._mine is None:
                self.note = UNREADABLE
                self.forgettable = True

    def _describe(self, *, deleting: bool = False) -> None:
        mine = self._mine
        self.own = self.forgettable = mine is not None
        if mine is None:
            # Before the browser has answered, a reload would find the other one again.
            self.note = DELETING if deleting else FRESH
            return
        lives = "; it lives in this browser" if mine.lives else ""
        said = f"{_BY[mine.model.how]} on {_told(mine.model.day)}{lives}."
        self.note = f"{said} {mine.trouble}".rstrip()


def checked(content: bytes) -> Network:
    """Return a model out of a stranger's bytes, or say why not.

    Parameters
    ----------
    content : bytes

    Raises
    ------
    FileError
        If it is no model of ours, takes more than
        :data:`~digitrec.app.browser_store.store.MAX_MODEL_BYTES` bytes, would need far more
        memory than ours to answer, or says things about itself that make no sense.

    Examples
    --------
    >>> checked(bundled().to_bytes()).num_parameters == bundled().num_parameters
    True
    """
    if len(content) > MAX_MODEL_BYTES:
        raise FileError(
            f"a model of at most {MAX_MODEL_BYTES // 1000} KB was expected. "
            f"Received: {len(content) // 1000:,} KB"
        )
    network = Network.from_bytes(content)
    if _numbers_inside(network) > _MOST_NUMBERS:
        raise FileError("this model is made for far more computing than a page can do")
    about = network.metadata
    sound = (
        all(isinstance(about.get(name, ""), str) for name in _TEXTS)
        and type(about.get("seed", 0)) is int
        and _is_number(about.get("seconds", 0))
        and all(isinstance(about.get(name, {}), dict) for name in ("recipe_settings", "adapted"))
        and _can_be_told(about)
        and ("evaluation" not in about or report_of(network) is not None)
    )
    if not sound:
        raise FileError("what this model says about itself makes no sense")
    return network


def report_of(network: Network) -> Report | None:
    """Return how good a network is, from its own metadata.

    Parameters
    ----------
    network : Network

    Returns
    -------
    Report or None
        None if it was never evaluated, or if its metadata holds no report.

    Examples
    --------
    >>> report_of(bundled()).samples
    10000
    """
    evaluation = network.metadata.get("evaluation")
    if not isinstance(evaluation, dict):
        return None
    try:
        return Report.from_dict(evaluation)
    except FileError:
        return None


def validation(network: Network) -> tuple[float, float] | None:
    """Return the validation accuracy before and after a network was taught somebody's digits.

    Parameters
    ----------
    network : Network

    Returns
    -------
    (float, float) or None
        From 0 to 1; None if its metadata does not hold them.

    Examples
    --------
    >>> print(validation(bundled()))
    None
    """
    adapted = network.metadata.get("adapted")
    if not isinstance(adapted, dict):
        return None
    before, after = adapted.get("validation_before"), adapted.get("validation_after")
    if not (_is_share(before) and _is_share(after)):
        return None
    return float(before), float(after)


def _numbers_inside(network: Network) -> int:
    """Return into how many numbers one image is turned on its way, patches included."""
    layers = {layer.name: layer.output_shape for layer in network.layers}
    total = sum(math.prod(shape) for shape in layers.values())
    for name in ("conv1", "conv2"):
        rows, columns, _ = layers[name]
        total += rows * columns * math.prod(network.weights[f"{name}/kernel"].shape[:3])
    return total


def _can_be_told(about: Any) -> bool:
    """Return whether all numbers in JSON values are such that a page can compute and show them."""
    parts = [about]
    while parts:
        part = parts.pop()
        if isinstance(part, dict | list):
            parts += part.values() if isinstance(part, dict) else part
        elif isinstance(part, int | float) and not abs(part) <= _MOST_TOLD:
            return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_share(value: Any) -> TypeGuard[float]:
    return _is_number(value) and 0 <= value <= 1


def _day(text: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise FileError(f"a date was expected. Received: {text}") from error


def _told(day: str) -> str:
    date = datetime.date.fromisoformat(day)
    this_year = datetime.datetime.now().astimezone().year
    return f"{date.day} {date:%B}{'' if date.year == this_year else f' {date.year}'}"
