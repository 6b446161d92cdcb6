"""A person's ink, strokes or pictures, turned into the 28×28 image MNIST would have made of it."""

from digitrec.ink.files import parse, read, write
from digitrec.ink.pictures import Picture, framed, ink_of, picture_image, picture_stages
from digitrec.ink.strokes import Sample, Strokes, check, image, stages

__all__ = [
    "Picture",
    "Sample",
    "Strokes",
    "check",
    "framed",
    "image",
    "ink_of",
    "parse",
    "picture_image",
    "picture_stages",
    "read",
    "stages",
    "write",
]
