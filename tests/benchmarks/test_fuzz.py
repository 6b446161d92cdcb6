"""What reads bytes and points from outside, given what nobody would send.

The targets are those of ``benchmarks/fuzz.py``, which gives each of them many more. Here hypothesis
changes whole files and invents messages, from a fixed seed.
"""

import importlib.util
import os
import platform
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fuzz
import fuzz_targets
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digitrec import ink, sight
from digitrec.app.browser_store.store import BrowserStore
from digitrec.app.pad.pens import Pens
from digitrec.app.page.exchange import Exchange
from digitrec.network import Network
from digitrec.serving import wire

EXAMPLES = {"network": 100, "picture": 60, "browser": 100, "widgets": 100}
"""How many inputs a target gets here, if not 200."""


@st.composite
def changed(draw: Callable[..., Any], name: str) -> bytes:
    """A whole file, or some bytes, with a few of them other than they were."""
    content = bytearray(draw(st.sampled_from(fuzz_targets.seeds(name))))
    for place, what in draw(
        st.lists(st.tuples(st.integers(0, len(content)), st.binary(max_size=4)), max_size=5)
    ):
        keep = draw(st.booleans())
        content[place : place + (0 if keep else len(what))] = what
    cut = draw(st.integers(0, 2 * len(content)))
    return bytes(content[:cut] if cut else content)


@pytest.mark.parametrize("name", fuzz_targets.TARGETS)
def test_no_bytes_and_no_message_are_a_fault(name: str) -> None:
    files = name in ("network", "ink", "picture")
    some = changed(name) | st.binary(max_size=400)
    if not files:
        some = st.binary(min_size=30, max_size=400) | changed(name)

    @settings(
        derandomize=True,
        database=None,
        max_examples=EXAMPLES.get(name, 200),
        suppress_health_check=list(HealthCheck),
    )
    @given(some)
    def holds(content: bytes) -> None:
        fuzz_targets.TARGETS[name](content)

    holds()


def feed(name: str, inputs: list[bytes]) -> None:
    for content in inputs:
        fuzz_targets.TARGETS[name](content)


# A fuzzer that would not notice a fault finds none.
FAULTS: dict[str, tuple[object, str]] = {
    "network": (Network, "predict"),
    "ink": (ink, "image"),
    "picture": (sight, "look"),
    "pens": (Pens, "_do"),
    "browser": (BrowserStore, "hear"),
    "widgets": (Exchange, "_hear"),
    "wire": (wire, "_checked"),
}


@pytest.mark.parametrize("name", fuzz_targets.TARGETS)
def test_a_fault_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: Any, **_settings: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(*FAULTS[name], broken)
    monkeypatch.setattr(fuzz_targets, "_pages", [])
    rng = np.random.default_rng(1)
    inputs = fuzz_targets.seeds(name) + [rng.bytes(400) for _ in range(200)]
    with pytest.raises(ZeroDivisionError):
        feed(name, inputs)


def test_ink_beside_the_pad_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fuzz_targets, "SIZE", 10)
    rng = np.random.default_rng(1)
    with pytest.raises(AssertionError):
        feed("pens", [rng.bytes(300) for _ in range(200)])


HAS_ATHERIS = importlib.util.find_spec("atheris") is not None


@pytest.fixture
def atheris() -> None:
    if HAS_ATHERIS:
        return
    why = "atheris is not installed: it comes with digitrec[test] on Linux with x86-64"
    if (sys.platform, platform.machine()) == ("linux", "x86_64") and os.environ.get("CI"):
        pytest.fail(why)
    pytest.skip(why)


@pytest.mark.slow
@pytest.mark.usefixtures("atheris")
def test_the_program_counts_its_inputs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    # One target: each takes some seconds before it begins.
    assert fuzz.main(["--runs", "400", "--targets", "ink", "--keep", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    (row,) = re.findall(r"\| ink \| ([\d,]+) \| (\d+) \| \d+ \| 0 \|", printed)
    assert 395 <= int(row[0]) <= 405
    assert int(row[1]) > 20
    assert f"{row[0]} inputs, 0 faults." in printed
    assert list((tmp_path / "ink" / "corpus").iterdir())


@pytest.mark.slow
@pytest.mark.usefixtures("atheris")
def test_the_program_tells_of_a_fault_and_goes_on(tmp_path: Path) -> None:
    code = """
import fuzz, fuzz_targets
def target(content):
    if content[:1] == b"{": raise ZeroDivisionError("it is there")
fuzz_targets.TARGETS["ink"] = target
fuzz.run_target("ink", ["-runs=50", "-print_final_stats=1"])
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "DIGITREC_FUZZ": str(tmp_path), "PYTHONPATH": str(Path("benchmarks"))},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "number_of_executed_units: 5" in done.stderr
    assert (tmp_path / "fault-1").read_bytes()[:1] == b"{"
    assert "ZeroDivisionError at <string>:4: it is there" in (tmp_path / "fault-1.txt").read_text()


def test_without_atheris_it_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert fuzz.main(["--runs", "1"]) == 2
    assert "pip install atheris" in capsys.readouterr().err
