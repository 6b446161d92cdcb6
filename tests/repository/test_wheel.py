"""What people install: the wheel holds everything, nothing else, and works outside the checkout."""

import contextlib
import importlib.metadata
import json
import os
import re
import subprocess
import sys
import sysconfig
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pytest
from PIL import Image, ImageDraw

import digitrec

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]


def build(out: Path, *options: str) -> None:
    # Without isolation nothing is fetched: the build backend is among the test requirements.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *options, "."]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Return the wheel that `make dist` makes: it is built from the source archive beside it."""
    out = tmp_path_factory.mktemp("dist")
    build(out)
    (built,) = out.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """Return the Python of a fresh environment with the wheel in it.

    What digitrec depends on is taken from the environment of the tests, through a path file; the
    editable digitrec there is not, as the folder of a fresh environment comes first.
    """
    folder = tmp_path_factory.mktemp("elsewhere") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    packages = next(folder.glob("lib/python3.*/site-packages"))
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


@pytest.fixture(scope="module")
def bare(wheel, tmp_path_factory) -> Path:
    """Return the Python of a fresh environment with the wheel and what it has to have, no more."""
    folder = tmp_path_factory.mktemp("bare") / "venv"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    subprocess.run([*pip, "--no-deps", "--no-index", str(wheel)], check=True)
    packages = next(folder.glob("lib/python3.*/site-packages"))
    for needed in needs(wheel):
        for file in importlib.metadata.files(needed) or ():
            top = file.parts[0]
            if top != ".." and not (packages / top).exists():
                (packages / top).symlink_to(Path(str(file.locate())).parents[len(file.parts) - 2])
    return python


def needs(wheel: Path) -> list[str]:
    """Return the names of the packages that come with the wheel when no extra is asked for."""
    (entry,) = (name for name in names(wheel) if name.endswith(".dist-info/METADATA"))
    with zipfile.ZipFile(wheel) as archive:
        told = archive.read(entry).decode()
    return re.findall(r"^Requires-Dist: ([\w-]+)(?!.*extra ==)", told, re.M)


@pytest.fixture
def run(installed, tmp_path):
    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(installed), *arguments],
            cwd=tmp_path,
            env=environment(installed, tmp_path) | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    return run


def environment(python: Path, home: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    # Voila's own templates and extensions are data files of the environment of the tests.
    data = Path(sysconfig.get_path("data"), "share", "jupyter")
    return {
        **kept,
        "HOME": str(home),
        "PATH": f"{python.parent}:/usr/bin:/bin",
        "JUPYTER_PATH": str(data),
    }


def names(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def tracked() -> set[str]:
    if not (ROOT / ".git").exists():
        return {str(path.relative_to(ROOT)) for path in ROOT.rglob("*") if path.is_file()}
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(listed.stdout.split("\0"))


def test_everything_travels(wheel):
    inside = names(wheel)
    expected = {
        "digitrec/data/mnist.npz",
        "digitrec/data/MNIST.md",
        "digitrec/data/memory.safetensors",
        "digitrec/py.typed",
        "digitrec/data/model.safetensors",
        "digitrec/serving/voila/templates/digitrec/index.html.j2",
        "digitrec/serving/voila/templates/digitrec/conf.json",
        *(f"digitrec/notebooks/{path.name}" for path in (ROOT / "notebooks").glob("*.ipynb")),
        *(name for name in tracked() if name.startswith("digitrec/") and (ROOT / name).exists()),
    }
    assert expected <= inside


def test_it_names_the_licences_of_the_program_and_of_the_data(wheel):
    about = f"digitrec-{digitrec.__version__}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        told = archive.read(f"{about}/METADATA").decode()
        assert "License-Expression: BSD-3-Clause AND CC-BY-SA-3.0\n" in told
        assert b"CC BY-SA 3.0" in archive.read(f"{about}/licenses/LICENSE")
        assert b"CC BY-SA 3.0" in archive.read(f"{about}/licenses/digitrec/data/MNIST.md")


def test_nothing_else_travels(wheel):
    known = tracked()
    template = "digitrec/serving/voila/templates/digitrec/"
    shared = f"digitrec-{digitrec.__version__}.data/data/share/jupyter/voila/templates/digitrec/"
    about = f"digitrec-{digitrec.__version__}.dist-info/"
    for name in names(wheel):
        path = PurePosixPath(name)
        assert not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts), name
        if name.startswith(about):
            continue
        source = name.replace(shared, template)
        if path.parent == PurePosixPath("digitrec/notebooks"):
            source = f"notebooks/{path.name}"
        assert (ROOT / source).is_file(), name
        if os.environ.get("CI"):  # at work, a file may not be known to git yet
            assert source in known, name


def test_the_wheel_is_not_large(wheel):
    assert wheel.stat().st_size < 20_000_000


def test_the_source_archive_builds_the_same_wheel_as_the_folder(wheel, tmp_path):
    assert len(list(wheel.parent.glob("*.tar.gz"))) == 1
    build(tmp_path, "--wheel")
    (direct,) = tmp_path.glob("*.whl")
    assert names(direct) == names(wheel)


def test_it_is_the_installed_one_that_runs(run, installed):
    done = run("-c", "import digitrec; print(digitrec.__file__)")
    assert Path(done.stdout.strip()).is_relative_to(installed.parent.parent)


def test_the_program_is_there(run, installed):
    for arguments in (
        ["-m", "digitrec", "--version"],
        [str(installed.parent / "digitrec"), "--version"],
    ):
        done = run(*arguments)
        assert done.returncode == 0, done.stderr
        assert digitrec.__version__ in done.stdout


def test_it_reads_a_picture(run, tmp_path):
    picture = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(picture).line([(60, 50), (140, 50), (95, 155)], fill=0, width=14, joint="curve")
    picture.save(tmp_path / "seven.png")
    done = run("-m", "digitrec", "predict", "--json", "seven.png")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["digit"] == 7


def test_four_packages_come_along(wheel):
    assert needs(wheel) == ["numpy", "pillow", "safetensors", "scipy"]


@pytest.mark.parametrize(
    "command",
    ["--version", "predict seven.png", "predict seven.jsonl", "evaluate", "evaluate --ink s.jsonl"],
)
def test_they_are_enough_to_predict_and_to_evaluate(bare, tmp_path, command):
    picture = Image.new("L", (200, 200), 255)
    ImageDraw.Draw(picture).line([(60, 50), (140, 50), (95, 155)], fill=0, width=14, joint="curve")
    picture.save(tmp_path / "seven.png")
    drawing = {"strokes": [[[60, 50], [140, 50], [95, 155]]], "label": "7"}
    for name in ("seven.jsonl", "s.jsonl"):
        (tmp_path / name).write_text(json.dumps(drawing))
    done = subprocess.run(
        [str(bare), "-m", "digitrec", *command.split()],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@contextlib.contextmanager
def serving(python: Path, home: Path) -> Iterator[str]:
    command = [str(python), "-m", "digitrec", "dashboard", "--no-browser", "--port", "0"]
    with subprocess.Popen(
        command, cwd=home, env=environment(python, home), stdout=subprocess.PIPE, text=True
    ) as server:
        try:
            assert server.stdout is not None
            address = re.search(r"http://\S+", server.stdout.readline())
            assert address is not None
            yield address.group()
            server.terminate()
            assert server.wait(20) == 0
        finally:
            server.kill()


def test_it_serves_the_pad(installed, tmp_path):
    with serving(installed, tmp_path) as address:
        with urllib.request.urlopen(address, timeout=60) as answer:  # noqa: S310 - our own server
            assert answer.status == 200
            assert answer.url.endswith("/voila/render/06_drawing_pad.ipynb")
            page = answer.read().decode()
        assert "Starting…" in page
        assert "application/vnd.jupyter.widget-view+json" in page  # the notebook ran
        assert "There was an error" not in page
