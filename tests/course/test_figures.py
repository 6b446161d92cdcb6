import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from digitrec import explain
from digitrec.course import figures, pages, tables
from digitrec.course.layers import bars, layers_html, says
from digitrec.network import Prediction
from tests.networks import make_network

IMAGE = np.random.default_rng(3).integers(0, 256, (28, 28)).astype(np.uint8)
NETWORK = make_network(temperature=1.5)


class Reader(HTMLParser):
    """Collects the text of a page and the alternative texts of its pictures."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.alternatives: list[str | None] = []
        self.open: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        if tag == "img":
            self.alternatives.append(dict(attrs).get("alt"))
        else:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if "style" not in self.open:
            self.texts.append(data)


def all_figures():
    seen = NETWORK.activations(IMAGE)
    step = explain.convolution_step(NETWORK, IMAGE, 2, 3, layer=2)
    return {
        "pixels": figures.pixels(IMAGE, 5, 6),
        "rectified": figures.rectified(seen["conv1"][..., 0], seen["relu1"][..., 0]),
        "kernels": figures.kernels(NETWORK),
        "maps": figures.feature_maps(seen["pool1"], "the maps"),
        "flat": figures.flat(seen["flatten"], "the row"),
        "by_input": figures.by_input(step),
    }


@pytest.mark.parametrize("name", list(all_figures()))
def test_a_figure_is_a_png_with_words(name):
    figure = all_figures()[name]
    data, metadata = figure._repr_mimebundle_()
    with Image.open(io.BytesIO(data["image/png"])) as picture:
        assert picture.format == "PNG"
        assert picture.width == 2 * metadata["image/png"]["width"]
    assert data["text/plain"] == metadata["image/png"]["alt"] == figure.words
    assert Reader(figure.html()).alternatives == [figure.words]


@pytest.mark.parametrize("name", list(all_figures()))
def test_a_figure_fits_beside_the_text_of_a_page(name):
    assert all_figures()[name].bundle()[1]["image/png"]["width"] <= 720


def test_relu_takes_the_blue_away():
    figure = figures.rectified([[-1.0, 1.0]], [[0.0, 1.0]])
    pixels = np.asarray(figure.picture).astype(int)
    blue = (pixels[..., 2] - pixels[..., 0]) > 50
    middle = pixels.shape[1] // 2
    assert blue[:, :middle].any()
    assert not blue[:, middle:].any()


def test_numbers_stand_in_a_table_with_true_minus_signs():
    page = pages.numbers([[0.25, -0.5], [-0.001, 1.0]], "four", signed=True)
    assert [text for text in Reader(page).texts if text.strip()] == [
        "0.25",
        "−0.50",
        "0.00",
        "1.00",
    ]
    assert 'aria-label="four"' in page


def test_only_the_largest_number_is_framed():
    page = pages.numbers([[0.0, 3.0], [1.0, 2.0]], "four", signed=True, largest=True)
    cells = page.split("<td")[1:]
    assert ["outline" in cell for cell in cells] == [False, True, False, False]


def test_every_layer_is_on_the_page_with_its_shape():
    page = layers_html(NETWORK, IMAGE)
    reader = Reader(page)
    text = "".join(reader.texts)
    for size in explain.sizes(NETWORK)[:7]:
        assert f"{size.layer.name} · {size.shape} · " in text
    assert len(reader.alternatives) == 8
    assert all(reader.alternatives)
    assert not reader.open


def test_bars_are_as_long_as_the_probabilities():
    prediction = NETWORK.predict(IMAGE)
    page = bars(prediction)
    for share in prediction.probabilities:
        assert f"width:{share * 100:.1f}%" in page
        assert f"{share * 100:.1f} %" in page
    assert page.count("font-weight:bold") == 1


@pytest.mark.parametrize(("refused", "words"), [(False, "That's a 7."), (True, "I don't think")])
def test_the_answer_is_said_in_words(refused, words):
    prediction = Prediction(np.eye(10)[7], np.zeros(10, np.float32), refused=refused)
    assert words in says(prediction)
    assert "a 7 a probability of 100.0 %" in says(prediction)


def test_the_table_of_sizes_adds_up():
    table = tables.sizes(explain.sizes(NETWORK))
    assert [row[0] for row in table.rows] == [*(x.name for x in NETWORK.layers), "together"]
    assert table.rows[-1][-1] == f"{NETWORK.num_parameters:,}"
    assert table.rows[0][1] == "24 × 24 × 3\n28 − 5 + 1 = 24"
    assert table.rows[0][2] == "5 × 5 × 1 × 3 + 3\n= 78"
    reader = Reader(table._repr_html_().replace("<br>", ""))
    assert not reader.open


def test_a_table_shows_every_cell_and_one_row_in_bold():
    rows = [["a", "1", "<2>"], ["b", "3", "4\n5"]]
    html = tables.Table(["name", "first", "second"], rows, "words", strong=1)._repr_html_()
    assert re.findall(r"<th scope=\"col\"[^>]*>(.*?)</th>", html) == ["name", "first", "second"]
    body = re.findall(r"<tr([^>]*)><th scope=\"row\"[^>]*>(.*?)</th>(.*?)</tr>", html)
    assert [(name, "bold" in style) for style, name, _ in body] == [("a", False), ("b", True)]
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row) for _, _, row in body]
    assert cells == [["1", "&lt;2&gt;"], ["3", "4<br>5"]]


def test_the_table_of_the_softmax_has_a_row_for_each_digit():
    steps = explain.softmax_steps(NETWORK, IMAGE)
    table = tables.softmax(steps)
    assert [row[0] for row in table.rows] == list("0123456789")
    best = NETWORK.predict(IMAGE).digit
    assert table.strong == best
    assert table.rows[best][2:4] == ["0.00", "1.000"]
