"""The errors that digitrec raises on purpose; each message says what to do."""

from collections.abc import Iterator
from contextlib import contextmanager


class DigitrecError(Exception):
    """Base class of digitrec's own errors.

    Examples
    --------
    >>> issubclass(FileError, DigitrecError)
    True
    """


class FileError(DigitrecError):
    """A file is damaged, of the wrong kind, or cannot be read."""


class HeicError(FileError):
    """A picture is a HEIC file, and what reads these is not installed."""


class InkError(DigitrecError, ValueError):
    """Points that do not make a drawing: not finite, wrongly shaped, or far too many."""


class TrainingError(DigitrecError):
    """A training run could not start or ended badly."""


class MissingPackageError(DigitrecError):
    """A package is not installed that only some of digitrec needs."""


@contextmanager
def needs(what: str, extra: str) -> Iterator[None]:
    """Say what to install when an import in the block finds no package.

    Parameters
    ----------
    what : str
        What is asked for, as the message begins.
    extra : str
        The extra in ``pyproject.toml`` that brings its packages.

    Raises
    ------
    MissingPackageError
        If a package is missing; a missing module of digitrec itself is a mistake and stays one.

    Examples
    --------
    >>> with needs("this example", "figures"):
    ...     import no_such_package
    Traceback (most recent call last):
    ...
    digitrec.errors.MissingPackageError: this example needs more packages: \
pip install 'digitrec[figures]'
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "digitrec").partition(".")[0] == "digitrec":
            raise
        message = f"{what} needs more packages: pip install 'digitrec[{extra}]'"
        raise MissingPackageError(message) from error
