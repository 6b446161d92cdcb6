import base64
import io
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pytest
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure
from PIL import Image

from digitrec import ink, plots
from digitrec.evaluation import evaluate_ink
from digitrec.plots import look
from tests.readers import images_saying, reader, report_of

LINE = (np.array([[150.0, 40.0], [150.0, 260.0]]),)
HISTORY = [(0.5, 1.2, 0.6), (1.0, 0.4, 0.9), (2.0, 0.1, 0.97)]
LABELS = np.repeat(np.arange(10), 4)
READ = np.where(np.arange(40) % 7 == 0, (LABELS + 1) % 10, LABELS)
IMAGES = images_saying(READ)
ROWS = {"500 digits": [1.0, 0.88], "5,000 digits": [0.97, 0.96]}
SHARES, INTERVALS = [0.99, 0.4], [(0.98, 0.995), (0.37, 0.43)]
POINTS = np.random.default_rng(5).normal(size=(40, 2))


@pytest.fixture(scope="module")
def report():
    return report_of(LABELS, READ, np.linspace(0.05, 1, 40))


@pytest.fixture(scope="module")
def drawn(report):
    figures = {
        "sample_digits": plots.sample_digits(IMAGES, LABELS, 1),
        "training_curves": plots.training_curves(HISTORY, [(1.0, 0.91), (2.0, 0.98)]),
        "accuracy_per_class": plots.accuracy_per_class(report),
        "confusion_matrix": plots.confusion_matrix(report),
        "mistakes": plots.mistakes(report, IMAGES),
        "failures": plots.failures(report, IMAGES),
        "misread": plots.misread([np.ones((40, 30, 3))], [IMAGES[0] / 255], ["7, read as 1"]),
        "architecture": plots.architecture(reader()),
        "stages": plots.stages(ink.stages(LINE)),
        "reliability": plots.reliability(report),
        "class_counts": plots.class_counts(LABELS),
        "accuracies": plots.accuracies(["clean", "fog"], SHARES, INTERVALS, strong=1),
        "last_layer": plots.last_layer(POINTS, LABELS, READ != LABELS),
        "compared_curves": plots.compared_curves({"slow": [2.3, 2.2], "fast": [0.9, 0.4, 0.2]}),
        "compared_shares": plots.compared_shares(ROWS, ["learnt from", "never seen"]),
    }
    # Readers see a figure as it is painted the first time.
    return figures, {name: painted(figure) for name, figure in figures.items()}


@pytest.fixture(scope="module")
def figures(drawn):
    return drawn[0]


@pytest.fixture(scope="module")
def pictures(drawn):
    return drawn[1]


def texts(axes):
    return [text.get_text() for text in axes.texts]


def png(figure):
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=60)
    return buffer.getvalue()


def painted(figure):
    return np.asarray(Image.open(io.BytesIO(png(figure))).convert("L"))


# All of them


def test_every_function_is_drawn_here(figures):
    assert {*figures, "alt_text", "to_bytes"} == set(plots.__all__)
    assert set(plots.__all__) <= set(dir(plots))
    with pytest.raises(AttributeError, match="no attribute 'pie'"):
        _ = plots.pie


def test_each_is_a_figure_that_can_be_painted_at_phone_width(figures, pictures):
    for name, picture in pictures.items():
        assert isinstance(figures[name], Figure)
        assert figures[name].get_size_inches()[0] == 6
        assert picture.min() < 100
        assert picture.max() == 255


def test_nothing_is_cut_off(pictures):
    for name, picture in pictures.items():
        # A margin of the page's own colour all around means that no letter reaches the edge.
        for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
            assert edge.min() > 200, name


@pytest.mark.parametrize(
    "name", ["sample_digits", "confusion_matrix", "mistakes", "failures", "stages"]
)
def test_what_keeps_its_shape_is_in_its_place_at_once(figures, pictures, name):
    def ends(picture):
        return [(line[0], line[-1]) for line in map(np.unique, np.nonzero(picture < 200))]

    assert ends(painted(figures[name])) == ends(pictures[name])


def test_no_letter_is_too_small_for_a_phone(figures):
    for name, figure in figures.items():
        sizes = [
            text.get_fontsize()
            for text in figure.findobj(mpl.text.Text)
            if text.get_text() and text.get_visible()
        ]
        assert min(sizes) >= 11, name


def test_axes_say_what_they_show(figures):
    for name in ("training_curves", "accuracy_per_class", "confusion_matrix", "reliability"):
        axes = figures[name].axes
        assert all(one.get_ylabel() for one in axes)
        assert axes[-1].get_xlabel()


def test_each_says_in_words_what_it_shows(figures):
    words = {name: plots.alt_text(figure) for name, figure in figures.items()}
    assert len(set(words.values())) == len(words)
    for text in words.values():
        assert text.endswith(".")
        assert len(text) > 40
    assert "60 %" not in words["training_curves"]
    assert "60.0 % to 97.0 %" in words["training_curves"]
    assert "ends at 98.0 %" in words["training_curves"]
    assert "34 of 40 are on the diagonal" in words["confusion_matrix"]
    assert f"{reader().num_parameters:,} parameters" in words["architecture"]
    with pytest.raises(ValueError, match=r"drawn by digitrec\.plots"):
        plots.alt_text(Figure())


def test_notebooks_show_a_figure_with_its_words(figures):
    data, metadata = DisplayFormatter().format(figures["training_curves"])
    picture = Image.open(io.BytesIO(base64.b64decode(data["image/png"])))
    about = metadata["image/png"]
    assert about["alt"] == plots.alt_text(figures["training_curves"])
    assert picture.text["Description"] == about["alt"]
    assert picture.width / about["width"] == pytest.approx(1.5)
    assert picture.height / about["height"] == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize(
    ("kind", "start"), [("png", b"\x89PNG"), ("svg", b"<?xml"), ("pdf", b"%PDF-")]
)
def test_a_file_of_a_figure_holds_its_words_and_no_date(kind, start):
    content, again = (plots.to_bytes(plots.training_curves(HISTORY), kind) for _ in range(2))
    assert content.startswith(start)
    assert content == again
    assert b"Two curves over 2.0 epochs" in content


def test_a_file_of_a_figure_is_of_a_known_kind():
    with pytest.raises(ValueError, match=r"as png, svg, pdf\. Received: 'jpg'"):
        plots.to_bytes(plots.training_curves(HISTORY), "jpg")


def test_a_style_chosen_elsewhere_neither_mixes_in_nor_is_changed():
    alone = png(plots.training_curves(HISTORY))
    with mpl.style.context("dark_background"):
        before = dict(mpl.rcParams)
        among_others = png(plots.training_curves(HISTORY))
        assert dict(mpl.rcParams) == before
    assert among_others == alone


def test_threads_draw_the_same_and_leave_the_settings_alone():
    before = dict(mpl.rcParams)
    with ThreadPoolExecutor(3) as pool:
        drawn = list(pool.map(lambda _: png(plots.training_curves(HISTORY)), range(3)))
    assert set(drawn) == {png(plots.training_curves(HISTORY))}
    assert dict(mpl.rcParams) == before


def test_colours_are_apart_for_colour_blind_eyes():
    # Brightness is what every eye has in common.
    def brightness(colour):
        return np.dot(mpl.colors.to_rgb(colour), (0.299, 0.587, 0.114))

    assert abs(brightness(look.BLUE) - brightness(look.ORANGE)) > 0.25
    steps = mpl.colormaps["viridis_r"](np.linspace(0, 1, 20))[:, :3]
    assert all(np.diff([brightness(step) for step in steps]) < 0)


@pytest.mark.slow
def test_importing_brings_no_matplotlib_and_drawing_no_pyplot_figure(tmp_path):
    program = """
import sys
from digitrec import evaluation, mnist, plots
heavy = ("tensorflow", "keras", "matplotlib", "sklearn", "seaborn", "pandas")
assert not [name for name in heavy if name in sys.modules], sys.modules.keys()
curves = plots.training_curves([(1, 0.1, 0.9)])
assert "matplotlib.pyplot" not in sys.modules
assert "seaborn" not in sys.modules
from tests.readers import report_of
report = report_of([1, 2, 3], [1, 2, 4])
plots.confusion_matrix(report).savefig(sys.argv[1])
plots.accuracy_per_class(report)
from matplotlib import pyplot
assert pyplot.get_fignums() == []
assert "tensorflow" not in sys.modules
"""
    subprocess.run(
        [sys.executable, "-W", "error", "-c", program, str(tmp_path / "figure.png")],
        check=True,
        env={"PYTHONPATH": str(Path(__file__).parent), "MPLBACKEND": "agg"},
    )


# One by one


def test_sample_digits_stand_in_the_column_of_their_label():
    # Image number n of a digit is evenly grey, so that it is known again.
    images = np.ones((30, 28, 28)) * np.arange(1, 31)[:, None, None] / 40
    labels = np.arange(30) % 10
    sheet = plots.sample_digits(images, labels, 0, rows=4).axes[0].images[0].get_array()
    assert sheet.shape == (4 * 31, 10 * 31 - 3)
    for row in range(4):
        for digit in range(10):
            tile = sheet[31 * row : 31 * row + 28, 31 * digit : 31 * digit + 28]
            if row == 3:
                assert tile.mask.all()
            else:
                assert round(float(tile[0, 0]) * 40 - 1) % 10 == digit


def test_another_seed_shows_other_digits_and_the_same_seed_the_same():
    images = np.random.default_rng(0).random((200, 28, 28))
    labels = np.arange(200) % 10
    sheets = [
        plots.sample_digits(images, labels, seed).axes[0].images[0].get_array().filled(0)
        for seed in (1, 1, 2)
    ]
    assert (sheets[0] == sheets[1]).all()
    assert (sheets[0] != sheets[2]).any()


def test_bytes_are_as_bright_as_floats():
    floats = plots.sample_digits(IMAGES, LABELS).axes[0].images[0].get_array()
    read = plots.sample_digits((IMAGES * 255).astype(np.uint8), LABELS)
    np.testing.assert_allclose(read.axes[0].images[0].get_array().filled(0), floats.filled(0))


@pytest.mark.parametrize(
    ("images", "labels"),
    [
        (np.zeros((0, 28, 28)), []),
        (IMAGES, LABELS[:5]),
        (IMAGES[0], LABELS),
        (IMAGES[:, :5], LABELS),
    ],
)
def test_samples_need_images_and_labels(images, labels):
    with pytest.raises(ValueError, match="expected images"):
        plots.sample_digits(images, labels)


def test_curves_hold_the_points_given():
    above, below = plots.training_curves(HISTORY, [(2.0, 0.98)]).axes
    np.testing.assert_array_equal(above.lines[0].get_xydata(), [p[:2] for p in HISTORY])
    np.testing.assert_array_equal(below.lines[0].get_ydata(), [p[2] for p in HISTORY])
    np.testing.assert_array_equal(below.lines[1].get_xydata(), [(2.0, 0.98)])
    labels = [text.get_text() for text in below.get_legend().get_texts()]
    assert labels == ["training images", "validation images"]


def test_a_single_point_is_seen():
    figure = plots.training_curves([(0.1, 2.3, 0.1)])
    assert figure.axes[0].lines[0].get_marker() == "o"
    assert figure.axes[1].get_legend() is None
    png(figure)


@pytest.mark.parametrize("history", [[], [(1, 2)], [(1, float("nan"), 0.5)], [1, 2, 3]])
def test_curves_need_points(history):
    with pytest.raises(ValueError, match="expected"):
        plots.training_curves(history)


def test_accuracy_and_interval_of_every_digit_are_drawn(report):
    axes = plots.accuracy_per_class(report).axes[0]
    (container,) = axes.containers
    points, _, (bars,) = container.lines
    np.testing.assert_allclose(points.get_xdata(), report.per_class)
    ends = np.array([segment[:, 0] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, report.per_class_interval)
    low, high = axes.get_xlim()
    assert low < report.per_class_interval.min()
    assert high > 1
    assert axes.yaxis_inverted()


def test_digits_that_do_not_occur_are_said_to_be_untested():
    figure = plots.accuracy_per_class(report_of([1, 1, 2], [1, 1, 2]))
    (right,) = figure.axes[0].child_axes
    labels = [label.get_text() for label in right.get_yticklabels()]
    assert labels == ["none tested", "0 of 2 wrong", "0 of 1 wrong"] + 7 * ["none tested"]
    assert "1: 100 %, 2: 100 %." in plots.alt_text(figure)
    png(figure)


def test_confusion_matrix_writes_what_is_there_and_nothing_else(report):
    axes = plots.confusion_matrix(report).axes[0]
    written = {
        (int(text.get_position()[1]), int(text.get_position()[0])): int(text.get_text())
        for text in axes.texts
    }
    there = {
        (row, column): report.confusion[row, column]
        for row, column in np.argwhere(report.confusion)
    }
    assert written == there
    assert len(plots.confusion_matrix(report).axes) == 1


def test_one_mistake_among_thousands_has_a_colour_of_its_own():
    report = report_of([3] * 2000, [3] * 1999 + [5])
    axes = plots.confusion_matrix(report).axes[0]
    colours = axes.collections[0].get_facecolors().reshape(10, 10, 4)
    assert colours[3, 5, 3] == 1
    assert np.abs(colours[3, 5] - colours[3, 3]).max() > 0.3
    assert "3 as 5 (1)" in plots.alt_text(axes.figure)


def test_confusion_matrix_without_mistakes():
    figure = plots.confusion_matrix(report_of([3], [3]))
    assert "mistakes" not in plots.alt_text(figure)
    png(figure)


def test_mistakes_show_the_surest_first_with_their_captions(report):
    axes = plots.mistakes(report, IMAGES, most=3).axes[0]
    expected = [f"{mistake.label} → {mistake.predicted}" for mistake in report.mistakes[:3]]
    assert texts(axes)[::2] == expected
    sheet = axes.images[0].get_array()
    np.testing.assert_array_equal(sheet[:28, :28], IMAGES[report.mistakes[0].sample])
    assert sheet[:28, 3 * 32 :].mask.all()


def test_no_mistakes_are_said_to_be_none():
    figure = plots.mistakes(report_of([3], [3]), IMAGES[:1])
    assert texts(figure.axes[0]) == ["Not one was read wrong."]
    assert "not one of 1" in plots.alt_text(figure)


def test_a_mistake_without_ink_is_an_empty_place():
    samples = [ink.Sample((), "4"), ink.Sample(LINE, "0")]
    report = evaluate_ink(reader(), samples)
    figure = plots.mistakes(report, np.zeros((2, 28, 28)))
    assert "4 → no ink" in texts(figure.axes[0])
    png(figure)
    assert "1 had no ink" in plots.alt_text(plots.confusion_matrix(report))


def test_mistakes_need_their_images(report):
    with pytest.raises(ValueError, match="received 3"):
        plots.mistakes(report, IMAGES[:3])


def test_failures_are_the_confusions_and_the_mistakes(report):
    figure = plots.failures(report, IMAGES, most=4)
    above, below = figure.axes
    assert texts(above) == texts(plots.confusion_matrix(report).axes[0])
    assert texts(below) == texts(plots.mistakes(report, IMAGES, most=4).axes[0])
    assert (above.get_title("left"), below.get_title("left")) == (
        "6 of 40 digits read wrong",
        "the 4 surest mistakes",
    )
    words = plots.alt_text(figure)
    assert words.startswith(plots.alt_text(plots.confusion_matrix(report)))
    assert words.endswith(plots.alt_text(plots.mistakes(report, IMAGES, most=4)))


def test_no_failures_are_said_to_be_none():
    figure = plots.failures(report_of([3], [3]), IMAGES[:1])
    assert texts(figure.axes[1]) == ["Not one was read wrong."]
    png(figure)


def test_architecture_writes_every_layer_down():
    network = reader()
    written = texts(plots.architecture(network).axes[0])
    for layer in network.layers:
        assert layer.kind in written
        assert " × ".join(f"{size:,}" for size in layer.output_shape) in written
        if layer.num_parameters:
            assert f"{layer.num_parameters:,}" in written
    assert written[-1] == f"{network.num_parameters:,}"


def test_stages_are_drawn_in_order():
    images = ink.stages(LINE)
    figure = plots.stages(images)
    assert [axes.get_title(loc="center") for axes in figure.axes] == list(images)
    for axes, image in zip(figure.axes, images.values(), strict=True):
        np.testing.assert_array_equal(axes.images[0].get_array(), image)


@pytest.mark.parametrize("images", [{}, {"drawing": np.zeros((2, 3, 4))}])
def test_stages_must_be_images(images):
    with pytest.raises(ValueError, match="expected"):
        plots.stages(images)


def test_reliability_draws_every_bin_that_holds_samples(report):
    above, below = plots.reliability(report).axes
    filled = report.reliability[report.reliability[:, 0] > 0]
    dots = next(line for line in above.lines if line.get_marker() == "o").get_xydata()
    np.testing.assert_array_equal(dots[~np.isnan(dots[:, 0])], filled[:, 1:])
    assert [bar.get_height() for bar in below.patches] == report.reliability[:, 0].tolist()


@pytest.mark.parametrize(
    "name", ["accuracy_per_class", "confusion_matrix", "reliability", "failures"]
)
def test_a_report_without_digits_cannot_be_drawn(name):
    report = evaluate_ink(reader(), [ink.Sample(LINE, "x")])
    images = [np.zeros((1, 28, 28))] if name == "failures" else []
    with pytest.raises(ValueError, match="no samples of digits"):
        getattr(plots, name)(report, *images)


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.5, 0.99996, 1.0])
def test_only_all_is_100_percent_and_only_none_is_0(share):
    assert (look.percent(share) in {"100 %", "100.0 %"}) == (share == 1)
    assert (look.percent(share) in {"0 %", "0.0 %"}) == (share == 0)


# Accuracies side by side


def test_an_accuracy_stands_between_the_ends_of_its_interval(figures):
    (axes,) = figures["accuracies"].axes
    dots = [line.get_xydata()[0].tolist() for line in axes.lines if len(line.get_xydata()) == 1]
    for place, share in enumerate(SHARES):
        assert [share, place] in dots
    for ends in INTERVALS:
        for end in ends:
            assert any(dot[0] == pytest.approx(end) for dot in dots)
    assert "fog: 40.0 % (37.0 % to 43.0 %)" in plots.alt_text(figures["accuracies"])


@pytest.mark.parametrize(
    ("names", "shares", "intervals"),
    [([], [], np.zeros((0, 2))), (["a"], [0.5, 0.6], INTERVALS), (["a"], [0.5], [0.4])],
)
def test_accuracies_without_names_or_intervals_are_refused(names, shares, intervals):
    with pytest.raises(ValueError, match="an accuracy and an interval for every name"):
        plots.accuracies(names, shares, intervals)


# The map of the last layer


def test_every_image_is_on_the_map_and_the_mistakes_have_rings(figures):
    (axes,) = figures["last_layer"].axes
    *digits, rings = [collection.get_offsets() for collection in axes.collections]
    assert len(digits) == 10
    np.testing.assert_array_equal(np.concatenate(digits), POINTS)  # LABELS are in order
    np.testing.assert_array_equal(rings, POINTS[READ != LABELS])
    assert f"{(READ != LABELS).sum()} with a ring" in plots.alt_text(figures["last_layer"])
    (axes,) = plots.last_layer(POINTS, LABELS, LABELS < 0).axes
    assert len(axes.collections) == 10


@pytest.mark.parametrize(
    ("points", "labels", "wrong"),
    [(POINTS, LABELS[:-1], READ != LABELS), (POINTS[:, :1], LABELS, READ != LABELS), ([], [], [])],
)
def test_a_map_needs_a_label_for_every_point(points, labels, wrong):
    with pytest.raises(ValueError, match="points of shape"):
        plots.last_layer(points, labels, wrong)


# Trainings side by side


def test_every_training_has_its_curve_and_its_dashes(figures):
    (axes,) = figures["compared_curves"].axes
    slow, fast = axes.lines
    np.testing.assert_allclose(fast.get_xydata(), [(1, 0.9), (2, 0.4), (3, 0.2)])
    assert slow.get_linestyle() != fast.get_linestyle()
    assert slow.get_color() != fast.get_color()
    assert "fast, from 0.90 to 0.20" in plots.alt_text(figures["compared_curves"])


def test_accuracies_over_the_epochs_are_percentages():
    figure = plots.compared_curves({"one": [0.5, 0.913]}, quantity="accuracy")
    assert figure.axes[0].get_ylim()[1] == 1
    assert "to 91.3 %" in plots.alt_text(figure)


@pytest.mark.parametrize("curves", [{}, {"a": []}, {name: [1.0] for name in "abcde"}])
def test_curves_without_values_are_refused(curves):
    with pytest.raises(ValueError, match="one to four curves"):
        plots.compared_curves(curves)
    with pytest.raises(ValueError, match="finite"):
        plots.compared_curves({"a": [1.0, float("nan")]})


def test_shares_of_a_training_are_joined_dots_with_their_numbers(figures):
    (axes,) = figures["compared_shares"].axes
    learnt, unseen = axes.lines
    np.testing.assert_allclose(learnt.get_xydata(), [(1.0, 0), (0.97, 1)])
    np.testing.assert_allclose(unseen.get_xydata(), [(0.88, 0), (0.96, 1)])
    assert {"100 %", "88.0 %", "97.0 %", "96.0 %"} <= set(texts(axes))
    words = plots.alt_text(figures["compared_shares"])
    assert "5,000 digits: 97.0 % of learnt from, 96.0 % of never seen" in words


@pytest.mark.parametrize("rows", [{}, {"a": [0.5]}, {"a": [0.5, 0.6, 0.7]}])
def test_shares_must_have_as_many_names(rows):
    with pytest.raises(ValueError, match="as many as names"):
        plots.compared_shares(rows, ["x", "y"])
    with pytest.raises(ValueError, match="from 0 to 1"):
        plots.compared_shares({"a": [0.5, 1.5]}, ["x", "y"])
