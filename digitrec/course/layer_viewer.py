"""A test digit that the reader picks, and the output of every layer for it."""

import numpy as np
from numpy.typing import NDArray

from digitrec.course.figures import Figure, feature_maps
from digitrec.course.interactive import Interactive, dropdown, slider
from digitrec.course.layers import layers_html
from digitrec.mnist import Part
from digitrec.network import CLASSES, Network

EXAMPLES = 20
"""How many images of each digit there are to choose from."""


class LayerViewer(Interactive):
    """Every activation of one of the first images of each digit.

    Parameters
    ----------
    network : Network
    part : Part
        Where the images are taken from; it holds every digit.
    digit : int
        Which digit is shown at first.

    Raises
    ------
    ValueError
        If `part` has no image of some digit.

    Examples
    --------
    >>> from digitrec.mnist import load_part
    >>> from digitrec.network import bundled
    >>> viewer = LayerViewer(bundled(), load_part("test"), digit=3)
    >>> viewer.digit.value = 8
    >>> viewer.image().shape
    (28, 28)
    """

    def __init__(self, network: Network, part: Part, digit: int = 3) -> None:
        self._network = network
        self._part = part
        self._where = [np.flatnonzero(part.labels == each)[:EXAMPLES] for each in range(CLASSES)]
        num_examples = min(len(where) for where in self._where)
        if not num_examples:
            raise ValueError("an image of every digit was expected, and one digit has none")
        self.digit = dropdown("digit", [(str(each), each) for each in range(CLASSES)], digit)
        self.example = slider("example", num_examples, 0)
        super().__init__([self.digit, self.example])

    def image(self) -> NDArray[np.uint8]:
        """Return the image that is chosen."""
        return np.asarray(self._part.images[self._where[self.digit.value][self.example.value]])

    def html(self) -> str:
        """Return every activation of the chosen image."""
        return layers_html(self._network, self.image())

    def still(self) -> Figure:
        """Return the last feature maps of the chosen image."""
        maps = self._network.activations(self.image())["relu2"]
        return feature_maps(
            maps,
            f"What the second convolution sees in a {self.digit.value}, after ReLU. "
            "Run the notebook to choose another digit.",
        )
