"""The child's side of a job: it trains or adapts, and reports line by line.

:class:`digitrec.jobs.Job` starts it as ``python -m digitrec.jobs``. It writes one JSON object a
line to the standard output: ``progress``, ``epoch``, at the end ``done`` or ``error``.
"""

import contextlib
import json
import os
import shutil
import signal
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from digitrec import adaptation, files, training
from digitrec.errors import MissingPackageError, TrainingError
from digitrec.network import Network

_NO_MEMORY = ("memoryerror", "bad_alloc", "out of memory", "cannot allocate", "resource_exhausted")

_NICE = 10  # 0 is what everybody has, 19 the most


def main(order: str) -> int:
    """Do what the order says, and report to the parent on the original standard output."""
    settings = json.loads(order)
    file, folder = Path(settings["file"]), Path(settings["folder"])
    threading.Thread(target=_end_with_parent, args=(file, folder), daemon=True).start()
    # TensorFlow and Keras print anywhere; send their output to where errors go.
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(_NICE)  # the pads come first
    # Where Linux weighs whole sessions, a process's own number counts only inside its session.
    with contextlib.suppress(OSError):
        Path("/proc/self/autogroup").write_text(str(_NICE), encoding="ascii")

    def tell(**word: Any) -> None:
        lines.write(json.dumps(word) + "\n")

    try:
        work = _adapt if "adapt" in settings else _train
        network = work(settings, folder, tell)
        with file.open("wb") as stream:
            stream.write(network.to_bytes())
            stream.flush()
            os.fsync(stream.fileno())
    except (TrainingError, MissingPackageError) as error:
        tell(error=shorten(str(error)))
        return 1
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent says it in a sentence
        with suppress(OSError):  # the disk may be full, and the parent should still hear why
            traceback.print_exc()
        tell(error=shorten(f"{type(error).__name__}: {error}"))
        return 1
    tell(done=True)
    return 0


Tell = Callable[..., None]


def _train(settings: dict[str, Any], folder: Path, tell: Tell) -> Network:
    def hand_over(epoch: int, network: Network) -> None:
        # Only to show progress: a full disk is no reason to end a training.
        with suppress(OSError):
            files.write(epoch_path(folder, epoch), network.to_bytes())
            tell(epoch=epoch)

    return training.train(
        training.Recipe(**{k: _frozen(v) for k, v in settings["recipe"].items()}),
        seed=settings["seed"],
        on_progress=lambda progress: tell(progress=progress.to_dict()),
        on_epoch=hand_over,
    )


def _adapt(settings: dict[str, Any], folder: Path, tell: Tell) -> Network:
    started = time.monotonic()

    def on_progress(stage: str, done: int, total: int) -> None:
        spent = time.monotonic() - started
        left = spent * (total - done) / done if done else None
        progress = training.Progress(stage, batch=done, num_batches=total, seconds_left=left)
        tell(progress=progress.to_dict())

    with np.load(folder / "digits.npz", allow_pickle=False) as digits:
        images, labels = digits["images"], digits["labels"]
    network = Network.load(folder / "network.safetensors")
    return adaptation.learn(network, images, labels, seed=settings["seed"], on_progress=on_progress)


def epoch_path(folder: Path, epoch: int) -> Path:
    """Return where in its folder a training writes the network of an epoch.

    Examples
    --------
    >>> epoch_path(Path("folder"), 3).name
    'epoch-3.safetensors'
    """
    return folder / f"epoch-{epoch}.safetensors"


def _frozen(value: Any) -> Any:
    """Undo what JSON does to the tuples of a recipe."""
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value


def _end_with_parent(file: Path, folder: Path) -> None:
    while os.read(0, 4096):  # the parent writes nothing, and its end closes the pipe
        pass
    file.unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


def why(answer: dict[str, Any], code: int, errors: str, doing: str = "training") -> str:
    """Say in a sentence why a child ended without a model.

    Parameters
    ----------
    answer : dict
        Its last line on the standard output.
    code : int
        Its exit code, or the negative number of the signal that ended it.
    errors : str
        The end of its standard error, where we look for the reason; never shown whole.
    doing : str
        What it was doing, "training" or "learning".

    Examples
    --------
    >>> why({}, -11, "")
    'The training crashed (SIGSEGV).'
    """
    told = str(answer.get("error", ""))
    if any(word in f"{told}\n{errors}".lower() for word in _NO_MEMORY):
        return f"The {doing} ran out of memory."
    if told:
        return f"The {doing} stopped with an error ({told})."
    if code in (-9, 128 + 9):
        return f"The {doing} was stopped by the operating system, most likely for lack of memory."
    if code < 0:
        return f"The {doing} crashed ({_signal(-code)})."
    if code:
        lines = errors.strip().splitlines() or [f"exit code {code}"]
        return f"The {doing} stopped with an error ({shorten(lines[-1])})."
    return f"The {doing} ended without a model."


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def shorten(text: str) -> str:
    r"""Return a message as one line without its full stop, of some 200 characters at most.

    Examples
    --------
    >>> shorten("no room\n  left on the device.")
    'no room left on the device'
    """
    text = " ".join(text.split()).rstrip(".")
    return text if len(text) <= 200 else f"{text[:200]}…"
