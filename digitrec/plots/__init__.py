"""Figures of the data, of networks and of how good they are; each takes data and returns a figure.

The figures are made without pyplot, so a figure is freed when nobody uses it any more, and any
thread may draw. `alt_text` says in words what a figure shows, `to_bytes` makes a file of it.
Matplotlib is imported when you first use one of these names, not before.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitrec.plots._blueprint import architecture
    from digitrec.plots._comparisons import compared_curves, compared_shares
    from digitrec.plots._counts import class_counts
    from digitrec.plots._curves import training_curves
    from digitrec.plots._intervals import accuracies
    from digitrec.plots._pictures import mistakes, sample_digits, stages
    from digitrec.plots._results import accuracy_per_class, confusion_matrix, reliability
    from digitrec.plots._weak_points import failures, misread
    from digitrec.plots.layer_map import last_layer
    from digitrec.plots.look import alt_text, to_bytes

__all__ = [
    "accuracies",
    "accuracy_per_class",
    "alt_text",
    "architecture",
    "class_counts",
    "compared_curves",
    "compared_shares",
    "confusion_matrix",
    "failures",
    "last_layer",
    "misread",
    "mistakes",
    "reliability",
    "sample_digits",
    "stages",
    "to_bytes",
    "training_curves",
]

_HOMES = {
    "accuracies": "_intervals",
    "accuracy_per_class": "_results",
    "alt_text": "look",
    "architecture": "_blueprint",
    "class_counts": "_counts",
    "compared_curves": "_comparisons",
    "compared_shares": "_comparisons",
    "confusion_matrix": "_results",
    "failures": "_weak_points",
    "last_layer": "layer_map",
    "misread": "_weak_points",
    "mistakes": "_pictures",
    "reliability": "_results",
    "sample_digits": "_pictures",
    "stages": "_pictures",
    "to_bytes": "look",
    "training_curves": "_curves",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
