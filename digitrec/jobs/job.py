"""A training or a learning in a child process: start it, follow it, cancel it.

The page that starts one never imports TensorFlow, goes on answering meanwhile, and gets the memory
back afterwards. The child reports one JSON object a line, and ends with its parent.
"""

import json
import math
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from digitrec import adaptation, files, journal, training
from digitrec.jobs import child
from digitrec.jobs.queue import Turn
from digitrec.network import Network
from digitrec.training import Progress, Recipe

_UNCHANGED = "Your model is as it was."
_LOOK = 0.2  # seconds between two looks at the queue
_MAX_POINTS = 400  # of the curves; more than a screen shows
_SILENCE = 60.0  # seconds without a line from the child; after that the page says so
_CHILD = (sys.executable, "-m", "digitrec.jobs")

State = Literal["queued", "starting", "training", "evaluating", "done", "failed", "cancelled"]
_STATES: dict[str, State] = {
    "drawing": "starting",
    "starting TensorFlow": "starting",
    "training": "training",
    "learning": "training",
    "evaluating": "evaluating",
}


def most_seconds() -> float | None:
    """Return how long one run may take here, in seconds; None means no limit.

    A server sets the environment variable ``DIGITREC_TRAINING_MINUTES`` for its pads.

    Examples
    --------
    >>> most_seconds() is None  # doctest: +SKIP
    True
    """
    try:
        minutes = float(os.environ.get("DIGITREC_TRAINING_MINUTES", "nan"))
    except ValueError:
        return None
    return 60 * minutes if 0 < minutes < math.inf else None


class Point(NamedTuple):
    """One point of the training curves.

    Parameters
    ----------
    epochs : float
        How far the training was, in epochs.
    loss : float
        The loss at that point.
    accuracy : float
        The share of training images that were right at that point, 0 to 1.

    Examples
    --------
    >>> Point(0.5, 0.3, 0.91).loss
    0.3
    """

    epochs: float
    loss: float
    accuracy: float


@dataclass(frozen=True)
class EpochNetwork:
    """The network after one epoch of a training that is still running.

    Parameters
    ----------
    epoch : int
        The epoch, counted from 1.
    content : bytes
        For :meth:`digitrec.network.Network.from_bytes`. It is not calibrated and refuses nothing.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> early = EpochNetwork(1, bundled().to_bytes())
    >>> Network.from_bytes(early.content).architecture == bundled().architecture
    True
    """

    epoch: int
    content: bytes


@dataclass(frozen=True)
class Status:
    """A snapshot of a run; it never changes.

    Parameters
    ----------
    state : {"queued", "starting", "training", "evaluating", "done", "failed", "cancelled"}
        What it is doing, or how it ended.
    seed : int
        The seed of the run.
    ahead : int
        How many trainings of this user of the machine come before it.
    progress : Progress or None
        The child's latest report.
    history : tuple of Point
        The curves so far, at most some hundreds of points.
    message : str
        Why it failed or was cancelled, in a sentence.
    epoch_network : EpochNetwork or None
        The network after the latest finished epoch. Only training has epochs.
    silent : bool
        Whether the child has sent nothing for a minute: the machine is busy, or the child hangs.
    most_seconds : float or None
        How long a run may take here, once it is its turn; None means no limit.

    Examples
    --------
    >>> Status("done", seed=1).ended
    True
    """

    state: State
    seed: int
    ahead: int = 0
    progress: Progress | None = None
    history: tuple[Point, ...] = ()
    message: str = ""
    epoch_network: EpochNetwork | None = None
    silent: bool = False
    most_seconds: float | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing will happen any more."""
        return self.state in ("done", "failed", "cancelled")


class Job:
    """One run in a child process, one at a time for each user of a machine.

    You may call all methods from any thread, and only :meth:`wait` takes time.
    :class:`TrainingJob` and :class:`AdaptationJob` decide what is run.

    Examples
    --------
    >>> issubclass(TrainingJob, Job), issubclass(AdaptationJob, Job)
    (True, True)
    """

    _doing = "training"

    def __init__(
        self, seed: int | None, out: str | os.PathLike[str], command: Sequence[str]
    ) -> None:
        if seed is not None and not 0 <= seed < 2**32:
            raise ValueError(f"seed must be a whole number from 0 to 2**32 - 1. Received: {seed!r}")
        self.out = Path(out).absolute()
        # Check now, and not when the training is over.
        if not self.out.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {self.out.parent}; make it first")
        if self.out.is_dir() or not os.access(self.out.parent, os.W_OK):
            raise PermissionError(f"cannot write a file at {self.out}; choose another place")
        # Beside `out`, so that one step puts it in place; and named here, so that we can remove
        # what a killed child has left.
        self._part = self.out.with_name(f".{self.out.name}-{secrets.token_hex(6)}.part")
        self._command = command
        self._lock = threading.Lock()  # for all attributes below
        self._status = Status(
            "queued",
            secrets.randbelow(2**32) if seed is None else seed,
            most_seconds=most_seconds(),
        )
        self._points = _Points()
        self._folder: Path | None = None  # private; what parent and child hand each other
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._heard = math.inf  # when the child last sent a line; infinite without a child
        self._cancelled = threading.Event()
        # Not the thread's own join: after Ctrl-C in it, it believes that the thread has ended.
        self._cleared = threading.Event()

    def _order(self, folder: Path) -> dict[str, Any]:
        """Return the order for the child; put files for the child into `folder`, which is empty."""
        raise NotImplementedError

    def start(self) -> None:
        """Queue the run; it begins when those before it have ended.

        Raises
        ------
        RuntimeError
            If it was already started: a job is one run.

        Examples
        --------
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     job = TrainingJob("quick", seed=1, out=Path(folder, "model.safetensors"))
        ...     job.cancel()
        ...     job.start()
        ...     job.wait().state
        'cancelled'
        """
        with self._lock:
            if self._thread is not None:
                raise RuntimeError("this job was already started; make a new one")
            self._thread = threading.Thread(target=self._run, name="training", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """End the run at once, wherever it is; a run that has ended stays as it is.

        Examples
        --------
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     job = TrainingJob("quick", seed=1, out=Path(folder, "model.safetensors"))
        ...     job.cancel()
        ...     job.status().state
        'cancelled'
        """
        with self._lock:
            if self._status.ended:
                return
            self._end("cancelled", f"The {self._doing} was cancelled.")
            self._cancelled.set()
            self._kill()

    def status(self) -> Status:
        """Return a snapshot of the run.

        Examples
        --------
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     TrainingJob("quick", seed=1, out=Path(folder, "model.safetensors")).status().state
        'queued'
        """
        with self._lock:
            silent = not self._status.ended and time.monotonic() - self._heard > _SILENCE
            return replace(self._status, silent=True) if silent else self._status

    def wait(self, timeout: float | None = None) -> Status:
        """Wait until the run has ended and its files are cleared away.

        Parameters
        ----------
        timeout : float or None
            How long to wait at most, in seconds.

        Returns
        -------
        Status
            A snapshot of the run, ended or not.

        Examples
        --------
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     job = TrainingJob("quick", seed=1, out=Path(folder, "model.safetensors"))
        ...     job.wait(timeout=1).ended  # it was never started
        False
        """
        if self._thread is not None:
            self._cleared.wait(timeout)
        return self.status()

    def _end(self, state: State, why: str = "") -> None:
        message = f"{why} {_UNCHANGED}" if why else ""
        self._status = replace(self._status, state=state, ahead=0, message=message)

    def _fail(self, why: str) -> None:
        with self._lock:
            if not self._status.ended:
                self._end("failed", why)

    def _run(self) -> None:
        turn = Turn()
        begun = None
        try:
            if self._queue(turn):
                begun = time.monotonic()
                journal.say(f"A {self._doing} begins.")
                self._folder = Path(tempfile.mkdtemp(prefix="digitrec-"))
                self._work(self._folder)
        except OSError as error:
            self._fail(f"The {self._doing} could not start ({error}).")
        finally:
            with suppress(OSError):
                self._part.unlink(missing_ok=True)
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)
            turn.leave()
            if begun is not None:
                seconds = time.monotonic() - begun
                journal.say(f"A {self._doing} ends: {self.status().state} after {seconds:.0f} s.")
            self._cleared.set()

    def _queue(self, turn: Turn) -> bool:
        while not self._cancelled.is_set():
            if (ahead := turn.ahead()) == 0:
                return True
            with self._lock:
                if not self._status.ended:
                    self._status = replace(self._status, ahead=ahead)
            self._cancelled.wait(_LOOK)
        return False

    def _work(self, folder: Path) -> None:
        places = {"file": str(self._part), "folder": str(folder)}
        order = json.dumps({**self._order(folder), "seed": self._status.seed, **places})
        # On disk and not in a pipe, so that nobody has to read it while the child writes.
        with tempfile.TemporaryFile() as errors:
            with self._lock:
                if self._status.ended:
                    return
                process = subprocess.Popen(
                    [*self._command, order],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    encoding="utf-8",
                    errors="replace",
                    cwd=Path(__file__).parents[2],  # where the child finds this same package
                    env={
                        **os.environ,
                        "TF_CPP_MIN_LOG_LEVEL": "3",
                        "TMPDIR": str(folder),  # TensorFlow leaves files behind when it is killed
                    },
                    start_new_session=True,
                )
                self._process = process
                self._heard = time.monotonic()
                self._status = replace(self._status, state="starting", ahead=0)
            clock = self._start_clock()
            try:
                answer = self._listen(process)
                self._conclude(answer, self._reap(process), errors)
            finally:
                if clock is not None:
                    clock.cancel()
                with self._lock:
                    self._kill()
                    process.wait()
                    self._process = None
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None:
                        pipe.close()

    def _start_clock(self) -> threading.Timer | None:
        """End the run if it takes longer than allowed."""
        limit = self._status.most_seconds
        if limit is None:
            return None

        def end() -> None:
            with self._lock:
                if not self._status.ended:
                    minutes = f"{limit / 60:g} minute{'s' * (limit != 60)}"
                    self._end(
                        "failed",
                        f"The {self._doing} was stopped: it may take {minutes} on this server.",
                    )
                    self._kill()

        clock = threading.Timer(limit, end)
        clock.daemon = True
        clock.start()
        return clock

    def _listen(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        """Read the child's lines to their end; return the last one."""
        assert process.stdout is not None  # noqa: S101 - it was asked for
        answer: dict[str, Any] = {}
        for line in process.stdout:
            self._heard = time.monotonic()
            try:
                word = json.loads(line)
                progress = Progress.from_dict(word["progress"]) if "progress" in word else None
                epoch = self._fetch(int(word["epoch"])) if "epoch" in word else None
            except (ValueError, TypeError, KeyError):
                continue  # a library's chatter
            except OSError:
                continue  # an epoch's network is only shown; the training does not need it
            if progress is None and epoch is None:
                answer = word
                continue
            with self._lock:
                if self._status.ended:
                    continue
                if progress is None:
                    self._status = replace(self._status, epoch_network=epoch)
                    continue
                self._points.add(progress)
                self._status = replace(
                    self._status,
                    state=_STATES.get(progress.stage, self._status.state),
                    progress=progress,
                    history=tuple(self._points.points),
                )
        return answer

    def _fetch(self, epoch: int) -> EpochNetwork:
        """Read what the child wrote after an epoch, and make room for the next."""
        assert self._folder is not None  # noqa: S101 - it was made for the child
        path = child.epoch_path(self._folder, epoch)
        content = path.read_bytes()
        path.unlink()
        return EpochNetwork(epoch, content)

    def _reap(self, process: subprocess.Popen[str]) -> int:
        """Wait for the child's end; under the lock, so that nobody kills it between two looks."""
        while True:
            with self._lock:
                if (code := process.poll()) is not None:
                    return code
            time.sleep(0.01)

    def _conclude(self, answer: dict[str, Any], code: int, errors: IO[bytes]) -> None:
        if code == 0 and answer.get("done") is True and self._part.is_file():
            with self._lock:
                if not self._status.ended:
                    self._part.replace(self.out)
                    self._end("done")
            return
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - 4096))
        self._fail(child.why(answer, code, errors.read().decode("utf-8", "replace"), self._doing))

    def _kill(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        if sys.platform == "win32":
            self._process.kill()
        else:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


class TrainingJob(Job):
    """One training run in a child process, one at a time for each user of a machine.

    You may call all methods from any thread, and only :meth:`wait` takes time.

    Parameters
    ----------
    recipe : Recipe or str
        What to train, or the name of one of ``training.RECIPES``.
    seed : int or None
        Seed of the run; None draws a new one, which :meth:`status` returns.
    out : path-like
        The new model's file. An older file stays until the new one is complete.

    Raises
    ------
    ValueError
        If there is no such recipe, or the seed is not from 0 to 2**32 - 1.
    FileNotFoundError
        If the folder of `out` does not exist.
    PermissionError
        If a file cannot be written at `out`.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     job = TrainingJob("quick", seed=1, out=Path(folder, "model.safetensors"))
    ...     job.start()
    ...     job.cancel()
    ...     job.wait(timeout=5).message
    'The training was cancelled. Your model is as it was.'
    """

    def __init__(
        self,
        recipe: Recipe | str,
        seed: int | None,
        out: str | os.PathLike[str],
        *,
        _command: Sequence[str] = _CHILD,
    ) -> None:
        if isinstance(recipe, str):
            if recipe not in training.RECIPES:
                names = ", ".join(training.RECIPES)
                raise ValueError(f"recipe must be one of {names}. Received: {recipe!r}")
            recipe = training.RECIPES[recipe]
        super().__init__(seed, out, _command)
        self._recipe = recipe

    def _order(self, folder: Path) -> dict[str, Any]:  # noqa: ARG002 - nothing is handed over
        return {"recipe": asdict(self._recipe)}


class AdaptationJob(Job):
    """Teaches a network somebody's own digits, in a child process, in turn with trainings.

    It runs :func:`digitrec.adaptation.learn`, which takes seconds and no TensorFlow. You
    may call all methods from any thread, and only :meth:`wait` takes time. A :class:`Status` is
    "training" while it learns and "evaluating" while it measures on MNIST; then ``progress.batch``
    of ``progress.num_batches`` images are done.

    Parameters
    ----------
    network : Network
        The network that learns; it is not changed.
    images, labels : array_like
        Images of shape (n, 28, 28), 1 to 1,000 of them, unsigned bytes or floats 0 to 1, ink
        bright; and the digit in each.
    out : path-like
        The new model's file. An older file stays until the new one is complete. Its
        metadata holds what :func:`digitrec.adaptation.learn` adds.
    seed : int
        Seed of the run.

    Raises
    ------
    ValueError
        If the images or labels are different, or the seed is not from 0 to 2**32 - 1.
    FileNotFoundError
        If the folder of `out` does not exist.
    PermissionError
        If a file cannot be written at `out`.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     out = Path(folder, "model.safetensors")
    ...     job = AdaptationJob(bundled(), np.zeros((1, 28, 28)), [7], out)
    ...     job.start()
    ...     job.cancel()
    ...     job.wait(timeout=5).message
    'The learning was cancelled. Your model is as it was.'
    """

    _doing = "learning"

    def __init__(
        self,
        network: Network,
        images: ArrayLike,
        labels: ArrayLike,
        out: str | os.PathLike[str],
        *,
        seed: int = 0,
        _command: Sequence[str] = _CHILD,
    ) -> None:
        super().__init__(seed, out, _command)
        self._network = network
        self._digits = adaptation.check(images, labels)

    def _order(self, folder: Path) -> dict[str, Any]:
        files.write(folder / "network.safetensors", self._network.to_bytes())
        images, labels = self._digits
        np.savez(folder / "digits.npz", images=images, labels=labels)
        return {"adapt": True}


class _Points:
    """The curves, thinned evenly whenever they grow too long."""

    def __init__(self) -> None:
        self.points: list[Point] = []
        self._spacing = 0.0

    def add(self, progress: Progress) -> None:
        if progress.loss is None or progress.accuracy is None or progress.num_batches < 1:
            return
        epochs = max(progress.epoch - 1, 0) + progress.batch / progress.num_batches
        if self.points and epochs - self.points[-1].epochs <= self._spacing:
            return
        self.points.append(Point(epochs, progress.loss, progress.accuracy))
        if len(self.points) > _MAX_POINTS:
            self.points = self.points[::2]
            # A little less, or rounding would let every second point through.
            span = self.points[-1].epochs - self.points[0].epochs
            self._spacing = 0.95 * span / (len(self.points) - 1)
