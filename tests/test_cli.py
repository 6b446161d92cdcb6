import functools
import importlib.metadata
import io
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import PIL.Image
import psutil
import pytest

import digitrec
from digitrec import cli, evaluation, ink, jobs, mnist, network, serving, sight
from digitrec.app.model.in_use import checked
from digitrec.cli import _terminal
from digitrec.jobs import Status
from digitrec.jobs.queue import Turn
from digitrec.serving.settings import Settings
from digitrec.training import Progress
from tests.drawings import FOUR

SEVEN = [[(80, 70), (200, 70), (130, 240)]]
ONE = [[(150, 60), (150, 240)]]
PROGRAM = [sys.executable, "-m", "digitrec"]

# A child that trains nothing: it hands the bundled network over.
TRAINED = """
import json, pathlib, sys
from digitrec import resources
order = json.loads(sys.argv[1])
for stage, epoch, batch in (("training", 1, 1), ("training", 2, 4), ("evaluating", 2, 4)):
    print(json.dumps({"progress": dict(stage=stage, epoch=epoch, num_epochs=2, batch=batch,
                                       num_batches=4, loss=0.25, accuracy=0.9)}), flush=True)
pathlib.Path(order["file"]).write_bytes(resources.data("model.safetensors").read_bytes())
print(json.dumps({"done": True}))
"""


@pytest.fixture(autouse=True)
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "queue"
    monkeypatch.setenv("DIGITREC_QUEUE", str(folder))
    return folder


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    def use(code: str) -> None:
        command = (sys.executable, "-c", code)
        monkeypatch.setattr(
            jobs, "TrainingJob", functools.partial(jobs.TrainingJob, _command=command)
        )

    return use


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "seven.png"
    image = mnist.load_part("test").images[0]
    PIL.Image.fromarray(image).resize((200, 200)).save(path)
    return path


@pytest.fixture
def drawings(tmp_path: Path) -> Path:
    path = tmp_path / "drawings.jsonl.gz"
    samples = [
        ink.Sample(ink.check(SEVEN), "7", "first"),
        ink.Sample(ink.check(ONE), "1"),
        ink.Sample((), "3"),
        ink.Sample(ink.check(ONE), "x"),
    ]
    ink.write(path, samples)
    return path


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert end.value.code == 0
    assert capsys.readouterr().out == f"digitrec {digitrec.__version__}\n"


@pytest.mark.parametrize(
    "command", ["", "dashboard", "train", "learn", "predict", "evaluate", "export"]
)
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main([*command.split(), "--help"])
    assert end.value.code == 0
    assert f"digitrec {command}".strip() in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND; see digitrec --help"),
        (["guess"], "invalid choice: 'guess'"),
        (["predict"], "the following arguments are required: FILE; see digitrec predict --help"),
        (["predict", "missing.png"], "missing.png"),
        (["predict", "missing.jsonl"], "missing.jsonl"),
        (["predict", "--model", "missing", "seven.png"], "missing"),
        (["predict", "broken.jsonl"], "broken.jsonl"),
        (["predict", "broken.png"], "broken.png"),
        (["predict", "."], "."),
        (["evaluate", "--model", "broken.png"], "broken.png"),
        (["evaluate", "--ink", "missing.jsonl"], "missing.jsonl"),
        (["evaluate", "--figure", "out.jpg"], "must end in .png, .svg or .pdf. Received: out.jpg"),
        (["evaluate", "--figure", "out"], "must end in .png, .svg or .pdf. Received: out"),
        (["evaluate", "--figure", "no/out.png"], "there is no folder no; make it first"),
        (["evaluate", "--figure", "folder.png"], "cannot write a file at folder.png"),
        (["evaluate", "--ink", "missing.jsonl", "--figure", "out.png"], "missing.jsonl"),
        (
            ["evaluate", "--ink", "letters.jsonl", "--figure", "out.png"],
            "no drawing is labelled a digit",
        ),
        (["export", "out.onnx"], "--format"),
        (["export", "--format", "onnx", "no/out.onnx"], "there is no folder no"),
        (["export", "--format", "keras", "out.h5"], "must end in .keras"),
        (["train", "--recipe", "secret"], "--recipe must be one of quick, classic"),
        (["train", "--epochs", "0"], "epochs must be"),
        (["train", "--epochs", "many"], "invalid int value: 'many'"),
        (["train", "--seed", "-1"], "seed must be"),
        (["train", "--out", "no/model"], "there is no folder"),
        (["train", "--out", "."], "cannot write a file at"),
        (["learn", "drawings.jsonl"], "--out; see digitrec learn --help"),
        (["learn", "missing.jsonl", "--out", "mine"], "missing.jsonl"),
        (
            ["learn", "letters.jsonl", "--out", "mine"],
            "expected a drawing with a label from 0 to 9",
        ),
        (["dashboard", "--port", "70000"], "70000"),
    ],
)
def test_an_error_is_one_line(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("broken.png").write_bytes(b"no\npicture")
    Path("broken.jsonl").write_text('{"strokes": [[[1, 2]]]}\n{"strokes"')
    Path("letters.jsonl").write_text('{"strokes": [[[1, 2], [3, 4]]], "label": "L"}')
    Path("folder.png").mkdir()
    before = set(tmp_path.iterdir())
    try:
        code: Any = cli.main(arguments)
    except SystemExit as end:
        code = end.code
    output = capsys.readouterr()
    assert code == 2
    assert output.out == ""
    (line,) = output.err.splitlines()
    assert line.startswith("digitrec: ")
    assert message in line
    assert "Traceback" not in line
    assert "[Errno" not in line.split(":")[1]
    assert set(tmp_path.iterdir()) == before


def test_predict_a_picture(picture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen = sight.look(network.bundled(), picture)
    assert seen is not None
    expected = seen.prediction
    assert cli.main(["predict", str(picture)]) == 0
    output = capsys.readouterr().out
    assert output == f"{picture}: {expected.digit} {100 * expected.confidence:.1f} %\n"
    assert cli.main(["predict", "--json", str(picture)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["file"] == str(picture)
    assert answer["digit"] == expected.digit
    assert answer["confidence"] == expected.confidence
    assert answer["refused"] == expected.refused
    assert answer["probabilities"] == expected.probabilities.tolist()


def test_predict_drawings(drawings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["predict", str(drawings)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{drawings} first: 7 ")
    assert lines[1].startswith(f"{drawings} 2: 1 ")
    assert lines[2] == f"{drawings} 3: refused (nothing is drawn)"
    assert len(lines) == 4
    assert cli.main(["predict", "--json", str(drawings)]) == 0
    answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [answer["id"] for answer in answers] == ["first", "2", "3", "4"]
    assert answers[2] == {
        "text": "",
        "file": str(drawings),
        "id": "3",
        "digit": None,
        "confidence": None,
        "refused": True,
        "probabilities": None,
    }


def test_predict_a_number(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right = [[(x + 200, y) for x, y in stroke] for stroke in SEVEN]
    path = tmp_path / "number.jsonl"
    ink.write(path, [ink.Sample(ink.check([*FOUR, *right]))])
    assert cli.main(["predict", str(path)]) == 0
    assert capsys.readouterr().out.startswith(f"{path} 1: 47 ")
    assert cli.main(["predict", "--json", str(path)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["text"], answer["digit"], answer["refused"]) == ("47", None, False)
    assert [digit["digit"] for digit in answer["digits"]] == [4, 7]
    assert answer["digits"][1]["box"][0] == 280


def test_predict_says_what_it_refuses(
    drawings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundled = network.bundled()
    wary = network.Network(
        bundled.weights, bundled.architecture, network.Calibration(1.0, 1e6), bundled.metadata
    )
    wary.save(tmp_path / "wary.safetensors")
    assert cli.main(["predict", "--model", str(tmp_path / "wary.safetensors"), str(drawings)]) == 0
    line = capsys.readouterr().out.splitlines()[0]
    assert line.startswith(f"{drawings} first: refused (not a digit; nearest is 7 ")


def test_predict_answers_what_comes_after_a_bad_file(
    picture: Path, drawings: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["predict", "missing.png", str(picture), "gone.png", str(drawings)]) == 2
    output = capsys.readouterr()
    assert len(output.out.splitlines()) == 5
    assert ["missing.png" in line or "gone.png" in line for line in output.err.splitlines()] == [
        True,
        True,
    ]


def test_predict_a_file_with_a_strange_name(
    picture: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    strange = tmp_path / os.fsdecode(b"caf\xe9\n.png")
    picture.rename(strange)
    assert cli.main(["predict", str(strange)]) == 0
    assert "caf�" in capsys.readouterr().out
    assert cli.main(["predict", "--json", str(strange)]) == 0
    assert json.loads(capsys.readouterr().out)["file"].endswith("caf�\n.png")


def test_evaluate_ink(drawings: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["evaluate", "--ink", str(drawings), "--json"]) == 0
    output = capsys.readouterr()
    (line,) = output.out.splitlines()
    result = json.loads(line)
    assert result["samples"] == 3
    assert result["accuracy"] == pytest.approx(2 / 3)
    assert result["refused"] >= 1 / 3
    assert len(result["per_class"]) == 10
    assert np.shape(result["confusion"]) == (10, 10)
    assert 0 <= result["ece"] <= 1
    assert result["not_digits"]["samples"] == 1
    assert result["not_digits"]["refused"] in (0, 1)
    assert cli.main(["evaluate", "--ink", str(drawings)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["drawings", "of", "digits", "3"]
    assert lines[1].split() == ["right", "66.67", "%"]
    assert any(line.split() == ["drawings", "of", "others", "1"] for line in lines)
    assert any(line.split() == ["right", "of", "the", "3s", "0.00", "%"] for line in lines)
    assert not any("4s" in line for line in lines)


@pytest.mark.parametrize("name", ["out.png", "OUT.SVG", "out.pdf"])
def test_evaluate_draws_where_it_fails(
    name: str, drawings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    figure = tmp_path / name
    figure.write_bytes(b"old")
    assert cli.main(["evaluate", "--ink", str(drawings)]) == 0
    without = capsys.readouterr().out
    assert cli.main(["evaluate", "--ink", str(drawings), "--figure", str(figure)]) == 0
    assert capsys.readouterr() == (without, "")
    content = figure.read_bytes()
    assert content.startswith((b"\x89PNG", b"<?xml", b"%PDF-"))
    assert b"2 of 3 are on the diagonal" in content
    assert set(tmp_path.iterdir()) == {drawings, figure}


def test_the_figure_shows_the_drawings_that_were_read_wrong() -> None:
    samples = [ink.Sample(ink.check(strokes), "7") for strokes in (SEVEN, ONE, SEVEN)]
    report = evaluation.evaluate_ink(network.bundled(), samples)
    assert [mistake.sample for mistake in report.mistakes] == [1]
    images = cli._mistaken(report, samples)
    np.testing.assert_array_equal(images[1], ink.image(ONE))
    assert images[[0, 2]].max() == 0


def test_a_figure_where_none_can_be_written_costs_no_measuring(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # Written out, since in some places the tests run as root.
    monkeypatch.setattr(os, "access", lambda path, mode: (path, mode) != (tmp_path, os.W_OK))
    monkeypatch.setattr(evaluation, "evaluate", None)
    assert cli.main(["evaluate", "--figure", str(tmp_path / "out.png")]) == 2
    output = capsys.readouterr()
    place = tmp_path / "out.png"
    assert output.out == ""
    assert output.err == (f"digitrec: cannot write a file at {place}; choose another place\n")


def test_evaluate_what_is_no_digit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "letters.jsonl"
    ink.write(path, [ink.Sample(ink.check(SEVEN), "L")] * 2)
    assert cli.main(["evaluate", "--ink", str(path), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["samples"], result["accuracy"]) == (0, None)
    assert result["not_digits"]["samples"] == 2
    assert cli.main(["evaluate", "--ink", str(path)]) == 0
    assert "nan" not in capsys.readouterr().out


def test_evaluate_mnist(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    test = mnist.load_part("test")
    few = mnist.Part(test.images[:300], test.labels[:300])
    monkeypatch.setattr(mnist, "load_part", {"test": few}.__getitem__)
    assert cli.main(["evaluate", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    expected = evaluation.evaluate(network.bundled(), few.images, few.labels)
    assert result == expected.figures() | expected.to_dict()
    assert "not_digits" not in result
    figure = tmp_path / "mistakes.png"
    assert cli.main(["evaluate", "--figure", str(figure)]) == 0
    right = round(300 * expected.accuracy)
    assert f"{right} of 300 are on the diagonal".encode() in figure.read_bytes()


def test_learn_somebodys_digits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    # A one that is to be read as a 4, a seven as it is, and what cannot be learnt.
    samples = [
        ink.Sample(ink.check(strokes), label=label)
        for strokes, label in ((ONE, "4"), (SEVEN, "7"), (SEVEN, "x"), ([], "3"), (SEVEN, "5"))
    ]
    drawings, out = tmp_path / "mine.jsonl", tmp_path / "mine.safetensors"
    ink.write(drawings, samples[:4])
    assert cli.main(["learn", str(drawings), "--out", str(out)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"{out}: 2 of 2 drawings right, 1 before"]
    learnt = network.Network.load(out)
    assert learnt.predict(ink.image(ink.check(ONE))).digit == 4
    checked(out.read_bytes())  # as the pad does when it opens a file
    ink.write(drawings, [*samples[:4], samples[4]])
    assert cli.main(["learn", str(drawings), "--out", str(out)]) == 0
    told = capsys.readouterr().out
    assert "1 contradicted: another drawing that is nearly the same was said to be" in told


def test_the_public_name_learns_and_costs_nothing_before() -> None:
    code = "import sys, digitrec; print('numpy' in sys.modules, digitrec.learn.__module__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "digitrec.personal"]
    assert "learn" in dir(digitrec)
    with pytest.raises(AttributeError, match="no attribute 'lern'"):
        _ = digitrec.lern


def test_export(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "digits.onnx"
    path.write_bytes(b"old")
    assert cli.main(["export", "--format", "onnx", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}\n"
    assert b"probabilities" in path.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "suffix"), [("keras", "keras"), ("litert", "tflite")])
def test_export_is_quiet_about_tensorflow(kind: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"digits.{suffix}"
    result = subprocess.run(
        [*PROGRAM, "export", "--format", kind, str(path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{path}\n", "")
    assert path.stat().st_size > 10_000


def test_what_is_muted_and_what_is_not(capfd: pytest.CaptureFixture[str]) -> None:
    def chatter() -> None:
        with _terminal.muted():
            os.write(1, b"chatter")
            os.write(2, b"more of it")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        chatter()
    os.write(1, b"answer")
    os.write(2, b"error")
    assert capfd.readouterr() == ("answer", "error")


def test_train(
    stand_in: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    stand_in(TRAINED)
    assert cli.main(["train", "--recipe", "classic", "--seed", "12"]) == 0
    output = capsys.readouterr()
    accuracy = network.bundled().metadata["test_accuracy"]
    assert output.out == (
        f"digitrec-classic-12.safetensors: {100 * accuracy:.2f} % of the test digits right, "
        "seed 12\n"
    )
    assert network.Network.load("digitrec-classic-12.safetensors").num_parameters
    assert set(output.err.splitlines()) <= {
        "queued",
        "starting TensorFlow",
        "epoch 1 of 2",
        "epoch 2 of 2",
        "measuring the network",
    }


def test_train_on_a_terminal_redraws_one_line(
    stand_in: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    stand_in(TRAINED.replace("for stage", "import time\nfor stage") + "time.sleep(0.5)")
    assert cli.main(["train", "--out", str(tmp_path / "model")]) == 0
    written = terminal.getvalue()
    assert "\n" not in written
    assert written.startswith("\r\x1b[K")
    assert written.endswith("\r\x1b[K")
    assert "measuring the network" in written


def test_train_that_fails(
    stand_in: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"old")
    stand_in("import os, signal; os.kill(os.getpid(), signal.SIGKILL)")
    assert cli.main(["train", "--out", str(path)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "digitrec: The training was stopped by the operating system, most likely for lack of "
        "memory. Your model is as it was."
    )
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize(
    ("status", "bar", "line"),
    [
        (Status("queued", 1), True, "queued"),
        (Status("queued", 1, ahead=1), True, "queued, 1 training ahead of this one"),
        (Status("queued", 1, ahead=2), False, "queued, 2 trainings ahead of this one"),
        (Status("starting", 1), True, "starting TensorFlow"),
        (Status("training", 1), True, "starting TensorFlow"),
        (Status("evaluating", 1), True, "measuring the network"),
        (
            Status("training", 1, progress=Progress("training", 1, 3, 2, 8, 0.1234, 0.97, None, 4)),
            True,
            "epoch 1 of 3  [#####...............]  loss 0.123  accuracy 97.0 %  4 s left",
        ),
        (
            Status("training", 1, progress=Progress("training", 1, 3, 2, 8, 0.1234, 0.97, None, 4)),
            False,
            "epoch 1 of 3",
        ),
        (
            Status("training", 1, progress=Progress("training", 1, 3)),
            True,
            "epoch 1 of 3  [....................]",
        ),
    ],
)
def test_the_line_about_a_training(status: Status, bar: bool, line: str) -> None:
    assert _terminal.status_line(status, bar=bar) == line


def test_ctrl_c_while_queued(queue: Path, tmp_path: Path) -> None:
    path = tmp_path / "model"
    with Turn(queue), _start("train", "--out", str(path)) as program:
        assert program.stderr is not None
        while "1 training ahead" not in program.stderr.readline():
            assert program.poll() is None
        _interrupt(program)
        assert program.stderr.read() == ""
    assert not path.exists()
    assert [path.name for path in queue.iterdir()] == ["door.lock"]


@pytest.mark.slow
def test_ctrl_c_while_training(tmp_path: Path) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    with _start("train", "--out", str(folder / "model")) as program:
        assert program.stderr is not None
        while "epoch" not in program.stderr.readline():
            assert program.poll() is None
        (child,) = psutil.Process(program.pid).children()
        _interrupt(program)
        assert "Traceback" not in program.stderr.read()
        assert not child.is_running()
    assert not list(folder.iterdir())


def _start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*PROGRAM, *arguments],
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509 - no thread of ours is in the way
    )


def _heed_interrupts() -> None:
    # Tests that a shell runs in the background ignore them, and so would what they start.
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def _interrupt(program: subprocess.Popen[str]) -> None:
    begun = time.monotonic()
    program.send_signal(signal.SIGINT)
    try:
        assert program.wait(10) == 130
    finally:
        program.kill()  # or those who wait for its end wait for ever
    assert time.monotonic() - begun < 5


def test_ctrl_c_has_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_settings: Settings) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(serving, "serve", interrupt)
    assert cli.main(["dashboard"]) == 130
    assert capsys.readouterr().err == ""


def test_a_closed_pipe_ends_it_quietly(tmp_path: Path) -> None:
    path = tmp_path / "many.jsonl"
    ink.write(path, [ink.Sample(ink.check(ONE), "1")] * 3000)
    with subprocess.Popen(
        [*PROGRAM, "predict", "--json", str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stderr is not None
        program.stdout.readline()
        program.stdout.close()
        assert program.stderr.read() == b""
        assert program.wait(20) == 141


def _in_a_shell(tmp_path: Path, line: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a line of shell in which $digitrec is the program and ink.jsonl a drawing."""
    ink.write(tmp_path / "ink.jsonl", [ink.Sample(ink.check(ONE), "1", "é\x1b[2J")] * 3)
    return subprocess.run(
        ["bash", "-c", f'set -o pipefail; digitrec="{sys.executable} -m digitrec"; {line}'],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(digitrec.__file__).parents[1]), **settings},
    )


@pytest.mark.slow
@pytest.mark.parametrize("command", ["--help", "evaluate --ink ink.jsonl", "predict ink.jsonl"])
def test_an_output_that_is_closed_or_full_is_one_line(command: str, tmp_path: Path) -> None:
    closed = _in_a_shell(tmp_path, f"$digitrec {command} >&-")
    assert closed.returncode == 2
    (line,) = closed.stderr.splitlines()
    assert line.startswith("digitrec: the standard output is closed; send it to a file")
    dumb = _in_a_shell(tmp_path, f"$digitrec {command} 2>&- >out.txt")
    assert (dumb.returncode, dumb.stderr) == (0, "")
    if Path("/dev/full").exists() and command != "--help":  # argparse takes that for written
        full = _in_a_shell(tmp_path, f"$digitrec {command} >/dev/full")
        assert full.returncode == 2
        (line,) = full.stderr.splitlines()
        assert "No space left on device" in line
    # The reader is gone before the first line is written.
    gone = _in_a_shell(tmp_path, f"{{ sleep 0.1; exec $digitrec {command}; }} | true")
    assert gone.stderr == ""
    assert gone.returncode == 141 or command == "--help"


@pytest.mark.slow
@pytest.mark.parametrize("settings", [{"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C"}])
def test_a_terminal_that_knows_few_letters(settings: dict[str, str], tmp_path: Path) -> None:
    for command in ("predict ink.jsonl", "--help", "dashboard --print-settings"):
        done = _in_a_shell(tmp_path, f"$digitrec {command}", **settings)
        assert (done.returncode, done.stderr) == (0, "")
    (tmp_path / "é.jsonl").write_text("{")
    done = _in_a_shell(tmp_path, "$digitrec predict é.jsonl", **settings)
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1


def test_names_out_of_a_file_cannot_move_the_cursor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "\x1b]0;title\x07.jsonl"
    evil = "\x1b[2J\r\n\x9b\u202eok"
    ink.write(path, [ink.Sample(ink.check(ONE), None, evil)])
    assert cli.main(["predict", str(path)]) == 0
    out = capsys.readouterr().out
    assert out.removesuffix("\n").isprintable()
    assert r"title\x07.jsonl \x1b[2J\r\n\x9b\u202eok: 1 " in out
    assert cli.main(["evaluate", "--ink", str(path)]) == 2
    assert capsys.readouterr().err.removesuffix("\n").isprintable()
    assert cli.main(["predict", str(tmp_path / "\x1b[31m.png")]) == 2
    assert capsys.readouterr().err.removesuffix("\n").isprintable()
    assert cli.main(["predict", "--json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == evil


@pytest.mark.parametrize("name", ["a.JSONL", "a.Jsonl.GZ"])
def test_ink_is_ink_in_capital_letters(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ink.write(tmp_path / name, [ink.Sample(ink.check(ONE), "1")])
    assert cli.main(["predict", str(tmp_path / name)]) == 0
    assert f"{name} 1: 1 " in capsys.readouterr().out


def test_too_little_memory_is_one_line(
    drawings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_arguments: Any) -> None:
        raise MemoryError("Unable to allocate 64 GiB")

    monkeypatch.setattr(ink, "read", fail)
    for command in (["predict"], ["evaluate", "--ink"]):
        assert cli.main([*command, str(drawings)]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("digitrec: there is not enough memory for this")


def test_too_many_strokes_are_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text(json.dumps({"strokes": [[[1, 2], [3, 4]]] * 100_000}))
    assert cli.main(["predict", str(path)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "line 1: at most 4,000 strokes were expected" in line


def test_dashboard(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls: list[tuple[str, int, bool, float, str]] = []

    def serve(settings: Settings) -> int:
        where = settings.host, settings.port
        how = settings.open_browser, settings.abandoned_after, settings.base_path
        calls.append((*where, *how))
        return 0

    monkeypatch.setattr(serving, "serve", serve)
    mine = tmp_path / "class.toml"
    mine.write_text('host = "::"\nport = 7\nabandoned_after = 60\n')
    assert cli.main(["dashboard"]) == 0
    assert cli.main(["dashboard", "--host", "0.0.0.0", "--port", "9", "--no-browser"]) == 0  # noqa: S104 - not served
    path = ["--base-path", "/digits"]
    assert cli.main(["dashboard", "--settings", str(mine), "--port", "9", *path]) == 0
    assert calls == [
        ("127.0.0.1", 8866, True, 210, "/"),
        ("0.0.0.0", 9, False, 210, "/"),  # noqa: S104 - as above
        ("::", 9, True, 60, "/digits/"),
    ]
    assert capsys.readouterr() == ("", "")


def test_the_settings_can_be_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["dashboard", "--print-settings"]) == 0
    assert tomllib.loads(capsys.readouterr().out)["port"] == 8866


@pytest.mark.parametrize(
    "arguments",
    [
        ["--port", "65536"],
        ["--port", "-1"],
        ["--settings", "no-such-file.toml"],
        ["--base-path", "digits"],
    ],
)
def test_settings_that_cannot_be_followed(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["dashboard", "--no-browser", *arguments]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert len(said.err.splitlines()) == 1
    assert said.err.startswith("digitrec: ")


@pytest.mark.parametrize(
    ("arguments", "never"),
    [
        (["--help"], {"numpy", "PIL", "scipy"}),
        (["predict", "seven.png", "drawings.jsonl.gz"], {"sklearn", "pandas", "ipywidgets"}),
        pytest.param(
            ["evaluate", "--ink", "drawings.jsonl.gz"], {"ipywidgets"}, marks=pytest.mark.slow
        ),
    ],
)
def test_what_a_command_does_not_load(
    arguments: list[str], never: set[str], picture: Path, drawings: Path
) -> None:
    code = "import atexit, sys; from digitrec.cli import main\n"
    code += "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
    code += "sys.exit(main(sys.argv[1:]))"
    result = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=picture.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout
    loaded = set(result.stderr.split())
    assert "digitrec.cli" in loaded
    assert not loaded & (never | {"tensorflow", "keras", "matplotlib", "seaborn"})
    assert drawings.exists()


# What `pip install digitrec` brings, and what the packages of the extras are imported as.
CORE = {"digitrec", "numpy", "PIL", "safetensors", "scipy"}
EXTRAS = {
    name
    for name in importlib.metadata.packages_distributions()
    if name.isidentifier() and name not in CORE | {"coverage"}
}

LIGHT = f"""
import sys
from importlib.machinery import PathFinder
class Light(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        if path is None and name in {sorted(EXTRAS)}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
        return None
sys.meta_path.insert(0, Light)
from digitrec.cli import main
sys.exit(main(sys.argv[1:]))
"""


def with_the_core_alone(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the program where no package but those of the core is found."""
    return subprocess.run(
        [sys.executable, "-c", LIGHT, *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        "--version",
        "predict --json seven.png",
        "predict two.jsonl",
        "evaluate --ink two.jsonl",
        "dashboard --print-settings",
    ],
)
def test_the_core_is_enough_for(
    command: str, picture: Path, drawings: Path, tmp_path: Path
) -> None:
    arguments = command.replace("seven.png", str(picture)).replace("two.jsonl", str(drawings))
    done = with_the_core_alone(*arguments.split(), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "what", "extra"),
    [
        ("dashboard --no-browser --port 0", "the dashboard", "dashboard"),
        ("train --epochs 1", "training", "train"),
        ("export --format onnx digits.onnx", "an ONNX file", "export"),
        ("export --format litert digits.tflite", "a network in Keras", "train"),
        ("evaluate --figure mistakes.png", "a figure", "figures"),
    ],
)
def test_a_command_that_lacks_packages_says_what_to_install(
    command: str, what: str, extra: str, tmp_path: Path
) -> None:
    done = with_the_core_alone(*command.split(), cwd=tmp_path)
    assert done.returncode == 2
    assert done.stdout == ""
    wanted = f"digitrec: {what} needs more packages: pip install 'digitrec[{extra}]'\n"
    assert done.stderr == wanted
    assert {path.name for path in tmp_path.iterdir()} <= {"queue"}


def test_a_module_of_our_own_that_is_missing_is_a_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "digitrec.plots._weak_points", None)
    with pytest.raises(ModuleNotFoundError):
        cli.main(["evaluate", "--figure", "mistakes.png"])


def test_python_m_digitrec_is_the_program() -> None:
    result = subprocess.run([*PROGRAM, "--version"], capture_output=True, text=True, check=True)
    assert result.stdout == f"digitrec {digitrec.__version__}\n"


def test_an_error_of_the_system_names_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    _terminal.complain(FileNotFoundError(2, "No such file or directory", "ink.json"))
    assert capsys.readouterr().err == "digitrec: ink.json: No such file or directory\n"
