"""Files that are damaged, made to exhaust the memory, or made to run something."""

import ast
import io
import os
import pickle
import re
import shutil
import struct
import subprocess
import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import pytest
import safetensors.numpy

import digitrec
from digitrec import ink, mnist, resources
from digitrec.app.model.file import OwnModelView
from digitrec.app.model.in_use import ModelInUse, checked
from digitrec.app.pad.pad import NO_INK, NO_PICTURE, Pad
from digitrec.errors import FileError
from digitrec.network import Network
from tests.stand_ins import small

PACKAGE = Path(digitrec.__file__).parent


# What came with the package


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, to be damaged."""
    here = tmp_path / "copy"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, here / "digitrec", ignore=ignore)
    shutil.copytree(resources.notebooks(), here / "notebooks", ignore=ignore)
    return here


def damage(path: Path, how: str) -> None:
    content = path.read_bytes()
    path.unlink()
    if how == "cut":
        path.write_bytes(content[: len(content) // 2])
    elif how == "changed":
        path.write_bytes(content[:200] + bytes(len(content) - 400) + content[-200:])


def run(copy: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize("how", ["cut", "changed", "gone"])
def test_with_a_damaged_model_the_server_does_not_start_and_says_why(copy: Path, how: str) -> None:
    damage(copy / "digitrec/data/model.safetensors", how)
    done = run(copy, "-m", "digitrec", "dashboard", "--no-browser", "--port", "0")
    assert done.returncode == 2
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert "model.safetensors" in line
    assert "network file" in line or "finite" in line


PAGE = """
import logging
logging.disable(logging.CRITICAL)
from digitrec.app import Dashboard
page = Dashboard()
page.pad.begin(150, 60); page.pad.extend(150, 240); page.pad.end()
print(page.pad.answer.prediction.sentence)
samples = [one for one in page.widget.children[1].children if "dr-samples" in one._dom_classes]
samples[0].children[0].children[-1].click()
print(page._trouble.text.value)
page.pad.clear()
page.pad.begin(150, 60); page.pad.extend(150, 240); page.pad.end()
print(page.pad.answer.prediction.sentence)
"""


@pytest.mark.slow
@pytest.mark.parametrize("how", ["cut", "changed", "gone"])
def test_with_a_damaged_data_set_the_pad_answers_and_the_rest_is_said(copy: Path, how: str) -> None:
    damage(copy / "digitrec/data/mnist.npz", how)
    done = run(copy, "-c", PAGE)
    assert done.returncode == 0, done.stderr
    before, said, after = done.stdout.splitlines()
    assert before == after == "That's a 1."
    assert "mnist.npz" in said


# Pictures


def wall(side: int) -> bytes:
    """A PNG of one bit a pixel, written row by row: it is small, and large once unpacked."""
    packing = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    packed = b"".join(packing.compress(row) for _ in range(side)) + packing.flush()

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + check

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")
    )


def drawn() -> Pad:
    pad = Pad(small(4))
    pad.begin(150, 60)
    pad.extend(150, 240)
    pad.end()
    return pad


def test_a_picture_of_30_000_by_30_000_pixels_is_refused_unread() -> None:
    content = wall(30_000)
    assert len(content) < 200_000
    with pytest.raises(FileError, match="pixels were expected"):
        ink.picture_image(content)
    pad = drawn()
    with pytest.raises(FileError, match=NO_PICTURE):
        pad.show_picture(content)
    assert len(pad.strokes) == 1
    assert pad.answer is None  # it was about the drawing, and the picture was asked about
    with PIL.Image.open(io.BytesIO(wall(90))) as small_one:  # the file is a picture, but for size
        assert small_one.size == (90, 90)
        small_one.load()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_a_picture_cut_anywhere_is_a_picture_or_said_to_be_none(kind: str) -> None:
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 255, (60, 40), np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(pixels).convert("RGB").save(file, kind)
    whole = file.getvalue()
    refused = 0
    for length in range(0, len(whole), max(1, len(whole) // 40)):
        pad = drawn()
        try:
            pad.show_picture(whole[:length])
        except FileError as error:
            refused += 1
            assert str(error) in (NO_PICTURE, NO_INK)  # noqa: PT017 - the last cuts may do no harm
            assert len(pad.strokes) == 1
    assert refused > 30


def test_a_picture_with_a_fraction_for_a_place_is_said_to_be_none() -> None:
    file = io.BytesIO()
    PIL.Image.new("L", (10, 14), 255).save(file, "TIFF")
    # The entry that says where the pixels begin holds an integer, and is made to hold a fraction.
    content = re.sub(rb"\x11\x01[\x03\x04]\x00", b"\x11\x01\x05\x00", file.getvalue())
    assert content != file.getvalue()
    pad = drawn()
    with pytest.raises(FileError, match=NO_PICTURE):
        pad.show_picture(content)
    assert len(pad.strokes) == 1


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
def test_a_picture_with_a_number_that_is_none_is_refused(number: float) -> None:
    pixels = np.full((14, 10), 255, np.float32)
    pixels[2:12, 4:6] = 0
    pixels[3, 3] = number
    picture, file = PIL.Image.fromarray(pixels), io.BytesIO()
    picture.save(file, "TIFF")
    pad = drawn()
    with pytest.raises(FileError, match=NO_PICTURE):
        pad.show_picture(file.getvalue())
    assert len(pad.strokes) == 1
    with pytest.raises(ValueError, match="finite numbers"):
        ink.picture_image(picture)


def test_a_program_that_is_called_a_picture_is_not_run(tmp_path: Path) -> None:
    """PostScript is a language; Pillow hands it to an interpreter."""
    sign = tmp_path / "sign"
    script = f"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n({sign}) (w) file closefile\n"
    with pytest.raises(FileError, match="a picture"):
        ink.picture_image(script.encode())
    assert not sign.exists()
    assert PIL.Image.registered_extensions()[".eps"] == "EPS"


MEMORY = """
import io, resource, sys
import PIL.Image
from digitrec import ink
ink.picture_image(sys.argv[1])
def most(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = most()
ink.picture_image(sys.argv[2])
print(most() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is counted in other units elsewhere")
@pytest.mark.parametrize("mode", ["RGBA", "I;16"])
def test_the_largest_picture_takes_a_bounded_part_of_the_memory(mode: str, tmp_path: Path) -> None:
    for name, side in (("small", 60), ("large", 6_300)):
        picture = PIL.Image.new("L", (side, side), 255)
        if mode == "I;16":
            picture = PIL.Image.new("I;16", (side, side), 65_000)
        else:
            picture = picture.convert(mode)
        picture.save(tmp_path / name, "PNG", compress_level=1)
    command = [sys.executable, "-c", MEMORY, tmp_path / "small", tmp_path / "large"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 600_000  # kilobytes; it took three times that


# Model files that are no models


class Bomb:
    """Unpickled, it makes a file."""

    def __init__(self, sign: Path) -> None:
        self.sign = sign

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.sign),)


def hostile(sign: Path) -> dict[str, bytes]:
    pickled = pickle.dumps(Bomb(sign))
    array = io.BytesIO()
    np.save(array, np.array([Bomb(sign)], dtype=object), allow_pickle=True)
    arrays = io.BytesIO()
    np.savez(arrays, images=np.array([Bomb(sign)], dtype=object))
    header = b'{"__metadata__":{"format":"digitrec-network-1"},"a":{"dtype":"F32","shape":[%s],"data_offsets":[0,4]}}'  # fmt: skip # noqa: E501 - a header is one line
    return {
        "pickle": pickled,
        "npy": array.getvalue(),
        "npz": arrays.getvalue(),
        "after a length": struct.pack("<Q", len(pickled)) + pickled,
        "many numbers": _headed(header % b"9223372036854775807,9223372036854775807"),
        "no numbers": _headed(header % b"0"),
        "deep": _headed(b'{"__metadata__":' + b"[" * 200_000),
        "long header": struct.pack("<Q", 2**62) + b"{}",
    }


def _headed(header: bytes) -> bytes:
    return struct.pack("<Q", len(header)) + header + bytes(4)


def test_a_bomb_would_go_off_where_files_are_unpickled(tmp_path: Path) -> None:
    pickle.loads(hostile(tmp_path / "sign")["pickle"])  # noqa: S301 - our own
    assert (tmp_path / "sign").is_dir()


@pytest.mark.parametrize("name", hostile(Path("nowhere")))
def test_a_model_file_runs_nothing_and_takes_no_memory(name: str, tmp_path: Path) -> None:
    sign, path = tmp_path / "sign", tmp_path / "model.safetensors"
    content = hostile(sign)[name]
    path.write_bytes(content)
    with pytest.raises(FileError, match="network file was expected"):
        Network.load(path)
    models = ModelInUse(load_bundled=lambda: small(4))
    view = OwnModelView(models, lambda function, _doing: function)  # type: ignore[arg-type] # no Guard
    message = {"event": "open", "name": "<b>model</b>"}
    view.widget._handle_custom_msg(message, [memoryview(content)])
    assert "could not be opened" in view.widget.said
    assert models.network.predict(np.zeros((28, 28))).digit == 4
    assert models.offered is None
    assert not sign.exists()


def test_a_data_set_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sign = tmp_path / "sign"
    (tmp_path / "mnist.npz").write_bytes(hostile(sign)["npz"])
    monkeypatch.setattr(resources, "data", lambda name: tmp_path / name)
    mnist.load_part.cache_clear()
    with pytest.raises(FileError):
        mnist.load_part("test")
    mnist.load_part.cache_clear()
    assert not sign.exists()


def test_a_small_file_that_would_need_much_memory_to_answer_is_refused() -> None:
    """Large kernels see much of the image in every place: patches, not weights, take memory."""
    weights = {
        "conv1/kernel": np.zeros((1, 1, 1, 100), np.float32),
        "conv1/bias": np.zeros(100, np.float32),
        "conv2/kernel": np.zeros((27, 27, 100, 1), np.float32),
        "conv2/bias": np.zeros(1, np.float32),
        "dense/kernel": np.zeros((196, 10), np.float32),
        "dense/bias": np.zeros(10, np.float32),
    }
    about = {"padding": ["same", "same"], "strides": [1, 1], "pools": [1, 2]}
    header = {
        "format": "digitrec-network-1",
        "architecture": str(about).replace("'", '"'),
        "calibration": "{}",
        "metadata": "{}",
    }
    content = safetensors.numpy.save(weights, metadata=header)
    assert len(content) < 500_000
    Network.from_bytes(content)  # it is a network, and for somebody with time
    with pytest.raises(FileError, match="far more computing"):
        checked(content)


RUNNING = {"eval", "exec", "compile", "__import__"}
UNPICKLING = {"pickle", "cPickle", "dill", "joblib", "marshal", "shelve", "cloudpickle", "torch"}


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_nothing_is_unpickled_anywhere(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            assert not {name.name.split(".")[0] for name in node.names} & UNPICKLING
        elif isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in UNPICKLING
        elif isinstance(node, ast.keyword) and node.arg == "allow_pickle":
            assert isinstance(node.value, ast.Constant)
            assert node.value.value is False
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in RUNNING
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "np.load":
            assert "allow_pickle" in {word.arg for word in node.keywords}
