"""Learning, in a real JupyterLab: a training is stopped, a weight moved, a digit drawn."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.handwriting import UPRIGHT
from tests.browser.lab import TRAINING, Reader
from tests.browser.visit import PATIENCE

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTEBOOK = "03_build_and_train.ipynb"
_TRAININGS_OF_FIGURES = ["by_dense", "losses = {}", "by_heart", "rungs = {"]
"""What stands in the cells that train for a figure of their own; nbval runs them."""

_START = """async without => {
    const panel = jupyterapp.shell.currentWidget;
    await panel.revealed;
    const cells = panel.content.model.sharedModel;
    for (let place = cells.cells.length - 1; place >= 0; place--) {
        const source = cells.getCell(place).getSource();
        if (without.some(text => source.includes(text))) cells.deleteCell(place);
    }
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
    window.cellsRan = false;
    jupyterapp.commands.execute('notebook:run-all-cells').then(() => { window.cellsRan = true; });
}"""


def test_stop_a_training_then_walk_downhill_and_ask_rivals(read: Callable[..., Reader]) -> None:
    def prolong(source: str) -> str:
        # A training that lasts until it is stopped.
        return source.replace("EPOCHS, BATCH = 10,", "EPOCHS, BATCH = 1000,")

    reader = read(NOTEBOOK, run=False, change=prolong)
    reader.page.evaluate(_START, _TRAININGS_OF_FIGURES)

    # The kernel is busy with the training itself, and with all the cells that wait behind it.
    live = reader.cell("with LiveCurves(")
    words = live.locator("figcaption")
    expect(words).to_contain_text(re.compile(r"Epoch \d+ of 1000"), timeout=TRAINING)
    assert not reader.page.evaluate("window.cellsRan")
    live.get_by_role("button", name="Stop", exact=True).click()
    expect(words).to_contain_text("You have stopped it", timeout=PATIENCE)
    assert not reader.page.evaluate("window.cellsRan"), "it was stopped while the others waited"
    expect(live.get_by_role("button", name="Stop", exact=True)).to_be_disabled()
    reader.page.wait_for_function("window.cellsRan", timeout=TRAINING)
    reader.idle()

    descent = reader.cell("descent = Descent(")
    expect(descent.locator("figcaption")).to_contain_text("downhill is to the right")
    weight, rate, steps = descent.get_by_role("slider").all()
    for slider, key, said in (
        (weight, "ArrowRight", "Weight"),
        (steps, "ArrowRight", "One step of learning rate 1"),
        (rate, "ArrowRight", "One step of learning rate 3"),
    ):
        before = reader.looks(descent)
        slider.focus()
        slider.press(key)
        reader.changes(descent, before)
        expect(descent.locator("figcaption")).to_contain_text(said)

    rivals = reader.cell("rivals = Rivals(")
    rivals.locator(".dr-canvas").scroll_into_view_if_needed()
    before = reader.looks(rivals)
    rivals.get_by_role("button", name="Clear", exact=True).click()
    expect(rivals.locator("figcaption")).to_contain_text("nothing on the pad")
    reader.draw(UPRIGHT[4])
    expect(rivals.locator("figcaption")).to_contain_text("the pad's: a 4")
    assert reader.looks(rivals) != before
