import json
import math

import numpy as np
import pytest
from hypothesis import given, settings

from digitrec import evaluation, ink
from digitrec.evaluation import (
    NO_INK,
    Report,
    evaluate,
    evaluate_ink,
    evaluate_logits,
    reliability_at,
    reliability_table,
)
from digitrec.network import Network
from digitrec.report import wilson_interval
from tests.readers import cases, images_saying, reader, report_of

# What a report says


@settings(deadline=None)
@given(cases())
def test_what_a_report_says_follows_from_the_answers(case):
    labels, predicted, strengths = case
    network, images = reader(), images_saying(predicted, strengths)
    report = evaluate(network, images, np.array(labels))
    check_confusion(report, labels, predicted)
    check_shares(report, labels, predicted)
    check_mistakes(report, labels, predicted)
    check_calibration(report, labels, predicted, network.probabilities(images).max(axis=1))


def check_confusion(report, labels, predicted):
    expected = np.zeros((10, 10), int)
    for label, read in zip(labels, predicted, strict=True):
        expected[label, read] += 1
    np.testing.assert_array_equal(report.confusion, expected)
    assert report.samples == len(labels)


def check_shares(report, labels, predicted):
    right = np.diag(report.confusion)
    shares = [(report.accuracy, report.interval, right.sum(), len(labels))]
    for digit in range(10):
        shown, read = labels.count(digit), predicted.count(digit)
        interval = report.per_class_interval[digit]
        shares.append((report.per_class[digit], interval, right[digit], shown))
        shares.append((report.precision[digit], (0, 1), right[digit], read))
    for share, (low, high), num_right, of in shares:
        if of:
            assert share == pytest.approx(num_right / of)
            assert 0 <= low <= share <= high <= 1
        else:
            assert math.isnan(share)
    assert (np.isnan(report.per_class) == np.isnan(report.per_class_interval).T).all()


def check_mistakes(report, labels, predicted):
    wrong = {i for i, label in enumerate(labels) if label != predicted[i]}
    assert {mistake.sample for mistake in report.mistakes} == wrong
    assert all((labels[i], predicted[i]) == (label, read) for i, label, read, _ in report.mistakes)
    confidences = [mistake.confidence for mistake in report.mistakes]
    assert confidences == sorted(confidences, reverse=True)


def check_calibration(report, labels, predicted, confidence):
    assert 0 <= report.ece <= 1
    assert report.reliability[:, 0].sum() == len(labels)
    right = np.array(labels) == np.array(predicted)
    expected = 0.0
    for number in range(15):
        inside = (number / 15 < confidence) & (confidence <= (number + 1) / 15)
        if inside.any():
            gap = abs(confidence[inside].mean() - right[inside].mean())
            expected += gap * inside.mean()
    assert report.ece == pytest.approx(expected, abs=1e-9)


def test_wilson_interval_of_a_textbook_case():
    # 81 of 263: Newcombe, "Two-sided confidence intervals for the single proportion", 1998.
    report = report_of([1] * 263, [1] * 81 + [7] * 182)
    assert report.interval == pytest.approx((0.2553, 0.3662), abs=5e-5)


@pytest.mark.parametrize(("num_right", "num_samples"), [(-1, 5), (6, 5), (1, 0)])
def test_no_interval_of_more_right_answers_than_questions(num_right, num_samples):
    with pytest.raises(ValueError, match="right answers, as many as samples; received"):
        wilson_interval(num_right, num_samples)


def test_nothing_is_known_of_an_accuracy_without_samples():
    assert all(map(math.isnan, wilson_interval(0, 0)))


def test_a_bin_holds_its_upper_edge():
    table = reliability_table([0.0, 1 / 15, 2 / 15, 1.0], [False, True, True, True])
    assert table[[0, 1, 14], 0].tolist() == [2, 1, 1]
    assert table[0, 2] == 0.5
    assert np.isnan(table[2:14, 1:]).all()


def test_outputs_computed_before_are_judged_as_the_images_are():
    rng = np.random.default_rng(4)
    labels, predicted = rng.integers(0, 10, (2, 200))
    network, images = reader(min_energy=8.0), images_saying(predicted, rng.random(200))
    report = evaluate_logits(network, network.logits(images), labels)
    expected = evaluate(network, images, labels)
    assert 0 < report.refused < 1
    assert json.dumps(report.to_dict()) == json.dumps(expected.to_dict())


@pytest.mark.parametrize(
    ("shape", "labels", "match"),
    [
        ((3, 9), [1, 2, 3], r"logits of shape \(n, 10\)"),
        ((3, 10), [1, 2], "one label an image"),
        ((2, 10), [1, 10], "integer labels from 0 to 9"),
        ((0, 10), np.zeros(0, int), "at least one image"),
    ],
)
def test_outputs_that_cannot_be_judged_are_refused(shape, labels, match):
    with pytest.raises(ValueError, match=match):
        evaluate_logits(reader(), np.zeros(shape), labels)


def test_a_sure_network_that_is_always_right_has_no_calibration_error():
    report = report_of(list(range(10)), list(range(10)))
    assert report.accuracy == 1
    assert report.ece < 1e-6
    assert report.mistakes == ()


def test_a_sure_network_that_is_always_wrong_has_the_largest():
    assert report_of([0] * 5, [1] * 5).ece == pytest.approx(1, abs=1e-6)


def test_accuracy_counts_refused_answers_too():
    report = report_of([3, 3, 3, 3], [3, 3, 3, 5], [1.0, 1.0, 0.1, 0.1], min_energy=10.0)
    assert report.accuracy == 0.75
    assert report.refused == 0.5
    assert report.not_digits is None


def test_a_digit_that_does_not_occur_has_no_accuracy():
    report = report_of([1, 1], [1, 2])
    assert math.isnan(report.per_class[2])
    assert report.precision[2] == 0
    assert math.isnan(report.precision[3])
    assert report.figures()["per_class"][2] is None
    json.dumps(report.figures(), allow_nan=False)


def test_chunks_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    labels, predicted = rng.integers(0, 10, (2, 57))
    whole = report_of(labels, predicted).to_dict()
    monkeypatch.setattr(evaluation, "_CHUNK", 10)
    assert report_of(labels, predicted).to_dict() == whole


def test_bytes_and_floats_are_the_same_images():
    images = images_saying([4, 5])
    floats = evaluate(reader(), images, np.array([4, 5]))
    read = evaluate(reader(), (images * 255).astype(np.uint8), np.array([4, 5], np.uint8))
    assert read.to_dict() == floats.to_dict()


@pytest.mark.parametrize(
    ("images", "labels", "complaint"),
    [
        (np.zeros((0, 28, 28)), np.zeros(0, int), "at least one image"),
        (
            np.zeros((3, 28, 28)),
            np.zeros(2, int),
            r"shape \(2,\) and images of shape \(3, 28, 28\)",
        ),
        (np.zeros((2, 28, 28)), np.zeros((2, 10), int), r"labels of shape \(2, 10\)"),
        (np.zeros((2, 28, 28)), np.array([0, 10]), "from 0 to 9; received int64: 0, 10"),
        (np.zeros((2, 28, 28)), np.array([-1, 1]), "int64: -1, 1"),
        (np.zeros((2, 28, 28)), np.array([0.0, 1.0]), "received float64"),
        (np.zeros((2, 28, 28)), np.array([True, False]), "received bool"),
        (np.zeros((2, 28, 28)), np.array(["1", "2"]), "received <U1"),
        (np.zeros((2, 28, 28)), 3, r"one label an image; received labels of shape \(\)"),
        (np.zeros((2, 20, 20)), np.array([0, 1]), "must have shape"),
    ],
)
def test_impossible_input_is_explained(images, labels, complaint):
    with pytest.raises(ValueError, match=complaint):
        evaluate(reader(), images, labels)


# Drawings

LINE = (np.array([[150.0, 40.0], [150.0, 260.0]]),)


def upright(min_energy=None):
    """Return a network that says 1 to an upright line and cares for nothing else."""
    network = reader(min_energy)
    kernel = np.zeros((784, 10), np.float32)
    kernel[14 * 28 + 13, 1] = kernel[14 * 28 + 14, 1] = 20
    return Network(
        {**network.weights, "dense/kernel": kernel}, network.architecture, network.calibration
    )


def test_labels_that_are_no_digit_are_counted_apart():
    samples = [ink.Sample(LINE, label) for label in ("1", "7", "l", "10", "", "1")]
    report = evaluate_ink(upright(), samples)
    assert report.samples == 3
    assert report.accuracy == pytest.approx(2 / 3)
    assert [(m.sample, m.label, m.predicted) for m in report.mistakes] == [(1, 7, 1)]
    assert report.not_digits == (3, 0.0)
    assert report.to_dict()["not_digits"] == {"samples": 3, "refused": 0.0}
    assert evaluate_ink(upright(min_energy=1000.0), samples).not_digits == (3, 1.0)


def test_digits_alone_have_no_not_digits():
    report = evaluate_ink(upright(), [ink.Sample(LINE, "1")])
    assert report.not_digits is None
    assert "not_digits" not in report.to_dict()


def test_a_digit_without_ink_is_wrong_and_refused():
    empty = ()
    report = evaluate_ink(upright(), [ink.Sample(empty, "0"), ink.Sample(LINE, "1")])
    assert report.samples == 2
    assert report.accuracy == 0.5
    assert report.refused == 0.5
    assert report.per_class[0] == 0
    assert report.no_ink.tolist() == [1] + [0] * 9
    assert report.confusion.sum() == 1
    assert report.mistakes == ((0, 0, NO_INK, 0.0),)
    assert evaluate_ink(upright(), [ink.Sample(empty, "a")]).not_digits == (1, 1.0)
    content = report.to_dict()
    assert Report.from_dict(content).to_dict() == content


def test_nothing_but_not_digits():
    report = evaluate_ink(upright(), [ink.Sample(LINE, "x"), ink.Sample(LINE, "y")])
    content = report.to_dict()
    figures = report.figures() | content
    assert figures["samples"] == 0
    assert figures["accuracy"] is figures["ece"] is figures["refused"] is None
    assert figures["interval"] == [None, None]
    assert figures["per_class"] == [None] * 10
    assert content["not_digits"] == {"samples": 2, "refused": 0.0}
    assert Report.from_dict(content).to_dict() == content


def test_drawings_in_chunks(monkeypatch):
    samples = [ink.Sample(LINE, str(number)) for number in range(12)]
    whole = evaluate_ink(upright(), samples).to_dict()
    monkeypatch.setattr(evaluation, "_CHUNK", 5)
    assert evaluate_ink(upright(), samples).to_dict() == whole


def test_drawings_that_cannot_be_evaluated():
    with pytest.raises(ValueError, match="at least one drawing"):
        evaluate_ink(upright(), [])
    with pytest.raises(ValueError, match=r"number 2 \(b\) has none"):
        evaluate_ink(upright(), [ink.Sample(LINE, "1", "a"), ink.Sample(LINE, None, "b")])


def test_the_temperature_decides_how_sure_and_never_which():
    logits = np.random.default_rng(2).normal(0, 3, (200, 10))
    labels = logits.argmax(axis=1)
    cold, warm = (reliability_at(logits, labels, value) for value in (0.2, 5.0))
    assert cold[:, 0].argmax() == 14
    assert warm[:, 0].argmax() < 7
    assert np.nansum(cold[:, 0] * cold[:, 2]) == np.nansum(warm[:, 0] * warm[:, 2]) == 200


def test_at_the_networks_own_temperature_the_table_is_that_of_its_report():
    network, images = reader(), images_saying([1, 2, 3, 3], [0.2, 1.0, 0.4, 0.9])
    report = evaluate(network, images, [1, 2, 3, 4])
    table = reliability_at(network.logits(images), [1, 2, 3, 4], network.calibration.temperature)
    np.testing.assert_allclose(table, report.reliability)


@pytest.mark.parametrize("temperature", [0, -1.0, math.nan])
def test_there_is_no_temperature_of(temperature):
    with pytest.raises(ValueError, match="a temperature above 0"):
        reliability_at(np.eye(10), np.arange(10), temperature)
