"""Take the pictures of the pad for the README, in several states and at two widths.

    python scripts/screenshot.py docs

Everything is drawn with real pointer events in Chromium on a real server, and the answers are
whatever the network says. Look at every picture before it is committed.
"""

import argparse
import itertools
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

Strokes = tuple[tuple[tuple[int, int], ...], ...]

# Where the pen goes on the 300×300 pad, in pixels.
SEVEN = (
    ((78, 82), (140, 78), (214, 74), (222, 80), (196, 128), (168, 180), (150, 226), (140, 252)),
)
THREE_OR_EIGHT = (
    ((100, 90), (150, 55), (200, 95), (150, 145), (205, 200), (150, 250), (95, 215), (121, 153)),
)
ZIGZAG = (((40, 150), (70, 60), (100, 240), (130, 60), (160, 240), (190, 60), (220, 240)),)

DESKTOP = (1280, 800)
PHONE = (375, 760)
LARGEST = 200_000
"""Bytes that a picture may have."""


@dataclass(frozen=True)
class Picture:
    """One picture: how wide the window is, in which colours, and what is done before."""

    name: str
    window: tuple[int, int]
    scheme: str
    prepare: Callable[[Page], None]


@contextmanager
def running_pad() -> Iterator[str]:
    """Start a pad on a free port and give its address; stop it at the end.

    Yields
    ------
    str
        The address of the page.
    """
    command = [sys.executable, "-m", "digitrec", "dashboard", "--no-browser", "--port", "0"]
    # A training of somebody else on this machine must not be waited for.
    with (
        tempfile.TemporaryDirectory() as queue,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "DIGITREC_QUEUE": queue},
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


def draw(page: Page, strokes: Strokes) -> None:
    """Draw on the pad as a hand would, and wait for the answer.

    Parameters
    ----------
    page : playwright.sync_api.Page
        The open pad.
    strokes : tuple of tuple of (int, int)
        Corners of the strokes, in pixels from the pad's upper left corner.
    """
    box = page.locator(".dr-padbox").bounding_box()
    if box is None:
        raise SystemExit("The pad is not on the page.")
    for points in strokes:
        corners = [(box["x"] + x, box["y"] + y) for x, y in points]
        page.mouse.move(*corners[0])
        page.mouse.down()
        for _, (x, y) in itertools.pairwise(corners):
            page.mouse.move(x, y, steps=8)
        page.mouse.up()
    page.mouse.move(2, 2)
    page.locator(".dr-said:not(.dr-is-drawing):not(.dr-is-waiting)").wait_for()
    page.wait_for_timeout(3000)  # until the reasons are there as well


def train(page: Page) -> None:
    """Draw a seven, press (Re)Train, and wait until a guess of the new network is shown."""
    draw(page, SEVEN)
    page.get_by_role("button", name="(Re)Train", exact=True).click()
    page.get_by_text("Epoch 2 of", exact=False).first.wait_for(timeout=600_000)
    page.wait_for_timeout(3000)
    show(page, ".dr-retrain")


def choose_a_cell(page: Page) -> None:
    """Choose the sevens that are taken for twos, and show their images."""
    page.locator('.dr-confusion [data-cell="72"]').click()
    page.mouse.move(2, 2)
    page.wait_for_timeout(2000)
    show(page, ".dr-quality")


def show(page: Page, part: str) -> None:
    """Scroll to a part of the page."""
    page.locator(part).first.evaluate("part => part.scrollIntoView({ block: 'start' })")
    page.wait_for_timeout(500)


PICTURES = (
    Picture("dashboard", DESKTOP, "light", lambda page: draw(page, SEVEN)),
    Picture("dashboard-dark", DESKTOP, "dark", lambda page: draw(page, THREE_OR_EIGHT)),
    Picture("phone", PHONE, "light", lambda page: draw(page, SEVEN)),
    Picture("phone-dark", PHONE, "dark", lambda page: draw(page, ZIGZAG)),
    Picture("quality", (1280, 1040), "light", choose_a_cell),
    Picture("training", DESKTOP, "light", train),
)


def take(browser: Browser, address: str, picture: Picture, out: Path) -> None:
    """Open the page, do what the picture wants, and write it as a PNG of few colours.

    Parameters
    ----------
    browser : playwright.sync_api.Browser
        A running Chromium.
    address : str
        Where the pad is.
    picture : Picture
        What to show.
    out : Path
        The folder to write into.
    """
    width, height = picture.window
    phone = width < 500
    context = browser.new_context(
        viewport={"width": width, "height": height},
        device_scale_factor=2 if phone else 1.5,
        color_scheme=picture.scheme,
        has_touch=phone,
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(address)
    page.wait_for_selector("html.frame-ready", state="attached")
    page.wait_for_timeout(2000)  # what is below the pad comes a little later
    picture.prepare(page)
    shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
    path = out / f"{picture.name}.png"
    shot.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    if path.stat().st_size > LARGEST:
        raise SystemExit(f"{path} has {path.stat().st_size} bytes; {LARGEST} are allowed.")
    page.close(run_before_unload=True)
    context.close()


def main() -> int:
    """Write the pictures into the folder that the command line names."""
    parser = argparse.ArgumentParser(description="Photograph the drawing pad.")
    parser.add_argument("out", type=Path, help="the folder to write the PNG files into")
    names = [picture.name for picture in PICTURES]
    parser.add_argument("--only", choices=names, action="append", help="take no others")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)

    programs = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    chromium = next(filter(None, map(shutil.which, programs)), None)
    with running_pad() as address, sync_playwright() as playwright:
        # Without a browser of the system, Playwright's own is used: `playwright install chromium`.
        # Chromium refuses its sandbox to root, who runs this in a container.
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for picture in PICTURES:
            if picture.name in (arguments.only or names):
                take(browser, address, picture, arguments.out)
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
