"""What the program prints: answers, tables, progress and errors, in the terminal's letters."""

import math
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitrec.errors import TrainingError

if TYPE_CHECKING:
    from digitrec.evaluation import Report
    from digitrec.jobs import Status, TrainingJob
    from digitrec.network import Prediction
    from digitrec.reading import Reading


def facts(reading: "Reading") -> dict[str, Any]:
    """Return a reading as JSON values; a number has its digits' facts in a list of their own."""
    if len(reading.digits) == 1:
        return {"text": reading.text, **digit_facts(reading.digits[0].prediction)}
    facts = {"digit": None, "confidence": None, "refused": reading.refused, "probabilities": None}
    if not reading.digits:
        return {"text": "", **facts}
    digits = [{**digit_facts(digit.prediction), "box": digit.box} for digit in reading.digits]
    return {"text": reading.text, **facts, "confidence": reading.confidence, "digits": digits}


def digit_facts(prediction: "Prediction") -> dict[str, Any]:
    return {
        "digit": prediction.digit,
        "confidence": prediction.confidence,
        "refused": prediction.refused,
        "probabilities": prediction.probabilities.tolist(),
    }


def answer_line(reading: "Reading") -> str:
    if not reading.digits:
        return "refused (nothing is drawn)"
    answer = f"{', '.join(reading.text.splitlines())} {percent(reading.confidence, 1)}"
    if not reading.refused:
        return answer
    if len(reading.digits) == 1:
        return f"refused (not a digit; nearest is {answer})"
    if reading.unlikely:
        return f"refused (not a number; nearest is {answer})"
    return f"{reading.marked} (cannot be read in full; nearest is {answer})"


def table(report: "Report") -> str:
    rows = [("drawings of digits", f"{report.samples:,}")]
    if report.samples:
        low, high = report.interval
        rows += [
            ("right", percent(report.accuracy)),
            ("95 % interval", f"{percent(low)} to {percent(high)}"),
            ("refused", percent(report.refused)),
            ("calibration error", f"{report.ece:.4f}"),
        ]
    if report.not_digits is not None:
        rows += [
            ("drawings of others", f"{report.not_digits.samples:,}"),
            ("refused of them", percent(report.not_digits.refused)),
        ]
    shares = enumerate(report.per_class)
    rows += [(f"right of the {digit}s", percent(p)) for digit, p in shares if not math.isnan(p)]
    return "\n".join(f"{name:20}{value}" for name, value in rows)


def follow(job: "TrainingJob") -> None:
    """Run a training to its end, with a line about it on stderr."""
    terminal = sys.stderr.isatty()
    clear, end = ("\r\x1b[K", "") if terminal else ("", "\n")
    last = ""
    job.start()
    try:
        while not (status := job.wait(0.2)).ended:
            line = status_line(status, bar=terminal)
            if line != last:
                print(f"{clear}{line}", end=end, file=sys.stderr, flush=True)
            last = line
    finally:
        job.cancel()  # there is something to cancel only after Ctrl-C
        job.wait(5)
        print(clear, end="", file=sys.stderr, flush=True)
    if status.state != "done":
        raise TrainingError(status.message)


def status_line(status: "Status", *, bar: bool) -> str:
    """Say how far a training is; without a bar, only when something new begins."""
    progress = status.progress
    if status.state == "queued":
        if status.ahead == 0:
            return "queued"
        return f"queued, {status.ahead} training{'s' * (status.ahead > 1)} ahead of this one"
    if status.state == "evaluating":
        return "measuring the network"
    if status.state != "training" or progress is None:
        return "starting TensorFlow"
    words = [f"epoch {progress.epoch} of {progress.num_epochs}"]
    if bar:
        done = round(20 * progress.batch / max(progress.num_batches, 1))
        words.append(f"[{'#' * done}{'.' * (20 - done)}]")
        if progress.loss is not None:
            words.append(f"loss {progress.loss:.3f}")
        if progress.accuracy is not None:
            words.append(f"accuracy {percent(progress.accuracy, 1)}")
        if progress.seconds_left is not None:
            words.append(f"{progress.seconds_left:.0f} s left")
    return "  ".join(words)[: shutil.get_terminal_size().columns - 1]


@contextmanager
def muted() -> Iterator[None]:
    """Keep TensorFlow's chatter, some of it from C++, off the terminal."""
    sys.stdout.flush()
    sys.stderr.flush()
    saved = [os.dup(1), os.dup(2)]
    with tempfile.TemporaryFile() as file:
        try:
            for target in (1, 2):
                os.dup2(file.fileno(), target)
            yield
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            for target, copy in zip((1, 2), saved, strict=True):
                os.dup2(copy, target)
                os.close(copy)


def percent(share: float, places: int = 2) -> str:
    return f"{100 * share:.{places}f} %"


def path_text(path: Path) -> str:
    """Return a path as text, whatever bytes its name has."""
    return os.fsencode(path).decode("utf-8", "replace")


def shown(path: Path) -> str:
    """Return a path as text for a terminal."""
    return printable(path_text(path))


def printable(text: str) -> str:
    """Return a text, escaping what would move a terminal's cursor or turn its letters."""
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def complain(error: object) -> None:
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        error = f"{error.filename}: {error.strerror}"
    text = " ".join(str(error).split()) or type(error).__name__
    print(f"digitrec: {printable(text)}", file=sys.stderr)
