"""The notebooks of the course as they are committed, and their exercises with every solution."""

import ast
import io
import itertools
import json
import re
import tokenize
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from digitrec import resources
from scripts.run_notebooks import clean
from tests.networks import with_another_newcomer

FOLDER = resources.notebooks()
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))
READ = {path: nbformat.read(path, as_version=4) for path in NOTEBOOKS}

Cell = nbformat.NotebookNode


def name(path: Path) -> str:
    return path.stem


def is_exercise(cell: Cell) -> bool:
    return "exercise" in cell.metadata.get("tags", [])


def exercises(path: Path) -> list[tuple[Cell, Cell]]:
    """Return every exercise of a notebook and the cell that follows it."""
    cells = READ[path].cells
    return [(cell, after) for cell, after in itertools.pairwise(cells) if is_exercise(cell)]


WITH_EXERCISES = [path for path in NOTEBOOKS if exercises(path)]


def solution(after: Cell) -> str:
    """Return the code in a folded solution."""
    (code,) = re.findall(r"```python\n(.*?)```", after.source, re.S)
    return str(code).rstrip("\n")


def with_nothing(source: str) -> str:
    """Return an exercise with an answer that is certainly none: None wherever dots were left."""
    left, nothing = [], 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_gap = token.type == tokenize.OP and token.string == "..."
        nothing += is_gap
        left.append((token.type, "None" if is_gap else token.string))
    assert nothing, f"an exercise leaves dots to be replaced: {source}"
    return str(tokenize.untokenize(left))


def said(cell: Cell) -> str:
    """Return the last thing that a cell shows, as text."""
    shown = [output for output in cell.outputs if "data" in output]
    return str(shown[-1].data["text/plain"]) if shown else ""


def text_of(path: Path) -> str:
    return "\n".join(cell.source for cell in READ[path].cells if cell.cell_type == "markdown")


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name)
def test_there_are_three_to_five_exercises_that_nobody_has_solved(path):
    assert 3 <= len(exercises(path)) <= 5
    assert not is_exercise(READ[path].cells[-1])
    for exercise, _ in exercises(path):
        assert exercise.cell_type == "code"
        assert with_nothing(exercise.source) != exercise.source
        assert said(exercise).startswith("✘ Not yet. "), exercise.source
        assert "text/html" in exercise.outputs[-1].data


@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name)
def test_every_exercise_is_followed_by_its_solution_folded_away(path):
    for exercise, after in exercises(path):
        assert after.cell_type == "markdown"
        assert after.source.startswith("<details><summary>Solution</summary>\n\n"), exercise.source
        assert after.source.rstrip().endswith("\n\n</details>")
        assert after.source.count("<details>") == after.source.count("```python") == 1
        compile(solution(after), "solution", "exec")
        assert "..." not in solution(after)
        why = after.source.partition("```python")[2].partition("```")[2].replace("</details>", "")
        assert len(why.split()) >= 5, f"the solution says why: {after.source}"


def bound_and_used(source: str) -> tuple[set[str], set[str]]:
    """Return the names that a cell gives a meaning, and those whose meaning it asks for."""
    bound, used = set(), set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).partition(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
    return bound, used


def needed(cells: list[Cell], tried: set[int]) -> list[Cell]:
    """Return what exercises and their solutions need, and what a solution may change.

    The cells at the places in `tried` are the exercises and solutions. All the others are run by
    nbval anyway, and some of them train for a long while.
    """
    names = [bound_and_used(cell.source) for cell in cells]
    run = set(tried)
    while True:
        more = set(run)
        solved = set().union(*(names[place][0] for place in tried))
        for place, (bound, used) in enumerate(names):
            asked = set().union(*(names[later][1] for later in run if later > place))
            if bound & asked or (used & solved and place > min(tried)):
                more.add(place)
        if more == run:
            return [cells[place] for place in sorted(run)]
        run = more


def test_only_what_an_exercise_needs_is_run_with_it():
    sources = ["import a.b", "x = a.c", "y = 1", "z = ...", "z = x", "print(z)", "print(y)"]
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    there = [cell.source for cell in needed(cells, {3, 4})]
    assert there == ["import a.b", "x = a.c", "z = ...", "z = x", "print(z)"]


def hurried(source: str) -> str:
    """Return a cell that trains on few images, and asserts nothing of what comes of it.

    No answer depends on how well a network was trained. nbval trains on all images.
    """
    tree = ast.parse(re.sub(r"num_images=[\d_]+", "num_images=1_000", source))
    tree.body = [node for node in tree.body if not isinstance(node, ast.Assert)]
    return ast.unparse(tree)


def test_a_hurried_cell_trains_on_few_images():
    assert hurried("a = f(num_images=20_000)\nassert a > 1") == "a = f(num_images=1000)"


@pytest.mark.slow
@pytest.mark.parametrize("path", WITH_EXERCISES, ids=name)
def test_every_solution_is_right_and_nothing_is_not(path, tmp_path):
    notebook = nbformat.read(path, as_version=4)
    tried: list[tuple[Cell, Cell]] = []
    cells: list[Any] = []
    for cell, after in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
        if not is_exercise(cell):
            cells += [cell] if cell.cell_type == "code" else []
            continue
        # A wrong answer may also stop the cell before it comes to the check.
        wrong = nbformat.v4.new_code_cell(
            with_nothing(cell.source), metadata={"tags": ["raises-exception"]}
        )
        solved = nbformat.v4.new_code_cell(solution(after))
        tried.append((wrong, solved))
        cells += [wrong, solved]
    places = {place for place, cell in enumerate(cells) if any(cell in pair for pair in tried)}
    notebook.cells = needed(cells, places)
    for cell in notebook.cells:
        if not any(cell in pair for pair in tried):
            source = with_another_newcomer(cell.source, tmp_path / "newcomer.safetensors")
            cell.source = hurried(source)
    NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(FOLDER)}}
    ).execute()
    for wrong, solved in tried:
        assert "✔" not in json.dumps(wrong.outputs, ensure_ascii=False), wrong.source
        assert said(solved).startswith("✔ Right. "), (solved.source, said(solved))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_links_in_notebooks_lead_somewhere(path):
    text = re.sub(r"```.*?```", "", text_of(path), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)", text) + re.findall(r'(?:src|href)="([^"]+)"', text):
        if re.match(r"[a-z]+:", target):
            assert target.startswith("https://"), target
            continue
        file, _, anchor = target.partition("#")
        there = path.parent / file if file else path
        assert there.is_file(), f"{path.name} links to {target}"
        if anchor:
            assert there.suffix == ".ipynb", f"{target}: name a notebook's title, or no place"
            titles = re.findall(r"^#+ (.+)$", text_of(there), re.M)
            assert anchor in {title.strip().replace(" ", "-") for title in titles}, target


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_notebooks_can_be_opened_anywhere(path):
    assert path.stat().st_size < 1_500_000
    content = path.read_text(encoding="utf-8")
    assert not re.search(r"/(home|Users|root|tmp|work)/|[A-Z]:\\\\|localhost|127\.0\.0", content)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_notebooks_were_run_once_from_top_to_bottom_without_a_complaint(path):
    code = [cell for cell in READ[path].cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr", output.text
            shown = output.get("text", "") + output.get("data", {}).get("text/plain", "")
            assert not re.search(r"Warning\b", shown), shown


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_notebooks_hold_nothing_that_differs_by_chance(path):
    notebook = nbformat.read(path, as_version=4)
    clean(notebook)
    assert nbformat.writes(notebook).rstrip("\n") == path.read_text(encoding="utf-8").rstrip("\n")


@pytest.mark.parametrize("path", NOTEBOOKS, ids=name)
def test_every_picture_has_words(path):
    for cell in READ[path].cells:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                words = output.metadata.get("image/png", {}).get("alt", "")
                words = words or output.data.get("text/plain", "")
                assert len(words.split()) >= 4, (cell.source, words)
                assert "<Figure" not in words, cell.source
