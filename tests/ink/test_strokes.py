import gzip
import itertools
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from digitrec import ink, network
from digitrec.errors import FileError, InkError
from digitrec.ink import frame, strokes
from digitrec.ink.strokes import MAX_POINTS, MAX_STROKES
from tests.drawings import DRAWINGS, EIGHT, FOUR, SEVEN


def moved(drawing, scale=1.0, right=0.0, down=0.0):
    return [np.asarray(stroke, float) * scale + (right, down) for stroke in drawing]


@pytest.mark.parametrize("digit", DRAWINGS)
def test_a_drawing_is_recognised(digit):
    prediction = network.bundled().predict(ink.image(DRAWINGS[digit]))
    assert prediction.digit == digit
    assert prediction.confidence > 0.8


@given(
    scale=st.floats(0.05, 50), right=st.floats(-2000, 2000), down=st.floats(-2000, 2000),
    digit=st.sampled_from(sorted(DRAWINGS)),
)  # fmt: skip
def test_place_and_size_change_nothing(scale, right, down, digit):
    before = ink.image(DRAWINGS[digit])
    after = ink.image(moved(DRAWINGS[digit], scale, right, down))
    assert np.abs(after - before).max() < 0.02


@given(
    stroke=st.lists(
        st.tuples(st.floats(0, 300, width=32), st.floats(0, 300, width=32)), min_size=1, max_size=60
    )
)
@settings(max_examples=200)
def test_any_stroke_gives_an_image_in_the_frame(stroke):
    image = ink.image([stroke])
    assert image.shape == (28, 28)
    assert image.dtype == np.float32
    assert 0 <= image.min() <= image.max() <= 1
    assert image.max() > 0.5
    balance = frame.centre_of_mass(image)
    # Ink that reaches the edge when it is centred (a long tail) is cut there, and balances anew.
    if not image[[0, -1]].any() and not image[:, [0, -1]].any():
        assert np.abs(balance).max() < 0.35


@given(
    points=hnp.arrays(
        np.float64,
        st.tuples(st.integers(0, 40), st.just(2)),
        elements=st.floats(allow_nan=True, allow_infinity=True),
    )
)
def test_whatever_the_points_the_answer_is_an_image_none_or_the_documented_error(points):
    try:
        image = ink.image([points])
    except InkError:
        assert not np.isfinite(points).all() or np.abs(points).max() > strokes.MAX_COORDINATE
    else:
        assert image is None if len(points) == 0 else image.shape == (28, 28)


def test_the_fitted_ink_fills_its_box_and_keeps_its_shape():
    fitted = ink.stages(SEVEN)["fitted"]
    rows = np.flatnonzero(fitted.max(axis=1) > 0.3)
    columns = np.flatnonzero(fitted.max(axis=0) > 0.3)
    assert (rows[0], rows[-1]) == (0, 19)
    width, height = np.ptp([p[0] for p in SEVEN[0]]), np.ptp([p[1] for p in SEVEN[0]])
    expected = width / height * (20 - frame.PEN) + frame.PEN
    assert len(columns) == pytest.approx(expected, abs=1.5)


def test_one_pen_whatever_the_size():
    thin, thick = ink.image([[(0, 0), (0, 10)]]), ink.image([[(0, 0), (0, 290)]])
    np.testing.assert_allclose(thin, thick, atol=1e-4)
    assert thin[14].sum() == pytest.approx(frame.PEN, abs=0.15)


def test_another_pen_for_whoever_asks():
    thin, thick = ink.image(SEVEN, pen=1.5), ink.image(SEVEN, pen=4)
    assert thin.sum() < ink.image(SEVEN).sum() < thick.sum()
    for pen in (0, 9, float("nan")):
        with pytest.raises(ValueError, match="pen must be"):
            ink.image(SEVEN, pen=pen)


def test_a_point_is_a_dot_in_the_middle():
    dot = ink.image([[(250, 10)]])
    assert dot[13:15, 13:15].min() > 0.7
    assert dot.sum() == pytest.approx(np.pi * (frame.PEN / 2) ** 2, rel=0.15)
    np.testing.assert_array_equal(dot, ink.image([[(250, 10)] * 5]))


@pytest.mark.parametrize("nothing", [[], [[]], [[], []], [np.zeros((0, 2))]])
def test_no_ink_is_none(nothing):
    assert ink.image(nothing) is None
    assert ink.stages(nothing) is None


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ([[(0, float("nan"))]], "finite"),
        ([[(0, float("inf"))]], "finite"),
        ([[1, 2, 3]], r"shape \(n, 2\)"),
        ([[(1, 2, 3)]], r"shape \(n, 2\)"),
        ([[("a", "b")]], "points was expected"),
        ([[(1, 2), (3,)]], "points was expected"),
        ([[(1e9, 0)]], "coordinates up to"),
        ("strokes", "a list of strokes"),
        (7, "a list of strokes"),
        ([np.zeros((600_000, 2)), np.zeros((600_000, 2))], "at most 1,000,000"),
    ],
)
def test_what_is_no_drawing_is_said_so(broken, said):
    with pytest.raises(InkError, match=said):
        ink.image(broken)


def test_very_many_points_are_thinned_and_show_the_same():
    along = np.linspace(0, 1, 300_000)[:, None]
    circle = np.hstack([np.cos(2 * np.pi * along), np.sin(2 * np.pi * along)]) * 100
    np.testing.assert_allclose(ink.image([circle]), ink.image([circle[::1000]]), atol=0.05)


def test_points_that_all_but_coincide_are_one():
    twins = [(0, 0), (1e-229, 0), (0, 100), (0, 100), (1e-300, 100), (50, 100)]
    apart = [(0, 0), (0, 100), (50, 100)]
    np.testing.assert_allclose(ink.image([twins]), ink.image([apart]), atol=0.01)


BENT = [(80, 80), (200, 76), (150, 170), (130, 250)]


@pytest.mark.parametrize("tap", [(285, 200), (20, 20), (20, 270), (250, 90)])
def test_a_stray_tap_beside_a_digit_changes_nothing(tap):
    alone = ink.image([BENT])
    np.testing.assert_array_equal(ink.image([BENT, [tap]]), alone)
    np.testing.assert_array_equal(ink.image([[tap, (tap[0] + 2, tap[1] - 3)], BENT]), alone)
    shown = ink.stages([BENT, [tap]])
    assert shown["drawing"].sum() > ink.stages([BENT])["drawing"].sum() + 5
    np.testing.assert_array_equal(shown["trimmed"], ink.stages([BENT])["trimmed"])


@pytest.mark.parametrize(
    "part",
    [
        [(110, 165), (175, 163)],  # the bar of a crossed 7
        [(205, 60)],  # a dot that nearly touches
        [(140, 30)],  # the dot of an i
        [(230, 150), (244, 150)],  # too long for a tap
    ],
)
def test_what_may_be_part_of_a_sign_stays(part):
    assert np.abs(ink.image([BENT, part]) - ink.image([BENT])).max() > 0.3


def test_many_separate_taps_are_drawn():
    taps = [[(x, y)] for x in range(0, 300, 5) for y in range(0, 300, 5)]
    assert ink.image(taps).mean() > 0.3


def test_a_fast_stroke_is_bent_where_the_hand_bent():
    angles = np.linspace(0, 2 * np.pi, 9)
    sparse = np.column_stack([np.cos(angles), np.sin(angles)]) * 100
    angles = np.linspace(0, 2 * np.pi, 200)
    dense = np.column_stack([np.cos(angles), np.sin(angles)]) * 100
    assert np.abs(ink.image([sparse]) - ink.image([dense])).mean() < 0.02


def test_stroke_order_and_direction_change_nothing():
    image = ink.image(FOUR)
    np.testing.assert_allclose(ink.image(FOUR[::-1]), image, atol=1e-5)
    np.testing.assert_allclose(ink.image([s[::-1] for s in FOUR]), image, atol=0.05)


def test_stages_end_in_the_image():
    steps = ink.stages(EIGHT)
    assert list(steps) == ["drawing", "trimmed", "fitted", "centred"]
    np.testing.assert_array_equal(steps["centred"], ink.image(EIGHT))
    assert all(0 <= step.min() <= step.max() <= 1 for step in steps.values())


@pytest.mark.parametrize(("scale", "width"), [(1, 56), (0.4, 56), (0.01, 31)])
def test_what_is_trimmed_reaches_from_edge_to_edge(scale, width):
    shown = ink.stages(moved([[(20, 100), (280, 100)]], scale))["trimmed"]
    columns = np.flatnonzero(shown.max(axis=0) > 0.5)
    assert np.ptp(columns) + 1 == pytest.approx(width, abs=1)  # a dot is not blown up to a blot
    assert columns[0] + columns[-1] == pytest.approx(55, abs=1)
    # The pen, 18 of the canvas's pixels wide, grows with the drawing: so all of that is there.
    assert shown[:, 28].sum() == pytest.approx(18 * width / (260 * scale + 18), rel=0.05)


def test_the_drawing_is_shown_where_it_was_drawn():
    corner = ink.stages(moved(SEVEN, 0.3))["drawing"]
    assert corner[:28, :28].sum() == pytest.approx(corner.sum(), rel=0.01)
    assert ink.stages([[(290, 290)]])["drawing"][50:, 50:].sum() > 0
    beyond = ink.stages([[(-500, -500), (1500, 900)]])["drawing"]
    assert beyond[0, 0] > 0.3
    assert beyond[-1].max() < 0.3  # the canvas is square, the drawing is not


@pytest.mark.parametrize("name", ["ink.jsonl", "ink.jsonl.gz"])
def test_files_keep_everything(tmp_path, name):
    samples = [
        ink.Sample(ink.check(SEVEN), label="7", id="a-1", writer="somebody"),
        ink.Sample(ink.check(FOUR)),
    ]
    ink.write(tmp_path / name, samples)
    again = ink.read(tmp_path / name)
    assert [(s.label, s.id, s.writer) for s in again] == [
        ("7", "a-1", "somebody"),
        (None, None, None),
    ]
    for sample, other in zip(samples, again, strict=True):
        assert len(sample.strokes) == len(other.strokes)
        for stroke, same in zip(sample.strokes, other.strokes, strict=True):
            np.testing.assert_array_equal(stroke, same)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"{", "line 1: a JSON object"),
        (b"[1, 2]", "line 1: an object"),
        (b'{"strokes": 3}', "line 1: an object"),
        (b'{"strokes": [[[1, 2]]]}\n\n{"strokes": [[[1, NaN]]]}', "line 3: stroke 0: finite"),
        (b'{"strokes": [], "label": [1]}', '"label" must be a text'),
        (b"\xff\xfe", "line 1: a JSON object"),
        (b"[" * 100_000, "line 1: a JSON object"),
    ],
)
def test_a_broken_ink_file_names_its_line(tmp_path, content, said):
    path = tmp_path / "broken.jsonl"
    path.write_bytes(content)
    with pytest.raises(FileError, match=said):
        ink.read(path)


def test_a_file_that_is_missing_or_damaged_is_one_error(tmp_path):
    with pytest.raises(FileError, match="an ink file was expected"):
        ink.read(tmp_path / "none.jsonl")
    whole = gzip.compress(json.dumps({"strokes": SEVEN}).encode())
    for name, content in (("cut.jsonl.gz", whole[:-9]), ("plain.jsonl.gz", b"{}")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(FileError, match="an ink file was expected"):
            ink.read(tmp_path / name)


def test_a_file_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("digitrec.ink.files.MAX_FILE_BYTES", 1000)
    (tmp_path / "bomb.jsonl.gz").write_bytes(gzip.compress(b" " * 100_000))
    with pytest.raises(FileError, match="at most 1,000 bytes"):
        ink.read(tmp_path / "bomb.jsonl.gz")


def test_a_hundred_thousand_strokes_are_refused_before_they_are_looked_at():
    dashes = ([(x, 0), (x, 9)] for x in itertools.count())  # without an end
    for look in (ink.check, ink.image, ink.stages):
        with pytest.raises(InkError, match="at most 4,000 strokes were expected"):
            look(dashes)
    with pytest.raises(InkError, match="at most 4,000 strokes"):
        ink.check(itertools.repeat([]))
    assert len(ink.check([[(x, 0), (x, 9)] for x in range(MAX_STROKES)])) == MAX_STROKES


@pytest.mark.parametrize("stroke", [[[1, 2]], [[1, 2], [3, 4]]])
def test_a_line_with_too_many_strokes_is_one_error(tmp_path, stroke):
    (tmp_path / "many.jsonl").write_text(json.dumps({"strokes": [stroke] * 100_000}))
    with pytest.raises(FileError, match=r"many.jsonl, line 1: at most 4,000 strokes"):
        ink.read(tmp_path / "many.jsonl")


@pytest.mark.parametrize("part", [b"[]", b"{}", b"1", b'"a"', b"[1,2]"])
def test_a_line_that_would_take_much_memory_is_not_unpacked(part, monkeypatch):
    def unpack(line):
        raise AssertionError(len(line))

    monkeypatch.setattr("digitrec.ink.files.json.loads", unpack)
    line = b'{"strokes": [' + b",".join([part] * 3_100_000) + b"]}"
    with pytest.raises(FileError, match=r"line 2: at most 1,000,000 points in 4,000 strokes"):
        ink.parse(b"\n" + line)


def test_a_drawing_of_as_many_points_as_there_may_be_is_read():
    points = MAX_POINTS // MAX_STROKES
    line = json.dumps({"strokes": [[[1, 2]] * points] * MAX_STROKES})
    (sample,) = ink.parse(line.encode())
    assert sum(map(len, sample.strokes)) == MAX_POINTS


def test_more_drawings_than_fit_are_refused(monkeypatch):
    monkeypatch.setattr("digitrec.ink.files.MAX_MEMORY", 10_000)
    line = b'{"strokes": [[[1, 2]], [[3, 4]]]}\n'
    assert len(ink.parse(10 * line)) == 10
    with pytest.raises(FileError, match=r"yours, line 11: up to here .* split the file"):
        ink.parse(100 * line, "yours")


def test_ink_is_read_from_bytes_plain_and_compressed():
    content = json.dumps({"strokes": SEVEN, "label": "7"}).encode()
    for packed in (content, gzip.compress(content)):
        (sample,) = ink.parse(packed)
        assert sample.label == "7"
    for packed in (b" " * 1001, gzip.compress(b" " * 100_000)):
        with pytest.raises(FileError, match="yours: at most 1,000 bytes"):
            ink.parse(packed, "yours", max_bytes=1000)
    with pytest.raises(FileError, match="an ink file was expected at yours"):
        ink.parse(gzip.compress(content)[:-9], "yours")
