"""The same pad in JupyterLab, where a page may leave and come back to a living kernel."""

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from digitrec.app.page.course import QUESTIONS
from tests.browser.handwriting import UPRIGHT
from tests.browser.keys import draw_a_seven_with_keys
from tests.browser.lab import Lab, Reader
from tests.browser.test_pad_knowing import cell, shows, worst
from tests.browser.test_pad_store import count, keep_model, note, say
from tests.stand_ins import small

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = "06_drawing_pad.ipynb"


def test_draw_in_jupyterlab_with_mouse_and_keys_and_find_the_ink_after_a_reload(
    read: Callable[..., Reader], lab: Lab
) -> None:
    visit = read(NOTEBOOK)
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

    visit.page.evaluate("jupyterapp.commands.execute('docmanager:save')")
    assert "widget-view" in (lab.folder / NOTEBOOK).read_text(encoding="utf-8")
    visit.page.reload()
    visit.ready()
    visit.wait_for_pixel(160, 60, bright=True)
    assert visit.settled() == "That's a 7."
    visit.draw([[(40, 270), (260, 270)]])
    visit.wait_for_pixel(150, 270, bright=True)

    # The keys belong to the pad alone: JupyterLab would add and delete cells with them.
    visit.press("Clear")
    visit.waiting()
    draw_a_seven_with_keys(visit)
    assert visit.settled() == "That's a 7."
    expect(visit.page.locator(".jp-Notebook .jp-Cell")).to_have_count(2)


def test_two_views_of_one_pad_show_the_same(read: Callable[..., Reader]) -> None:
    reader = read(NOTEBOOK)
    reader.ready()
    reader.draw(UPRIGHT[4])
    assert reader.settled() == "That's a 4."
    cell = reader.cell("Dashboard()")
    cell.locator(".jp-OutputArea-output").first.click(button="right", position={"x": 5, "y": 5})
    reader.page.get_by_role("menuitem", name="Create New View for Cell Output").click()
    pads = reader.page.locator(".dr-canvas")
    expect(pads).to_have_count(2)
    expect(reader.page.locator(".dr-said")).to_have_text(["That's a 4."] * 2)
    bright_in_both(reader, 170, 230)

    # What is drawn in the new view is in both, and answered in both.
    view = reader.page.locator(".jp-LinkedOutputView")
    view.get_by_role("button", name="Clear", exact=True).click()
    expect(reader.page.locator(".dr-said.dr-is-waiting")).to_have_count(2)
    pad = view.locator(".dr-canvas")
    # Each view has half of the window; where a pad is scrolled out of one, the other may lie.
    pad.evaluate("pad => pad.scrollIntoView({ block: 'center' })")
    box = pad.bounding_box()
    assert box is not None
    for first, *others in UPRIGHT[7]:
        reader.page.mouse.move(box["x"] + first[0], box["y"] + first[1])
        reader.page.mouse.down()
        for x, y in others:
            reader.page.mouse.move(box["x"] + x, box["y"] + y, steps=3)
        reader.page.mouse.up()
    reader.taken()
    expect(reader.page.locator(".dr-said")).to_have_text(["That's a 7."] * 2)
    bright_in_both(reader, 160, 60)


def bright_in_both(reader: Reader, x: int, y: int) -> None:
    reader.page.wait_for_function(
        "([x, y]) => [...document.querySelectorAll('.dr-canvas')].every(canvas =>"
        "canvas.getContext('2d').getImageData(x, y, 1, 1).data[0] > 127)",
        arg=[x, y],
    )


def test_model_and_corrected_digits_are_stored(read: Callable[..., Reader], tmp_path: Path) -> None:
    small(5).save(tmp_path / "mine.safetensors")
    visit = read(NOTEBOOK)
    visit.ready()
    keep_model(visit, tmp_path / "mine.safetensors")
    visit.draw(UPRIGHT[2])
    expect(visit.page.locator(".dr-said")).to_have_text("That's a 5.")
    say(visit, 2)
    count(visit).to_contain_text("One digit")
    # Another kernel knows nothing of it, and finds it in the browser.
    visit.page.evaluate("jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    visit.run_all()
    visit.ready()
    note(visit).to_contain_text("it lives in this browser.")
    count(visit).to_contain_text("One digit")
    visit.draw(UPRIGHT[7])
    expect(visit.page.locator(".dr-said")).to_have_text("That's a 5.")


def test_evidence_mistakes_and_the_way_to_the_course(read: Callable[..., Reader], lab: Lab) -> None:
    visit = read(NOTEBOOK)
    visit.ready()
    visit.draw(UPRIGHT[7])
    assert visit.settled() == "That's a 7."
    expect(visit.page.locator(".dr-evidence-box img")).to_have_count(2)
    written, answered = worst()
    cell(visit, 0, 0).focus()
    for _ in range(written):
        visit.page.keyboard.press("ArrowDown")
    for _ in range(answered):
        visit.page.keyboard.press("ArrowRight")
    visit.page.keyboard.press("Enter")
    shows(visit, written, answered)
    links = visit.page.locator(".dr-course a").evaluate_all("all => all.map(one => one.href)")
    assert all(link.startswith(f"{lab.address}lab/") for link in links)
    names = [link.partition("/tree/")[2].removesuffix(".ipynb") for link in links]
    assert names == list(QUESTIONS)
