"""The dashboard: state without widgets, one view a file, and one place that wires them.

``Dashboard`` is looked up when it is asked for, so that the state can be used, and tested,
without importing a widget.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from digitrec.app.dashboard import Dashboard

__all__ = ["Dashboard"]


def __getattr__(name: str) -> Any:
    if name == "Dashboard":
        from digitrec.app.dashboard import Dashboard  # noqa: PLC0415 - it imports widgets, and the state needs none

        return Dashboard
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
