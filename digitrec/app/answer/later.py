"""Runs what can wait a moment after what cannot."""

import asyncio
from collections.abc import Callable


class Later:
    """Calls a function a little later, in the kernel's loop; asked again meanwhile, only once.

    Where no loop runs, as in plain Python, the function is called at once.

    Parameters
    ----------
    function : callable
        Takes nothing.
    seconds : float
        How long it waits.

    Examples
    --------
    >>> later = Later(lambda: print("now"), 0.1)
    >>> later()
    now
    """

    def __init__(self, function: Callable[[], None], seconds: float) -> None:
        self._function = function
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def __call__(self) -> None:
        """Ask for the call; from any thread."""
        if self._loop is None:
            self._function()
        else:
            self._loop.call_soon_threadsafe(self._set, True)

    def cancel(self) -> None:
        """Take back what was asked for; from any thread."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._set, False)

    def _set(self, wanted: bool) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if wanted and self._loop is not None:
            self._timer = self._loop.call_later(self._seconds, self._function)
