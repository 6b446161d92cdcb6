"""What answers a request of the pad's server: a page, a file of one, and what is not there."""

import asyncio
import os
import posixpath
from collections.abc import Callable
from http.client import responses
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.auth import IdentityProvider, User
from jupyter_server.base.handlers import FileFindHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from tornado.web import HTTPError, RedirectHandler, RequestHandler, StaticFileHandler, authenticated
from voila.handler import BaseVoilaHandler
from voila.request_info_handler import RequestInfoSocketHandler
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import MultiStaticFileHandler, TemplateStaticFileHandler
from voila.tornado.handler import TornadoVoilaHandler

from digitrec import __version__
from digitrec.serving import reading as course
from digitrec.serving.door import Door, Visit
from digitrec.serving.pages import EXTENSIONS, PAD


class Visitors(IdentityProvider):  # type: ignore[misc] # Jupyter's server is not checked
    """Everybody is the same visitor, and nobody is given a cookie to be known by."""

    def get_user(self, _handler: RequestHandler) -> User:
        """Return the one user that there is."""
        return User("visitor")


class Answer(RequestHandler):
    """What all answers have in common: a friendly page where something is wrong."""

    def write_error(self, status_code: int, **_about: Any) -> None:
        """Write the page for a status; nothing of what was sent or went wrong is on it."""
        templates = self.settings["voila_jinja2_env"]
        template = templates.select_template([f"{status_code}.html", "error.html"])
        self.set_header("Content-Type", "text/html; charset=UTF-8")
        self.finish(
            template.render(
                base_url=self.settings["base_url"],
                status_code=status_code,
                status_message=responses.get(status_code, "Unknown"),
                host=self.request.host_name,
            )
        )


class Page(Answer, TornadoVoilaHandler):  # type: ignore[misc] # Voila has no types
    """A notebook as a page."""

    SUPPORTED_METHODS = ("GET", "HEAD")
    _visit: Visit | None = None

    async def prepare(self) -> None:
        """Set the cookie without which the page may not end its kernel when it is closed."""
        # Voila keeps what is asked with a page, and tells it to kernels; no page needs that.
        self.request.uri, self.request.query, self.request.arguments = self.request.path, "", {}
        await ensure_async(super().prepare())
        if self.request.method == "GET" and self._is_opened():
            _ = self.xsrf_token  # asking for it sets it

    def _is_opened(self) -> bool:
        """Tell whether a browser opens this as a page; other programs do not say what for."""
        headers = self.request.headers
        purposes = [headers.get(name, "") for name in ("Sec-Purpose", "Purpose", "X-Moz")]
        return (
            headers.get("Sec-Fetch-Dest", "document") == "document"
            and headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
            and not any("prefetch" in purpose.lower() for purpose in purposes)
        )

    @authenticated
    async def head(self, _path: str) -> None:
        """Tell that the page is there, without a kernel."""
        self.set_header("Content-Type", "text/html")

    @authenticated
    async def get(self, path: str) -> None:
        """Write the page, when it is this visitor's turn and there is room."""
        if not self._is_opened():
            raise HTTPError(403)
        door: Door = self.settings["door"]
        log: Callable[[str], None] = self.settings["log_line"]
        if door.is_full:
            log(f"A visitor finds no room beside {door.num_here} others.")
            self.set_header("Retry-After", "60")
            raise HTTPError(503)
        with door.visit() as visit:
            self._visit = visit
            log(f"A visitor opens {path.removesuffix('.ipynb')}; pads in use: {door.num_here}.")
            try:
                await super().get(path)  # type: ignore[misc] # Voila's is a coroutine
            # What Jupyter calls a kernel that died, and what the door does when it hears of that.
            except (RuntimeError, asyncio.CancelledError) as error:
                if not visit.is_gone:
                    log("A page could not be made ready: its kernel died.")
                    if not self._headers_written:
                        raise HTTPError(500) from error
                # The page was begun; its script sees that the end is missing, and offers a reload.
            finally:
                # What was asked with a page is kept for a request that is never answered here.
                RequestInfoSocketHandler._cache.clear()

    def on_connection_close(self) -> None:
        """Give the place to somebody else: nobody reads this page any more."""
        super().on_connection_close()
        if self._visit is not None:
            self._visit.leave()


class Claim(Answer):
    """Hears from a page's script that it runs. Who does not know a kernel's name claims none."""

    SUPPORTED_METHODS = ("POST",)

    def post(self, kernel_id: str) -> None:
        """Keep the pad for this page."""
        if not self.settings["door"].claim(kernel_id):
            raise HTTPError(404)
        self.set_status(204)


class Course(Answer, BaseVoilaHandler):  # type: ignore[misc] # Voila has no types
    """A notebook as it is stored, to be read; no kernel is started for it."""

    SUPPORTED_METHODS = ("GET", "HEAD")

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
        template = self.get_template("course.html")
        self.set_header("Cache-Control", "no-cache")
        await self.finish(template.render(lesson=lesson, others=others, pad=pad))

    head = get


class Health(Answer):
    """Answer whether the server is up and can open pads, and how many there are."""

    SUPPORTED_METHODS = ("GET", "HEAD")

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

    head = get


class ToPad(Answer, RedirectHandler):
    """Leads from the bare address to the pad."""

    SUPPORTED_METHODS = ("GET", "HEAD")

    head = RedirectHandler.get


class Robots(Answer):
    """Asks the programs of search engines to open no pads."""

    SUPPORTED_METHODS = ("GET", "HEAD")

    def get(self) -> None:
        """Write what they are to leave out."""
        base = self.settings["base_url"]
        self.set_header("Content-Type", "text/plain; charset=UTF-8")
        self.write(f"User-agent: *\nDisallow: {base}voila/\nDisallow: {base}api/\n")

    head = get


class _File(Answer, StaticFileHandler):
    """A file of a page: at its own address alone, and what is no file is not there."""

    SUPPORTED_METHODS = ("GET", "HEAD")

    def parse_url_path(self, path: str) -> str:
        """Refuse other ways to write a path: Jupyter remembers each, and stumbles over some."""
        parts = path.split("/")
        if path != posixpath.normpath(path) or {"", "."} & set(parts) or "\0" in path:
            raise HTTPError(404)
        if ".." in parts or not self.is_served(parts):
            raise HTTPError(404)
        return str(super().parse_url_path(path))

    def is_served(self, _parts: list[str]) -> bool:
        """Tell whether a page may need what is at this path."""
        return True

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Refuse folders, which have no page of their own here."""
        if not os.path.isfile(absolute_path):  # noqa: PTH113 - this one takes any name
            raise HTTPError(404)
        return super().validate_absolute_path(root, absolute_path)


class PageFile(_File, MultiStaticFileHandler):  # type: ignore[misc] # Voila has no types
    """A file of Voila's page."""


class TemplateFile(_File, TemplateStaticFileHandler):  # type: ignore[misc] # as above
    """A file of our template."""

    def is_served(self, parts: list[str]) -> bool:
        """Tell whether it is a file of ours, and not of another template that is installed."""
        return len(parts) > 2 and parts[:2] == ["digitrec", "static"]


class ExtensionFile(_File, FileFindHandler):  # type: ignore[misc] # Jupyter's server is not checked
    """A file of one of the extensions that the pages need."""

    def is_served(self, parts: list[str]) -> bool:
        """Tell whether it belongs to one of them."""
        return "/".join(parts).startswith(tuple(f"{name}/" for name in EXTENSIONS))


class Kernel(KernelHandler):  # type: ignore[misc] # Jupyter's server is not checked
    """What is known of a kernel, for a page that knows its name."""

    SUPPORTED_METHODS = ("GET",)


class Shutdown(VoilaShutdownKernelHandler):  # type: ignore[misc] # Voila has no types
    """Ends the kernel of a page that is closed."""

    SUPPORTED_METHODS = ("POST",)

    async def prepare(self) -> None:
        """Refuse names of kernels that are not there."""
        await super().prepare()
        if self.path_args[0] not in self.kernel_manager:
            raise HTTPError(404)


class NotFound(Answer):
    """Say that there is nothing at this address."""

    def prepare(self) -> None:
        """Refuse every method."""
        raise HTTPError(404)


class Foreign(Answer):
    """Say that this server does not answer under the name that it was asked by."""

    def prepare(self) -> None:
        """Refuse every method."""
        raise HTTPError(421)
