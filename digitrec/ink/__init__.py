"""A person's ink, strokes or pictures, turned into the 28×28 image MNIST would have made of it."""

from digitrec.ink.files import parse, read, write
from digitrec.ink.opening import Picture, open_picture
from digitrec.ink.pictures import framed, ink_of, picture_image, picture_readings, picture_stages
from digitrec.ink.strokes import Sample, Strokes, check, image, stages

__all__ = [
    "Picture",
    "Sample",
    "Strokes",
    "check",
    "framed",
    "image",
    "ink_of",
    "open_picture",
    "parse",
    "picture_image",
    "picture_readings",
    "picture_stages",
    "read",
    "stages",
    "write",
]
