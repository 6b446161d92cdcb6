"""Binder: repo2docker takes this repository, and what it asks pip for can be had everywhere."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PYTHONS = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line]
BINDERS, *OTHERS = "x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu", "aarch64-apple-darwin"
WANTED = [(python, BINDERS) for python in PYTHONS] + [(PYTHONS[-1], other) for other in OTHERS]

pytestmark = pytest.mark.slow


def dry_run(folder: Path) -> subprocess.CompletedProcess[str]:
    """Have repo2docker say what it would build."""
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug"]
    command += ["--user-id", "1000", "--user-name", "jovyan", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder.parent)


def test_repo2docker_takes_the_repository():
    done = dry_run(ROOT)
    assert done.returncode == 0, done.stderr
    said = done.stdout
    # The environment is made from our file, and it is the only one that decides.
    assert re.search(r"env update .*environment\.yml", said), said
    assert "install.packages" not in said
    assert "requirements.txt" not in said.replace("/tmp/env/requirements.txt", "")  # noqa: S108 - its own
    # What visitors would wait for is done before they come.
    assert "RUN ./postBuild" in said


@pytest.mark.parametrize("python", ["2.6", "3.12"])
def test_repo2docker_can_refuse(tmp_path, python):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    entries = environment["dependencies"]
    (place,) = [number for number, entry in enumerate(entries) if str(entry).startswith("python")]
    entries[place] = f"python={python}"
    (tmp_path / "environment.yml").write_text(yaml.safe_dump(environment))
    assert (dry_run(tmp_path).returncode == 0) is (python == "3.12")


def test_what_is_done_before_anybody_comes(tmp_path):
    assert os.access(ROOT / "postBuild", os.X_OK)
    shutil.copy(ROOT / "postBuild", tmp_path)
    (tmp_path / "digitrec").mkdir()
    shutil.copy(ROOT / "digitrec" / "errors.py", tmp_path / "digitrec")
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["./postBuild"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PATH": places, "MPLCONFIGDIR": str(tmp_path / "figures")},
    )
    assert done.returncode == 0, done.stderr
    assert list(tmp_path.glob("digitrec/__pycache__/errors.*.pyc"))
    assert list(tmp_path.glob("figures/fontlist*.json"))


@pytest.fixture(scope="module", autouse=True)
def resolved(tmp_path_factory):
    """What pip would be asked for in all, as promises.

    Nearly all of the time is waiting for the index, so it is asked while other tests run.
    """
    folder = tmp_path_factory.mktemp("index")

    def resolve(wanted):
        python, platform = wanted
        command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--only-binary=:all:"]
        command += ["--python-version", python, "--python-platform", platform]
        command += ["--no-header", "--no-annotate", "--cache-dir", str(folder)]
        command += ["--extra", "notebooks", str(ROOT / "pyproject.toml")]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    with ThreadPoolExecutor() as pool:
        yield {wanted: pool.submit(resolve, wanted) for wanted in WANTED}


@pytest.mark.parametrize(("python", "platform"), WANTED)
def test_everything_that_pip_is_asked_for_can_be_had_for(python, platform, resolved):
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    (pip,) = [entry for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert pip == {"pip": ["-e .[notebooks]"]}  # which is what was resolved
    done = resolved[python, platform].result()
    if done.returncode and "connect" in done.stderr.lower() and not os.environ.get("CI"):
        pytest.skip("no package index can be reached from here")
    assert done.returncode == 0, done.stderr
    found = {line.partition("==")[0] for line in done.stdout.splitlines()}
    assert {"voila", "jupyterlab", "keras", "matplotlib"} <= found
    assert ("tensorflow-cpu" if platform == BINDERS else "tensorflow") in found
    assert "notebook" not in found  # what only the tests need stays out of Binder's image
