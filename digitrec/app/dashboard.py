"""The whole page: state and views wired together, here and nowhere else."""

import asyncio
from typing import Any

import ipywidgets
import traitlets

from digitrec.app.answer import AnswerView
from digitrec.app.built import BuiltView
from digitrec.app.buttons import ButtonsView
from digitrec.app.canvas import CanvasView
from digitrec.app.guard import Guard
from digitrec.app.header import HeaderView
from digitrec.app.manners import Manners, style
from digitrec.app.models import Models
from digitrec.app.quality import QualityView
from digitrec.app.retrain import RetrainView
from digitrec.app.samples import SampleView
from digitrec.app.session import Training
from digitrec.app.state import Pad
from digitrec.app.store import Store, home
from digitrec.app.trouble import TroubleView

_LOOK = 0.1  # seconds between two looks at a training


class Dashboard:
    """The page on which a digit is drawn, answered, and learnt anew.

    Shown by Jupyter as the last value of a cell.

    Parameters
    ----------
    store : Store, optional
        Where a trained model is kept; in the user's own folder when none is given.

    Examples
    --------
    >>> from digitrec.app import Dashboard
    >>> Dashboard()
    Dashboard()
    """

    def __init__(self, store: Store | None = None) -> None:
        self._trouble = TroubleView()
        guard = Guard(self._trouble.say)
        self.models = Models(Store(home()) if store is None else store)
        self.pad = Pad(self.models.network)
        self.training = Training(self.models)
        traitlets.dlink((self.models, "network"), (self.pad, "network"))

        canvas = CanvasView(self.pad, guard)
        padside = ipywidgets.VBox([canvas.widget, ButtonsView(self.pad, guard).widget])
        padside.add_class("dr-padside")
        main = ipywidgets.Box([padside, AnswerView(self.pad, guard).widget])
        main.add_class("dr-main")
        samples = SampleView(guard)
        page = ipywidgets.VBox(
            [
                HeaderView().widget,
                self._trouble.widget,
                main,
                RetrainView(self.training, self.models, guard).widget,
                QualityView(self.models, guard).widget,
                samples.widget,
                BuiltView(self.models, guard).widget,
            ]
        )
        page.add_class("dr-page")
        looks = ipywidgets.HTML(f"<style>{style()}</style>")
        looks.add_class("dr-hidden")
        # A kernel may have been waiting for its visitor since before the last training.
        manners = self._manners = Manners(guard(self.models.refresh, "looking for your model"))
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
