import dataclasses
import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import peer
import pytest
import recognition
import recognition_figures
from matplotlib.figure import Figure
from PIL import Image

from digitrec import hand, ink, mnist, network, plots
from digitrec.network import Calibration
from tests.networks import make_network

SCRIPT = Path(recognition.__file__)
STEM = [[(150, 60), (150, 240)]]
LABELS = np.array([7, 1, 3, 1])


def logits(digits: list[int], heights: list[float]) -> Any:
    """Return logits of 0 but for one digit each."""
    return np.eye(10, dtype=np.float32)[digits] * np.array(heights, np.float32)[:, None]


# The last digit is read wrong. With logits of h and nine times 0 an answer is over 90 % sure where
# h is over 4.4.
DIGITS = logits([7, 1, 3, 7], [4, 10, 12, 18])
OTHERS = logits([4, 4, 5, 5, 6], [0.2, 3.8, 4.2, 10, 16])


def scores(min_energy: float | None = None) -> recognition.Scores:
    calibration = Calibration(min_energy=min_energy)
    stand_in = dataclasses.replace(make_network(), calibration=calibration)
    return recognition.measure(stand_in, DIGITS, LABELS, OTHERS)


# Drawings


def test_a_centred_line_is_resized_to_a_line_in_the_middle() -> None:
    image = recognition.resized(STEM)
    assert (image.shape, image.dtype) == ((28, 28), np.uint8)
    # The pen is 18 pixels wide of 300, so it covers most of the two middle columns of 28.
    assert np.flatnonzero(image.max(axis=0)).tolist() == [13, 14]
    rows = np.flatnonzero(image.max(axis=1))
    assert (rows[0], rows[-1]) == (4, 23)
    assert image[8:20, 13:15].min() > 200
    area = 180 * 18 + np.pi * 9**2
    assert image.sum() / 255 * (300 / 28) ** 2 == pytest.approx(area, rel=0.03)
    np.testing.assert_allclose(image, image[:, ::-1], atol=2)


def test_what_is_resized_keeps_its_place_and_its_size() -> None:
    elsewhere = recognition.moved(STEM, 90, (60, 200))
    image = recognition.resized(elsewhere)
    assert np.flatnonzero(image.max(axis=0)).tolist() == [4, 5, 6]
    rows = np.flatnonzero(image.max(axis=1))
    assert (rows[0], rows[-1]) == (13, 23)


def test_a_dot_is_painted_round() -> None:
    image = recognition.resized([[(150, 150)]])
    assert image.sum() / 255 * (300 / 28) ** 2 == pytest.approx(np.pi * 9**2, rel=0.05)


def test_a_moved_drawing_is_of_that_size_in_that_place_and_in_whole_pixels() -> None:
    rng = np.random.default_rng(1)
    strokes = recognition.moved(hand.draw(4, rng), 75, (60, 240))
    points = np.concatenate(strokes)
    assert (points == points.round()).all()
    assert np.ptp(points, axis=0).max() == pytest.approx(75, abs=1)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    np.testing.assert_allclose(middle, (60, 240), atol=1)
    (dot,) = recognition.moved([[(5, 5), (5, 5)]], 75, (60, 240))
    assert np.asarray(dot).tolist() == [[60, 240], [60, 240]]


def test_files_are_read_together_and_empty_drawings_left_out(tmp_path: Path) -> None:
    paths = [tmp_path / "digits.jsonl", tmp_path / "others.jsonl.gz"]
    line = ink.check(STEM)
    ink.write(paths[0], [ink.Sample(line, "1"), ink.Sample((), "3"), ink.Sample(line, "l")])
    ink.write(paths[1], [ink.Sample(line, "10"), ink.Sample(line, "7")])
    drawings = recognition.read(paths)
    assert drawings.labels.tolist() == [1, 7]
    assert (len(drawings.digits), len(drawings.others)) == (2, 2)


# Numbers


def test_the_shares_of_made_up_answers() -> None:
    # So that the first digit and the first two of the others are refused.
    found = scores(min_energy=float(np.log(np.exp(4.1) + 9)))
    assert found.report.accuracy == 3 / 4
    assert found.report.refused == 1 / 4
    assert found.others_refused == 2 / 5
    # Of those that are not, the first is not sure enough.
    assert found.others_called == 2 / 5
    # The three surest digits are in one bin, and two of them are right.
    first, *surest = np.exp([4, 10, 12, 18]) / (np.exp([4, 10, 12, 18]) + 9)
    error = (1 - first) / 4 + abs(np.mean(surest) - 2 / 3) * 3 / 4
    assert found.report.ece == pytest.approx(error)


def test_without_a_bound_nothing_is_refused() -> None:
    found = scores()
    assert (found.report.refused, found.others_refused) == (0, 0)
    assert found.others_called == 2 / 5


def test_others_refused_where_a_share_of_the_digits_is() -> None:
    found = scores()
    # At 0 the bound is the first digit; at a third the second, whose like is not refused.
    np.testing.assert_allclose(found.refused_at([0, 1 / 3, 1]), [2 / 5, 3 / 5, 4 / 5 + 1 / 5])
    assert float(found.refused_at(0.0)) == 2 / 5
    assert float(found.refused_at(0.02)) == 3 / 5


def test_without_others_their_shares_are_unknown() -> None:
    found = recognition.measure(make_network(), DIGITS, LABELS, OTHERS[:0])
    assert np.isnan([found.others_refused, found.others_called]).all()
    assert np.isnan(found.refused_at([0.1, 0.2])).all()


def findings(found: recognition.Scores) -> recognition.Findings:
    shares = {recognition.RESIZED: [0.1] * 25, recognition.PACKAGED: [0.9] * 25}
    sizes = {name: row[: len(recognition.SIZES)] for name, row in shares.items()}
    return recognition.Findings({"ours": found}, {"ours": 0.99}, sizes, shares)


def cells(table: str) -> list[list[str]]:
    lines = table.splitlines()
    assert len({line.count("|") for line in lines}) == 1
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines]


def test_the_overview_says_all_of_it() -> None:
    found = scores()
    head, _, row = cells(recognition.overview(findings(found)))
    low, high = (100 * bound for bound in found.report.interval)
    assert dict(zip(head, row, strict=True)) == {
        "": "ours",
        "right on MNIST's test images": "99.00 %",
        "right (95 % interval)": f"75.00 % ({low:.2f} % to {high:.2f} %)",
        "refused": "0.00 %",
        "others refused": "0.00 %",
        "others refused at 2 % of digits": "60.00 %",
        "others called a digit, over 90 %": "40.00 %",
        "calibration error": f"{found.report.ece:.4f}",
    }
    nothing_else = recognition.measure(make_network(), DIGITS, LABELS, OTHERS[:0])
    assert cells(recognition.overview(findings(nothing_else)))[2].count("–") == 3


def test_the_other_tables_hold_their_numbers() -> None:
    found = scores()
    rows = {"ours": found}
    per_class = cells(recognition.by_digit(rows))[2]
    assert per_class == ["ours", "–", "50.0 %", "–", "100.0 %", *3 * ["–"], "100.0 %", "–", "–"]
    assert cells(recognition.by_refusal(rows))[0][1:] == [
        "at 0.5 %", "at 1.0 %", "at 2.0 %", "at 5.0 %", "at 10.0 %",
    ]  # fmt: skip
    sure = cells(recognition.by_confidence(rows))
    assert sure[-1] == ["93.3 % to 100.0 %", "66.7 % of 3"]
    assert len(sure) == 2 + 15
    shown = findings(found)
    assert cells(recognition.by_size(shown.sizes))[2][1:] == ["10.0 %"] * 6
    places = cells(recognition.by_place(shown.places))
    assert places[0][1:] == ["x = 60", "x = 105", "x = 150", "x = 195", "x = 240"]
    assert [row[0] for row in places[2:]] == [
        f"{name}, y = {y}" for name in shown.places for y in (60, 105, 150, 195, 240)
    ]


def test_only_what_is_framed_is_read_alike_everywhere() -> None:
    rng = np.random.default_rng(2)
    labels = np.arange(20) % 10
    drawings = [hand.draw(int(label), rng) for label in labels]
    ours = network.bundled()
    right = recognition.accuracies(
        {"example": ours, "bundled": ours},
        drawings,
        labels,
        [(250, (150, 150)), (60, (60, 60)), (60, (240, 150))],
    )
    framed, resized = right[recognition.PACKAGED], right[recognition.RESIZED]
    assert min(framed) >= 0.9
    assert max(framed) - min(framed) <= 0.1
    assert max(resized[1:]) < 0.5 < resized[0]


# Networks


def kept(folder: Path) -> None:
    """Write stand-ins for all the networks that a run would have to train."""
    for kind in ("example", *recognition.LEARNT):
        about = {"recipe_settings": recognition.settings(kind, 12), "test_accuracy": 0.98}
        stand_in = dataclasses.replace(make_network(), metadata=about)
        stand_in.save(folder / f"{kind}-0.safetensors")


def test_what_is_kept_is_trained_again_only_when_its_settings_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept(tmp_path)
    trained = []

    def train(kind: str, seed: int, epochs: int, path: Path) -> None:
        trained.append((kind, seed, epochs, path.name))
        make_network().save(path)

    monkeypatch.setattr(recognition, "_learn_in_a_process", train)
    assert list(recognition.networks(tmp_path, 0, 12)) == [
        "example", "distorted", "classic", "quick", "bundled",
    ]  # fmt: skip
    assert trained == []
    recognition.networks(tmp_path, 0, 11)
    assert trained == [("example", 0, 11, "example-0.safetensors")]


def test_the_distorted_network_is_as_large_as_is_said() -> None:
    recipe = recognition.DISTORTED
    small = make_network(kernels=((5, 5), (5, 5)), filters=recipe.filters)
    assert recipe.kernel_sizes == (5, 5)
    assert small.num_parameters == 37_162
    assert (recipe.num_drawings, recipe.num_others) == (0, 0)


def test_the_example_learns_from_the_first_images() -> None:
    images, labels = peer.examples(300)
    part = mnist.load_part("train")
    assert (images.shape, images.dtype) == ((300, 28, 28, 1), np.float32)
    np.testing.assert_allclose(images[..., 0] * 255, part.images[:300], atol=1e-4)
    np.testing.assert_array_equal(labels, part.labels[:300])


@pytest.mark.slow
def test_the_networks_of_the_rows_can_be_trained() -> None:
    program = """
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
import recognition
from digitrec import mnist

few = mnist.load_part("test")
few = mnist.Part(few.images[:50], few.labels[:50])
load = mnist.load_part
mnist.load_part = lambda name: few if name == "test" else load(name)
import peer

small = {"epochs": 1, "num_images": 600}
network = recognition.learn("example", 3, small)
model = peer.build()
assert model.count_params() == network.num_parameters == 34_826
assert network.metadata["recipe_settings"] == small
model.set_weights([network.weights[f"{layer}/{part}"] for layer in ("conv1", "conv2", "dense")
                   for part in ("kernel", "bias")])
told = model.predict(few.images[..., None] / 255, verbose=0)
np.testing.assert_allclose(network.probabilities(few.images), told, atol=1e-5)
settings = {**recognition.settings("distorted", 12), **small, "clean_epochs": 0}
distorted = recognition.learn("distorted", 3, settings)
assert distorted.num_parameters == 37_162
assert distorted.metadata["recipe_settings"]["distortion"] == 1
"""
    command = [sys.executable, "-c", program, str(SCRIPT.parent)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


# Figures


def drawn(figure: Figure) -> str:
    """Check that a figure is whole, and return its words."""
    picture = np.asarray(Image.open(io.BytesIO(plots.to_bytes(figure))).convert("L"))
    for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert edge.min() > 200
    return plots.alt_text(figure)


def test_the_refusals_are_drawn() -> None:
    found = scores()
    names = list(recognition.READERS)
    figure = recognition_figures.refusals(dict.fromkeys(names, found.refused_at), 0.02)
    mark, *lines = figure.axes[0].lines
    assert set(mark.get_xdata()) == {0.02}
    assert [line.get_label() for line in lines] == names
    shares, refused = np.asarray(lines[0].get_data())
    np.testing.assert_allclose(refused, found.refused_at(shares))
    assert len({line.get_color() for line in lines}) == len(names)
    assert "Where 2 % of the digits are refused: Keras example, canvas resized 60.0 %" in drawn(
        figure
    )


def test_the_calibrations_are_drawn() -> None:
    many = np.repeat(DIGITS, 20, axis=0)
    report = recognition.measure(make_network(), many, np.repeat(LABELS, 20), OTHERS).report
    names = list(recognition.READERS)[:5]
    figure = recognition_figures.calibration(dict.fromkeys(names, report))
    titles = [axes.get_title("left").partition("\n")[0] for axes in figure.axes]
    assert titles == [*names, ""]
    dots = figure.axes[4].lines[1].get_xydata()
    filled = report.reliability[report.reliability[:, 0] > 0]
    np.testing.assert_array_equal(dots, filled[:, 1:])
    assert "recipe quick" in drawn(figure)


def test_sizes_and_places_are_drawn() -> None:
    shown = findings(scores())
    ours = shown.places[recognition.PACKAGED]
    shares = {**shown.places, recognition.PACKAGED: [0.0, *ours[1:]]}
    figure = recognition_figures.places(
        recognition.SIZES, shown.sizes, recognition.PLACES, shares, 100
    )
    above, left, right = figure.axes
    assert [line.get_ydata()[0] for line in above.lines] == [0.1, 0.9]
    assert {text.get_text() for text in left.texts} == {"10"}
    first = next(text for text in right.texts if text.get_position() == (60, 60))
    assert first.get_text() == "0"
    assert "from 0 % to 90.0 % over the places." in drawn(figure)


# The program


@pytest.fixture
def drawings(tmp_path: Path) -> Path:
    rng = np.random.default_rng(4)
    samples = [ink.Sample(hand.draw(digit, rng), str(digit)) for digit in range(10)]
    samples += [ink.Sample(hand.draw_other(rng, "scribble"), "scribble") for _ in range(3)]
    ink.write(tmp_path / "ink.jsonl", samples)
    return tmp_path / "ink.jsonl"


@pytest.mark.slow
def test_a_whole_run(drawings: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keep, out = tmp_path / "keep", tmp_path / "figures"
    keep.mkdir()
    kept(keep)
    arguments = [str(drawings), "--keep", str(keep), "--out", str(out), "--moved", "2"]
    assert recognition.main(arguments) == 0
    output = capsys.readouterr()
    assert output.err == ""
    assert "10 digits, 3 others; seed 0, 12 epochs of the Keras example" in output.out
    tables = [part for part in output.out.split("\n\n") if part.startswith("|")]
    assert [len(cells(table)) - 2 for table in tables] == [6, 6, 6, 15, 2, 10]
    assert [row[0] for row in cells(tables[0])[2:]] == list(recognition.READERS)
    assert float(cells(tables[0])[-1][2].split()[0]) >= 80
    assert sorted(path.name for path in out.iterdir()) == [
        "recognition-calibration.png",
        "recognition-places.png",
        "recognition-refusals.png",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "ink.jsonl: No such file or directory"),
        ([{"strokes": STEM}], "every drawing needs a label; number 1 has none"),
        ([{"strokes": STEM, "label": "l"}], "at least one drawing of a digit was expected"),
        (
            [{"strokes": STEM, "label": "1"}, {"strokes": [[[5, 301]]], "label": "1"}],
            "a canvas of 300×300 were expected; number 2 leaves it",
        ),
        ([7], "line 1: an object with"),
    ],
)
def test_an_unsuitable_file_gets_one_line(
    content: Any, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "ink.jsonl"
    if content is not None:
        path.write_text("\n".join(map(json.dumps, content)))
    check_complaint([str(path)], message, capsys)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "at least one ink file was expected"),
        (["ink", "--epochs", "0"], "--epochs must be at least 1. Received: 0"),
        (["ink", "--seed", "-1"], "--seed must be from 0 to 2**32 - 1. Received: -1"),
        (["ink", "--moved", "x"], "invalid int value: 'x'"),
    ],
)
def test_unsuitable_arguments_get_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check_complaint(arguments, message, capsys)


def test_a_folder_that_cannot_be_made_gets_one_line_before_any_training(
    drawings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(recognition, "networks", None)
    check_complaint([str(drawings), "--out", str(drawings)], str(drawings), capsys)


def check_complaint(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        recognition.main(arguments)
    output = capsys.readouterr()
    assert (end.value.code, output.out) == (2, "")
    (line,) = output.err.splitlines()
    assert line.startswith("recognition.py: ")
    assert message in line
    assert "[Errno" not in line


def test_as_a_program_it_says_the_same() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "missing.jsonl"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    (line,) = done.stderr.splitlines()
    assert "an ink file was expected at missing.jsonl" in line
