"""Figures of the data, of networks and of how good they are; each takes data and returns a figure.

The figures are made without pyplot, so a figure is freed when nobody uses it any more, and any
thread may draw. `alt_text` says in words what a figure shows, `to_bytes` makes a file of it.
Matplotlib is imported when you first use one of these names, not before.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitrec.plots.blueprint import architecture
    from digitrec.plots.comparisons import compared_curves, compared_shares
    from digitrec.plots.counts import class_counts
    from digitrec.plots.curves import training_curves
    from digitrec.plots.intervals import accuracies
    from digitrec.plots.layer_map import last_layer
    from digitrec.plots.look import alt_text, to_bytes
    from digitrec.plots.pictures import mistakes, sample_digits, stages
    from digitrec.plots.results import accuracy_per_class, confusion_matrix, reliability
    from digitrec.plots.weak_points import failures, misread

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
    "accuracies": "intervals",
    "accuracy_per_class": "results",
    "alt_text": "look",
    "architecture": "blueprint",
    "class_counts": "counts",
    "compared_curves": "comparisons",
    "compared_shares": "comparisons",
    "confusion_matrix": "results",
    "failures": "weak_points",
    "last_layer": "layer_map",
    "misread": "weak_points",
    "mistakes": "pictures",
    "reliability": "results",
    "sample_digits": "pictures",
    "stages": "pictures",
    "to_bytes": "look",
    "training_curves": "curves",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
