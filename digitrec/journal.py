"""The server's log: one line a visit and a training, and nothing about who it was.

A visitor's kernel is a separate process, and what it prints goes to the page. So it sends its lines
for the log to the server through a named pipe, whose path is in an environment variable.
"""

import asyncio
import logging
import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TextIO

VARIABLE = "DIGITREC_JOURNAL"
"""The environment variable that names the pipe; without it :func:`say` does nothing."""

# The text of these errors is about the machine; that of others may be what a visitor sent.
_OF_THE_MACHINE = ("ImportError", "ModuleNotFoundError", "OSError", "PermissionError")

_LONGEST = 120  # characters; a pipe takes far longer lines whole


def say(line: str) -> None:
    """Send the server a line for its log, if it listens; never fails.

    Parameters
    ----------
    line : str
        Only its first 120 characters are sent; those that cannot be printed become spaces.

    Examples
    --------
    >>> say("A training begins.")  # nobody listens
    """
    path = os.environ.get(VARIABLE)
    if not path:
        return
    # A log that cannot be written must not stop what it reports.
    with suppress(OSError):
        pipe = os.open(path, os.O_WRONLY | os.O_NONBLOCK)
        try:
            os.write(pipe, f"{_clean(line)}\n".encode())
        finally:
            os.close(pipe)


def show(line: str, stream: TextIO | None = None) -> None:
    """Print a line with the time, for the people who run the server.

    Parameters
    ----------
    line : str
        As for :func:`say`.
    stream : text file, optional
        Where it is printed; by default standard output.

    Examples
    --------
    >>> show("A visitor comes.")  # doctest: +ELLIPSIS
    20... A visitor comes.
    """
    with suppress(OSError, ValueError):
        stream = sys.stdout if stream is None else stream
        stream.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {_clean(line)}\n")
        stream.flush()


def complain(line: str) -> None:
    """Print a line with the time to standard error: something is wrong with the server.

    Parameters
    ----------
    line : str
        As for :func:`say`.

    Examples
    --------
    >>> complain("Something went wrong.")  # to standard error
    """
    show(line, sys.stderr)


class Bound:
    """Passes lines on, up to a number a minute, and says how many it left out.

    Otherwise a stranger could make the server fill the disk with lines.

    Parameters
    ----------
    hear : callable of str
        Called with every line that is passed on.
    most : int
        Lines a minute.

    Examples
    --------
    >>> bound = Bound(print, most=2)
    >>> for number in range(100):
    ...     bound(f"Line {number}")
    Line 0
    Line 1
    """

    def __init__(self, hear: Callable[[str], None], most: int) -> None:
        self._hear = hear
        self._most = most
        self._begun = time.monotonic()
        self._count = 0

    def __call__(self, line: str) -> None:
        """Pass a line on, or count it."""
        if time.monotonic() - self._begun >= 60:
            if self._count > self._most:
                self._hear(f"{self._count - self._most} lines were left out here.")
            self._begun, self._count = time.monotonic(), 0
        self._count += 1
        if self._count <= self._most:
            self._hear(line)


class Faults(logging.Handler):
    """Reports every error that a library logs in one line: its kind, and where it was raised.

    The libraries themselves would write a traceback, with the request and who sent it.

    Parameters
    ----------
    hear : callable of str
        Called with every line.

    Examples
    --------
    >>> library = logging.Logger("library")
    >>> library.addHandler(Faults(print))
    >>> try:
    ...     raise KeyError("10.0.0.7")
    ... except KeyError:
    ...     library.exception("Uncaught exception %s", "10.0.0.7")  # doctest: +ELLIPSIS
    Something went wrong: KeyError at ...:2.
    """

    def __init__(self, hear: Callable[[str], None]) -> None:
        super().__init__(logging.ERROR)
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        """Say the line."""
        kind, path, line = f"an error of {record.name}", record.pathname, record.lineno
        raised = record.exc_info[1] if record.exc_info else None
        if raised is not None:
            kind = type(raised).__name__
            if isinstance(raised, OSError) and raised.errno:
                kind += f" ({os.strerror(raised.errno)})"
            trace = raised.__traceback__
            while trace is not None:
                path, line = trace.tb_frame.f_code.co_filename, trace.tb_lineno
                trace = trace.tb_next
        self._hear(f"Something went wrong: {kind} at {'/'.join(Path(path).parts[-2:])}:{line}.")


class Pipe:
    """A named pipe, and the end where the server listens.

    Make it while an event loop runs.

    Parameters
    ----------
    path : Path
        Where the pipe is made; only this user should be allowed into that folder.
    hear : callable of str
        Called with every line.

    Examples
    --------
    >>> import tempfile
    >>> async def listen(folder):
    ...     pipe = Pipe(Path(folder) / "pipe", print)
    ...     with open(pipe.path, "w") as speaking:
    ...         print("Here I am.", file=speaking)
    ...     await asyncio.sleep(0.1)
    ...     pipe.close()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asyncio.run(listen(folder))
    Here I am.
    """

    def __init__(self, path: Path, hear: Callable[[str], None]) -> None:
        os.mkfifo(path, 0o600)
        self.path = path
        self._hear = hear
        self._rest = b""
        # Open for writing as well, or the pipe would end whenever a sender closes it.
        self._pipe = os.open(path, os.O_RDWR | os.O_NONBLOCK)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._pipe, self._read)

    def _read(self) -> None:
        with suppress(BlockingIOError):
            *lines, rest = (self._rest + os.read(self._pipe, 4096)).split(b"\n")
            self._rest = rest[-_LONGEST:]
            for line in lines:
                self._hear(_clean(line.decode("utf-8", "replace")))

    def close(self) -> None:
        """Listen no more."""
        self._loop.remove_reader(self._pipe)
        os.close(self._pipe)


class Journal(Pipe):
    """The end of the pipe where the server listens for kernels' lines for its log.

    Make it while an event loop runs; the kernels started afterwards can send lines.

    Parameters
    ----------
    folder : Path
        Where the pipe is made; only this user should be allowed in.
    hear : callable of str
        Called with every line.

    Examples
    --------
    >>> import tempfile
    >>> async def listen(folder):
    ...     journal = Journal(Path(folder), print)
    ...     say("A training begins.")
    ...     await asyncio.sleep(0.1)
    ...     journal.close()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asyncio.run(listen(folder))
    A training begins.
    """

    def __init__(self, folder: Path, hear: Callable[[str], None]) -> None:
        super().__init__(folder / "journal", hear)
        os.environ[VARIABLE] = str(self.path)

    def close(self) -> None:
        """Listen no more."""
        super().close()
        os.environ.pop(VARIABLE, None)


class Complaints(Pipe):
    """Where kernels print; only the kinds of errors in their tracebacks are passed on.

    Parameters
    ----------
    folder : Path
        Where the pipe is made; only this user should be allowed in.
    hear : callable of str
        Called with one sentence for every traceback.

    Examples
    --------
    >>> import tempfile
    >>> async def listen(folder):
    ...     complaints = Complaints(Path(folder), print)
    ...     failing = await asyncio.create_subprocess_exec(
    ...         sys.executable, "-c", "import nothing.like.it", stderr=complaints.end
    ...     )
    ...     await failing.wait()
    ...     await asyncio.sleep(0.1)
    ...     complaints.close()
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     asyncio.run(listen(folder))
    A pad reports ModuleNotFoundError: No module named 'nothing'
    """

    def __init__(self, folder: Path, hear: Callable[[str], None]) -> None:
        super().__init__(folder / "complaints", self._pick)
        self._say = hear
        self.end = os.open(self.path, os.O_WRONLY)
        """Give this to a process as its standard output and error."""

    def _pick(self, line: str) -> None:
        found = re.fullmatch(r"([\w.]+(?:Error|Exception))\b(.*)", line)
        if found:
            about = found[2] if found[1] in _OF_THE_MACHINE else ""
            self._say(f"A pad reports {found[1]}{about}")

    def close(self) -> None:
        """Listen no more."""
        super().close()
        os.close(self.end)


def _clean(line: str) -> str:
    """Return a text as one line that cannot move a terminal's cursor."""
    return "".join(letter if letter.isprintable() else " " for letter in line)[:_LONGEST]
