import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from digitrec import hand, ink
from digitrec.mnist import Part, load_part
from digitrec.network import bundled
from digitrec.personal import Memory

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "personal.py"


@pytest.fixture(scope="module")
def personal() -> ModuleType:
    spec = importlib.util.spec_from_file_location("personal_benchmark", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def writers() -> list[ink.Sample]:
    """Digits of two people: what one of them calls a 7 others call a 1."""
    rng = np.random.default_rng(6)
    drawn = [
        ink.Sample(hand.draw(1, rng, "curved flag"), label="7", writer="odd") for _ in range(12)
    ]
    drawn += [
        ink.Sample(hand.draw(digit, rng, "plain"), label="7", writer="plain") for digit in [7] * 3
    ]
    return [*drawn, *(ink.Sample(hand.draw_other(rng), label="x") for _ in range(20))]


def test_what_is_printed_is_what_was_counted(
    personal: ModuleType,
    writers: list[ink.Sample],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(personal.mnist, "load_part", few)
    file, figure = tmp_path / "some.people.jsonl.gz", tmp_path / "figure.svg"
    ink.write(file, writers)
    assert personal.main([str(file), "--json", "--figure", str(figure)]) == 0
    told = json.loads(capsys.readouterr().out)
    row = told["files"]["some"]
    assert (row["digits"], row["writers"]) == (15, 2)
    assert row["errors_without"] >= 9
    assert row["errors_with"] < row["errors_without"]
    assert 1 <= row["different"] <= 3
    assert (row["writers_worse"], row["most_lost"]) == (0, 0)
    assert row["seconds_median"] > 0
    assert 0.9 < told["validation_least"] <= told["validation_mean"] <= 1
    assert 0 <= told["others_refused_least"] <= told["others_refused_mean"] <= 1
    assert "misread so far" in figure.read_text(encoding="utf-8")
    assert personal.main([str(file)]) == 0
    assert "| some | 15 | 2 |" in capsys.readouterr().out


def few(_name: str) -> Part:
    part = load_part("test")
    return Part(part.images[:200], part.labels[:200])


def test_each_writer_is_read_in_order_and_starts_anew(
    personal: ModuleType, writers: list[ink.Sample], tmp_path: Path
) -> None:
    ink.write(tmp_path / "ink.jsonl", writers)
    people, others = personal.read(tmp_path / "ink.jsonl")
    assert list(people) == ["odd", "plain"]
    assert len(others) == 20
    network = bundled()
    images, labels = people["odd"]
    reader = personal.learning(network, Memory.of(network))
    tally = personal.Tally()
    said = reader(images, labels, tally)
    first = network.logits(images).argmax(axis=1)
    place = int(np.flatnonzero(first != labels)[0])
    assert (said[: place + 1] == first[: place + 1]).all(), "nothing is known before it is said"
    both = personal.measure([people["odd"]] * 2, network, reader)
    assert both.errors_with == 2 * int((said != labels).sum())


def test_a_memory_of_examples_answers_where_one_is_alike(
    personal: ModuleType, writers: list[ink.Sample], tmp_path: Path
) -> None:
    ink.write(tmp_path / "ink.jsonl", writers[:12])
    people, _ = personal.read(tmp_path / "ink.jsonl")
    images = np.repeat(people["odd"][0][:1], 3, axis=0)
    said = personal.remembering(bundled())(images, np.array([7, 7, 7]), personal.Tally())
    assert said[1:].tolist() == [7, 7]


@pytest.mark.slow
def test_the_learning_of_a_job_stands_beside_it(personal: ModuleType) -> None:
    image = ink.image(hand.draw(1, np.random.default_rng(6), "curved flag"))
    images = np.repeat(np.round(255 * image).astype(np.uint8)[None], 2, axis=0)
    tally = personal.measure([(images, np.array([7, 7]))], bundled(), personal.adapting(bundled()))
    assert (tally.errors_without, tally.errors_with) == (2, 1)


@pytest.mark.parametrize("kind", ["missing", "no writer", "no digit"])
def test_what_cannot_be_measured_is_said(
    kind: str, personal: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "ink.jsonl"
    one = hand.draw(1, np.random.default_rng(0))
    if kind == "no writer":
        ink.write(file, [ink.Sample(one, label="1")])
    elif kind == "no digit":
        ink.write(file, [ink.Sample(one, label="l", writer="me")])
    assert personal.main([str(file)]) == 2
    assert "expected" in capsys.readouterr().err
