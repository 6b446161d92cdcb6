"""What goes wrong while somebody is at the page, made to happen: ink and model are still there."""

import contextlib
import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import proxy
import psutil
import pytest
from playwright.sync_api import Browser, expect

from digitrec.app.model.in_use import FRESH
from digitrec.app.pad.pad import MAX_POINTS, PAD_FULL
from digitrec.app.training.run import AS_IT_WAS
from tests.browser.conftest import DESKTOP, serving
from tests.browser.handwriting import UPRIGHT
from tests.browser.hub import until
from tests.browser.test_pad_page import LOST, unwatched
from tests.browser.test_pad_store import keep_model, note, open_model, put
from tests.browser.test_pad_training import start
from tests.browser.visit import Visit
from tests.stand_ins import small

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CUT = 10_000
"""Milliseconds for which a connection is cut."""

PATIENCE = 120_000
"""Milliseconds that a connection may take to come back: JupyterLab waits longer each time."""


def trainer(visit: Visit) -> psutil.Process:
    """Wait until there is a process that trains for a page; return it."""
    kernel = visit.kernel()
    found: list[psutil.Process] = []

    def has_begun() -> bool:
        for child in kernel.children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if "digitrec.jobs" in child.cmdline():
                    found.append(child)
        return bool(found)

    until(has_begun, "no training has begun")
    return found[0]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def half_a_stroke(visit: Visit, way: list[tuple[float, float]]) -> None:
    """Go on with the pen down, and leave it down."""
    left, top = visit.corner()
    for x, y in way:
        visit.page.mouse.move(left + x, top + y, steps=3)


def test_a_kernel_killed_under_the_pen_takes_no_ink_along(browser: Browser, server: str) -> None:
    with unwatched(browser, server) as visit:
        visit.open()
        left, top = visit.corner()
        visit.page.mouse.move(left + UPRIGHT[7][0][0][0], top + UPRIGHT[7][0][0][1])
        visit.page.mouse.down()
        half_a_stroke(visit, UPRIGHT[7][0][1:5])
        visit.taken()
        visit.kernel().kill()
        half_a_stroke(visit, UPRIGHT[7][0][5:])
        visit.page.mouse.up()
        expect(visit.page.get_by_text(LOST)).to_be_visible()
        visit.button("Reload").click()
        expect(visit.page.get_by_text(LOST)).to_be_hidden()
        visit.ready()
        expect(visit.page.locator(".dr-said")).to_have_text("That's a 7.")
        (stroke,) = visit.kept()
        assert stroke[0] == pytest.approx(UPRIGHT[7][0][0], abs=0.1)
        assert stroke[-1] == pytest.approx(UPRIGHT[7][0][-1], abs=0.1)


def test_a_kernel_killed_while_training_leaves_model_and_drawing(
    browser: Browser, server: str, tmp_path: Path
) -> None:
    small(7).save(tmp_path / "mine.safetensors")
    with unwatched(browser, server) as visit:
        visit.open()
        keep_model(visit, tmp_path / "mine.safetensors")
        visit.draw(UPRIGHT[3])
        start(visit)
        child = trainer(visit)
        visit.kernel().kill()
        expect(visit.page.get_by_text(LOST)).to_be_visible()
        child.wait(60)  # nobody trains for a page that is gone
        visit.button("Reload").click()
        expect(visit.page.get_by_text(LOST)).to_be_hidden()
        visit.ready()
        note(visit).to_contain_text("You opened this model on")
        expect(visit.page.locator(".dr-said")).to_have_text("That's a 7.")
        assert len(visit.kept()) == len(UPRIGHT[3])
        start(visit)  # and the place in the queue is free again
        trainer(visit)
        expect(visit.page.locator(".dr-stage")).not_to_contain_text("ahead")
        visit.press("Cancel")
        expect(visit.page.locator(".dr-stage")).to_contain_text(AS_IT_WAS)


def test_a_trainer_that_is_killed_is_said_and_the_page_goes_on(visit: Visit) -> None:
    visit.draw(UPRIGHT[3])
    start(visit)
    trainer(visit).kill()
    stage = visit.page.locator(".dr-stage")
    expect(stage).to_contain_text("was stopped by the operating system")
    expect(stage).to_contain_text(AS_IT_WAS)
    note(visit).to_have_text(FRESH)
    expect(visit.button("(Re)Train")).to_be_enabled()
    visit.press("Clear")
    visit.waiting()
    visit.draw(UPRIGHT[7])
    assert visit.settled() == "That's a 7."


def test_a_server_that_is_restarted_under_an_open_page(browser: Browser, tmp_path: Path) -> None:
    small(5).save(tmp_path / "mine.safetensors")
    port = free_port()
    with serving(tmp_path / "queue", port) as address:
        visit = Visit(browser.new_context(**DESKTOP).new_page(), address)
        visit.open()
        keep_model(visit, tmp_path / "mine.safetensors")
        visit.draw([[(60, 60), (240, 60)]])
    expect(visit.page.get_by_text(LOST)).to_be_visible()
    visit.draw([[(60, 150), (240, 150)]], reached=False)
    assert visit.brightness(150, 150, ".dr-echo") == 255
    with serving(tmp_path / "queue", port):
        visit.button("Reload").click()
        expect(visit.page.get_by_text(LOST)).to_be_hidden()
        visit.ready()
        for height in (60, 150):
            visit.wait_for_pixel(150, height, bright=True)
        assert len(visit.kept()) == 2
        note(visit).to_contain_text("You opened this model on")
        expect(visit.page.locator(".dr-said")).to_have_text("That's a 5.")
        visit.page.context.close()


def test_a_connection_that_is_cut_for_ten_seconds(browser: Browser, server: str) -> None:
    with proxy.Proxy(server) as between, unwatched(browser, between.address) as visit:
        visit.open()
        visit.draw([[(60, 60), (240, 60)]])
        visit.settled()
        between.cut()
        visit.draw([[(60, 150), (240, 150)]], reached=False)
        assert visit.brightness(150, 150, ".dr-echo") == 255
        lost = visit.page.get_by_text(LOST)
        expect(lost).to_be_visible()
        visit.page.wait_for_timeout(CUT)
        visit.draw([[(60, 240), (240, 240)]], reached=False)
        between.mend()
        # Nobody pressed anything: the ink arrives, the notice goes, and drawing goes on.
        visit.page.set_default_timeout(PATIENCE)
        visit.taken()
        expect(lost).to_be_hidden()
        assert len(visit.kept()) == 3
        for height in (60, 150, 240):
            visit.wait_for_pixel(150, height, bright=True)
        visit.press("Clear")
        visit.waiting()
        visit.draw(UPRIGHT[7])
        assert visit.settled() == "That's a 7."


CLOCK = """
import datetime, os, time
_real, _file = time.time, {file!r}
_back = lambda: 86_400 * 400 if os.path.exists(_file) else 0
time.time = lambda: _real() - _back()
class _DateTime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) - datetime.timedelta(seconds=_back())
    @classmethod
    def utcnow(cls):
        return cls.now(datetime.timezone.utc).replace(tzinfo=None)
datetime.datetime = _DateTime
"""
"""With this in their path, server, kernels and trainers live in the past while a file is there."""

PAST = """() => {
    const Real = Date;
    window.Date = class extends Real {
        constructor(...given) { given.length ? super(...given) : super(window.Date.now()); }
        static now() { return Real.now() - 400 * 86_400_000; }
    };
}"""


def test_clocks_that_are_set_back_by_more_than_a_year(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign = tmp_path / "past"
    (tmp_path / "sitecustomize.py").write_text(CLOCK.format(file=str(sign)), encoding="utf-8")
    path = os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))
    monkeypatch.setenv("PYTHONPATH", path)
    small(5).save(tmp_path / "mine.safetensors")
    small(6).save(tmp_path / "other.safetensors")
    context = browser.new_context(**DESKTOP)
    with serving(tmp_path / "queue") as address:
        visit = Visit(context.new_page(), address)
        visit.open()
        keep_model(visit, tmp_path / "mine.safetensors")
        visit.draw([[(60, 60), (240, 60)]])
        today = visit.page.locator(".dr-whence").inner_text()

        sign.touch()
        visit.page.evaluate(PAST)
        visit.draw([[(60, 150), (240, 150)]])
        assert visit.settled() == "That's a 5."
        start(visit)
        trainer(visit)
        visit.press("Cancel")
        expect(visit.page.locator(".dr-stage")).to_contain_text(AS_IT_WAS)
        visit.page.reload()
        visit.ready()
        assert len(visit.kept()) == 2
        # A day to come is told with its year, like any other that is not of this year.
        note(visit).to_contain_text(today.split(";")[0].removesuffix("."))
        expect(visit.page.locator(".dr-said")).to_have_text("That's a 5.")
        keep_model(visit, tmp_path / "other.safetensors")
        expect(visit.page.locator(".dr-said")).to_have_text("That's a 6.")
        note(visit).not_to_contain_text(today.split(";")[0].removesuffix("."))
        context.close()
    visit.check()


def test_a_model_of_a_day_to_come_is_a_model(visit: Visit) -> None:
    content = list(small(5).to_bytes())
    put(visit, "model", "model", {"bytes": content, "day": "2099-12-31", "how": "trained"})
    visit.page.reload()
    visit.ready()
    note(visit).to_have_text(
        "You trained this model on 31 December 2099; it lives in this browser."
    )


FLOOD = """async ([events, pause]) => {
    const canvas = document.querySelector('.dr-echo');
    const box = canvas.getBoundingClientRect();
    const send = (type, step) => canvas.dispatchEvent(new PointerEvent(type, {
        pointerId: 1, button: 0, bubbles: true, cancelable: true,
        clientX: box.left + 10 + (step * 37) % 280, clientY: box.top + 10 + (step * 11) % 280,
    }));
    send('pointerdown', 0);
    for (let step = 1; step <= events; step += 1) {
        send('pointermove', step);
        if (step % 1000 === 0) await new Promise(resolve => setTimeout(resolve, pause));
    }
    send('pointerup', events);
}"""


def test_a_hundred_thousand_events_fill_the_pad_and_no_more(pad: Visit) -> None:
    pad.corner()
    pad.page.evaluate(FLOOD, [100_000, 10])
    pad.taken()
    expect(pad.page.locator(".digitrec")).to_contain_text(PAD_FULL)
    assert sum(len(stroke) for stroke in pad.kept()) <= MAX_POINTS
    pad.press("Clear")
    pad.waiting()
    pad.draw(UPRIGHT[7])
    assert pad.settled() == "That's a 7."


HOSTILE = "<img src=x onerror=hacked=1><b>bold"
INJECTED = "document.querySelectorAll('img[src=x]').length + Number('hacked' in window)"


def test_markup_in_names_and_labels_is_text(meet: Callable[..., Visit], tmp_path: Path) -> None:
    visit = meet()
    page = visit.page
    named = tmp_path / f"{HOSTILE}.safetensors"
    named.write_bytes(b"no model")
    open_model(visit, named)
    page.get_by_text(f"{named.name} could not be opened").wait_for()
    about: dict[str, Any] = {"recipe": HOSTILE, "created": HOSTILE, "digitrec": HOSTILE}
    small(5, **about).save(named)
    open_model(visit, named)
    page.get_by_text(f"{named.name} is open.").wait_for()
    visit.press("Keep it")
    page.get_by_text("How was this built?").click()
    expect(page.locator(".dr-built")).to_contain_text(HOSTILE)
    assert page.evaluate(INJECTED) == 0

    ink = tmp_path / f"{HOSTILE}.jsonl"
    line = '{"strokes": [[[150, 60], [150, 240]]], "label": "%s", "id": "%s", "writer": "%s"}\n'
    ink.write_text(line % ("1", HOSTILE, HOSTILE) + line % (HOSTILE, "b", "c"), encoding="utf-8")
    with page.expect_file_chooser() as chooser:
        visit.press("Load…")
    chooser.value.set_files(ink)
    page.get_by_text("One loaded").wait_for()
    assert page.evaluate(INJECTED) == 0
