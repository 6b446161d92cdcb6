"""A person's ink, strokes or pictures, turned into the 28×28 image MNIST would have made of it."""

from digitrec.ink.files import read, write
from digitrec.ink.strokes import Sample, Strokes, check, image, stages

__all__ = ["Sample", "Strokes", "check", "image", "read", "stages", "write"]
