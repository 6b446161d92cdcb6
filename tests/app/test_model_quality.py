"""How good it is, and the images behind every cell of the confusion matrix, without a browser."""

import re
from dataclasses import replace

import numpy as np
import pytest

from digitrec import mnist
from digitrec.app.model import mistakes, quality
from digitrec.app.model.in_use import ModelInUse, report_of
from digitrec.app.model.mistakes import MOST, NOTHING_CHOSEN, MistakesView
from digitrec.app.model.quality import QualityView
from digitrec.app.page.guard import Guard
from digitrec.app.page.pictures import png
from digitrec.network import bundled
from digitrec.report import Mistake, Report
from tests.app.test_views import GUARD, read
from tests.stand_ins import report, small


@pytest.fixture
def models() -> ModelInUse:
    return ModelInUse(load_bundled=lambda: small(0))


@pytest.fixture
def good() -> Report:
    found = report_of(bundled())
    assert found is not None
    return found


def cell_of(found: Report, *, wrong: bool = True) -> tuple[int, int]:
    """Return the fullest cell, or an empty one."""
    counts = found.confusion - np.diag(np.diag(found.confusion))
    place = counts.argmax() if wrong else (found.confusion == 0).argmax()
    row, column = divmod(int(place), 10)
    return row, column


def test_the_quality_changes_with_the_model(models: ModelInUse) -> None:
    view = QualityView(models, GUARD)
    assert "not tested" in view.summary.value
    assert view.mistakes.matrix.table == ""
    assert "dr-hidden" in view.mistakes.choice._dom_classes
    models.network = small(1, evaluation=report(15).to_dict())
    text = read(view.summary.value).text
    assert "75.00 %" in text
    assert "20 test digits right, 5 wrong." in text
    assert "dr-hidden" not in view.mistakes.choice._dom_classes
    assert read(view.classes.value).seen.count("li") == 10


def test_the_confusion_matrix_is_a_grid_that_can_be_read_aloud() -> None:
    html = mistakes.confusion_html(report(15))
    assert html.count('scope="row"') == html.count('scope="col"') == 10
    assert 'role="grid"' in html
    assert "<caption>" in html
    assert read(html).seen.count("td") == 101
    assert html.count("dr-right") == 10
    assert html.count('role="gridcell"') == html.count('tabindex="-1"') == 100
    assert 'data-cell="49"' in html
    assert 'aria-label="5 taken for 6: 1"' in html


def test_classes_that_were_not_tested_are_said() -> None:
    text = read(quality.classes_html(report(3, samples=4))).text
    assert text.count("none tested") == 6
    assert "0.0 %" in text


def test_every_digit_is_told_with_its_share_and_what_is_wrong() -> None:
    found = report(15)
    empty = np.zeros_like(found.no_ink)
    empty[2] = 3
    html = quality.classes_html(replace(found, no_ink=empty))
    text = read(html).text
    assert text.count("0 of 2 wrong") == 4
    assert text.count("1 of 2 wrong") == 5
    assert text.count("3 of 5 wrong") == 1  # of a drawing without ink nothing can be right
    assert "40 %100 %" in text.replace("\n", "")  # the ends of the scale
    dots = [dot for _, _, dot in places(html)]
    assert dots == pytest.approx([100, 100, 0, 100, 100] + [100 / 6] * 5, abs=0.1)


def places(html: str) -> list[list[float]]:
    """Return where the interval of every digit begins, how wide it is, and where its dot lies."""
    found = [re.findall(r"(?:left|width):([\d.]+)%", row) for row in html.split("<li>")[1:]]
    return [[float(each) for each in row] for row in found]


def test_the_line_through_a_dot_is_its_interval(good: Report) -> None:
    html = quality.classes_html(good)
    assert "95 %" in read(html).text
    ends = zip(places(html), good.per_class, good.per_class_interval, strict=True)
    for (left, width, dot), share, (low, high) in ends:
        assert 0 < left == pytest.approx(2000 * (low - 0.95), abs=0.06)
        assert left + width == pytest.approx(2000 * (high - 0.95), abs=0.11)
        assert dot == pytest.approx(2000 * (share - 0.95), abs=0.06)


def test_what_is_right_is_shaded_by_its_share_of_a_row() -> None:
    html = mistakes.confusion_html(report(15))
    shades = re.findall(r'class="dr-right" style="--dr-shade:([\d.]+)"', html)
    assert [float(shade) for shade in shades] == pytest.approx([1] * 5 + [0.625] * 5, abs=0.006)


def test_nothing_is_read_before_a_cell_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    load = mnist.load_part
    monkeypatch.setattr(mnist, "load_part", lambda name: (asked.append(name), load(name))[1])
    view = MistakesView(ModelInUse(), GUARD)
    assert NOTHING_CHOSEN in view.images.value
    assert asked == []
    view.choose(4, 9)
    assert set(asked) == {"test"}


def test_every_cell_shows_the_very_images_that_it_counts(good: Report) -> None:
    test = mnist.load_part("test")
    for row in range(10):
        for column in range(10):
            shown = mistakes.behind(good, row, column)
            assert shown is not None
            places = [each.sample for each in shown]
            assert len(set(places)) == min(int(good.confusion[row, column]), MOST)
            assert (test.labels[places] == row).all()
            assert (bundled().logits(test.images[places]).argmax(axis=1) == column).all()
            if row != column:
                sure = [each.confidence for each in shown]
                assert sure == sorted(sure, reverse=True)  # type: ignore[type-var] # all are floats


def test_a_chosen_cell_is_told_and_its_images_are_in_the_page(good: Report) -> None:
    view = MistakesView(ModelInUse(), GUARD)
    row, column = cell_of(good)
    view.choose(row, column)
    page = read(view.images.value)
    count = int(good.confusion[row, column])
    assert f"{row} taken for {column}: {count} images." in page.text
    assert page.seen.count("img") == count
    assert view.images.value.count("% sure") == count
    assert view.matrix.said in page.text
    first = mistakes.behind(good, row, column)[0].sample  # type: ignore[index] # never None here
    assert png(mnist.load_part("test").images[first]) in view.images.value
    view.choose(3, 3)
    page = read(view.images.value)
    right = int(good.confusion[3, 3])
    assert f"3 read right: {right:,} images. Here are {MOST} of them." in page.text
    assert page.seen.count("img") == MOST
    view.choose(*cell_of(good, wrong=False))
    assert read(view.images.value).seen.count("img") == 0
    assert "was taken for" in view.images.value


def test_the_two_lists_choose_and_follow() -> None:
    view = MistakesView(ModelInUse(), GUARD)
    view.written.value = 4
    assert view.matrix.cell == -1
    view.answered.value = 9
    assert view.matrix.cell == 49
    told: list[str] = []
    view.images.observe(lambda change: told.append(change["new"]), "value")
    view.choose(7, 2)
    assert (view.written.value, view.answered.value) == (7, 2)
    assert view.matrix.cell == 72
    assert len(told) == 1
    view.answered.value = -1
    assert view.matrix.cell == 72


@pytest.mark.parametrize("one", ["written", "answered"])
def test_a_list_in_which_a_page_chooses_nothing_shows_nothing_new(one: str) -> None:
    faults: list[str] = []
    view = MistakesView(ModelInUse(), Guard(faults.append))
    view.choose(7, 2)
    update = {"method": "update", "state": {"index": None}, "buffer_paths": []}
    getattr(view, one)._handle_msg({"content": {"data": update}, "buffers": []})
    assert getattr(view, one).value is None
    assert view.matrix.cell == 72
    assert faults == []
    view.written.value, view.answered.value = 4, 9
    assert view.matrix.cell == 49


def test_a_new_model_shows_its_own_images_at_once(good: Report) -> None:
    models = ModelInUse()
    view = MistakesView(models, GUARD)
    row, column = cell_of(good)
    view.choose(row, column)
    before = view.images.value
    # The same network with one more mistake of this kind.
    right = mistakes.behind(good, row, row)[0].sample  # type: ignore[index] # never None here
    worse = bundled().metadata | {"evaluation": worsened(good, right, row, column).to_dict()}
    models.network = replace(bundled(), metadata=worse)
    assert report_of(models.network) is not None
    after = view.images.value
    assert read(after).seen.count("img") == read(before).seen.count("img") + 1
    assert png(mnist.load_part("test").images[right]) in after


def worsened(found: Report, sample: int, label: int, predicted: int) -> Report:
    confusion = found.confusion.copy()
    confusion[label, label] -= 1
    confusion[label, predicted] += 1
    mistakes = (*found.mistakes, Mistake(sample, label, predicted, 0.5))
    return replace(found, confusion=confusion, mistakes=mistakes)


@pytest.mark.parametrize("sample", [10_000, 10**9])
def test_a_report_on_other_digits_shows_no_images(good: Report, sample: int) -> None:
    first, *others = good.mistakes
    for wrong in (first._replace(sample=sample), first._replace(label=(first.label + 1) % 10)):
        hostile = replace(good, mistakes=(wrong, *others))
        assert mistakes.behind(hostile, 4, 4) is None
        told = mistakes.sentence_of(hostile, 4, 4, None)
        assert "cannot be shown" in told
    assert mistakes.behind(report(15), 4, 4) is None


def test_one_image_is_not_called_several(good: Report) -> None:
    confusion = good.confusion.copy()
    confusion[4, 9] = 1
    one = replace(good, confusion=confusion)
    shown = [mistakes.Shown(0, 0.9)]
    assert mistakes.sentence_of(one, 4, 9, shown) == "4 taken for 9: 1 image."
