"""What every layer of a network saw and what its answer depends on, as data for pictures."""

from digitrec.explain._contributions import contributions, gradient, smoothed
from digitrec.explain._layer_sizes import Size, sizes
from digitrec.explain._occlusion import occlusion
from digitrec.explain._places import Place, places
from digitrec.explain._steps import (
    Softmax,
    Step,
    Window,
    convolution_step,
    pooling_step,
    softmax_steps,
    strongest,
)

__all__ = [
    "Place",
    "Size",
    "Softmax",
    "Step",
    "Window",
    "contributions",
    "convolution_step",
    "gradient",
    "occlusion",
    "places",
    "pooling_step",
    "sizes",
    "smoothed",
    "softmax_steps",
    "strongest",
]
