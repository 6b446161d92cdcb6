"""Keeps TensorFlow's notes on its own start out of a notebook."""

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quietly() -> Iterator[None]:
    """Drop what a library's C++ writes to the standard error meanwhile.

    Python's own warnings and errors are not touched in a notebook: they go another way.

    Examples
    --------
    >>> with quietly():
    ...     _ = os.write(2, b"a note from C++")
    """
    # Fewer notes later on; those of the import itself come before this is heeded.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    saved = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(nowhere)
