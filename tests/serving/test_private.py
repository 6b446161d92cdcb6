"""Where the server writes, what a killed one leaves, and that /health tells if no pad can start."""

import contextlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from digitrec import serving
from digitrec.serving import pages, private, run
from tests.serving.test_serving import ONE_WAITS, Running, num_waiting, running, until

HOLDS_ONE = """
import sys, time
from pathlib import Path
from digitrec.serving.private import Private
print(Private(Path(sys.argv[1])).folder, flush=True)
time.sleep(600)
"""


@contextlib.contextmanager
def held_elsewhere(parent: Path) -> Iterator[tuple[Path, subprocess.Popen[str]]]:
    """Have another process hold a private folder."""
    command = [sys.executable, "-c", HOLDS_ONE, str(parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield Path(process.stdout.readline().strip()), process
        finally:
            process.kill()


def left_by(parent: Path) -> Path:
    """Return the folder of a process that was killed."""
    with held_elsewhere(parent) as (folder, process):
        (folder / "a training").mkdir()
        (folder / "a training" / "digits.npz").write_bytes(b"of a visitor")
        process.kill()
        process.wait()
    assert folder.is_dir()
    return folder


def test_a_private_folder_is_this_users_alone(tmp_path: Path) -> None:
    one = private.Private(tmp_path)
    assert one.folder.parent == tmp_path
    assert stat.S_IMODE(one.folder.stat().st_mode) == 0o700
    one.close()
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_cleared_and_what_is_held_is_not(tmp_path: Path) -> None:
    with held_elsewhere(tmp_path) as (held, _):
        left = left_by(tmp_path)
        mine = private.Private(tmp_path)
        assert not left.exists()
        assert (held / "lock").is_file()
        private.clear(tmp_path)
        assert (mine.folder / "lock").is_file()
        mine.close()


def test_only_what_is_surely_ours_is_cleared(tmp_path: Path) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "lock").touch()
    (own / "thesis").write_text("years of work")

    parent = tmp_path / "common"
    parent.mkdir()
    (parent / "digitrec-server-link").symlink_to(own)
    (parent / "digitrec-server-file").touch()
    (parent / "digitrec-server-no-lock").mkdir(0o700)
    (parent / "other").mkdir(0o700)
    (parent / "other" / "lock").touch()
    (parent / "digitrec-server-open").mkdir(0o755)
    (parent / "digitrec-server-open" / "lock").touch()
    (parent / "digitrec-server-linked-lock").mkdir(0o700)
    (parent / "digitrec-server-linked-lock" / "lock").symlink_to(own / "lock")
    before = sorted(parent.rglob("*"))

    left = left_by(parent)
    (left / "way out").symlink_to(own)
    private.clear(parent)
    assert not left.exists()
    assert sorted(parent.rglob("*")) == before
    assert (own / "thesis").read_text() == "years of work"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make what is another user's")
def test_what_is_another_users_is_not_cleared(tmp_path: Path) -> None:
    left = left_by(tmp_path)
    os.chown(left, 65534, 65534)
    private.clear(tmp_path)
    assert (left / "a training" / "digits.npz").is_file()


def test_a_folder_that_is_cleared_while_it_is_made_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make, made = tempfile.mkdtemp, []

    def make_and_lose(**options: str) -> str:
        made.append(make(**options))
        return made[-1]

    lock = private.fcntl.flock

    def lock_too_late(descriptor: int, how: int) -> None:
        lock(descriptor, how)
        if len(made) == 1:
            (Path(made[0]) / "lock").unlink()

    monkeypatch.setattr(private.tempfile, "mkdtemp", make_and_lose)
    monkeypatch.setattr(private.fcntl, "flock", lock_too_late)
    one = private.Private(tmp_path)
    assert len(made) == 2
    assert one.folder == Path(made[1])
    one.close()


@pytest.fixture
def surroundings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Have what is set in the environment during a test undone after it."""
    for name in (*private._PLACES, "HOME", "TMPDIR", "DIGITREC_QUEUE"):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setattr(tempfile, "tempdir", tempfile.gettempdir())
    return monkeypatch


def test_a_user_whom_the_system_does_not_know_is_at_home_there(
    tmp_path: Path, surroundings: pytest.MonkeyPatch
) -> None:
    def unknown() -> Path:
        raise RuntimeError("Could not determine home directory.")

    surroundings.setattr(Path, "home", unknown)
    one = private.Private(tmp_path)
    one.inhabit()
    assert os.environ["HOME"] == str(one.folder)
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(one.folder)
    assert all(os.environ[name].startswith(f"{one.folder}/") for name in private._PLACES)
    one.close()


def test_without_a_queue_that_can_be_used_there_is_one_of_its_own(
    tmp_path: Path, surroundings: pytest.MonkeyPatch
) -> None:
    surroundings.setenv("DIGITREC_QUEUE", str(tmp_path / "queue"))
    one = private.Private(tmp_path)
    one.inhabit()
    assert os.environ["DIGITREC_QUEUE"] == str(tmp_path / "queue")
    surroundings.setenv("DIGITREC_QUEUE", "/proc/no such folder/queue")
    one.inhabit()
    assert os.environ["DIGITREC_QUEUE"] == str(one.folder / "queue")
    one.close()


def test_without_a_place_for_temporary_files_that_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "no such folder"))
    with pytest.raises(serving.ServingError, match=r"needs a folder for temporary .*TMPDIR"):
        run._private()


def page_is_whole(one: Running, name: str = pages.PAD) -> bool:
    status, _, body = one.get(f"/voila/render/{name}")
    return status == 200 and "voila_finish();</script>" in body


@pytest.mark.slow
def test_a_user_without_a_home_serves_pads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("HOME", "/dev/null/home")  # where nobody can make one, not even root
    with running("--settings", str(ONE_WAITS)) as one:
        for name in pages.PAGES:
            assert page_is_whole(one, name)
        until(lambda: num_waiting(one) == 1)
        status, _, body = one.get("/health")
        assert status == 200
        pads = json.loads(body)["pads"]
        # Nobody claims these two, so on a slow machine the first may be ended already.
        assert 1 <= pads["open"] <= 2
        assert pads["can_open"] is True
        assert pads["free"] > 0
        one.process.terminate()
        assert one.process.wait(60) == 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_all_that_is_written_is_in_one_folder_which_the_next_start_clears(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, common = tmp_path / "home", tmp_path / "common"
    home.mkdir()
    common.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(common))
    for name in (*private._PLACES, "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    with running("--settings", str(ONE_WAITS)) as one:
        for name in pages.PAGES:
            assert page_is_whole(one, name)
        (left,) = common.iterdir()
        os.killpg(one.process.pid, signal.SIGKILL)
        one.process.wait()
    assert [path.name for path in home.rglob("*")] == []
    assert (left / "journal").exists()
    with running("--settings", str(ONE_WAITS)) as one:
        (now,) = common.iterdir()
        assert now != left
        one.process.terminate()
        assert one.process.wait(60) == 0
    assert list(common.iterdir()) == []


@pytest.mark.slow
def test_health_tells_when_no_pad_can_be_started_and_when_one_can_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = tmp_path / "kernels" / "python3" / "kernel.json"
    spec.parent.mkdir(parents=True)
    broken = ["/no such python", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": broken, "display_name": "P", "language": "python"}))
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path))
    with running("--settings", str(ONE_WAITS)) as one:
        until(lambda: one.get("/health")[0] == 503)
        found = json.loads(one.get("/health")[2])
        assert found["status"] == "no pad can be opened"
        assert found["pads"]["can_open"] is False
        works = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        spec.write_text(json.dumps({"argv": works, "display_name": "P", "language": "python"}))
        until(lambda: one.get("/health")[0] == 200)
        assert page_is_whole(one)
        one.process.terminate()
        assert one.process.wait(60) == 0
        assert one.process.stdout is not None
        said = one.process.stdout.read()
    assert len(re.findall("No pad can be started: .*no such python", said)) == 1
