"""The notebooks of the course as pages to read: what is stored in them, and no kernel."""

import functools
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from traitlets.config import Config

from digitrec.serving.pages import PAD, PAGES

# Voila's own template brings JupyterLab's style sheets along; these pages have their own.
_BODY = """
{%- extends 'base.html.j2' -%}
{%- block data_png scoped -%}
<div class="jp-RenderedImage jp-OutputArea-output"><img
src="data:image/png;base64,{{ output.data['image/png'] | replace('\\n', '') | escape_html }}"
alt="{{ (output | get_metadata('alt', 'image/png') or '') | escape_html }}"
{%- set width = output | get_metadata('width', 'image/png') -%}
{%- if width %} width="{{ width | escape_html }}"{% endif %}></div>
{%- endblock data_png -%}
"""

# A picture is stored beside every widget, for wherever nothing runs.
_PRIORITY = ["text/html", "image/png", "text/markdown", "text/plain"]

_LINK = re.compile(r'href="([0-9]{2}_[a-z_]+)\.ipynb(#[^"]*)?"')


@dataclass(frozen=True)
class Lesson:
    """One notebook of the course, to be read.

    Parameters
    ----------
    name : str
        The file's name without its ending.
    question : str
        What the notebook asks, which is its title.
    body : str
        HTML.
    """

    name: str
    question: str
    body: str


def lessons(folder: Path) -> dict[str, str]:
    """Return the notebooks of the course.

    Parameters
    ----------
    folder : Path
        The folder of the notebooks.

    Returns
    -------
    dict of str to str
        By their names without the ending, in order, the address of each as seen from another:
        those that are served alive, with a kernel, are elsewhere.
    """
    found = {}
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        if path.name != PAD:
            live = path.name in PAGES
            found[path.stem] = _live(path.stem) if live else f"{path.stem}.html"
    return found


def question(path: Path) -> str:
    """Return what a notebook asks: its first heading.

    Parameters
    ----------
    path : Path
        A notebook.

    Returns
    -------
    str
        Its file's name, if it has no heading.
    """
    return _question(path, path.stat().st_mtime_ns)


def read(path: Path) -> Lesson:
    """Turn a notebook, with the outputs stored in it, into a page's body.

    Parameters
    ----------
    path : Path
        The notebook; read again only when it has changed.

    Returns
    -------
    Lesson
    """
    return _read(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=16)
def _question(path: Path, _changed: int) -> str:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call] # nbformat and nbconvert have no types
    for cell in notebook.cells:
        heading = re.search(r"^# (.+)$", cell.source, re.MULTILINE)
        if cell.cell_type == "markdown" and heading:
            return heading[1].strip()
    return path.stem


@functools.lru_cache(maxsize=8)
def _read(path: Path, changed: int) -> Lesson:
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call] # nbformat and nbconvert have no types
    config = Config({"NbConvertBase": {"display_data_priority": _PRIORITY}})
    exporter = HTMLExporter(  # type: ignore[no-untyped-call] # nbformat and nbconvert have no types
        config=config,
        template_name="lab",
        raw_template=_BODY,
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        exclude_anchor_links=True,
    )
    body, _ = exporter.from_notebook_node(_without_checks(notebook))
    addresses = lessons(path.parent)

    def follow(link: re.Match[str]) -> str:
        address = addresses.get(link[1], _live(link[1]))
        return f'href="{address}{link[2] or ""}"'

    return Lesson(path.stem, _question(path, changed), _LINK.sub(follow, body))


def _without_checks(notebook: NotebookNode) -> NotebookNode:
    """Leave out what the checks of the exercises say to somebody who has not answered yet."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and "exercise" in cell.metadata.get("tags", []):
            cell.outputs = []
    return notebook


def _live(name: str) -> str:
    return f"../voila/render/{name}.ipynb"
