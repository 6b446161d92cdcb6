"""The server's private folder: all that the server and its kernels write, and cleared up after."""

import fcntl
import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from digitrec.jobs import queue as turns

_PREFIX = "digitrec-server-"
_LOCK = "lock"
_PLACES = {
    "JUPYTER_CONFIG_DIR": "jupyter-config",
    "JUPYTER_DATA_DIR": "jupyter-data",
    "JUPYTER_RUNTIME_DIR": "jupyter-runtime",
    "IPYTHONDIR": "ipython",
    "MPLCONFIGDIR": "matplotlib",
    "KERAS_HOME": "keras",
}


class Private:
    """A new folder that this user alone may enter, held for as long as the process lives.

    What a server that was killed left behind is cleared away first: its folder is one whose lock
    nobody holds any more, since the system gives a lock up with the process that holds it.

    Parameters
    ----------
    parent : Path, optional
        Where the folder is made; by default where temporary files go.

    Raises
    ------
    OSError
        If no folder can be made there.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as parent:
    ...     private = Private(Path(parent))
    ...     private.folder.stat().st_mode & 0o777 == 0o700
    ...     private.close()
    ...     private.folder.exists()
    True
    False
    """

    def __init__(self, parent: Path | None = None) -> None:
        parent = Path(tempfile.gettempdir()) if parent is None else parent
        clear(parent)
        while True:
            self.folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=parent))
            path = self.folder / _LOCK
            self._lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with suppress(OSError):
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                # Another server may have cleared the folder away before it was held.
                if os.path.samestat(path.stat(), os.fstat(self._lock)):
                    return
            os.close(self._lock)

    def inhabit(self) -> None:
        """Have this process, and those that it starts, write here and nowhere else.

        The home of the user may be missing, or not be theirs to write to; and what is in it, as a
        kernel of the same name or settings of Jupyter, is not meant for the pads.
        """
        for name, place in _PLACES.items():
            os.environ[name] = str(self.folder / place)
        # A kernel that is ended while it trains cannot clear up; what it leaves goes with this.
        os.environ["TMPDIR"] = tempfile.tempdir = str(self.folder)
        try:
            Path.home()
        except RuntimeError:  # a user whom the system does not know, as in a container
            os.environ["HOME"] = str(self.folder)
        queue = turns.folder()
        if not os.access(queue if queue.exists() else queue.parent, os.W_OK | os.X_OK):
            os.environ["DIGITREC_QUEUE"] = str(self.folder / "queue")

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.folder, ignore_errors=True)
        os.close(self._lock)


def clear(parent: Path) -> None:
    """Remove the private folders of servers that are gone; never fails.

    Touched is what carries our name, is a folder and no link, belongs to this user who alone may
    enter it, and has a lock in it that nobody holds.

    Parameters
    ----------
    parent : Path
        Where they are, as a rule a folder that everybody may write to.

    Examples
    --------
    >>> clear(Path("no such folder"))
    """
    with suppress(OSError):
        here = os.open(parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for name in _names(here):
                if name.startswith(_PREFIX):
                    with suppress(OSError):
                        _clear(name, here)
        finally:
            os.close(here)


def _clear(name: str, here: int) -> None:
    """Remove one folder, if its server is gone.

    All is done through descriptors: whatever somebody puts at the name meanwhile is not entered.
    """
    folder = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=here)
    try:
        found = os.fstat(folder)
        if found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
            return
        lock = os.open(_LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The lock goes last: whatever stays is tried again by the next start.
            for entry in sorted(_names(folder), key=lambda entry: entry == _LOCK):
                _remove(entry, folder)
        finally:
            os.close(lock)
        os.rmdir(name, dir_fd=here)
    finally:
        os.close(folder)


def _names(folder: int) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries]


def _remove(name: str, folder: int) -> None:
    if stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        shutil.rmtree(name, dir_fd=folder)
    else:
        os.unlink(name, dir_fd=folder)
