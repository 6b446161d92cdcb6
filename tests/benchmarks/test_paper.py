import numpy as np
import paper
import pytest

from digitrec.errors import InkError
from tests.drawings import SEVEN


def taken(kind, drawing=(), seed=0):
    return paper.photograph(drawing, np.random.default_rng(seed), kind=kind)


def test_the_same_seed_takes_the_same_photograph():
    one, same, other = (taken("ruled", 4, seed) for seed in (3, 3, 4))
    assert np.array_equal(one, same)
    assert one.shape != other.shape or not np.array_equal(one, other)


def test_without_a_kind_any_is_taken():
    few = [paper.photograph((), np.random.default_rng(seed)).mean() < 90 for seed in range(6)]
    assert 0 < sum(few) < 6  # some on a blackboard or in the dark, some not


@pytest.mark.parametrize("kind", paper.KINDS)
def test_every_kind_is_a_picture_in_colour(kind):
    picture = taken(kind, 8)
    rows, columns, channels = picture.shape
    low, high = paper.KINDS[kind].sides
    assert picture.dtype == np.uint8
    assert low - 1 <= max(rows, columns) <= high + 1
    assert channels == 3
    assert picture.std() > 1


def test_strokes_are_photographed_as_they_are():
    drawn = taken("scan", SEVEN).mean(axis=2)
    away = np.abs(drawn - np.median(drawn)) > 60
    rows, columns = np.nonzero(away)
    assert (np.ptp(rows), np.ptp(columns)) > (30, 20)
    # The bar of a seven is above and its foot is left of the bar's end.
    assert columns[rows == rows.max()].mean() < columns[rows == rows.min()].mean() + np.ptp(columns)
    empty = taken("scan").mean(axis=2)
    assert (np.abs(empty - np.median(empty)) > 60).mean() < away.mean() / 2


def test_a_dot_is_photographed_too():
    dot, empty = (taken("scan", drawing).mean(axis=2) for drawing in ([[(150.0, 150.0)]], ()))
    assert np.abs(dot - np.median(dot)).max() > np.abs(empty - np.median(empty)).max() + 30


def test_ink_stays_inside_the_picture():
    for seed in range(4):
        rng = np.random.default_rng(seed)
        picture = paper.photograph(seed, rng, kind="felt-tip").astype(float).min(axis=2)
        border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
        assert picture.min() < 0.6 * border.min()


def test_lines_shadows_boards_and_desks_are_there():
    plain = taken("plain").mean(axis=2)
    assert (
        np.abs(np.diff(taken("squared").mean(axis=2), axis=0)).max()
        > 2 * np.abs(np.diff(plain, axis=0)).max()
    )
    assert taken("blackboard").mean() < 0.6 * plain.mean()
    assert np.ptp(taken("desk").mean(axis=2)) > 2 * np.ptp(plain)


def test_what_cannot_be_photographed_is_said_so():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match=r"kind must be one of plain, .* Received: 'oil'"):
        paper.photograph(3, rng, kind="oil")
    with pytest.raises(ValueError, match="digit must be a whole number"):
        paper.photograph(10, rng)
    with pytest.raises(InkError):
        paper.photograph([[(0, float("nan"))]], rng)
