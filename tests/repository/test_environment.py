"""`scripts/environment.sh` makes .venv whole or not at all, whatever stands in its way."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repository.checkout import ROOT


def fake_python(folder: Path, version: str, *, can_make: bool = True) -> Path:
    """Write a program that answers the questions of scripts/environment.sh as a Python would."""
    path = folder / "python3"
    makes = "exit 0" if can_make else "exit 1"
    major, minor = version.split(".")
    suits = "exit 0" if (3, 11) <= (int(major), int(minor)) <= (3, 13) else "exit 1"
    path.write_text(
        "#!/bin/sh\n"
        'case "$2" in\n'
        f"  *sys.exit*) {suits} ;;\n"
        f"  *print*) echo {version} ;;\n"
        f"  *ensurepip*) {makes} ;;\n"
        "  *) exit 3 ;;\n"
        "esac\n"
    )
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("version", "can_make", "said"),
    [
        (
            "3.9",
            True,
            "needs Python 3.11, 3.12 or 3.13, and python3 is 3.9; name another: make PYTHON",
        ),
        ("3.14", True, "needs Python 3.11, 3.12 or 3.13, and python3 is 3.14; name another"),
        (
            "3.12",
            False,
            "cannot make environments; on Debian and Ubuntu: sudo apt install python3.12-venv",
        ),
    ],
)
def test_an_unsuitable_python_gets_one_line(tmp_path, version, can_make, said):
    checkout, programs = tmp_path / "checkout", tmp_path / "programs"
    (checkout / "scripts").mkdir(parents=True)
    programs.mkdir()
    shutil.copy(ROOT / "scripts/environment.sh", checkout / "scripts")
    shutil.copy(ROOT / "pyproject.toml", checkout)
    fake_python(programs, version, can_make=can_make)
    for tool in ("sh", "cat", "cksum", "dirname", "env", "grep", "rm"):
        (programs / tool).symlink_to(str(shutil.which(tool)))
    done = subprocess.run(
        ["sh", "scripts/environment.sh"],
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": str(programs)},
    )
    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert said in line
    assert not (checkout / ".venv").exists()


def pretend(folder: Path) -> dict[str, str]:
    """Make a checkout with a Python whose pip writes down what it was told, and can be held up."""
    (folder / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/environment.sh", folder / "scripts")
    shutil.copy(ROOT / "pyproject.toml", folder)
    python = folder / "python3"
    python.write_text(
        "#!/bin/sh\n"
        'case "$*" in\n'
        '  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;\n'
        '  "-m pip install "*) echo x >>ran; env >pip-env\n'
        "    while [ -e hold ]; do sleep 0.1; done ;;\n"
        "  *print*) echo 3.12 ;;\n"
        "esac\n"
    )
    python.chmod(0o755)
    return {"PATH": os.environ["PATH"], "PYTHON": str(python)}


def test_settings_of_pip_and_python_do_not_lead_the_installation_astray(tmp_path):
    settings = pretend(tmp_path)
    names = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PYTHONHOME", "PYTHONPATH")
    others = dict.fromkeys(names, str(tmp_path / "elsewhere"))
    subprocess.run(
        ["sh", "scripts/environment.sh"],
        cwd=tmp_path,
        env={**settings, **others, "PIP_USER": "1", "PIP_INDEX_URL": "https://example.org"},
        check=True,
    )
    told = dict(line.split("=", 1) for line in (tmp_path / "pip-env").read_text().splitlines())
    assert set(told).isdisjoint(names)
    assert told["PIP_USER"] == "0"
    assert told["PIP_INDEX_URL"] == "https://example.org"
    assert not (tmp_path / ".venv.lock").exists()


def test_a_second_make_waits_for_the_first(tmp_path):
    settings = pretend(tmp_path)
    (tmp_path / "hold").touch()

    def begin() -> subprocess.Popen[str]:
        return subprocess.Popen(
            ["sh", "scripts/environment.sh"],
            cwd=tmp_path,
            env=settings,
            stderr=subprocess.PIPE,
            text=True,
        )

    with begin() as first:
        assert first.stderr is not None
        assert first.stderr.readline().startswith("Making .venv")
        with begin() as second:
            assert second.stderr is not None
            said = f"Another run (process {first.pid}) is making .venv; waiting for it."
            assert second.stderr.readline().startswith(said)
            (tmp_path / "hold").unlink()
            assert (first.wait(30), second.wait(30)) == (0, 0)
    assert (tmp_path / "ran").read_text() == "x\n"
    assert not list(tmp_path.glob(".venv.lock*"))


@pytest.mark.parametrize("named", [True, False])
def test_the_lock_of_a_make_that_was_killed_holds_nobody_up(tmp_path, named):
    settings = pretend(tmp_path)
    (tmp_path / ".venv.lock").mkdir()
    if named:
        with subprocess.Popen(["true"]) as gone:
            pass
        (tmp_path / ".venv.lock/process").write_text(f"{gone.pid}\n")
    command = ["sh", "scripts/environment.sh"]
    subprocess.run(command, cwd=tmp_path, env=settings, check=True, timeout=60)
    assert (tmp_path / "ran").read_text() == "x\n"
    assert not list(tmp_path.glob(".venv.lock*"))


@pytest.mark.slow
def test_an_installation_that_failed_is_not_trusted(tmp_path):
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/environment.sh", tmp_path / "scripts")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    settings = {"PATH": os.environ["PATH"], "PYTHON": sys.executable, "PIP_NO_INDEX": "1"}
    settings |= {"PIP_CONFIG_FILE": os.devnull, "HOME": str(tmp_path)}
    command = ["sh", "scripts/environment.sh"]

    def attempt() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=tmp_path, capture_output=True, text=True, check=False, env=settings
        )

    first = attempt()
    assert first.returncode == 1
    assert first.stderr.startswith("Making .venv with Python 3.")
    assert first.stderr.splitlines()[-1].endswith("the next run tries again.")
    assert not list((tmp_path / ".venv").glob("installed*"))

    # What is there is whole, so the next run goes on with it.
    second = attempt()
    assert second.returncode == 1
    assert second.stderr.startswith("Bringing .venv up to date.")

    # pip was killed in the middle of a package: nothing in there can be trusted.
    (record,) = (tmp_path / ".venv").glob("lib/python3.*/site-packages/pip-*.dist-info/RECORD")
    record.unlink()
    third = attempt()
    assert third.returncode == 1
    assert "is damaged or of another Python; making it anew." in third.stderr
    assert list((tmp_path / ".venv").glob("lib/python3.*/site-packages/pip-*.dist-info/RECORD"))
