"""Draw a digit, and a small convolutional network says which it is.

The rooms are modules: ``mnist`` (the data), ``ink`` (drawings to 28×28 images), ``network``
(the trained network in NumPy), ``training``, ``evaluation``, ``plots``, ``jobs`` and ``app``.
Importing the package imports none of them. ``digitrec.read`` and ``digitrec.read_picture`` read one
digit or a whole number; they are fetched from ``reading`` when they are first asked for.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitrec.reading import Reading, read, read_picture

__all__ = ["Reading", "__version__", "read", "read_picture"]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Fetch what reads numbers, and with it NumPy, when it is first asked for."""
    if name not in ("Reading", "read", "read_picture"):
        raise AttributeError(f"module 'digitrec' has no attribute {name!r}")
    from digitrec import reading  # noqa: PLC0415 - importing the package stays cheap

    return getattr(reading, name)
