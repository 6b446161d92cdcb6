import numpy as np
import pytest
from scipy import ndimage

from digitrec import hand, ink, mnist
from digitrec.hand import _motion, _scrawls, _skeletons, tables

EVERY_STYLE = [(digit, style) for digit, styles in hand.STYLES.items() for style in styles]


def drawn(draw, num):
    rng = np.random.default_rng(7)
    return [draw(rng) for _ in range(num)]


def is_ink_on_canvas(strokes):
    checked = ink.check(strokes)
    assert len(checked) == len(strokes) >= 1
    for stroke in strokes:
        assert stroke.dtype == np.float64
        assert stroke.min() >= 0
        assert stroke.max() <= _motion.CANVAS
    return True


def test_every_digit_has_the_styles_that_the_world_writes():
    assert list(hand.STYLES) == list(range(10))
    assert {"slashed", "open", "narrow"} <= set(hand.STYLES[0])
    assert {"bare", "flag", "long flag", "foot", "flag and foot"} <= set(hand.STYLES[1])
    assert {"closed", "open", "open, one stroke"} <= set(hand.STYLES[4])
    assert {"crossed", "serif", "crossed, serif"} <= set(hand.STYLES[7])
    assert {"hooked", "q-like", "curled tail"} <= set(hand.STYLES[9])


@pytest.mark.parametrize(("digit", "style"), EVERY_STYLE)
def test_every_style_is_ink_on_the_canvas(digit, style):
    for strokes in drawn(lambda rng: hand.draw(digit, rng, style), 12):
        assert is_ink_on_canvas(strokes)
        image = ink.image(strokes)
        assert image.max() > 0.9
        assert 15 < image.sum() < 330


@pytest.mark.parametrize("kind", hand.OTHER_KINDS)
def test_every_kind_of_other_things_is_ink_on_the_canvas(kind):
    for strokes in drawn(lambda rng: hand.draw_other(rng, kind), 12):
        assert is_ink_on_canvas(strokes)
        assert ink.image(strokes).max() > 0.7  # a dot alone lies between four pixels


@pytest.mark.parametrize("table", tables.SIGNS)
def test_every_variant_of_every_sign_can_be_drawn(table):
    rng = np.random.default_rng(0)
    for variants in tables.SIGNS[table].values():
        for text in variants:
            assert is_ink_on_canvas(
                tuple(_motion.write(_skeletons.parse(text).curves(rng, 0.06), rng))
            )


def test_what_looks_like_a_digit_is_not_taught_as_none():
    assert not {"O", "I", "S", "Z", "B", "G", "D", "Q"} & set(tables.SIGNS["capitals"])
    assert not {"o", "l", "s", "z", "b", "g", "q"} & set(tables.SIGNS["small"])


def test_the_same_seed_draws_the_same():
    def all_of(seed):
        rng = np.random.default_rng(seed)
        drawings = [hand.draw(i % 10, rng) for i in range(20)]
        drawings += [hand.draw_other(rng) for _ in range(20)]
        return [stroke for drawing in drawings for stroke in drawing]

    first, second, other = all_of(3), all_of(3), all_of(4)
    assert len(first) == len(second)
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
    assert len(first) != len(other) or not np.array_equal(first[0], other[0])


def test_no_two_drawings_are_the_same():
    images = np.array([ink.image(s) for s in drawn(lambda rng: hand.draw(5, rng, "s-like"), 30)])
    apart = np.abs(images[:, None] - images[None]).sum(axis=(2, 3))
    assert apart[~np.eye(30, dtype=bool)].min() > 5


def test_a_style_is_drawn_as_often_as_its_weight_says():
    rng = np.random.default_rng(0)
    names, bounds = hand._bounds(0)
    weights = np.array([tables.DIGITS[0][name][0] for name in names])
    found = np.searchsorted(bounds, rng.random(20_000), side="right")
    share = np.bincount(found, minlength=len(names)) / 20_000
    np.testing.assert_allclose(share, weights / weights.sum(), atol=0.012)


def test_shares_of_other_kinds_sum_to_one():
    assert _scrawls.SHARES.sum() == pytest.approx(1)
    assert len(_scrawls.SHARES) == len(hand.OTHER_KINDS)


def test_size_and_place_vary_over_the_canvas():
    boxes = []
    for strokes in drawn(lambda rng: hand.draw(8, rng), 150):
        points = np.concatenate(strokes)
        boxes.append([*points.min(axis=0), *points.max(axis=0)])
    left, _, right, bottom = np.array(boxes).T
    assert left.min() < 30
    assert right.max() > 270
    assert bottom.min() < 150
    heights = np.array(boxes)[:, 3] - np.array(boxes)[:, 1]
    assert heights.min() < 90
    assert heights.max() > 250


def test_points_come_sparse_and_dense_whole_and_between():
    drawings = drawn(lambda rng: hand.draw(3, rng), 100)
    counts = [sum(map(len, strokes)) for strokes in drawings]
    assert min(counts) < 20
    assert max(counts) > 120
    whole = [all(np.array_equal(s, np.round(s)) for s in strokes) for strokes in drawings]
    assert 0.4 < np.mean(whole) < 0.8


def test_crossed_sevens_have_a_bar_and_plain_ones_none():
    crossed = [len(s) for s in drawn(lambda rng: hand.draw(7, rng, "crossed"), 60)]
    plain = [len(s) for s in drawn(lambda rng: hand.draw(7, rng, "plain"), 60)]
    assert np.median(crossed) == 2
    assert np.median(plain) == 1


def test_images_are_those_of_the_ink_with_some_pen():
    images, labels = hand.images([4, hand.NOT_A_DIGIT], np.random.default_rng(5))
    assert images.dtype == np.uint8
    assert labels.tolist() == [4, 10]
    drawing = hand.draw(4, np.random.default_rng(5))
    pens = np.arange(1.5, 4.01, 0.01)
    apart = [np.abs(255 * ink.image(drawing, pen=pen) - images[0]).max() for pen in pens]
    assert min(apart) < 3


def test_pens_are_thin_and_thick_but_mostly_the_pads():
    images, _ = hand.images(np.ones(300, int), np.random.default_rng(0))
    amounts = images.sum(axis=(1, 2)) / 255
    assert np.ptp(np.quantile(amounts, [0.1, 0.9])) > 10


def test_a_number_of_images_holds_every_digit_alike():
    images, labels = hand.images(40, np.random.default_rng(0))
    assert images.shape == (40, 28, 28)
    assert np.bincount(labels).tolist() == [4] * 10
    assert hand.images(0, np.random.default_rng(0))[0].shape == (0, 28, 28)


def test_generated_digits_look_like_those_of_mnist_to_nearest_neighbours():
    # Coarse on purpose: it finds a skeleton filed under the wrong digit, or one upside down.
    images, labels = hand.images(500, np.random.default_rng(1))
    part = mnist.load_part("validation")
    known, new = (
        ndimage.gaussian_filter(batch / 255.0, (0, 1.2, 1.2)).reshape(len(batch), -1)
        for batch in (part.images, images)
    )
    distance = (known**2).sum(axis=1) - 2 * new @ known.T
    nearest = part.labels[distance.argmin(axis=1)]
    right = [np.mean(nearest[labels == digit] == digit) for digit in range(10)]
    assert min(right) > 0.4


@pytest.mark.parametrize("digit", [10, -1, 3.5, "3"])
def test_what_is_no_digit_cannot_be_drawn_as_one(digit):
    with pytest.raises(ValueError, match="whole number from 0 to 9"):
        hand.draw(digit, np.random.default_rng(0))


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="bare"):
        hand.draw(1, np.random.default_rng(0), "gothic")
    with pytest.raises(ValueError, match="scribble"):
        hand.draw_other(np.random.default_rng(0), "portrait")
    with pytest.raises(ValueError, match="0 to 10"):
        hand.images([3, 11], np.random.default_rng(0))
    with pytest.raises(ValueError, match="from 0"):
        hand.images(-1, np.random.default_rng(0))


def test_a_skeleton_passes_through_its_points():
    skeleton = _skeletons.parse("4,4 54,3! 36,45 22,100 | 14,50 54,48")
    for basis in (skeleton.sharp, skeleton.smooth):
        curve = basis @ skeleton.points
        apart = np.linalg.norm(curve[:, None] - skeleton.points, axis=2)
        np.testing.assert_allclose(apart.min(axis=0), 0, atol=1e-9)
        np.testing.assert_allclose(basis.sum(axis=1), 1)


def test_a_corner_stays_sharp_and_a_rounded_one_does_not():
    skeleton = _skeletons.parse("0,0 30,0! 30,50")
    straight = skeleton.sharp @ skeleton.points
    on_a_leg = np.minimum(np.abs(straight[:, 1] + 1), np.abs(straight[:, 0]))
    np.testing.assert_allclose(on_a_leg, 0, atol=1e-9)
    bent = skeleton.smooth @ skeleton.points
    assert np.minimum(np.abs(bent[:, 1] + 1), np.abs(bent[:, 0])).max() > 0.01


def test_a_ring_goes_around():
    curve = _skeletons.parse("@30,50,25,50").curves(np.random.default_rng(0), 0.0)[0]
    assert np.ptp(curve[:, 0]) == pytest.approx(1.0, abs=0.25)
    assert np.ptp(curve[:, 1]) == pytest.approx(2.0, abs=0.4)
