"""The notebook as it is committed: what a reader sees on a code host, without running it."""

import itertools
import json
import re

import pytest

from digitrec import resources

PATH = resources.notebooks() / "02_inside_a_cnn.ipynb"


@pytest.fixture(scope="module")
def cells():
    return json.loads(PATH.read_text(encoding="utf-8"))["cells"]


def source(cell) -> str:
    return "".join(cell["source"])


def test_it_is_small_enough_to_open_anywhere():
    assert PATH.stat().st_size < 1_500_000


def test_prose_comes_before_every_cell(cells):
    assert cells[0]["cell_type"] == "markdown"
    kinds = [cell["cell_type"] for cell in cells]
    assert ("code", "code") not in set(itertools.pairwise(kinds))


def test_it_was_run_once_from_top_to_bottom(cells):
    counts = [cell["execution_count"] for cell in cells if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))


def test_every_picture_and_widget_can_be_seen_without_running(cells):
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output["output_type"] == "error"]
    assert not [output for output in outputs if output.get("name") == "stderr"]
    shown = [output["data"] for output in outputs if "data" in output]
    assert len(shown) >= 10
    for data in shown:
        assert {"image/png", "text/html"} & set(data)


def test_it_names_no_machine(cells):
    text = json.dumps(cells)
    assert not re.search(r"/(home|Users|root|tmp|work)/|[A-Z]:\\\\|localhost|127\.0\.0", text)


def test_its_links_lead_somewhere(cells):
    text = "\n".join(source(cell) for cell in cells if cell["cell_type"] == "markdown")
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    for link in links:
        assert (PATH.parent / link).is_file(), link


def test_prose_names_no_number_of_the_model(cells):
    numbers = set()
    for cell in cells:
        if cell["cell_type"] == "markdown":
            text = re.sub(r"\]\([^)]+\)|^#+ \d+ ·", "", source(cell), flags=re.MULTILINE)
            numbers |= set(re.findall(r"\d[\d.,]*\d|\d{2,}", text))
    # The size of an image, of the ten digits and of a byte do not depend on any training.
    assert numbers <= {"28", "255"}
