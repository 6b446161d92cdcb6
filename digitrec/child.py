"""The child's side of a training job: it trains, and says so line by line.

Started by :class:`digitrec.jobs.TrainingJob` as ``python -m digitrec.child``. On the standard
output goes one JSON object a line: ``progress``, at the end ``done`` or ``error``.
"""

import json
import os
import signal
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from digitrec import training
from digitrec.errors import TrainingError

_NO_MEMORY = ("memoryerror", "bad_alloc", "out of memory", "cannot allocate", "resource_exhausted")


def _main(order: str) -> int:
    """Train as the order says, telling the parent on what was the standard output."""
    settings = json.loads(order)
    file = Path(settings["file"])
    threading.Thread(target=_end_with_parent, args=(file,), daemon=True).start()
    # TensorFlow and Keras print where they like; their words belong with the errors.
    lines = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    if hasattr(os, "nice"):
        os.nice(5)  # the pads come first

    def tell(**word: Any) -> None:
        lines.write(json.dumps(word) + "\n")

    try:
        recipe = training.Recipe(**{k: _frozen(v) for k, v in settings["recipe"].items()})
        network = training.train(
            recipe,
            seed=settings["seed"],
            on_progress=lambda progress: tell(progress=progress.to_dict()),
        )
        with file.open("wb") as stream:
            stream.write(network.to_bytes())
            stream.flush()
            os.fsync(stream.fileno())
    except TrainingError as error:
        tell(error=shorten(str(error)))
        return 1
    except Exception as error:  # noqa: BLE001 - whatever it is, the parent says it in a sentence
        traceback.print_exc()
        tell(error=shorten(f"{type(error).__name__}: {error}"))
        return 1
    tell(done=True)
    return 0


def _frozen(value: Any) -> Any:
    """Undo what JSON does to the tuples of a recipe."""
    return tuple(_frozen(part) for part in value) if isinstance(value, list) else value


def _end_with_parent(file: Path) -> None:
    while os.read(0, 4096):  # the parent writes nothing, and its end closes the pipe
        pass
    file.unlink(missing_ok=True)
    os._exit(1)


def why(answer: dict[str, Any], code: int, errors: str) -> str:
    """Say in a sentence why a child ended without a model.

    Parameters
    ----------
    answer : dict
        Its last word on the standard output.
    code : int
        Its exit code, or the negative number of the signal that ended it.
    errors : str
        The end of its standard error, which is for finding the reason and never shown whole.

    Examples
    --------
    >>> why({}, -11, "")
    'The training crashed (SIGSEGV).'
    """
    told = str(answer.get("error", ""))
    if any(word in f"{told}\n{errors}".lower() for word in _NO_MEMORY):
        return "The training ran out of memory."
    if told:
        return f"The training stopped with an error ({told})."
    if code in (-9, 128 + 9):
        return "The training was stopped by the operating system, most likely for lack of memory."
    if code < 0:
        return f"The training crashed ({_signal(-code)})."
    if code:
        lines = errors.strip().splitlines() or [f"exit code {code}"]
        return f"The training stopped with an error ({shorten(lines[-1])})."
    return "The training ended without a model."


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


if __name__ == "__main__":
    # Not by the long way out: TensorFlow takes half a second to tear itself down.
    os._exit(_main(sys.argv[1]))
