"""Numbers of several digits: ink is cut into digits, and the network reads each.

The ink is cut into more pieces than it has digits, the network is asked about every run of pieces
that may be one, all at once, and the cheapest way through is taken (Matan et al., "Multi-digit
recognition using a space displacement neural network", 1992, and others have done so since). The
energies that refuse what is not a digit tell which cuts are wrong.
"""

import numpy as np
from numpy.typing import NDArray

from digitrec import ink, sight
from digitrec.network import Network, Prediction, bundled
from digitrec.reading import costs
from digitrec.reading.drawn import Drawing
from digitrec.reading.pictured import Row, rows_of
from digitrec.reading.result import Digit, Reading
from digitrec.reading.ways import Choices

MOST_DIGITS = 10
"""More digits are no row that is read, but one drawing that is refused."""

__all__ = ["Digit", "Reading", "read", "read_picture"]


def read(strokes: ink.Strokes, network: Network | None = None) -> Reading:
    """Read a drawing of one digit or of a row of up to ten.

    Parameters
    ----------
    strokes : sequence of array_like, each of shape (n, 2)
        x to the right, y down, in any unit.
    network : Network, optional
        Without it the bundled one is asked.

    Returns
    -------
    Reading
        Of one digit where the drawing is not a row of several, as :meth:`Network.predict` would
        answer; without a digit where nothing is drawn.

    Raises
    ------
    InkError
        As :func:`digitrec.ink.check`.

    Examples
    --------
    >>> read([[(0, 20), (20, 0), (20, 90)], [(60, 0), (60, 90)]]).text
    '11'
    >>> read([]).text
    ''
    """
    checked = ink.check(strokes)
    if not checked:
        return Reading(())
    digits, unlikely = _row(Drawing(checked), network or bundled())
    return Reading((digits,), unlikely)


def read_picture(source: ink.Picture, network: Network | None = None) -> Reading:
    """Read a picture of digits: one, a row of up to ten, or several rows.

    Parameters
    ----------
    source : path-like, bytes, PIL.Image.Image or ndarray
        As for :func:`digitrec.ink.picture_image`.
    network : Network, optional
        Without it the bundled one is asked.

    Returns
    -------
    Reading
        Boxes and ink are in pixels of :func:`digitrec.ink.ink_of`. Without a digit where there is
        no ink.

    Raises
    ------
    FileError, ValueError
        As :func:`digitrec.ink.picture_image`.

    Examples
    --------
    >>> page = np.full((90, 120), 255, np.uint8)
    >>> page[20:70, 28:34] = page[20:70, 70:76] = 0
    >>> read_picture(page).text
    '11'
    """
    network = network or bundled()
    plane = ink.ink_of(source)
    if plane is None or not (plane > 0.5).any():
        return Reading(())
    rows = [Row(row) for row in rows_of(plane)]
    alone = _alone(source, plane, network)
    if len(rows) == len(rows[0].pieces) == 1:
        return Reading(((alone,),)) if alone else Reading(())
    lines, unlikely = zip(*(_row(row, network) for row in rows), strict=True)
    reading = Reading(lines, any(unlikely))
    if len(reading.digits) > 1 and not reading.refused:
        return reading
    # Dirt and broken lines around one digit make no clean number either.
    readable = len(reading.digits) - len(reading.unreadable)
    if (alone is None or alone.prediction.refused) and readable > len(reading.unreadable):
        return reading
    return Reading(((alone,),)) if alone else Reading(())


def _alone(source: ink.Picture, plane: NDArray[np.float32], network: Network) -> Digit | None:
    """Read a picture as one digit, if anything in it may be one."""
    seen = sight.look(network, source)
    if seen is None:
        return None
    rows, columns = np.nonzero(plane > 0.5)
    corners = columns.min(), rows.min(), columns.max() + 1, rows.max() + 1
    left, upper, right, lower = map(float, corners)
    stages = seen.stages
    return Digit(seen.prediction, stages["trimmed"], (left, upper, right, lower), stages["centred"])


def _row(drawing: Drawing | Row, network: Network) -> tuple[tuple[Digit, ...], bool]:
    """Read pieces that lie in one row, and say whether they are too unlike a number."""
    choices = Choices(drawing.pieces, drawing.links)
    images = np.stack([drawing.image(run) for run in choices.runs])
    logits = network.logits(images)
    probabilities, refused = network.softmax(logits), network.refuses(logits)
    way, unlikely = [0], False
    if len(choices.runs) > 1:
        choices.measures[:, costs.ASKED] = costs.network_measures(network, logits)
        (way,) = choices.cheapest()
        whole = choices.runs.index(tuple(range(len(drawing.pieces))))
        # No cut is right that leaves something unreadable of what can be read as a whole.
        if len(way) > MOST_DIGITS or (refused[way].any() and not refused[whole]):
            way = [whole]
        unlikely = len(way) > 1 and choices.price(way) > costs.MOST
    digits = tuple(
        Digit(
            Prediction(probabilities[place], logits[place], bool(refused[place])),
            drawing.ink(choices.runs[place]),
            drawing.box(choices.runs[place]),
            images[place],
        )
        for place in way
    )
    return digits, unlikely
