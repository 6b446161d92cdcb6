"""Whether a pad can be opened: what became of the kernels that were started last."""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from tornado.web import HTTPError

_PAUSE = 10  # seconds until another kernel is started where one could not be


class Readiness:
    """Looks on while kernels are started, and has another try made when one could not be.

    Parameters
    ----------
    kernels : jupyter_server.services.kernels.kernelmanager.AsyncMappingKernelManager
        Voila's manager of kernels, whose starts are watched from now on.
    log : callable of str
        Told once when a start fails after some that did not.
    """

    def __init__(self, kernels: Any, log: Callable[[str], None]) -> None:
        self._kernels = kernels
        self._log = log
        self._failing = False
        self._retry: asyncio.TimerHandle | None = None
        self._start_cold = kernels.start_kernel
        kernels.start_kernel = self._start
        # Voila derives its class of managers from ours, so what it adds can be reached here alone.
        if hasattr(kernels, "_initialize"):
            self._make_ready = kernels._initialize
            kernels._initialize = self._prepare
        # The first kernels were sent for when the manager was made.
        for pool in self._pools().values():
            for waiting in pool:
                waiting.add_done_callback(self._watch)

    @property
    def can_open(self) -> bool:
        """Whether a pad is ready, or the kernel that was started last did start."""
        pools = self._pools().values()
        return not self._failing or any(_is_ready(one) for pool in pools for one in pool)

    def close(self) -> None:
        """Start nothing any more."""
        if self._retry is not None:
            self._retry.cancel()

    async def _start(self, **options: Any) -> str:
        try:
            kernel_id: str = await self._start_cold(**options)
        except Exception as error:
            self._fail(error)
            raise
        if not self._pools():
            self._failing = False
        return kernel_id

    async def _prepare(self, *arguments: Any, **options: Any) -> Any:
        try:
            made = await self._make_ready(*arguments, **options)
        except Exception as error:
            self._try_again(asyncio.current_task(), error)
            raise
        made["task"].add_done_callback(self._rendered)
        return made

    def _watch(self, waiting: asyncio.Task[Any]) -> None:
        if waiting.cancelled():
            return
        if error := waiting.exception():
            self._try_again(waiting, error)
        else:
            waiting.result()["task"].add_done_callback(self._rendered)

    def _rendered(self, rendering: asyncio.Task[Any]) -> None:
        if rendering.cancelled():
            return
        if error := rendering.exception():
            self._fail(error)  # the kernel died, and its manager starts another
        else:
            self._failing = False

    def _try_again(self, waiting: asyncio.Task[Any] | None, error: BaseException) -> None:
        """Take what could not be started out of its pool, and fill that again in a while."""
        self._fail(error)
        for name, pool in self._pools().items():
            if waiting in pool:
                pool.remove(waiting)
                self.close()
                fill = partial(self._kernels.fill_if_needed, 0, name)
                self._retry = asyncio.get_running_loop().call_later(_PAUSE, fill)

    def _fail(self, error: BaseException) -> None:
        if isinstance(error, HTTPError):  # there was no room for it just now, which is not a fault
            return
        if not self._failing:
            self._log(f"No pad can be started: {error or type(error).__name__}")
        self._failing = True

    def _pools(self) -> dict[str, list[asyncio.Task[Any]]]:
        return getattr(self._kernels, "_pools", {})


def _is_ready(waiting: asyncio.Task[Any]) -> bool:
    if not waiting.done() or waiting.cancelled() or waiting.exception():
        return False
    rendering: asyncio.Task[Any] = waiting.result()["task"]
    return rendering.done() and not rendering.cancelled() and rendering.exception() is None
