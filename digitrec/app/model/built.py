"""How was this built? The folded part: data, model, training, and what the buttons do."""

from typing import Any

import ipywidgets

from digitrec import mnist
from digitrec.app.model.in_use import ModelInUse, report_of
from digitrec.app.page.guard import Guard
from digitrec.app.page.words import duration, escape, percent, seen
from digitrec.network import Layer, Network

_DATA = """
<p>MNIST is a collection of handwritten digits that Yann LeCun, Corinna Cortes and Christopher
Burges put together from forms that people in the United States filled in. Each is a picture of
28×28 grey pixels with a label from 0 to 9.</p>
<p>{train} of them are for learning, {validation} for comparing settings, and {test}, by other
writers, for the final test.</p>
<p>MNIST has few of the ways people write elsewhere: ones with a flag and a foot, crossed sevens,
hooked nines. So a program draws more digits, stroke by stroke as a hand would, and also letters,
signs and scribbles, from which a network learns what is no digit.</p>
"""
_MODEL = """
<p>A small convolutional neural network. Its first filters look for edges, the second for
arrangements of edges, and the last layer adds up what speaks for each digit. In all it has learnt
{num_parameters} numbers.</p>
"""
_BUTTONS = """
<p><b>Predict</b> turns the lines on the 300×300 pad into the kind of picture that MNIST consists
of: it cuts away the empty margin, fits the drawing into 20×20 pixels without bending it, draws it
with an even pen, and lays its centre of mass in the middle of 28×28 pixels. The network turns these
pixels into ten probabilities. While you draw, this happens some ten times a second.</p>
<p><b>(Re)Train</b> starts a second program on the server. It makes a new network with random
numbers, shows it the digits and lets it correct itself after each handful. Then it is tested, and
answers on this page unless you choose to go back.</p>
"""


class BuiltView:
    """Tells how the recogniser was made, with the figures of the model in use.

    Parameters
    ----------
    models : ModelInUse
    guard : Guard
        Makes errors in the view visible.

    Examples
    --------
    >>> models = ModelInUse()
    >>> "10,000" in BuiltView(models, Guard(print)).widget.value
    True
    """

    def __init__(self, models: ModelInUse, guard: Guard) -> None:
        self._models = models
        self.widget = ipywidgets.HTML()
        self.widget.add_class("dr-section")
        self.widget.add_class("dr-built")
        models.observe(guard(self._show, "telling how it was built"), "network")
        self._show()

    def _show(self, _change: Any = None) -> None:
        self.widget.value = built_html(self._models.network)


def built_html(network: Network) -> str:
    """Return the whole folded part as HTML.

    Parameters
    ----------
    network : Network
        Its layers and metadata give all the figures.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> built_html(bundled()).count("<section>")
    4
    """
    sizes = {name: f"{size:,}" for name, size in mnist.SIZES.items()}
    model = _MODEL.format(num_parameters=f"{network.num_parameters:,}")
    parts = {
        "The data": _DATA.format(**sizes),
        "The model": model + layers_html(network.layers),
        "Training and accuracy": f"<p>{training_text(network)}</p>",
        "What the buttons do": _BUTTONS,
    }
    sections = "".join(
        f"<section><h3>{title}</h3>{text}</section>" for title, text in parts.items()
    )
    return (
        f'<details data-dr-key="built"><summary>How was this built?</summary>{sections}</details>'
    )


def training_text(network: Network) -> str:
    """Say how a network was trained and how good it became, from its metadata alone.

    Parameters
    ----------
    network : Network

    Returns
    -------
    str
        HTML; what the metadata do not hold is not said.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> "recipe" in training_text(bundled())
    True
    """
    about = network.metadata
    settings = about.get("recipe_settings")
    settings = settings if isinstance(settings, dict) else {}
    said = []
    if "recipe" in about:
        said.append(f"The model in use was made by the recipe “{escape(about['recipe'])}”")
        if "seed" in about:
            said[-1] += f" with seed {escape(about['seed'])}"
        said[-1] += "."
    num_images, epochs = settings.get("num_images"), settings.get("epochs")
    if isinstance(num_images, int) and isinstance(epochs, int):
        nums = [settings.get(f"num_{what}") for what in ("drawings", "others")]
        drawn = sum(num for num in nums if isinstance(num, int))
        share = settings.get("drawings_share")
        share = share if isinstance(share, int | float) and 0 <= share <= 1 else 1
        said.append(f"It saw {seen(num_images, drawn, epochs, share)}.")
    seconds = about.get("seconds")
    if isinstance(seconds, int | float) and seconds > 0:
        said.append(f"That took {duration(seconds)} on the computer where it was trained.")
    report = report_of(network)
    if report is not None:
        said.append(
            f"Of {report.samples:,} test digits it then got {percent(report.accuracy, 2)} right."
        )
    return " ".join(said) or "Nothing is known about the training of this model."


def layers_html(layers: tuple[Layer, ...]) -> str:
    """Return an overview of the layers, drawn to scale, with shapes and numbers of parameters.

    Parameters
    ----------
    layers : tuple of Layer

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> layers_html(bundled().layers).count("<svg")
    10
    """
    image = Layer("input", "your 28×28 image", (28, 28, 1), 0)
    items = []
    for layer in (image, *layers):
        shape = "×".join(str(side) for side in layer.output_shape)
        learnt = (
            f"{layer.num_parameters:,} numbers learnt"
            if layer.num_parameters
            else "nothing to learn"
        )
        items.append(
            f"<li>{_drawing(layer.output_shape)}<b>{escape(layer.kind)}</b>"
            f"<span>{shape}</span><span>{learnt}</span></li>"
        )
    return f'<ol class="dr-layers" aria-label="Layers">{"".join(items)}</ol>'


def _drawing(shape: tuple[int, ...]) -> str:
    """Draw feature maps as a stack of sheets, and a row of numbers as a thin column."""
    if len(shape) == 1:
        height = min(68, 6 * shape[0])
        boxes = f'<rect x="31" y="{36 - height / 2}" width="10" height="{height}" rx="1"/>'
    else:
        side = 8 + 1.4 * shape[0]
        sheets = min(shape[2], 6)
        shift = 3.0
        left = 36 - (side + shift * (sheets - 1)) / 2
        boxes = "".join(
            f'<rect x="{left + shift * sheet:.1f}" y="{left + shift * sheet:.1f}" '
            f'width="{side:.1f}" height="{side:.1f}" rx="1"/>'
            for sheet in range(sheets)
        )
    return f'<svg viewBox="0 0 72 72" aria-hidden="true">{boxes}</svg>'
