"""Draw a digit, and a small convolutional network says which it is.

These names are all that most programs need. Each is imported when it is first used, so that
``import digitrec`` itself costs nothing:

>>> import digitrec
>>> seven = [[(78, 82), (214, 76), (160, 190), (140, 252)]]
>>> digitrec.bundled().predict(digitrec.image(seven)).digit
7

What is behind them is in rooms, which ARCHITECTURE.md describes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitrec.evaluation import evaluate
    from digitrec.ink import image
    from digitrec.network import Network, bundled
    from digitrec.personal import learn
    from digitrec.reading import Reading, read, read_picture
    from digitrec.training import RECIPES, Recipe, train

__version__ = "0.1.0"

__all__ = [
    "RECIPES",
    "Network",
    "Reading",
    "Recipe",
    "bundled",
    "evaluate",
    "image",
    "learn",
    "read",
    "read_picture",
    "train",
]

_ROOMS = {
    "RECIPES": "training",
    "Network": "network",
    "Reading": "reading",
    "Recipe": "training",
    "bundled": "network",
    "evaluate": "evaluation",
    "image": "ink",
    "learn": "personal",
    "read": "reading",
    "read_picture": "reading",
    "train": "training",
}


def __getattr__(name: str) -> Any:
    if name not in _ROOMS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
