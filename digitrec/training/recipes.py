"""Recipes: everything except the seed that decides how a network is trained."""

from dataclasses import dataclass

from digitrec import mnist
from digitrec.network import Architecture


@dataclass(frozen=True)
class Recipe:
    """Everything except the seed that decides how a network is trained.

    Parameters
    ----------
    name, description : str
        Its name, and one sentence about what it is for.
    num_images : int
        How many of the 55,000 training images are used, 100 to 55,000.
    epochs : int
        Passes over them, 1 to 200.
    batch_size : int
        Images a step, 8 to 4,096.
    learning_rate : float
        Of Adam (Kingma and Ba, 2015); with ``one_cycle`` its peak. 1e-6 to 1.
    one_cycle : bool
        Let the learning rate climb for a quarter of the run and then fall to nearly zero (Smith
        and Topin, "Super-convergence", 2018).
    filters : tuple of int
        Filters of each convolution, 1 to 128.
    kernel_sizes : tuple of int
        Side of each kernel, pixels, 1 to 9.
    padding : tuple of {"valid", "same"}
        Whether each convolution is padded.
    batch_normalisation : bool
        Normalise each map over the batch (Ioffe and Szegedy, 2015). It folds into the
        convolution's weights when the training is over.
    dropout : float
        Share of the last layer's inputs left out at random while training, 0 to 0.9.
    distortion, drawing_distortion : float
        Strength of :func:`digitrec.training.augment.distort` on MNIST's digits and on drawings,
        new in every epoch, 0 to 3.
    degraded : float
        Share of all images that :func:`digitrec.training.augment.degrade` blurs and greys, new in
        every epoch, 0 to 1.
    clean_epochs : int
        How many epochs at the end show MNIST undistorted and nothing degraded, 0 to ``epochs``.
    num_drawings : int
        Digits drawn by :mod:`digitrec.hand` in addition to MNIST's, 0 to 200,000. The package has
        12,000 ready (:mod:`digitrec.training.drawings`); if you want more, all are drawn anew.
    num_others : int
        Drawings by the same hand that are not digits, for which the network is trained to give all
        ten answers alike, 0 to 200,000. The package has 3,000 ready.
    drawings_share : float
        Share of all these drawings that one epoch shows, chosen anew at random, 0 to 1.
    others_weight : float
        How much one of the others counts, where a digit counts 1; 0 to 1.

    Examples
    --------
    >>> import dataclasses
    >>> dataclasses.replace(RECIPES["quick"], epochs=5).epochs
    5
    >>> dataclasses.replace(RECIPES["quick"], epochs=0)
    Traceback (most recent call last):
    ...
    ValueError: epochs must be a whole number from 1 to 200. Received: 0
    """

    name: str
    description: str = ""
    num_images: int = mnist.SIZES["train"]
    epochs: int = 2
    batch_size: int = 128
    learning_rate: float = 0.001
    one_cycle: bool = False
    filters: tuple[int, int] = (16, 32)
    kernel_sizes: tuple[int, int] = (5, 5)
    padding: tuple[str, str] = ("valid", "valid")
    batch_normalisation: bool = False
    dropout: float = 0.0
    distortion: float = 0.0
    drawing_distortion: float = 0.0
    degraded: float = 0.0
    clean_epochs: int = 0
    num_drawings: int = 0
    num_others: int = 0
    drawings_share: float = 1.0
    others_weight: float = 0.2

    def __post_init__(self) -> None:
        for field, (low, high) in _WHOLE.items():
            value = getattr(self, field)
            values = value if isinstance(value, tuple) else (value,)
            if (len(values) != 2 and field in _PAIRS) or not all(
                isinstance(v, int) and not isinstance(v, bool) and low <= v <= high for v in values
            ):
                kind = "two whole numbers" if field in _PAIRS else "a whole number"
                raise ValueError(
                    f"{field} must be {kind} from {low} to {high:,}. Received: {value!r}"
                )
        for field, (least, most) in _REAL.items():
            value = getattr(self, field)
            if not isinstance(value, int | float) or not least <= value <= most:
                raise ValueError(
                    f"{field} must be a number from {least:g} to {most:g}. Received: {value!r}"
                )
        Architecture(padding=self.padding)


_PAIRS = ("filters", "kernel_sizes")
_WHOLE = {
    "num_images": (100, mnist.SIZES["train"]),
    "epochs": (1, 200),
    "batch_size": (8, 4096),
    "filters": (1, 128),
    "kernel_sizes": (1, 9),
    "clean_epochs": (0, 200),
    "num_drawings": (0, 200_000),
    "num_others": (0, 200_000),
}
_REAL = {
    "learning_rate": (1e-6, 1.0),
    "dropout": (0.0, 0.9),
    "distortion": (0.0, 3.0),
    "drawing_distortion": (0.0, 3.0),
    "degraded": (0.0, 1.0),
    "drawings_share": (0.0, 1.0),
    "others_weight": (0.0, 1.0),
}

RECIPES: dict[str, Recipe] = {
    recipe.name: recipe
    for recipe in (
        Recipe(
            "quick",
            "What (Re)Train runs: most of MNIST and the packaged drawings, twice, in seconds.",
            num_images=40_000,
            epochs=2,
            learning_rate=0.01,
            one_cycle=True,
            batch_normalisation=True,
            num_drawings=12_000,
            num_others=3_000,
        ),
        Recipe(
            "classic",
            "The original page's: a tenth of MNIST, ten times over, in steps of 512 images.",
            num_images=5_500,
            epochs=10,
            batch_size=512,
            filters=(8, 16),
        ),
        Recipe(
            "best",
            "What comes with the package: MNIST distorted, drawn digits, letters and scribbles.",
            epochs=24,
            learning_rate=0.004,
            one_cycle=True,
            filters=(24, 128),
            kernel_sizes=(5, 7),
            padding=("same", "valid"),
            batch_normalisation=True,
            dropout=0.2,
            distortion=1.2,
            drawing_distortion=0.5,
            degraded=0.03,
            clean_epochs=4,
            num_drawings=55_000,
            num_others=30_000,
            drawings_share=0.5,
            others_weight=0.3,
        ),
    )
}
"""The recipes by name; "quick" is the one to start with."""
