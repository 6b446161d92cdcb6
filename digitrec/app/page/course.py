"""The way to the course: its pages, by the questions that they ask."""

import os
from urllib.parse import urlsplit

import ipywidgets

from digitrec.app.page.words import escape

QUESTIONS = {
    "01_explore_the_data": "What does the computer see?",
    "02_inside_a_cnn": "What does a convolution do?",
    "03_build_and_train": "How does it learn?",
    "04_evaluate": "How good is it really?",
    "05_from_drawing_to_digit": "Why does it fail on me?",
}
"""What each notebook of the course asks."""

LIVE = "02_inside_a_cnn"
"""The one that is served beside the pad with a kernel of its own."""


def address(name: str) -> str:
    """Return the address of a page of the course, as seen from the pad.

    It is always relative or without a host, so that it holds behind whatever stands before the
    server.

    Parameters
    ----------
    name : str
        One of :data:`QUESTIONS`.

    Returns
    -------
    str
        Beside our own server's pad, a page to read, or the live one; where Voila is a guest of
        Jupyter's server, the notebook there; in JupyterLab, the notebook in the same folder.

    Examples
    --------
    >>> address("02_inside_a_cnn")
    '02_inside_a_cnn.ipynb'
    """
    notebook = f"{name}.ipynb"
    if name == LIVE or "VOILA_BASE_URL" not in os.environ:
        return notebook
    if "DIGITREC_COURSE" in os.environ:
        return f"../../course/{name}.html"
    before, render, path = urlsplit(os.environ.get("VOILA_REQUEST_URL", "")).path.partition(
        "/voila/render/"
    )
    if not render:
        return notebook
    return f"{before}/lab/tree/{path.rpartition('/')[0]}/{notebook}".replace("//", "/")


class CourseView:
    """Shows the way to the pages of the course.

    Examples
    --------
    >>> "How does it learn?" in CourseView().widget.value
    True
    """

    def __init__(self) -> None:
        self.widget = ipywidgets.HTML(course_html())
        self.widget.add_class("dr-section")
        self.widget.add_class("dr-course-box")


def course_html() -> str:
    """Return the pages of the course as a list of links in HTML.

    Examples
    --------
    >>> course_html().count("<a ")
    5
    """
    items = "".join(
        f'<li><a href="{escape(address(name))}" target="_blank" rel="noopener">'
        f'{escape(question)}<span aria-hidden="true"> ↗</span></a></li>'
        for name, question in QUESTIONS.items()
    )
    return (
        "<h2>How does all this work?</h2><p>Five pages take it apart, one question each. They open "
        f'beside this one.</p><ol class="dr-course">{items}</ol>'
    )
