"""A training run in a child process: its progress, its place in the queue, its cancelling.

The page that starts one never imports TensorFlow, stays alive meanwhile, and gets its memory
back afterwards. Between the two goes one JSON object a line; the child ends with its parent.
"""

import json
import os
import secrets
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

from digitrec import child, training
from digitrec.training import Progress, Recipe
from digitrec.turns import Turn

_UNCHANGED = "Your model is as it was."
_LOOK = 0.2  # seconds between two looks at the queue
_MAX_POINTS = 400

State = Literal["queued", "starting", "training", "evaluating", "done", "failed", "cancelled"]
_STATES: dict[str, State] = {
    "drawing": "starting",
    "starting TensorFlow": "starting",
    "training": "training",
    "evaluating": "evaluating",
}


class Point(NamedTuple):
    """One point of the training curves.

    Parameters
    ----------
    epochs : float
        How far the training was, in epochs.
    loss : float
        The loss by then.
    accuracy : float
        The share of training images that were right by then, 0 to 1.

    Examples
    --------
    >>> Point(0.5, 0.3, 0.91).loss
    0.3
    """

    epochs: float
    loss: float
    accuracy: float


@dataclass(frozen=True)
class Status:
    """How a training run stands; it does not change any more.

    Parameters
    ----------
    state : {"queued", "starting", "training", "evaluating", "done", "failed", "cancelled"}
        What it is doing, or how it ended.
    seed : int
        The seed of the run.
    ahead : int
        How many trainings on this machine come before it.
    progress : Progress or None
        The latest word of the child.
    history : tuple of Point
        The curves so far, at most some hundreds of points.
    message : str
        After a failure or a cancelling, why, in a sentence.

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

    @property
    def ended(self) -> bool:
        """Whether nothing will happen any more."""
        return self.state in ("done", "failed", "cancelled")


class TrainingJob:
    """One training run in a child process, one at a time on a machine.

    All methods may be called from any thread, and none but :meth:`wait` takes time.

    Parameters
    ----------
    recipe : Recipe or str
        What to train, or the name of one of ``training.RECIPES``.
    seed : int or None
        Seed of the run; None draws a fresh one, told by :meth:`status`.
    out : path-like
        Where the new model's file goes. What was there stays until the new file is whole.

    Raises
    ------
    ValueError
        If there is no such recipe, or the seed is not from 0 to 2**32 - 1.
    FileNotFoundError
        If the folder of `out` is not there.
    PermissionError
        If no file can be written at `out`.

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
        _command: Sequence[str] = (sys.executable, "-m", "digitrec.child"),
    ) -> None:
        if isinstance(recipe, str):
            if recipe not in training.RECIPES:
                names = ", ".join(training.RECIPES)
                raise ValueError(f"recipe must be one of {names}. Received: {recipe!r}")
            recipe = training.RECIPES[recipe]
        if seed is not None and not 0 <= seed < 2**32:
            raise ValueError(f"seed must be a whole number from 0 to 2**32 - 1. Received: {seed!r}")
        self.out = Path(out).absolute()
        # Found out now, and not when the training is over.
        if not self.out.parent.is_dir():
            raise FileNotFoundError(f"there is no folder {self.out.parent}; make it first")
        if self.out.is_dir() or not os.access(self.out.parent, os.W_OK):
            raise PermissionError(f"no file can be written at {self.out}; choose another place")
        # Beside `out`, where putting it in place is one step, and known here, so that nothing
        # is left of a child that was killed.
        self._part = self.out.with_name(f".{self.out.name}-{secrets.token_hex(6)}.part")
        self._recipe = recipe
        self._command = _command
        self._lock = threading.Lock()  # around all that follows
        self._status = Status("queued", secrets.randbelow(2**32) if seed is None else seed)
        self._points = _Points()
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None
        self._cancelled = threading.Event()
        # Not the thread's own join: one that Ctrl-C interrupted takes the thread for ended.
        self._cleared = threading.Event()

    def start(self) -> None:
        """Queue the run; it begins when those before it have ended.

        Raises
        ------
        RuntimeError
            If it was started before: a job is one run.

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
                raise RuntimeError("this training was started before; make a new TrainingJob")
            self._thread = threading.Thread(target=self._run, name="training", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """End the run at once, wherever it is; what has ended stays as it is.

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
            self._end("cancelled", "The training was cancelled.")
            self._cancelled.set()
            self._kill()

    def status(self) -> Status:
        """Return how the run stands.

        Examples
        --------
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     TrainingJob("quick", seed=1, out=Path(folder, "model.safetensors")).status().state
        'queued'
        """
        with self._lock:
            return self._status

    def wait(self, timeout: float | None = None) -> Status:
        """Wait until the run has ended and all of it is cleared away.

        Parameters
        ----------
        timeout : float or None
            How long to wait at most, in seconds.

        Returns
        -------
        Status
            How the run stands, ended or not.

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
        try:
            if self._queue(turn):
                self._train()
        except OSError as error:
            self._fail(f"The training could not start ({error}).")
        finally:
            with suppress(OSError):
                self._part.unlink(missing_ok=True)
            turn.leave()
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

    def _train(self) -> None:
        settings = {"recipe": asdict(self._recipe), "seed": self._status.seed}
        order = json.dumps({**settings, "file": str(self._part)})
        # On disk and not in a pipe: nobody need read it while it is written.
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
                    cwd=Path(__file__).parents[1],  # where the child finds this same package
                    env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
                    start_new_session=True,
                )
                self._process = process
                self._status = replace(self._status, state="starting", ahead=0)
            try:
                answer = self._listen(process)
                self._conclude(answer, self._reap(process), errors)
            finally:
                with self._lock:
                    self._kill()
                    process.wait()
                    self._process = None
                for pipe in (process.stdin, process.stdout):
                    if pipe is not None:
                        pipe.close()

    def _listen(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        """Follow the child's lines to their end; return its last word."""
        assert process.stdout is not None  # noqa: S101 - it was asked for
        answer: dict[str, Any] = {}
        for line in process.stdout:
            try:
                word = json.loads(line)
                progress = Progress.from_dict(word["progress"]) if "progress" in word else None
            except (ValueError, TypeError, KeyError):
                continue  # a library's chatter
            if progress is None:
                answer = word
                continue
            with self._lock:
                if not self._status.ended:
                    state = _STATES.get(progress.stage, self._status.state)
                    self._points.add(progress)
                    self._status = replace(
                        self._status,
                        state=state,
                        progress=progress,
                        history=tuple(self._points.points),
                    )
        return answer

    def _reap(self, process: subprocess.Popen[str]) -> int:
        """Wait for the child's end, never between a look at it and its killing."""
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
        self._fail(child.why(answer, code, errors.read().decode("utf-8", "replace")))

    def _kill(self) -> None:
        if self._process is None or self._process.poll() is not None:
            return
        if sys.platform == "win32":
            self._process.kill()
        else:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)


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
