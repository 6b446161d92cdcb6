"""The timings of the page: the slow network between, what is counted, and one short run."""

import itertools
import math
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import page
import proxy
import pytest

SCRIPT = Path(page.__file__)


@pytest.fixture
def echo() -> Iterator[str]:
    """Give the address of a server that sends back what it gets."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer(connection: socket.socket) -> None:
            with connection:
                while piece := connection.recv(1024):
                    connection.sendall(piece)

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        listening.shutdown(socket.SHUT_RDWR)


def connect(between: proxy.Proxy) -> socket.socket:
    host, port = between.address.removeprefix("http://").rstrip("/").split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def said(connection: socket.socket, num_bytes: int) -> bytes:
    heard = b""
    while len(heard) < num_bytes and (piece := connection.recv(num_bytes)):
        heard += piece
    return heard


def has_ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(10) == b""
    except ConnectionError:
        return True


def test_bytes_come_in_order_and_two_delays_later(echo: str) -> None:
    with proxy.Proxy(echo, 0.2) as between, connect(between) as line:
        begun = time.monotonic()
        words = [b"one ", b"two ", b"three "]
        for word in words:
            line.sendall(word)
        assert said(line, 14) == b"one two three "
        assert time.monotonic() - begun >= 0.4


def test_a_cut_ends_what_is_open_and_refuses_until_it_is_mended(echo: str) -> None:
    with proxy.Proxy(echo) as between:
        with connect(between) as line:
            line.sendall(b"here")
            assert said(line, 4) == b"here"
            between.cut()
            assert has_ended(line)
        with connect(between) as line:
            assert has_ended(line)
        between.mend()
        with connect(between) as line:
            line.sendall(b"again")
            assert said(line, 5) == b"again"


def test_the_line_never_has_ink_where_it_goes_next() -> None:
    line = page.serpentine()
    pen = 9  # half of its width
    for place, point in enumerate(line[1:], start=1):
        nearest = min(math.dist(point, other) for other in line[:place])
        assert nearest > pen
    steps = [math.dist(*both) for both in itertools.pairwise(line)]
    assert max(steps) < 2 * pen
    assert all(0 < value < 300 for point in line for value in point)


def test_ten_digits_lie_on_the_pad() -> None:
    drawn = page.digits(3)
    assert len(drawn) == 10
    values = [
        value for strokes in drawn for stroke in strokes for point in stroke for value in point
    ]
    assert min(values) >= 50 - 1e-9
    assert max(values) <= 250 + 1e-9
    assert page.digits(3) == drawn


def test_a_point_is_lost_when_the_kernel_has_none_there() -> None:
    sent = [[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0]]]
    assert page.num_lost(sent, [[[1.0, 2.04], [3.0, 4.0], [5.0, 6.0]]]) == 0
    assert page.num_lost(sent, [[[1.0, 2.06], [3.0, 4.0]]]) == 2


def test_the_table_shows_medians_and_the_slow_end() -> None:
    near = {
        "pixels": [9.0] * 19 + [30.0],
        "answers": [40.0, 50.0, 60.0],
        "rate": [12.25],
        "sent": [160, 150],
        "lost": [0, 3],
        "warm": [(300.0, 900.0)],
        "cold": [(400.0, 2000.0)],
        "ready": [66.4],
        "used": [101.0],
    }
    far = {name: values for name, values in near.items() if name not in {"warm", "cold"}}
    lines = page.table({"digitrec": [near, far]}, 150.0).splitlines()
    assert lines[0].endswith("| this pad, no delay | this pad, 150 ms each way |")
    assert lines[2] == "| pointer to pixel, ms | 9.0 / 30.0 | 9.0 / 30.0 |"
    assert "| first ink, kernel waiting, s | 0.30 / 0.30 | – |" in lines
    assert "| first answer, no kernel waiting, s | 2.00 / 2.00 | – |" in lines
    assert "| points lost, kernel busy | 3 of 150 | 3 of 150 |" in lines
    assert len({line.count("|") for line in lines}) == 1


@pytest.mark.slow
@pytest.mark.browser
def test_a_short_run_measures_the_real_page() -> None:
    if not any(map(shutil.which, page.CHROMIUM)) and not os.environ.get("CI"):
        pytest.skip(f"none of {', '.join(page.CHROMIUM)} is installed")
    options = ["--rounds", "1", "--delay", "20", "--only", "digitrec", "--no-training"]
    short = (
        "import page; ten, line = page.digits, page.serpentine()[:60];"
        "page.digits = lambda n: ten(n)[1:4]; page.serpentine = lambda: line; page.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", short, *options],
        capture_output=True,
        text=True,
        check=True,
        cwd=SCRIPT.parent,
    )
    rows = [line.split("|")[1:-1] for line in done.stdout.splitlines() if line.startswith("| ")]
    found = {row[0].strip(): [cell.strip() for cell in row[1:]] for row in rows}
    assert next(iter(found)) == "median / 95th percentile"
    assert len(found) == 13
    for name in ("pointer to pixel, ms", "pen-up to answer, ms"):
        for cell in found[name]:
            middle, most = map(float, cell.split(" / "))
            assert 0 < middle <= most
    for cell in found["points lost, drawn fast"]:
        lost, sent = map(int, cell.split(" of "))
        assert 0 <= lost < sent
    assert 10 < float(found["kernel's memory when ready, MB"][0]) < 1000
