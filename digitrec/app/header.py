"""The top of the page: its name, the three steps of use, the way to the course."""

import os

import ipywidgets

from digitrec.app.words import escape

COURSE_PAGE = "02_inside_a_cnn.ipynb"

_STEPS = ("Draw a digit", "Read the answer", "Retrain")


def course_link() -> str:
    """Return the address of the page that explains convolutional networks.

    Under Voila it is a page of the same server, in JupyterLab a notebook in the same folder.

    Examples
    --------
    >>> course_link().endswith("02_inside_a_cnn.ipynb")
    True
    """
    base = os.environ.get("VOILA_BASE_URL")
    return COURSE_PAGE if base is None else f"{base.rstrip('/')}/voila/render/{COURSE_PAGE}"


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
        f'<a href="{escape(course_link())}" target="_blank" rel="noopener">'
        'How does it work?<span aria-hidden="true"> ↗</span></a></p></div>'
        f'<ol class="dr-steps">{steps}</ol>'
    )
