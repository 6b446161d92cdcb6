"""The course and its pad in Notebook 7, which shows one notebook a window."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.handwriting import UPRIGHT
from tests.browser.keys import draw_a_seven_with_keys
from tests.browser.lab import Lab, Reader, running_lab

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NAMES = sorted(path.name for path in Path("notebooks").glob("*.ipynb"))
RUN = ("01_explore_the_data.ipynb", "06_drawing_pad.ipynb")
"""Those that are run from the first cell to the last; the others are opened."""

NOT_OURS = "Cannot read properties of undefined (reading 'schema')"
"""The settings of the other plugins may come before those of the keyboard's shortcuts, and
Notebook asks for these at once (https://github.com/jupyter/notebook/issues/7862)."""


class Notebook(Lab):
    """A running Notebook 7."""

    def url(self, notebook: str) -> str:
        return f"{self.address}notebooks/{notebook}"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("notebook")
    settings = folder / "jupyter" / "jupyter_notebook_config.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"JupyterNotebookApp": {"expose_app_in_browser": True}}))
    # Where Notebook is installed, the server of JupyterLab serves both.
    with running_lab(folder) as running:
        yield Notebook(running.address, running.folder)


@pytest.fixture
def read(read: Callable[..., Reader]) -> Iterator[Callable[..., Reader]]:
    """Open notebooks as elsewhere; what Notebook itself gets wrong at its start is let pass."""
    readers = []

    def open_notebook(name: str, *, run: bool = True) -> Reader:
        readers.append(read(name, run=run))
        return readers[-1]

    yield open_notebook
    for reader in readers:
        reader.errors[:] = [said for said in reader.errors if said != NOT_OURS]


def test_the_pad_answers_to_mouse_and_keyboard(read: Callable[..., Reader]) -> None:
    reader = read(RUN[1])
    assert reader.page.evaluate("jupyterapp.name") == "Jupyter Notebook"
    reader.ready()
    reader.draw(UPRIGHT[4])
    assert reader.settled() == "That's a 4."
    reader.press("Undo")
    reader.wait_for_pixel(170, 230, bright=False)
    reader.press("Clear")
    reader.waiting()
    reader.draw(UPRIGHT[7])
    assert reader.settled() == "That's a 7."
    reader.wait_for_pixel(160, 60, bright=True)

    # The keys belong to the pad alone: Notebook would add and delete cells with them.
    reader.press("Clear")
    reader.waiting()
    draw_a_seven_with_keys(reader)
    assert reader.settled() == "That's a 7."
    cells = reader.page.locator(".jp-Notebook .jp-Cell:not(.jp-Notebook-footer)")
    expect(cells).to_have_count(2)


def test_a_lesson_moves_and_its_exercise_is_judged(read: Callable[..., Reader]) -> None:
    reader = read(RUN[0])
    digits = reader.cell("DigitBrowser(validation")
    expect(digits.locator("figcaption")).to_contain_text("the oddest")
    before = reader.looks(digits)
    digits.get_by_role("slider").press("Home")
    reader.changes(digits, before)
    expect(digits.locator("figcaption")).to_contain_text("the most ordinary")
    exercise = reader.cell("exercises.shuffled(prediction)")
    reader.answer(exercise, 'prediction = "the same"\nexercises.shuffled(prediction)')
    expect(exercise.locator(".jp-OutputArea-output")).to_contain_text("✔ Right.")


@pytest.mark.parametrize("name", [name for name in NAMES if name not in RUN])
def test_every_other_notebook_opens_whole(read: Callable[..., Reader], name: str) -> None:
    reader = read(name, run=False)
    stored = json.loads(Path("notebooks", name).read_text(encoding="utf-8"))
    cells = reader.page.locator(".jp-Notebook .jp-Cell:not(.jp-Notebook-footer)")
    expect(cells).to_have_count(len(stored["cells"]))
    expect(reader.page.locator(".jp-Notebook h1").first).to_be_visible()
