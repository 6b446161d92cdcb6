import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import several_digits

from digitrec import hand, ink

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def drawings(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    samples = [
        ink.Sample(hand.draw(digit, rng), label=str(digit), writer="somebody")
        for digit in (1, 3, 5, 8)
    ]
    samples.append(ink.Sample(hand.draw_other(rng, "scribble"), label="scribble"))
    path = tmp_path / "ink.jsonl.gz"
    ink.write(path, samples)
    return path


def test_it_prints_what_was_read_right(
    drawings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(several_digits, "LENGTHS", (2,))
    monkeypatch.setattr(several_digits, "HARD_NUMBERS", 2)
    monkeypatch.setattr(sys, "argv", ["numbers", str(drawings), "--numbers", "3", "--json"])
    several_digits.main()
    result = json.loads(capsys.readouterr().out)
    assert result["singles"] == {"samples": 4, "cut": 0, "right": 4, "alone": 4}
    assert result["others"]["samples"] == 1
    assert result["lengths"]["2"]["numbers"] == 3
    assert result["lengths"]["2"]["right"] >= 2
    assert set(result["hard"]) == {"13", "15", "18"}
    table = several_digits.printed(result).splitlines()
    assert table[0].startswith("4 single digits: 0 cut, 4 right")
    assert any(line.startswith("| of 2 digits | 3 |") for line in table)


def test_numbers_that_touch_are_told_from_others() -> None:
    one = [np.array([[0.0, 0.0], [10.0, 90.0]])]
    assert several_digits._touches([one, [one[0] + [5, 0]]])
    assert not several_digits._touches([one, [one[0] + [15, 0]]])


def test_the_program_leaves_the_standard_library_its_name(tmp_path: Path) -> None:
    """Its folder comes first where a program in it runs, and NumPy asks for `numbers`."""
    program = ROOT / "benchmarks" / "numbers.py"
    missing = subprocess.run(
        [sys.executable, str(program), str(tmp_path / "none.jsonl")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert missing.returncode == 2
    assert "an ink file was expected" in missing.stderr
    code = f"import sys; sys.path.insert(0, {str(program.parent)!r}); import numbers, numpy"
    code += "; print(numbers.Number.__name__, numpy.arange(2).tolist(), sys.path[0])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split() == ["Number", "[0,", "1]", str(program.parent)]
