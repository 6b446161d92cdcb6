"""The curves of a training while it runs in the notebook, with a button that ends it."""

import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import ipywidgets

from digitrec.app.pad.buttons import button
from digitrec.course import pages, pictures
from digitrec.course.charts import BLUE, ORANGE, Axis, Chart, Dots, Line, Point
from digitrec.course.figures import Figure

_PAUSE = 0.15  # seconds between two paintings


class LiveCurves:
    """Loss and accuracy of a Keras training, step by step, with a Stop button.

    Used as a context, it shows itself, and takes an interrupted kernel for a pressed button::

        with LiveCurves(epochs=10) as live:
            model.fit(..., epochs=10, verbose=0, callbacks=[live.callback()])

    Parameters
    ----------
    epochs : int
        How many epochs the training will have.
    clock : callable, optional
        Returns seconds; paces the paintings.

    Attributes
    ----------
    stopped : bool
        Whether somebody has ended the training before its time.

    Examples
    --------
    >>> live = LiveCurves(epochs=2)
    >>> live.step(0, 0, 10, loss=2.3, accuracy=0.1)
    >>> live.press()
    >>> live.stopped
    True
    """

    def __init__(self, epochs: int, clock: Callable[[], float] = time.monotonic) -> None:
        self.epochs = epochs
        self.losses: list[Point] = []
        self.accuracies: list[Point] = []
        self.validation_losses: list[Point] = []
        self.validation_accuracies: list[Point] = []
        self.stop = button("Stop")
        self.stop.disabled = True
        self.stop.on_click(lambda _button: self.press())
        self.picture = ipywidgets.HTML()
        self.view = ipywidgets.VBox([self.stop, self.picture])
        self._clock = clock
        self._next = 0.0
        self._means = 0.0, 0.0
        # The button is pressed on another thread than the one that trains.
        self._pressed = threading.Event()
        self._shown: Any = None
        self._paint()

    @property
    def stopped(self) -> bool:
        """Whether somebody has ended the training before its time."""
        return self._pressed.is_set()

    def press(self) -> None:
        """End the training after the current step; the network keeps what it has learnt."""
        self._pressed.set()
        self.stop.disabled = True

    def step(self, epoch: int, batch: int, num_batches: int, loss: float, accuracy: float) -> None:
        """Record a step.

        Parameters
        ----------
        epoch, batch : int
            Counted from 0.
        num_batches : int
            Steps in an epoch.
        loss, accuracy : float
            Means over this epoch's steps up to here, as Keras reports them.
        """
        place = epoch + (batch + 1) / num_batches
        before = self._means if batch else (0.0, 0.0)
        self._means = loss, accuracy
        # What this step alone had: the mean is over `batch` steps before it, and over it.
        loss, accuracy = (
            mean + batch * (mean - last) for mean, last in zip(self._means, before, strict=True)
        )
        self.losses.append((place, loss))
        self.accuracies.append((place, 100 * accuracy))
        if self._clock() >= self._next:
            self._next = self._clock() + _PAUSE
            self._paint()

    def checked(self, epoch: int, loss: float, accuracy: float) -> None:
        """Record how well it does on digits that it does not learn from.

        Parameters
        ----------
        epoch : int
            The epoch that is over, counted from 0.
        loss, accuracy : float
        """
        self.validation_losses.append((epoch + 1.0, loss))
        self.validation_accuracies.append((epoch + 1.0, 100 * accuracy))
        self._paint()

    def callback(self) -> Any:
        """Return a ``keras.callbacks.Callback`` that feeds the curves and obeys the button."""
        import keras  # noqa: PLC0415 - a notebook that trains has already imported it

        live = self
        base: Any = keras.callbacks.Callback

        class Feed(base):  # type: ignore[misc] # Keras has no types
            epoch = 0

            def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras's
                self.epoch = epoch

            def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
                steps = self.params["steps"]
                live.step(self.epoch, batch, steps, float(logs["loss"]), float(logs["accuracy"]))
                self.model.stop_training = live.stopped

            def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
                if "val_loss" in logs:
                    live.checked(epoch, float(logs["val_loss"]), float(logs["val_accuracy"]))

        return Feed()

    def charts(self) -> tuple[Chart, Chart]:
        """Return the curves of the loss and of the accuracy."""
        epochs = Axis("epochs", 0, self.epochs)
        top = max([2.4, *(loss for _, loss in self.losses)])
        loss = Chart(
            epochs,
            Axis("loss", 0, top),
            _marks(self.losses, self.validation_losses),
            _ends("Loss", self.losses, ""),
        )
        accuracy = Chart(
            epochs,
            Axis("accuracy", 0, 100, " %"),
            _marks(self.accuracies, self.validation_accuracies),
            _ends("Accuracy", self.accuracies, " %"),
        )
        return loss, accuracy

    def html(self) -> str:
        """Return the curves, and in words how far the training is."""
        loss, accuracy = self.charts()
        return pages.figure(
            pages.line(
                pages.titled("Loss", loss.svg(), width=340),
                pages.titled("Accuracy", accuracy.svg(), width=340),
            ),
            caption=self.sentence(),
        )

    def sentence(self) -> str:
        """Return in words how far the training is; it changes only once an epoch."""
        done = len(self.validation_accuracies)
        if self.stopped:
            said = "You have stopped it; what it has learnt so far stays."
        elif not self.losses:
            return "Nothing is learnt yet."
        elif done < self.epochs:
            said = f"Epoch {done + 1} of {self.epochs}."
        else:
            said = f"All {self.epochs} epochs are over."
        if not done:
            return said
        share = self.validation_accuracies[-1][1]
        return f"{said} Of the digits that it does not learn from, <b>{share:.1f} %</b> are right."

    def still(self) -> Figure:
        """Return the curves as they are now."""
        loss, accuracy = self.charts()
        return Figure(
            pictures.sheet([loss.picture(), accuracy.picture()], columns=1),
            f"Two charts over the epochs of a training: the loss falls, the accuracy rises. "
            f"{loss.words} {accuracy.words} Run the notebook to see it learn.",
        )

    def __enter__(self) -> Self:
        from IPython.display import display  # noqa: PLC0415 - only a notebook shows anything

        self.stop.disabled = False
        self._shown = display(self, display_id=True)
        _let_through(self.stop)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if kind is KeyboardInterrupt:
            self.press()
        self.stop.disabled = True
        self._paint()
        if self._shown is not None:
            self._shown.update(self)  # so that the picture that is kept is the last one
        return kind is KeyboardInterrupt

    def _paint(self) -> None:
        self.picture.value = self.html()

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        data, metadata = self.still().bundle()
        return {**self.view._repr_mimebundle_(), **data}, metadata


def _let_through(control: Any) -> None:
    """Make a control work while the kernel is busy with a cell.

    JupyterLab sends a click to a separate thread, a subshell. ipykernel from 7.4 on
    brings it back to the shell that spoke last through the same widget, and that is the busy one.
    """
    vars(control.comm or control).pop("_reply_subshell_id", None)


def _marks(learnt: list[Point], checked: list[Point]) -> list[Line | Dots]:
    return [
        Line(learnt, BLUE, "learnt from"),
        Dots(checked, ORANGE, "never learnt from", radius=4),
    ]


def _ends(name: str, points: list[Point], unit: str) -> str:
    if not points:
        return f"{name}: no values yet."
    return f"{name}: from {points[0][1]:.2f}{unit} to {points[-1][1]:.2f}{unit}."
