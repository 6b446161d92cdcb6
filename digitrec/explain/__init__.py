"""What every layer of a network saw, as data for pictures and tables."""

from digitrec.explain.layer_sizes import Size, sizes
from digitrec.explain.occlusion import occlusion
from digitrec.explain.steps import (
    Softmax,
    Step,
    Window,
    convolution_step,
    pooling_step,
    softmax_steps,
    strongest,
)

__all__ = [
    "Size",
    "Softmax",
    "Step",
    "Window",
    "convolution_step",
    "occlusion",
    "pooling_step",
    "sizes",
    "softmax_steps",
    "strongest",
]
