"""Voila's server, cut down to the pages of digitrec.

Voila shows every notebook of its folder and a list of them. A pad for everybody shows the pages it
means to show, and says something friendly at every other address.
"""

import asyncio
import shutil
import socket
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from tornado.httpserver import HTTPServer
from tornado.web import HTTPError, RedirectHandler, RequestHandler
from voila.app import Voila
from voila.handler import BaseVoilaHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from digitrec import __version__
from digitrec.serving import PAD, PAGES

_CLOSED = (TornadoVoilaTreeHandler, VoilaContentsHandler, TornadoVoilaHandler)


class PadKernel(ServerKernelManager):  # type: ignore[misc] # Jupyter's server is not checked
    """One kernel, which is not interrupted before it is ended.

    An interrupted kernel says so in the terminal, and a pad has no cell that would run for long.
    """

    async def _async_interrupt_kernel(self) -> None:
        if not self.shutting_down:
            await super()._async_interrupt_kernel()


class PadKernels(AsyncMappingKernelManager):  # type: ignore[misc] # Jupyter's server is not checked
    """The kernels of the pads: one that died is not started again, as it would know no page.

    Jupyter would start an empty kernel in its place, and the page would wait for it in vain. Told
    that its kernel is dead, the page offers a reload; and one that died while it was waiting for a
    visitor is taken out of the pool.
    """

    def _handle_kernel_died(self, kernel_id: str) -> None:
        super()._handle_kernel_died(kernel_id)
        # Voila keeps the kernels that wait in this attribute of the class it derives from this one.
        for name, pool in self._pools.items():
            for waiting in [task for task in pool if task.done() and not task.cancelled()]:
                if waiting.exception() or waiting.result()["kernel_id"] == kernel_id:
                    pool.remove(waiting)
            self.fill_if_needed(notebook_name=name)


class Page(TornadoVoilaHandler):  # type: ignore[misc] # Voila has no types
    """A notebook as a page."""

    async def prepare(self) -> None:
        """Set the cookie without which the page may not end its kernel when it is closed."""
        await ensure_async(super().prepare())
        _ = self.xsrf_token  # asking for it sets it


class Health(RequestHandler):
    """Answer whether the server is up, and how many kernels it has, without starting one."""

    def get(self) -> None:
        """Write one JSON object."""
        kernels = len(self.settings["kernel_manager"].list_kernel_ids())
        self.write({"status": "ok", "version": __version__, "kernels": kernels})


class NotFound(BaseVoilaHandler):  # type: ignore[misc] # Voila has no types
    """Say that there is nothing at this address."""

    async def prepare(self) -> None:
        """Refuse every method."""
        await ensure_async(super().prepare())
        raise HTTPError(404)


class PadServer(Voila):  # type: ignore[misc] # Voila has no types
    """Voila with the pages of digitrec and no others.

    Voila's own ``start`` never returns and stops in a way that leaves kernels running when it is
    told to during its start; :meth:`open` and :meth:`close` are awaited by a running event loop.
    """

    def open(self, listening: socket.socket) -> None:
        """Answer requests on a socket that listens already.

        Parameters
        ----------
        listening : socket.socket
            Bound, listening and not blocking.
        """
        self._listening = listening
        self.start()

    def listen(self) -> None:
        """Take the socket given to :meth:`open`; Voila calls this at the end of its start."""
        self.http_server = HTTPServer(self.app)
        self.http_server.add_socket(self._listening)

    async def close(self) -> None:
        """Take no more requests, and end every kernel."""
        self.http_server.stop()
        for _ in range(100):
            try:
                await ensure_async(self.kernel_manager.shutdown_all(now=True))
                break
            except HTTPError:  # a kernel that is just being started can not be ended yet
                await asyncio.sleep(0.1)
        shutil.rmtree(self.connection_dir, ignore_errors=True)

    def init_settings(self) -> dict[str, Any]:
        """Add the page for addresses that are not served."""
        settings: dict[str, Any] = super().init_settings()
        settings["default_handler_class"] = NotFound
        settings["default_handler_args"] = {"voila_configuration": self.voila_configuration}
        return settings

    def init_handlers(self) -> list[Any]:
        """Keep Voila's handlers for kernels and files, and serve the named pages alone."""
        kept = [entry for entry in super().init_handlers() if entry[1] not in _CLOSED]
        pages = "|".join(name.replace(".", r"\.") for name in PAGES)
        render = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        base = self.server_url.rstrip("/")
        pad = {"url": f"{self.base_url.rstrip('/')}/voila/render/{PAD}", "permanent": False}
        return [
            *kept,
            (f"{base}/", RedirectHandler, pad),
            (f"{base}/health", Health),
            (f"{base}/voila/render/({pages})", Page, render),
        ]
