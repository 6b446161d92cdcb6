"""Voila's server, cut down to the pages of digitrec.

Voila shows every notebook of its folder and a list of them. A pad for everybody shows the pages it
means to show, and says something friendly at every other address.
"""

import asyncio
import logging
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import zmq
from jupyter_client.session import utcnow
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from tornado.httputil import HTTPMessageDelegate, HTTPServerRequest
from tornado.routing import Router
from tornado.web import Application, HTTPError
from voila.app import (
    FileFindHandler,
    KernelHandler,
    Voila,
    VoilaKernelWebsocketHandler,
    VoilaShutdownKernelHandler,
)
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler

from digitrec import journal
from digitrec.serving import handlers
from digitrec.serving.connections import Connections
from digitrec.serving.descriptors import FOR_A_KERNEL, Descriptors
from digitrec.serving.door import Door
from digitrec.serving.hosts import Hosts
from digitrec.serving.line import LineHandler, Lines
from digitrec.serving.pages import PAD, PAGES
from digitrec.serving.readiness import Readiness
from digitrec.serving.settings import Settings, num_descriptors
from digitrec.serving.why_no_line import WhyNoLine

# What the pages need of what Voila serves, and what answers there. The rest is closed, and so is
# whatever a new version of Voila or Jupyter's server adds.
_SERVED = {
    KernelHandler: handlers.Kernel,
    VoilaKernelWebsocketHandler: LineHandler,
    TemplateStaticFileHandler: handlers.TemplateFile,
    MultiStaticFileHandler: handlers.PageFile,
    VoilaShutdownKernelHandler: handlers.Shutdown,
    FileFindHandler: handlers.ExtensionFile,
}

# Lines a minute. A class of hundreds comes and goes with fewer, and a disk holds months of them.
_MOST_LINES = 300
_MOST_FAULTS = 20


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
        self.door: Door | None = None
        self.printing = subprocess.DEVNULL  # where kernels print
        super().__init__(**options)
        # ZeroMQ has room for a thousand sockets, which is two hundred lines.
        self.context.set(zmq.MAX_SOCKETS, num_descriptors())

    async def start_kernel(self, **options: Any) -> str:
        """Start a kernel, where there is enough left to start it with.

        It prints where it is told to, and not what visitors sent to the log.
        """
        if not self.parent.has_descriptors(FOR_A_KERNEL):
            raise HTTPError(503)
        kernel_id: str = await super().start_kernel(
            stdout=self.printing, stderr=self.printing, **options
        )
        return kernel_id

    def notify_connect(self, kernel_id: str) -> None:
        """Notice that a page has reached its kernel."""
        super().notify_connect(kernel_id)
        if self.door is not None:
            self.door.claim(kernel_id)

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that ended or died."""
        removed = super().remove_kernel(kernel_id)
        if self.door is not None:
            self.door.forget(kernel_id)
        return removed

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


class Gate(Router):
    """Passes on what is asked of this server, and refuses what is asked of another.

    Parameters
    ----------
    app : tornado.web.Application
        What answers.
    hosts : Hosts
        The names of this server.
    """

    def __init__(self, app: Application, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    def find_handler(self, request: HTTPServerRequest, **options: Any) -> HTTPMessageDelegate:
        """Return what answers a request."""
        if request.host_name in self._hosts:
            found: HTTPMessageDelegate = self._app.find_handler(request, **options)
            return found
        return self._app.get_handler_delegate(request, handlers.Foreign)


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
        self._log_line: Callable[[str], None] = _say_nothing
        if settings.log:
            self._log_line = journal.Bound(journal.show, _MOST_LINES)
        complain = journal.Bound(journal.complain, _MOST_FAULTS)
        _report_faults(self.log, complain)
        self._journal = journal.Journal(private, self._log_line)
        self._complaints = journal.Complaints(private, complain)
        self._descriptors = Descriptors(self._log_line)
        self.start()

    def has_descriptors(self, number: int) -> bool:
        """Tell whether so many file descriptors are left."""
        return self._descriptors.are_left(number)

    def listen(self) -> None:
        """Take the socket given to :meth:`open`; Voila calls this at the end of its start."""
        gate = Gate(self.app, Hosts([self._settings.host, *self._settings.allowed_hosts]))
        self.http_server = Connections(gate, self._settings, self._descriptors)
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
        self._complaints.close()

    def init_settings(self) -> dict[str, Any]:
        """Add the door, the limits, and the page for addresses that are not served."""
        settings: dict[str, Any] = super().init_settings()
        wanted = self._settings
        settings["readiness"] = Readiness(self.kernel_manager, self._log_line)
        settings["descriptors"] = self._descriptors
        settings["lines"] = Lines(wanted.connections_per_pad, self._descriptors)
        door = Door(self.kernel_manager, wanted.most_pads, wanted.starting_at_once)
        settings["door"] = self.kernel_manager.door = door
        self.kernel_manager.printing = self._complaints.end
        if wanted.waiting_pads:
            self.kernel_manager.fill_if_needed(delay=0, notebook_name=PAD)
        settings["log_line"] = self._log_line
        settings["log_function"] = _say_nothing  # Tornado would name the visitor's address
        settings["websocket_max_message_size"] = int(wanted.message_megabytes * 1e6)
        settings["unread_bytes"] = int(wanted.unread_megabytes * 1e6)
        settings["default_handler_class"] = handlers.NotFound
        # Until the browser is closed, and not for a month.
        settings["xsrf_cookie_kwargs"] = {"expires_days": None, "path": self.base_url}
        return settings

    def init_handlers(self) -> list[Any]:
        """Keep what the pages need of what Voila serves, and serve the named pages alone."""
        kept = [
            (entry[0], _SERVED[entry[1]], *entry[2:])
            for entry in super().init_handlers()
            if entry[1] in _SERVED
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
            (f"{base}/?", handlers.ToPad, pad),
            (f"{base}/health", handlers.Health),
            (rf"{base}/line/([0-9a-f-]{{36}})", WhyNoLine),
            (f"{base}/robots\\.txt", handlers.Robots),
            (rf"{base}/course/([0-9]{{2}}_[a-z_]+)\.html", handlers.Course, reading),
            (rf"{base}/voila/claim/([0-9a-f-]+)", handlers.Claim),
            (f"{base}/voila/render/({pages})", handlers.Page, render),
        ]


def _report_faults(voila: logging.Logger, hear: Callable[[str], None]) -> None:
    """Have every library's errors said in a line of our own."""
    root = logging.getLogger()
    for logger in (root, voila):
        logger.handlers.clear()
    voila.propagate = True
    # Here Voila tells of pages that were broken off, which the server does itself.
    logging.getLogger("traitlets").propagate = False
    root.addHandler(journal.Faults(hear))


def _say_nothing(_line: object) -> None:
    """Take the place of a log where none is wanted."""
