import io
import sys

import numpy as np
import paper as papers
import PIL.Image
import PIL.ImageDraw
import PIL.ImageOps
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digitrec import ink, mnist, network, sight
from digitrec.errors import FileError, HeicError
from digitrec.ink import frame, opening
from tests.drawings import DRAWINGS, SEVEN


def page(drawing, side=400, pen=14, paper=255, colour=20, mode="L"):
    picture = PIL.Image.new(mode, (side, side), paper)
    draw = PIL.ImageDraw.Draw(picture)
    for stroke in drawing:
        points = [(x * side / 300, y * side / 300) for x, y in stroke]
        draw.line(points, fill=colour, width=pen, joint="curve")
        for x, y in points:
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=colour)
    return picture


def says(picture):
    return sight.look(network.bundled(), picture).prediction.digit


@pytest.mark.parametrize("digit", DRAWINGS)
@pytest.mark.parametrize(("paper", "colour"), [(255, 20), (0, 255), (180, 60), (70, 190)])
def test_dark_on_light_and_light_on_dark(digit, paper, colour):
    assert says(page(DRAWINGS[digit], paper=paper, colour=colour)) == digit


@pytest.mark.parametrize("digit", DRAWINGS)
@pytest.mark.parametrize(("side", "pen"), [(60, 3), (300, 4), (300, 30), (1600, 20), (3000, 150)])
def test_any_size_and_pen(digit, side, pen):
    assert says(page(DRAWINGS[digit], side, pen)) == digit


@pytest.mark.parametrize("digit", DRAWINGS)
def test_a_picture_and_its_strokes_give_nearly_the_same_image(digit):
    picture = ink.picture_image(page(DRAWINGS[digit]))
    drawn = ink.image(DRAWINGS[digit])
    assert np.abs(picture - drawn).mean() < 0.03


@pytest.mark.parametrize("digit", DRAWINGS)
def test_a_shadow_over_the_paper(digit):
    grey = np.asarray(page(DRAWINGS[digit]), float)
    shadow = np.linspace(1, 0.45, grey.shape[1]) * np.linspace(1, 0.8, grey.shape[0])[:, None]
    noise = np.random.default_rng(0).normal(0, 5, grey.shape)
    assert says((grey * shadow + noise).clip(0, 255).astype(np.uint8)) == digit


@pytest.mark.parametrize("colour", ["#1f4fd8", "#c02020", "#107030", "#f0a000"])
def test_a_coloured_pen(colour):
    assert says(page(SEVEN, paper="white", colour=colour, mode="RGB")) == 7


@pytest.mark.parametrize("colour", [(255, 255, 255, 255), (0, 0, 0, 255)])
def test_ink_on_nothing(colour):
    assert says(page(SEVEN, paper=(0, 0, 0, 0), colour=colour, mode="RGBA")) == 7


@pytest.mark.parametrize(
    "side",
    [28, 56, pytest.param(200, marks=pytest.mark.slow), pytest.param(600, marks=pytest.mark.slow)],
)
def test_a_blurred_enlargement_of_a_small_picture(side):
    part = mnist.load_part("validation")
    answers = []
    for place, image in enumerate(part.images[:20]):  # on black and on white by turns
        shown = PIL.Image.fromarray(255 - image if place % 2 else image)
        answers.append(says(shown.resize((side, side))))
    assert (np.array(answers) == part.labels[:20]).mean() >= 0.95


@pytest.mark.parametrize("digit", DRAWINGS)
def test_a_picture_cut_out_around_the_digit(digit):
    whole = page(DRAWINGS[digit])
    cut = whole.crop(PIL.ImageOps.invert(whole).getbbox())
    assert says(cut) == digit


def test_a_blot_is_no_line():
    picture = PIL.Image.new("L", (224, 224), 255)
    PIL.ImageDraw.Draw(picture).ellipse((100, 100, 114, 112), fill=0)
    assert ink.picture_image(picture).max() > 0.3


def test_what_mnist_framed_stays_as_it_is():
    part = mnist.load_part("validation")
    images, labels = part.images[:100], part.labels[:100]
    seen = [ink.picture_image(image) for image in images]
    away = [np.abs(image - before / 255).mean() for image, before in zip(seen, images, strict=True)]
    assert np.median(away) < 0.04
    cnn = network.bundled()
    right = cnn.logits(images).argmax(1) == labels
    assert [sight.look(cnn, image).prediction.digit for image in images[right]] == [*labels[right]]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF"])
def test_files_and_bytes(tmp_path, form):
    path = tmp_path / f"seven.{form.lower()}"
    page(SEVEN).save(path, form)
    assert says(path) == 7
    assert says(str(path)) == 7
    assert says(path.read_bytes()) == 7


def test_a_photograph_held_upright_is_turned(tmp_path):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # the camera lay on its side
    page(SEVEN).rotate(90, expand=True).save(tmp_path / "seven.jpg", exif=exif)
    assert says(tmp_path / "seven.jpg") == 7


@pytest.mark.parametrize("kind", papers.KINDS)
def test_photographs_of_every_kind_of_sheet_are_read_and_an_empty_one_is_none(kind):
    written, empty = (
        papers.photograph(strokes, np.random.default_rng(0), kind=kind) for strokes in (SEVEN, ())
    )
    assert says(written) == 7
    found = sight.look(network.bundled(), empty)
    assert found is None or found.prediction.refused


def test_specks_are_no_ink():
    picture = page(SEVEN)
    PIL.ImageDraw.Draw(picture).rectangle((5, 5, 9, 9), fill=0)
    clean = ink.picture_image(page(SEVEN))
    assert np.abs(ink.picture_image(picture) - clean).max() < 0.05


@pytest.mark.parametrize("grey", [0, 90, 255])
def test_an_empty_sheet_is_none(grey):
    noise = np.random.default_rng(0).normal(grey, 2, (200, 300)).clip(0, 255).astype(np.uint8)
    assert ink.picture_image(noise) is None
    assert ink.picture_stages(np.full((3, 1), grey, np.uint8)) is None


def test_sixteen_bits_and_floats():
    eight = np.asarray(page(SEVEN))
    sixteen = PIL.Image.fromarray(eight.astype(np.uint16) * 200)
    assert says(sixteen) == 7
    assert says(eight / 255) == 7


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros(28), "shape"),
        (np.zeros((28, 28, 2)), "shape"),
        (np.full((28, 28), np.nan), "finite floats"),
        (np.zeros((28, 28), np.int64), "uint8"),
        (np.zeros((0, 28), np.uint8), "at least one pixel"),
    ],
)
def test_what_is_no_picture_array_is_said_so(array, said):
    with pytest.raises(ValueError, match=said):
        ink.picture_image(array)


def test_what_is_no_picture_file_is_said_so(tmp_path):
    buffer = io.BytesIO()
    page(SEVEN).save(buffer, "PNG")
    whole = buffer.getvalue()
    for content in (b"", b"not a picture", whole[: len(whole) // 2], whole[:40]):
        with pytest.raises(FileError, match="picture"):
            ink.picture_image(content)
    with pytest.raises(FileError, match=r"none\.png"):
        ink.picture_image(tmp_path / "none.png")
    with pytest.raises(FileError, match="picture"):
        ink.picture_image(tmp_path)


def test_a_picture_that_unpacks_to_a_wall_is_refused(tmp_path):
    path = tmp_path / "wall.png"
    PIL.Image.new("1", (7_000, 6_000)).save(path)
    with pytest.raises(FileError, match="at most 40,000,000 pixels"):
        ink.picture_image(path)


@given(content=st.binary(max_size=200))
def test_any_bytes_are_a_picture_or_the_documented_error(content):
    try:
        ink.picture_image(content)
    except FileError as error:
        assert "picture" in str(error)  # noqa: PT017 - bytes may, rarely, be a picture


@pytest.mark.parametrize("whole", [True, False])
def test_the_photographs_of_iphones(tmp_path, monkeypatch, whole):
    heif = pytest.importorskip("pillow_heif")
    path = tmp_path / "seven.heic"
    heif.from_pillow(page(SEVEN).convert("RGB")).save(path)
    content = path.read_bytes()
    if whole:
        assert says(path) == says(content) == 7
    else:
        with pytest.raises(FileError, match="picture"):
            ink.picture_image(content[: len(content) // 3])
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(HeicError, match=r"HEIC file, as iPhones make them.*JPEG"):
        ink.picture_image(content)


def test_the_ways_to_read_a_picture_end_with_the_same_stages():
    names = [list(stages) for ways in ink.picture_readings(page(SEVEN)) for stages in ways]
    assert len(names) > 1
    assert all(stages == ["drawing", "trimmed", "fitted", "centred"] for stages in names)
    assert not [*ink.picture_readings(np.full((90, 60), 200, np.uint8))]


def test_all_ink_holds_every_digit_and_a_reading_one_of_them():
    picture = PIL.Image.new("L", (600, 300), 235)
    for left, digit in ((40, 7), (250, 4), (450, 8)):
        picture.paste(page(DRAWINGS[digit], 100, 5, paper=235), (left, 100))
    PIL.ImageDraw.Draw(picture).line([(0, 40), (600, 40)], fill=90, width=3)
    found = ink.ink_of(picture)
    assert [found[:, :133].max(), found[:, 140:260].max(), found[:, 290:].max()] == [1, 1, 1]
    assert found[:40].max() < 0.5  # the printed line
    held = np.where(np.arange(found.shape[1]) < 133, found, 0)
    assert network.bundled().predict(ink.framed(held)["centred"]).digit == 7
    assert ink.framed(np.zeros((20, 20), np.float32)) is None
    assert ink.ink_of(np.full((90, 60), 200, np.uint8)) is None


def test_the_box_of_a_pictures_ink_is_filled():
    fitted = ink.picture_stages(page(SEVEN))["fitted"]
    assert fitted.shape == (frame.BOX, frame.BOX)
    assert fitted[0].max() > 0.3
    assert fitted[-1].max() > 0.3
    assert opening.MAX_PIXELS == 40_000_000
