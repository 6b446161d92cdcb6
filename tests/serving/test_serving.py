"""The server of the pad: what it serves, what it refuses, and how it ends."""

import contextlib
import errno
import http.client
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from digitrec import resources, serving
from digitrec.serving import pages, run, settings

STARTING = 120.0
"""Seconds that a machine with other work to do may take to start the server."""


ONE_WAITS = Path(__file__).parents[1] / "browser" / "serving.toml"
"""Settings with one pad ready: where nothing else is said, visitors come one after another."""


@dataclass
class Running:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    line: str

    @property
    def netloc(self) -> str:
        return urlsplit(self.line.split()[4]).netloc

    @property
    def address(self) -> str:
        return f"http://{self.netloc}/"

    def get(self, path: str) -> tuple[int, dict[str, str], str]:
        connection = http.client.HTTPConnection(self.netloc, timeout=STARTING)
        with contextlib.closing(connection):
            connection.request("GET", path)
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return response.status, headers, response.read().decode()


@contextlib.contextmanager
def running(*arguments: str) -> Iterator[Running]:
    command = [sys.executable, "-m", "digitrec", "dashboard", "--no-browser", "--port", "0"]
    command += arguments
    # As in a terminal: one group of processes for everything that is started from here.
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                process.wait(STARTING)
                assert process.stderr is not None
                pytest.fail(f"the server did not start: {process.stderr.read()}")
            yield Running(process, line)
        finally:
            process.kill()


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running("--settings", str(ONE_WAITS)) as one:
        yield one
        one.process.terminate()
        one.process.wait(STARTING)


def settings_of(**chosen) -> settings.Settings:
    return settings.read(open_browser=False, **chosen)


def until(condition, seconds: float = STARTING) -> None:
    """Wait for something that happens in another process."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.05)


def kernels(one: Running) -> list[psutil.Process]:
    found = []
    for child in psutil.Process(one.process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "ipykernel_launcher" in child.cmdline():
                found.append(child)
    return found


def num_waiting(one: Running) -> int:
    """Count the kernels that nobody has yet."""
    found = json.loads(one.get("/health")[2])
    return found["kernels"] - found["visitors"]


def test_the_settings_are_those_a_public_pad_needs(tmp_path):
    chosen = settings_of(host="0.0.0.0", port=9000)  # noqa: S104 - not opened
    config = serving.configuration(tmp_path, chosen)
    assert config.Voila.root_dir == str(tmp_path)
    assert (config.Voila.ip, config.Voila.port) == ("0.0.0.0", 9000)  # noqa: S104 - as above
    assert config.VoilaConfiguration.strip_sources is True
    assert config.VoilaConfiguration.show_tracebacks is not True
    assert config.MappingKernelManager.cull_connected is False
    # Whoever vanished is first met by one look, is idle by another, and gone five minutes later.
    longest = chosen.abandoned_after + 2 * chosen.look_every
    assert config.MappingKernelManager.cull_idle_timeout == chosen.abandoned_after
    assert config.MappingKernelManager.cull_interval == chosen.look_every
    assert longest < 290


def test_every_page_is_a_notebook():
    for name in pages.PAGES:
        assert (resources.notebooks() / name).is_file(), name


def test_a_taken_port_says_how_to_name_another():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(serving.ServingError, match=rf"Port {port} is taken.*PORT={port + 1}"):
            serving.serve(settings_of(port=port))


def test_the_last_port_offers_one_that_exists(monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(serving.ServingError, match="PORT=65534"):
        serving.serve(settings_of(port=65535))


def test_a_port_that_only_the_administrator_may_open_says_which_are_free(monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(serving.ServingError, match=r"may not open port 80; ports from 1024 on"):
        serving.serve(settings_of(port=80))


def test_an_unknown_address_of_this_machine_is_named():
    with pytest.raises(serving.ServingError, match=r"No address of this machine .*no\.such\.host"):
        serving.serve(settings_of(host="no.such.host.invalid", port=0))


def test_an_address_of_another_machine_is_refused():
    with pytest.raises(serving.ServingError, match=r"cannot listen on '192\.0\.2\.1'"):
        serving.serve(settings_of(host="192.0.2.1", port=0))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:80/"),
        ("0.0.0.0", "http://127.0.0.1:80/"),  # noqa: S104 - shown, not opened
        ("::1", "http://[::1]:80/"),
        ("pad.example", "http://pad.example:80/"),
    ],
)
def test_the_address_can_be_opened_as_it_is_printed(host, address):
    assert run._address(host, 80) == address


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::", "::1", "localhost", ""])  # noqa: S104
def test_the_address_that_is_printed_answers(host):
    try:
        listening = run._listen(host, 0)
    except serving.ServingError as error:
        if ":" in host and "cannot listen" in str(error):
            pytest.skip("this machine has no IPv6")
        raise
    with listening:
        port = listening.getsockname()[1]
        addresses = [run._address(host, port), run._address_for_others(listening)]
        for address in filter(None, addresses):
            found = urlsplit(address)
            with socket.create_connection((found.hostname, found.port), 10):
                pass


def test_where_both_families_do_not_go_together_the_newer_is_told(monkeypatch):
    monkeypatch.setattr(socket, "has_dualstack_ipv6", lambda: False)
    assert run._address("::", 80) == "http://[::1]:80/"


def test_others_are_told_an_address_only_where_they_can_come_in():
    with socket.create_server(("127.0.0.1", 0)) as alone:
        assert run._address_for_others(alone) is None
    with socket.create_server(("0.0.0.0", 0)) as shared:  # noqa: S104 - closed at once
        address = run._address_for_others(shared)
        assert address is not None
        assert re.fullmatch(rf"http://[\w.-]+:{shared.getsockname()[1]}/", address)
        assert "0.0.0.0" not in address  # noqa: S104 - as above


def test_without_a_network_others_are_told_the_name(monkeypatch):
    def unreachable(*_):
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    with socket.create_server(("0.0.0.0", 0)) as shared:  # noqa: S104 - closed at once
        port = shared.getsockname()[1]
        monkeypatch.setattr(socket.socket, "connect", unreachable)
        assert run._address_for_others(shared) == f"http://{socket.gethostname()}:{port}/"


def test_a_terminal_without_windows_gets_no_browser(monkeypatch):
    for name in ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(sys, "platform", "linux")
    assert not run._has_browser()
    monkeypatch.setenv("DISPLAY", ":0")
    assert run._has_browser()
    monkeypatch.delenv("DISPLAY")
    monkeypatch.setenv("BROWSER", "firefox")
    assert run._has_browser()


@pytest.mark.slow
def test_one_line_says_where_the_page_is(server):
    assert re.fullmatch(
        r"Digit Recogniser is at http://127\.0\.0\.1:\d+/ \(Ctrl-C stops it\)\n", server.line
    )


@pytest.mark.slow
def test_the_bare_address_leads_to_the_pad(server):
    status, headers, _ = server.get("/")
    assert status == 302
    assert headers["location"] == "/voila/render/06_drawing_pad.ipynb"


@pytest.mark.slow
def test_health_answers_without_starting_a_kernel(server):
    until(lambda: num_waiting(server) == 1)
    for _ in range(3):
        status, _, body = server.get("/health")
        assert status == 200
        assert json.loads(body)["status"] == "ok"
        assert num_waiting(server) == 1


@pytest.mark.slow
def test_pads_know_how_long_a_training_may_take(server):
    until(lambda: kernels(server))
    for kernel in kernels(server):
        assert kernel.environ()["DIGITREC_TRAINING_MINUTES"] == "40"


@pytest.mark.slow
@pytest.mark.parametrize("name", pages.PAGES)
def test_a_page_shows_no_source_and_names_no_other_host(server, name):
    status, headers, body = server.get(f"/voila/render/{name}")
    assert status == 200
    assert headers["content-type"].startswith("text/html")
    assert '<html lang="en"' in body
    assert "Digit Recogniser</title>" in body
    assert '<meta name="description"' in body
    assert 'name="viewport"' in body
    assert "from digitrec" not in body
    loaded = re.findall(r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=[\"']?([^\"'\s>]+)", body)
    assert loaded
    foreign = [url for url in loaded if re.match(r"(?:https?:)?//", url)]
    assert foreign == []


@pytest.mark.slow
@pytest.mark.parametrize(
    "path",
    [
        "/voila/tree",
        "/voila/api/contents/",
        "/voila/render/no_such_page.ipynb",
        "/voila/render/../../digitrec/serving/run.py",
        "/voila/files/06_drawing_pad.ipynb",
        "/voila/files/../../pyproject.toml",
        "/course/",
        "/course/06_drawing_pad.html",
        "/course/02_inside_a_cnn.html",
        "/course/09_no_such_page.html",
        "/course/../pyproject.toml",
        "/nothing/here",
    ],
)
def test_nothing_but_the_pages_is_served(server, path):
    status, _, body = server.get(path)
    assert status in {403, 404}
    assert "<html" in body
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", body)


@pytest.mark.slow
def test_the_notebooks_that_are_not_pages_stay_closed(server):
    others = [path.name for path in resources.notebooks().glob("*.ipynb")]
    for name in set(others) - set(pages.PAGES):
        assert server.get(f"/voila/render/{name}")[0] == 404, name


@pytest.mark.slow
def test_the_other_notebooks_can_be_read_without_a_kernel(server):
    until(lambda: num_waiting(server) == 1)
    before = len(kernels(server))
    names = [path.name for path in resources.notebooks().glob("*.ipynb")]
    for name in sorted(set(names) - set(pages.PAGES)):
        status, headers, body = server.get(f"/course/{name.removesuffix('.ipynb')}.html")
        assert status == 200, name
        assert headers["content-type"].startswith("text/html")
        assert "Digit Recogniser</title>" in body
        assert "<code>make lab</code>" in body
        assert 'aria-current="page"' in body
        loaded = re.findall(
            r"<(?:script|link|img|iframe)\b[^>]*?(?:src|href)=[\"']?(\S{1,40})", body
        )
        assert len(loaded) > 9
        assert all(url.startswith("data:") for url in loaded)
    assert len(kernels(server)) <= before  # a pad that nobody claimed may have ended meanwhile


@pytest.mark.slow
def test_a_visitor_cannot_choose_another_template(server):
    _, _, body = server.get(f"/voila/render/{pages.PAD}?template=reveal&theme=dark")
    assert 'id="frame-skeleton"' in body


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sign", "after"), [(signal.SIGINT, 0.0), (signal.SIGTERM, 0.3), (signal.SIGINT, 1.0)]
)
def test_it_ends_with_no_process_left_behind(sign, after):
    with running() as one:
        time.sleep(after)  # while the first kernels are being started, at some point of that
        family = [one.process, *psutil.Process(one.process.pid).children(recursive=True)]
        os.kill(one.process.pid, sign)
        assert one.process.wait(20) == 0
        assert one.process.stderr is not None
        assert one.process.stderr.read() == ""
        assert [child for child in family[1:] if child.is_running()] == []
    with contextlib.suppress(ProcessLookupError):
        os.killpg(one.process.pid, 0)
        pytest.fail("a process of the server's group is still there")


@pytest.mark.slow
def test_it_ends_while_a_page_is_open():
    with running("--settings", str(ONE_WAITS)) as one:
        assert one.get(f"/voila/render/{pages.PAD}")[0] == 200
        until(lambda: num_waiting(one) == 1)
        children = psutil.Process(one.process.pid).children(recursive=True)
        assert len(children) >= 2
        (folder,) = {Path(kernel.environ()["TMPDIR"]) for kernel in kernels(one)}
        (folder / "left by a training").mkdir()
        one.process.terminate()
        assert one.process.wait(20) == 0
        assert [child for child in children if child.is_running()] == []
        assert not folder.exists()


@pytest.mark.slow
def test_a_taken_port_is_one_line_and_exit_code_2():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "digitrec", "dashboard", "--no-browser", "--port", port]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=STARTING, check=False
        )
    assert done.returncode == 2
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1
    assert f"Port {port} is taken" in done.stderr


@pytest.mark.slow
def test_nobody_gets_a_pad_that_died_while_it_waited():
    with running("--settings", str(ONE_WAITS)) as one:
        until(lambda: num_waiting(one) == 1)
        dead = kernels(one)
        for kernel in dead:
            kernel.kill()
        psutil.wait_procs(dead, timeout=STARTING)
        whole = one.get(f"/voila/render/{pages.PAD}")[2]
        assert "voila_finish();</script>" in whole
        given = re.search(r'"kernelId": "([^"]+)"', whole)
        assert given is not None
        assert given[1] in "".join(str(kernel.cmdline()) for kernel in kernels(one))
        one.process.terminate()
        assert one.process.wait(STARTING) == 0


@pytest.fixture
def page():
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - browser tests alone need it

    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    chromium = next(filter(None, map(shutil.which, names)), None)
    if chromium is None and not os.environ.get("CI"):
        pytest.skip("no Chromium on this machine")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        yield browser.new_context().new_page()
        browser.close()


def open_pad(page, one: Running) -> None:
    page.goto(one.address)
    page.wait_for_selector("html.frame-ready", state="attached", timeout=1000 * STARTING)
    page.wait_for_selector("#rendered_cells canvas")


@pytest.mark.browser
def test_a_closed_tab_ends_its_kernel(server, page):
    open_pad(page, server)
    until(lambda: num_waiting(server) == 1)
    before = json.loads(server.get("/health")[2])["kernels"]
    page.context.new_page()  # the last tab of a browser may take its last message with it
    page.close(run_before_unload=True)
    until(lambda: json.loads(server.get("/health")[2])["kernels"] == before - 1, 20)


@pytest.mark.browser
def test_a_page_that_broke_off_is_said_and_a_reload_mends_it(server, page):
    whole = server.get(f"/voila/render/{pages.PAD}")[2]
    begun = whole[: whole.index('<main id="rendered_cells">')]
    page.route("**/voila/render/*", lambda route: route.fulfill(body=begun), times=1)
    page.goto(server.address.rstrip("/") + f"/voila/render/{pages.PAD}")
    page.get_by_text("The page could not start.").wait_for()
    page.get_by_role("button", name="Reload").click()
    page.wait_for_selector("html.frame-ready", state="attached", timeout=1000 * STARTING)
    assert not page.locator("#frame-lost").is_visible()
