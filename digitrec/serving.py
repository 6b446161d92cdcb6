"""The server of the drawing pad: Voila, with everything set as people need it.

What is set, and why, stands in :func:`configuration`; what is served is listed in :data:`PAGES`.
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

if TYPE_CHECKING:
    from traitlets.config import Config

PAD = "06_drawing_pad.ipynb"
"""The notebook that is shown when no other is asked for."""

PAGES = (PAD, "02_inside_a_cnn.ipynb")
"""The notebooks that are served; the others are for JupyterLab."""

EXTENSIONS = (
    "@jupyter-widgets/jupyterlab-manager",
    "@voila-dashboards/widgets-manager8",
    "anywidget",
    "ipycanvas",
)
"""The browser extensions that the pages need; whatever else is installed stays out of them."""


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


def configuration(folder: Path, *, host: str = "127.0.0.1", port: int = 8866) -> "Config":
    """Return Voila's settings for the notebooks in a folder.

    Parameters
    ----------
    folder : Path
        The folder that holds the notebooks named in :data:`PAGES`.
    host : str
        The address to listen on.
    port : int
        The port to listen on; 0 lets the system choose one.

    Examples
    --------
    >>> settings = configuration(Path("notebooks"), port=9000)
    >>> settings.Voila.port, settings.VoilaConfiguration.strip_sources
    (9000, True)
    """
    import zmq  # noqa: PLC0415 - `digitrec predict` needs no Jupyter
    from jupyter_client.manager import KernelManager  # noqa: PLC0415 - as above
    from traitlets.config import Config  # noqa: PLC0415 - as above

    settings = Config()
    settings.Voila.root_dir = str(folder)
    settings.Voila.ip = host
    settings.Voila.port = port
    settings.Voila.open_browser = False  # `serve` does it, once the port is open
    settings.Voila.log_level = "ERROR"
    # A stray voila.json in the folder where somebody types the command must not change the page.
    settings.Voila.config_file_paths = []

    settings.VoilaConfiguration.template = "digitrec"
    settings.VoilaConfiguration.allow_template_override = "NO"
    settings.VoilaConfiguration.allow_theme_override = "NO"
    settings.VoilaConfiguration.strip_sources = True
    settings.VoilaConfiguration.extension_allowlist = list(EXTENSIONS)

    # A kernel is waiting with the pad already drawn, so that a visitor waits for the page alone.
    settings.VoilaConfiguration.preheat_kernel = True
    settings.VoilaKernelManager.kernel_pools_config = {
        PAD: {"pool_size": 1},
        "default": {"pool_size": 0},
    }

    # A kernel that died is reported, and not started again.
    settings.VoilaConfiguration.multi_kernel_manager_class = "digitrec.voila.server.PadKernels"
    settings.MultiKernelManager.kernel_manager_class = "digitrec.voila.server.PadKernel"
    settings.KernelRestarter.restart_limit = 0

    # A tab that is closed ends its kernel itself. These are for tabs that could not: a phone that
    # lost its network, a browser that crashed. A page that is connected keeps its kernel.
    settings.MappingKernelManager.cull_idle_timeout = 240
    settings.MappingKernelManager.cull_interval = 30
    settings.MappingKernelManager.cull_connected = False

    # Other users of this machine cannot listen to what a visitor draws.
    if zmq.has("curve") and "transport_encryption" in KernelManager.class_traits():
        settings.KernelManager.transport_encryption = "auto"
    return settings


def serve(*, host: str = "127.0.0.1", port: int = 8866, open_browser: bool = True) -> int:
    """Serve the drawing pad until the process is told to stop.

    One line with the address is printed when the page can be opened. Ctrl-C (SIGINT) and SIGTERM
    end the server and every kernel it started.

    Parameters
    ----------
    host : str
        The address to listen on: ``"127.0.0.1"`` for this machine alone, ``"0.0.0.0"`` for all
        that can reach it.
    port : int
        The port to listen on; 0 lets the system choose one.
    open_browser : bool
        Whether to open the page in a browser, where there is one.

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
    >>> serve(port=70_000)
    Traceback (most recent call last):
    digitrec.serving.ServingError: A port is a number from 0 to 65535. Received: 70000
    """
    if not 0 <= port <= 65535:
        raise ServingError(f"A port is a number from 0 to 65535. Received: {port}")
    folder = resources.notebooks()
    # Voila looks for templates in Jupyter's data folders, at the start and again for every file.
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        part for part in (str(template_root()), os.environ.get("JUPYTER_PATH")) if part
    )
    # Tornado and Jupyter count a web socket's patience in different units, and one says so.
    for name in ("tornado.general", "tornado.access"):
        logging.getLogger(name).setLevel(logging.ERROR)
    listening = _listen(host, port)

    from digitrec.voila.server import PadServer  # noqa: PLC0415 - imports Voila, for half a second

    server = PadServer(config=configuration(folder, host=host, port=port))
    server.initialize(argv=[])
    address = _address(host, listening.getsockname()[1])
    asyncio.run(_run(server, listening, address, open_browser=open_browser))
    return 0


async def _run(server: Any, listening: socket.socket, address: str, *, open_browser: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for sign in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(sign, stop.set)
    server.open(listening)
    try:
        others = _address_for_others(listening)
        also = f", for others at {others}" if others else ""
        sys.stdout.write(f"Digit Recogniser is at {address}{also} (Ctrl-C stops it)\n")
        sys.stdout.flush()
        if open_browser and _has_browser():
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
        listening = socket.create_server((str(where[0]), port), family=family, backlog=128)
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


def _address(host: str, port: int) -> str:
    everywhere = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - shown only
    shown = everywhere.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}/"


def _address_for_others(listening: socket.socket) -> str | None:
    """Return the address in the local network, where the server listens to that as well."""
    host, port, *_ = listening.getsockname()
    if host not in {"0.0.0.0", "::"}:  # noqa: S104 - compared only
        return None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; it asks which way out would be taken
        except OSError:
            return f"http://{socket.gethostname()}:{port}/"
        return f"http://{probe.getsockname()[0]}:{port}/"


def _has_browser() -> bool:
    """Tell whether opening a browser would show a window, and not fill this terminal."""
    if os.environ.get("BROWSER") or sys.platform in {"darwin", "win32"}:
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
