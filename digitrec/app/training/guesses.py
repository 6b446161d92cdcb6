"""What the networks of a training make of the drawing on the pad, epoch by epoch."""

from dataclasses import dataclass

import traitlets

from digitrec.app.model.in_use import ModelInUse, Offer
from digitrec.app.pad.pad import Pad
from digitrec.app.training.run import Training
from digitrec.network import Network, Prediction


@dataclass(frozen=True, eq=False)
class Guess:
    """What the drawing was taken for at a time.

    Parameters
    ----------
    epoch : int
        After which epoch.
    prediction : Prediction or None
        None before that epoch has ended, or when there is nothing on the pad.

    Examples
    --------
    >>> Guess(1, None).epoch
    1
    """

    epoch: int
    prediction: Prediction | None


class Guesses(traitlets.HasTraits):  # type: ignore[misc] # traitlets has no types mypy may follow
    """Asks the networks of a training, and those of an offer, about the drawing.

    While a stroke is being drawn nothing is asked, so that drawing comes first.

    Parameters
    ----------
    pad : Pad
        Its drawing is what they are asked about, anew whenever it has changed.
    training : Training
        Its networks are asked, one an epoch.
    models : ModelInUse
        Both networks of what is offered there are asked too.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> models = ModelInUse()
    >>> pad, training = Pad(bundled()), Training(models)
    >>> guesses = Guesses(pad, training, models)
    >>> [(guess.epoch, guess.prediction) for guess in guesses.rows]
    [(1, None), (2, None)]
    >>> pad.begin(150, 60); pad.extend(150, 240); pad.end()
    >>> training.networks = ((1, bundled()),)
    >>> guesses.rows[0].prediction.digit, guesses.rows[1].prediction
    (1, None)
    """

    drawn = traitlets.Bool(False, help="whether there is anything to ask about")
    rows = traitlets.Tuple(help="one Guess for every epoch that is shown")
    sides = traitlets.Tuple(help="the predictions of the old and the new network, or nothing")

    def __init__(self, pad: Pad, training: Training, models: ModelInUse) -> None:
        super().__init__()
        self._pad = pad
        self._training = training
        self._models = models
        self._image = None if pad.answer is None else pad.answer.image
        pad.observe(self._look, "answer")
        training.observe(self._ask_epochs, ["networks", "epochs"])
        models.observe(self._ask_sides, "offered")
        self._ask()

    def _look(self, _change: object) -> None:
        answer = self._pad.answer
        if answer is None:
            self._image = None
        elif answer.settled:
            self._image = answer.image
        else:
            return
        self._ask()

    def _ask(self) -> None:
        with self.hold_trait_notifications():
            self.drawn = self._image is not None
            self._ask_epochs()
            self._ask_sides()

    def _ask_epochs(self, _change: object = None) -> None:
        networks = dict(self._training.networks)
        self.rows = tuple(
            Guess(epoch, self._predict(networks.get(epoch))) for epoch in self._training.epochs
        )

    def _ask_sides(self, _change: object = None) -> None:
        pair: Offer | None = self._models.offered
        if pair is None or self._image is None:
            self.sides = ()
        else:
            self.sides = (self._predict(pair.old), self._predict(pair.new))

    def _predict(self, network: Network | None) -> Prediction | None:
        if network is None or self._image is None:
            return None
        return network.predict(self._image)
