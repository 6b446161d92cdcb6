"""The door of the pads: how many there may be at once, how many are made ready, and for whom."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from typing import Any

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError

UNCLAIMED_AFTER = 15.0
"""Seconds after which a pad is ended whose page was written, and whose script said nothing."""


class Visit:
    """One request for a page, from its coming until the page is written.

    Parameters
    ----------
    task : asyncio.Task or None
        What answers the request.
    """

    def __init__(self, task: asyncio.Task[Any] | None) -> None:
        self.task = task
        self.kernel_id = ""
        self.is_cold = False  # a turn of the door is held for it
        self.is_gone = False  # nobody reads the page any more
        self._waits = False  # nothing was started for it yet

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Be waiting for a turn, which may be broken off."""
        self._waits = True
        try:
            yield
        finally:
            self._waits = False

    def arrive(self, kernel_id: str) -> None:
        """Have a kernel."""
        self.kernel_id = kernel_id
        if self.is_gone:
            self.leave()

    def leave(self) -> None:
        """Break off, as soon as that leaves no kernel half started."""
        self.is_gone = True
        if self.task is not None and (self._waits or self.kernel_id):
            self.task.cancel()


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
        self._claimed: set[str] = set()
        self._visits: dict[asyncio.Task[Any] | None, Visit] = {}
        self._queued: set[asyncio.Task[Any] | None] = set()
        self._ending: set[asyncio.Task[None]] = set()
        # Voila derives its class of managers from ours, so what it adds can be reached here alone.
        if hasattr(kernels, "_initialize"):
            self._make_ready = kernels._initialize
            kernels._initialize = self._prepare
            self._take_ready = kernels.get_rendered_notebook
            kernels.get_rendered_notebook = self._take
        self._start_cold = kernels.start_kernel
        kernels.start_kernel = self._start

    @property
    def num_here(self) -> int:
        """How many visitors there are, those who are just coming included."""
        self._here &= set(self._kernels.list_kernel_ids())
        self._claimed &= self._here
        return len(self._here) + sum(not visit.kernel_id for visit in self._visits.values())

    @property
    def is_full(self) -> bool:
        """Whether there are as many as there may be."""
        return self.num_here >= self.most

    @contextmanager
    def visit(self) -> Iterator[Visit]:
        """Be somebody who comes, until the page is written."""
        task = asyncio.current_task()
        visit = self._visits[task] = Visit(task)
        try:
            yield visit
        finally:
            del self._visits[task]
            if visit.is_cold:
                self._turns.release()
            if visit.is_gone:
                self._end(visit.kernel_id)
            elif visit.kernel_id not in self._claimed:
                loop = asyncio.get_running_loop()
                loop.call_later(UNCLAIMED_AFTER, self._end_unclaimed, visit.kernel_id)

    def claim(self, kernel_id: str) -> bool:
        """Have a pad that somebody's page runs with; without this it is ended in some seconds.

        Parameters
        ----------
        kernel_id : str
            The pad's kernel.

        Returns
        -------
        bool
            Whether there is such a pad.
        """
        if kernel_id in self._here:
            self._claimed.add(kernel_id)
        return kernel_id in self._here

    def forget(self, kernel_id: str) -> None:
        """End the visit whose kernel is no more: Voila would wait for the rest of its page."""
        for visit in self._visits.values():
            if kernel_id and visit.kernel_id == kernel_id and visit.task is not None:
                visit.task.cancel()

    def _end_unclaimed(self, kernel_id: str) -> None:
        if kernel_id not in self._claimed:
            self._end(kernel_id)

    def _end(self, kernel_id: str) -> None:
        if kernel_id in self._kernels:
            ending = asyncio.create_task(self._shut_down(kernel_id))
            self._ending.add(ending)  # or nobody would keep the task
            ending.add_done_callback(self._ending.discard)

    async def _shut_down(self, kernel_id: str) -> None:
        # The tab may be closed, or the server stopped, at the same moment.
        with suppress(KeyError, RuntimeError, HTTPError):
            await ensure_async(self._kernels.shutdown_kernel(kernel_id, now=True))

    def _let_in(self, kernel_id: str) -> None:
        self._here.add(kernel_id)
        visit = self._visits.get(asyncio.current_task())
        if visit is not None:
            visit.arrive(kernel_id)

    async def _start(self, **options: Any) -> str:
        """Start a kernel for a visitor; the turn lasts until the visit's page is written."""
        visit = self._visits[asyncio.current_task()]
        with visit.waiting():
            await self._turns.acquire()
        visit.is_cold = True
        kernel_id: str = await self._start_cold(**options)
        self._let_in(kernel_id)
        return kernel_id

    async def _take(self, notebook_name: str, **options: Any) -> Any:
        """Hand out a kernel that waits, but none that died while it waited."""
        while True:
            await self._until_ready(notebook_name)
            taken = await self._take_ready(notebook_name, **options)
            rendering, _, kernel_id = taken
            if not _failed(rendering) and await self._is_alive(kernel_id):
                self._let_in(kernel_id)
                return taken
            # Somebody else may have taken the last one meanwhile, and Voila fails at an empty pool.
            self._kernels.fill_if_needed(delay=0, notebook_name=notebook_name)

    async def _until_ready(self, notebook_name: str) -> None:
        """Wait for the next kernel and leave it where it is, so that a visitor may go meanwhile."""
        visit = self._visits.get(asyncio.current_task())
        pool = self._kernels._pools[notebook_name]
        while pool and not pool[0].done():
            with nullcontext() if visit is None else visit.waiting():
                await asyncio.wait([pool[0]])

    async def _is_alive(self, kernel_id: str) -> bool:
        if kernel_id not in self._kernels:
            return False
        return bool(await ensure_async(self._kernels.get_kernel(kernel_id).is_alive()))

    async def _prepare(self, *arguments: Any, **options: Any) -> Any:
        """Make a kernel ready to wait for a visitor; the turn lasts until its notebook has run."""
        task = asyncio.current_task()
        if task is not None:
            task.add_done_callback(_failed)
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


def _failed(rendering: asyncio.Task[Any]) -> bool:
    """Tell whether a task failed; it is printed when it is forgotten, unless somebody asks."""
    if not rendering.done():
        return False
    return rendering.cancelled() or rendering.exception() is not None
