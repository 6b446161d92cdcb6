import copy
import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitrec.errors import FileError
from digitrec.report import Report, calibration_error
from tests.readers import cases, report_of

# Of four digits, one of which is read wrong; and of two.
FOUR = report_of([1, 1, 1, 4], [1, 1, 2, 4]).to_dict()
TWO = report_of([1, 2], [1, 3]).to_dict()


def check_round_trip(report):
    text = json.dumps(report.to_dict(), allow_nan=False)
    again = Report.from_dict(json.loads(text))
    assert json.dumps(again.to_dict(), allow_nan=False) == text
    for name in ("per_class", "per_class_interval", "precision", "confusion", "reliability"):
        one, other = getattr(report, name), getattr(again, name)
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype
    assert again.mistakes == report.mistakes
    assert again.not_digits == report.not_digits


@settings(deadline=None)
@given(cases())
def test_a_report_survives_json_exactly(case):
    check_round_trip(report_of(*case))


def test_unknown_keys_are_passed_over():
    assert Report.from_dict({**TWO, "colour": "blue"}).to_dict() == TWO


@pytest.mark.parametrize("name", sorted(FOUR))
@pytest.mark.parametrize(
    "value",
    [None, -1, 2, True, "0.5", [], [[]], {}, math.nan, math.inf, 10**400, [None] * 10],
    ids=lambda value: str(value)[:12],
)
def test_every_field_is_checked(name, value):
    with pytest.raises(FileError, match="evaluation report was expected"):
        Report.from_dict({**FOUR, name: value})


@pytest.mark.parametrize("name", sorted(FOUR))
def test_every_field_is_needed(name):
    content = {key: value for key, value in FOUR.items() if key != name}
    with pytest.raises(FileError, match=f"{name}.*missing"):
        Report.from_dict(content)


def set_in(content, path, value):
    for key in path[:-1]:
        content = content[key]
    content[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("confusion", 1, 1), 3),
        (("confusion", 1, 1), 2.0),
        (("confusion", 1), [0] * 9),
        (("confusion", 0, 0), 10**9 + 1),
        (("no_ink", 3), 1),
        (("per_class", 0), 1.0),
        (("per_class", 4), None),
        (("precision", 2), 0.5),
        (("interval",), [0.9, 1.0]),
        (("interval",), [0.0, None]),
        (("per_class_interval", 4), [0.0, 0.5]),
        (("reliability", 0, 0), 1),
        (("reliability", 0), []),
        (("reliability", 14, 2), None),
        (("ece",), 0.5),
        (("mistakes", 0, 1), 2),
        (("mistakes", 0, 2), 10),
        (("mistakes", 0, 2), "2"),
        (("mistakes", 0, 3), None),
        (("mistakes", 0), [2, 1, 2]),
        (("mistakes", 0), "abcd"),
        (("not_digits",), {"samples": 0, "refused": 0.5}),
        (("not_digits",), {"samples": 3, "refused": None}),
        (("not_digits",), {"samples": 3}),
        (("not_digits",), [3, 0.5]),
    ],
)
def test_fields_that_contradict_each_other_are_refused(path, value):
    content = copy.deepcopy(FOUR)
    set_in(content, path, value)
    with pytest.raises(FileError) as raised:
        Report.from_dict(content)
    assert "\n" not in str(raised.value)
    assert len(str(raised.value)) < 500


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=10) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=20,
)


@settings(deadline=None)
@given(content=json_values, name=st.sampled_from(sorted(TWO)))
def test_json_from_a_stranger_is_never_a_crash(content, name):
    for value in (content, {**TWO, name: content}):
        try:
            report = Report.from_dict(value)
        except FileError:
            continue
        assert report.to_dict() == TWO | {name: content}


def test_reading_a_report_imports_nothing_heavy():
    content = json.dumps(TWO)
    program = (
        "import json, sys; from digitrec.evaluation import Report;"
        "Report.from_dict(json.loads(sys.stdin.read())).to_dict();"
        "print([name for name in ('tensorflow', 'keras', 'sklearn', 'scipy.stats', 'pandas',"
        " 'matplotlib', 'seaborn') if name in sys.modules])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program], input=content, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == "[]"


def test_calibration_error_of_nothing_is_unknown():
    table = np.full((15, 3), math.nan)
    table[:, 0] = 0
    assert math.isnan(calibration_error(table))
