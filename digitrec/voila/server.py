"""Voila's server, cut down to the pages of digitrec.

Voila shows every notebook of its folder and a list of them. A pad for everybody shows the pages it
means to show, and says something friendly at every other address.
"""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_client.session import utcnow
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import (
    AsyncMappingKernelManager,
    ServerKernelManager,
)
from tornado.httpserver import HTTPServer
from tornado.web import HTTPError, RedirectHandler, RequestHandler, authenticated
from voila.app import Voila
from voila.handler import BaseVoilaHandler
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from digitrec import __version__, journal
from digitrec.serving import PAD, PAGES
from digitrec.settings import Settings
from digitrec.voila import course
from digitrec.voila.door import Door
from digitrec.voila.line import LineHandler

_CLOSED = (TornadoVoilaTreeHandler, VoilaContentsHandler, TornadoVoilaHandler)


class PadKernel(ServerKernelManager):  # type: ignore[misc] # Jupyter's server is not checked
    """One kernel, which is not interrupted before it is ended.

    An interrupted kernel says so in the terminal, and a pad has no cell that would run for long.
    """

    async def _async_interrupt_kernel(self) -> None:
        if not self.shutting_down:
            await super()._async_interrupt_kernel()

    async def _async_pre_start_kernel(self, **options: Any) -> Any:
        # What a kernel complains about is for strangers to choose; it has the journal for the rest.
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        return await super()._async_pre_start_kernel(**options, **quiet)


class PadKernels(AsyncMappingKernelManager):  # type: ignore[misc] # Jupyter's server is not checked
    """The kernels of the pads: one that died is not started again, as it would know no page.

    Jupyter would start an empty kernel in its place, and the page would wait for it in vain. Told
    that its kernel is dead, the page offers a reload; and one that died while it was waiting for a
    visitor is taken out of the pool.
    """

    def __init__(self, **options: Any) -> None:
        self._met: set[str] = set()
        super().__init__(**options)

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


class Page(TornadoVoilaHandler):  # type: ignore[misc] # Voila has no types
    """A notebook as a page."""

    async def prepare(self) -> None:
        """Set the cookie without which the page may not end its kernel when it is closed."""
        await ensure_async(super().prepare())
        _ = self.xsrf_token  # asking for it sets it

    @authenticated
    async def get(self, path: str) -> None:
        """Write the page, when it is this visitor's turn and there is room."""
        door: Door = self.settings["door"]
        log: Callable[[str], None] = self.settings["log_line"]
        if door.is_full:
            log(f"A visitor finds no room beside {door.num_here} others.")
            self.set_header("Retry-After", "60")
            raise HTTPError(503)
        with door.visit():
            log(f"A visitor opens {path.removesuffix('.ipynb')}; pads in use: {door.num_here}.")
            try:
                await super().get(path)
            except RuntimeError as error:  # what Jupyter calls a kernel that died
                if not self._headers_written:
                    raise
                # The page was begun; its script sees that the end is missing, and offers a reload.
                log(f"A page could not be made ready: {error}")


class Course(BaseVoilaHandler):  # type: ignore[misc] # Voila has no types
    """A notebook as it is stored, to be read; no kernel is started for it."""

    def initialize(self, **settings: Any) -> None:
        """Take the folder of the notebooks, beside what Voila's handlers take."""
        super().initialize(**settings)
        self._folder: Path = settings["folder"]

    @authenticated
    async def get(self, name: str) -> None:
        """Write the page of one notebook."""
        addresses = course.lessons(self._folder)
        if addresses.get(name) != f"{name}.html":
            raise HTTPError(404)
        # Half a second of work at the first visit, and the pads have to be answered meanwhile.
        lesson = await asyncio.to_thread(course.read, self._folder / f"{name}.ipynb")
        others = [
            (other, course.question(self._folder / f"{other}.ipynb"), address)
            for other, address in addresses.items()
        ]
        pad = f"../voila/render/{PAD}"
        page = self.render_template("course.html", lesson=lesson, others=others, pad=pad)
        self.set_header("Cache-Control", "no-cache")
        await self.finish(page)


class Health(RequestHandler):
    """Answer whether the server is up, with how many kernels and visitors, without a kernel."""

    def get(self) -> None:
        """Write one JSON object."""
        kernels = len(self.settings["kernel_manager"].list_kernel_ids())
        visitors = self.settings["door"].num_here
        found = {"version": __version__, "kernels": kernels, "visitors": visitors}
        self.write({"status": "ok", **found})


class TemplateFile(TemplateStaticFileHandler):  # type: ignore[misc] # Voila has no types
    """A file of a page's template; at an address of another form there is nothing."""

    def parse_url_path(self, path: str) -> str:
        """Refuse what Voila would only stumble over, with a trace in the log."""
        parts = path.split("/")
        if len(parts) < 3 or parts[1] != "static" or ".." in parts or "\0" in path:
            raise HTTPError(404)
        return str(super().parse_url_path(path))


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

    def open(self, listening: socket.socket, settings: Settings) -> None:
        """Answer requests on a socket that listens already.

        Parameters
        ----------
        listening : socket.socket
            Bound, listening and not blocking.
        settings : Settings
            What is not Voila's to know.
        """
        self._listening = listening
        self._settings = settings
        self._log_line = journal.show if settings.log else _say_nothing
        self._private = Path(tempfile.mkdtemp(prefix="digitrec-"))
        # A kernel that is ended while it trains cannot clear up; what it leaves goes with this.
        os.environ["TMPDIR"] = str(self._private)
        self._journal = journal.Journal(self._private, self._log_line)
        self.start()

    def listen(self) -> None:
        """Take the socket given to :meth:`open`; Voila calls this at the end of its start."""
        most = int(self._settings.request_megabytes * 1e6)
        self.http_server = HTTPServer(self.app, max_body_size=most)
        self.http_server.add_socket(self._listening)

    async def close(self) -> None:
        """Take no more requests, and end every kernel."""
        self.http_server.stop()
        self.app.settings["door"].close()
        for _ in range(100):
            try:
                await ensure_async(self.kernel_manager.shutdown_all(now=True))
                break
            except HTTPError:  # a kernel that is just being started can not be ended yet
                await asyncio.sleep(0.1)
        self._journal.close()
        for folder in (self.connection_dir, self._private):
            shutil.rmtree(folder, ignore_errors=True)

    def init_settings(self) -> dict[str, Any]:
        """Add the door, the limits, and the page for addresses that are not served."""
        settings: dict[str, Any] = super().init_settings()
        wanted = self._settings
        settings["door"] = Door(self.kernel_manager, wanted.most_pads, wanted.starting_at_once)
        settings["log_line"] = self._log_line
        settings["log_function"] = self._log_request
        settings["websocket_max_message_size"] = int(wanted.message_megabytes * 1e6)
        settings["unread_bytes"] = int(wanted.unread_megabytes * 1e6)
        settings["default_handler_class"] = NotFound
        settings["default_handler_args"] = {"voila_configuration": self.voila_configuration}
        return settings

    def _log_request(self, handler: RequestHandler) -> None:
        """Log what should not have happened; Jupyter would name the visitor's address."""
        if handler.get_status() >= 500 and handler.get_status() != 503:
            self._log_line(f"A request fails: {handler.get_status()} {handler.request.path}")

    def init_handlers(self) -> list[Any]:
        """Keep Voila's handlers for kernels and files, and serve the named pages alone."""
        ours = {TemplateStaticFileHandler: TemplateFile, VoilaKernelWebsocketHandler: LineHandler}
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
            (rf"{base}/course/([0-9]{{2}}_[a-z_]+)\.html", Course, reading),
            (f"{base}/voila/render/({pages})", Page, render),
        ]


def _say_nothing(_line: str) -> None:
    """Take the place of a log where none is wanted."""
