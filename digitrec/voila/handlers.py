"""What answers a request of the pad's server: a page, a notebook to read, and what is not there."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from tornado.web import HTTPError, RequestHandler, authenticated
from voila.handler import BaseVoilaHandler
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler

from digitrec import __version__
from digitrec.serving import PAD
from digitrec.voila import course
from digitrec.voila.door import Door


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
    """Answer whether the server is up and can open pads, and how many there are."""

    def get(self) -> None:
        """Write one JSON object."""
        kernels = len(self.settings["kernel_manager"].list_kernel_ids())
        door: Door = self.settings["door"]
        visitors, can_open = door.num_here, self.settings["readiness"].can_open
        pads = {"open": visitors, "free": max(0, door.most - visitors), "can_open": can_open}
        found = {"version": __version__, "kernels": kernels, "visitors": visitors, "pads": pads}
        if not can_open:
            self.set_status(503)
        self.write({"status": "ok" if can_open else "no pad can be opened", **found})


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
