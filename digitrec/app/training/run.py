"""A training as the page sees it: started, followed, cancelled, offered."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import traitlets
from numpy.typing import ArrayLike

from digitrec.app.model.in_use import ModelInUse
from digitrec.app.training.options import Options
from digitrec.errors import DigitrecError, FileError
from digitrec.jobs import AdaptationJob, Status, TrainingJob, most_seconds
from digitrec.network import Network
from digitrec.training import Recipe

AS_IT_WAS = "Your model is as it was."

MOST_EPOCHS = 12
"""Of how many epochs the networks are held in memory; more would fill it, and the page too."""


class Job(Protocol):
    """What is asked of a run: :class:`digitrec.jobs.Job` has it."""

    def start(self) -> None:
        """Begin, without waiting."""

    def cancel(self) -> None:
        """End it soon, without waiting."""

    def status(self) -> Status:
        """Say how it stands; cheap."""


class Training(traitlets.HasTraits):  # type: ignore[misc] # traitlets has no types mypy may follow
    """What the page has a child process learn, one thing at a time.

    That is a new network (:meth:`start`), or the visitor's own digits (:meth:`learn`). Both are
    followed in the same way: a caller of :meth:`poll`, some times a second as the dashboard does
    while :attr:`running` is true, sees :attr:`status` change. At the end the new network is
    offered, or :attr:`sentence` says why there is none.

    Parameters
    ----------
    models : ModelInUse
        Offers the new model.
    options : Options, optional
        What is trained, and with which seed.
    make_job : callable, optional
        Makes a job from a recipe, a seed or None, and the path where the model is to be written.
    make_lesson : callable, optional
        Makes a job from a network, images, labels, and the path where the model is to be written.

    Examples
    --------
    >>> training = Training(ModelInUse())
    >>> training.running, training.recipe.name, training.epochs
    (False, 'quick', (1, 2))
    """

    status = traitlets.Instance(Status, allow_none=True)
    running = traitlets.Bool(False)
    learning = traitlets.Bool(False, help="whether the latest run was of the visitor's digits")
    sentence = traitlets.Unicode("", help="how the last run ended, when it ended badly")
    epochs = traitlets.Tuple(help="after which epochs of the training its network is shown")
    networks = traitlets.Tuple(help="those that there are by now, each with its epoch")

    def __init__(
        self,
        models: ModelInUse,
        options: Options | None = None,
        make_job: Callable[[Recipe, int | None, Path], Job] | None = None,
        make_lesson: Callable[[Network, ArrayLike, ArrayLike, Path], Job] | None = None,
    ) -> None:
        super().__init__()
        self.options = Options(most_seconds=most_seconds()) if options is None else options
        self.recipe = self.options.recipe
        self._models = models
        self._make_job = TrainingJob if make_job is None else make_job
        self._make_lesson = AdaptationJob if make_lesson is None else make_lesson
        self._job: Job | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self._read_options()
        self.options.observe(self._read_options, ["name", "epochs"])

    def start(self) -> None:
        """Start a training as the options say; while something runs this does nothing."""
        if self.running:
            return
        self.recipe = self.options.recipe
        with self.hold_trait_notifications():
            self.epochs = shown_epochs(self.recipe.epochs)
            self.networks = ()
        seed = self.options.wanted_seed
        self._begin(lambda: self._make_job(self.recipe, seed, self._out), learning=False)

    def learn(self, images: ArrayLike, labels: ArrayLike) -> None:
        """Teach the model in use somebody's own digits; while something runs this does nothing.

        Parameters
        ----------
        images : array_like, shape (n, 28, 28)
            Unsigned bytes or floats 0 to 1, ink bright; 1 to 1,000 of them.
        labels : array_like of int, shape (n,)
            The digit in each.

        Raises
        ------
        ValueError
            If the images or labels are none of these.
        """
        if self.running:
            return
        network = self._models.network
        self._begin(lambda: self._make_lesson(network, images, labels, self._out), learning=True)

    def _begin(self, make: Callable[[], Job], *, learning: bool) -> None:
        try:
            self._folder = tempfile.TemporaryDirectory(
                prefix="digitrec-", ignore_cleanup_errors=True
            )
            job = make()
        except OSError as error:  # a full disk, or a folder that is gone
            self.learning = learning
            self._end(f"The {self._doing} could not start: {error}. {AS_IT_WAS}")
            return
        except BaseException:
            self._clear()
            raise
        self.sentence = ""
        self._job = job
        with self.hold_trait_notifications():
            self.learning = learning
            self.status = job.status()
            self.running = True
        try:
            job.start()
        except (DigitrecError, OSError) as error:
            self._end(f"The {self._doing} could not start: {error}. {AS_IT_WAS}")
            return
        self.status = job.status()

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
        self._look_on(status)
        if not status.ended:
            self.status = status
            return
        # Observers must see the end as a whole, and never a training that is over and still runs.
        with self.hold_trait_notifications():
            self.status = status
            if status.state == "done":
                self._offer()
            else:
                self._end(status.message)

    def _look_on(self, status: Status) -> None:
        """Hold the network of an epoch that has ended, unless it is known."""
        latest = status.epoch_network
        known = [epoch for epoch, _network in self.networks]
        if latest is None or latest.epoch not in self.epochs or latest.epoch in known:
            return
        try:
            network = Network.from_bytes(latest.content)
        except FileError:  # it is only for looking on
            return
        self.networks = (*self.networks, (latest.epoch, network))

    def _offer(self) -> None:
        try:
            network = Network.load(self._out)
        except DigitrecError as error:
            self._end(f"The new model could not be read: {error}. {AS_IT_WAS}")
            return
        try:
            self._models.offer(network, "taught" if self.learning else "trained")
        finally:
            self._end("")

    def _read_options(self, _change: object = None) -> None:
        """Have everybody know what the next training will be, until there is one to look at."""
        if not self.running and not self.networks:
            self.recipe = self.options.recipe
            self.epochs = shown_epochs(self.recipe.epochs)

    @property
    def _doing(self) -> str:
        return "learning" if self.learning else "training"

    @property
    def _out(self) -> Path:
        assert self._folder is not None  # noqa: S101 - start() made it
        return Path(self._folder.name) / "model.safetensors"

    def _end(self, sentence: str) -> None:
        self._clear()
        self.sentence = sentence
        self.running = False

    def _clear(self) -> None:
        self._job = None
        if self._folder is not None:
            self._folder.cleanup()
            self._folder = None


def shown_epochs(num_epochs: int) -> tuple[int, ...]:
    """Return after which epochs a network is shown: all, or some at even distances.

    Parameters
    ----------
    num_epochs : int
        How many epochs the training takes.

    Examples
    --------
    >>> shown_epochs(3)
    (1, 2, 3)
    >>> shown_epochs(30)
    (1, 4, 6, 9, 12, 14, 17, 19, 22, 25, 27, 30)
    """
    num = min(num_epochs, MOST_EPOCHS)
    span = (num_epochs - 1) / max(num - 1, 1)
    return tuple(1 + round(place * span) for place in range(num))
