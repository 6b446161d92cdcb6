"""A real JupyterLab on a copy of the course, and a reader who opens its notebooks.

How a test of a notebook's widgets looks, with the fixtures of ``conftest``:

    pytestmark = [pytest.mark.browser, pytest.mark.slow]

    def test_the_browser_shows_another_digit(read: Callable[..., Reader]) -> None:
        reader = read("01_explore_the_data.ipynb")  # opens it, runs all cells, waits until idle
        cell = reader.cell("DigitBrowser(")         # the code cell whose source has this text
        before = reader.looks(cell)                 # its pictures and the words beside them
        cell.get_by_label("digit").select_option("8")
        reader.changes(cell, before)                # waits until pictures or words are others
        expect(cell.locator("figcaption")).to_contain_text("8")
        exercise = reader.cell("exercises.pixels(answer)")
        reader.answer(exercise, "answer = 784\\nexercises.pixels(answer)")  # puts it in and runs it

After the test every reader's page is closed, and the test fails if the console showed an error,
if another host was asked for anything, or if a cell ended in an error. ``read(NAME, width=390)``
opens a narrow window, ``read(NAME, run=False)`` runs nothing. ``lab`` is the server itself:
``lab.address`` and ``lab.folder``, where the copies of the notebooks lie. Server and copies
are made anew for every test module, and the notebooks of one module share their kernels.
"""

import contextlib
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page

from digitrec import resources
from tests.browser.visit import PATIENCE, Visit

TRAINING = 5 * PATIENCE
"""Milliseconds that all the cells of a notebook together may take on a busy machine."""

_SETTINGS = {
    # Cells far below the window are in the page, too.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}

# Returns at once, since what is waited for inside may never come; who waits has a clock.
_RUN_ALL = """() => {
    window.cellsRan = false;
    const run = async () => {
        const panel = jupyterapp.shell.currentWidget;
        await panel.revealed;
        await panel.sessionContext.ready;
        await panel.sessionContext.session.kernel.info;
        await jupyterapp.commands.execute('notebook:run-all-cells');
        window.cellsRan = true;
    };
    run();
}"""

_LOOKS = """cell => [...cell.querySelectorAll('.jp-OutputArea-output')].map(output =>
    [...output.querySelectorAll('img')].map(image => image.src).join(' ')
    + [...output.querySelectorAll('svg')].map(picture => picture.outerHTML).join(' ')
    + [...output.querySelectorAll('[aria-live], figcaption')].map(words => words.innerText)
        .join(' ')
).join('\\n')"""


@dataclass
class Lab:
    """A running JupyterLab."""

    address: str
    folder: Path
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def url(self, notebook: str) -> str:
        """Return where a notebook is opened, in a workspace in which nothing else is open."""
        return f"{self.address}lab/workspaces/reader-{next(self._numbers)}/tree/{notebook}"


@contextlib.contextmanager
def running_lab(folder: Path) -> Iterator[Lab]:
    """Run JupyterLab on a copy of the notebooks in `folder`."""
    for path in resources.notebooks().glob("*.ipynb"):
        shutil.copy(path, folder)
    settings = folder / "jupyter" / "lab" / "user-settings"
    for name, content in _SETTINGS.items():
        path = settings / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(content))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True,
        "LabApp.news_url": "None",
        "LabApp.check_for_updates_class": "jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "LabApp.user_settings_dir": str(settings),
        "LabApp.workspaces_dir": str(folder / "jupyter" / "lab" / "workspaces"),
        "ServerApp.root_dir": str(folder),
        "ServerApp.port": port,
        "ServerApp.port_retries": 20,  # another test may have taken the port by then
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in options.items())]
    home = {name: str(folder / "jupyter") for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **home},
        start_new_session=True,
    ) as process:
        try:
            address = _address(folder / "jupyter" / f"jpserver-{process.pid}.json", process)
            yield Lab(address, folder)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def _address(about: Path, process: subprocess.Popen[bytes]) -> str:
    """Return where JupyterLab listens, as it writes down, once it answers there."""
    end = time.monotonic() + TRAINING / 1000
    while time.monotonic() < end:
        assert process.poll() is None, "JupyterLab ended"
        try:
            address = f"http://127.0.0.1:{json.loads(about.read_text())['port']}/"
            status = f"{address}api/status"
            with urllib.request.urlopen(status, timeout=5) as answer:  # noqa: S310 - our own server
                json.load(answer)
                return address
        except (OSError, ValueError):  # not there yet, or not whole
            time.sleep(0.2)
    pytest.fail("JupyterLab did not start")


class Reader(Visit):
    """A visit to one notebook in JupyterLab; draws on a pad as a visitor of the page does."""

    def __init__(self, page: Page, lab: Lab) -> None:
        super().__init__(page, lab.address)
        self.lab = lab

    def open_notebook(self, name: str) -> None:
        """Open a notebook and wait until its kernel is there."""
        self.page.goto(self.lab.url(name))
        self.page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")

    def run_all(self) -> None:
        """Run all cells, and wait until the kernel has nothing left to do."""
        self.page.evaluate(_RUN_ALL)
        self.page.wait_for_function("window.cellsRan", timeout=TRAINING)
        self.idle()

    def idle(self) -> None:
        """Wait until the kernel has nothing left to do."""
        self.page.wait_for_function(
            "jupyterapp.shell.currentWidget.sessionContext.session.kernel.status === 'idle'"
        )

    def cell(self, text: str) -> Locator:
        """Return the one code cell whose source has a text."""
        source = self.page.locator(".jp-InputArea-editor", has_text=text)
        cells = self.page.locator(".jp-Notebook .jp-CodeCell").filter(has=source)
        cells.first.wait_for()
        assert cells.count() == 1, f"{cells.count()} cells have {text!r} in their source"
        cells.scroll_into_view_if_needed()
        return cells

    def answer(self, cell: Locator, source: str) -> None:
        """Put another source into a cell, with the text by which it was found, and run it."""
        number = int(cell.evaluate("cell => [...cell.parentElement.children].indexOf(cell)"))
        self.page.evaluate(
            """async ([number, source]) => {
                const notebook = jupyterapp.shell.currentWidget.content;
                notebook.activeCellIndex = number;
                notebook.activeCell.model.sharedModel.setSource(source);
                await jupyterapp.commands.execute('notebook:run-cell');
            }""",
            [number, source],
        )

    def looks(self, cell: Locator) -> str:
        """Return the pictures in a cell's output, and the words that belong to them."""
        return str(cell.evaluate(_LOOKS))

    def changes(self, cell: Locator, before: str) -> str:
        """Wait until a cell's pictures or their words are others, and return those."""
        self.page.wait_for_function(
            f"([cell, before]) => ({_LOOKS})(cell) !== before",
            arg=[cell.element_handle(), before],
        )
        return self.looks(cell)

    def check(self) -> None:
        """Fail if a cell ended in an error, or for what fails every visit."""
        super().check()
        assert self.failed == [], self.failed

    def close(self) -> None:
        """Note the errors of cells, and close the page."""
        kind = "application/vnd.jupyter.error"
        output = f'.jp-OutputArea-output[data-mime-type="{kind}"]'
        self.failed = self.page.locator(output).all_inner_texts()
        self.page.context.close()
