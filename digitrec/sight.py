"""What a network reads in a picture: it chooses among the ways in which the picture can be read."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from digitrec import ink
from digitrec.network import Network, Prediction, energy

_START = 2.5  # of energy: a network may be surer of a likeness that is not there


@dataclass(frozen=True, eq=False)
class Look:
    """One way to read a picture, and what the network says to it.

    Parameters
    ----------
    stages : mapping of str to ndarray of float32
        As :func:`digitrec.ink.picture_stages` returns them.
    prediction : Prediction

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> page = np.full((90, 60), 255, np.uint8)
    >>> page[20:70, 28:34] = 0
    >>> look(bundled(), page).prediction.digit
    1
    """

    stages: Mapping[str, NDArray[np.float32]]
    prediction: Prediction


def look(network: Network, source: ink.Picture) -> Look | None:
    """Read the digit in a picture.

    Parameters
    ----------
    network : Network
    source : path-like, bytes, PIL.Image.Image or ndarray
        As for :func:`digitrec.ink.picture_image`.

    Returns
    -------
    Look or None
        The first idea of what is ink in which the network knows a digit; where it refuses each,
        the first of all. Of the ways to redraw that ink, the one most like a digit: of the
        highest energy (Liu et al., "Energy-based Out-of-distribution Detection", 2020), where the
        first way has a start over the others. None when there is no ink.

    Raises
    ------
    FileError, ValueError
        As :func:`digitrec.ink.picture_image`.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> look(bundled(), np.full((90, 60), 255, np.uint8)) is None
    True
    """
    first = None
    for ways in ink.picture_readings(source):
        predictions = network.predict_many(np.stack([stages["centred"] for stages in ways]))
        energies = np.array([float(energy(prediction.logits)) for prediction in predictions])
        energies[0] += _START
        best = int(energies.argmax())
        found = Look(ways[best], predictions[best])
        if not found.prediction.refused:
            return found
        first = first or found
    return first
