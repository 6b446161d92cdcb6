"""The tables of the notebooks: the size of every layer, and the softmax in steps."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from digitrec.course.pages import number
from digitrec.explain import Size, Softmax

# Said of every cell, because JupyterLab lets the cells of any table wrap.
_CELL = (
    ' style="white-space:nowrap;padding:2px 3px;text-align:right;font-size:12px;vertical-align:top"'
)


@dataclass(frozen=True)
class Table:
    """A table that Jupyter shows as HTML.

    Parameters
    ----------
    head : sequence of str
        What the columns are called.
    rows : sequence of sequences of str
        Their contents, line by line; the first of each names its row.
    words : str
        What the table holds, for people who cannot see it.
    strong : int, optional
        The row to set in bold.

    Examples
    --------
    >>> Table(["digit", "score"], [["7", "9.10"]], "scores")
    Table(scores)
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    words: str
    strong: int | None = None

    def __repr__(self) -> str:
        return f"Table({self.words})"

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col"{_CELL}>{html.escape(name)}</th>' for name in self.head)
        rows = []
        for index, row in enumerate(self.rows):
            style = ' style="font-weight:bold"' if index == self.strong else ""
            name, *cells = (html.escape(cell).replace("\n", "<br>") for cell in row)
            text = "".join(f"<td{_CELL}>{cell}</td>" for cell in cells)
            rows.append(f'<tr{style}><th scope="row"{_CELL}>{name}</th>{text}</tr>')
        return (
            '<div style="overflow-x:auto;margin:6px 0 12px">'
            f'<table aria-label="{html.escape(self.words)}" '
            'style="margin:0;font-variant-numeric:tabular-nums">'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        )


def sizes(layers: Sequence[Size]) -> Table:
    """Show the shape and the number of parameters of every layer, and how they come about.

    Parameters
    ----------
    layers : sequence of Size
        As :func:`digitrec.explain.sizes` returns them.

    Examples
    --------
    >>> from digitrec.explain import sizes as work_out
    >>> from digitrec.network import bundled
    >>> sizes(work_out(bundled())).rows[-1][0]
    'together'
    """
    rows = [
        [
            size.layer.name,
            f"{size.shape}\n{size.shape_sum}".rstrip(),
            (size.parameters_sum or "0").replace(" = ", "\n= "),
        ]
        for size in layers
    ]
    total = sum(size.layer.num_parameters for size in layers)
    rows.append(["together", "", f"{total:,}"])
    return Table(
        ["layer", "shape", "parameters"],
        rows,
        "the shape and the number of parameters of every layer",
        strong=len(layers),
    )


def softmax(steps: Softmax) -> Table:
    """Show how ten scores become ten probabilities.

    Parameters
    ----------
    steps : Softmax

    Examples
    --------
    >>> import numpy as np
    >>> softmax(Softmax(np.zeros(10), temperature=1.0)).rows[3]
    ['3', '0.00', '0.00', '1.000', '10.0 %']
    """
    columns = (steps.logits, steps.distances, steps.powers, steps.probabilities)
    rows = [
        [
            str(digit),
            number(float(logit)),
            number(float(distance)),
            f"{float(power):.3f}",
            f"{float(share) * 100:.1f} %",
        ]
        for digit, (logit, distance, power, share) in enumerate(zip(*columns, strict=True))
    ]
    return Table(
        ["digit", "score", "difference", "power", "probability"],
        rows,
        "ten scores and every step to their probabilities",
        strong=int(steps.probabilities.argmax()),
    )
