"""MNIST, 70,000 handwritten digits, read from the packaged file."""

import zipfile
import zlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from digitrec import resources
from digitrec.errors import FileError

PartName = Literal["train", "validation", "test"]

SIZES: dict[str, int] = {"train": 55_000, "validation": 5_000, "test": 10_000}
"""How many images each part holds."""

_PREAMBLE = 10  # bytes of a .npy file before its header: magic, version, length of the header

_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    NotImplementedError,  # a compression method that zipfile does not know
    OSError,
    RuntimeError,  # zipfile's word for an encrypted member
    ValueError,
)


@dataclass(frozen=True, eq=False)
class Part:
    """Images of digits and their labels, in read-only arrays.

    Parameters
    ----------
    images : ndarray of uint8, shape (n, 28, 28)
        Grey values, 0 for paper and 255 for ink; rows run downwards.
    labels : ndarray of uint8, shape (n,)
        The digit in each image, 0 to 9.

    Examples
    --------
    >>> part = load_part("test")
    >>> len(part), part.images.shape, int(part.labels[0])
    (10000, (10000, 28, 28), 7)
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True, eq=False)
class Mnist:
    """The whole dataset in three parts.

    Parameters
    ----------
    train : Part
        55,000 images to train on.
    validation : Part
        5,000 of the original training images, the same share of every digit, held back for
        choosing between networks. They share their writers with `train`.
    test : Part
        The original 10,000 test images, by other writers than the rest.

    Examples
    --------
    >>> data = load()
    >>> len(data.train), len(data.validation), len(data.test)
    (55000, 5000, 10000)
    """

    train: Part
    validation: Part
    test: Part


def load() -> Mnist:
    """Load all three parts of MNIST.

    Returns
    -------
    Mnist
        Read-only arrays, 55 MB in all, cached for the next call.

    Raises
    ------
    FileError
        If the packaged file is missing or damaged.

    See Also
    --------
    load_part : Reads one part and takes memory for that part alone.

    Examples
    --------
    >>> load().validation.images.dtype
    dtype('uint8')
    """
    return Mnist(load_part("train"), load_part("validation"), load_part("test"))


@cache
def load_part(name: PartName) -> Part:
    """Load one part of MNIST without unpacking the others.

    Parameters
    ----------
    name : {"train", "validation", "test"}
        Which part.

    Returns
    -------
    Part
        Read-only arrays, cached for the next call.

    Raises
    ------
    ValueError
        If there is no part of that name.
    FileError
        If the packaged file is missing or damaged.

    Examples
    --------
    >>> load_part("validation").labels.shape
    (5000,)
    """
    if name not in SIZES:
        raise ValueError(f"expected one of {', '.join(SIZES)}; received {name!r}")
    return read_part(resources.data("mnist.npz"), name, num_images=SIZES[name])


def read_part(path: Path, name: str, *, num_images: int) -> Part:
    """Read one part from a file that ``scripts/pack_mnist.py`` has written.

    Parameters
    ----------
    path : Path
        The ``.npz`` file.
    name : str
        The part; its members are ``<name>_images`` and ``<name>_labels``.
    num_images : int
        How many images the part must hold.

    Returns
    -------
    Part
        Read-only arrays.

    Raises
    ------
    FileError
        If the file is missing, damaged, or holds something else.

    Examples
    --------
    >>> part = read_part(resources.data("mnist.npz"), "test", num_images=10_000)
    >>> part.images.flags.writeable
    False
    """
    try:
        with zipfile.ZipFile(path) as archive:
            images = _read_member(archive, f"{name}_images", (num_images, 28, 28))
            labels = _read_member(archive, f"{name}_labels", (num_images,))
        if num_images and labels.max() > 9:
            raise ValueError(f"expected labels from 0 to 9; received {labels.max()}")
    except _DAMAGE as error:
        reason = "it is not there" if isinstance(error, FileNotFoundError) else _sentence(error)
        raise FileError(
            f"The MNIST file {path} could not be read ({reason}). "
            "Install digitrec again, or pack the file anew with scripts/pack_mnist.py."
        ) from error
    return Part(images, labels)


def _read_member(archive: zipfile.ZipFile, name: str, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    # Compare the text before allocating anything: a damaged header can promise terabytes, and
    # NumPy reads headers as Python, with errors and warnings of every kind.
    expected = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    with archive.open(f"{name}.npy") as file:
        start = file.read(_PREAMBLE)
        if start[:-2] != b"\x93NUMPY\x01\x00":
            raise ValueError(f"expected {name} to be an array of .npy format 1.0")
        received = file.read(int.from_bytes(start[-2:], "little")).decode("latin1").strip()
        if received != expected:
            raise ValueError(f"expected {name} to be {expected}; received {received[:100]!r}")
        num_bytes = int(np.prod(shape))
        pixels = file.read(num_bytes)
        # Reading on to the end is also what makes zipfile compare the checksum.
        if len(pixels) != num_bytes or file.read(1):
            raise ValueError(f"expected {num_bytes:,} bytes in {name}")
    # An array over immutable bytes stays read-only even if somebody sets its flags.
    return np.frombuffer(pixels, np.uint8).reshape(shape)


def _sentence(error: BaseException) -> str:
    """Return an error's text on one line and without the quotes that KeyError adds."""
    text = str(error.args[0]) if error.args else type(error).__name__
    return " ".join(text.split())
