"""The door of the pads: how many there may be at once, and how many are made ready at a time."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from jupyter_core.utils import ensure_async


class Door:
    """Lets visitors in, in the order in which they come.

    Thirty kernels that are started together are all ready in the end, late; a few at a time are
    ready one after another, and leave the pads in use their share of the processors.

    Parameters
    ----------
    kernels : jupyter_server.services.kernels.kernelmanager.AsyncMappingKernelManager
        Voila's manager of kernels, whose starts are made to wait for their turn.
    most : int
        Pads that there may be at once.
    at_once : int
        Kernels that are made ready at the same time.
    """

    def __init__(self, kernels: Any, most: int, at_once: int) -> None:
        self._kernels = kernels
        self.most = most
        self._turns = asyncio.Semaphore(at_once)
        self._here: set[str] = set()
        self._coming: set[asyncio.Task[Any] | None] = set()
        self._cold: set[asyncio.Task[Any] | None] = set()
        self._queued: set[asyncio.Task[Any] | None] = set()
        # Voila derives its class of managers from ours, so what it adds can be reached here alone.
        if hasattr(kernels, "_initialize"):
            self._make_ready = kernels._initialize
            kernels._initialize = self._prepare
            self._take_ready = kernels.get_rendered_notebook
            kernels.get_rendered_notebook = self._take
            # The first kernels were sent for when the manager was made, before there was a door.
            for pool in kernels._pools.values():
                for waiting in pool:
                    waiting.add_done_callback(_watch)
        self._start_cold = kernels.start_kernel
        kernels.start_kernel = self._start

    @property
    def num_here(self) -> int:
        """How many visitors there are, those who are just coming included."""
        self._here &= set(self._kernels.list_kernel_ids())
        return len(self._here) + len(self._coming)

    @property
    def is_full(self) -> bool:
        """Whether there are as many as there may be."""
        return self.num_here >= self.most

    @contextmanager
    def visit(self) -> Iterator[None]:
        """Be somebody who comes, until the page is written."""
        task = asyncio.current_task()
        self._coming.add(task)
        try:
            yield
        finally:
            self._coming.discard(task)
            if task in self._cold:
                self._cold.discard(task)
                self._turns.release()

    def _let_in(self, kernel_id: str) -> None:
        self._here.add(kernel_id)
        self._coming.discard(asyncio.current_task())

    async def _start(self, **options: Any) -> str:
        """Start a kernel for a visitor; the turn lasts until the visit's page is written."""
        await self._turns.acquire()
        self._cold.add(asyncio.current_task())
        kernel_id: str = await self._start_cold(**options)
        self._let_in(kernel_id)
        return kernel_id

    async def _take(self, notebook_name: str, **options: Any) -> Any:
        """Hand out a kernel that waits, but none that died while it waited."""
        while True:
            taken = await self._take_ready(notebook_name, **options)
            rendering, _, kernel_id = taken
            if not _failed(rendering) and await self._is_alive(kernel_id):
                self._let_in(kernel_id)
                return taken
            # Somebody else may have taken the last one meanwhile, and Voila fails at an empty pool.
            self._kernels.fill_if_needed(delay=0, notebook_name=notebook_name)

    async def _is_alive(self, kernel_id: str) -> bool:
        if kernel_id not in self._kernels:
            return False
        return bool(await ensure_async(self._kernels.get_kernel(kernel_id).is_alive()))

    async def _prepare(self, *arguments: Any, **options: Any) -> Any:
        """Make a kernel ready to wait for a visitor; the turn lasts until its notebook has run."""
        task = asyncio.current_task()
        self._queued.add(task)
        try:
            await self._turns.acquire()
        finally:
            self._queued.discard(task)
        try:
            made = await self._make_ready(*arguments, **options)
        except BaseException:
            self._turns.release()
            raise
        made["task"].add_done_callback(self._end_turn)
        return made

    def _end_turn(self, rendering: asyncio.Task[Any]) -> None:
        self._turns.release()
        _failed(rendering)

    def close(self) -> None:
        """Start none of the kernels any more that wait for their turn.

        One that is being started is left alone: its manager would wait for it for ever.
        """
        for pool in getattr(self._kernels, "_pools", {}).values():
            for task in [task for task in pool if task in self._queued]:
                task.cancel()
                pool.remove(task)


def _watch(waiting: asyncio.Task[Any]) -> None:
    if not _failed(waiting):
        waiting.result()["task"].add_done_callback(_failed)


def _failed(rendering: asyncio.Task[Any]) -> bool:
    """Tell whether a task failed; it is printed when it is forgotten, unless somebody asks."""
    if not rendering.done():
        return False
    return rendering.cancelled() or rendering.exception() is not None
