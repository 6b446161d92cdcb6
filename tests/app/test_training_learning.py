"""What is shown of a training's options, of the guess that forms, and of both models' answers."""

from dataclasses import replace

import pytest

from digitrec.app.model.in_use import ModelInUse, Offer
from digitrec.app.pad.pad import Pad
from digitrec.app.page.guard import Guard
from digitrec.app.training import progress
from digitrec.app.training.guess_list import NOTHING, GuessListView, guesses_html
from digitrec.app.training.guesses import Guess, Guesses
from digitrec.app.training.options import BOUNDS, Options
from digitrec.app.training.options_panel import OptionsView
from digitrec.app.training.progress import CHOOSE, DONE
from digitrec.app.training.retrain import RetrainView
from digitrec.app.training.run import Training
from digitrec.jobs import Status
from digitrec.training import Progress
from digitrec.training.recipes import RECIPES
from tests.app.test_pad import draw
from tests.app.test_views import GUARD, HOSTILE, prediction, read
from tests.stand_ins import report, small

LINE = [[(150, 60), (150, 240)]]


class Room:
    """The section with all that it stands on."""

    def __init__(self) -> None:
        self.models = ModelInUse(load_bundled=lambda: small(0))
        self.training = Training(self.models)
        self.pad = Pad(small(0))
        self.guesses = Guesses(self.pad, self.training, self.models)
        self.view = RetrainView(self.training, self.models, self.guesses, GUARD)


# The options


def test_the_options_are_folded_until_they_are_wanted() -> None:
    view = OptionsView(Options(), GUARD)
    assert view.folded
    assert view.toggle.description == "Options: quick, 2 epochs"
    view.toggle.click()
    assert not view.folded
    assert view.toggle.description == "Hide the options"
    view.toggle.click()
    assert view.folded


def test_every_field_has_a_label_and_stands_on_its_value() -> None:
    options = Options()
    view = OptionsView(options, GUARD)
    assert set(view.fields) == {*BOUNDS, "seed"}
    for name, field in view.fields.items():
        assert field.description
        assert field.value == getattr(options, name)
    assert view.recipe.description == "Recipe"
    assert [name for _, name in view.recipe.options] == list(RECIPES)
    view.recipe.value = "best"
    assert options.recipe is RECIPES["best"]
    assert view.fields["filters2"].value == "128"


def test_what_takes_too_long_is_not_offered_and_that_is_said() -> None:
    options = Options(most_seconds=600)
    view = OptionsView(options, GUARD)
    assert [name for _, name in view.recipe.options] == ["quick", "classic"]
    hint = read(view.panel.children[0].children[0].children[1].value).text
    assert "Not offered here: best (about 20 minutes)." in hint
    assert "One training may take 10 min on this server" in hint
    assert "This takes about 15 s on two cores" in view.estimate.value
    view.fields["epochs"].value = "30"
    assert "This takes about" in view.estimate.value
    assert "about 15 s" not in view.estimate.value
    everything = OptionsView(Options(), GUARD)
    assert "Not offered" not in everything.panel.children[0].children[0].children[1].value


def test_who_waits_is_told_how_long_at_most() -> None:
    status = Status("queued", 0, ahead=1, most_seconds=600.0)
    html = progress.progress_html(status, RECIPES["quick"], True, "")
    assert "One training is ahead of yours. It begins in at most 10 min." in read(html).text
    html = progress.progress_html(Status("queued", 0, ahead=1), RECIPES["quick"], True, "")
    assert "at most" not in read(html).text


def test_what_is_typed_is_taken_or_corrected_where_it_stands() -> None:
    options = Options()
    view = OptionsView(options, GUARD)
    view.fields["epochs"].value = "1"
    view.fields["seed"].value = "7"
    assert (options.recipe.epochs, options.wanted_seed) == (1, 7)
    assert view.notice.value == "<p></p>"
    assert view.toggle.description == "Options: quick, changed, 1 epoch"
    view.fields["epochs"].value = "1000"
    assert view.fields["epochs"].value == "30"
    assert "so it is 30 now" in view.notice.value
    assert "so it is 30 now" in view.announcement.value
    view.fields["epochs"].value = HOSTILE
    assert view.fields["epochs"].value == "30"
    assert "script" not in read(view.notice.value).seen
    view.fields["epochs"].value = " 5 "
    assert view.fields["epochs"].value == "5"
    assert view.notice.value == "<p></p>"


def test_a_recipe_of_somebody_elses_is_shown_too() -> None:
    view = OptionsView(Options(replace(RECIPES["quick"], name="mine", epochs=1)), GUARD)
    assert view.toggle.description == "Options: mine, 1 epoch"
    assert view.recipe.value is None
    view.recipe.value = "classic"
    assert view.fields["epochs"].value == "10"


def test_a_page_that_chooses_no_recipe_changes_nothing() -> None:
    faults: list[str] = []
    options = Options()
    view = OptionsView(options, Guard(faults.append))
    view.recipe.value = "classic"
    update = {"method": "update", "state": {"index": None}, "buffer_paths": []}
    view.recipe._handle_msg({"content": {"data": update}, "buffers": []})
    assert view.recipe.value is None
    assert options.recipe is RECIPES["classic"]
    assert faults == []


def test_nothing_can_be_chosen_while_it_is_trained_with() -> None:
    room = Room()
    fields = [room.view.options.recipe, *room.view.options.fields.values()]
    assert not any(field.disabled for field in fields)
    room.training.running = True
    assert all(field.disabled for field in fields)
    room.training.running = False
    assert not any(field.disabled for field in fields)


# The guess that forms


def test_an_empty_pad_is_invited() -> None:
    text = read(guesses_html([Guess(1, None), Guess(2, None)], drawn=False)).text
    assert NOTHING in text
    assert "After epoch 1" in text


def test_the_guesses_are_words_with_small_bars() -> None:
    rows = [
        Guess(1, prediction({8: 0.62})),
        Guess(2, prediction({7: 0.9996})),
        Guess(3, None),
    ]
    html = guesses_html(rows, drawn=True)
    items = html.split("<li")[1:]
    assert "After epoch 1" in items[0]
    assert "an 8, 62 % sure" in items[0]
    assert "width:62.0%" in items[0]
    assert "a 7, over 99 % sure" in items[1]
    assert "dr-to-come" in items[2]
    assert "width:0.0%" in items[2]
    assert NOTHING not in read(html).text


def test_the_list_grows_while_it_trains_and_keeps_its_room() -> None:
    room = Room()
    view = room.view.guesses

    def items() -> list[str]:
        return view.list.value.split("<li")[1:]

    assert len(items()) == 2
    draw(room.pad, LINE)
    assert "Retrain, and see here" in view.list.value
    room.training.networks = ((1, small(3)),)
    assert ["a 3" in items()[0], "dr-to-come" in items()[1]] == [True, True]
    assert view.announcement.value.startswith("After epoch 1: a 3, ")
    room.training.networks = ((1, small(3)), (2, small(7)))
    assert "a 7" in items()[1]
    assert view.announcement.value.startswith("After epoch 2: a 7, ")
    room.pad.clear()
    assert NOTHING in view.list.value
    assert len(items()) == 2
    room.training.options.choose("classic")
    assert len(items()) == 2  # what was seen stays until the next begins


def test_a_new_drawing_is_not_read_out_epoch_by_epoch() -> None:
    room = Room()
    draw(room.pad, LINE)
    view = GuessListView(room.guesses, GUARD)
    room.training.networks = ((1, small(3)), (2, small(7)))
    before = view.announcement.value
    room.pad.clear()
    draw(room.pad, [[(50, 50), (250, 50)]])
    assert view.announcement.value == before


# Old and new


def test_both_say_what_they_make_of_the_drawing() -> None:
    room = Room()
    html = room.view.offer
    room.models.offer(small(4), "trained")
    assert progress.NO_DRAWING in html.value
    draw(room.pad, LINE)
    assert "That&#x27;s a 0." in html.value
    assert "That&#x27;s a 4." in html.value
    assert progress.NO_DRAWING not in html.value
    room.pad.clear()
    assert "That" not in html.value
    text = read(
        progress.offer_html(
            Offer(small(0), small(1), "trained"), (prediction({7: 0.9}, refused=True), None)
        )
    ).text
    assert "I don't think that is a digit." in text


def hidden(widget: object) -> bool:
    return "dr-unseen" in widget._dom_classes


def highlighted(room: Room) -> list[bool]:
    return ["dr-primary" in one._dom_classes for one in (room.view.keep, room.view.back)]


@pytest.mark.parametrize(
    ("old", "new", "keep"), [(15, 19, True), (15, 15, True), (19, 15, False), (None, 15, True)]
)
def test_the_button_of_the_better_model_is_highlighted(
    old: int | None, new: int, keep: bool
) -> None:
    room = Room()
    room.models.network = small(0, **({"evaluation": report(old).to_dict()} if old else {}))
    room.models.offer(small(1, evaluation=report(new).to_dict()), "trained")
    assert highlighted(room) == [keep, not keep]
    room.models.go_back()
    assert highlighted(room) == [True, False]


# Learning the visitor's digits


@pytest.mark.parametrize(
    ("status", "words", "value"),
    [
        (Status("queued", 0, ahead=2), "Two trainings are ahead of yours.", "0.000"),
        (Status("starting", 0), "Learning your digits", "0.000"),
        (
            Status("training", 0, progress=Progress("learning", batch=5, num_batches=20)),
            "Learning your digits",
            "0.250",
        ),
        (
            Status("evaluating", 0, progress=Progress("evaluating", batch=15, num_batches=20)),
            "Testing it on digits it has never seen",
            "0.750",
        ),
    ],
)
def test_every_stage_of_learning_is_said(status: Status, words: str, value: str) -> None:
    html = progress.progress_html(status, RECIPES["quick"], True, "", learning=True)
    assert words in read(html).text
    assert "TensorFlow" not in html
    assert "seed" not in html
    assert f'value="{value}"' in html


def test_the_time_left_of_learning_is_told() -> None:
    going = Progress("evaluating", batch=15, num_batches=20, seconds_left=3.2)
    status = Status("evaluating", 0, progress=going)
    html = progress.progress_html(status, RECIPES["quick"], True, "", learning=True)
    assert "about 4 s left" in read(html).text


def test_learning_is_announced_and_its_end_says_that_there_is_a_choice() -> None:
    room = Room()
    with room.training.hold_trait_notifications():
        room.training.learning = room.training.running = True
    assert room.view.announcement.value == "The learning has started."
    room.models.offer(small(4), "taught")
    room.training.status = Status("done", 0)
    room.training.running = False
    assert room.view.announcement.value == CHOOSE
    assert CHOOSE in room.view.progress.value
    room.view.keep.click()
    assert CHOOSE not in room.view.progress.value
    assert DONE in room.view.progress.value


def test_the_offer_says_how_good_both_are() -> None:
    room = Room()
    room.models.offer(small(4, evaluation=report(19).to_dict()), "trained")
    assert "95.00 %" in room.view.offer.value
    assert "not tested" in room.view.offer.value
