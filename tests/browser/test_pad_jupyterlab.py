"""The same pad in JupyterLab, where a page may leave and come back to a living kernel."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from digitrec import resources
from tests.browser.handwriting import UPRIGHT
from tests.browser.visit import PATIENCE, Visit

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = "06_drawing_pad.ipynb"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="module")
def lab(folder: Path) -> Iterator[str]:
    """Run JupyterLab on a copy of the notebook; give its address."""
    shutil.copy(resources.notebooks() / NOTEBOOK, folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    settings = {
        "IdentityProvider.token": "",
        "LabApp.expose_app_in_browser": True,
        "LabApp.news_url": "None",
        "LabApp.check_for_updates_class": "jupyterlab.handlers.announcements.NeverCheckForUpdate",
        "ServerApp.root_dir": str(folder),
        "ServerApp.port": port,
        "ServerApp.port_retries": 0,
        "ServerApp.allow_root": True,
        "ServerApp.open_browser": False,
    }
    command = [sys.executable, "-m", "jupyterlab", *(f"--{k}={v}" for k, v in settings.items())]
    home = {name: str(folder / "jupyter") for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")}
    with subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **home, "DIGITREC_HOME": str(folder / "home")},
        start_new_session=True,
    ) as process:
        try:
            wait_for(address + "api/status", process)
            yield address
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


def wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end:
        assert process.poll() is None, "JupyterLab ended"
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
                json.load(answer)
                return
        except (urllib.error.URLError, TimeoutError, ConnectionError):
            time.sleep(0.2)
    pytest.fail("JupyterLab did not start")


def run_all(page: Page) -> None:
    """Run the notebook, once its kernel is really there."""
    page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
    page.evaluate(
        "async () => { const panel = jupyterapp.shell.currentWidget;"
        " await panel.revealed; await panel.sessionContext.ready;"
        " await panel.sessionContext.session.kernel.info;"
        " await jupyterapp.commands.execute('notebook:run-all-cells'); }"
    )


def test_draw_in_jupyterlab_and_find_the_ink_after_a_reload(
    browser: Browser, lab: str, folder: Path
) -> None:
    page = browser.new_context(viewport={"width": 1500, "height": 1000}).new_page()
    visit = Visit(page, lab)
    page.goto(f"{lab}lab/tree/{NOTEBOOK}")
    run_all(page)
    visit.ready()
    visit.draw(UPRIGHT[4])
    assert visit.settled() == "That's a 4."
    visit.press("Undo")
    visit.wait_for_pixel(170, 230, bright=False)
    visit.press("Clear")
    visit.waiting()
    visit.draw(UPRIGHT[7])
    assert visit.settled() == "That's a 7."
    visit.wait_for_pixel(160, 60, bright=True)

    page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    assert "widget-view" in (folder / NOTEBOOK).read_text(encoding="utf-8")
    page.reload()
    visit.ready()
    visit.wait_for_pixel(160, 60, bright=True)
    assert visit.settled() == "That's a 7."
    visit.draw([[(40, 270), (260, 270)]])
    visit.wait_for_pixel(150, 270, bright=True)
    page.context.close()
    assert visit.foreign == []
