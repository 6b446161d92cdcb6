"""One weight that the reader moves by hand, or lets gradient descent move."""

import ipywidgets
import numpy as np

from digitrec.course import pages, pictures
from digitrec.course.charts import BLUE, GREY, ORANGE, Axis, Chart, Dots, Line
from digitrec.course.figures import Figure
from digitrec.course.interactive import Interactive
from digitrec.course.one_weight import OneWeight, sigmoid

LOW, HIGH = -6.0, 20.0
"""The ends of the slider for the weight."""

RATES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
"""The learning rates to choose from."""

MOST_STEPS = 30

_ARRIVED = 0.002  # how far above its lowest place the loss may be to count as there


class Descent(Interactive):
    """The loss of one weight as a valley, and the steps of gradient descent into it.

    Parameters
    ----------
    neuron : OneWeight
    names : tuple of str
        The names of the digit with more ink and of the other one.
    weight : float
        The weight at first.
    steps : int
        How many steps are taken at first.

    Examples
    --------
    >>> from digitrec.mnist import load_part
    >>> descent = Descent(OneWeight.from_part(load_part("test"), num=50), ("0", "7"))
    >>> descent.steps.value = 3
    >>> len(descent.path())
    4
    """

    def __init__(
        self,
        neuron: OneWeight,
        names: tuple[str, str] = ("0", "7"),
        weight: float = -4.0,
        steps: int = 0,
    ) -> None:
        self._neuron = neuron
        self._names = names
        self._lowest = neuron.lowest()
        grid = np.linspace(LOW, HIGH, 105)
        self._valley = [(float(each), neuron.loss(float(each))) for each in grid]
        self.weight = ipywidgets.FloatSlider(
            description="weight", min=LOW, max=HIGH, step=0.1, value=weight, **_LOOK
        )
        self.rate = ipywidgets.SelectionSlider(
            description="learning rate",
            options=[(f"{rate:g}", rate) for rate in RATES],
            value=1.0,
            **_LOOK,
        )
        self.steps = ipywidgets.IntSlider(
            description="steps", min=0, max=MOST_STEPS, value=steps, **_LOOK
        )
        super().__init__([self.weight, self.rate, self.steps])

    def path(self) -> list[float]:
        """Return the weight at the slider, and those after every step."""
        return self._neuron.descend(self.weight.value, self.rate.value, self.steps.value)

    def html(self) -> str:
        """Return the valley, what the weight does with the digits, and both in words."""
        valley, digits = self.charts()
        return pages.figure(
            pages.line(
                pages.titled("The loss of every weight", valley.svg(), width=340),
                pages.titled(f"How sure it is of a {self._names[0]}", digits.svg(), width=340),
            ),
            caption=self.sentence(),
        )

    def charts(self) -> tuple[Chart, Chart]:
        """Return the valley with the path in it, and the digits with the network's answers."""
        path = self.path()
        places = [(weight, self._neuron.loss(weight)) for weight in path]
        top = max(loss for _, loss in self._valley)
        marks: list[Line | Dots] = [Line(self._valley, GREY)]
        if len(path) > 1:
            marks += [Line(places, BLUE, width=1), Dots(places[:-1], BLUE, "steps")]
        marks.append(Dots(places[-1:], ORANGE, "the weight now", radius=6))
        valley = Chart(
            Axis("weight", LOW, HIGH),
            Axis("loss", 0, float(np.ceil(top))),
            marks,
            "The loss over the weight: a valley, with the weight now and the steps to it.",
        )
        return valley, self._digits(path[-1])

    def sentence(self) -> str:
        """Return in words what the weight is and how it came there."""
        path = self.path()
        last = path[-1]
        total = len(self._neuron.answers)
        stands = (
            f"loss <b>{pages.number(self._neuron.loss(last))}</b>, "
            f"{self._neuron.right(last)} of {total} digits right"
        )
        if len(path) == 1:
            return f"Weight <b>{pages.number(last)}</b>: {stands}. {self._downhill(last)}"
        steps = "One step" if len(path) == 2 else f"{len(path) - 1} steps"
        return (
            f"{steps} of learning rate {self.rate.value:g} from {pages.number(path[0])} to "
            f"<b>{pages.number(last)}</b>: {stands}. {self._judge(path)}"
        )

    def still(self) -> Figure:
        """Return both charts as they are now."""
        valley, digits = self.charts()
        return Figure(
            pictures.sheet([valley.picture(), digits.picture()], columns=1),
            "Above, the loss of every weight, a valley, with a dot for the weight; below, how "
            f"sure that makes the network of a {self._names[0]}, over the ink. "
            "Run the notebook to move the weight and to let it walk downhill.",
        )

    def _digits(self, weight: float) -> Chart:
        neuron, (more, less) = self._neuron, self._names
        ends = float(np.floor(neuron.ink.min())), float(np.ceil(neuron.ink.max()))
        grid = np.linspace(*ends, 61)
        sure = sigmoid(weight * grid)
        groups = [
            Dots(
                [(float(ink), answer) for ink in neuron.ink[neuron.answers == answer]], colour, name
            )
            for answer, colour, name in ((1.0, BLUE, f"a {more}"), (0.0, ORANGE, f"a {less}"))
        ]
        curve = [(float(ink), float(share)) for ink, share in zip(grid, sure, strict=True)]
        return Chart(
            Axis("ink, beyond the average", *ends),
            Axis("sure", -0.06, 1.06),
            [Line(curve, GREY, "how sure", width=3), *groups],
            f"How sure the network is of a {more}, over the ink of a digit; and the digits: "
            f"every {more} wants the curve at 1, every {less} at 0.",
        )

    def _downhill(self, weight: float) -> str:
        slope = self._neuron.slope(weight)
        if abs(slope) < 0.005:
            return "The slope is 0.00: this is the bottom of the valley."
        side = "right" if slope < 0 else "left"
        return f"The slope is {pages.number(slope)}, so downhill is to the {side}."

    def _judge(self, path: list[float]) -> str:
        above = self._neuron.loss(path[-1]) - self._neuron.loss(self._lowest)
        if above < _ARRIVED:
            return "It has arrived at the bottom of the valley."
        if any(not LOW <= weight <= HIGH for weight in path):
            return "The steps are so long that they leave the picture: such a rate is too large."
        sides = np.sign(np.asarray(path) - self._lowest)
        if (np.diff(sides) != 0).sum() > 1:
            return "It leaps from one side of the valley to the other."
        return "It is on its way: more steps, or longer ones, lead further down."


_LOOK = {
    "layout": {"width": "340px", "max_width": "100%"},
    "style": {"description_width": "88px"},
}
