import copy
import json
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from digitrec.errors import FileError
from digitrec.report import Report, calibration_error, wilson_interval
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


def test_a_report_that_stores_what_follows_as_well_is_read_by_its_counts():
    stored = report_of([1, 2], [1, 3]).figures() | TWO | {"accuracy": 1.0}  # as digitrec 0.1 wrote
    report = Report.from_dict(stored)
    assert report.accuracy == 0.5
    assert report.to_dict() == TWO


@given(st.integers(1, 10_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_the_one_of_scipy(case):
    num_right, num_samples = case
    interval = binomtest(num_right, num_samples).proportion_ci(0.95, method="wilson")
    found = wilson_interval(num_right, num_samples)
    assert found == pytest.approx((interval.low, interval.high), abs=1e-12)
    assert found[0] <= num_right / num_samples <= found[1]


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
        (("reliability", 0, 0), 1),
        (("reliability", 0), []),
        (("reliability", 14, 2), None),
        (("refused",), None),
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
