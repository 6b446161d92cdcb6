"""A real JupyterHub with its proxy on this machine, and users who log in to it."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from filelock import FileLock
from playwright.sync_api import Page

from tests.browser.visit import PATIENCE, Visit

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "deploy" / "jupyterhub" / "jupyterhub_config.py"
PASSWORD = "a password for the class"  # noqa: S105 - of a hub that lives for a test
PROXY = Path(sys.prefix) / "proxy"
PROGRAM = "configurable-http-proxy"


@dataclass
class Hub:
    """A running hub."""

    address: str
    folder: Path
    process: subprocess.Popen[bytes]

    def servers(self) -> dict[str, psutil.Process]:
        """Return the users who have a server, each with its process."""
        found = {}
        for child in psutil.Process(self.process.pid).children():
            with contextlib.suppress(psutil.NoSuchProcess):
                if "jupyterhub-singleuser" in " ".join(child.cmdline()):
                    found[child.environ()["JUPYTERHUB_USER"]] = child
        return found


class Member(Visit):
    """A user of the hub, with a browser of their own."""

    def __init__(self, page: Page, hub: Hub, name: str) -> None:
        super().__init__(page, hub.address)
        self.name = name

    def log_in(self) -> None:
        """Log in as anybody does; the hub starts a server then."""
        self.page.goto(self.address)
        self.page.locator("#username_input").fill(self.name)
        self.page.locator("#password_input").fill(PASSWORD)
        self.page.locator("#login_submit").click()

    def arrive(self) -> None:
        """Wait until the pad is there."""
        self.page.wait_for_url(f"**/user/{self.name}/voila/render/*", timeout=3 * PATIENCE)
        self.ready()


def proxy_program() -> list[str]:
    """Return the command of the hub's proxy; have npm install it first, unless it is there.

    A user who cannot is told why the tests are skipped; where everything has to run, they fail.
    """
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    own = PROXY / "node_modules" / ".bin"
    why = "neither configurable-http-proxy nor npm is here"
    with FileLock(PROXY.with_suffix(".lock")):  # tests that run beside each other need it, too
        found = shutil.which(PROGRAM, path=os.pathsep.join([places, str(own)]))
        npm = shutil.which("npm", path=places)
        if found is None and npm is not None:
            done = subprocess.run(
                [npm, "install", "--no-audit", "--no-fund", "--prefix", str(PROXY), PROGRAM],
                capture_output=True,
                text=True,
                timeout=300,
                check=False,
                env={**os.environ, "PATH": places},
            )
            found = shutil.which(PROGRAM, path=str(own))
            why = f"npm could not install {PROGRAM}: {done.stderr.strip()}"
    node = shutil.which("node", path=places)
    if found is None or node is None:
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return [node, str(Path(found).resolve())]


def free_ports(number: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def until(true: Callable[[], bool], what: str, seconds: float = PATIENCE / 1000) -> None:
    """Wait for something to come true; fail when it does not."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.2)


@contextlib.contextmanager
def running_hub(folder: Path, *, idle: int) -> Iterator[Hub]:
    """Run the hub of `deploy/jupyterhub` with its files in `folder`; give it and end it."""
    proxy_program()
    port, hub_port, proxy_port = free_ports(3)
    options = {
        "JupyterHub.bind_url": f"http://127.0.0.1:{port}",
        "JupyterHub.hub_port": hub_port,
        "ConfigurableHTTPProxy.api_url": f"http://127.0.0.1:{proxy_port}",
    }
    command = [sys.executable, "-m", "jupyterhub", "-f", str(CONFIGURATION)]
    settings = {
        "DIGITREC_HUB_PASSWORD": PASSWORD,
        "DIGITREC_HUB_FOLDER": str(folder),
        "DIGITREC_HUB_IDLE": str(idle),
        "DIGITREC_QUEUE": str(folder / "queue"),
    }
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(
            [*command, *(f"--{name}={value}" for name, value in options.items())],
            stdout=log,
            stderr=log,
            cwd=folder,
            env={**os.environ, **settings},
            start_new_session=True,
        )
    hub = Hub(f"http://127.0.0.1:{port}/", folder, process)
    try:
        until(lambda: _answers(hub), "the hub did not start", 3 * PATIENCE / 1000)
        yield hub
    finally:
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(True)]
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=60)
        _, left = psutil.wait_procs(family, timeout=30)
        for one in left:
            with contextlib.suppress(psutil.NoSuchProcess):
                one.kill()
    assert [one.pid for one in left] == [], "the hub left processes behind"


def _answers(hub: Hub) -> bool:
    said = (hub.folder / "log.txt").read_text(encoding="utf-8")
    assert hub.process.poll() is None, said
    try:
        health = hub.address + "hub/health"
        with urllib.request.urlopen(health, timeout=5) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError):
        return False
