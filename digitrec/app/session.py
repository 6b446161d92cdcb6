"""A training as the page sees it: started, followed, cancelled, taken over."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import traitlets

from digitrec.app.models import Models
from digitrec.errors import DigitrecError
from digitrec.jobs import Status, TrainingJob
from digitrec.network import Network
from digitrec.training import RECIPES, Recipe

AS_IT_WAS = "Your model is as it was."


class Job(Protocol):
    """What is asked of a training: :class:`digitrec.jobs.TrainingJob` has it."""

    def start(self) -> None:
        """Begin, without waiting."""

    def cancel(self) -> None:
        """End it soon, without waiting."""

    def status(self) -> Status:
        """Say how it stands; cheap."""


class Training(traitlets.HasTraits):  # type: ignore[misc] # traitlets has no types mypy may follow
    """The training that the page runs, one at a time.

    Parameters
    ----------
    models : Models
        Takes the new model over.
    recipe : Recipe, optional
        What is trained; "quick" when none is given.
    make_job : callable, optional
        Makes a job from a recipe and the path where the model shall lie.

    Examples
    --------
    >>> from digitrec.app.store import Store
    >>> training = Training(Models(Store(Path("unused"))))
    >>> training.running, training.recipe.name
    (False, 'quick')
    """

    status = traitlets.Instance(Status, allow_none=True)
    running = traitlets.Bool(False)
    sentence = traitlets.Unicode("", help="how the last training ended, when it ended badly")

    def __init__(
        self,
        models: Models,
        recipe: Recipe | None = None,
        make_job: Callable[[Recipe, Path], Job] | None = None,
    ) -> None:
        super().__init__()
        self.recipe = RECIPES["quick"] if recipe is None else recipe
        self._models = models
        self._make_job = _train_elsewhere if make_job is None else make_job
        self._job: Job | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None

    def start(self) -> None:
        """Start a training; while one runs this does nothing."""
        if self.running:
            return
        self.sentence = ""
        self._models.keep_new()
        self._folder = tempfile.TemporaryDirectory(prefix="digitrec-", ignore_cleanup_errors=True)
        self._job = self._make_job(self.recipe, self._out)
        self.running = True
        try:
            self._job.start()
        except (DigitrecError, OSError) as error:
            self._end(f"The training could not start: {error}. {AS_IT_WAS}")
            return
        self.status = self._job.status()

    def cancel(self) -> None:
        """Ask the training to end."""
        if self._job is not None and self.running:
            self._job.cancel()
            self.poll()

    def poll(self) -> None:
        """Look how the training stands; to be called some times a second while it runs."""
        if self._job is None or not self.running:
            return
        status = self._job.status()
        if not status.ended:
            self.status = status
            return
        # Whoever looks shall see the end as a whole, and not a training that is over and runs.
        with self.hold_trait_notifications():
            self.status = status
            if status.state == "done":
                self._take_over()
            else:
                self._end(status.message)

    def _take_over(self) -> None:
        try:
            network = Network.load(self._out)
        except DigitrecError as error:
            self._end(f"The trained model could not be read: {error}. {AS_IT_WAS}")
            return
        try:
            self._models.try_out(network)
        finally:
            self._end("")

    @property
    def _out(self) -> Path:
        assert self._folder is not None  # noqa: S101 - start() made it
        return Path(self._folder.name) / "model.safetensors"

    def _end(self, sentence: str) -> None:
        self._job = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None
        self.sentence = sentence
        self.running = False


def _train_elsewhere(recipe: Recipe, out: Path) -> Job:
    return TrainingJob(recipe, None, out)
