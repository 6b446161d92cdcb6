"""What was it trained on? Digits from MNIST, all classes or one, as one picture."""

from typing import Any

import ipywidgets
import numpy as np
from numpy.typing import NDArray

from digitrec import mnist
from digitrec.app.pad.buttons import button
from digitrec.app.page.guard import Guard
from digitrec.app.page.pictures import atlas, png
from digitrec.network import CLASSES

COLUMNS = 12


class SampleView:
    """Shows some digits of every class, or many of one, and others when asked.

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
        self.digit = ipywidgets.ToggleButtons(
            options=[("All", None), *((str(digit), digit) for digit in range(CLASSES))], value=None
        )
        self.digit.add_class("dr-digit-choice")
        self.digit.observe(guard(self._choose, "showing other digits"), "value")
        self.others = button("Show others")
        self.others.on_click(guard(self._next, "showing other digits"))
        heading = ipywidgets.HTML(
            "<h2>What was it trained on?</h2><p>On MNIST: digits that people in the United States "
            "wrote by hand in the 1990s, each a picture of 28×28 pixels.</p>"
            "<p>And on drawings that a program makes, in more ways of writing.</p>"
            "<p>Choose a digit to see many of it.</p>"
        )
        words = ipywidgets.VBox([heading, self.digit, self.others])
        self.widget = ipywidgets.Box([words, self.picture])
        self.widget.add_class("dr-section")
        self.widget.add_class("dr-samples")

    def show(self) -> None:
        """Read the digits and show the first."""
        digit = self.digit.value
        self.picture.value = samples_html(choose(self._seed, digit), digit)

    def _choose(self, _change: Any) -> None:
        self.show()

    def _next(self, _button: Any) -> None:
        self._seed += 1
        self.show()


def choose(seed: int, digit: int | None = None, columns: int = COLUMNS) -> NDArray[np.uint8]:
    """Return some digits of every class, or as many of one.

    Parameters
    ----------
    seed : int
        Which.
    digit : int, optional
        The one class; all of them if none is named.
    columns : int, optional
        How many in a row.

    Returns
    -------
    ndarray of uint8, shape (10, columns, 28, 28)
        From the validation part, which comes from the same writers as the training part and is
        small enough to read for a picture. A row is a class, if no digit was named.

    Examples
    --------
    >>> choose(0).shape, choose(0, 7).shape
    ((10, 12, 28, 28), (10, 12, 28, 28))
    """
    part = mnist.load_part("validation")
    rng = np.random.default_rng(seed)
    if digit is not None:
        places = rng.choice(np.flatnonzero(part.labels == digit), CLASSES * columns, replace=False)
        return np.asarray(part.images[places].reshape(CLASSES, columns, *part.images.shape[1:]))
    rows = [
        part.images[rng.choice(np.flatnonzero(part.labels == each), columns, replace=False)]
        for each in range(CLASSES)
    ]
    return np.stack(rows)


def samples_html(rows: NDArray[np.uint8] | None, digit: int | None = None) -> str:
    """Return digits as one picture, with their classes beside it where a row is a class.

    Parameters
    ----------
    rows : ndarray of uint8, shape (10, columns, 28, 28), or None
        None leaves the room empty.
    digit : int, optional
        The class of all of them, if they are of one.

    Examples
    --------
    >>> "<img" in samples_html(None)
    False
    """
    labels = "".join(f"<span>{each if digit is None else ''}</span>" for each in range(CLASSES))
    if rows is None:
        picture = '<span class="dr-atlas"></span>'
    else:
        count = f"{rows.shape[0] * rows.shape[1]} handwritten examples of the digit {digit}"
        if digit is None:
            count = f"{rows.shape[1]} handwritten examples of each digit from 0 to 9, row by row"
        picture = f'<img class="dr-atlas" alt="{count}" src="{png(atlas(rows))}">'
    return (
        f'<div class="dr-sample-rows"><div class="dr-labels" aria-hidden="true">{labels}</div>'
        f"{picture}</div>"
    )
