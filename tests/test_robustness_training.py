"""Trainings for which something goes wrong for real: memory, disk, a child that hangs."""

import ast
import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

import digitrec
from digitrec import files, ink, jobs
from digitrec.app.digits.corrections import Corrections
from digitrec.app.digits.lesson import Lesson
from digitrec.app.model.in_use import ModelInUse
from digitrec.app.pad.pad import Pad
from digitrec.app.page.guard import Guard
from digitrec.app.training.guesses import Guesses
from digitrec.app.training.progress import SILENT
from digitrec.app.training.retrain import RetrainView
from digitrec.app.training.run import AS_IT_WAS, Training
from digitrec.jobs import TrainingJob
from digitrec.network import Network
from tests.jobs import test_job
from tests.jobs.test_job import nothing_is_left, real, run, stand_in, until
from tests.networks import make_network
from tests.stand_ins import small

# A queue and a temporary folder of their own, and an old model.
queue, shared, out = test_job.queue, test_job.shared, test_job.out

UNCHANGED = "Your model is as it was."
PACKAGE = Path(digitrec.__file__).parent


def page(job: jobs.Job) -> tuple[Training, RetrainView]:
    """A page whose next training is a given one."""
    models = ModelInUse(load_bundled=lambda: small(0))
    training = Training(models, make_job=lambda _recipe, _seed, _out: job)
    guesses = Guesses(Pad(models.network), training, models)
    return training, RetrainView(training, models, guesses, Guard(pytest.fail))


def test_a_trainer_that_hangs_is_said_and_cancelled_at_once(
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = 'progress("training", 1, 1, 0.5); time.sleep(99)'
    job = TrainingJob("quick", 1, out, _command=stand_in(code))
    training, view = page(job)
    training.start()
    until(lambda: bool(job.status().history))
    training.poll()
    assert SILENT not in view.progress.value
    (child,) = psutil.Process().children()
    child.send_signal(signal.SIGSTOP)
    until(lambda: child.status() == psutil.STATUS_STOPPED)
    monkeypatch.setattr("digitrec.jobs.job._SILENCE", 0.2)
    until(lambda: job.status().silent)
    training.poll()
    assert SILENT in view.progress.value
    assert SILENT in view.announcement.value
    assert training.running
    view.cancel.click()
    assert not training.running
    assert UNCHANGED in view.progress.value
    until(lambda: not child.is_running(), 1)
    assert not job.wait(5).silent
    nothing_is_left(out)
    assert out.read_bytes() == b"old"


def test_a_trainer_that_goes_on_is_no_longer_called_silent(
    out: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("digitrec.jobs.job._SILENCE", 0.3)
    go = tmp_path / "go"
    code = f"""
while not pathlib.Path({str(go)!r}).exists():
    time.sleep(0.01)
while not pathlib.Path({str(tmp_path / "end")!r}).exists():
    progress("training", 1, 1, 0.5)
    time.sleep(0.01)
file.write_bytes(b"new")
tell(done=True)
"""
    job = TrainingJob("quick", 1, out, _command=stand_in(code))
    job.start()
    until(lambda: job.status().silent)
    go.touch()
    until(lambda: not job.status().silent)
    (tmp_path / "end").touch()
    assert job.wait(10).state == "done"


def test_one_that_waits_in_the_queue_is_not_called_silent(
    out: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("digitrec.jobs.job._SILENCE", 0.0)
    first = TrainingJob("quick", 1, out, _command=stand_in("time.sleep(60)"))
    first.start()
    until(lambda: first.status().silent)
    second = TrainingJob("quick", 1, out, _command=stand_in("time.sleep(60)"))
    second.start()
    until(lambda: second.status().ahead == 1)
    assert not second.status().silent
    for job in (second, first):
        job.cancel()
        job.wait(5)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems bound no address space")
def test_a_trainer_without_memory_says_so(out: Path) -> None:
    body = (
        "import resource; "
        "resource.setrlimit(resource.RLIMIT_AS, (3 * 10**9, 3 * 10**9)); "
        "return bytearray(10**11)"
    )
    status = run(out, real(body))
    assert status.state == "failed"
    assert status.message == f"The training ran out of memory. {UNCHANGED}"
    assert out.read_bytes() == b"old"


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
def test_a_disk_that_fills_while_a_model_is_saved_leaves_the_old_one(
    out: Path,
) -> None:
    body = (
        "import resource, signal; "
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1, 1)); "
        "return Network()"
    )
    status = run(out, real(body))
    assert status.state == "failed"
    assert "File too large" in status.message
    assert status.message.endswith(UNCHANGED)
    assert out.read_bytes() == b"old"


def save_ink(path: Path, digit: int) -> None:
    ink.write(path, [ink.Sample((np.array([[0.0, digit]]),), "1")])


SAVERS: dict[str, Callable[[Path, int], None]] = {
    "model.safetensors": lambda path, digit: small(digit).save(path),
    "ink.jsonl": save_ink,
    "ink.jsonl.gz": save_ink,
    "anything": lambda path, digit: files.write(path, bytes([digit])),
}
"""All that is written by name; the command line and the exports use the last."""


@pytest.mark.parametrize("name", SAVERS)
def test_a_full_disk_leaves_the_old_file_and_no_other(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    path = tmp_path / "kept" / name
    path.parent.mkdir()
    SAVERS[name](path, 3)
    before = path.read_bytes()

    def full(prefix: str, dir: Path) -> tuple[int, str]:  # noqa: A002 - as mkstemp calls it
        name = dir / f"{prefix}x"
        name.touch()
        return os.open("/dev/full", os.O_WRONLY), str(name)

    monkeypatch.setattr(tempfile, "mkstemp", full)
    with pytest.raises(OSError, match="No space left") as error:
        SAVERS[name](path, 4)
    assert error.value.errno == errno.ENOSPC
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


# What these two write lies in a private place until it is whole, and is renamed or read then.
IN_PRIVATE = {"child.py", "job.py"}


def test_files_are_written_in_one_place() -> None:
    """All else hands what it writes to `files.write`, which does it whole or not at all."""
    writing = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or "devnull" in ast.unparse(node):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            given = [*node.args, *(word.value for word in node.keywords)]
            modes = [each.value for each in given if isinstance(each, ast.Constant)]
            opens = any(isinstance(mode, str) and set(mode) & set("wax+") for mode in modes)
            if name in {"write_bytes", "write_text", "savez"} or (name[-4:] == "open" and opens):
                writing.add(path.name)
    assert writing == {"files.py"} | IN_PRIVATE


@pytest.mark.skipif(sys.platform == "win32", reason="folders are protected in another way there")
def test_a_folder_that_cannot_be_written_leaves_the_old_file(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    folder = tmp_path / "kept"
    folder.mkdir()
    path = folder / "model.safetensors"
    files.write(path, b"old")
    folder.chmod(0o555)
    # If the tests run as root, become an ordinary user once everything is imported.
    code = """
import os, sys
from digitrec import files
if os.geteuid() == 0:
    os.setuid(65534)
try:
    files.write(sys.argv[1], b"new")
except PermissionError:
    print("refused")
"""
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, text=True, check=True
    )
    assert done.stdout == "refused\n"
    assert path.read_bytes() == b"old"
    assert list(folder.iterdir()) == [path]


def test_killed_while_it_saves_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    old, new = make_network().to_bytes(), make_network(filters=(8, 8)).to_bytes()
    files.write(path, old)
    code = """
import sys
from pathlib import Path
from digitrec import files
old, new = (Path(name).read_bytes() for name in sys.argv[2:])
print("go", flush=True)
while True:
    files.write(sys.argv[1], new)
    files.write(sys.argv[1], old)
"""
    (tmp_path / "old").write_bytes(old)
    (tmp_path / "new").write_bytes(new)
    for number in range(5):
        command = [sys.executable, "-c", code, path, tmp_path / "old", tmp_path / "new"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            child.stdout.readline()
            time.sleep(0.003 * number)
            child.kill()
        assert path.read_bytes() in (old, new)
        Network.load(path)


@pytest.mark.parametrize("what", ["a training", "a lesson"])
def test_no_room_for_a_training_is_said_where_it_was_asked_for(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = ModelInUse(load_bundled=lambda: small(0))
    training = Training(models)
    view = RetrainView(
        training, models, Guesses(Pad(models.network), training, models), Guard(pytest.fail)
    )
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    if what == "a training":
        view.start.click()
    else:
        training.learn([[[0.0] * 28] * 28], [7])
    doing = "training" if what == "a training" else "learning"
    assert training.sentence.startswith(f"The {doing} could not start: ")
    assert training.sentence.endswith(AS_IT_WAS)
    assert f"The {doing} could not start" in view.progress.value
    assert not training.running
    assert not view.start.disabled


def test_a_lesson_that_found_no_room_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models, corrections = ModelInUse(load_bundled=lambda: small(0)), Corrections()
    training = Training(models)
    lesson = Lesson(corrections, training, models)
    corrections.note(7, [[(1, 2), (90, 99)]])
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "gone"))
    lesson.start()
    taught = small(4, adapted={"validation_before": 0.9, "validation_after": 0.9})
    models.offer(taught, "taught")
    assert lesson.outcome is None
