"""How good is it? Accuracy, accuracy per class, and what it takes for what."""

import math
from typing import Any

import ipywidgets
import numpy as np

from digitrec.app.model.in_use import ModelInUse
from digitrec.app.model.mistakes import MistakesView
from digitrec.app.page.guard import Guard
from digitrec.app.page.words import percent
from digitrec.evaluation import Report


class QualityView:
    """Shows how good the model in use is.

    Parameters
    ----------
    models : ModelInUse
    guard : Guard
        Makes errors in the view visible.

    Examples
    --------
    >>> models = ModelInUse()
    >>> "How good is it?" in QualityView(models, Guard(print)).summary.value
    True
    """

    def __init__(self, models: ModelInUse, guard: Guard) -> None:
        self._models = models
        self.summary = ipywidgets.HTML()
        self.classes = ipywidgets.HTML()
        self.mistakes = MistakesView(models, guard)
        two = ipywidgets.Box([self.classes, self.mistakes.matrix])
        two.add_class("dr-two")
        self.widget = ipywidgets.VBox(
            [self.summary, two, self.mistakes.choice, self.mistakes.images]
        )
        self.widget.add_class("dr-section")
        self.widget.add_class("dr-quality")
        models.observe(guard(self._show, "showing how good the model is"), "network")
        self._show()

    def _show(self, _change: Any = None) -> None:
        report = self._models.report
        self.summary.value = quality_html(report)
        self.classes.value = "" if report is None else classes_html(report)


def quality_html(report: Report | None) -> str:
    """Return how many digits were read right as HTML.

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
    >>> from digitrec.app.model.in_use import report_of
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
            f'<span class="dr-wrong">{wrong:,} of {samples:,}'
            '<span class="dr-wide"> wrong</span></span></li>'
        )
    return (
        '<h3>Digit by digit</h3><p class="dr-ends" aria-hidden="true">'
        f"<span>{100 * start:.0f} %</span><span>100 %</span><span></span><span>wrong</span></p>"
        f'<ol class="dr-classes" start="0">{"".join(rows)}</ol>'
    )
