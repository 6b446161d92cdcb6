"""`make test-oldest`: every bound in pyproject.toml becomes the version that is tested."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from scripts.oldest import constraints, oldest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def test_every_dependency_is_held_to_its_bound():
    lines = constraints(PROJECT)
    named = {re.split(r"[=;]", line)[0] for line in lines}
    groups = [PROJECT["dependencies"], *PROJECT["optional-dependencies"].values()]
    wanted = {re.split(r"[>\[;]", line)[0] for group in groups for line in group}
    assert named == wanted - {"digitrec"}
    assert all("==" in line and ">" not in line.split(";")[0] for line in lines)


@pytest.mark.parametrize(
    ("requirement", "line"),
    [
        ("numpy>=2.1", "numpy==2.1"),
        ("axe-playwright-python>=0.1.8", "axe-playwright-python==0.1.8"),
        ("atheris>=3.0; platform_system == 'Linux'", "atheris==3.0; platform_system == 'Linux'"),
    ],
)
def test_a_bound_becomes_a_version(requirement, line):
    assert oldest(requirement) == line


@pytest.mark.parametrize(
    "requirement", ["numpy", "numpy>2", "numpy>=2,<3", "numpy[all]>=2", "numpy~=2.1", "numpy>=2.*"]
)
def test_what_has_no_plain_bound_is_refused(requirement):
    with pytest.raises(ValueError, match=r"Expected name>=version, received 'numpy"):
        oldest(requirement)


def test_a_dependency_without_a_bound_cannot_be_overlooked():
    project = {"name": "it", "dependencies": ["numpy"], "optional-dependencies": {}}
    with pytest.raises(ValueError, match="received 'numpy'"):
        constraints(project)


@pytest.mark.slow
def test_the_oldest_environment_lies_beside_the_other(tmp_path):
    (tmp_path / "scripts").mkdir()
    for name in ("scripts/environment.sh", "scripts/oldest.py", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    settings = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "HOME": str(tmp_path)}
    settings |= {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}
    done = subprocess.run(
        ["sh", "scripts/environment.sh", "oldest"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=settings,
    )
    assert done.returncode == 1  # no package can be had
    assert done.stderr.startswith("Making .venv-oldest with Python 3.")
    assert not (tmp_path / ".venv").exists()
    pinned = (tmp_path / ".venv-oldest" / "oldest.txt").read_text().splitlines()
    assert pinned == constraints(PROJECT)


@pytest.mark.slow
def test_the_oldest_of_everything_can_be_had_together(tmp_path):
    (tmp_path / "oldest.txt").write_text("\n".join(constraints(PROJECT)))
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--all-extras"]
    command += [
        "--constraint",
        str(tmp_path / "oldest.txt"),
        "--cache-dir",
        str(tmp_path / "index"),
    ]
    done = subprocess.run(
        [*command, str(ROOT / "pyproject.toml")], capture_output=True, text=True, check=False
    )
    if done.returncode and "connect" in done.stderr.lower() and not os.environ.get("CI"):
        pytest.skip("no package index can be reached from here")
    assert done.returncode == 0, done.stderr


def test_both_environments_run_the_same_tests():
    def tests(target: str) -> list[str]:
        shown = subprocess.run(
            ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=True
        ).stdout
        (line,) = (line for line in shown.splitlines() if "-m pytest" in line)
        program, arguments = line.split("/bin/python ")
        return [program, arguments]

    newest, old = tests("test"), tests("test-oldest")
    assert (newest[0], old[0]) == (".venv", ".venv-oldest")
    assert newest[1] == old[1]
