"""Compare what it costs to ask the bundled network, by NumPy, ONNX Runtime, LiteRT and Keras.

    python benchmarks/inference.py [--rounds N]

Every figure is the median over rounds, and in each round every program runs once, in a process
of its own, with its settings as they come. "Import and open" goes from a bare interpreter to a
model that is ready; the memory is that of the process after all of its work, less what the bare
interpreter had; one image and 1,000 images are the medians of repeated calls after some to warm
up, with Keras's model called directly, since its ``predict`` is slower still. The last column is
the largest difference of any probability from those of NumPy.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

PROGRAMS = {
    "numpy": "NumPy (digitrec.network)",
    "onnx": "ONNX Runtime",
    "litert": "LiteRT",
    "keras": "Keras",
}
Result = dict[str, float]


def prepare(folder: Path) -> None:
    """Write the network in every format, 1,000 test images, and what NumPy makes of them."""
    import numpy as np

    from digitrec import export, mnist
    from digitrec.network import bundled

    network = bundled()
    network.save(folder / "model.numpy")
    export.export(network, folder / "model.onnx", "onnx")
    export.export(network, folder / "model.litert", "litert")
    export.export(network, folder / "model.keras", "keras")
    images = (mnist.load_part("test").images[:1000, ..., None] / 255).astype(np.float32)
    np.save(folder / "images.npy", images)
    np.save(folder / "probabilities.npy", network.probabilities(images[..., 0]))


def open_numpy(path: Path) -> Callable[[Any], Any]:
    """Return digitrec's own network as a function from images to probabilities."""
    from digitrec.network import Network

    network = Network.load(path)
    return lambda images: network.probabilities(images[..., 0])


def open_onnx(path: Path) -> Callable[[Any], Any]:
    """Return the same function by ONNX Runtime."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return lambda images: session.run(["probabilities"], {"images": images})[0]


def open_litert(path: Path) -> Callable[[Any], Any]:
    """Return the same function by LiteRT."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    given = interpreter.get_input_details()[0]["index"]
    answer = interpreter.get_output_details()[0]["index"]
    shape: list[int] = []

    def ask(images: Any) -> Any:
        if shape != list(images.shape):
            shape[:] = images.shape
            interpreter.resize_tensor_input(given, shape)
            interpreter.allocate_tensors()
        interpreter.set_tensor(given, images)
        interpreter.invoke()
        return interpreter.get_tensor(answer)

    return ask


def open_keras(path: Path) -> Callable[[Any], Any]:
    """Return the same function by Keras on TensorFlow."""
    import keras

    model = keras.models.load_model(path)
    return lambda images: keras.ops.convert_to_numpy(model(images, training=False))


def median_seconds(call: Callable[[], object], *, most_seconds: float, most_calls: int) -> float:
    """Call until enough seconds or calls are spent; return the median of a call's seconds."""
    for _ in range(3):
        call()
    seconds: list[float] = []
    while len(seconds) < most_calls and sum(seconds) < most_seconds:
        begun = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def measure(program: str, folder: Path, seconds: float) -> Result:
    """Measure one program in this process, which must not have loaded anything yet."""
    process = psutil.Process()
    memory = process.memory_info().rss
    openers = {
        "numpy": open_numpy,
        "onnx": open_onnx,
        "litert": open_litert,
        "keras": open_keras,
    }
    begun = time.perf_counter()
    ask = openers[program](folder / f"model.{program}")
    ready = time.perf_counter() - begun
    import numpy as np

    images = np.load(folder / "images.npy")
    one = images[:1]
    difference = abs(ask(images) - np.load(folder / "probabilities.npy")).max()
    return {
        "ready_s": ready,
        "one_ms": 1000 * median_seconds(lambda: ask(one), most_seconds=seconds / 3, most_calls=500),
        "thousand_ms": 1000
        * median_seconds(lambda: ask(images), most_seconds=seconds, most_calls=20),
        "memory_mb": (process.memory_info().rss - memory - images.nbytes) / 1e6,
        "difference": float(difference),
    }


def table(rows: dict[str, list[Result]]) -> str:
    """Return the medians over the rounds as a Markdown table."""
    lines = [
        (
            "| | import and open, s | memory added, MB | one image, ms | 1,000 images, ms "
            "| largest difference |"
        ),
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for program, results in rows.items():
        middle = {name: statistics.median(r[name] for r in results) for name in results[0]}
        lines.append(
            f"| {PROGRAMS[program]} | {middle['ready_s']:.2f} | {middle['memory_mb']:.0f} "
            f"| {middle['one_ms']:.2f} | {middle['thousand_ms']:.1f} | {middle['difference']:.0e} |"
        )
    return "\n".join(lines)


def machine() -> str:
    """Say in a line on what it ran."""
    processor = platform.processor() or platform.machine()
    information = Path("/proc/cpuinfo")
    if information.exists():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                processor = line.partition(":")[2].strip()
                break
    cores = os.cpu_count()
    return f"{cores} cores, {processor}, {platform.system()}, Python {platform.python_version()}"


def _in_a_process(*arguments: str) -> str:
    finished = subprocess.run(
        [sys.executable, __file__, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )
    if finished.returncode:
        sys.exit(f"{' '.join(arguments)} failed:\n{finished.stderr[-2000:]}")
    return finished.stdout


def main() -> None:
    """Run every program in turn, some rounds long, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument(
        "--seconds",
        type=float,
        default=3,
        help="most seconds for calls of one kind; default: %(default)s",
    )
    parser.add_argument("--prepare", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1. Received: {options.rounds}")
    if options.prepare:
        prepare(options.prepare)
        return
    if options.one:
        program, folder = options.one
        print(json.dumps(measure(program, Path(folder), options.seconds)))
        return
    rows: dict[str, list[Result]] = {program: [] for program in PROGRAMS}
    with tempfile.TemporaryDirectory() as folder:
        _in_a_process("--prepare", folder)
        for number in range(options.rounds):
            for program, results in rows.items():
                print(f"round {number + 1}: {program}", file=sys.stderr)
                seconds = ("--seconds", str(options.seconds))
                lines = _in_a_process(*seconds, "--one", program, folder).splitlines()
                results.append(json.loads(lines[-1]))
    print(f"{machine()}, median of {options.rounds} rounds\n\n{table(rows)}")


if __name__ == "__main__":
    main()
