"""The drawing asked about again after every epoch, without a widget."""

import itertools

from digitrec.app.model.in_use import ModelInUse
from digitrec.app.pad.pad import Pad
from digitrec.app.training.guesses import Guesses
from digitrec.app.training.run import Training
from digitrec.network import Network
from tests.app.test_pad import draw
from tests.stand_ins import small

LINE = [[(150, 60), (150, 240)]]


class Counting(Network):
    """A network that counts how often it is asked."""

    asked = 0

    def predict(self, image: object) -> object:
        Counting.asked += 1
        return super().predict(image)


class Table:
    def __init__(self) -> None:
        self.models = ModelInUse(load_bundled=lambda: small(0))
        self.training = Training(self.models)
        self.pad = Pad(small(0), clock=itertools.count().__next__)
        self.guesses = Guesses(self.pad, self.training, self.models)

    @property
    def digits(self) -> list[int | None]:
        rows = self.guesses.rows
        return [row.prediction and row.prediction.digit for row in rows]


def test_the_list_keeps_its_rows_before_there_is_anything_to_say() -> None:
    table = Table()
    assert [row.epoch for row in table.guesses.rows] == [1, 2]
    assert table.digits == [None, None]
    assert not table.guesses.drawn
    table.training.options.change("epochs", "4")
    assert [row.epoch for row in table.guesses.rows] == [1, 2, 3, 4]


def test_the_guess_forms_epoch_by_epoch() -> None:
    table = Table()
    draw(table.pad, LINE)
    assert table.guesses.drawn
    assert table.digits == [None, None]
    table.training.networks = ((1, small(3)),)
    assert table.digits == [3, None]
    table.training.networks = ((1, small(3)), (2, small(7)))
    assert table.digits == [3, 7]


def test_another_drawing_is_asked_about_anew_and_an_empty_pad_not() -> None:
    table = Table()
    table.training.networks = ((1, small(3)), (2, small(7)))
    assert table.digits == [None, None]
    draw(table.pad, LINE)
    first = table.guesses.rows[0].prediction
    assert table.digits == [3, 7]
    draw(table.pad, [[(50, 50), (250, 50)]])
    assert table.guesses.rows[0].prediction is not first
    table.pad.clear()
    assert table.digits == [None, None]
    assert not table.guesses.drawn
    draw(table.pad, LINE)
    assert table.digits == [3, 7]


def test_drawing_comes_first() -> None:
    table = Table()
    Counting.asked = 0
    table.training.networks = ((1, Counting(small(3).weights)),)
    table.pad.begin(150, 60)
    for y in range(61, 200):
        table.pad.extend(150, y)
    assert table.pad.answer is not None
    assert Counting.asked == 0
    table.pad.end()
    assert Counting.asked == 1
    assert table.digits[0] == 3


def test_a_drawing_that_was_there_before_is_asked_about() -> None:
    table = Table()
    draw(table.pad, LINE)
    table.training.networks = ((1, small(5)),)
    later = Guesses(table.pad, table.training, table.models)
    assert later.rows[0].prediction is not None
    assert later.drawn


def test_both_of_an_offer_are_asked() -> None:
    table = Table()

    def sides() -> list[int]:
        return [side.digit for side in table.guesses.sides]

    table.models.offer(small(6), "trained")
    assert sides() == []  # nothing is drawn
    draw(table.pad, LINE)
    assert sides() == [0, 6]
    table.pad.clear()
    assert sides() == []
    draw(table.pad, LINE)
    table.models.keep()
    assert sides() == []
    table.models.offer(small(2), "taught")
    assert sides() == [6, 2]
    table.models.go_back()
    assert sides() == []
