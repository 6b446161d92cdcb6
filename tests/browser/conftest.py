"""A real server and a real Chromium."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from digitrec import resources
from tests.browser.lab import Lab, Reader, running_lab
from tests.browser.visit import PATIENCE, Visit

expect.set_options(timeout=PATIENCE)

CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
SETTINGS = Path(__file__).with_name("serving.toml")
DESKTOP = {"viewport": {"width": 1280, "height": 900}}
PHONE = {"viewport": {"width": 375, "height": 700}, "has_touch": True, "is_mobile": True}


@contextlib.contextmanager
def serving(queue: Path, port: int = 0, *more: str) -> Iterator[str]:
    """Run the server with a queue of its own for trainings; give its address.

    One pad waits for the next visitor: the tests come one after another.
    """
    command = [sys.executable, "-m", "digitrec", "dashboard", "--no-browser"]
    command += ["--port", str(port), "--settings", str(SETTINGS), *more]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "DIGITREC_QUEUE": str(queue)},
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            address = re.search(r"http://\S+", line)
            assert address is not None, f"the server said {line!r}"
            yield address[0]
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)


# For all that draw in a browser: see conftest.py of the repository for their order.
@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Give the address of a running server."""
    with serving(tmp_path_factory.mktemp("queue")) as address:
        yield address


# Not for the whole session: Playwright keeps a loop running, which other tests would find.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Give a Chromium, or skip for people who have none; where it has to be, fail."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        why = f"none of {', '.join(CHROMIUM)} is installed"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield chromium
        chromium.close()


@pytest.fixture
def meet(browser: Browser, server: str) -> Iterator[Callable[..., Visit]]:
    """Give a way to open the page; every visit is checked and ended after the test."""
    visits: list[Visit] = []

    def open_page(before: Callable[[Page], None] | None = None, **options: Any) -> Visit:
        options = {**DESKTOP, **options}
        visit = Visit(browser.new_context(**options).new_page(), server)
        visits.append(visit)
        if before is not None:
            before(visit.page)
        visit.open()
        return visit

    yield open_page
    for visit in visits:
        visit.page.context.close()
    for visit in visits:
        visit.check()


@pytest.fixture
def visit(meet: Callable[..., Visit]) -> Visit:
    """Give the page on a desktop."""
    return meet()


@pytest.fixture
def phone(meet: Callable[..., Visit]) -> Visit:
    """Give the page on a phone, 375 pixels wide."""
    return meet(**PHONE)


@pytest.fixture(scope="package")
def lend(browser: Browser, server: str) -> Iterator[Callable[..., Any]]:
    """Give a way to borrow a page that tests use one after another.

    Starting a kernel costs more than most of what is tested then. A page that does not look again
    as it did when it was opened is closed, and the next test gets another.
    """
    kept: dict[str, tuple[Visit, str]] = {}

    @contextlib.contextmanager
    def borrow(**options: Any) -> Iterator[Visit]:
        name = repr(options)
        if name not in kept:
            visit = Visit(browser.new_context(**options).new_page(), server)
            visit.open()
            kept[name] = visit, visit.looks()
        visit, fresh = kept.pop(name)
        try:
            yield visit
        finally:
            visit.page.set_viewport_size(options["viewport"])
            if visit.renew(fresh):
                kept[name] = visit, fresh
            else:
                visit.page.context.close()
            visit.check()

    yield borrow
    for visit, _ in kept.values():
        visit.page.context.close()
    for visit, _ in kept.values():
        visit.check()


@pytest.fixture
def pad(lend: Callable[..., Any]) -> Iterator[Visit]:
    """Give a page on a desktop, empty but not newly opened: see `lend`."""
    with lend(**DESKTOP) as visit:
        yield visit


@pytest.fixture
def pocket(lend: Callable[..., Any]) -> Iterator[Visit]:
    """Give a page on a phone, empty but not newly opened: see `lend`."""
    with lend(**PHONE) as visit:
        yield visit


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Give a running JupyterLab on a copy of the notebooks."""
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture
def read(browser: Browser, lab: Lab) -> Iterator[Callable[..., Reader]]:
    """Give a way to open a notebook; every reader's page is closed and checked after the test."""
    readers: list[Reader] = []

    def open_notebook(
        name: str,
        *,
        run: bool = True,
        width: int = 1500,
        change: Callable[[str], str] = lambda source: source,
    ) -> Reader:
        viewport = {"width": width, "height": 1000}
        reader = Reader(browser.new_context(viewport=viewport).new_page(), lab)
        readers.append(reader)
        # What the last reader saved would be shown first, and leave its ink in this reader's tab.
        notebook = nbformat.read(resources.notebooks() / name, as_version=4)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.source = change(cell.source)
        nbformat.write(notebook, lab.folder / name)
        reader.open_notebook(name)
        if run:
            reader.run_all()
        return reader

    yield open_notebook
    for reader in readers:
        reader.close()
    for reader in readers:
        reader.check()
