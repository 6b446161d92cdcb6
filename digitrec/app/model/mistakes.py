"""What it takes for what: the confusion matrix, and behind every cell the very images it counts."""

import math
from pathlib import Path
from typing import Any, NamedTuple

import anywidget
import ipywidgets
import numpy as np
import traitlets

from digitrec import mnist
from digitrec.app.model.in_use import ModelInUse
from digitrec.app.page.guard import Guard
from digitrec.app.page.pictures import png
from digitrec.app.page.words import a_digit, escape, percent
from digitrec.evaluation import Report
from digitrec.network import CLASSES

MOST = 20
"""No more images of a cell are shown than these."""

NOTHING_CHOSEN = "Choose a cell of the table to see those very digits."

_OTHER_DIGITS = "They cannot be shown here: it was tested on other digits than MNIST's."


class Shown(NamedTuple):
    """One test image behind a cell.

    Parameters
    ----------
    sample : int
        Its place among MNIST's test digits.
    confidence : float or None
        How sure the network was; None where the report does not say so.

    Examples
    --------
    >>> Shown(8, 0.71).sample
    8
    """

    sample: int
    confidence: float | None


class Matrix(anywidget.AnyWidget):  # type: ignore[misc] # anywidget is not followed by mypy
    """A table of ten times ten cells, one of which can be chosen.

    Examples
    --------
    >>> Matrix().cell
    -1
    """

    _esm = (Path(__file__).parent / "mistakes.js").read_text(encoding="utf-8")

    table = traitlets.Unicode("", help="HTML; a cell has its number as data-cell").tag(sync=True)
    cell = traitlets.Int(-1, min=-1, max=CLASSES**2 - 1, help="-1 before a choice").tag(sync=True)
    said = traitlets.Unicode("", help="what is read out after a choice").tag(sync=True)


class MistakesView:
    """Shows what was taken for what, and the images of the cell that is chosen.

    The test digits are read when a cell is chosen, and not before.

    Parameters
    ----------
    models : ModelInUse
    guard : Guard
        Makes errors in the view visible.

    Examples
    --------
    >>> view = MistakesView(ModelInUse(), Guard(print))
    >>> view.choose(4, 9)
    >>> "4 taken for 9" in view.images.value
    True
    """

    def __init__(self, models: ModelInUse, guard: Guard) -> None:
        self._models = models
        self._following = False
        self.matrix = Matrix()
        self.matrix.add_class("dr-matrix")
        self.images = ipywidgets.HTML()
        self.images.add_class("dr-behind")
        digits = [("–", -1), *((str(digit), digit) for digit in range(CLASSES))]
        self.written, self.answered = (
            ipywidgets.Dropdown(options=digits, value=-1, description=words)
            for words in ("Written", "Answered")
        )
        self.choice = ipywidgets.HBox([self.written, self.answered])
        self.choice.add_class("dr-cell-choice")
        models.observe(guard(self._show_all, "showing what it takes for what"), "network")
        self.matrix.observe(guard(self._chosen, "showing the images of a cell"), "cell")
        for dropdown in (self.written, self.answered):
            dropdown.observe(guard(self._picked, "showing the images of a cell"), "value")
        self._show_all()

    def choose(self, written: int, answered: int) -> None:
        """Choose a cell.

        Parameters
        ----------
        written, answered : int
            The digit of its row and that of its column.
        """
        self.matrix.cell = CLASSES * written + answered

    def _show_all(self, _change: Any = None) -> None:
        report = self._models.report
        self.matrix.table = "" if report is None else confusion_html(report)
        for part in (self.choice, self.images):
            (part.add_class if report is None else part.remove_class)("dr-hidden")
        self._show_images()

    def _chosen(self, _change: Any) -> None:
        # The two follow one after the other, and in between they name a cell that nobody chose.
        self._following = True
        try:
            cell = self.matrix.cell
            written, answered = divmod(cell, CLASSES) if cell >= 0 else (-1, -1)
            self.written.value, self.answered.value = written, answered
        finally:
            self._following = False
        self._show_images()

    def _picked(self, _change: Any) -> None:
        written, answered = self.written.value, self.answered.value
        # None is no choice of ours, but a page may say that nothing is chosen in a list.
        if not self._following and not {written, answered} & {None, -1}:
            self.choose(written, answered)

    def _show_images(self) -> None:
        report = self._models.report
        if report is None or self.matrix.cell < 0:
            self.images.value = images_html(NOTHING_CHOSEN if report else "", [])
            return
        written, answered = divmod(self.matrix.cell, CLASSES)
        shown = behind(report, written, answered)
        sentence = sentence_of(report, written, answered, shown)
        self.images.value = images_html(sentence, shown or [], written, answered)
        self.matrix.said = sentence


def behind(report: Report, written: int, answered: int, seed: int = 0) -> list[Shown] | None:
    """Find the test digits that a cell of the confusion matrix counts.

    Parameters
    ----------
    report : Report
        Its mistakes name the test digits that were read wrong; the others were read right.
    written, answered : int
        The digit of the row and that of the column.
    seed : int, optional
        Which of the many that were read right are taken.

    Returns
    -------
    list of Shown or None
        At most :data:`MOST`: of the wrong ones the surest first. None if the report is not about
        MNIST's test digits.

    Examples
    --------
    >>> from digitrec.app.model.in_use import report_of
    >>> from digitrec.network import bundled
    >>> report = report_of(bundled())
    >>> len(behind(report, 4, 9)) == report.confusion[4, 9]
    np.True_
    """
    test = mnist.load_part("test")
    wrong = [mistake.sample for mistake in report.mistakes]
    if report.samples != len(test) or max(wrong, default=0) >= len(test):
        return None
    # A model file may come from anywhere, and say anything about the digits.
    if any(test.labels[mistake.sample] != mistake.label for mistake in report.mistakes):
        return None
    if written != answered:
        found = [
            Shown(mistake.sample, mistake.confidence)
            for mistake in report.mistakes
            if (mistake.label, mistake.predicted) == (written, answered)
        ]
        return found[:MOST]
    right = np.setdiff1d(np.flatnonzero(test.labels == written), wrong)
    some = np.random.default_rng(seed).permutation(right)[:MOST]
    return [Shown(int(sample), None) for sample in some]


def sentence_of(report: Report, written: int, answered: int, shown: list[Shown] | None) -> str:
    """Say what a cell counts and which of it is shown.

    Parameters
    ----------
    report : Report
    written, answered : int
        The digit of the row and that of the column.
    shown : list of Shown or None
        As :func:`behind` returns it.

    Examples
    --------
    >>> from digitrec.app.model.in_use import report_of
    >>> from digitrec.network import bundled
    >>> sentence_of(report_of(bundled()), 0, 1, [])
    'No 0 was taken for a 1.'
    """
    count = int(report.confusion[written, answered])
    right = written == answered
    if not count:
        return f"No {written} was {'read right' if right else f'taken for {a_digit(answered)}'}."
    images = "1 image" if count == 1 else f"{count:,} images"
    said = f"{written} {'read right' if right else f'taken for {answered}'}: {images}."
    if shown is None:
        return f"{said} {_OTHER_DIGITS}"
    if count > len(shown):
        said += f" Here are {len(shown)} of them."
    if not right and count > 1:
        said += " The answer that was most sure comes first."
    return said


def images_html(sentence: str, shown: list[Shown], written: int = 0, answered: int = 0) -> str:
    """Return test digits with how sure the network was of them as HTML.

    Parameters
    ----------
    sentence : str
        What they are.
    shown : list of Shown
        Those of one cell.
    written, answered : int, optional
        The digit of its row and that of its column.

    Examples
    --------
    >>> images_html("", [Shown(0, 0.98)], 7, 1).count("<img")
    1
    """
    images = mnist.load_part("test").images if shown else np.zeros((0, 28, 28), np.uint8)
    items = []
    for sample, confidence in shown:
        if confidence is None:
            words, sure = f"{a_digit(written)}, read right", ""
        else:
            sure = percent(confidence, brief=True)
            words = f"{a_digit(written)} taken for {a_digit(answered)}, {sure} sure"
        items.append(
            f'<li><img alt="{escape(words)}" src="{png(images[sample])}">'
            f"<span>{escape(sure) or '&nbsp;'}</span></li>"
        )
    return f'<p class="dr-cell-said">{escape(sentence)}</p><ul>{"".join(items)}</ul>'


def confusion_html(report: Report) -> str:
    """Return the confusion matrix as an HTML table of cells to choose.

    Right answers are shaded in blue and wrong ones in orange, which colour-blind people tell
    apart; every cell says its number too.

    Parameters
    ----------
    report : Report

    Examples
    --------
    >>> from digitrec.app.model.in_use import report_of
    >>> from digitrec.network import bundled
    >>> confusion_html(report_of(bundled())).count('scope="row"')
    10
    """
    confusion = np.asarray(report.confusion)
    worst = max(int((confusion - np.diag(np.diag(confusion))).max()), 1)
    digits = range(CLASSES)
    head = "".join(f'<th scope="col">{digit}</th>' for digit in digits)
    body = []
    for true in digits:
        total = max(int(confusion[true].sum()), 1)
        cells = []
        for answered in digits:
            count = int(confusion[true, answered])
            if true == answered:
                strength, kind = 0.25 + 0.75 * count / total, "dr-right"
            else:
                strength, kind = math.sqrt(count / worst), "dr-error"
            shown = str(count) if count else '<span class="dr-zero">0</span>'
            words = f"{true} taken for {answered}: {count}"
            cells.append(
                f'<td class="{kind}" style="--dr-shade:{strength:.2f}" role="gridcell" '
                f'tabindex="-1" data-cell="{CLASSES * true + answered}" '
                f'aria-selected="false" aria-label="{words}">{shown}</td>'
            )
        body.append(f'<tr><th scope="row">{true}</th>{"".join(cells)}</tr>')
    return (
        '<h3>What it takes for what</h3><div class="dr-table">'
        '<table class="dr-confusion" role="grid">'
        "<caption>Rows: the digit that was written. Columns: the digit that it answered. "
        "Choose a cell, and the digits behind it appear.</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )
