"""Learning from the visitor's digits, with how many were right before and after."""

from dataclasses import dataclass
from typing import Any

import traitlets

from digitrec.app.digits.corrections import Corrections
from digitrec.app.model.in_use import ModelInUse, validation
from digitrec.app.training.run import Training


@dataclass(frozen=True)
class Outcome:
    """What came of a lesson.

    Parameters
    ----------
    num_digits : int
        How many digits the visitor has.
    right_before, right_after : int
        How many of them were read as they were meant.
    validation_before, validation_after : float or None
        The accuracy on MNIST's validation digits, 0 to 1, where it was measured.
    """

    num_digits: int
    right_before: int
    right_after: int
    validation_before: float | None = None
    validation_after: float | None = None


class Lesson(traitlets.HasTraits):  # type: ignore[misc] # traitlets has no types mypy may follow
    """Teaches the model in use the visitor's digits.

    Parameters
    ----------
    corrections : Corrections
    training : Training
        Does the work, in a process of its own.
    models : ModelInUse
        Offers the new model.

    Examples
    --------
    >>> models = ModelInUse()
    >>> lesson = Lesson(Corrections(), Training(models), models)
    >>> lesson.start()  # there is nothing to learn from
    >>> print(lesson.outcome)
    None
    """

    outcome = traitlets.Instance(Outcome, allow_none=True)

    def __init__(self, corrections: Corrections, training: Training, models: ModelInUse) -> None:
        super().__init__()
        self._corrections = corrections
        self._training = training
        self._models = models
        self._teaching = False
        training.observe(self._end, "running")
        models.observe(self._conclude, "offered")

    def start(self) -> None:
        """Begin; without a digit, or while something is learnt, this does nothing."""
        corrections = self._corrections
        if self._training.running or not corrections.digits:
            return
        self.outcome = None
        self._teaching = True
        self._training.learn(corrections.images, corrections.labels)
        self._teaching = self._training.running  # not if it could not begin

    def _conclude(self, change: dict[str, Any]) -> None:
        earlier, offer = change["old"], change["new"]
        if offer is None or offer.how != "taught" or not self._teaching:
            return
        if earlier is not None and earlier.new is offer.new:
            return  # what came of the lesson before, beside another model than it was
        old, new = offer.old, offer.new
        self._teaching = False
        corrections = self._corrections
        before, after = validation(new) or (None, None)
        self.outcome = Outcome(
            len(corrections.digits),
            corrections.num_right(old),
            corrections.num_right(new),
            before,
            after,
        )

    def _end(self, change: dict[str, Any]) -> None:
        if not change["new"]:
            self._teaching = False
