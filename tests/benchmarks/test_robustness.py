import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import PIL.Image
import pytest

from digitrec import mnist
from digitrec.network import Calibration, Network, bundled
from digitrec.plots import alt_text

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "robustness.py"
PART = mnist.load_part("validation")


@pytest.fixture(scope="module")
def robustness() -> ModuleType:
    spec = importlib.util.spec_from_file_location("robustness", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["robustness"] = module  # where dataclasses look for their own module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def blind() -> Network:
    """A network that calls everything a 3 and refuses it."""
    weights = {name: np.zeros_like(array) for name, array in bundled().weights.items()}
    weights["dense/bias"] = np.eye(10, dtype=np.float32)[3]
    return Network(weights, bundled().architecture, Calibration(min_energy=1e6))


@pytest.mark.slow
def test_both_networks_are_measured_on_the_same_images(
    robustness: ModuleType, blind: Network
) -> None:
    images, labels = PART.images[:40], PART.labels[:40]
    first, *corrupted, last = robustness.measure(blind, bundled(), images, labels, seed=0)
    assert (first.name, last.name) == ("clean", "mean of the fifteen")
    assert len(corrupted) == 15
    threes = int((labels == 3).sum())
    assert {row.example_right for row in (first, *corrupted)} == {threes}
    assert first.right >= 38
    assert any(row.right != first.right for row in corrupted)
    for row in (first, *corrupted):
        assert row.images == 40
        assert row.right_and_answered <= min(row.right, 40 - row.refused)
    assert last.images == 15 * 40
    assert last.right == sum(row.right for row in corrupted)
    again = robustness.measure(blind, bundled(), images, labels, seed=0)
    assert again == [first, *corrupted, last]


def test_what_ours_refuses_is_counted(robustness: ModuleType, blind: Network) -> None:
    rows = robustness.measure(bundled(), blind, PART.images[:10], PART.labels[:10], seed=0)
    assert all((row.refused, row.right_and_answered) == (row.images, 0) for row in rows)
    assert rows[0].cells[-2:] == ["100.00 %", "–"]


def test_the_table_has_shares(robustness: ModuleType) -> None:
    lines = robustness.table([robustness.Row("fog", 200, 150, 100, 120, 72)]).splitlines()
    assert lines[2] == "| fog | 75.00 % | 50.00 % | 60.00 % | 90.00 % |"
    assert len({line.count("|") for line in lines}) == 1


@pytest.mark.slow
def test_a_run_with_a_kept_example_prints_and_draws(
    robustness: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    example, drawn = tmp_path / "example.safetensors", tmp_path / "figure.png"
    bundled().save(example)
    robustness.main(["--images", "10", "--example", str(example), "--out", str(drawn)])
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert len(rows) == 2 + 1 + 15 + 1
    for row in rows[2:]:
        _, _, theirs, ours, *_ = row.split("|")
        assert theirs == ours  # it is the same network
    with PIL.Image.open(drawn) as picture:
        assert "canny edges" in picture.info["Description"]
        assert picture.width > 800


def test_the_figure_shows_every_row(robustness: ModuleType) -> None:
    counts = [(100, 90, 95), (100, 60, 50), (100, 40, 70), (200, 100, 120)]
    names = ["clean", "fog", "zigzag", "mean of the fifteen"]
    rows = [robustness.Row(n, *c, 0, c[2]) for n, c in zip(names, counts, strict=True)]
    drawing = robustness.figure(rows)
    axes = drawing.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "clean",
        "zigzag",
        "fog",
        "mean of the fifteen",
    ]
    ours, example = (line.get_xdata() for line in axes.get_lines()[:2])
    np.testing.assert_allclose(ours, [0.95, 0.7, 0.5, 0.6])
    np.testing.assert_allclose(example, [0.9, 0.4, 0.6, 0.5])
    assert "zigzag 40.0 % and 70.0 %" in alt_text(drawing)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--seed", "-1"], "at least 0"),
        (["--epochs", "0"], "at least 1"),
        (["--images", "10001"], "from 1 to 10000"),
        (["--out", "figure.jpg"], "end in .png"),
        (["--out", "nowhere/figure.png"], "no folder nowhere"),
        (["--keep", "nowhere/example"], "no folder nowhere"),
        (["--example", "one", "--keep", "other"], "leave out"),
        (["--example", "missing.safetensors"], "missing.safetensors"),
    ],
)
def test_mistakes_are_told_before_anything_is_trained(
    robustness: ModuleType,
    arguments: list[str],
    said: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        robustness.main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err
