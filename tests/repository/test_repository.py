"""The repository as a whole: its files agree with each other, and its rooms keep to their doors."""

import ast
import functools
import importlib
import inspect
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import digitrec

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PAGES = [
    page for form in ("*.md", "[!.]*/*.md", "[!.]*/*/*.md") for page in sorted(ROOT.glob(form))
]
TEXTS = {".cff", ".cfg", ".css", ".html", ".ipynb", ".j2", ".js", ".json", ".md", ".py", ".sh"} | {
    ".toml",
    ".txt",
    ".yml",
    "",
}
HEAVY = {"tensorflow", "keras"}
FIGURES = {"matplotlib", "seaborn", "sklearn", "pandas"}
WIDGETS = {"ipywidgets", "ipycanvas", "anywidget", "traitlets", "IPython"}
JUPYTER = {
    "jupyter_client",
    "jupyter_core",
    "jupyter_server",
    "nbconvert",
    "nbformat",
    "tornado",
    "traitlets",
    "voila",
    "zmq",
}


def tracked() -> list[Path]:
    """Return the files of the repository, or of the unpacked archive where git knows none."""
    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return [
            ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()
        ]
    return [path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts]


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "digitrec").parts[0].removesuffix(".py")


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


MODULES = sorted((ROOT / "digitrec").rglob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("import digitrec.mnist, digitrec.ink, digitrec.network", HEAVY | FIGURES | WIDGETS),
        ("from digitrec.app import Dashboard; Dashboard()", HEAVY | FIGURES),
        ("import digitrec.cli", HEAVY | FIGURES | WIDGETS | {"numpy", "voila"}),
        ("import digitrec.training, digitrec.jobs, digitrec.export", HEAVY | FIGURES | WIDGETS),
        ("import digitrec.serving", HEAVY | FIGURES | WIDGETS | {"numpy", "voila"}),
    ],
)
def test_what_is_heavy_stays_out_of(statement, absent, tmp_path):
    program = f"{statement}\nimport sys\nprint(*sorted(set({sorted(absent)}) & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    assert done.stdout.split() == []


def public(path: Path) -> list[tuple[str, ast.AST]]:
    """Return the public functions, classes and methods of a module."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    body = parsed(path).body
    return [(node.name, node) for node in body if isinstance(node, kinds) and node.name[0] != "_"]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_public_name_is_explained(path):
    assert ast.get_docstring(parsed(path))
    for name, node in public(path):
        text = ast.get_docstring(node) or ""
        assert text, f"{path}: {name} has no docstring"
        # Parts of a room are explained where the room shows them; an error is shown where raised.
        part = path.parent.name != "digitrec"
        error = isinstance(node, ast.ClassDef) and any(
            ast.unparse(base).endswith("Error") for base in node.bases
        )
        # An example of these would start TensorFlow wherever the fast tests run.
        slow = name in {"to_keras", "to_litert"}
        if not (part or error or slow) and room_of(path) not in {"cli", "child"}:
            assert "Examples\n" in text, f"{path}: {name} has no example"


FOLDERS = sorted({".".join(path.parent.relative_to(ROOT).parts) for path in MODULES} - {"digitrec"})


@pytest.mark.parametrize("name", FOLDERS)
def test_every_name_a_room_shows_has_an_example(name):
    shown = importlib.import_module(name)
    for public_name in getattr(shown, "__all__", ()):
        thing = getattr(shown, public_name)
        if inspect.isfunction(thing) or inspect.isclass(thing):
            assert "Examples\n" in (inspect.getdoc(thing) or ""), f"{name}.{public_name}"


def lines_of_code(path: Path) -> int:
    """Count the lines that are neither empty nor a comment nor part of a docstring."""
    text = path.read_text()
    explained: set[int] = set()
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            explained.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(
        number not in explained and line.strip() != "" and not line.lstrip().startswith("#")
        for number, line in lines
    )


def test_modules_stay_readable():
    for path in MODULES:
        assert lines_of_code(path) <= 350, path


def dependencies() -> dict[str, Requirement]:
    lines = [*PROJECT["dependencies"]]
    for extra in PROJECT["optional-dependencies"].values():
        lines += extra
    return {Requirement(line).name: Requirement(line) for line in lines}


def test_environment_and_project_agree():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (nested,) = [entry for entry in environment["dependencies"] if isinstance(entry, dict)]
    (python,) = [entry for entry in conda if re.match(r"python\b", entry)]
    assert python.partition("=")[2].lstrip("=") in SpecifierSet(PROJECT["requires-python"])
    assert nested == {"pip": ["-e ."]}
    names = [re.split(r"[=<>! ]", entry)[0] for entry in conda]
    assert len(names) == len(set(names))
    assert set(names).isdisjoint(dependencies())


def test_the_versions_agree():
    assert PROJECT["version"] == digitrec.__version__
    assert f"## [{digitrec.__version__}]" in (ROOT / "CHANGELOG.md").read_text()
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == digitrec.__version__
    # A list there would mean that one may choose; the program is under the first of the two.
    assert PROJECT["license"] == f"{citation['license']} AND CC-BY-SA-3.0"
    written = (ROOT / "LICENSE").read_text()
    assert "BSD 3-Clause License" in written
    assert "CC BY-SA 3.0" in written


def test_python_versions_are_the_same_everywhere():
    supported = [
        f"3.{minor}"
        for minor in range(30)
        if f"3.{minor}" in SpecifierSet(PROJECT["requires-python"])
    ]
    classifiers = [
        line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line
    ]
    assert classifiers == supported
    workflow = yaml.safe_load((ROOT / ".github/workflows/test.yml").read_text())
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == supported
    script = (ROOT / "scripts/environment.sh").read_text()
    assert f"{', '.join(supported[:-1])} or {supported[-1]}" in script
    bounds = re.search(r"\(3, (\d+)\) <= sys.version_info\[:2\] <= \(3, (\d+)\)", script)
    assert bounds is not None
    assert [f"3.{minor}" for minor in bounds.groups()] == [supported[0], supported[-1]]


def test_every_dependency_has_a_sentence():
    written = (ROOT / "ARCHITECTURE.md").read_text()
    for name in dependencies():
        if name != "digitrec":
            assert re.search(rf"^\| `{re.escape(name)}`[^|]*\| \S.*\.", written, re.M), name


def test_whatever_can_go_wrong_has_a_test_that_is_there():
    written = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = written.partition("## What can go wrong\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (?!what can)(\w.*) \|$", section, re.M)
    assert len(rows) > 25
    for row in rows:
        cells = row.split(" | ")
        assert len(cells) == 4, row
        tests = re.findall(r"`([\w/]+\.py)::(test_\w+)`", cells[3])
        assert tests, row
        for path, name in tests:
            code = (ROOT / "tests" / path).read_text(encoding="utf-8")
            assert f"\ndef {name}(" in code, f"{path} has no {name}"


@pytest.mark.parametrize(
    "target",
    ["dashboard", "lab", "test", "check", "format", "notebooks", "model", "dist", "clean"],
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


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)", text) + re.findall(r'(?:src|href)="([^"]+)"', text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), f"{page.name} links to {target}"
        if anchor and there.suffix == ".md":
            titles = re.findall(r"^#+ (.+)$", there.read_text(), re.M)
            slugs = {
                re.sub(r"[^\w\- ]", "", title).strip().lower().replace(" ", "-") for title in titles
            }
            assert anchor in slugs, f"{page.name} links to {target}"


def test_the_readme_begins_with_what_to_do():
    top = "\n".join((ROOT / "README.md").read_text().splitlines()[:25])
    for wanted in ("make dashboard", "make test", "docs/dashboard.png", "conda", "Binder"):
        assert wanted in top, wanted


def test_the_repository_speaks_of_itself_alone():
    # Put together here, so that this file does not contain what it looks for.
    words = [
        "/ro" + "ot/",
        "/wo" + "rk/",
        "/ho" + "me/",
        "pypi" + ".org",
        "find-" + "links",
        "TO" + "DO",
        "FIX" + "ME",
    ]
    for path in tracked():
        if path.suffix in TEXTS and path.stat().st_size < 3_000_000:
            text = path.read_text(encoding="utf-8")
            # In the letters of an encoded picture, any short word comes up by chance.
            text = re.sub(r'"image/png": "[^"]*"', "", text)
            for word in words:
                assert word not in text, f"{path.relative_to(ROOT)} contains {word}"
