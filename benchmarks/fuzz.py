"""Fuzz, guided by coverage, whatever reads bytes and points from strangers; print what was found.

Run:  python benchmarks/fuzz.py [--runs 1000000] [--targets network ink] [--seed 1] [--keep FOLDER]

The inputs are shared out among the targets of ``fuzz_targets.py``, each of which runs in processes
of its own. A fault does not end the run: its input is kept and its place is printed, once a place.
With ``--keep`` the inputs that reached something new are kept as well, and a later run begins with
them. Needs atheris, which comes with ``digitrec[test]`` on Linux.
"""

import argparse
import importlib.util
import logging
import os
import re
import subprocess
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

SHARES = {
    "network": 30, "ink": 25, "picture": 4, "pens": 14, "browser": 9, "widgets": 8, "wire": 10,
}  # fmt: skip
"""Of a hundred inputs, how many each target gets; some take ten times as long as others."""

LONGEST = {"network": 2048, "ink": 1024, "picture": 2048, "pens": 512, "browser": 512}
SECONDS = 60
"""One input that takes longer is a fault."""
MEGABYTES = 4096
"""So is one that needs more memory."""
AT_A_TIME = 10_000
"""Inputs for one process: that of the widgets grew by up to 200 KB with each."""


def run_target(name: str, arguments: list[str]) -> None:
    """Fuzz one target in this process, which ends with it."""
    import atheris

    logging.disable(logging.CRITICAL)  # calm sentences about refused things, by the thousand
    with atheris.instrument_imports(include=["digitrec", "PIL", "fuzz_targets"]):
        import fuzz_targets

    folder = Path(os.environ["DIGITREC_FUZZ"])
    seen = {path.read_text().partition(": ")[0] for path in folder.glob("fault-*.txt")}

    def try_one(content: bytes) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                fuzz_targets.TARGETS[name](content)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what we look for
            last = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"
            if place not in seen:
                seen.add(place)
                (folder / f"fault-{len(seen)}").write_bytes(content)
                trace = "".join(traceback.format_exception(error)[-6:])
                (folder / f"fault-{len(seen)}.txt").write_text(f"{place}: {error}\n{trace}")

    corpus = folder / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, content in enumerate(fuzz_targets.seeds(name)):
        (corpus / f"seed-{number}").write_bytes(content)
    atheris.Setup([sys.argv[0], *arguments, str(corpus)], try_one)
    atheris.Fuzz()


def fuzz(name: str, runs: int, seed: int, folder: Path) -> dict[str, Any]:
    """Fuzz one target in child processes, one after another; return what came of it.

    Parameters
    ----------
    name : str
        One of :data:`SHARES`.
    runs : int
        How many inputs.
    seed : int
        Of the fuzzer's dice in the first process; the next has the next.
    folder : Path
        Keeps the inputs that reached something new, and the faults.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("fault-*"):
        old.unlink()
    limits = [f"-max_len={LONGEST.get(name, 512)}", f"-timeout={SECONDS}"]
    # Long inputs from the start: otherwise they grow with the number of inputs of a process.
    limits += [f"-rss_limit_mb={MEGABYTES}", "-len_control=0", "-print_final_stats=1"]
    limits += [f"-artifact_prefix={folder}/fault-"]
    command = [sys.executable, __file__, "--child", name, *limits]
    environment = {**os.environ, "DIGITREC_FUZZ": str(folder), "OMP_NUM_THREADS": "1"}
    started = time.monotonic()
    inputs, reached, early = 0, 0, []
    for part, first in enumerate(range(0, runs, AT_A_TIME)):
        done = subprocess.run(
            [*command, f"-runs={min(AT_A_TIME, runs - first)}", f"-seed={seed + part}"],
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=environment,
        )
        (folder / f"log-{part}.txt").write_text(done.stdout + done.stderr)
        if (count := re.search(r"number_of_executed_units: (\d+)", done.stderr)) is not None:
            inputs += int(count[1])
        # Each begins with the inputs that were kept, but without what happens only once.
        reached = max([reached, *map(int, re.findall(r"ft: (\d+)", done.stderr))])
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["nothing was said"]
            why = [line for line in lines if "ERROR" in line or "Error" in line] or lines[-1:]
            early.append(f"ended early: {why[0]}")
    faults = [path.read_text().splitlines()[0] for path in sorted(folder.glob("fault-*.txt"))]
    return {
        "inputs": inputs,
        "reached": reached,
        "seconds": time.monotonic() - started,
        "faults": faults + early,
    }


def main(arguments: list[str] | None = None) -> int:
    """Fuzz the targets one after another and print a table; 1 if there was a fault."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=1_000_000, help="inputs in all")
    parser.add_argument("--targets", nargs="+", choices=SHARES, default=list(SHARES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="a folder for inputs and faults")
    chosen = parser.parse_args(arguments)
    if importlib.util.find_spec("atheris") is None:
        sys.stderr.write("atheris is not installed: `pip install atheris` (Linux)\n")
        return 2
    total = sum(SHARES[name] for name in chosen.targets)
    all_of_them, faults = 0, []
    print("| target | inputs | ways reached | seconds | faults |")
    print("| --- | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(prefix="digitrec-fuzz-") as scratch:
        for name in chosen.targets:
            runs = max(chosen.runs * SHARES[name] // total, 1)
            folder = (chosen.keep or Path(scratch)).absolute() / name
            found = fuzz(name, runs, chosen.seed, folder)
            all_of_them += found["inputs"]
            faults += [f"{name}: {fault}" for fault in found["faults"]]
            print(
                f"| {name} | {found['inputs']:,} | {found['reached']:,} | "
                f"{found['seconds']:.0f} | {len(found['faults'])} |",
                flush=True,
            )
    print(f"\n{all_of_them:,} inputs, {len(faults)} faults.")
    for fault in faults:
        print(f"- {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        run_target(sys.argv[2], sys.argv[3:])
    sys.exit(main())
