import sys
from pathlib import Path

import ink_choices
import numpy as np
import pytest

from digitrec import hand, ink
from digitrec.network import bundled
from tests.drawings import DRAWINGS, FOUR, SEVEN


def test_a_fast_pen_leaves_few_points_and_the_last() -> None:
    (kept,) = ink_choices.every(ink.check([[(x, 0) for x in range(8)]]), 3)
    assert kept[:, 0].tolist() == [0, 3, 6, 7]
    (dot,) = ink_choices.every(ink.check([[(5, 5)]]), 3)
    assert dot.tolist() == [[5, 5]]


def test_points_on_straight_pieces_leave_no_curve() -> None:
    bent = ink.check([[(0, 0), (100, 0), (100, 100)]])
    (line,) = ink_choices.straight(bent)
    assert all(x == 100 or y == 0 for x, y in line)
    assert not np.array_equal(ink.image(bent), ink.image([line]))


def test_a_fitted_drawing_has_its_size_in_whole_pixels() -> None:
    points = np.concatenate(ink_choices.fitted(ink.check(FOUR), 15))
    assert (points.max(axis=0) - points.min(axis=0)).max() == 15
    assert np.array_equal(points, points.round())


def test_what_is_beyond_the_canvas_lies_flat_on_its_edge() -> None:
    drawing = ink.check(SEVEN)
    (seven,) = ink_choices.cut(drawing, 0.2)
    extent = np.ptp(drawing[0], axis=0).max()
    assert np.isclose(seven[:, 1].max(), drawing[0][:, 1].max() - 0.2 * extent)
    assert np.array_equal(seven[:, 0], drawing[0][:, 0])


def test_a_tap_is_left_out_and_a_line_is_not() -> None:
    drawing = ink.check(SEVEN)
    alone = ink.image(drawing)
    assert alone is not None
    assert np.array_equal(ink.image(ink_choices.beside(drawing, 0.0)), alone)
    assert not np.allclose(ink.image(ink_choices.beside(drawing, 0.1)), alone)


def test_every_choice_is_measured() -> None:
    samples = [ink.Sample(ink.check(d), label=str(digit)) for digit, d in DRAWINGS.items()]
    rows = list(ink_choices.rows(bundled(), samples))
    assert [name for name, _, _ in rows] == list(ink_choices.CHOICES)
    assert rows[0] == ("as the pad does it", 1.0, 0.0)
    assert all(0 <= share <= 1 for _, *shares in rows for share in shares)


def test_the_table_is_of_the_digits_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rng = np.random.default_rng(0)
    path = tmp_path / "drawn.jsonl"
    ink.write(path, [ink.Sample(hand.draw(3, rng), label=label) for label in ("3", "x", "3")])
    monkeypatch.setattr(sys, "argv", ["ink_choices.py", str(path)])
    ink_choices.main()
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("| of 2 digits |")
    assert len(lines) == 2 + len(ink_choices.CHOICES)

    monkeypatch.setattr(sys, "argv", ["ink_choices.py", str(tmp_path / "none.jsonl")])
    with pytest.raises(SystemExit, match="2"):
        ink_choices.main()
