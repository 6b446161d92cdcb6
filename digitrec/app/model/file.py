"""The folded part "Your model": open a model from a file, download the one in use."""

from digitrec.app.browser_store.store import MAX_MODEL_BYTES
from digitrec.app.model.in_use import ModelInUse
from digitrec.app.page.exchange import Exchange
from digitrec.app.page.guard import Guard
from digitrec.errors import FileError
from digitrec.network import Network

FILENAME = "my_network.safetensors"

_TEXT = (
    "A network that you trained in a notebook or in a terminal, or somebody else's: open its file, "
    "and you see it beside yours, and choose one of them. Only numbers are read from it, and "
    "nothing in it is ever run. The other way round, the model that answers now can be downloaded."
)


class OwnModelView:
    """Opens and downloads a model.

    Parameters
    ----------
    models : ModelInUse
    guard : Guard
        Makes errors in the callbacks visible.

    Examples
    --------
    >>> view = OwnModelView(ModelInUse(), Guard(print))
    >>> view.widget.open_label
    'Open a model file…'
    """

    def __init__(self, models: ModelInUse, guard: Guard) -> None:
        self._models = models
        self.widget = Exchange(
            guard,
            self._open,
            self._bytes,
            max_bytes=MAX_MODEL_BYTES,
            title="Your model",
            text=_TEXT,
            open_label="Open a model file…",
            download_label="Download it",
            accept=".safetensors",
            filename=FILENAME,
        )

    def _bytes(self) -> bytes:
        network: Network = self._models.network
        return network.to_bytes()

    def _open(self, content: bytes, name: str) -> None:
        try:
            self._models.open(content)
        except FileError as error:
            said = str(error).partition(";")[0].rstrip(".")
            self.widget.said = f"{name} could not be opened: {said}."
        else:
            self.widget.said = f"{name} is open. Choose under Retrain which one should answer."
