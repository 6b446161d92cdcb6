"""Writing a file whole or not at all."""

import os
import tempfile
from pathlib import Path


def write(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file so that no reader ever sees half of it, even after a crash.

    Parameters
    ----------
    path : path-like
        An older file there is replaced only when the new one is safely on disk.
    content : bytes

    Raises
    ------
    OSError
        If the folder is missing, full or not writable; the older file is as it was.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write(Path(folder, "note"), b"whole")
    ...     Path(folder, "note").read_bytes()
    b'whole'
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A temporary file is private; give this one the permissions of an ordinary new file.
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)
