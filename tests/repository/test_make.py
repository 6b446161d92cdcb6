"""The Makefile: its targets, what they pass on, and the workers that it gives the tests."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.repository.checkout import ROOT


@pytest.mark.parametrize(
    "target",
    ["dashboard", "lab", "test", "check", "format", "notebooks", "model", "sizes", "dist", "clean"],
)
def test_make_knows(target):
    helped = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert f"make {target} " in helped.stdout
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_make_passes_on_where_to_serve():
    command = ["make", "--dry-run", "dashboard", "PORT=9001", "HOST=0.0.0.0", "BROWSER=0"]
    shown = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert '--host "0.0.0.0" --port "9001" --no-browser' in shown
    command = ["make", "--dry-run", "dashboard"]
    clean = {
        name: value for name, value in os.environ.items() if name not in {"BROWSER", "PORT", "HOST"}
    }
    shown = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True, env=clean
    ).stdout
    assert '--host "127.0.0.1" --port "8866"' in shown
    assert "--no-browser" not in shown


@pytest.mark.slow
def test_a_worker_takes_the_tests_of_a_file_and_the_fast_ones_first(tmp_path):
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n    slow\n    browser\n")
    tests = """import pytest
@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("cost", ["fast", pytest.param("slow", marks=pytest.mark.slow)])
def test_nothing(cost, number):
    pass
"""
    for name in ("one", "two"):
        (tmp_path / f"test_{name}.py").write_text(tests)
    workers = re.search(r"^workers := (.*)$", (ROOT / "Makefile").read_text(), re.M)
    assert workers is not None
    options = ["-v", "-p", "no:nbval", *workers[1].replace("auto", "2").split()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    ran = re.findall(r"\[(gw\d)\].* PASSED test_(\w+)\.py::test_nothing\[(\w+)-", done.stdout)
    assert len(ran) == 24
    assert len(set(ran)) == 4  # one worker for each file and cost
    for worker in ("gw0", "gw1"):
        costs = [cost for name, _, cost in ran if name == worker]
        assert costs == sorted(costs)
