"""The errors that digitrec raises on purpose; each message says what to do."""


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
