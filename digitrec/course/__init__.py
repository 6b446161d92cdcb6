"""What a reader of the notebooks moves with the hand, one widget a file.

``pictures`` turns arrays into pictures and ``figures`` puts those together; neither needs
Matplotlib, so that a page served by Voila opens at once. The widgets are looked up when they
are asked for, so that pictures can be used without importing ipywidgets.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitrec.course.drawing_viewer import DrawingViewer
    from digitrec.course.layer_viewer import LayerViewer
    from digitrec.course.pooling import Pooling
    from digitrec.course.sliding_kernel import SlidingKernel

__all__ = ["DrawingViewer", "LayerViewer", "Pooling", "SlidingKernel"]

_HOMES = {
    "DrawingViewer": "drawing_viewer",
    "LayerViewer": "layer_viewer",
    "Pooling": "pooling",
    "SlidingKernel": "sliding_kernel",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
