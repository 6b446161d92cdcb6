import io

import numpy as np
import PIL.Image
import pytest

from digitrec import hand, resources
from digitrec.errors import FileError
from digitrec.training import drawings


@pytest.fixture
def sheet(tmp_path, monkeypatch):
    """A file that is read in place of the packaged one."""
    path = tmp_path / "drawings.png"
    path.write_bytes(resources.data("drawings.png").read_bytes())
    monkeypatch.setattr(resources, "data", tmp_path.joinpath)
    drawings.load.cache_clear()
    yield path
    drawings.load.cache_clear()


def test_every_digit_as_often_and_what_is_none():
    images, labels = drawings.load()
    counts = np.bincount(labels)
    assert counts[:10].tolist() == [drawings.NUM_DIGITS // 10] * 10
    assert counts[hand.NOT_A_DIGIT] == drawings.NUM_OTHERS
    assert (images.max(axis=(1, 2)) > 100).all()
    with pytest.raises(ValueError, match="read-only"):
        images[0, 0, 0] = 1


def test_they_are_what_the_hand_draws():
    # All of them take half a minute.
    with PIL.Image.open(io.BytesIO(drawings.make(num_digits=120, num_others=0))) as drawn:
        pixels = np.asarray(drawn)
    first = drawings.load()[0][:12].transpose(1, 0, 2).reshape(28, -1)
    # Zeros come first in both, drawn one after another from the same seed.
    np.testing.assert_array_equal(pixels[:, : 12 * 28], first)


@pytest.mark.parametrize("share", [0, 0.3, 0.99])
def test_a_damaged_file_is_one_error(sheet, share):
    content = sheet.read_bytes()
    sheet.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(FileError, match="install digitrec again"):
        drawings.load()


def test_another_picture_is_one_error(sheet):
    PIL.Image.new("RGB", (30, 30)).save(sheet)
    with pytest.raises(FileError, match="grey pixels of shape"):
        drawings.load()


def test_a_missing_file_is_one_error(sheet):
    sheet.unlink()
    with pytest.raises(FileError, match="install digitrec again"):
        drawings.load()
