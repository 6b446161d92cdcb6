"""What the page says of numbers, where one word ends and the next begins."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitrec.app.page import words


@pytest.mark.parametrize(
    ("count", "said"), [(-1, "-1"), (0, "no"), (10, "ten"), (11, "11"), (1234, "1,234")]
)
def test_counts(count: int, said: str) -> None:
    assert words.number(count) == said


@pytest.mark.parametrize(
    ("share", "digits", "said"),
    [
        (0.0, 0, "0 %"),
        (0.0049, 0, "under 1 %"),
        (0.005, 0, "under 1 %"),
        (0.0051, 0, "1 %"),
        (0.9949, 0, "99 %"),
        (0.995, 0, "over 99 %"),
        (1.0, 0, "100 %"),
        (0.0004, 1, "under 0.1 %"),
        (0.0006, 1, "0.1 %"),
        (0.9994, 1, "99.9 %"),
        (0.99951, 1, "over 99.9 %"),
    ],
)
def test_shares(share: float, digits: int, said: str) -> None:
    assert words.percent(share, digits) == said


@given(share=st.floats(0, 1), digits=st.integers(0, 3))
def test_only_all_is_everything_and_only_none_is_nothing(share: float, digits: int) -> None:
    said = words.percent(share, digits)
    whole, none = f"{100:.{digits}f} %", f"{0:.{digits}f} %"
    assert (said == whole) == (share == 1)
    assert (said == none) == (share == 0)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-5, "1 s"),
        (0, "1 s"),
        (59, "59 s"),
        (59.1, "1 min"),
        (60, "1 min"),
        (61, "1 min 5 s"),
        (116, "2 min"),
    ],
)
def test_durations(seconds: float, said: str) -> None:
    assert words.duration(seconds) == said
