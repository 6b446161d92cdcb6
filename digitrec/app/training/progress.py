"""How far a training is, and what came of it, in words."""

from collections.abc import Sequence

from digitrec.app.model.in_use import Offer, report_of
from digitrec.app.page.words import ahead, duration, escape, percent, seen
from digitrec.evaluation import Report
from digitrec.jobs import Status
from digitrec.network import Prediction
from digitrec.training import Recipe

DONE = "Done."
CHOOSE = "Done. Your model answers as before until you choose."

SILENT = "Nothing was heard of it for a minute: the machine is busy, or it hangs. Cancel ends it."

NO_DRAWING = "Draw a digit to see what each says to it."

_NO_OFFER = "After a training you see both models here, side by side, and choose one."
_EARLY = 0.05  # of a training; before that, the time left is a guess


def progress_html(
    status: Status | None,
    recipe: Recipe,
    running: bool,
    sentence: str,
    *,
    learning: bool = False,
    offered: bool = False,
) -> str:
    """Return how the training stands as HTML.

    Parameters
    ----------
    status : Status or None
        None before the first training.
    recipe : Recipe
        What is trained.
    running : bool
        Whether it is running.
    sentence : str
        How it ended, if it ended badly.
    learning : bool
        Whether the visitor's digits are learnt, and not a new network.
    offered : bool
        Whether a new model waits to be chosen.

    Examples
    --------
    >>> from digitrec.training import RECIPES
    >>> "Epoch" in progress_html(None, RECIPES["quick"], False, "")
    False
    """
    if status is None and sentence:
        return _lines(sentence, "", 0.0, idle=True)
    if status is None:
        drawn = recipe.num_drawings + recipe.num_others
        shown = seen(recipe.num_images, drawn, recipe.epochs, recipe.drawings_share)
        said = f"It will see {shown}."
        return _lines(said, "", 0.0, idle=True)
    beside = "" if learning else f"seed {status.seed}"
    if running:
        left = _seconds_left(status)
        if left is not None:
            beside = " · ".join(filter(None, (f"about {duration(left)} left", beside)))
        return _lines(_stage(status, learning), beside, _share_done(status))
    if sentence:
        return _lines(sentence, beside, 0.0, idle=True)
    return _lines(CHOOSE if offered else DONE, beside, 1.0, idle=True)


def offer_html(offer: Offer | None, sides: Sequence[Prediction | None] = ()) -> str:
    """Return two models side by side, on the same test, as HTML.

    Parameters
    ----------
    offer : Offer or None
    sides : sequence of Prediction
        What the old and the new one say to the drawing on the pad; empty without a drawing.

    Examples
    --------
    >>> "side by side" in offer_html(None)
    True
    """
    if offer is None:
        return f"<h3>Old and new</h3><p>{_NO_OFFER}</p>"
    old, new = report_of(offer.old), report_of(offer.new)
    said = [prediction.sentence if prediction else "" for prediction in sides] or ["", ""]
    both = "".join(map(_side, ("Now", "New"), (old, new), said))
    yours = "" if sides else NO_DRAWING
    return (
        f'<h3>Old and new</h3><div class="dr-sides">{both}</div>'
        f"<p>{escape(verdict(old, new))} {yours}</p>"
    )


def is_worse(offer: Offer) -> bool:
    """Tell whether a candidate gets fewer of the same test digits right than the model in use.

    Parameters
    ----------
    offer : Offer

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> is_worse(Offer(bundled(), bundled(), "opened"))
    False
    """
    gain = _gain(report_of(offer.old), report_of(offer.new))
    return gain is not None and gain < 0


def verdict(old: Report | None, new: Report | None) -> str:
    """Say which of two models did better on the same test digits.

    Parameters
    ----------
    old, new : Report or None

    Returns
    -------
    str
        One or two sentences.

    Examples
    --------
    >>> verdict(None, None)
    'There are no figures to compare.'
    """
    more = _gain(old, new)
    if old is None or new is None or more is None:
        return "There are no figures to compare."
    if more == 0:
        return "They get equally many right."
    which = "The new one" if more > 0 else "The old one"
    digits = "1 more digit" if abs(more) == 1 else f"{abs(more):,} more digits"
    said = f"{which} gets {digits} right."
    if new.interval[0] <= old.accuracy <= new.interval[1]:
        return f"{said} So small a difference may be chance."
    return said


def _gain(old: Report | None, new: Report | None) -> int | None:
    """Return how many more digits the new model gets right; None without the same test of both."""
    if old is None or new is None or old.samples != new.samples:
        return None
    return round((new.accuracy - old.accuracy) * new.samples)


def _side(title: str, report: Report | None, said: str) -> str:
    if report is None:
        figures = "<b>not tested</b>"
    else:
        wrong = round((1 - report.accuracy) * report.samples)
        share = percent(report.accuracy, 2)
        figures = f"<b>{share}</b><span>{wrong:,} of {report.samples:,} wrong</span>"
    yours = f"Your drawing:<b>{escape(said)}</b>" if said else ""
    return (
        f'<div class="dr-side"><span>{title}</span><div class="dr-figures">{figures}</div>'
        f'<div class="dr-made">{yours}</div></div>'
    )


def _stage(status: Status, learning: bool) -> str:
    if status.silent or status.state == "queued":
        return SILENT if status.silent else ahead(status.ahead, status.most_seconds)
    if learning and status.state != "evaluating":
        return "Learning your digits"
    if status.state == "training" and status.progress is not None:
        return f"Epoch {status.progress.epoch} of {status.progress.num_epochs}"
    if status.state == "evaluating":
        return "Testing it on digits it has never seen"
    if status.progress is not None and status.progress.stage == "drawing":
        return "Drawing digits to learn from"
    return "Starting TensorFlow"


def _share_done(status: Status) -> float:
    progress = status.progress
    if progress is not None and progress.num_epochs == 0 and progress.num_batches > 0:
        return progress.batch / progress.num_batches  # nothing but images to be looked at
    if status.state == "evaluating":
        return 1.0
    if status.state != "training" or progress is None or progress.num_batches < 1:
        return 0.0
    epochs = max(progress.epoch - 1, 0) + progress.batch / progress.num_batches
    return min(epochs / max(progress.num_epochs, 1), 1.0)


def _seconds_left(status: Status) -> float | None:
    if status.progress is None or not _EARLY <= _share_done(status) < 1:
        return None
    return status.progress.seconds_left


def _lines(said: str, beside: str, share: float, idle: bool = False) -> str:
    look = ' class="dr-idle"' if idle else ""
    return (
        f'<p class="dr-stage"><span>{escape(said)}</span>'
        f'<span class="dr-beside">{escape(beside)}</span></p>'
        f'<progress max="1" value="{share:.3f}"{look} aria-label="Training"></progress>'
    )
