"""How good is it? Accuracy, accuracy per class and the confusion matrix, as HTML."""

import math
from typing import Any

import ipywidgets
import numpy as np

from digitrec.app.guard import Guard
from digitrec.app.models import Models
from digitrec.app.words import percent
from digitrec.evaluation import Report
from digitrec.network import CLASSES


class QualityView:
    """Shows how good the model in use is.

    Parameters
    ----------
    models : Models
    guard : Guard
        Makes errors in the view visible.

    Examples
    --------
    >>> from pathlib import Path
    >>> from digitrec.app.store import Store
    >>> models = Models(Store(Path("unused")))
    >>> "How good is it?" in QualityView(models, Guard(print)).widget.value
    True
    """

    def __init__(self, models: Models, guard: Guard) -> None:
        self._models = models
        self.widget = ipywidgets.HTML()
        self.widget.add_class("dr-section")
        self.widget.add_class("dr-quality")
        models.observe(guard(self._show, "showing how good the model is"), "network")
        self._show()

    def _show(self, _change: Any = None) -> None:
        self.widget.value = quality_html(self._models.report)


def quality_html(report: Report | None) -> str:
    """Return a report as HTML.

    Parameters
    ----------
    report : Report or None

    Examples
    --------
    >>> "not tested" in quality_html(None)
    True
    """
    if report is None:
        return "<h2>How good is it?</h2><p>This model was not tested.</p>"
    low, high = report.interval
    wrong = round((1 - report.accuracy) * report.samples)
    return (
        "<h2>How good is it?</h2>"
        f'<p class="dr-figure"><b>{percent(report.accuracy, 2)}</b> of {report.samples:,} test '
        f"digits right, {wrong:,} wrong. It has learnt from none of them.</p>"
        f'<p class="dr-fine">On other digits of the same kind one would expect between '
        f"{percent(low, 2)} and {percent(high, 2)} (95 % interval).</p>"
        f'<div class="dr-two"><div>{classes_html(report)}</div>'
        f"<div>{confusion_html(report)}</div></div>"
    )


def classes_html(report: Report) -> str:
    """Return the accuracy of every class as dots on a labelled scale, with numbers.

    Dots, because bars would have to begin at zero, where all ten look the same. The line
    through each is its 95 % interval.

    Parameters
    ----------
    report : Report

    Examples
    --------
    >>> from digitrec.app.models import report_of
    >>> from digitrec.network import bundled
    >>> classes_html(report_of(bundled())).count("<li")
    10
    """
    shares = [float(share) for share in report.per_class]
    known = [share for share in shares if math.isfinite(share)]
    start = min(0.95, math.floor(20 * min(known, default=0.0)) / 20)
    confusion = np.asarray(report.confusion)

    def place(share: float) -> float:
        return 100 * (max(share, start) - start) / (1 - start)

    rows = []
    for digit, share in enumerate(shares):
        samples = int(confusion[digit].sum() + report.no_ink[digit])
        if samples == 0:
            rows.append(f'<li><span class="dr-digit">{digit}</span><span>none tested</span></li>')
            continue
        wrong = samples - int(confusion[digit, digit])
        low, high = (place(float(end)) for end in report.per_class_interval[digit])
        rows.append(
            f'<li><span class="dr-digit">{digit}</span><span class="dr-scale">'
            f'<span class="dr-range" style="left:{low:.1f}%;width:{high - low:.1f}%"></span>'
            f'<span class="dr-dot" style="left:{place(share):.1f}%"></span></span>'
            f'<span class="dr-share">{percent(share, 1)}</span>'
            f'<span class="dr-wrong">{wrong} of {samples:,}'
            '<span class="dr-wide"> wrong</span></span></li>'
        )
    return (
        '<h3>Digit by digit</h3><p class="dr-ends" aria-hidden="true">'
        f"<span>{100 * start:.0f} %</span><span>100 %</span><span></span><span>wrong</span></p>"
        f'<ol class="dr-classes" start="0">{"".join(rows)}</ol>'
    )


def confusion_html(report: Report) -> str:
    """Return the confusion matrix as an HTML table.

    Right answers are shaded in blue and wrong ones in orange, which colour-blind people tell
    apart; every cell says its number too.

    Parameters
    ----------
    report : Report

    Examples
    --------
    >>> from digitrec.app.models import report_of
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
            cells.append(f'<td class="{kind}" style="--dr-shade:{strength:.2f}">{shown}</td>')
        body.append(f'<tr><th scope="row">{true}</th>{"".join(cells)}</tr>')
    return (
        '<h3>What it takes for what</h3><div class="dr-table"><table class="dr-confusion">'
        "<caption>Rows: the digit that was written. Columns: the digit that it answered."
        "</caption>"
        f"<thead><tr><td></td>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
    )
