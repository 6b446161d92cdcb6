"""What is installed: every list of packages and versions agrees with pyproject.toml."""

import ast
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

import digitrec
from tests.repository.checkout import PROJECT, ROOT


def dependencies() -> dict[str, Requirement]:
    lines = [*PROJECT["dependencies"]]
    for extra in PROJECT["optional-dependencies"].values():
        lines += extra
    return {Requirement(line).name: Requirement(line) for line in lines}


# What a room may import, beside the packages that everybody has.
ROOMS = {
    "ink": "heic",
    "plots": "figures",
    "training": "train",
    "jobs": "train",
    "export": "export",
    "app": "dashboard",
    "serving": "dashboard",
    "course": "notebooks",
    "tests": "test",
    "benchmarks": "test",
    "scripts": "test",
    "deploy": "hub",
}


def brought(extra: str | None) -> set[str]:
    """Return the packages that come with an extra, those of the extras that it names included."""
    lines = PROJECT["dependencies"] if extra is None else PROJECT["optional-dependencies"][extra]
    found = set() if extra is None else brought(None)
    for requirement in map(Requirement, lines):
        if requirement.name == "digitrec":
            for other in requirement.extras:
                found |= brought(other)
        else:
            found.add(canonicalize_name(requirement.name))
    return found


def imported(path: Path) -> set[str]:
    """Return the top names of the packages that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return {name.partition(".")[0] for name in found} - sys.stdlib_module_names


@pytest.mark.parametrize(
    "folder",
    [path for path in (ROOT / "digitrec").iterdir() if path.suffix == ".py" or path.is_dir()]
    + [ROOT / name for name in ("tests", "benchmarks", "scripts", "deploy")],
    ids=lambda path: path.stem,
)
def test_whatever_is_imported_comes_with_the_extra_of_its_room(folder):
    distributions = packages_distributions()
    allowed = brought(ROOMS.get(folder.stem))
    for path in [folder] if folder.is_file() else folder.rglob("*.py"):
        for name in imported(path):
            if name in {"digitrec", "tests", "scripts"} or list(ROOT.glob(f"benchmarks/{name}.py")):
                continue
            packages = {canonicalize_name(package) for package in distributions[name]}
            assert packages & allowed, f"{path} imports {name}"


def test_environment_and_project_agree():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (nested,) = [entry for entry in environment["dependencies"] if isinstance(entry, dict)]
    (python,) = [entry for entry in conda if re.match(r"python\b", entry)]
    assert python.partition("=")[2].lstrip("=") in SpecifierSet(PROJECT["requires-python"])
    assert nested == {"pip": ["-e .[notebooks]"]}
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
