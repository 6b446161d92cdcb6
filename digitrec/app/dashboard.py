"""The whole page: state and views wired together, here and nowhere else."""

import asyncio
from typing import Any

import ipywidgets
import traitlets

from digitrec.app.answer.answer import AnswerView
from digitrec.app.browser_store.store import BrowserStore
from digitrec.app.browser_store.widget import StoreWidget
from digitrec.app.digits.correcting import CorrectingView
from digitrec.app.digits.corrections import Corrections
from digitrec.app.digits.lesson import Lesson
from digitrec.app.digits.your_digits import YourDigitsView
from digitrec.app.model.built import BuiltView
from digitrec.app.model.file import OwnModelView
from digitrec.app.model.in_use import ModelInUse
from digitrec.app.model.quality import QualityView
from digitrec.app.pad.buttons import ButtonsView
from digitrec.app.pad.canvas import CanvasView
from digitrec.app.pad.pad import Pad
from digitrec.app.page.course import CourseView
from digitrec.app.page.guard import Guard
from digitrec.app.page.header import HeaderView
from digitrec.app.page.manners import Manners, style
from digitrec.app.page.notices import TroubleView
from digitrec.app.page.samples import SampleView
from digitrec.app.training.guesses import Guesses
from digitrec.app.training.retrain import RetrainView
from digitrec.app.training.run import Training

_LOOK = 0.1  # seconds between two looks at a training


class Dashboard:
    """The page on which a digit is drawn, answered, and learnt anew.

    Shown by Jupyter as the last value of a cell.

    Examples
    --------
    >>> from digitrec.app import Dashboard
    >>> Dashboard()
    Dashboard()
    """

    def __init__(self) -> None:
        self._trouble = TroubleView()
        guard = Guard(self._trouble.say)
        self._store = BrowserStore()
        self.models = ModelInUse(self._store)
        self.pad = Pad(self.models.network)
        self.training = Training(self.models)
        guesses = Guesses(self.pad, self.training, self.models)
        self.corrections = Corrections(self._store)
        lesson = Lesson(self.corrections, self.training, self.models)
        traitlets.dlink((self.models, "network"), (self.pad, "network"))

        canvas = CanvasView(self.pad, guard, "pad", pictures=True)
        padside = ipywidgets.VBox([canvas.widget, ButtonsView(self.pad, guard).widget])
        padside.add_class("dr-padside")
        correcting = CorrectingView(self.pad, self.corrections, guard)
        main = ipywidgets.Box([padside, AnswerView(self.pad, guard, [correcting]).widget])
        main.add_class("dr-main")
        samples = SampleView(guard)
        page = ipywidgets.VBox(
            [
                HeaderView().widget,
                self._trouble.widget,
                main,
                RetrainView(self.training, self.models, guesses, guard).widget,
                OwnModelView(self.models, guard).widget,
                YourDigitsView(self.corrections, lesson, self.training, self.models, guard).widget,
                QualityView(self.models, guard).widget,
                samples.widget,
                BuiltView(self.models, guard).widget,
                CourseView().widget,
            ]
        )
        page.add_class("dr-page")
        looks = ipywidgets.HTML(f"<style>{style()}</style>")
        looks.add_class("dr-hidden")
        self._store_widget = StoreWidget(self._store, guard)
        look = guard(self._store_widget.look, "looking for your model")
        manners = self._manners = Manners(look)
        manners.add_class("dr-hidden")
        self.widget = ipywidgets.VBox([looks, page, manners])
        self.widget.add_class("digitrec")

        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # plain Python, where nobody looks at the page
            return

        def follow(change: dict[str, Any]) -> None:
            if change["new"]:
                guard.task(self._follow_training(), "following the training", loop)

        self.training.observe(follow, "running")
        loop.call_soon(guard(samples.show, "showing digits"))

    async def _follow_training(self) -> None:
        while self.training.running:
            self.training.poll()
            await asyncio.sleep(_LOOK)

    def __repr__(self) -> str:
        return "Dashboard()"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        bundle = self.widget._repr_mimebundle_(**kwargs)
        # The widget's own words name all of its parts; a notebook's output should not change.
        bundle["text/plain"] = repr(self)
        return bundle
