"""The output of every layer for one image, on one page from the pixels to the answer."""

import html

import numpy as np
from numpy.typing import NDArray

from digitrec.course import figures, pages, pictures
from digitrec.explain import sizes
from digitrec.network import Network, Prediction

_SAYS = {
    "conv1": "every kernel's sums: orange is positive, blue negative",
    "relu1": "the blue is gone",
    "pool1": "the largest of every window",
    "conv2": "every kernel now looks at all the maps above at once",
    "relu2": "the blue is gone again",
    "pool2": "what is left of the picture",
    "flatten": "the same numbers in one row",
}


def layers_html(network: Network, image: NDArray[np.floating] | NDArray[np.uint8]) -> str:
    """Return every activation of one image, and the answer in words.

    Parameters
    ----------
    network : Network
    image : ndarray, shape (28, 28)
        As for :meth:`digitrec.network.Network.activations`.

    Returns
    -------
    str
        HTML.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> "softmax" in layers_html(bundled(), np.eye(28))
    True
    """
    prediction = network.predict(image)
    activations = network.activations(image)
    parts = [_row("input", "28 × 28", "the pixels", _input(image))]
    for size in sizes(network):
        name = size.layer.name
        if name not in _SAYS:
            continue
        words = f"{name}, {size.shape}: {_SAYS[name]}"
        draw = figures.flat if name == "flatten" else figures.feature_maps
        parts.append(_row(name, size.shape, _SAYS[name], draw(activations[name], words).html()))
    parts.append(
        _row("dense → softmax", "10", "a score for each digit, and its share", bars(prediction))
    )
    answer = f"<p><b>{html.escape(says(prediction))}</b></p>"
    return pages.figure(*parts, caption=answer, caption_first=True)


def bars(prediction: Prediction) -> str:
    """Return the ten scores and probabilities as bars.

    Parameters
    ----------
    prediction : Prediction

    Returns
    -------
    str
        HTML: a table, so that it can be read out.

    Examples
    --------
    >>> probabilities = np.full(10, 0.1)
    >>> bars(Prediction(probabilities, np.zeros(10, np.float32), refused=False)).count("10.0 %")
    10
    """
    rows = []
    for digit in range(10):
        share = float(prediction.probabilities[digit])
        weight = "bold" if digit == prediction.digit else "normal"
        rows.append(
            f'<tr style="font-weight:{weight}"><th scope="row">{digit}</th>'
            f'<td style="text-align:right">{pages.number(float(prediction.logits[digit]))}</td>'
            f'<td style="text-align:right;min-width:4.2em">{share:.1%}</td>'.replace("%", " %")
            + '<td aria-hidden="true" style="width:180px;text-align:left">'
            f'<div style="height:10px;background:#b34a00;width:{share * 100:.1f}%"></div></td></tr>'
        )
    return (
        '<table style="border-spacing:8px 1px;font-variant-numeric:tabular-nums">'
        '<tr><th scope="col">digit</th><th scope="col">score</th>'
        f'<th scope="col">probability</th><td></td></tr>{"".join(rows)}</table>'
    )


def says(prediction: Prediction) -> str:
    """Return the answer and how sure the network is of it.

    Parameters
    ----------
    prediction : Prediction

    Examples
    --------
    >>> probabilities = np.eye(10)[7]
    >>> says(Prediction(probabilities, np.zeros(10, np.float32), refused=False))
    "The network says: That's a 7. It gives a 7 a probability of 100.0 %."
    """
    return (
        f"The network says: {prediction.sentence} "
        f"It gives a {prediction.digit} a probability of {prediction.confidence * 100:.1f} %."
    )


def _input(image: NDArray[np.floating] | NDArray[np.uint8]) -> str:
    limit = 255.0 if image.dtype == np.uint8 else 1.0
    picture = pictures.grid(image, signed=False, limit=limit, cell=3)
    return pictures.to_html(picture, "the image that the network reads")


def _row(name: str, shape: str, says: str, content: str) -> str:
    title = f"<div><b>{name}</b> · {shape} · {says}</div>"
    return f'<div style="margin-bottom:12px">{title}{content}</div>'
