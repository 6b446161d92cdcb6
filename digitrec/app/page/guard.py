"""Makes errors in callbacks and tasks visible, where Voila would swallow them."""

import asyncio
import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from digitrec.errors import DigitrecError

_LOG = logging.getLogger(__name__)


class Guard:
    """Catches what a callback raises, logs it, and says one calm sentence about it.

    Parameters
    ----------
    say : callable of str
        Shows the sentence to the person at the page.

    Examples
    --------
    >>> from digitrec.errors import FileError
    >>> said = []
    >>> guard = Guard(said.append)
    >>> def press():
    ...     raise FileError("The disk is full.")
    >>> guard(press, "keeping the model")()
    >>> said
    ['The disk is full.']
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say

    def __call__(self, function: Callable[..., None], doing: str) -> Callable[..., None]:
        """Return the function, made safe to hand to a widget.

        Parameters
        ----------
        function : callable
            Its arguments are passed on.
        doing : str
            What was being done, as in "Something went wrong while drawing."

        Returns
        -------
        callable
        """

        @functools.wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> None:
            try:
                function(*args, **kwargs)
            # Whatever it is: an error that leaves a callback is never seen again under Voila.
            except Exception as error:  # noqa: BLE001 - any error has to be told
                self.report(error, doing)

        return guarded

    def report(self, error: Exception, doing: str) -> None:
        """Log an error and say what it means.

        Parameters
        ----------
        error : Exception
            One of digitrec's own is said in its own words.
        doing : str
            What was being done.
        """
        _LOG.error("while %s", doing, exc_info=error)
        if isinstance(error, DigitrecError):
            said = str(error)
            self._say(said[:1].upper() + said[1:] + ("" if said.endswith(".") else "."))
        else:
            self._say(
                f"Something went wrong while {doing} ({type(error).__name__}). "
                "The page goes on; the server's log has the details."
            )

    def task(
        self, coroutine: Coroutine[Any, Any, None], doing: str, loop: asyncio.AbstractEventLoop
    ) -> None:
        """Run a coroutine in the kernel's loop, from whichever thread this is called.

        Parameters
        ----------
        coroutine : coroutine
        doing : str
            What it does, for the sentence about an error.
        loop : asyncio.AbstractEventLoop
        """

        async def guarded() -> None:
            try:
                await coroutine
            # As above: the exception of a task that nobody awaits is not seen either.
            except Exception as error:  # noqa: BLE001 - any error has to be told
                self.report(error, doing)

        asyncio.run_coroutine_threadsafe(guarded(), loop)
