import numpy as np
import pytest

from digitrec import mnist
from digitrec.corruptions import CORRUPTIONS, DESCRIPTIONS, corrupt
from digitrec.network import bundled

PART = mnist.load_part("validation")
IMAGES, LABELS = PART.images[:300], PART.labels[:300]
GEOMETRIC = {"shear", "scale", "rotate", "translate"}
MOVING = {"glass_blur", "motion_blur", "canny_edges"}  # each has a test of its own
WITHOUT_CHANCE = {"scale", "brightness", "stripe", "canny_edges"}
# What leaves the strokes whole and the ground black, more or less. The others may blind a network
# that a person would still understand: that is what they are for.
FAIR = GEOMETRIC | {"shot_noise", "spatter", "dotted_line", "zigzag"}


def test_there_are_fifteen_in_the_order_of_the_paper():
    first = "shot_noise impulse_noise glass_blur motion_blur shear scale rotate brightness"
    last = "translate stripe fog spatter dotted_line zigzag canny_edges"
    assert " ".join(CORRUPTIONS) == f"{first} {last}"
    assert list(DESCRIPTIONS) == list(CORRUPTIONS)
    for sentence in DESCRIPTIONS.values():
        assert sentence.endswith(".")
        assert sentence.count(". ") == 0
    assert len(set(DESCRIPTIONS.values())) == 15


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_every_image_is_changed_and_none_of_those_given(name):
    given = IMAGES.copy()
    corrupted = corrupt(given, name, 0)
    np.testing.assert_array_equal(given, IMAGES)
    assert corrupted.dtype == np.uint8
    assert corrupted.shape == IMAGES.shape
    assert (corrupted != IMAGES).any(axis=(1, 2)).all()
    assert not np.shares_memory(corrupted, given)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_the_same_seed_gives_the_same_images(name):
    once = corrupt(IMAGES[:50], name, 3)
    np.testing.assert_array_equal(once, corrupt(IMAGES[:50], name, np.random.default_rng(3)))
    np.testing.assert_array_equal(once, CORRUPTIONS[name](IMAGES[:50], np.random.default_rng(3)))
    other = corrupt(IMAGES[:50], name, 4)
    assert (once != other).any() == (name not in WITHOUT_CHANCE)


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_few_none_and_many_images_are_taken(name):
    assert corrupt(IMAGES[:0], name, 0).shape == (0, 28, 28)
    assert corrupt(IMAGES[:1], name, 0).shape == (1, 28, 28)
    many = np.tile(IMAGES[:4], (300, 1, 1))  # more than are worked on at a time
    last = corrupt(many, name, 0)[-4:]
    assert (last != many[-4:]).any(axis=(1, 2)).all()


@pytest.mark.parametrize("name", sorted(FAIR))
def test_the_bundled_network_still_reads_most(name):
    right = bundled().logits(corrupt(IMAGES, name, 0)).argmax(axis=1) == LABELS
    assert right.mean() > 0.6


@pytest.mark.parametrize("name", sorted(set(CORRUPTIONS) - GEOMETRIC - MOVING))
def test_the_digit_stays_where_it_was(name):
    """Averaged over many corrupted copies, the digit is seen again."""
    for image in IMAGES[:5]:
        copies = corrupt(np.repeat(image[None], 200, axis=0), name, 0)
        middle = copies.mean(axis=0)[:, 7:21]  # between the stripes
        seen = np.corrcoef(middle.ravel(), image[:, 7:21].ravel())[0, 1]
        assert seen > 0.8


def test_shot_noise_leaves_the_ground_and_the_mean_as_they_are():
    grey = np.full((50, 28, 28), 85, np.uint8)  # so dark that next to nothing is cut off at white
    assert set(np.unique(corrupt(grey, "shot_noise", 0))) == {0, 85, 170, 255}
    assert corrupt(grey, "shot_noise", 0).mean() == pytest.approx(85, rel=0.05)
    assert not corrupt(np.zeros_like(grey), "shot_noise", 0).any()


def test_impulse_noise_is_as_often_white_as_black():
    grey = np.full((100, 28, 28), 100, np.uint8)
    values, counts = np.unique(corrupt(grey, "impulse_noise", 0), return_counts=True)
    assert values.tolist() == [0, 100, 255]
    assert counts / counts.sum() == pytest.approx([0.085, 0.83, 0.085], abs=0.01)


def test_glass_blur_keeps_the_ink_and_spreads_it():
    point = np.zeros((500, 28, 28), np.uint8)
    point[:, 13:16, 13:16] = 255
    blurred = corrupt(point, "glass_blur", 0).astype(float)
    assert blurred.sum() == pytest.approx(point.sum(dtype=float), rel=0.05)
    assert _spread(blurred.mean(axis=0)) > 1.5 * _spread(point[0])


def test_motion_blur_smears_more_sideways_than_up_and_down():
    point = np.zeros((500, 28, 28), np.uint8)
    point[:, 13:15, 13:15] = 255
    blurred = corrupt(point, "motion_blur", 0).astype(float)
    assert blurred.sum() == pytest.approx(point.sum(dtype=float), rel=0.05)
    across, down = blurred.sum(axis=(0, 1)), blurred.sum(axis=(0, 2))
    assert _width(across) > 1.3 * _width(down)
    for image in blurred[:20]:  # one straight streak each, not a fan
        places = np.argwhere(image > 0)
        assert np.linalg.eigvalsh(np.cov(places.T))[0] < 1.5


@pytest.mark.parametrize(
    ("name", "angles"),
    [("shear", {"left", "right"}), ("rotate", {"left", "right"}), ("scale", {"upright"})],
)
def test_a_stroke_leans(name, angles):
    stroke = np.zeros((40, 28, 28), np.uint8)
    stroke[:, 6:22, 13:15] = 255
    seen = set()
    for image in corrupt(stroke, name, 0):
        top, bottom = (_centre(rows)[1] for rows in (image[:12], image[16:]))
        seen.add("upright" if abs(top - bottom) < 0.5 else "left" if top < bottom else "right")
        assert _centre(image) == pytest.approx((13.5, 13.5), abs=0.1)
    assert seen == angles


def test_scale_shrinks_to_seven_tenths():
    square = np.zeros((1, 28, 28), np.uint8)
    square[:, 4:24, 4:24] = 255
    small = corrupt(square, "scale", 0)[0]
    assert np.sqrt(small.sum() / 255) == pytest.approx(14, abs=0.5)


def test_translate_goes_to_four_places():
    point = np.zeros((100, 28, 28), np.uint8)
    point[:, 10, 12] = 255
    places = {tuple(place) for image in corrupt(point, "translate", 0) for place in _places(image)}
    assert places == {(7, 9), (7, 15), (13, 9), (13, 15)}
    edge = np.zeros((20, 28, 28), np.uint8)
    edge[:, 0] = 200  # what leaves on one side does not come in on the other
    assert all(
        np.flatnonzero(i.any(axis=1)).tolist() in ([], [3]) for i in corrupt(edge, "translate", 0)
    )


def test_stripe_and_brightness_are_exact():
    whole = IMAGES.astype(int)
    striped = corrupt(IMAGES, "stripe", 0)
    np.testing.assert_array_equal(striped[:, :, 7:21], IMAGES[:, :, 7:21])
    for outer in (slice(0, 7), slice(21, 28)):
        np.testing.assert_array_equal(striped[:, :, outer], 255 - IMAGES[:, :, outer])
    bright = corrupt(IMAGES, "brightness", 0)
    assert np.abs(bright - np.minimum(whole + 127.5, 255)).max() <= 0.5


def test_fog_leaves_a_quarter_of_the_contrast_and_is_smooth():
    black, white = (np.full((200, 28, 28), value, np.uint8) for value in (0, 255))
    clear, hidden = corrupt(black, "fog", 0).astype(float), corrupt(white, "fog", 0)
    assert (hidden - clear).mean() == pytest.approx(255 / 4, abs=1)
    levels = clear.mean(axis=(1, 2)) / (0.75 * 255)
    assert levels.mean() == pytest.approx(0.52, abs=0.05)
    assert levels.std() == pytest.approx(0.19, abs=0.04)
    within, beside = clear.std(axis=(1, 2)).mean(), np.abs(np.diff(clear)).mean()
    assert 3 * beside < within < 20


def test_spatter_covers_some_of_the_ink_with_grey():
    white = np.full((200, 28, 28), 255, np.uint8)
    covered = (corrupt(white, "spatter", 0) < 255).mean()
    assert 0.05 < covered < 0.3
    assert corrupt(white, "spatter", 0).min() == pytest.approx(64, abs=2)
    assert corrupt(np.zeros_like(white), "spatter", 0).max() == pytest.approx(64, abs=2)


@pytest.mark.parametrize(("name", "drawn"), [("dotted_line", 14), ("zigzag", 24)])
def test_lines_are_drawn_on_top_of_everything(name, drawn):
    black = np.zeros((200, 28, 28), np.uint8)
    lines = corrupt(black, name, 0)
    assert np.median(lines.any(axis=1).sum(axis=1)) == drawn
    assert lines.max() == 255
    assert np.median((lines > 0).sum(axis=1).max(axis=1)) in (3, 4)
    assert (corrupt(IMAGES, name, 0) >= IMAGES).all()


def test_canny_edges_go_once_around_a_square():
    square = np.zeros((2, 28, 28), np.uint8)
    square[0, 8:20, 8:20] = 255
    edges, nothing = corrupt(square, "canny_edges", 0)
    assert set(np.unique(edges)) == {0, 255}
    assert not nothing.any()
    assert not edges[11:17, 11:17].any()
    for row in edges[11:17]:
        assert 2 <= (row > 0).sum() <= 4  # one edge on either side, or its two middle pixels
    assert not edges[:6].any()


def test_canny_edges_keep_what_is_faint_only_where_it_is_connected():
    # A stroke that fades away below the high threshold, and beside it one that is faint throughout.
    faint = np.zeros((1, 28, 28), np.uint8)
    faint[0, 4:24, 6:9] = np.linspace(255, 10, 20)[:, None]
    faint[0, 4:24, 18:21] = 10
    edges = corrupt(faint, "canny_edges", 0)[0]
    assert edges[20, 3:12].any()
    assert not edges[:, 15:].any()
    pair = np.concatenate([faint, np.full_like(faint, 0)])
    pair[1, 4:24, 6:9] = 10  # connected to what is strong only in the image before
    assert not corrupt(pair, "canny_edges", 0)[1].any()


@pytest.mark.parametrize(
    ("images", "name", "rng", "said"),
    [
        (np.zeros((1, 28, 28)), "fog", 0, "uint8"),
        (np.zeros((28, 28), np.uint8), "fog", 0, "shape"),
        (np.zeros((1, 28, 27), np.uint8), "fog", 0, "shape"),
        (IMAGES[:1], "rain", 0, "shot_noise.*received 'rain'"),
        (IMAGES[:1], "fog", -1, "whole number from 0"),
        (IMAGES[:1], "fog", True, "whole number from 0"),
        (IMAGES[:1], "fog", 0.5, "whole number from 0"),
    ],
)
def test_what_cannot_be_corrupted_is_said_so(images, name, rng, said):
    with pytest.raises(ValueError, match=said):
        corrupt(images, name, rng)


def _places(image):
    return np.argwhere(image).tolist()


def _centre(image):
    weights = image.astype(float)
    rows, columns = np.indices(image.shape)
    return (rows * weights).sum() / weights.sum(), (columns * weights).sum() / weights.sum()


def _spread(image):
    weights = image.astype(float)
    rows, columns = np.indices(image.shape)
    row, column = _centre(image)
    return np.sqrt((((rows - row) ** 2 + (columns - column) ** 2) * weights).sum() / weights.sum())


def _width(profile):
    places = np.arange(len(profile))
    mean = (places * profile).sum() / profile.sum()
    return np.sqrt(((places - mean) ** 2 * profile).sum() / profile.sum())
