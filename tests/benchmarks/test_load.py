"""The class that draws at once: its drawings, and what is said of what was measured.

`serving/test_class.py` has its visitors meet a real server.
"""

import argparse
from pathlib import Path

import load
import numpy as np
import pytest

from digitrec import ink
from digitrec.network import bundled


def level(visitors: int, *, memory: float, busy: float) -> load.Level:
    return load.Level(
        visitors,
        opened=[1.25, 3.0],
        answers=[0.04] * 19 + [0.3],
        right=20,
        memory=memory,
        busy=busy,
        server=busy / 4,
    )


LEVELS = [level(1, memory=400, busy=0.1), level(11, memory=1400, busy=0.6)]


def test_every_digit_that_is_drawn_has_one_right_answer() -> None:
    drawn = load.digits(3)
    for digit, (strokes, expected) in enumerate(drawn):
        image = ink.image([np.array(stroke) for stroke in strokes])
        assert image is not None
        assert bundled().predict(image).digit == digit
        assert str(digit) in expected
    assert load.digits(3) == drawn
    assert load.digits(4) != drawn


def test_a_row_for_every_number_of_visitors() -> None:
    lines = load.table({"this pad": LEVELS, "plain": LEVELS[:1]}).splitlines()
    assert lines[2] == "| this pad | 1 | 1.2 / 3.0 | 20 | 20 | 40 / 300 | 400 | 0.10, 0.03 |"
    assert lines[3].startswith("| this pad | 11 |")
    assert "| 127 | 0.60, 0.15 |" in lines[3]
    assert lines[4].startswith("| plain | 1 | 1.2 / 3.0 | 20 | – |")
    assert len({line.count("|") for line in lines}) == 1


def test_more_visitors_are_reckoned_along_straight_lines() -> None:
    assert load.line([(1, 400), (11, 1400)]) == pytest.approx((300, 100))
    assert load.line([(4, 200)]) == (0, 50)
    said = load.outlook(LEVELS, 100)
    assert said.startswith("100 visitors who draw like these: 10.3 GB and 1.5 GB for a training")
    assert "5.0 cores busy, so 8 cores" in said
    assert "in 2 servers, as one takes 1.26 cores for a hundred" in said


def test_what_did_not_end_is_said() -> None:
    options = argparse.Namespace(visitors=[11], browsers=0, trainings=1)
    found = {
        "leaving": {"closed": 2.2},
        "training": {"trained": [31.0], "answers": [0.05], "right": 1},
    }
    said = load.story(found, LEVELS, options)
    assert "closed 2 s, vanished not after 300 s" in said
    assert "1 trainings in the queue were over after 31 s; meanwhile 1 answers, 1 right" in said
    assert "browsers" not in said


def test_the_figure_is_drawn(tmp_path: Path) -> None:
    load.figure({"this pad": LEVELS, "plain": LEVELS[:1]}, tmp_path / "load.png")
    assert (tmp_path / "load.png").stat().st_size > 10_000
