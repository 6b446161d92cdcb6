"""The look that all figures share, and their words for people who cannot see them."""

import base64
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib.style
from matplotlib.backend_bases import RendererBase
from matplotlib.figure import Figure

WIDTH = 6.0
"""Width of every figure, inches: a phone shows all of it with readable letters."""

# Told apart with every common kind of colour blindness: Wong, "Points of view: Color blindness",
# Nature Methods 8, 2011.
BLUE, ORANGE, VERMILION = "#0072B2", "#E69F00", "#D55E00"
INK, PALE = "#333333", "#D9D9D9"

STYLE = {
    "font.family": "DejaVu Sans",  # comes with Matplotlib, so that figures are alike everywhere
    "font.size": 12,
    "axes.titlesize": 12,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.titlecolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": PALE,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "svg.hashsalt": "digitrec",  # without one, names in an SVG change every time
}

_DOTS_AN_INCH = 144
_style_lock = threading.RLock()


class Drawing(Figure):
    """A figure that notebooks show with its alternative text, without pyplot.

    Examples
    --------
    >>> with new_figure(2) as figure:
    ...     describe(figure, "An empty figure.")
    >>> data, metadata = figure._repr_mimebundle_()
    >>> metadata["image/png"]["alt"]
    'An empty figure.'
    """

    def draw(self, renderer: RendererBase) -> None:
        """Paint the figure in its own style: Matplotlib makes the ticks only now."""
        with _styled():
            super().draw(renderer)

    def _repr_mimebundle_(self, **_: Any) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
        width, height = (round(96 * float(side)) for side in self.get_size_inches())
        return (
            {"image/png": base64.b64encode(to_bytes(self)).decode("ascii")},
            {"image/png": {"alt": alt_text(self), "width": width, "height": height}},
        )


@contextmanager
def _styled() -> Iterator[None]:
    # Matplotlib's settings belong to the whole process. "default" first, so that a style chosen
    # in a notebook does not mix with ours.
    with _style_lock, matplotlib.style.context(["default", STYLE]):
        yield


@contextmanager
def new_figure(height: float) -> Iterator[Drawing]:
    """Make a figure and draw in the common style until the block ends.

    Parameters
    ----------
    height : float
        Inches; the width is always the same.

    Examples
    --------
    >>> with new_figure(3) as figure:
    ...     axes = figure.subplots()
    >>> figure.get_size_inches().tolist()
    [6.0, 3.0]
    """
    with _styled():
        yield Drawing(figsize=(WIDTH, height), layout="constrained")


def describe(figure: Figure, text: str) -> None:
    """Say in words what a figure shows.

    Parameters
    ----------
    figure : Figure
    text : str
        Whole sentences, with the numbers that matter.

    Examples
    --------
    >>> figure = Figure()
    >>> describe(figure, "A rising line.")
    >>> alt_text(figure)
    'A rising line.'
    """
    figure.set_label(text)


def alt_text(figure: Figure) -> str:
    """Return what a figure shows, in words.

    Parameters
    ----------
    figure : Figure
        One that a function of :mod:`digitrec.plots` has drawn.

    Returns
    -------
    str
        Whole sentences, for a screen reader or the ``alt`` of a picture.

    Raises
    ------
    ValueError
        If the figure is not one of ours, and so has no words.

    Examples
    --------
    >>> from digitrec import plots
    >>> plots.alt_text(plots.training_curves([(0.5, 1.0, 0.7), (1.0, 0.3, 0.91)]))[:33]
    'Two curves over 1.0 epochs of tra'
    """
    text = str(figure.get_label())
    if not text:
        raise ValueError("expected a figure drawn by digitrec.plots; received one without words")
    return text


def to_bytes(figure: Figure, kind: str = "png") -> bytes:
    """Return a figure as the bytes of a picture file, with its words inside.

    Parameters
    ----------
    figure : Figure
        One that a function of :mod:`digitrec.plots` has drawn.
    kind : {"png", "svg", "pdf"}
        The format of the file.

    Returns
    -------
    bytes
        The same for the same figure: no date is in them.

    Raises
    ------
    ValueError
        If the format is not one of these, or the figure is not one of ours.

    Examples
    --------
    >>> from digitrec import plots
    >>> to_bytes(plots.training_curves([(0.5, 1.0, 0.7), (1.0, 0.3, 0.91)]), "pdf")[:5]
    b'%PDF-'
    """
    words = alt_text(figure)
    about: dict[str, dict[str, str | None]] = {
        "png": {"Description": words},
        "svg": {"Description": words, "Date": None},
        "pdf": {"Subject": words, "CreationDate": None},
    }
    if kind not in about:
        raise ValueError(f"a figure is written as {', '.join(about)}. Received: {kind!r}")
    buffer = io.BytesIO()
    with _styled():
        figure.savefig(buffer, format=kind, dpi=_DOTS_AN_INCH, metadata=about[kind])
    return buffer.getvalue()


def percent(share: float, decimals: int = 1) -> str:
    """Return a share as a percentage; only 1 gives 100 %, and only 0 gives 0 %.

    Parameters
    ----------
    share : float
        0 to 1.
    decimals : int
        Places after the point.

    Examples
    --------
    >>> percent(0.9922, 2), percent(1.0), percent(0.99996), percent(0.0001, 0)
    ('99.22 %', '100 %', '99.9 %', '1 %')
    """
    if share <= 0 or share >= 1:
        return "100 %" if share >= 1 else "0 %"
    step = 10.0**-decimals
    return f"{min(max(100 * share, step), 100 - step):.{decimals}f} %"
