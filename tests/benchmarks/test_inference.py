import importlib.util
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "inference.py"


@pytest.fixture(scope="module")
def inference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("inference", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_shows_medians(inference: ModuleType) -> None:
    rounds = [
        {
            "ready_s": seconds,
            "memory_mb": 12.3,
            "one_ms": 0.25,
            "thousand_ms": 99.94,
            "difference": 2e-7,
        }
        for seconds in (0.1, 9.0, 0.3)
    ]
    lines = inference.table({"onnx": rounds}).splitlines()
    assert lines[2] == "| ONNX Runtime | 0.30 | 12 | 0.25 | 99.9 | 2e-07 |"
    assert len({line.count("|") for line in lines}) == 1


def test_calls_stop_at_either_bound(inference: ModuleType) -> None:
    calls: list[int] = []
    inference.median_seconds(lambda: calls.append(1), most_seconds=60, most_calls=5)
    assert len(calls) == 3 + 5
    seconds = inference.median_seconds(
        lambda: time.sleep(0.02), most_seconds=0.05, most_calls=10**6
    )
    assert 0.02 <= seconds < 5


def test_the_machine_is_named(inference: ModuleType) -> None:
    assert "cores" in inference.machine()
    assert f"Python {sys.version_info.major}." in inference.machine()


@pytest.mark.slow
def test_a_whole_run_compares_four_programs() -> None:
    command = [sys.executable, str(SCRIPT), "--rounds", "1", "--seconds", "0.1"]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    rows = [line.split("|") for line in result.stdout.splitlines() if line.startswith("| ")]
    assert [row[1].strip() for row in rows[2:]] == [
        "NumPy (digitrec.network)",
        "ONNX Runtime",
        "LiteRT",
        "Keras",
    ]
    for row in rows[2:]:
        *costs, difference = (float(cell) for cell in row[2:-1])
        assert min(costs) > 0
        assert difference < 1e-5
