"""Train a recipe from several seeds, and print how good its networks are on average.

    python benchmarks/seeds.py [INK ...] [--recipe best] [--seeds 5] [--at-once 1] --keep FOLDER
    python benchmarks/seeds.py --recipe best --set epochs=8 --set filters=16,32 --keep FOLDER

Every seed is a separate process. The networks stay in the folder, and a seed whose network is
there already is not trained again, so a run that was interrupted goes on where it was. Settings of
the recipe can be changed, to see what each is worth. Ink files, if any are given, are read by every
network together: labels that are no digit count as what should be refused.
"""

import argparse
import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from digitrec import evaluation, ink, mnist
from digitrec.errors import DigitrecError
from digitrec.network import Network, energy
from digitrec.training.recipes import RECIPES, Recipe

_PAUSE = 1.0  # seconds between two looks at the trainings


def changed(recipe: Recipe, changes: list[str]) -> Recipe:
    """Return a recipe with settings given as NAME=VALUE."""
    values: dict[str, Any] = {}
    for change in changes:
        name, _, text = change.partition("=")
        if name not in {field.name for field in dataclasses.fields(Recipe)}:
            raise ValueError(f"a recipe has no setting {name!r}")
        parts = [_value(part) for part in text.split(",")]
        values[name] = tuple(parts) if len(parts) > 1 else parts[0]
    return dataclasses.replace(recipe, **values)


def _value(text: str) -> Any:
    try:
        return json.loads(text.lower())
    except json.JSONDecodeError:
        return text


def train(seeds: list[int], folder: Path, at_once: int, arguments: list[str]) -> None:
    """Train every seed that has no network in the folder yet."""
    environment = dict(os.environ, TF_CPP_MIN_LOG_LEVEL="3")
    if at_once > 1:
        # Two trainings that both take every core would spend their time waiting for each other.
        environment["TF_NUM_INTRAOP_THREADS"] = str(max(1, (os.cpu_count() or 1) // at_once))
    waiting = [seed for seed in seeds if not _file(folder, seed).exists()]
    running: dict[int, subprocess.Popen[bytes]] = {}
    try:
        while waiting or running:
            while waiting and len(running) < at_once:
                seed = waiting.pop(0)
                command = [sys.executable, __file__, *arguments, "--one", str(seed)]
                running[seed] = subprocess.Popen(command, env=environment)
            time.sleep(_PAUSE)
            for seed in [s for s, process in running.items() if process.poll() is not None]:
                if running.pop(seed).returncode:
                    sys.exit(f"the training from seed {seed} failed (its message is above)")
    finally:
        for process in running.values():
            process.terminate()
            process.wait()


def _file(folder: Path, seed: int) -> Path:
    return folder / f"{seed}.safetensors"


def _refused_at(network: Network, drawings: list[ink.Sample], share: float) -> float | None:
    """Return the share of the other drawings that is refused when so many digits are."""
    images = np.stack([image for d in drawings if (image := ink.image(d.strokes)) is not None])
    digits = np.array([d.label in set("0123456789") for d in drawings if ink.check(d.strokes)])
    if digits.all() or not digits.any():
        return None
    energies = energy(network.logits(images))
    return float((energies[~digits] < np.quantile(energies[digits], share)).mean())


def main() -> None:
    """Train what is missing and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("ink", nargs="*", type=Path, help="labelled ink to read as well")
    parser.add_argument("--recipe", default="best", choices=RECIPES)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--seeds", type=int, default=5, help="how many, from 1 on")
    parser.add_argument("--at-once", type=int, default=1, help="trainings side by side")
    parser.add_argument("--keep", type=Path, required=True, help="folder for the networks")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.seeds < 1 or options.at_once < 1:
        parser.error("--seeds and --at-once must be at least 1")
    try:
        recipe = changed(RECIPES[options.recipe], options.set)
        drawings = [sample for path in options.ink for sample in ink.read(path)]
    except (DigitrecError, ValueError, TypeError) as error:
        parser.error(str(error))
    options.keep.mkdir(parents=True, exist_ok=True)
    if options.one is not None:
        from digitrec import training

        training.train(recipe, seed=options.one).save(_file(options.keep, options.one))
        return
    seeds = list(range(1, options.seeds + 1))
    train(seeds, options.keep, options.at_once, sys.argv[1:])

    test = mnist.load_part("test")
    columns: dict[str, list[float]] = {}
    for seed in seeds:
        network = Network.load(_file(options.keep, seed))
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
                row["others refused"] = 100 * read.not_digits.refused
            at = _refused_at(network, drawings, 0.02)
            if at is not None:
                row["others refused at 2 % of digits"] = 100 * at
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
