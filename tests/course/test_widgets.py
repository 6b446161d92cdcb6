import re

import numpy as np
import pytest

from digitrec import course, explain
from digitrec.app.pad.pad import SIZE
from digitrec.course import DrawingViewer, LayerViewer, Pooling, SlidingKernel
from digitrec.mnist import Part
from digitrec.network import Architecture
from tests.networks import make_network

IMAGE = np.random.default_rng(3).integers(0, 256, (28, 28)).astype(np.uint8)
ARCHITECTURES = [
    Architecture(),
    Architecture(padding=("same", "same")),
    Architecture(strides=(2, 1), pools=(1, 2)),
]
PART = Part(
    np.random.default_rng(4).integers(0, 256, (40, 28, 28)).astype(np.uint8),
    np.tile(np.arange(10), 4).astype(np.uint8),
)


def pictures_in(html: str) -> list[str]:
    return re.findall(r'src="([^"]+)"', html)


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_kernel_slides_over_every_place(architecture):
    network = make_network(architecture)
    slide = SlidingKernel(network, IMAGE)
    rows, columns, kernels = network.activations(IMAGE)["conv1"].shape
    assert (slide.row.max + 1, slide.column.max + 1) == (rows, columns)
    assert len(slide.kernel.options) == kernels
    for row, column in ((0, 0), (rows - 1, columns - 1), (rows // 2, 3)):
        slide.row.value, slide.column.value = row, column
        output = network.activations(IMAGE)["conv1"][row, column, slide.kernel.value]
        assert slide.step().output == pytest.approx(output, abs=1e-4)
        shown = f"{output:.2f}".replace("-", "−")
        assert f"<b>{shown}</b>" in slide.picture.value


@pytest.mark.parametrize("index", [None, -1, 99])
def test_a_list_in_which_a_page_chooses_nothing_keeps_its_choice(index, caplog):
    slide = SlidingKernel(make_network(), IMAGE)
    slide.kernel.value = 1
    before = slide.picture.value
    update = {"method": "update", "state": {"index": index}, "buffer_paths": []}
    slide.kernel._handle_msg({"content": {"data": update}, "buffers": []})
    assert (slide.kernel.index, slide.kernel.label, slide.kernel.value) == (1, "1", 1)
    assert slide.picture.value == before
    assert not caplog.records
    update["state"]["index"] = 0
    slide.kernel._handle_msg({"content": {"data": update}, "buffers": []})
    assert slide.kernel.value == 0
    assert slide.picture.value != before


def test_the_kernel_starts_where_it_answers_most():
    network = make_network()
    slide = SlidingKernel(network, IMAGE)
    place = slide.row.value, slide.column.value, slide.kernel.value
    assert place == explain.strongest(network, IMAGE)
    assert "lets it pass" in slide.picture.value


@pytest.mark.parametrize("control", ["row", "column", "kernel"])
def test_every_control_of_the_kernel_changes_the_picture(control):
    slide = SlidingKernel(make_network(), IMAGE)
    before = slide.picture.value
    slider = getattr(slide, control)
    slider.value = 0 if slider.value else 1
    assert slide.picture.value != before
    assert pictures_in(slide.picture.value) != pictures_in(before)


@pytest.mark.parametrize("padding", ["valid", "same"])
def test_the_frame_is_where_the_kernel_is(padding):
    slide = SlidingKernel(make_network(Architecture(padding=(padding, padding))), IMAGE)
    for row, column in ((0, 0), (3, 11)):
        slide.row.value, slide.column.value = row, column
        yellow = (np.asarray(slide._digit(slide.step())) == (255, 214, 0)).all(axis=-1)
        # The kernel has five by five cells; where there is padding it is drawn around the image.
        side = len(yellow) // (28 if padding == "valid" else 32)
        for start, places in ((row, yellow.any(axis=1)), (column, yellow.any(axis=0))):
            first, last = np.flatnonzero(places)[[0, -1]]
            assert first == pytest.approx(start * side, abs=side / 2)
            assert last + 1 == pytest.approx((start + 5) * side, abs=side / 2)


def test_the_map_is_written_up_to_where_the_kernel_is():
    slide = SlidingKernel(make_network(), IMAGE)
    slide.row.value, slide.column.value = 2, 5
    pixels = np.asarray(slide._written())
    side = len(pixels) // 24
    middles = pixels[side // 2 :: side, side // 2 :: side]
    blank = (middles == (226, 226, 230)).all(axis=-1)
    assert blank.ravel().tolist() == [False] * (2 * 24 + 6) + [True] * (24 * 24 - 2 * 24 - 6)


def test_the_map_fills_up_row_by_row():
    slide = SlidingKernel(make_network(), IMAGE)
    slide.row.value = slide.column.value = 0
    grey = []
    for row in (0, 12, 23):
        slide.row.value = row
        pixels = np.asarray(slide._written())
        grey.append(int((pixels == (226, 226, 230)).all(axis=-1).sum()))
    assert grey[0] > grey[1] > grey[2]


def test_what_relu_does_is_said():
    network = make_network()
    slide = SlidingKernel(network, IMAGE)
    maps = network.activations(IMAGE)["conv1"]
    row, column, kernel = np.unravel_index(int(maps.argmin()), maps.shape)
    slide.kernel.value, slide.row.value, slide.column.value = int(kernel), int(row), int(column)
    assert "ReLU will turn it into 0" in slide.sentence()


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_the_window_shows_what_is_kept(architecture):
    network = make_network(architecture)
    pooling = Pooling(network, IMAGE)
    pooled = network.activations(IMAGE)["pool1"]
    assert pooling.window().largest == pytest.approx(pooled.max())
    for row, column in ((0, 0), (pooling.row.max, pooling.column.max)):
        pooling.row.value, pooling.column.value = row, column
        kept = pooled[row, column, pooling.kernel.value]
        assert f"<b>{kept:.2f}</b>" in pooling.picture.value


@pytest.mark.parametrize("control", ["row", "column", "kernel"])
def test_every_control_of_the_pooling_changes_the_picture(control):
    pooling = Pooling(make_network(), IMAGE)
    before = pooling.picture.value
    slider = getattr(pooling, control)
    slider.value = 0 if slider.value else 1
    assert pictures_in(pooling.picture.value) != pictures_in(before)


def test_the_viewer_shows_the_chosen_example():
    viewer = LayerViewer(make_network(), PART, digit=6)
    assert viewer.example.max == 3
    assert np.array_equal(viewer.image(), PART.images[6])
    before = viewer.picture.value
    viewer.example.value = 2
    assert np.array_equal(viewer.image(), PART.images[26])
    assert viewer.picture.value != before
    viewer.digit.value = 9
    assert np.array_equal(viewer.image(), PART.images[29])


def test_the_viewer_wants_an_image_of_every_digit():
    with pytest.raises(ValueError, match="an image of every digit"):
        LayerViewer(make_network(), Part(PART.images[:9], PART.labels[:9]))


def test_a_drawing_is_shown_before_anything_is_drawn():
    viewer = DrawingViewer(make_network())
    points = np.concatenate([np.array(stroke) for stroke in viewer.pad.strokes])
    assert points.min() > 20
    assert points.max() < SIZE - 20
    assert "conv2" in viewer.picture.value


def test_every_new_stroke_changes_the_activations():
    viewer = DrawingViewer(make_network())
    before = viewer.picture.value
    viewer.pad.begin(50, 50)
    viewer.pad.extend(250, 250)
    viewer.pad.end()
    drawn = viewer.picture.value
    assert drawn != before
    viewer.undo.click()
    assert viewer.picture.value == before
    viewer.clear.click()
    assert "nothing on the pad" in viewer.picture.value


def test_trouble_while_drawing_is_said(monkeypatch):
    viewer = DrawingViewer(make_network())

    def fail():
        raise RuntimeError("no")

    monkeypatch.setattr(viewer.pad, "clear", fail)
    viewer.clear.click()
    assert "Something went wrong while clearing" in viewer.trouble.value


@pytest.mark.parametrize("name", ["SlidingKernel", "Pooling", "LayerViewer", "DrawingViewer"])
def test_a_widget_is_also_a_still_picture_with_words(name):
    network = make_network()
    widget = {
        "SlidingKernel": lambda: SlidingKernel(network, IMAGE),
        "Pooling": lambda: Pooling(network, IMAGE),
        "LayerViewer": lambda: LayerViewer(network, PART),
        "DrawingViewer": lambda: DrawingViewer(network),
    }[name]()
    data, metadata = widget._repr_mimebundle_()
    view = data["application/vnd.jupyter.widget-view+json"]
    assert view["model_id"] == widget.view.model_id
    assert data["image/png"].startswith(b"\x89PNG")
    assert "Run the notebook" in data["text/plain"]
    assert metadata["image/png"]["alt"] == data["text/plain"]


@pytest.mark.parametrize("name", ["SlidingKernel", "Nobody"])
def test_only_widgets_that_exist_are_found(name):
    assert hasattr(course, name) == (name in course.__all__)
