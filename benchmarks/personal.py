"""How much a network learns from one person's corrections, digit after digit.

    python benchmarks/personal.py INK… [--json] [--figure FILE] [--beside]

INK are ink files whose drawings name their writer and are in the order in which they were drawn
(see the README). Each writer's digits are read in that order, from the packaged network on. A digit
that is misread is corrected, and all that is known of this writer is learnt at once; those that
were read right are learnt with the next correction, or when ten have come since the last.

"Different" are the mistakes that would be left if each had to be met once: of one writer, one digit
and one wrong answer. A writer is "worse" whose digits are misread more often with learning than
without. After the last digit of each writer who was learnt from, the network reads MNIST's
validation images. Where the files hold drawings that are no digit, it says too how many of them
are refused at the bound at which 2 % of all digits in the files are: before, and on average over
the writers after.

``--beside`` adds what stands next to it: ``digitrec.adaptation.adapt``, after each correction (a
minute and more a writer), and a memory of nearest examples, which answers as the most similar
earlier digit of the writer was meant, if that is more similar than 0.9 (cosine of features).
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from digitrec import ink, mnist
from digitrec.errors import DigitrecError
from digitrec.network import CLASSES, Network, bundled, energy
from digitrec.personal import Learner, Memory

EVERY = 10
"""After how many digits that were read right these are learnt without a correction."""

AT = 0.02
"""Share of the digits that is refused where the others are counted."""

AT_ONCE = 16
"""Networks whose last layers are multiplied with the features at once: that is faster."""

SIMILAR = 0.9
"""Cosine of features above which the nearest example answers."""

Images = NDArray[np.uint8]
Labels = NDArray[np.int64]
Reader = Callable[[Images, Labels, "Tally"], NDArray[np.int64]]


@dataclass
class Tally:
    """What came of reading one file."""

    digits: int = 0
    writers: int = 0
    errors_without: int = 0
    different: int = 0
    errors_with: int = 0
    writers_worse: int = 0
    most_lost: int = 0
    seconds: list[float] = field(default_factory=list)
    drift: list[float] = field(default_factory=list)
    beside: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[int]] = field(default_factory=dict)
    learnt: list[Network] = field(default_factory=list)

    def row(self) -> dict[str, Any]:
        """Return what is printed of it."""
        median = float(np.median(self.seconds)) if self.seconds else None
        return {
            "digits": self.digits,
            "writers": self.writers,
            "errors_without": self.errors_without,
            "different": self.different,
            "errors_with": self.errors_with,
            "writers_worse": self.writers_worse,
            "most_lost": self.most_lost,
            "seconds_median": median,
            **{f"errors_{name}": num for name, num in self.beside.items()},
        }


def read(path: Path) -> tuple[dict[str, tuple[Images, Labels]], Images]:
    """Return each writer's digits in their order, and what is no digit."""
    people: dict[str, list[tuple[Images, int]]] = {}
    others = []
    for number, sample in enumerate(ink.read(path), start=1):
        image = ink.image(sample.strokes)
        if image is None:
            continue
        pixels = np.round(255 * image).astype(np.uint8)
        if sample.label not in set("0123456789"):
            others.append(pixels)
        elif sample.writer is None:
            raise ValueError(f"{path}, line {number}: a drawing with a writer was expected")
        else:
            people.setdefault(sample.writer, []).append((pixels, int(sample.label)))
    digits = {
        writer: (np.stack([pixels for pixels, _ in drawn]), np.array([digit for _, digit in drawn]))
        for writer, drawn in people.items()
    }
    return digits, np.stack(others) if others else np.zeros((0, 28, 28), np.uint8)


def learning(network: Network, memory: Memory) -> Reader:
    """Return a reader that learns as the pad does."""

    def answers(images: Images, labels: Labels, tally: Tally) -> NDArray[np.int64]:
        learner, now, waiting = Learner(network, memory), network, 0
        said = np.zeros(len(labels), np.int64)
        drift = 0.0
        for place, label in enumerate(labels):
            said[place] = now.logits(images[place : place + 1]).argmax()
            waiting += 1
            if said[place] == label and waiting < EVERY:
                continue
            start = time.perf_counter()
            learnt = learner.learn(images[: place + 1], labels[: place + 1])
            if said[place] != label:
                tally.seconds.append(time.perf_counter() - start)
            now, waiting, drift = learnt.network, 0, learnt.drift
        tally.learnt.append(now)
        tally.drift.append(drift)
        return said

    return answers


def adapting(network: Network) -> Reader:
    """Return a reader that learns with `adaptation.adapt`."""
    from digitrec import adaptation

    def answers(images: Images, labels: Labels, tally: Tally) -> NDArray[np.int64]:  # noqa: ARG001 - a Reader takes it
        said = network.logits(images).argmax(axis=1)
        wrong: list[int] = []
        for place, label in enumerate(labels):
            if said[place] != label:
                wrong.append(place)
                now = adaptation.adapt(network, images[wrong], labels[wrong])
                said[place + 1 :] = now.logits(images[place + 1 :]).argmax(axis=1)
        return said

    return answers


def remembering(network: Network) -> Reader:
    """Return a reader that looks for the most similar earlier digit."""

    def answers(images: Images, labels: Labels, tally: Tally) -> NDArray[np.int64]:  # noqa: ARG001 - a Reader takes it
        said = network.logits(images).argmax(axis=1)
        features = network.features(images)
        features /= np.linalg.norm(features, axis=1, keepdims=True) + 1e-9
        for place in range(1, len(labels)):
            similar = features[:place] @ features[place]
            if similar.max() > SIMILAR:
                said[place] = labels[int(similar.argmax())]
        return said

    return answers


def measure(people: Iterable[tuple[Images, Labels]], network: Network, reader: Reader) -> Tally:
    """Read the digits of several writers."""
    tally = Tally()
    for images, labels in people:
        first = network.logits(images).argmax(axis=1)
        said = reader(images, labels, tally)
        without, errors = np.flatnonzero(first != labels), np.flatnonzero(said != labels)
        tally.digits += len(labels)
        tally.writers += 1
        tally.errors_without += len(without)
        tally.different += len({(int(labels[at]), int(first[at])) for at in without})
        tally.errors_with += len(errors)
        tally.writers_worse += len(errors) > len(without)
        tally.most_lost = max(tally.most_lost, len(errors) - len(without))
        for name, places in (("without", without), ("with", errors)):
            tally.places.setdefault(name, []).extend(map(int, places))
    return tally


def validation(networks: Sequence[Network]) -> list[float]:
    """Return the accuracies on MNIST's validation images of networks with the same convolutions."""
    part = mnist.load_part("validation")
    outputs = _outputs(networks, part.images)
    return [float((scores.argmax(axis=1) == part.labels).mean()) for scores in outputs]


def refused(networks: Sequence[Network], digits: Images, others: Images) -> list[float]:
    """Return how many of the others each network refuses where it refuses 2 % of the digits."""
    known = (np.quantile(energy(scores), AT) for scores in _outputs(networks, digits))
    unknown = (energy(scores) for scores in _outputs(networks, others))
    return [
        float((energies < bound).mean()) for bound, energies in zip(known, unknown, strict=True)
    ]


def _outputs(networks: Sequence[Network], images: Images) -> Iterator[NDArray[np.float32]]:
    """Yield what each network makes of the images, which the first one looks at for all."""
    features = networks[0].features(images)
    for start in range(0, len(networks), AT_ONCE):
        some = networks[start : start + AT_ONCE]
        kernels = np.hstack([network.weights["dense/kernel"] for network in some])
        products = features @ kernels
        for place, network in enumerate(some):
            yield products[:, CLASSES * place :][:, :CLASSES] + network.weights["dense/bias"]


def draw(tallies: dict[str, Tally], path: Path) -> None:
    """Draw the errors against the digits seen."""
    from digitrec import files
    from digitrec.plots import to_bytes
    from digitrec.plots.look import BLUE, INK, describe, new_figure

    with new_figure(3.2 * len(tallies) + 0.4) as figure:
        panels = figure.subplots(len(tallies), squeeze=False).ravel()
        for axes, (name, tally) in zip(panels, tallies.items(), strict=True):
            for key, colour, pattern in (("without", INK, "--"), ("with", BLUE, "-")):
                places = sorted(tally.places[key])
                axes.step(
                    [0, *(place + 1 for place in places)],
                    range(len(places) + 1),
                    where="post",
                    color=colour,
                    linestyle=pattern,
                    label=f"{key} learning: {len(places)}",
                )
            axes.set_title(f"{name}: {tally.digits:,} digits of {tally.writers} people")
            axes.legend(loc="upper left")
            axes.grid()
        panels[-1].set_xlabel("digits of a person seen so far")
        figure.supylabel("misread so far, of all people together")
        words = "; ".join(
            f"{name} {tally.errors_without} without, {tally.errors_with} with"
            for name, tally in tallies.items()
        )
        describe(figure, f"Errors against digits seen, without and with learning: {words}.")
    files.write(path, to_bytes(figure, path.suffix.lower()[1:]))


def table(rows: dict[str, dict[str, Any]]) -> str:
    """Return rows as Markdown."""
    names = list(next(iter(rows.values())))
    lines = [f"| | {' | '.join(names)} |", f"|---|{'---:|' * len(names)}"]
    for file, row in rows.items():
        cells = [f"{v:.3f}" if isinstance(v, float) else str(v) for v in row.values()]
        lines.append(f"| {file} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main(argv: Sequence[str] | None = None) -> int:
    """Measure what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("ink", nargs="+", type=Path, metavar="INK")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    parser.add_argument("--figure", type=Path, metavar="FILE", help="draw it: .png, .svg or .pdf")
    parser.add_argument("--beside", action="store_true", help="with adapt and nearest examples")
    arguments = parser.parse_args(argv)
    network = bundled()
    memory = Memory.of(network)
    tallies: dict[str, Tally] = {}
    known, unknown = [], []
    try:
        for path in arguments.ink:
            people, others = read(path)
            known += [images for images, _ in people.values()]
            unknown.append(others)
            if not people:
                continue
            tally = measure(people.values(), network, learning(network, memory))
            if arguments.beside:
                for name, reader in (("adapt", adapting), ("nearest", remembering)):
                    found = measure(people.values(), network, reader(network))
                    tally.beside[name] = found.errors_with
            tallies[path.name.partition(".")[0]] = tally
            print(f"{path.name} is read", file=sys.stderr)
        if not tallies:
            raise ValueError("expected an ink file with digits and their writers; received none")
        networks = [network, *(one for tally in tallies.values() for one in tally.learnt)]
        shares = validation(networks)
        end: dict[str, Any] = {
            "validation_before": shares[0],
            "validation_mean": float(np.mean(shares[1:])),
            "validation_least": min(shares[1:]),
        }
        others = np.concatenate(unknown)
        if len(others):
            bounded = refused(networks, np.concatenate(known), others)
            end |= {
                "others_refused_before": bounded[0],
                "others_refused_mean": float(np.mean(bounded[1:])),
                "others_refused_least": min(bounded[1:]),
            }
        if arguments.figure is not None:
            draw(tallies, arguments.figure)
    except (DigitrecError, ValueError, OSError) as error:
        print(f"personal.py: {error}", file=sys.stderr)
        return 2
    rows = {name: tally.row() for name, tally in tallies.items()}
    if arguments.json:
        print(json.dumps({"files": rows, **end}))
    else:
        print(table(rows))
        print("\n" + "\n".join(f"{name:24}{100 * share:.2f} %" for name, share in end.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
