"""A Matplotlib figure in the place of a picture, where a widget stands still."""

import io
from typing import Any

from PIL import Image

from digitrec import plots
from digitrec.course import pictures
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
        words = f"{plots.alt_text(figure)} Run the notebook to move it."
        with Image.open(io.BytesIO(plots.to_bytes(figure))) as picture:
            # So many colours are enough for lines and letters, and a third of the bytes.
            super().__init__(picture.convert("RGB").quantize(128), words)
        self._width = round(96 * float(figure.get_size_inches()[0]))

    def bundle(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return data and metadata by MIME type, as Jupyter takes them."""
        return (
            {"image/png": pictures.to_png(self.picture, effort=9), "text/plain": self.words},
            {"image/png": {"alt": self.words, "width": self._width}},
        )
