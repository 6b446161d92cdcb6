"""Measure the memory of the pad on Binder, which gives 2 GB: open it, train, and add up.

Starts Jupyter's server in this repository as Binder does, opens the pad in Chromium, trains with
the recipe that the page offers first, and prints the peak of the proportional share (PSS) of the
server and all that it started. The browser runs on the visitor's machine and is not counted.

    python benchmarks/binder.py
"""

import argparse
import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psutil
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
PAD = "voila/render/notebooks/06_drawing_pad.ipynb"
LIMIT = 2 * 2**30
"""What Binder gives, bytes."""

PATIENCE = 900
"""Seconds that anything may take."""


class Memory:
    """Adds up the memory of a process and its descendants a few times a second.

    Attributes
    ----------
    peak : int
        The largest sum since the last :meth:`begin`, bytes.
    """

    def __init__(self, process: int) -> None:
        self._process = psutil.Process(process)
        self._ended = threading.Event()
        self.peak = 0

    def begin(self) -> None:
        """Forget the peak."""
        self.peak = 0

    def now(self) -> int:
        """Return the proportional share of all processes, bytes."""
        total = 0
        for one in [self._process, *self._process.children(recursive=True)]:
            with contextlib.suppress(psutil.Error):
                total += one.memory_full_info().pss
        return total

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Look until the block ends."""
        thread = threading.Thread(target=self._look)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.2):
            with contextlib.suppress(psutil.Error):
                self.peak = max(self.peak, self.now())


@contextlib.contextmanager
def jupyter(folder: str) -> Iterator[tuple[str, int]]:
    """Run Jupyter's server as Binder does; give its address and the number of its process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token="]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "DIGITREC_QUEUE": folder, "JUPYTER_CONFIG_DIR": folder},
        start_new_session=True,
    )
    try:
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and process.poll() is None:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address + "api").close()  # noqa: S310 - our own server
                break
            time.sleep(0.2)
        yield address, process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def draw_and_train(page: Page, address: str, memory: Memory) -> Iterator[tuple[str, int]]:
    """Visit the pad; yield the peak of every part of the visit, in bytes, with its name."""
    page.set_default_timeout(1000 * PATIENCE)
    yield "the server alone", memory.now()
    memory.begin()
    page.goto(address + PAD)
    page.locator(".dr-canvas").wait_for()
    box = page.locator(".dr-canvas").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 150, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 250, steps=20)
    page.mouse.up()
    page.locator(".dr-said:not(.dr-is-drawing):not(.dr-is-waiting)").wait_for()
    yield "with the pad open, drawn on and answering", max(memory.peak, memory.now())
    memory.begin()
    page.get_by_role("button", name="(Re)Train", exact=True).click()
    page.locator(".dr-stage", has_text="Done.").wait_for()
    yield "at the peak of a training", memory.peak


def main() -> None:
    """Measure and print."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    path = next(filter(None, map(shutil.which, names)), None)
    with tempfile.TemporaryDirectory() as folder, jupyter(folder) as (address, process):
        memory = Memory(process)
        with memory.watching(), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            print("| memory of the server and all that it started | MB |\n| --- | ---: |")
            most = 0
            for what, peak in draw_and_train(browser.new_page(), address, memory):
                most = max(most, peak)
                print(f"| {what} | {peak / 1e6:,.0f} |", flush=True)
            browser.close()
    print(f"\nThe most is {100 * most / LIMIT:.0f} % of the 2 GB that Binder gives.")
    if most > LIMIT:
        sys.exit("That is more than Binder gives.")


if __name__ == "__main__":
    main()
