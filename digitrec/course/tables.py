"""The tables of the notebooks: the size of every layer, and the softmax in steps."""

import html
from collections.abc import Sequence
from dataclasses import dataclass

from digitrec.course.pages import number
from digitrec.explain import Size, Softmax


@dataclass(frozen=True)
class Table:
    """A table that Jupyter shows as HTML.

    Parameters
    ----------
    head : sequence of str
        What the columns are called.
    rows : sequence of sequences of str
        What stands in them; the first of each names its row.
    words : str
        What the table holds, for whoever cannot see it.
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
        head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in self.head)
        rows = []
        for index, row in enumerate(self.rows):
            style = ' style="font-weight:bold"' if index == self.strong else ""
            name, *cells = (html.escape(cell) for cell in row)
            text = "".join(f"<td>{cell}</td>" for cell in cells)
            rows.append(f'<tr{style}><th scope="row">{name}</th>{text}</tr>')
        return (
            '<div style="overflow-x:auto">'
            f'<table aria-label="{html.escape(self.words)}" '
            'style="font-variant-numeric:tabular-nums">'
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
            size.layer.kind,
            size.shape,
            size.shape_sum,
            size.parameters_sum or "0",
        ]
        for size in layers
    ]
    total = sum(size.layer.num_parameters for size in layers)
    rows.append(["together", "", "", "", f"{total:,}"])
    return Table(
        ["layer", "what it is", "shape", "its first number", "parameters"],
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
    ['3', '0.00', '0.00', '1.0000', '10.00 %']
    """
    columns = (steps.logits, steps.distances, steps.powers, steps.probabilities)
    rows = [
        [
            str(digit),
            number(float(logit)),
            number(float(distance)),
            f"{float(power):.4f}",
            f"{float(share) * 100:.2f} %",
        ]
        for digit, (logit, distance, power, share) in enumerate(zip(*columns, strict=True))
    ]
    return Table(
        ["digit", "score", "below the best ÷ temperature", "e to the power of it", "probability"],
        rows,
        "ten scores and every step to their probabilities",
        strong=int(steps.probabilities.argmax()),
    )
