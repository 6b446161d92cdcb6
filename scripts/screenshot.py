"""Take the picture of the pad for the README: start the server, draw a digit, photograph the page.

    python scripts/screenshot.py docs/dashboard.png

The digit is drawn with real pointer events in Chromium, and the answer is whatever the network
says to it.
"""

import argparse
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

SEVEN = ((78, 82), (140, 78), (214, 74), (222, 80), (196, 128), (168, 180), (150, 226), (140, 252))
"""Where the pen goes on the 300×300 pad, in pixels."""


@contextmanager
def running_pad() -> Iterator[str]:
    """Start a pad on a free port and give its address; stop it at the end.

    Yields
    ------
    str
        The address of the page.
    """
    command = [sys.executable, "-m", "digitrec", "dashboard", "--no-browser", "--port", "0"]
    # A model that somebody trained on this machine must not answer in the picture.
    with (
        tempfile.TemporaryDirectory() as home,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "DIGITREC_HOME": home},
        ) as server,
    ):
        try:
            line = server.stdout.readline() if server.stdout else ""
            address = re.search(r"http://\S+", line)
            if address is None:
                raise SystemExit(f"The pad did not start; it said: {line!r}")
            yield address.group()
        finally:
            server.terminate()


def draw(page: Page, points: tuple[tuple[int, int], ...]) -> None:
    """Draw one stroke on the pad, as a hand would: through many points between the given ones.

    Parameters
    ----------
    page : playwright.sync_api.Page
        The open pad.
    points : tuple of (int, int)
        Corners of the stroke, in pixels from the pad's upper left corner.
    """
    box = page.locator("#rendered_cells canvas").first.bounding_box()
    if box is None:
        raise SystemExit("The pad is not on the page.")
    corners = [(box["x"] + x, box["y"] + y) for x, y in points]
    page.mouse.move(*corners[0])
    page.mouse.down()
    for _, (x, y) in itertools.pairwise(corners):
        page.mouse.move(x, y, steps=8)
    page.mouse.up()


def main() -> int:
    """Write the picture to the file that the command line names."""
    parser = argparse.ArgumentParser(description="Photograph the drawing pad.")
    parser.add_argument("out", type=Path, help="the PNG file to write")
    parser.add_argument(
        "--dark", action="store_true", help="as a visitor with dark colours sees it"
    )
    arguments = parser.parse_args()

    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    chromium = next(filter(None, map(shutil.which, names)), None)
    with running_pad() as address, sync_playwright() as playwright:
        # Without a browser of the system, Playwright's own is used: `playwright install chromium`.
        # Chromium refuses its sandbox to root, who runs this in a container.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": 1080, "height": 640},
            device_scale_factor=2,
            color_scheme="dark" if arguments.dark else "light",
        )
        page.goto(address)
        page.wait_for_selector("html.frame-ready", state="attached")
        page.wait_for_timeout(1000)  # the canvas is painted after it is attached
        draw(page, SEVEN)
        page.mouse.move(540, 630)
        page.get_by_text("That's a", exact=False).first.wait_for()
        page.wait_for_timeout(1000)  # bars grow to their length
        arguments.out.parent.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=arguments.out)
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
