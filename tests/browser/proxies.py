"""Real proxies on this machine, with the configurations that people are given."""

import contextlib
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.hub import free_ports, until

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def program(name: str) -> str:
    """Return where a proxy is installed; without it skip, but fail where everything has to be."""
    found = shutil.which(name, path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")
    if found is None:
        why = f"{name} is not installed"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return found


def replaced(text: str, *changes: tuple[str, str]) -> str:
    """Replace what has to be there."""
    for old, new in changes:
        assert old in text, f"the configuration has no {old!r}"
        text = text.replace(old, new)
    return text


def _is_open(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 5):
        return True
    return False


@contextlib.contextmanager
def _running(command: list[str], port: int, folder: Path) -> Iterator[str]:
    # What they would write at home goes to the folder.
    environment = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
    log = folder / "proxy.log"
    with (
        log.open("w") as stream,
        subprocess.Popen(command, stdout=stream, stderr=stream, env=environment) as process,
    ):
        try:
            until(lambda: process.poll() is not None or _is_open(port), "the proxy did not start")
            assert process.poll() is None, log.read_text()
            yield f"http://127.0.0.1:{port}/"
        finally:
            process.terminate()
            process.wait(30)


@contextlib.contextmanager
def nginx(server: str, folder: Path, *changes: tuple[str, str]) -> Iterator[str]:
    """Run nginx as `deploy/nginx.conf` says, before a server; give its address."""
    (port,) = free_ports(1)
    behind = server.removeprefix("http://").partition("/")[0]
    text = replaced(
        (DEPLOY / "nginx.conf").read_text(),
        ("listen 80;", f"listen 127.0.0.1:{port};"),
        ("127.0.0.1:8866", behind),
        *changes,
    )
    (folder / "digitrec.conf").write_text(text)
    places = "".join(
        f"{kind}_temp_path {folder / kind};\n"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = folder / "nginx.conf"
    # As Debian's own: what is in conf.d is read inside of http.
    whole.write_text(
        f"daemon off;\nworker_processes 1;\npid {folder / 'pid'};\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{places}include {folder / 'digitrec.conf'};\n}}\n"
    )
    command = [program("nginx"), "-e", "stderr", "-p", str(folder), "-c", str(whole)]
    with _running(command, port, folder) as address:
        yield address


@contextlib.contextmanager
def caddy(server: str, folder: Path) -> Iterator[str]:
    """Run Caddy as `deploy/Caddyfile` says, but without certificates; give its address."""
    (port,) = free_ports(1)
    behind = server.removeprefix("http://").partition("/")[0]
    text = (DEPLOY / "Caddyfile").read_text()
    text = replaced(text, ("pad.example {", f"http://127.0.0.1:{port} {{"))
    text = replaced(text, ("127.0.0.1:8866", behind))
    whole = folder / "Caddyfile"
    whole.write_text(re.sub(r"\A", "{\n\tadmin off\n\tauto_https off\n}\n", text))
    command = [program("caddy"), "run", "--adapter", "caddyfile", "--config", str(whole)]
    with _running(command, port, folder) as address:
        yield address
