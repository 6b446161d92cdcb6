"""The server of the drawing pad: Voila, with everything set as people need it.

What people may set is in ``serving.toml``, which :mod:`digitrec.serving.settings` reads. The rest
is set, with reasons, in :func:`configuration`; :mod:`digitrec.serving.pages` lists what is served.
"""

import asyncio
import errno
import logging
import os
import signal
import socket
import sys
import threading
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

from digitrec import resources
from digitrec.errors import DigitrecError
from digitrec.serving.pages import EXTENSIONS, PAD
from digitrec.serving.settings import Settings, read

if TYPE_CHECKING:
    from traitlets.config import Config

    from digitrec.serving.private import Private


class ServingError(DigitrecError):
    """The server could not start.

    Examples
    --------
    >>> str(ServingError("Port 8866 is taken."))
    'Port 8866 is taken.'
    """


def template_root() -> Path:
    """Return the folder to search for the page's template, as Jupyter's data folders are laid out.

    Examples
    --------
    >>> (template_root() / "voila/templates/digitrec/index.html.j2").is_file()
    True
    """
    return Path(__file__).resolve().parent


def configuration(folder: Path, settings: Settings) -> "Config":
    """Return Voila's settings for the notebooks in a folder.

    Parameters
    ----------
    folder : Path
        The folder that holds the notebooks named in :data:`digitrec.serving.pages.PAGES`.
    settings : Settings
        What people may set.

    Examples
    --------
    >>> config = configuration(Path("notebooks"), read(port=9000))
    >>> config.Voila.port, config.VoilaConfiguration.strip_sources
    (9000, True)
    """
    import zmq  # noqa: PLC0415 - `digitrec predict` needs no Jupyter
    from jupyter_client.manager import KernelManager  # noqa: PLC0415 - as above
    from traitlets.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.Voila.root_dir = str(folder)
    config.Voila.ip = settings.host
    config.Voila.port = settings.port
    config.Voila.base_url = settings.base_path
    config.Voila.open_browser = False  # `serve` does it, once the port is open
    config.Voila.log_level = "ERROR"
    # A stray voila.json in the folder where somebody types the command must not change the page.
    config.Voila.config_file_paths = []

    config.VoilaConfiguration.template = "digitrec"
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.strip_sources = True
    config.VoilaConfiguration.extension_allowlist = list(EXTENSIONS)
    # For the page's template: this server hears at `voila/claim`, and Voila in JupyterLab does not.
    config.VoilaConfiguration.resources = {"claims": True}

    # Kernels are waiting with the pad already drawn, so that a visitor waits for the page alone.
    config.VoilaConfiguration.preheat_kernel = settings.waiting_pads > 0
    config.VoilaKernelManager.kernel_pools_config = {
        PAD: {"pool_size": settings.waiting_pads},
        "default": {"pool_size": 0},
    }

    # The door has them made ready, a few at a time; Voila itself would start all at once.
    config.VoilaKernelManager.preheat_denylist = [".*"]

    # On a busy machine a kernel may take long to hand over what its notebook shows. After 4 seconds
    # the page would come without it, and say nothing.
    config.VoilaExecutor.iopub_timeout = 60
    config.VoilaExecutor.raise_on_iopub_timeout = True

    # A kernel that died is reported, and not started again.
    config.VoilaConfiguration.multi_kernel_manager_class = "digitrec.serving.server.PadKernels"
    config.MultiKernelManager.kernel_manager_class = "digitrec.serving.server.PadKernel"
    config.KernelRestarter.restart_limit = 0

    # Nobody is told apart from anybody else, so nobody is given a cookie with a name.
    config.Voila.identity_provider_class = "digitrec.serving.handlers.Visitors"

    # A tab that is closed ends its kernel itself. These are for tabs that could not: a phone that
    # lost its network, a browser that crashed. A page that is connected keeps its kernel.
    config.MappingKernelManager.cull_idle_timeout = settings.abandoned_after
    config.MappingKernelManager.cull_interval = settings.look_every
    config.MappingKernelManager.cull_connected = False

    # Other users of this machine cannot listen to what a visitor draws.
    if zmq.has("curve") and "transport_encryption" in KernelManager.class_traits():
        config.KernelManager.transport_encryption = "auto"
    return config


def serve(settings: Settings | None = None) -> int:
    """Serve the drawing pad until the process is told to stop.

    One line with the address is printed when the page can be opened. Ctrl-C (SIGINT) and SIGTERM
    end the server and every kernel it started.

    Parameters
    ----------
    settings : Settings, optional
        How it is served; by default as the package says.

    Returns
    -------
    int
        The exit status, 0.

    Raises
    ------
    ServingError
        If the port is taken or not allowed, or the address is not one of this machine's.

    Examples
    --------
    >>> serve(read(host="192.0.2.1", port=9000))  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    digitrec.serving.run.ServingError: The server cannot listen on '192.0.2.1', port 9000: ...
    """
    settings = read() if settings is None else settings
    host, port = settings.host, settings.port
    folder = resources.notebooks()
    # Voila looks for templates in Jupyter's data folders, at the start and again for every file.
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        part for part in (str(template_root()), os.environ.get("JUPYTER_PATH")) if part
    )
    # The pads are told that the pages of the course can be read here.
    os.environ["DIGITREC_COURSE"] = "1"
    # Tornado and Jupyter count a web socket's patience in different units, and one says so.
    for name in ("tornado.general", "tornado.access"):
        logging.getLogger(name).setLevel(logging.ERROR)
    listening = _listen(host, port)
    # And how long one training may take.
    os.environ["DIGITREC_TRAINING_MINUTES"] = f"{settings.training_minutes:g}"
    private = _private()
    try:
        from digitrec.serving.server import PadServer  # noqa: PLC0415 - Voila takes half a second

        config = configuration(folder, settings)
        config.Voila.connection_dir_root = str(private.folder)
        server = PadServer(config=config)
        server.initialize(argv=[])
        address = _address(host, listening.getsockname()[1], settings.base_path)
        asyncio.run(_run(server, listening, address, settings, private.folder))
    finally:
        private.close()
    return 0


def _private() -> "Private":
    """Take a private folder, before Jupyter asks where it may write."""
    from digitrec.serving.private import Private  # noqa: PLC0415 - Windows has none of its locks

    try:
        private = Private()
    except OSError as error:
        raise ServingError(
            "The server needs a folder for temporary files, and cannot make one "
            f"({error.strerror}); TMPDIR names where to make it."
        ) from None
    private.inhabit()
    return private


async def _run(
    server: Any, listening: socket.socket, address: str, settings: Settings, private: Path
) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    server.open(listening, settings, private)
    try:
        others = _address_for_others(listening, settings.base_path)
        also = f", for others at {others}" if others else ""
        sys.stdout.write(f"Digit Recogniser is at {address}{also} (Ctrl-C stops it)\n")
        sys.stdout.flush()
        if settings.open_browser and _has_browser():
            # Some browsers only return when they are closed.
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        await stop.wait()
    finally:
        for sign in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(sign)  # a second Ctrl-C ends it at once
        await server.close()


def _listen(host: str, port: int) -> socket.socket:
    """Open the port before anything is started for it."""
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        # A name like localhost has an address of each family; every browser knows the older one.
        family, *_, where = min(found, key=lambda entry: entry[0] != socket.AF_INET)
        # All addresses of one family would leave out those that most people have.
        both = where[0] == "::" and socket.has_dualstack_ipv6()
        listening = socket.create_server(
            (str(where[0]), port), family=family, backlog=128, dualstack_ipv6=both
        )
    except socket.gaierror:
        raise ServingError(
            f"No address of this machine is called {host!r}; 127.0.0.1 is for this machine alone, "
            "0.0.0.0 for all that can reach it."
        ) from None
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            other = port + 1 if port < 65535 else port - 1
            reason = (
                f"Port {port} is taken, perhaps by another pad; name another one: "
                f"`make dashboard PORT={other}` or `digitrec dashboard --port {other}`."
            )
        elif error.errno == errno.EACCES:
            reason = f"This user may not open port {port}; ports from 1024 on are free to use."
        else:
            why = os.strerror(error.errno or 0)
            reason = f"The server cannot listen on {host!r}, port {port}: {why}."
        raise ServingError(reason) from None
    listening.setblocking(False)
    return listening


def _address(host: str, port: int, path: str = "/") -> str:
    here = "127.0.0.1" if socket.has_dualstack_ipv6() else "[::1]"
    everywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": here}  # noqa: S104 - shown only
    shown = everywhere.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}{path}"


def _address_for_others(listening: socket.socket, path: str = "/") -> str | None:
    """Return the address in the local network, where the server listens to that as well."""
    host, port, *_ = listening.getsockname()
    if host not in {"0.0.0.0", "::"}:  # noqa: S104 - compared only
        return None
    if host == "::" and not socket.has_dualstack_ipv6():
        return f"http://{socket.gethostname()}:{port}{path}"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; it asks which way out would be taken
        except OSError:
            return f"http://{socket.gethostname()}:{port}{path}"
        return f"http://{probe.getsockname()[0]}:{port}{path}"


def _has_browser() -> bool:
    """Tell whether opening a browser would show a window, and not fill this terminal."""
    if os.environ.get("BROWSER") or sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
