"""Time (Re)Train against the Keras example network, both to 99.0 % of the MNIST test set.

    python benchmarks/training.py [--rounds N] [--rest SECONDS]

The peer is the network of the Keras documentation's "Simple MNIST convnet" (``peer.py``). Its time
is that of its fitting alone, up to the end of the first epoch after which it is right on 99.0 % of
the test images; ours is all of a training, validation included. Importing TensorFlow is in neither.
Each run is a separate process, the two kinds in turn, each after a rest: many a machine, and many
a virtual one, is slower after minutes of work than before, and the shorter run would pay for the
longer one's.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time

import peer

TARGET = 0.99
MOST_EPOCHS = 15


def run_example(seed: int) -> dict[str, float]:
    """Train the Keras example until it is right on 99.0 % of the test images."""
    import keras
    import numpy as np

    from digitrec import mnist

    images, labels = peer.examples()
    test = mnist.load_part("test")
    pixels = (test.images[..., None] / 255).astype(np.float32)
    keras.utils.set_random_seed(seed)
    model = peer.build()
    seconds = accuracy = 0.0
    epoch = 0
    while accuracy < TARGET and epoch < MOST_EPOCHS:
        started = time.monotonic()
        peer.fit(model, images, labels)
        seconds += time.monotonic() - started
        epoch += 1
        guesses = model.predict(pixels, batch_size=500, verbose=0).argmax(axis=1)
        accuracy = float((guesses == test.labels).mean())
    return {"seconds": seconds, "epochs": epoch, "accuracy": accuracy, "megabytes": _peak()}


def run_quick(seed: int) -> dict[str, float]:
    """Train the "quick" recipe as (Re)Train does."""
    from digitrec import training

    network = training.train("quick", seed=seed)
    return {
        "seconds": network.metadata["seconds"],
        "epochs": training.RECIPES["quick"].epochs,
        "accuracy": network.metadata["test_accuracy"],
        "megabytes": _peak(),
    }


def _peak() -> float:
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1024**2 if sys.platform == "darwin" else 1024)


def _in_a_process(kind: str, seed: int) -> dict[str, float]:
    finished = subprocess.run(
        [sys.executable, __file__, "--one", kind, "--seed", str(seed)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if finished.returncode:
        sys.exit(f"the {kind} run failed:\n{finished.stderr[-2000:]}")
    return json.loads(finished.stdout.splitlines()[-1])


def main() -> None:
    """Run both in turn and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="runs of either kind")
    parser.add_argument("--rest", type=float, default=30, help="seconds before each run")
    parser.add_argument("--one", choices=("example", "quick"), help=argparse.SUPPRESS)
    parser.add_argument("--seed", type=int, default=0, help="seed of the first round")
    options = parser.parse_args()
    if options.one:
        runs = {"example": run_example, "quick": run_quick}
        print(json.dumps(runs[options.one](options.seed)))
        return
    rows: dict[str, list[dict[str, float]]] = {"example": [], "quick": []}
    for seed in range(options.seed, options.seed + options.rounds):
        for kind, done in rows.items():
            time.sleep(options.rest)
            done.append(_in_a_process(kind, seed))
    print(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}\n")
    print("| network | seed | epochs | seconds | test accuracy | peak memory, MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for kind, done in rows.items():
        for seed, row in enumerate(done, start=options.seed):
            print(
                f"| {kind} | {seed} | {row['epochs']} | {row['seconds']:.1f} "
                f"| {100 * row['accuracy']:.2f} % | {row['megabytes']:.0f} |"
            )
    ratios = [
        ours["seconds"] / theirs["seconds"]
        for ours, theirs in zip(rows["quick"], rows["example"], strict=True)
    ]
    medians = {k: statistics.median(r["seconds"] for r in v) for k, v in rows.items()}
    print(
        f"\nMedian: example {medians['example']:.1f} s to {100 * TARGET:.1f} %, quick "
        f"{medians['quick']:.1f} s; ratio round by round, median {statistics.median(ratios):.3f} "
        f"(from {min(ratios):.3f} to {max(ratios):.3f})."
    )
    late = sum(row["accuracy"] < TARGET for row in rows["example"])
    if late:
        print(f"In {late} of {options.rounds} rounds the example had not reached it after "
              f"{MOST_EPOCHS} epochs.")  # fmt: skip


if __name__ == "__main__":
    main()
