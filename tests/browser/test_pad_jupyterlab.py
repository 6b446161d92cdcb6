"""The same pad in JupyterLab, where a page may leave and come back to a living kernel."""

from collections.abc import Callable

import pytest

from tests.browser.handwriting import UPRIGHT
from tests.browser.lab import Lab, Reader

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = "06_drawing_pad.ipynb"


def test_draw_in_jupyterlab_and_find_the_ink_after_a_reload(
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
