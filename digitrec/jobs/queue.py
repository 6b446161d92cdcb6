"""Whose turn it is: a queue on the machine's disk, so that only one training runs at a time.

Every waiter holds a locked ticket file in one folder, which all programs of one user of the
machine share. The lock belongs to the process, so if a process dies, the system frees its place.
"""

import os
import re
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from filelock import BaseFileLock, FileLock, Timeout

_TICKET = re.compile(r"(\d{9})\.ticket")
_PATIENCE = 10  # seconds; the door is only ever held for a moment, unless its holder is stopped


def folder() -> Path:
    """Return the folder of this user's queue on this machine.

    The environment variable ``DIGITREC_QUEUE`` can name another.

    Examples
    --------
    >>> folder().is_absolute()
    True
    """
    if chosen := os.environ.get("DIGITREC_QUEUE"):
        return Path(chosen).absolute()
    # Not TMPDIR, which may be different in two programs of one user.
    common = Path("/tmp")  # noqa: S108 - `_make_folder` refuses what another user left there
    place = common if common.is_dir() else Path(tempfile.gettempdir())
    return place / f"digitrec-queue-{_user()}"


class Turn:
    """A place in the queue, held from the call of :meth:`ahead` until :meth:`leave`.

    All calls must come from one thread.

    Parameters
    ----------
    queue : path-like or None
        The folder of the queue; by default that of :func:`folder`.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as queue:
    ...     with Turn(queue) as mine, Turn(queue) as yours:
    ...         mine.ahead(), yours.ahead()
    (0, 1)
    """

    def __init__(self, queue: str | os.PathLike[str] | None = None) -> None:
        self._folder = folder() if queue is None else Path(queue).absolute()
        self._number: int | None = None
        self._ticket: BaseFileLock | None = None

    def ahead(self) -> int:
        """Return how many trainings are ahead of this one; 0 means that it is its turn.

        The first call takes the place.

        Raises
        ------
        OSError
            If the folder cannot be used, is a link, belongs to another user or can be changed by
            one, or if its door is held for more than ten seconds.
        """
        self._make_folder()
        with self._door():
            numbers = self._numbers()
            mine = self._number
            if mine is None:
                mine = self._take(max(numbers, default=0) + 1)
            return sum(self._is_held(number) for number in numbers if number < mine)

    def leave(self) -> None:
        """Give up the place; without one this does nothing."""
        if self._ticket is None or self._number is None:
            return
        # If the ticket cannot be removed here, nobody holds it, and the next waiter removes it.
        with suppress(OSError), self._door():
            self._ticket.release()
            self._path(self._number).unlink(missing_ok=True)
        self._ticket.release()
        self._ticket = self._number = None

    def __enter__(self) -> Self:
        self.ahead()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.leave()

    def _make_folder(self) -> None:
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileExistsError):
            self._folder.mkdir(mode=0o700)
        # Others could put a link in place of a ticket, or block the queue.
        found = self._folder.lstat()
        if stat.S_ISLNK(found.st_mode):
            wrong = "is a link"
        elif not stat.S_ISDIR(found.st_mode):
            wrong = "is a file"
        elif hasattr(os, "geteuid") and found.st_uid != _user():
            wrong = "belongs to another user"
        elif hasattr(os, "geteuid") and found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            wrong = "can be changed by other users"
        else:
            return
        raise PermissionError(
            f"the queue's folder {self._folder} {wrong}; remove it, or name one of your own in the "
            "environment variable DIGITREC_QUEUE"
        )

    def _door(self) -> BaseFileLock:
        return _lock(self._folder / "door.lock", _PATIENCE)

    def _path(self, number: int) -> Path:
        return self._folder / f"{number:09}.ticket"

    def _numbers(self) -> list[int]:
        names = (_TICKET.fullmatch(path.name) for path in self._folder.iterdir())
        return sorted(int(name[1]) for name in names if name)

    def _take(self, number: int) -> int:
        ticket = _lock(self._path(number), 0)
        ticket.acquire()
        self._ticket, self._number = ticket, number
        return number

    def _is_held(self, number: int) -> bool:
        try:
            with _lock(self._path(number), 0):
                pass
        except Timeout:
            return True
        except OSError:  # not our file: we can neither wait for it nor remove it
            return False
        with suppress(OSError):  # the disk may have become read-only
            self._path(number).unlink(missing_ok=True)
        return False


def _lock(path: Path, timeout: float) -> BaseFileLock:
    # Not a lock of one thread: if another thread drops that, it stays held.
    return FileLock(path, timeout=timeout, mode=0o600, thread_local=False)


def _user() -> int:
    return os.geteuid() if hasattr(os, "geteuid") else 0  # Windows keeps its users apart itself
