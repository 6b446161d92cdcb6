"""Voila's server, cut down to the pages of digitrec.

Voila shows every notebook of its folder and a list of them. A pad for everybody shows the pages it
means to show, and says something friendly at every other address.
"""

import asyncio
import socket
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.session import utcnow
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from tornado.web import HTTPError, RedirectHandler, RequestHandler
from voila.app import Voila
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from digitrec import journal
from digitrec.serving import PAD, PAGES
from digitrec.settings import Settings, num_descriptors
from digitrec.voila.connections import Connections
from digitrec.voila.descriptors import FOR_A_KERNEL, Descriptors
from digitrec.voila.door import Door
from digitrec.voila.handlers import Course, Health, NotFound, Page, TemplateFile
from digitrec.voila.lines import Lines, WhyNoLine, counted
from digitrec.voila.readiness import Readiness

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

    def __init__(self, **options: Any) -> None:
        self._met: set[str] = set()
        super().__init__(**options)
        # ZeroMQ has room for a thousand sockets, which is two hundred lines.
        self.context.set(zmq.MAX_SOCKETS, num_descriptors())

    async def start_kernel(self, **options: Any) -> str:
        """Start a kernel, where there is enough left to start it with."""
        if not self.parent.has_descriptors(FOR_A_KERNEL):
            raise HTTPError(503)
        started: str = await super().start_kernel(**options)
        return started

    def _handle_kernel_died(self, kernel_id: str) -> None:
        super()._handle_kernel_died(kernel_id)
        # Voila keeps the kernels that wait in this attribute of the class it derives from this one.
        for name, pool in self._pools.items():
            for waiting in [task for task in pool if task.done() and not task.cancelled()]:
                if waiting.exception() or waiting.result()["kernel_id"] == kernel_id:
                    pool.remove(waiting)
            self.fill_if_needed(notebook_name=name)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel that nobody uses; Voila keeps those from it that wait for a visitor.

        One that waited for long has done nothing for long when its visitor comes, whose page takes
        a moment to connect. So it counts as used when it is first met here.
        """
        self._met &= set(self.list_kernel_ids())
        if kernel_id in self._met:
            await super().cull_kernel_if_idle(kernel_id)
        elif kernel_id in self:
            self._met.add(kernel_id)
            self.get_kernel(kernel_id).last_activity = utcnow()


class PadServer(Voila):  # type: ignore[misc] # Voila has no types
    """Voila with the pages of digitrec and no others.

    Voila's own ``start`` never returns and stops in a way that leaves kernels running when it is
    told to during its start; :meth:`open` and :meth:`close` are awaited by a running event loop.
    """

    def open(self, listening: socket.socket, settings: Settings, private: Path) -> None:
        """Answer requests on a socket that listens already.

        Parameters
        ----------
        listening : socket.socket
            Bound, listening and not blocking.
        settings : Settings
            What is not Voila's to know.
        private : Path
            A folder that this user alone may enter.
        """
        self._listening = listening
        self._settings = settings
        self._log_line = journal.show if settings.log else _say_nothing
        self._journal = journal.Journal(private, self._log_line)
        self._descriptors = Descriptors(self._log_line)
        self.start()

    def has_descriptors(self, number: int) -> bool:
        """Tell whether so many file descriptors are left."""
        return self._descriptors.are_left(number)

    def listen(self) -> None:
        """Take the socket given to :meth:`open`; Voila calls this at the end of its start."""
        self.http_server = Connections(self.app, self._settings, self._descriptors)
        self.http_server.open(self._listening)

    async def close(self) -> None:
        """Take no more requests, and end every kernel."""
        self.http_server.stop()
        self.app.settings["door"].close()
        self.app.settings["readiness"].close()
        for _ in range(100):
            try:
                await ensure_async(self.kernel_manager.shutdown_all(now=True))
                break
            except HTTPError:  # a kernel that is just being started can not be ended yet
                await asyncio.sleep(0.1)
        self._journal.close()

    def init_settings(self) -> dict[str, Any]:
        """Add the door, the limits, and the page for addresses that are not served."""
        settings: dict[str, Any] = super().init_settings()
        wanted = self._settings
        settings["readiness"] = Readiness(self.kernel_manager, self._log_line)
        settings["descriptors"] = self._descriptors
        settings["lines"] = Lines(wanted.connections_per_pad, self._descriptors)
        settings["door"] = Door(self.kernel_manager, wanted.most_pads, wanted.starting_at_once)
        settings["log_line"] = self._log_line
        settings["log_function"] = self._log_request
        settings["websocket_max_message_size"] = int(wanted.message_megabytes * 1e6)
        settings["default_handler_class"] = NotFound
        settings["default_handler_args"] = {"voila_configuration": self.voila_configuration}
        return settings

    def _log_request(self, handler: RequestHandler) -> None:
        """Log what should not have happened; Jupyter would name the visitor's address."""
        if handler.get_status() >= 500 and handler.get_status() != 503:
            self._log_line(f"A request fails: {handler.get_status()} {handler.request.path}")

    def init_handlers(self) -> list[Any]:
        """Keep Voila's handlers for kernels and files, and serve the named pages alone."""
        ours = {
            TemplateStaticFileHandler: TemplateFile,
            VoilaKernelWebsocketHandler: counted(VoilaKernelWebsocketHandler),
        }
        kept = [
            (entry[0], ours[entry[1]]) if entry[1] in ours else entry
            for entry in super().init_handlers()
            if entry[1] not in _CLOSED
        ]
        pages = "|".join(name.replace(".", r"\.") for name in PAGES)
        render = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        reading = {
            "folder": Path(self.root_dir),
            "voila_configuration": self.voila_configuration,
        }
        base = self.server_url.rstrip("/")
        pad = {"url": f"{self.base_url.rstrip('/')}/voila/render/{PAD}", "permanent": False}
        return [
            *kept,
            (f"{base}/", RedirectHandler, pad),
            (f"{base}/health", Health),
            (rf"{base}/line/([0-9a-f-]{{36}})", WhyNoLine),
            (rf"{base}/course/([0-9]{{2}}_[a-z_]+)\.html", Course, reading),
            (f"{base}/voila/render/({pages})", Page, render),
        ]


def _say_nothing(_line: str) -> None:
    """Take the place of a log where none is wanted."""
