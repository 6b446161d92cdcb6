"""The model in use, the kept one, and the way back."""

from pathlib import Path

import pytest

from digitrec.app.models import UNREADABLE, Models, report_of
from digitrec.app.store import Store, home
from digitrec.errors import FileError
from tests.stand_ins import report, small

FRESH = "This is the model that came with the page."


def digit(models: Models) -> int:
    return int(models.network.weights["dense/bias"].argmax())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "mine")


def make(store: Store) -> Models:
    return Models(store, load_bundled=lambda: small(0))


def test_the_folder_can_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITREC_HOME", str(tmp_path))
    assert home() == tmp_path
    monkeypatch.delenv("DIGITREC_HOME")
    assert home().is_absolute()
    assert "digitrec" in home().name


@pytest.mark.parametrize("platform", ["linux", "darwin", "win32"])
def test_every_platform_has_its_folder(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DIGITREC_HOME", raising=False)
    monkeypatch.setattr("sys.platform", platform)
    monkeypatch.setenv("XDG_DATA_HOME", "/somewhere/data")
    expected = {"linux": "/somewhere/data", "darwin": "Application Support", "win32": "Local"}
    assert expected[platform] in str(home())


def test_without_a_kept_model_the_bundled_one_answers(store: Store) -> None:
    models = make(store)
    assert digit(models) == 0
    assert (models.own, models.forgettable, models.note) == (False, False, FRESH)
    assert not store.folder.exists()


def test_a_new_model_is_found_again(store: Store) -> None:
    make(store).try_out(small(1, created="2026-05-03T12:00:00+00:00"))
    again = make(store)
    assert digit(again) == 1
    assert again.own
    assert again.forgettable
    assert again.note.startswith("You trained this model on 3 May")


def test_a_date_that_is_none_is_left_out(store: Store) -> None:
    models = make(store)
    models.try_out(small(1, created="<script>"))
    assert models.note == "You trained this model."


def test_going_back_brings_the_old_model_and_the_old_file(store: Store) -> None:
    models = make(store)
    models.try_out(small(1))
    models.go_back()
    assert digit(models) == 0
    assert models.note == FRESH
    assert store.load() is None

    models.try_out(small(1))
    models.keep_new()
    models.try_out(small(2))
    models.go_back()
    assert digit(models) == 1
    assert models.own
    assert digit(make(store)) == 1


def test_keeping_ends_the_comparison(store: Store) -> None:
    models = make(store)
    models.try_out(small(1))
    assert models.comparison is not None
    models.keep_new()
    assert models.comparison is None
    models.go_back()  # there is no way back any more
    assert digit(models) == 1


def test_forgetting_deletes_the_file(store: Store) -> None:
    models = make(store)
    models.try_out(small(1))
    models.forget()
    assert digit(models) == 0
    assert not store.path.exists()
    assert not models.forgettable


@pytest.mark.parametrize("content", [b"", b"no model", b"\xff" * 10_000])
def test_an_unreadable_model_is_said_and_can_be_forgotten(store: Store, content: bytes) -> None:
    store.folder.mkdir()
    store.path.write_bytes(content)
    models = make(store)
    assert digit(models) == 0
    assert models.note == UNREADABLE
    assert models.forgettable
    models.forget()
    assert models.note == FRESH


def test_a_truncated_model_is_unreadable(store: Store) -> None:
    store.keep(small(1))
    store.path.write_bytes(store.path.read_bytes()[:-100])
    assert make(store).note == UNREADABLE


def test_a_model_that_was_kept_meanwhile_is_found_by_looking_again(store: Store) -> None:
    waiting = make(store)
    make(store).try_out(small(3))
    waiting.refresh()
    assert digit(waiting) == 3
    seen = waiting.network
    waiting.refresh()
    assert waiting.network is seen  # nothing new, nothing read


def test_looking_again_leaves_a_comparison_alone(store: Store) -> None:
    models = make(store)
    models.try_out(small(1))
    store.keep(small(2))
    models.refresh()
    assert digit(models) == 1


def test_a_file_where_the_folder_should_be(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("in the way")
    models = make(Store(tmp_path / "mine"))
    with pytest.raises(FileError, match="DIGITREC_HOME"):
        models.try_out(small(1))
    assert digit(models) == 1


def test_the_report_comes_from_the_metadata() -> None:
    expected = report(15)
    assert report_of(small(evaluation=expected.to_dict())).accuracy == expected.accuracy
    assert report_of(small()) is None
    assert report_of(small(evaluation="good")) is None
    assert report_of(small(evaluation={"samples": -1})) is None
