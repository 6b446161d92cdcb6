"""What was it trained on? Digits from MNIST, by class, as one picture."""

from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from digitrec import mnist
from digitrec.app.buttons import button
from digitrec.app.guard import Guard
from digitrec.app.pictures import atlas, png
from digitrec.network import CLASSES

COLUMNS = 12


class SampleView:
    """Shows some digits of every class, and others when asked.

    Nothing is read before :meth:`show`, so that the pad is there first.

    Parameters
    ----------
    guard : Guard
        Makes errors in the callback visible.
    seed : int, optional
        Which digits come first.

    Examples
    --------
    >>> view = SampleView(Guard(print))
    >>> view.show()
    >>> "data:image/png" in view.picture.value
    True
    """

    def __init__(self, guard: Guard, seed: int = 0) -> None:
        self._seed = seed
        self.picture = ipywidgets.HTML(samples_html(None))
        self.others = button("Show others")
        self.others.on_click(guard(self._next, "showing other digits"))
        heading = ipywidgets.HTML(
            "<h2>What was it trained on?</h2><p>On MNIST: digits that people in the United States "
            "wrote by hand in the 1990s, each a picture of 28×28 pixels. Every row is a class.</p>"
            "<p>And on drawings that a program makes, in more ways of writing.</p>"
        )
        words = ipywidgets.VBox([heading, self.others])
        self.widget = ipywidgets.Box([words, self.picture])
        self.widget.add_class("dr-section")
        self.widget.add_class("dr-samples")

    def show(self) -> None:
        """Read the digits and show the first."""
        self.picture.value = samples_html(choose(self._seed))

    def _next(self, _button: Any) -> None:
        self._seed += 1
        self.show()


def choose(seed: int, columns: int = COLUMNS) -> NDArray[np.uint8]:
    """Return some digits of every class.

    Parameters
    ----------
    seed : int
        Which.
    columns : int, optional
        How many of each.

    Returns
    -------
    ndarray of uint8, shape (10, columns, 28, 28)
        From the validation part, which comes from the same writers as the training part and is
        small enough to read for a picture.

    Examples
    --------
    >>> choose(0).shape
    (10, 12, 28, 28)
    """
    part = mnist.load_part("validation")
    rng = np.random.default_rng(seed)
    rows = [
        part.images[rng.choice(np.flatnonzero(part.labels == digit), columns, replace=False)]
        for digit in range(CLASSES)
    ]
    return np.stack(rows)


def samples_html(rows: NDArray[np.uint8] | None) -> str:
    """Return digits as one picture with their classes beside it.

    Parameters
    ----------
    rows : ndarray of uint8, shape (10, columns, 28, 28), or None
        None leaves the room empty.

    Examples
    --------
    >>> "<img" in samples_html(None)
    False
    """
    labels = "".join(f"<span>{digit}</span>" for digit in range(CLASSES))
    if rows is None:
        picture = '<span class="dr-atlas"></span>'
    else:
        alternative = f"{rows.shape[1]} handwritten examples of each digit from 0 to 9, row by row"
        picture = f'<img class="dr-atlas" alt="{alternative}" src="{png(atlas(rows))}">'
    return (
        f'<div class="dr-sample-rows"><div class="dr-labels" aria-hidden="true">{labels}</div>'
        f"{picture}</div>"
    )
