"""The widgets that readers of the notebooks move, one in each file.

``pictures`` turns arrays into pictures and ``figures`` puts those together; neither needs
Matplotlib, so that a page served by Voila opens at once. The widgets are imported when they
are first used, so that you can use pictures without importing ipywidgets.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitrec.course.accuracy_interval import AccuracyInterval
    from digitrec.course.confusion_chooser import ConfusionChooser
    from digitrec.course.corruption_viewer import CorruptionViewer
    from digitrec.course.descent import Descent
    from digitrec.course.digit_browser import DigitBrowser
    from digitrec.course.drawing_viewer import DrawingViewer
    from digitrec.course.evidence import Evidence
    from digitrec.course.framing import Framing
    from digitrec.course.hand_viewer import HandViewer
    from digitrec.course.last_layer_map import LastLayerMap
    from digitrec.course.layer_viewer import LayerViewer
    from digitrec.course.live_curves import LiveCurves
    from digitrec.course.one_weight import OneWeight
    from digitrec.course.pooling import Pooling
    from digitrec.course.quiet import quietly
    from digitrec.course.recorder import Recorder
    from digitrec.course.refusing import Refusing
    from digitrec.course.rivals import Rivals
    from digitrec.course.shifted_digit import ShiftedDigit
    from digitrec.course.sliding_kernel import SlidingKernel
    from digitrec.course.stages_viewer import StagesViewer
    from digitrec.course.temperature import Temperature

__all__ = [
    "AccuracyInterval",
    "ConfusionChooser",
    "CorruptionViewer",
    "Descent",
    "DigitBrowser",
    "DrawingViewer",
    "Evidence",
    "Framing",
    "HandViewer",
    "LastLayerMap",
    "LayerViewer",
    "LiveCurves",
    "OneWeight",
    "Pooling",
    "Recorder",
    "Refusing",
    "Rivals",
    "ShiftedDigit",
    "SlidingKernel",
    "StagesViewer",
    "Temperature",
    "quietly",
]

_HOMES = {
    "AccuracyInterval": "accuracy_interval",
    "ConfusionChooser": "confusion_chooser",
    "CorruptionViewer": "corruption_viewer",
    "Descent": "descent",
    "DigitBrowser": "digit_browser",
    "DrawingViewer": "drawing_viewer",
    "Evidence": "evidence",
    "Framing": "framing",
    "HandViewer": "hand_viewer",
    "LastLayerMap": "last_layer_map",
    "LayerViewer": "layer_viewer",
    "LiveCurves": "live_curves",
    "OneWeight": "one_weight",
    "Pooling": "pooling",
    "Recorder": "recorder",
    "Refusing": "refusing",
    "Rivals": "rivals",
    "ShiftedDigit": "shifted_digit",
    "SlidingKernel": "sliding_kernel",
    "StagesViewer": "stages_viewer",
    "Temperature": "temperature",
    "quietly": "quiet",
}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
