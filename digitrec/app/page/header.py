"""The top of the page: its name, the three steps of use, the way to the course."""

import ipywidgets

from digitrec.app.page import course
from digitrec.app.page.words import escape

_STEPS = ("Draw a digit", "Read the answer", "Retrain")


class HeaderView:
    """Shows the header.

    Examples
    --------
    >>> "Draw a digit" in HeaderView().widget.value
    True
    """

    def __init__(self) -> None:
        self.widget = ipywidgets.HTML(header_html())
        self.widget.add_class("dr-header")


def header_html() -> str:
    """Return the header as HTML.

    Examples
    --------
    >>> "Digit Recogniser" in header_html()
    True
    """
    steps = "".join(
        f'<li><span class="dr-step" aria-hidden="true">{place}</span>{escape(step)}</li>'
        for place, step in enumerate(_STEPS, start=1)
    )
    return (
        '<div class="dr-title"><h1>Digit Recogniser</h1>'
        '<p class="dr-links"><a href="#digit-pad" data-dr-jump="pad">Go to the pad</a>'
        f'<a href="{escape(course.address(course.LIVE))}" target="_blank" rel="noopener">'
        'How does it work?<span aria-hidden="true"> ↗</span></a></p></div>'
        f'<ol class="dr-steps">{steps}</ol>'
    )
