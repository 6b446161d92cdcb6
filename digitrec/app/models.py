"""Which model answers, where it comes from, and the way back to the one before."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import traitlets

from digitrec.app.store import Store
from digitrec.errors import FileError
from digitrec.evaluation import Report
from digitrec.network import Network, bundled

UNREADABLE = "The model kept for you could not be read, so this is the one that came with the page."


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two models side by side, until one of them is chosen.

    Parameters
    ----------
    old, new : Network
        The one before the training and the one it made; the new one is in use meanwhile.

    Examples
    --------
    >>> Comparison(bundled(), bundled()).old is bundled()
    True
    """

    old: Network
    new: Network


class Models(traitlets.HasTraits):  # type: ignore[misc] # traitlets has no types mypy may follow
    """The model in use.

    Parameters
    ----------
    store : Store
        Where a trained model is kept.
    load_bundled : callable, optional
        Returns the model that comes with the page.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     models = Models(Store(Path(folder)))
    ...     print(models.own, models.comparison)
    ...     models.try_out(bundled())
    ...     print(models.own, models.comparison is not None)
    ...     models.go_back()
    ...     print(models.own, models.comparison)
    False None
    True True
    False None
    """

    network = traitlets.Instance(Network)
    own = traitlets.Bool(False, help="whether the model in use was trained here")
    comparison = traitlets.Instance(Comparison, allow_none=True)
    note = traitlets.Unicode("", help="where the model in use comes from, in a sentence")
    forgettable = traitlets.Bool(False, help="whether a file is kept that can be forgotten")

    def __init__(self, store: Store, load_bundled: Callable[[], Network] = bundled) -> None:
        self._store = store
        self._bundled = load_bundled
        self._own_before = False
        super().__init__()
        self._find()

    @property
    def report(self) -> Report | None:
        """How good the model in use is, as measured when it was made."""
        return report_of(self.network)

    def refresh(self) -> None:
        """Look again for a kept model, unless two are just being compared."""
        if self.comparison is None and self._store.stamp() != self._stamp:
            self._find()

    def try_out(self, network: Network) -> None:
        """Take a newly trained model into use and keep it; the old one waits.

        Parameters
        ----------
        network : Network

        Raises
        ------
        FileError
            If it could not be kept; it is in use nevertheless.
        """
        old = self.network
        self._own_before = self.own
        self.network = network
        self.own = True
        self.comparison = Comparison(old, network)
        self._describe()
        self._store.keep(network)
        self._stamp = self._store.stamp()
        self.forgettable = True

    def keep_new(self) -> None:
        """Stay with the new model."""
        self.comparison = None

    def go_back(self) -> None:
        """Return to the model before the training.

        Raises
        ------
        FileError
            If the kept file could not be put back; the old model is in use nevertheless.
        """
        if self.comparison is None:
            return
        self.network = self.comparison.old
        self.own = self.forgettable = self._own_before
        self.comparison = None
        self._describe()
        if self.own:
            self._store.keep(self.network)
        else:
            self._store.forget()
        self._stamp = self._store.stamp()

    def forget(self) -> None:
        """Delete the kept model and use the one that came with the page.

        Raises
        ------
        FileError
            If the kept file could not be deleted.
        """
        self._store.forget()
        self._stamp = self._store.stamp()
        self.comparison = None
        self.network = self._bundled()
        self.own = self.forgettable = False
        self._describe()

    def _find(self) -> None:
        self._stamp = self._store.stamp()
        try:
            kept = self._store.load()
        except FileError:
            self.network = self._bundled()
            self.own = False
            self.forgettable = True
            self.note = UNREADABLE
            return
        self.network = self._bundled() if kept is None else kept
        self.own = self.forgettable = kept is not None
        self._describe()

    def _describe(self) -> None:
        if self.own:
            self.note = f"You trained this model{_on_day(self.network.metadata)}."
        else:
            self.note = "This is the model that came with the page."


def report_of(network: Network) -> Report | None:
    """Return how good a network is, from its own metadata.

    Parameters
    ----------
    network : Network

    Returns
    -------
    Report or None
        None if it was never evaluated, or what stands there is no report.

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


def _on_day(metadata: dict[str, Any]) -> str:
    try:
        day = datetime.fromisoformat(metadata["created"]).astimezone()
    except (KeyError, TypeError, ValueError, OverflowError):
        return ""
    year = "" if day.year == datetime.now().astimezone().year else f" {day.year}"
    return f" on {day.day} {day:%B}{year}"
