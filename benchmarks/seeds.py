"""Train a recipe from several seeds, and print how good its networks are on average.

    python benchmarks/seeds.py [INK ...] [--recipe best] [--seeds 5] [--at-once 1] --keep FOLDER

Every seed is a training of its own, as ``digitrec train`` does it, in a process of its own. The
networks stay in the folder, and a seed whose network is there already is not trained again, so a
run that was interrupted goes on where it was. Ink files, if any are given, are read by every
network together: labels that are no digit count as what should be refused.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from digitrec import evaluation, ink, mnist
from digitrec.network import Network
from digitrec.recipes import RECIPES

_PAUSE = 1.0  # seconds between two looks at the trainings


def train(recipe: str, seeds: list[int], folder: Path, at_once: int) -> None:
    """Train every seed that has no network in the folder yet."""
    waiting = [seed for seed in seeds if not _file(folder, recipe, seed).exists()]
    running: dict[int, subprocess.Popen[bytes]] = {}
    with tempfile.TemporaryDirectory() as queues:
        try:
            while waiting or running:
                while waiting and len(running) < at_once:
                    seed = waiting.pop(0)
                    running[seed] = _start(recipe, seed, folder, at_once, queues)
                time.sleep(_PAUSE)
                for seed in [s for s, process in running.items() if process.poll() is not None]:
                    if running.pop(seed).returncode:
                        sys.exit(f"the training from seed {seed} failed (its message is above)")
        finally:
            for process in running.values():
                process.terminate()
                process.wait()


def _start(
    recipe: str, seed: int, folder: Path, at_once: int, queues: str
) -> subprocess.Popen[bytes]:
    environment = dict(os.environ)
    if at_once > 1:
        # Trainings on one machine wait for each other, unless each has a queue of its own; and two
        # that both take every core would spend their time waiting for each other after all.
        environment["DIGITREC_QUEUE"] = str(Path(queues) / str(seed))
        environment["TF_NUM_INTRAOP_THREADS"] = str(max(1, (os.cpu_count() or 1) // at_once))
    command = [sys.executable, "-m", "digitrec", "train", "--recipe", recipe, "--seed", str(seed)]
    command += ["--out", str(_file(folder, recipe, seed))]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, env=environment)


def _file(folder: Path, recipe: str, seed: int) -> Path:
    return folder / f"{recipe}-{seed}.safetensors"


def main() -> None:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ink", nargs="*", type=Path, help="labelled ink to read as well")
    parser.add_argument("--recipe", default="best", choices=RECIPES)
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 1 on")
    parser.add_argument("--at-once", type=int, default=1, help="trainings side by side")
    parser.add_argument("--keep", type=Path, required=True, help="folder for the networks")
    options = parser.parse_args()
    if options.seeds < 1 or options.at_once < 1:
        parser.error("--seeds and --at-once must be at least 1")
    options.keep.mkdir(parents=True, exist_ok=True)
    drawings = [sample for path in options.ink for sample in ink.read(path)]
    seeds = list(range(1, options.seeds + 1))
    train(options.recipe, seeds, options.keep, options.at_once)

    test = mnist.load_part("test")
    columns: dict[str, list[float]] = {}
    for seed in seeds:
        network = Network.load(_file(options.keep, options.recipe, seed))
        report = evaluation.evaluate(network, test.images, test.labels)
        row = {
            "minutes": network.metadata["seconds"] / 60,
            "validation": 100 * network.metadata["validation_accuracy"],
            "MNIST test": 100 * report.accuracy,
            "MNIST calibration error": 100 * report.ece,
        }
        if drawings:
            read = evaluation.evaluate_ink(network, drawings)
            row |= {"ink": 100 * read.accuracy, "ink refused": 100 * read.refused}
            row["ink calibration error"] = 100 * read.ece
            if read.not_digits:
                row["no digits refused"] = 100 * read.not_digits.refused
        for name, value in row.items():
            columns.setdefault(name, []).append(value)
    print("| seed | " + " | ".join(columns) + " |")
    print("| --- |" + " ---: |" * len(columns))
    for place, seed in enumerate(seeds):
        print(f"| {seed} | " + " | ".join(f"{c[place]:.2f}" for c in columns.values()) + " |")
    print("| mean | " + " | ".join(f"{statistics.mean(c):.2f}" for c in columns.values()) + " |")
    if len(seeds) > 1:
        spreads = (statistics.stdev(c) for c in columns.values())
        print("| standard deviation | " + " | ".join(f"{s:.2f}" for s in spreads) + " |")


if __name__ == "__main__":
    main()
