"""A Matplotlib figure in the place of a picture, where a widget stands still."""

import io
from typing import Any

from PIL import Image

from digitrec import plots
from digitrec.course.figures import Figure


class Plotted(Figure):
    """A figure of :mod:`digitrec.plots` that is shown where nothing runs.

    Parameters
    ----------
    figure : matplotlib.figure.Figure

    Examples
    --------
    >>> from digitrec import plots
    >>> curves = plots.training_curves([(0.5, 1.0, 0.7), (1.0, 0.3, 0.91)])
    >>> Plotted(curves).bundle()[1]["image/png"]["width"]
    576
    """

    def __init__(self, figure: Any) -> None:
        content = plots.to_bytes(figure)
        words = f"{plots.alt_text(figure)} Run the notebook to move it."
        with Image.open(io.BytesIO(content)) as picture:
            super().__init__(picture.convert("RGB"), words)
        self._content = content
        self._width = round(96 * float(figure.get_size_inches()[0]))

    def bundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return data and metadata by MIME type, as Jupyter takes them."""
        return (
            {"image/png": self._content, "text/plain": self.words},
            {"image/png": {"alt": self.words, "width": self._width}},
        )
