import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from digitrec import hand, ink
from digitrec.network import bundled
from digitrec.training.recipes import RECIPES

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "seeds.py"


@pytest.fixture(scope="module")
def seeds() -> ModuleType:
    spec = importlib.util.spec_from_file_location("seeds", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_settings_of_a_recipe_are_changed(seeds: ModuleType) -> None:
    recipe = seeds.changed(
        RECIPES["best"], ["epochs=8", "filters=16,32", "one_cycle=False", "padding=same,valid"]
    )
    assert (recipe.epochs, recipe.filters, recipe.one_cycle) == (8, (16, 32), False)
    assert recipe.padding == ("same", "valid")
    with pytest.raises(ValueError, match="no setting 'epoch'"):
        seeds.changed(RECIPES["best"], ["epoch=8"])


def test_ink_that_is_not_there_is_said(
    seeds: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    ink_file = str(tmp_path / "none.jsonl")
    monkeypatch.setattr(sys, "argv", ["seeds.py", ink_file, "--keep", str(tmp_path)])
    with pytest.raises(SystemExit, match="2"):
        seeds.main()
    assert f"an ink file was expected at {ink_file}" in capsys.readouterr().err


@pytest.mark.slow
def test_networks_that_are_there_are_measured_and_not_trained_again(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    drawings = [ink.Sample(hand.draw(digit, rng), label=str(digit)) for digit in range(10)]
    drawings += [ink.Sample(hand.draw_other(rng), label="x") for _ in range(10)]
    ink.write(tmp_path / "ink.jsonl", drawings)
    for seed in (1, 2):
        bundled().save(tmp_path / f"{seed}.safetensors")
    command = [sys.executable, str(SCRIPT), str(tmp_path / "ink.jsonl")]
    done = subprocess.run(
        [*command, "--seeds", "2", "--keep", str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )
    lines = done.stdout.splitlines()
    assert lines[0].startswith("| seed | minutes | validation | MNIST test |")
    assert [line.split("|")[1].strip() for line in lines[2:]] == [
        "1",
        "2",
        "mean",
        "standard deviation",
    ]
    assert set(lines[-1].split("|")[2:-1]) == {" 0.00 "}
    failed = subprocess.run(
        [*command, "--set", "epochs=0", "--keep", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode == 2
    assert "epochs must be a whole number" in failed.stderr
