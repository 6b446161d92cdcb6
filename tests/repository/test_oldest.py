"""`make test-oldest`: every bound in pyproject.toml becomes the version that is tested."""

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"].values()
WANTED = [
    requirement
    for line in [*PROJECT["dependencies"], *(line for extra in EXTRAS for line in extra)]
    if (requirement := Requirement(line)).name != "digitrec"
]


def bound(requirement: Requirement) -> Version:
    """Return the oldest version that a requirement allows."""
    (version,) = (part.version for part in requirement.specifier if part.operator == ">=")
    return Version(version)


@pytest.mark.slow
def test_the_oldest_of_everything_can_be_had_together(tmp_path):
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-annotate"]
    command += ["--resolution", "lowest-direct", "--extra", "test", "--no-header"]
    command += ["--cache-dir", str(tmp_path / "index"), str(ROOT / "pyproject.toml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode and "connect" in done.stderr.lower() and not os.environ.get("CI"):
        pytest.skip("no package index can be reached from here")
    assert done.returncode == 0, done.stderr
    pins = dict(line.split(" ")[0].split("==") for line in done.stdout.splitlines())
    for wanted in WANTED:
        if wanted.marker is None or wanted.marker.evaluate():
            assert Version(pins[canonicalize_name(wanted.name)]) == bound(wanted), wanted.name


@pytest.mark.slow
def test_the_oldest_environment_lies_beside_the_other(tmp_path):
    (tmp_path / "scripts").mkdir()
    for name in ("scripts/environment.sh", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    python = tmp_path / "python3"
    # Its pip installs a uv that writes down what it was asked, and its own last arguments.
    python.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        '  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;\n'
        '  *"pip install"*"--target "*) mkdir -p .venv-oldest/uv/bin\n'
        "    printf '#!/bin/sh\\necho asked \"$@\"\\n' >.venv-oldest/uv/bin/uv\n"
        "    chmod +x .venv-oldest/uv/bin/uv ;;\n"
        '  *"pip install"*) echo "$@" >installed ;;\n'
        "  *print*) echo 3.12 ;;\n"
        "esac\n"
    )
    python.chmod(0o755)
    done = subprocess.run(
        ["sh", "scripts/environment.sh", "oldest"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": os.environ["PATH"], "PYTHON": str(python)},
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("Making .venv-oldest with Python 3.")
    assert not (tmp_path / ".venv").exists()
    asked = (tmp_path / ".venv-oldest" / "oldest.txt").read_text()
    assert "--resolution lowest-direct --extra test pyproject.toml" in asked
    installed = (tmp_path / "installed").read_text()
    assert installed.endswith("--constraint .venv-oldest/oldest.txt --editable .[test]\n")


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
