"""The program ``digitrec``: the pad, training, predicting, measuring, exporting.

Each command imports what it needs when it runs, so that the program starts at once, only
``train`` and ``export`` ever load TensorFlow, and the others do without it being installed.
"""

# ruff: noqa: PLC0415 - see the docstring above

import argparse
import dataclasses
import io
import json
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from digitrec import __version__
from digitrec.cli._terminal import (
    answer_line,
    complain,
    facts,
    follow,
    muted,
    path_text,
    percent,
    printable,
    shown,
    table,
)
from digitrec.errors import DigitrecError, needs

if TYPE_CHECKING:
    from digitrec.albums import Album
    from digitrec.evaluation import Report
    from digitrec.ink import Sample
    from digitrec.network import Network
    from digitrec.reading import Reading

_INTERRUPTED = 128 + 2
_PIPE_CLOSED = 128 + 13
_FIGURES = (".png", ".svg", ".pdf")
_MOST_MISTAKES = 30


def main(argv: Sequence[str] | None = None) -> int:
    """Run the program.

    Parameters
    ----------
    argv : sequence of str or None
        The arguments; None means those of the process.

    Returns
    -------
    int
        The exit code: 0, or 2 after an error, which is one line on stderr, or what a shell
        expects after Ctrl-C (130) and a closed pipe (141).

    Examples
    --------
    >>> main(["predict", "no-such-file.png"])
    2
    """
    try:
        _prepare_output()
        arguments = _parser().parse_args(argv)
        code: int = arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        return _PIPE_CLOSED
    except (DigitrecError, ValueError, OSError) as error:
        complain(error)
        _drop_output()
        return 2
    except MemoryError:
        complain("there is not enough memory for this; give it fewer drawings at once")
        return 2
    return code


def _prepare_output() -> None:
    """Make sure that there is an output, and that it can show every letter."""
    # If a stream was closed before Python began it is None, whatever its type says.
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - to the end
    if sys.stdout is None:
        raise OSError("the standard output is closed; send it to a file, or to /dev/null")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _drop_output() -> None:
    """Drop what could not be written, or Python would try to write it again when it exits."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


class _Parser(argparse.ArgumentParser):
    """A parser that reports an error in one line, as the rest of the program does."""

    def error(self, message: str) -> NoReturn:
        complain(f"{message}; see {self.prog} --help")
        raise SystemExit(2)

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        # After --help, whose reader may stop after the first line.
        sys.stdout.flush()
        super().exit(status, message)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="digitrec",
        description="Draw a digit, and a small convolutional network says which it is.",
    )
    parser.add_argument("--version", action="version", version=f"digitrec {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def add(name: str, run: Any, text: str) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    def add_model(command: argparse.ArgumentParser) -> None:
        command.add_argument(
            "--model", type=Path, metavar="FILE", help="a trained network (default: the bundled)"
        )

    dashboard = add("dashboard", _dashboard, "open the drawing pad in the browser")
    dashboard.add_argument("--host", help="default: 127.0.0.1")
    dashboard.add_argument("--port", type=int, help="default: 8866")
    dashboard.add_argument("--base-path", metavar="PATH", help="default: /")
    dashboard.add_argument("--no-browser", action="store_true", help="only print the address")
    dashboard.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help="a TOML file whose settings replace the defaults (see --print-settings)",
    )
    dashboard.add_argument(
        "--print-settings", action="store_true", help="print all settings and what they mean"
    )

    train = add("train", _train, "train a new network")
    train.add_argument("--recipe", default="quick", help="how to train (default: %(default)s)")
    train.add_argument("--seed", type=int, metavar="NUMBER", help="default: a new one")
    train.add_argument("--epochs", type=int, metavar="NUMBER", help="default: the recipe's")
    train.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="the file to write (default: digitrec-RECIPE-SEED.safetensors)",
    )

    learn = add("learn", _learn, "teach a network one person's digits")
    learn.add_argument(
        "drawings",
        type=Path,
        metavar="DRAWINGS",
        help="labelled drawings of one person as .jsonl or .jsonl.gz, the oldest first",
    )
    add_model(learn)
    learn.add_argument(
        "--out", type=Path, required=True, metavar="FILE", help="where the network goes"
    )

    predict = add("predict", _predict, "say which digit or number is drawn")
    predict.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="pictures of digits, or drawings as .jsonl or .jsonl.gz",
    )
    add_model(predict)
    predict.add_argument("--json", action="store_true", help="one JSON object for each drawing")

    evaluate = add("evaluate", _evaluate, "measure how good a network is")
    add_model(evaluate)
    measured = evaluate.add_mutually_exclusive_group()
    measured.add_argument(
        "--ink",
        type=Path,
        metavar="FILE",
        help="labelled drawings as .jsonl or .jsonl.gz (default: the test images of MNIST)",
    )
    measured.add_argument(
        "--pictures",
        type=Path,
        metavar="FOLDER",
        help="labelled pictures, listed in its index.jsonl: an object a line with file, label and "
        "group",
    )
    evaluate.add_argument("--json", action="store_true", help="one JSON object")
    evaluate.add_argument(
        "--figure",
        type=Path,
        metavar="FILE",
        help="also draw where it fails, as .png, .svg or .pdf: which digits it mixes up, and the "
        "surest mistakes",
    )

    export = add("export", _export, "write a network for another program")
    export.add_argument("--format", required=True, choices=("keras", "onnx", "litert"))
    export.add_argument("out", type=Path, metavar="OUT", help="the file to write")
    add_model(export)
    return parser


@needs("the dashboard", "dashboard")
def _dashboard(arguments: argparse.Namespace) -> int:
    from digitrec.serving import settings

    if arguments.print_settings:
        print(settings.PACKAGED.read_text(encoding="utf-8"), end="")
        return 0
    open_browser = False if arguments.no_browser else None
    chosen = {"host": arguments.host, "port": arguments.port, "base_path": arguments.base_path}
    wanted = settings.read(arguments.settings, open_browser=open_browser, **chosen)

    from digitrec.network import bundled
    from digitrec.serving import serve

    bundled()  # without it every page could only say that it cannot start
    return serve(wanted)


@needs("training", "train")
def _train(arguments: argparse.Namespace) -> int:
    from digitrec.jobs import TrainingJob
    from digitrec.network import Network
    from digitrec.training.recipes import RECIPES

    if arguments.recipe not in RECIPES:
        names = ", ".join(RECIPES)
        raise ValueError(f"--recipe must be one of {names}. Received: {arguments.recipe}")
    recipe = RECIPES[arguments.recipe]
    if arguments.epochs is not None:
        recipe = dataclasses.replace(recipe, epochs=arguments.epochs)
    seed = secrets.randbelow(2**32) if arguments.seed is None else arguments.seed
    out = arguments.out or Path(f"digitrec-{recipe.name}-{seed}.safetensors")
    follow(TrainingJob(recipe, seed, out))
    accuracy = Network.load(out).metadata["test_accuracy"]
    print(f"{shown(out)}: {percent(accuracy)} of the test digits right, seed {seed}")
    return 0


def _learn(arguments: argparse.Namespace) -> int:
    from digitrec import ink, personal

    learnt = personal.learn_ink(_network(arguments.model), ink.read(arguments.drawings))
    learnt.network.save(arguments.out)
    counts = {name: learnt.outcomes.count(name) for name in ("right", *personal.WHY_NOT)}
    known = f"{counts['right']} of {len(learnt.outcomes)} drawings right, {learnt.right_before}"
    print(f"{shown(arguments.out)}: {known} before")
    for outcome, why in personal.WHY_NOT.items():
        if counts[outcome]:
            print(f"{counts[outcome]} {outcome}: {why}")
    return 0


def _predict(arguments: argparse.Namespace) -> int:
    network = _network(arguments.model)
    code = 0
    for path in arguments.files:
        try:
            for drawing, reading in _readings(network, path):
                if arguments.json:
                    print(json.dumps({**drawing, **facts(reading)}))
                else:
                    names = printable(" ".join(map(str, drawing.values())))
                    print(f"{names}: {answer_line(reading)}")
        except BrokenPipeError:
            raise
        except (DigitrecError, ValueError, OSError) as error:
            # Answer the files after a bad one too.
            complain(error)
            code = 2
    return code


def _evaluate(arguments: argparse.Namespace) -> int:
    from digitrec import evaluation, ink, mnist

    if arguments.figure is not None:
        _check_figure(arguments.figure)
    network = _network(arguments.model)
    if arguments.pictures is not None:
        return _evaluate_pictures(network, arguments)
    if arguments.ink is None:
        test = mnist.load_part("test")
        images: Any = test.images
        report = evaluation.evaluate(network, images, test.labels)
    else:
        samples = ink.read(arguments.ink)
        report = evaluation.evaluate_ink(network, samples)
        images = _mistaken(report, samples) if arguments.figure else None
    if arguments.figure is not None:
        _write_failures(report, images, arguments.figure)
    if arguments.json:
        print(json.dumps(report.figures() | report.to_dict(), allow_nan=False))
    else:
        print(table(report))
    return 0


def _evaluate_pictures(network: "Network", arguments: argparse.Namespace) -> int:
    from digitrec import albums

    album = albums.evaluate(network, albums.read(arguments.pictures))
    if arguments.figure is not None:
        _write_worst(album, arguments.figure)
    if arguments.json:
        print(json.dumps(album.to_dict(), allow_nan=False))
    else:
        print(album.table())
    return 0


@needs("a figure", "figures")
def _write_worst(album: "Album", path: Path) -> None:
    from digitrec import files, ink, plots

    shown = [
        (sighting, ink.open_picture(sighting.picture.path))
        for sighting in album.worst[:_MOST_MISTAKES]
    ]
    figure = plots.misread(
        [picture for _, picture in shown],
        [sighting.image for sighting, _ in shown],
        [f"{sighting.picture.label}, {sighting.said}" for sighting, _ in shown],
    )
    files.write(path, plots.to_bytes(figure, path.suffix.lower()[1:]))


@needs("a figure", "figures")
def _check_figure(path: Path) -> None:
    """Report a figure that cannot be written before anything is measured for it."""
    from digitrec.plots import failures  # noqa: F401 - says whether Matplotlib is there

    if path.suffix.lower() not in _FIGURES:
        *others, last = _FIGURES
        raise ValueError(
            f"the name of a figure must end in {', '.join(others)} or {last}. "
            f"Received: {shown(path)}"
        )
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {shown(path.parent)}; make it first")
    if path.is_dir() or not os.access(path.parent, os.W_OK):
        raise PermissionError(f"cannot write a file at {shown(path)}; choose another place")


def _mistaken(report: "Report", samples: "Sequence[Sample]") -> Any:
    """Return an image for each drawing; empty where it is not shown, since it was no mistake."""
    import numpy as np

    from digitrec import ink

    images = np.zeros((len(samples), 28, 28), np.float32)
    for place, *_ in report.mistakes[:_MOST_MISTAKES]:
        image = ink.image(samples[place].strokes)
        if image is not None:
            images[place] = image
    return images


@needs("a figure", "figures")
def _write_failures(report: "Report", images: Any, path: Path) -> None:
    from digitrec import files, plots

    if not report.samples:
        raise ValueError("no drawing is labelled a digit, so --figure has nothing to show")
    figure = plots.failures(report, images, most=_MOST_MISTAKES)
    files.write(path, plots.to_bytes(figure, path.suffix.lower()[1:]))


@needs("an export", "export")
def _export(arguments: argparse.Namespace) -> int:
    from digitrec.export import export

    network = _network(arguments.model)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with muted():
        export(network, arguments.out, arguments.format)
    print(shown(arguments.out))
    return 0


def _network(path: Path | None) -> "Network":
    from digitrec.network import Network, bundled

    return bundled() if path is None else Network.load(path)


def _readings(network: "Network", path: Path) -> Iterator[tuple[dict[str, Any], "Reading"]]:
    """Yield what names each drawing of a file, and what it is read as."""
    from digitrec import ink, reading

    if not path.name.lower().endswith((".jsonl", ".jsonl.gz")):
        yield {"file": path_text(path)}, reading.read_picture(path, network)
        return
    for number, sample in enumerate(ink.read(path), start=1):
        name = sample.id if sample.id is not None else str(number)
        yield {"file": path_text(path), "id": name}, reading.read(sample.strokes, network)
