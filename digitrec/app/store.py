"""Where a model that a person trained is kept, so that a reload finds it again."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from digitrec.errors import FileError
from digitrec.network import Network


def home() -> Path:
    """Return the folder that holds what belongs to this user.

    The environment variable ``DIGITREC_HOME`` names another one. The folder need not exist.

    Examples
    --------
    >>> home().is_absolute()
    True
    """
    chosen = os.environ.get("DIGITREC_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "digitrec"
    if sys.platform == "win32":
        local = os.environ.get("LOCALAPPDATA")
        return (Path(local) if local else Path.home() / "AppData" / "Local") / "digitrec"
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "digitrec"


@dataclass(frozen=True)
class Store:
    """Keeps one trained network in a folder.

    Parameters
    ----------
    folder : Path
        Made when something is first kept.

    Examples
    --------
    >>> import tempfile
    >>> from digitrec.network import bundled
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     store = Store(Path(folder, "mine"))
    ...     print(store.load())
    ...     store.keep(bundled())
    ...     print(store.load().num_parameters == bundled().num_parameters)
    ...     store.forget()
    ...     print(store.load())
    None
    True
    None
    """

    folder: Path

    @property
    def path(self) -> Path:
        """The file of the kept network."""
        return self.folder / "model.safetensors"

    def stamp(self) -> tuple[int, int] | None:
        """Return what changes when another network is kept; None when none is."""
        try:
            about = self.path.stat()
        except OSError:
            return None
        return about.st_mtime_ns, about.st_ino

    def load(self) -> Network | None:
        """Return the kept network, or None if none is kept.

        Raises
        ------
        FileError
            If a file is there and cannot be read.
        """
        if not self.path.exists():
            return None
        return Network.load(self.path)

    def keep(self, network: Network) -> None:
        """Keep a network, whole or not at all, in place of the one before.

        Parameters
        ----------
        network : Network

        Raises
        ------
        FileError
            If the folder cannot be written to.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            network.save(self.path)
        except OSError as error:
            raise FileError(
                f"the model could not be kept in {self.folder}: {error.strerror or error}; "
                "set DIGITREC_HOME to a folder that can be written to"
            ) from error

    def forget(self) -> None:
        """Delete the kept network, if there is one.

        Raises
        ------
        FileError
            If the file cannot be deleted.
        """
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise FileError(
                f"the kept model {self.path} could not be deleted: {error.strerror or error}"
            ) from error
