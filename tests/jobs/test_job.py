import dataclasses
import itertools
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from digitrec import jobs, mnist
from digitrec.jobs import AdaptationJob, EpochNetwork, Point, Status, TrainingJob, child
from digitrec.jobs.job import _Points
from digitrec.jobs.queue import Turn
from digitrec.network import Network, bundled
from digitrec.report import Report
from digitrec.training import RECIPES, Progress

# What a stand-in child starts with: how to tell things and where the network goes.
HEAD = """
import json, os, pathlib, signal, subprocess, sys, time
order = json.loads(sys.argv[1])
file, folder = pathlib.Path(order["file"]), pathlib.Path(order["folder"])
def tell(**word):
    print(json.dumps(word), flush=True)
def progress(stage, epoch=0, batch=0, loss=None):
    tell(progress=dict(stage=stage, epoch=epoch, num_epochs=2, batch=batch, num_batches=4,
                       loss=loss, accuracy=loss and 1 - loss, validation_accuracy=None,
                       seconds_left=None))
"""
# The real child, but for what it trains.
REAL = """
import pathlib, sys, time
from digitrec import training
from digitrec.jobs import child
class Network:
    def to_bytes(self): return b"new"
def train(recipe, *, seed, on_progress, on_epoch):
    {body}
training.train = train
"""
END = "\nimport os; os._exit(child.main(sys.argv[1]))"


def stand_in(code: str) -> tuple[str, ...]:
    return (sys.executable, "-c", HEAD + code)


def real(body: str) -> tuple[str, ...]:
    return (sys.executable, "-c", REAL.format(body=body) + END)


@pytest.fixture(autouse=True)
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "queue"
    monkeypatch.setenv("DIGITREC_QUEUE", str(folder))
    return folder


@pytest.fixture(autouse=True)
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where jobs and children make their private folders."""
    folder = tmp_path / "shared"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    path = folder / "model.safetensors"
    path.write_bytes(b"old")
    return path


def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.01)


def run(out: Path, command: tuple[str, ...]) -> Status:
    return finish(TrainingJob("quick", 3, out, _command=command))


def finish(job: jobs.Job) -> Status:
    job.start()
    status = job.wait(60)
    nothing_is_left(job.out)
    return status


def nothing_is_left(out: Path) -> None:
    assert [path.name for path in out.parent.iterdir()] == [out.name], "something was left"
    assert list(Path(tempfile.gettempdir()).iterdir()) == [], "a folder was left"
    assert not psutil.Process().children(), "a process was left"


def test_success(out: Path) -> None:
    status = run(
        out,
        stand_in("""
progress("starting TensorFlow")
for epoch in (1, 2):
    for batch in (2, 4):
        progress("training", epoch, batch, 0.5 / epoch)
progress("evaluating", 2, 4)
file.write_text(json.dumps(order))
tell(done=True)
"""),
    )
    assert status.state == "done"
    assert status.ended
    assert status.message == ""
    assert (status.seed, status.ahead) == (3, 0)
    assert [point.epochs for point in status.history] == [0.5, 1.0, 1.5, 2.0]
    assert status.history[-1] == Point(2.0, 0.25, 0.75)
    assert status.progress is not None
    assert status.progress.stage == "evaluating"
    assert b'"seed": 3' in out.read_bytes()


def test_the_states_in_between(out: Path, tmp_path: Path) -> None:
    code = """
for stage in ("starting TensorFlow", "training", "evaluating"):
    progress(stage, 1, 1, 0.5)
    while not pathlib.Path(sys.argv[0], stage).exists():
        time.sleep(0.01)
file.write_bytes(b"new")
tell(done=True)
""".replace("sys.argv[0]", repr(str(tmp_path)))
    job = TrainingJob("quick", None, out, _command=stand_in(code))
    assert job.status().state == "queued"
    job.start()
    for stage, state in (
        ("starting TensorFlow", "starting"),
        ("training", "training"),
        ("evaluating", "evaluating"),
    ):
        until(lambda state=state: job.status().progress is not None and job.status().state == state)
        assert out.read_bytes() == b"old"
        (tmp_path / stage).touch()
    assert job.wait(10).state == "done"
    assert out.read_bytes() == b"new"


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "os.kill(os.getpid(), signal.SIGKILL)",
            "The training was stopped by the operating system, most likely for lack of memory.",
        ),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "The training crashed (SIGSEGV)."),
        (
            "file.write_bytes(b'new'); os.kill(os.getpid(), signal.SIGTERM)",
            "The training crashed (SIGTERM).",
        ),
        ("raise MemoryError", "The training ran out of memory."),
        (
            "os.write(2, b'E1 what(): std::bad_alloc'); os.abort()",
            "The training ran out of memory.",
        ),
        (
            "import no_such_module",
            (
                "The training stopped with an error "
                "(ModuleNotFoundError: No module named 'no_such_module')."
            ),
        ),
        ("tell(error='no such thing'); sys.exit(1)", "(no such thing)."),
        ("sys.exit(3)", "The training stopped with an error (exit code 3)."),
        ("print('{\\n\\x00 garbage [1]')", "The training ended without a model."),
        ("tell(done=True)", "The training ended without a model."),
        ("file.write_bytes(b'new')", "The training ended without a model."),
        ("file.write_bytes(b'new'); tell(done='yes')", "The training ended without a model."),
        ("sys.stdout.buffer.write(b'\\xff\\xfe' * 9)", "The training ended without a model."),
    ],
)
def test_a_child_that_dies(out: Path, code: str, message: str) -> None:
    status = run(out, stand_in(code))
    assert status.state == "failed"
    assert status.message.endswith(f"{message} Your model is as it was.")
    assert "Traceback" not in status.message
    assert out.read_bytes() == b"old"


@pytest.mark.parametrize(
    "line",
    ["null", "7", '{"progress": 1}', '{"progress": {"stage": 1, "nonsense": 2}}', "TensorFlow 2"],
)
def test_chatter_between_the_lines_is_passed_over(out: Path, line: str) -> None:
    status = run(
        out,
        stand_in(f"print({line!r}); file.write_bytes(b'new'); tell(done=True); print({line!r})"),
    )
    assert status.state == "done"
    assert out.read_bytes() == b"new"


def test_much_on_stderr_does_not_block_the_child(out: Path) -> None:
    status = run(out, stand_in("sys.stderr.write('x' * 1_000_000 + '\\nlast words'); sys.exit(1)"))
    assert "(last words)" in status.message


def test_no_program(out: Path) -> None:
    status = run(out, ("/no/such/program",))
    assert status.state == "failed"
    assert status.message.startswith("The training could not start (")


def test_no_queue(out: Path, queue: Path) -> None:
    queue.touch()
    status = run(out, stand_in("tell(done=True)"))
    assert status.state == "failed"
    assert status.message.startswith("The training could not start (")


def test_cancel_ends_the_child_and_its_children(out: Path) -> None:
    code = """
signal.signal(signal.SIGTERM, signal.SIG_IGN)
file.write_bytes(b"half")
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
progress("training", 1, 1, child.pid)
time.sleep(60)
"""
    job = TrainingJob("quick", None, out, _command=stand_in(code))
    job.start()
    until(lambda: bool(job.status().history))
    (child,) = psutil.Process().children()
    family = [child, psutil.Process(int(job.status().history[0].loss))]
    begun = time.monotonic()
    job.cancel()
    assert time.monotonic() - begun < 0.5
    assert job.status().state == "cancelled"
    until(lambda: not any(map(_alive, family)), 1)
    status = job.wait(2)
    assert status.message == "The training was cancelled. Your model is as it was."
    nothing_is_left(out)
    assert out.read_bytes() == b"old"


def test_what_the_child_leaves_lying_about_goes_with_it(out: Path) -> None:
    code = """
import tempfile
descriptor, name = tempfile.mkstemp()
assert pathlib.Path(name).parent == folder
file.write_bytes(b"new"); tell(done=True)
"""
    assert run(out, stand_in(code)).state == "done"


def _alive(process: psutil.Process) -> bool:
    # A grandchild's zombie is the init process's to reap.
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:  # it ended between the two questions
        return False


def test_cancel_while_queued(out: Path, queue: Path) -> None:
    with Turn(queue):
        job = TrainingJob("quick", None, out, _command=stand_in("tell(done=True)"))
        job.start()
        until(lambda: job.status().ahead == 1)
        job.cancel()
        assert job.wait(1).state == "cancelled"
        assert len(list(queue.glob("*.ticket"))) == 1


def test_cancel_before_and_after(out: Path) -> None:
    early = TrainingJob("quick", None, out, _command=stand_in("file.touch(); tell(done=True)"))
    early.cancel()
    early.start()
    assert early.wait(5).state == "cancelled"
    late = TrainingJob(
        "quick", None, out, _command=stand_in("file.write_bytes(b'new'); tell(done=True)")
    )
    late.start()
    late.wait(10)
    late.cancel()
    assert late.status().state == "done"
    assert out.read_bytes() == b"new"


def test_one_at_a_time_in_the_order_they_came(out: Path, tmp_path: Path) -> None:
    log = tmp_path / "log"
    code = """
with open(LOG, "a") as log:
    print(order["seed"], "begins", file=log, flush=True)
    while not pathlib.Path(LOG + str(order["seed"])).exists():
        time.sleep(0.01)
    print(order["seed"], "ends", file=log, flush=True)
file.write_bytes(b"new")
tell(done=True)
""".replace("LOG", repr(str(log)))
    queued = []
    for seed in (0, 1, 2):
        job = TrainingJob("quick", seed, out, _command=stand_in(code))
        job.start()
        until(lambda job=job, seed=seed: job.status().ahead == seed)
        if seed == 0:
            until(lambda job=job: job.status().state == "starting")
        queued.append(job)
    assert [job.status().state for job in queued] == ["starting", "queued", "queued"]
    for seed, job in enumerate(queued):
        Path(f"{log}{seed}").touch()
        assert job.wait(10).state == "done"
    expected = [f"{seed} {what}" for seed in (0, 1, 2) for what in ("begins", "ends")]
    assert log.read_text().splitlines() == expected


def test_the_child_dies_with_its_parent(out: Path, shared: Path) -> None:
    body = "pathlib.Path({!r}).touch(); time.sleep(60)".format(str(out.parent / "begun"))
    parent_code = f"""
import sys, tempfile, time
tempfile.tempdir = {str(shared)!r}
from digitrec.jobs import TrainingJob
job = TrainingJob("quick", 1, {str(out)!r}, _command={real(body)!r})
job.start()
print(job._part, flush=True)
time.sleep(60)
"""
    with subprocess.Popen(
        [sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        part = Path(parent.stdout.readline().strip())
        until((out.parent / "begun").exists)
        part.write_bytes(b"half")
        (child,) = psutil.Process(parent.pid).children()
        parent.kill()
        until(lambda: not _alive(child), 3)
    assert not part.exists()
    assert list(shared.iterdir()) == []
    assert out.read_bytes() == b"old"


def test_the_real_child_with_a_stand_in_for_training(out: Path) -> None:
    body = (
        'print("Epoch 1/3 chatter"); assert recipe == training.RECIPES["quick"], recipe; '
        "assert seed == 3; "
        'on_progress(training.Progress("training", 1, 1, 1, 2, 0.5, 0.9, None, 1.0)); '
        "return Network()"
    )
    status = run(out, real(body))
    assert (status.state, status.message) == ("done", "")
    assert status.history == (Point(0.5, 0.5, 0.9),)
    assert out.read_bytes() == b"new"


def test_the_real_child_runs_with_less_priority(out: Path) -> None:
    job = TrainingJob("quick", 3, out, _command=real("time.sleep(60)"))
    job.start()
    mine, later = os.nice(0), []

    def is_later() -> bool:
        later[:] = [child for child in psutil.Process().children() if child.nice() == mine + 10]
        return bool(later)

    until(is_later)
    sessions = Path(f"/proc/{later[0].pid}/autogroup")
    if sessions.exists() and sessions.read_text().strip():
        until(lambda: sessions.read_text().endswith("nice 10\n"))
    job.cancel()
    assert job.wait(2).state == "cancelled"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("raise ValueError('too   few\\nimages.')", "(ValueError: too few images)."),
        ("from digitrec.errors import TrainingError; raise TrainingError('No.')", "error (No)."),
        ("raise MemoryError", "The training ran out of memory."),
        ("raise OSError(28, 'No space left on device')", "No space left on device)."),
        ("raise RuntimeError('x' * 1000)", "x…)."),
    ],
)
def test_the_real_child_tells_its_errors(out: Path, body: str, message: str) -> None:
    status = run(out, real(body))
    assert status.state == "failed"
    assert status.message.endswith(f"{message} Your model is as it was.")
    assert len(status.message) < 400


def test_a_folder_that_went_away(out: Path) -> None:
    command = real(f"import shutil; shutil.rmtree({str(out.parent)!r}); return Network()")
    job = TrainingJob("quick", 1, out, _command=command)
    job.start()
    assert job.wait(10).state == "failed"
    assert "No such file" in job.status().message


def test_the_network_of_every_epoch_is_told(out: Path) -> None:
    code = """
progress("training", 1, 4, 0.5)
for epoch in (1, 2, 3):
    (folder / f"epoch-{epoch}.safetensors").write_bytes(b"network %d" % epoch)
    tell(epoch=epoch)
    while (folder / f"epoch-{epoch}.safetensors").exists():
        time.sleep(0.01)
    while not pathlib.Path(GO + str(epoch)).exists():
        time.sleep(0.01)
file.write_bytes(b"new")
tell(done=True)
""".replace("GO", repr(f"{out.parent.parent}/go"))
    job = TrainingJob("quick", 1, out, _command=stand_in(code))
    assert job.status().epoch_network is None
    job.start()
    for epoch in (1, 2, 3):
        expected = EpochNetwork(epoch, b"network %d" % epoch)
        until(lambda expected=expected: job.status().epoch_network == expected)
        assert job.status().history == (Point(1.0, 0.5, 0.5),)
        Path(f"{out.parent.parent}/go{epoch}").touch()
    status = job.wait(10)
    assert (status.state, status.epoch_network) == ("done", expected)
    nothing_is_left(out)


@pytest.mark.parametrize("word", ["epoch=7", "epoch='../x'", "epoch=None", "epoch=[1]"])
def test_an_epoch_that_is_not_there_is_passed_over(out: Path, word: str) -> None:
    status = run(out, stand_in(f"tell({word}); file.write_bytes(b'new'); tell(done=True)"))
    assert (status.state, status.epoch_network) == ("done", None)


def test_the_real_child_hands_over_the_networks_of_its_epochs(out: Path) -> None:
    body = "on_epoch(1, Network()); on_epoch(2, Network()); return Network()"
    status = run(out, real(body))
    assert (status.state, status.epoch_network) == ("done", EpochNetwork(2, b"new"))


def test_a_training_goes_on_when_an_epoch_cannot_be_written(out: Path) -> None:
    body = (
        "import json, shutil; shutil.rmtree(json.loads(sys.argv[1])['folder']); "
        "on_epoch(1, Network()); return Network()"
    )
    status = run(out, real(body))
    assert (status.state, status.epoch_network) == ("done", None)


def test_status_from_many_threads(out: Path) -> None:
    code = """
for batch in range(2000):
    progress("training", 1, batch / 500, 0.5)
file.write_bytes(b"new")
tell(done=True)
"""
    job = TrainingJob("quick", 1, out, _command=stand_in(code))
    wrong: list[Status] = []

    def watch() -> None:
        seen = 0.0
        while not (status := job.status()).ended:
            steps = [point.epochs for point in status.history]
            if steps != sorted(steps) or (steps and steps[-1] < seen - 0.1):
                wrong.append(status)
            seen = steps[-1] if steps else 0.0

    threads = [threading.Thread(target=watch) for _ in range(3)]
    job.start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert job.wait(5).state == "done"


def test_long_curves_are_thinned_evenly() -> None:
    points = _Points()
    for epoch in range(1, 31):
        for batch in range(1, 101):
            points.add(Progress("training", epoch, 30, batch, 100, 1.0, 0.5, None, None))
            assert len(points.points) <= 400
    steps = [point.epochs for point in points.points]
    gaps = [late - early for early, late in itertools.pairwise(steps)]
    assert len(steps) > 150
    assert steps[0] == 0.01
    assert steps[-1] > 29.5
    assert max(gaps) < 2.5 * min(gaps)


def test_a_fresh_seed_is_told_at_once(out: Path) -> None:
    seeds = {TrainingJob("quick", None, out).status().seed for _ in range(5)}
    assert len(seeds) > 1


def test_a_job_is_one_run(out: Path) -> None:
    job = TrainingJob("quick", None, out, _command=stand_in("tell(done=True)"))
    job.start()
    with pytest.raises(RuntimeError, match="already started"):
        job.start()
    job.wait(10)


def test_wrong_arguments(out: Path) -> None:
    with pytest.raises(ValueError, match=r"recipe must be one of .*classic.*Received: 'slow'"):
        TrainingJob("slow", None, out)
    with pytest.raises(ValueError, match="seed"):
        TrainingJob("quick", -1, out)
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        TrainingJob("quick", None, out / "below" / "model")
    with pytest.raises(ValueError, match="epochs"):
        TrainingJob(dataclasses.replace(RECIPES["quick"], epochs=0), None, out)


@pytest.mark.slow
def test_a_real_training(out: Path) -> None:
    recipe = dataclasses.replace(RECIPES["classic"], num_images=500, epochs=2, batch_size=100)
    states = set()
    job = TrainingJob(recipe, 7, out)
    job.start()
    while not (status := job.wait(0.02)).ended:
        states.add(status.state)
    assert status.message == ""
    assert status.state == "done"
    assert {"starting", "training"} <= states
    assert len(status.history) >= 2
    assert status.history[-1].epochs == pytest.approx(2)
    network = Network.load(out)
    assert network.metadata["seed"] == 7
    assert network.metadata["test_accuracy"] > 0.3
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    assert not psutil.Process().children()


@pytest.mark.slow
def test_cancel_while_tensorflow_starts(out: Path) -> None:
    job = TrainingJob("quick", 7, out)
    job.start()
    until(lambda: job.status().progress is not None)
    time.sleep(0.5)
    (child,) = psutil.Process().children()
    job.cancel()
    until(lambda: not _alive(child), 1)
    assert job.wait(1).state == "cancelled"
    assert out.read_bytes() == b"old"


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    assert child.why({}, -99, "") == "The training crashed (signal 99)."


@pytest.mark.slow
def test_killed_while_training(out: Path) -> None:
    job = TrainingJob("quick", 7, out)
    job.start()
    until(lambda: bool(job.status().history), 60)
    (child,) = psutil.Process().children()
    child.send_signal(signal.SIGKILL)
    status = job.wait(5)
    assert status.state == "failed"
    assert "lack of memory" in status.message
    assert out.read_bytes() == b"old"


# Learning somebody's own digits


def own_digits(num: int) -> tuple[np.ndarray, np.ndarray]:
    part = mnist.load_part("validation")
    return part.images[:num], part.labels[:num]


@pytest.mark.slow
def test_a_real_adaptation(out: Path) -> None:
    images, labels = own_digits(20)
    states, stages, done = [], [], []
    code = """
import sys
sys.modules["tensorflow"] = sys.modules["keras"] = None  # importing them fails
from digitrec.jobs import child
"""
    command = (sys.executable, "-c", code + END)
    job = AdaptationJob(bundled(), images, labels, out, seed=5, _command=command)
    assert out.read_bytes() == b"old"
    job.start()
    while not (status := job.wait(0.02)).ended:
        states.append(status.state)
        if status.progress is not None:
            stages.append(status.progress.stage)
            done.append(status.progress.batch / status.progress.num_batches)
    assert status.message == ""
    assert status.state == "done"
    assert {"starting", "training", "evaluating"} <= set(states)
    assert {"learning", "evaluating"} == set(stages)
    assert done == sorted(done)
    assert done[0] < 0.2
    assert done[-1] <= 1
    assert status.epoch_network is None
    job.wait()  # it has ended when all is in place; then its folder goes
    nothing_is_left(out)
    network = Network.load(out)
    assert network.metadata["adapted"]["images"] == 20
    assert network.metadata["adapted"]["seed"] == 5
    assert Report.from_dict(network.metadata["evaluation"]).samples == 10_000
    before = bundled()
    changed = {
        name for name, weights in before.weights.items() if (network.weights[name] != weights).any()
    }
    assert changed == {"dense/kernel", "dense/bias"}


def test_what_an_adaptation_hands_over(out: Path, shared: Path) -> None:
    code = """
import numpy
assert "adapt" in order and order["seed"] == 9
assert len(sys.argv[1]) < 1000  # nothing large on the command line
assert folder.stat().st_mode & 0o077 == 0
with numpy.load(folder / "digits.npz") as digits:
    assert digits["images"].shape == (3, 28, 28) and digits["images"].max() == 255
    assert list(digits["labels"]) == [4, 5, 6]
file.write_bytes((folder / "network.safetensors").read_bytes())
tell(done=True)
"""
    images = np.ones((3, 28, 28), np.float32)
    job = AdaptationJob(bundled(), images, [4, 5, 6], out, seed=9, _command=stand_in(code))
    images[:] = 0  # what the caller does with them later is their own business
    assert list(shared.iterdir()) == []
    status = finish(job)
    assert (status.state, status.message) == ("done", "")
    assert Network.load(out).metadata == bundled().metadata


def test_an_adaptation_that_dies_or_is_cancelled_says_so(out: Path) -> None:
    def adaptation(code: str) -> AdaptationJob:
        return AdaptationJob(bundled(), *own_digits(1), out, _command=stand_in(code))

    status = finish(adaptation("os.kill(os.getpid(), signal.SIGSEGV)"))
    assert status.state == "failed"
    assert status.message == "The learning crashed (SIGSEGV). Your model is as it was."
    job = adaptation("progress('learning'); time.sleep(60)")
    job.start()
    until(lambda: job.status().state == "training")
    job.cancel()
    status = job.wait(2)
    assert status.message == "The learning was cancelled. Your model is as it was."
    nothing_is_left(out)
    assert out.read_bytes() == b"old"


def test_an_adaptation_waits_behind_a_training(out: Path, queue: Path) -> None:
    with Turn(queue):
        code = "file.write_bytes(b'new'); tell(done=True)"
        job = AdaptationJob(bundled(), *own_digits(1), out, _command=stand_in(code))
        job.start()
        until(lambda: job.status().ahead == 1)
    assert job.wait(10).state == "done"


@pytest.mark.parametrize(
    ("images", "labels", "seed", "word"),
    [
        (np.zeros((0, 28, 28)), [], 0, "1 to 1,000 images"),
        (np.zeros((2, 28, 28)), [1], 0, "2 labels"),
        (np.zeros((1, 28, 28)), [10], 0, "labels must be"),
        (np.zeros((1, 28, 28)), [1], -1, "seed must be"),
    ],
)
def test_an_adaptation_that_makes_no_sense(
    out: Path, images: np.ndarray, labels: list[int], seed: int, word: str
) -> None:
    with pytest.raises(ValueError, match=word):
        AdaptationJob(bundled(), images, labels, out, seed=seed)


def test_a_training_that_takes_longer_than_the_server_allows_is_ended(
    out: Path, shared: Path, queue: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out.write_bytes(b"old")
    monkeypatch.setenv("DIGITREC_TRAINING_MINUTES", "0.005")
    job = TrainingJob("quick", 1, out, _command=stand_in("time.sleep(99)"))
    with Turn(queue) as before:
        job.start()
        until(lambda: job.status().ahead == 1)
        assert job.status().most_seconds == pytest.approx(0.3)
        # Waiting for others does not count.
        assert not job.wait(1).ended
        before.leave()
        status = job.wait(20)
    assert status.state == "failed"
    assert status.message == (
        "The training was stopped: it may take 0.005 minutes on this server. "
        "Your model is as it was."
    )
    assert out.read_bytes() == b"old"
    assert list(shared.iterdir()) == []
    assert not list(queue.glob("*.ticket"))
    with Turn(queue) as after:
        assert after.ahead() == 0


@pytest.mark.parametrize(
    ("minutes", "seconds"),
    [
        ("10", 600),
        ("0.5", 30),
        ("0", None),
        ("-1", None),
        ("nan", None),
        ("inf", None),
        ("x", None),
    ],
)
def test_the_limit_is_a_number_of_minutes_or_none(
    minutes: str, seconds: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DIGITREC_TRAINING_MINUTES", minutes)
    assert jobs.most_seconds() == seconds


def test_a_training_in_time_is_not_disturbed_and_without_a_server_there_is_no_limit(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = 'pathlib.Path(order["file"]).write_bytes(b"new"); tell(done=True)'
    monkeypatch.setenv("DIGITREC_TRAINING_MINUTES", "10")
    job = TrainingJob("quick", 1, out, _command=stand_in(code))
    job.start()
    assert job.wait(20).state == "done"
    assert not [one for one in threading.enumerate() if isinstance(one, threading.Timer)]
    monkeypatch.delenv("DIGITREC_TRAINING_MINUTES")
    assert TrainingJob("quick", 1, out).status().most_seconds is None
