"""The page's manners: what only JavaScript can do for accessibility."""

from pathlib import Path

import anywidget

_HERE = Path(__file__).parent


class Manners(anywidget.AnyWidget):  # type: ignore[misc] # anywidget is not followed by mypy
    """Names the pad for screen readers and gives the keyboard back to the page.

    It shows nothing and acts on the dashboard around it.

    Examples
    --------
    >>> Manners().has_trait("_esm")
    True
    """

    _esm = (_HERE / "manners.js").read_text(encoding="utf-8")


def style() -> str:
    """Return the page's style sheet.

    Examples
    --------
    >>> ".digitrec" in style()
    True
    """
    return (_HERE / "style.css").read_text(encoding="utf-8")
