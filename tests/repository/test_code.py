"""The package's code: what its public face shows, how long modules are, what stays out of where."""

import ast
import inspect
import subprocess
import sys

import pytest

import digitrec
from tests.repository.checkout import ROOT

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


@pytest.mark.parametrize("name", digitrec.__all__)
def test_every_name_of_the_public_face_has_an_example(name):
    thing = getattr(digitrec, name)
    if inspect.isfunction(thing) or inspect.isclass(thing):
        assert "Examples\n" in (inspect.getdoc(thing) or "")


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


def lines_of_code(text: str) -> int:
    """Count the lines that are neither empty nor a comment nor part of a docstring."""
    explained: set[int] = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            explained.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    lines = enumerate(text.splitlines(), start=1)
    return sum(
        number not in explained and line.strip() != "" and not line.lstrip().startswith("#")
        for number, line in lines
    )


def test_modules_stay_readable():
    for path in (ROOT / "digitrec").rglob("*.py"):
        assert lines_of_code(path.read_text()) <= 350, path
