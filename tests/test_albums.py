"""Folders of labelled pictures, as the library and the program measure them."""

import json
from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from digitrec import albums, cli, network, plots
from digitrec.errors import FileError
from tests.drawings import DRAWINGS
from tests.ink.test_pictures import page


@pytest.fixture
def album(tmp_path: Path) -> Path:
    """Return a folder with right, wrong, empty and many-digit pictures in two groups."""
    shown = {"4": page(DRAWINGS[4]), "7": page(DRAWINGS[7]), "8": page(DRAWINGS[8])}
    lines = []
    for file, drawn, label, group in [
        ("a.png", "4", "4", "photo"),
        ("b.png", "7", "1", "photo"),
        ("c.png", None, "3", "photo"),
        ("d.png", "8", "8", "paint"),
        ("e.png", "8", "88", "several"),
    ]:
        picture = shown[drawn] if drawn else PIL.Image.new("L", (80, 80), 240)
        picture.save(tmp_path / file)
        lines.append(json.dumps({"file": file, "label": label, "group": group, "source": "x"}))
    (tmp_path / "index.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def test_every_group_and_all_of_one_digit(album: Path) -> None:
    found = albums.evaluate(network.bundled(), albums.read(album))
    third = pytest.approx(1 / 3)
    assert list(found.groups) == ["photo", "paint", "several"]
    assert found.groups["photo"] == (3, third, third, 0, third)
    assert found.groups["paint"] == (1, 1, 1, 0, 0)
    assert found.groups["several"].accuracy == 0
    assert found.all == (4, 0.5, 0.5, 0, 0.25)
    # The surest mistake comes first; what is right and answered is none.
    assert [s.picture.path.name for s in found.worst] == ["e.png", "b.png", "c.png"] or [
        s.picture.path.name for s in found.worst
    ] == ["b.png", "e.png", "c.png"]


def test_refused_pictures_are_counted_and_may_be_right(album: Path) -> None:
    careful = network.bundled()
    strict = network.Network(
        careful.weights, careful.architecture, network.Calibration(min_energy=1e6)
    )
    summary = albums.evaluate(strict, albums.read(album)).all
    assert (summary.accuracy, summary.answered_right, summary.refused) == (0.5, 0, 0.75)


def test_the_program_measures_an_album(album: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", "--pictures", str(album), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert set(told) == {"groups", "all"}
    assert set(told["all"]) == {"samples", "accuracy", "answered_right", "refused", "empty"}
    assert told["groups"]["photo"]["samples"] == 3
    assert told["all"]["empty"] == 0.25
    figure = album / "worst.png"
    assert cli.main(["evaluate", "--pictures", str(album), "--figure", str(figure)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["pictures", "right", "answered", "right", "refused", "empty"]
    assert lines[1].split()[:4] == ["photo", "3", "33.3", "%"]
    assert lines[-1].startswith("all of one digit")
    assert b"3, found empty" in figure.read_bytes()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("[]", '"file"'),
        ("{", "JSON object"),
        ('{"file": "a.png"}', '"label"'),
        ('{"file": "a.png", "label": 7}', '"label"'),
        ('{"file": "a.png", "label": "x"}', "one digit or several. Received: 'x'"),
        ('{"file": "a.png", "label": "7", "group": 1}', '"group"'),
        ("", "at least one picture"),
    ],
)
def test_an_index_that_is_damaged_is_one_error(
    tmp_path: Path, line: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "index.jsonl").write_text(line)
    with pytest.raises(FileError) as caught:
        albums.read(tmp_path)
    assert said in str(caught.value)
    assert cli.main(["evaluate", "--pictures", str(tmp_path)]) == 2
    assert said in capsys.readouterr().err


def test_a_folder_without_an_index_and_a_picture_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"index\.jsonl"):
        albums.read(tmp_path)
    with pytest.raises(FileError, match=r"gone\.png"):
        albums.evaluate(network.bundled(), [albums.Picture(tmp_path / "gone.png", "7")])


def test_ink_and_pictures_are_not_measured_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["evaluate", "--ink", "a.jsonl", "--pictures", "b"])
    assert "not allowed with" in capsys.readouterr().err


def test_a_figure_of_no_mistake_and_of_too_few_captions() -> None:
    assert "none" in plots.alt_text(plots.misread([], [], []))
    with pytest.raises(ValueError, match="caption for every picture"):
        plots.misread([np.ones((4, 4, 3))], [None], [])
