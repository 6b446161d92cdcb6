"""Draw a digit, and a small convolutional network says which it is.

The rooms are modules: ``mnist`` (the data), ``ink`` (drawings to 28×28 images), ``network``
(the trained network in NumPy), ``training``, ``evaluation``, ``plots``, ``jobs`` and ``app``.
Importing the package imports none of them; ``digitrec.learn`` is looked up when it is first used.
"""

import importlib
from typing import Any

__version__ = "0.1.0"

_FACE = {"learn": "digitrec.personal"}


def __getattr__(name: str) -> Any:
    if name not in _FACE:
        raise AttributeError(f"module 'digitrec' has no attribute {name!r}")
    return getattr(importlib.import_module(_FACE[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_FACE})
