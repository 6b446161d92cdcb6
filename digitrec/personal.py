"""A network that knows one person's hand: corrections are learnt at once and exactly undone.

Only the last layer changes, by the least that moves the corrected drawings past a margin. "Least"
is measured by what the change would do to the scores of images that the network has to keep reading
(ridge regression in the norm of their features). So it is a formula and no training: the same
drawings always give the same network, and leaving one out gives the network without it.
"""

import dataclasses
import functools
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import safetensors
import safetensors.numpy
from numpy.typing import ArrayLike, NDArray

from digitrec import ink, resources
from digitrec.errors import FileError
from digitrec.network import CLASSES, SIDE, Network, energy
from digitrec.training import augment

MOST_DRAWINGS = 1_000
"""How many drawings of one person are learnt from."""

MARGIN = 12.0
"""How far above all others the right score is wanted; half of people's digits reach 10 untaught.

So a digit that was read right without much to spare teaches as well, before anything is misread."""

MOST_DRIFT = 2.0
"""How much the scores of rehearsed images may change (root of the mean square over images).

The card of the packaged network has what this costs of MNIST and of refusing."""

Outcome = Literal["right", "contradicted", "too costly", "not reached"]

WHY_NOT: dict[Outcome, str] = {
    "contradicted": "another drawing that is nearly the same was said to be another digit",
    "too costly": "to learn it would cost too many other digits",
    "not reached": "how much may be learnt at once is bounded, and it is still read as another",
}
"""What each outcome but "right" means, in words for a person."""

_DIGITS = frozenset("0123456789")
_COPIES = 8  # distorted ones of every misread drawing, so that the next one is read as well
_DISTORTION = 0.5
_MOST_COPIES = 480  # of all drawings together: the system that is solved grows with them
_MOST_HELD = 200  # drawings read right that hold their place; the newest
_HELD_WEIGHT = 0.5  # beside a misread one
_ROUNDS = 3  # each finds whose scores stand above the margin now
_MARGINS = 1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1  # of MARGIN, the first that fits
_ALIKE = 0.8  # cosine of two drawings, from which on they cannot be different digits
_FLOOR = 0.5  # above the bound of refusing, so that a corrected drawing is answered
_REHEARSED = 1_500, 1_100, 2_200  # of MNIST's digits, of drawn digits, and of other drawings
_RANK = 256  # directions in which the rehearsed images are told apart; the rest is alike
_MOST_NUMBERS = 10_000_000  # of the rehearsed features at a time: 20 MB
_CHUNK = 250  # images
_PASSES = 3  # of the power iteration that finds those directions
_CACHED = 400, 60  # drawings, and drawings' copies, whose features are remembered: 8 MB at most

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Memory:
    """What a network has to go on reading, as one symmetric matrix in few numbers.

    The matrix is the mean of `k k'` over the features `k` of rehearsed images, a 1 behind them: it
    says what a change of the last layer would do to their scores. Its largest directions are kept,
    and the mean of all others (Tipping and Bishop, "Probabilistic Principal Component Analysis",
    1999).

    Parameters
    ----------
    directions : ndarray of float32, shape (rank, length)
        Orthonormal rows; length is that of the network's features, and one more.
    spread : ndarray of float32, shape (rank,)
        The mean square of the rehearsed features along each.
    rest : float
        The mean square along every other direction.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> memory = Memory.of(bundled())
    >>> memory.directions.shape[1]
    2049
    """

    directions: Float32
    spread: Float32
    rest: float

    @classmethod
    def of(cls, network: Network) -> "Memory":
        """Return what a network has to remember.

        It comes with the package for the packaged network, and for whatever was learnt on top of
        that. For another network it is made, which takes some seconds.

        Parameters
        ----------
        network : Network

        Returns
        -------
        Memory

        Raises
        ------
        FileError
            If a packaged file is missing or damaged; installing digitrec again mends it.
        """
        packaged = _packaged()
        return packaged[1] if packaged[0] == _fingerprint(network) else cls.make(network)

    @classmethod
    def make(cls, network: Network) -> "Memory":
        """Let a network look at the images that it is to remember.

        Parameters
        ----------
        network : Network

        Returns
        -------
        Memory
            The same for the same convolutions; the last layer does not matter.
        """
        images = _rehearsed(len(network.weights["dense/kernel"]) + 1)
        known = np.concatenate(
            [
                _features(network, images[start : start + _CHUNK]).astype(np.float16)
                for start in range(0, len(images), _CHUNK)
            ]
        )
        length = known.shape[1]
        rank = min(_RANK, length - 1, len(known) - 1)
        found = np.random.default_rng(0).standard_normal((length, min(rank + 32, length)))
        total = 0.0
        for turn in range(_PASSES + 1):
            basis = np.linalg.qr(found)[0].astype(np.float32)
            found = np.zeros((length, basis.shape[1]))
            for start in range(0, len(known), _CHUNK):
                some = known[start : start + _CHUNK].astype(np.float32)
                found += some.T @ (some @ basis)
                total += float((some**2).sum()) if turn == 0 else 0.0
        found /= len(known)
        spread, turned = np.linalg.eigh(basis.T.astype(np.float64) @ found)
        spread, turned = spread[::-1][:rank], turned[:, ::-1][:, :rank]
        directions = np.ascontiguousarray((basis @ turned).T, np.float32)
        rest = (total / len(known) - float(spread.sum())) / (length - rank)
        least = 1e-6 * total / len(known) / length
        spread, rest = np.maximum(spread, least), max(rest, least)
        return cls(directions, spread.astype(np.float32), float(rest))

    def to_bytes(self, network: Network) -> bytes:
        """Return the memory of a network as a file for the package."""
        arrays: dict[str, NDArray[Any]] = {
            "directions": self.directions.astype(np.float16),
            "spread": self.spread,
            "rest": np.array([self.rest], np.float32),
        }
        return safetensors.numpy.save(arrays, {"network": _fingerprint(network)})

    def whiten(self, features: Float32) -> Float32:
        """Return rows whose products say how much a wanted change of one score changes another."""
        along = features @ self.directions.T
        across = features - along @ self.directions
        return np.hstack([along / np.sqrt(self.spread), across / np.sqrt(np.float32(self.rest))])

    def change(self, summed: Float32) -> Float32:
        """Return the change of the last layer from a sum of whitened rows for each score."""
        rank = len(self.spread)
        along = self.directions.T @ (summed[:rank] / np.sqrt(self.spread)[:, None])
        return np.asarray(along + summed[rank:] / np.sqrt(np.float32(self.rest)))


@dataclass(frozen=True, eq=False)
class Learnt:
    """What came of learning somebody's drawings.

    Parameters
    ----------
    network : Network
        With another last layer; its metadata says under "personal" how many drawings it learnt.
    outcomes : tuple of str
        For every drawing "right": it is read as it was meant, and not refused. Or why it is not:
        "contradicted" (another drawing says something else of what is nearly the same drawing),
        "too costly" (it would cost more than it brings), "not reached" (the step was bounded).
    contradictions : dict of int to int
        By the place of a drawing that was set aside, the place of the one that it contradicts.
    drift : float
        By how much the scores of rehearsed images changed, root of the mean square.
    right_before : int
        How many of the drawings were read as they were meant, and not refused, before.

    Examples
    --------
    >>> from digitrec import mnist
    >>> from digitrec.network import bundled
    >>> test = mnist.load_part("test")
    >>> Learner(bundled()).learn(test.images[:2], test.labels[:2]).outcomes
    ('right', 'right')
    """

    network: Network
    outcomes: tuple[Outcome, ...]
    contradictions: dict[int, int]
    drift: float
    right_before: int


class Learner:
    """Teaches one network one person's hand.

    What it keeps besides the network is 2 MB, and the features of the drawings that it saw last.

    Parameters
    ----------
    network : Network
        Left as it is.
    memory : Memory, optional
        By default :meth:`Memory.of` the network.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> learner = Learner(bundled())
    >>> learner.learn(np.zeros((0, 28, 28)), []).network is learner.network
    True
    """

    def __init__(self, network: Network, memory: Memory | None = None) -> None:
        self.network = network
        self._memory = Memory.of(network) if memory is None else memory
        self._seen: dict[bytes, tuple[Float32, Float32]] = {}
        self._copied: dict[bytes, tuple[Float32, Float32]] = {}

    def learn(self, images: ArrayLike, labels: ArrayLike) -> Learnt:
        """Return the network that knows these drawings.

        Drawings that the network misreads or refuses are corrections: they, and distorted copies of
        them, are moved past a margin. Those that it reads right hold their place, and help as well:
        they show what this person's digits look like. Where two say different digits of nearly the
        same drawing, the one that more drawings agree with wins, of equally many the later one.

        Parameters
        ----------
        images : array_like, shape (n, 28, 28)
            Unsigned bytes 0 to 255, or floats 0 to 1; ink is bright. Up to 1,000, the oldest first.
        labels : array_like of int, shape (n,)
            The digit in each, 0 to 9.

        Returns
        -------
        Learnt
            A function of the network, the drawings and their order alone.

        Raises
        ------
        ValueError
            If the images or labels are none of these.
        """
        pictures, digits = check(images, labels)
        if not len(pictures):
            return Learnt(self.network, (), {}, 0.0, 0)
        scores, white = self._look(pictures)
        misread = (scores.argmax(axis=1) != digits) | self.network.refuses(scores)
        rivals = _contradictions(white, digits)
        kept = np.array([place not in rivals for place in range(len(digits))])
        kept &= _newest_of_each(pictures, digits)
        held = np.flatnonzero(kept & ~misread)[-_MOST_HELD:]
        wrong = np.flatnonzero(kept & misread)
        num = min(_COPIES, _MOST_COPIES // max(len(wrong), 1))
        copied = [self._look_at_copies(pictures[place], num) for place in wrong]
        drawn = np.concatenate([wrong, held])
        system = _System(
            np.concatenate([scores[drawn], *(some for some, _ in copied)]),
            np.concatenate([white[drawn], *(some for _, some in copied)]),
            np.concatenate([drawn, np.repeat(wrong, num)]),
            digits,
            np.repeat(
                [1.0, _HELD_WEIGHT, 1 / max(num, 1)], [len(wrong), len(held), num * len(wrong)]
            ),
            len(drawn),
            self.network.calibration.min_energy,
        )
        summed, dropped, drift = system.solve([int(place) for place in wrong])
        change = self._memory.change(summed)
        layer = _last_layer(self.network) + change
        network = dataclasses.replace(
            self.network,
            weights={
                **self.network.weights,
                "dense/kernel": layer[:-1],
                "dense/bias": layer[-1],
            },
            metadata=_metadata(self.network, len(digits), int(misread.sum())),
        )
        after = scores + white @ summed
        right = (after.argmax(axis=1) == digits) & ~network.refuses(after)
        outcomes: list[Outcome] = [
            "right"
            if right[place]
            else "contradicted"
            if place in rivals
            else "too costly"
            if place in dropped
            else "not reached"
            for place in range(len(digits))
        ]
        return Learnt(network, tuple(outcomes), rivals, drift, int((~misread).sum()))

    def _look(self, pictures: NDArray[np.uint8]) -> tuple[Float32, Float32]:
        """Return the scores of drawings before anything is learnt, and their whitened features."""
        keys = [picture.tobytes() for picture in pictures]
        new = {key: place for place, key in enumerate(keys) if key not in self._seen}
        if new:
            found = zip(*self._see(pictures[list(new.values())]), strict=True)
            self._seen |= dict(zip(new, found, strict=True))
        scores, white = zip(*(self._seen[key] for key in keys), strict=True)
        _forget(self._seen, _CACHED[0])
        return np.stack(scores), np.stack(white)

    def _look_at_copies(self, picture: NDArray[np.uint8], num: int) -> tuple[Float32, Float32]:
        """Return the same of distorted copies of a drawing, which are alike every time."""
        key = picture.tobytes()
        if key not in self._copied:
            rng = np.random.default_rng(list(hashlib.sha256(key).digest()[:8]))
            copies = np.repeat(picture[None], _COPIES, axis=0)
            self._copied[key] = self._see(augment.distort(copies, rng, strength=_DISTORTION))
        scores, white = self._copied[key]
        _forget(self._copied, _CACHED[1])
        return scores[:num], white[:num]

    def _see(self, images: NDArray[np.uint8]) -> tuple[Float32, Float32]:
        features = _features(self.network, images)
        return features @ _last_layer(self.network), self._memory.whiten(features)


def learn(network: Network, images: ArrayLike, labels: ArrayLike) -> Network:
    """Teach a network somebody's own digits, at once and without training.

    Parameters
    ----------
    network : Network
        Left as it is.
    images : array_like, shape (n, 28, 28)
        Unsigned bytes 0 to 255, or floats 0 to 1; ink is bright. Up to 1,000, the oldest first.
        Digits that the network reads right are worth giving too: they hold their place.
    labels : array_like of int, shape (n,)
        The digit in each, 0 to 9.

    Returns
    -------
    Network
        Only its last layer differs. :class:`Learner` says besides what became of every drawing.

    Raises
    ------
    ValueError
        If the images or labels are none of these.

    Examples
    --------
    >>> from digitrec import mnist
    >>> from digitrec.network import bundled
    >>> test = mnist.load_part("test")
    >>> before = bundled()
    >>> after = learn(before, test.images[:3], test.labels[:3])
    >>> [name for name in before.weights if (after.weights[name] != before.weights[name]).any()]
    ['dense/bias', 'dense/kernel']
    """
    return Learner(network).learn(images, labels).network


def learn_ink(network: Network, samples: Sequence[ink.Sample]) -> Learnt:
    """Teach a network somebody's labelled drawings.

    Parameters
    ----------
    network : Network
        Left as it is.
    samples : sequence of Sample
        The oldest first. What has no ink, or a label that is none of "0" to "9", is left out.

    Returns
    -------
    Learnt
        With an outcome for each that was not left out.

    Raises
    ------
    ValueError
        If nothing is left to learn, or more than 1,000 drawings are.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> one = ink.Sample(ink.check([[(150, 60), (150, 240)]]), label="4")
    >>> learn_ink(bundled(), [one]).network.predict(ink.image(one.strokes)).digit
    4
    """
    drawn = [(ink.image(one.strokes), one.label) for one in samples if one.label in _DIGITS]
    digits = [(image, int(label or 0)) for image, label in drawn if image is not None]
    if not digits:
        raise ValueError(
            "expected a drawing with a label from 0 to 9 to learn from; "
            f"received none among {len(samples)}"
        )
    images, labels = zip(*digits, strict=True)
    return Learner(network).learn(np.stack(images), np.array(labels))


def check(images: ArrayLike, labels: ArrayLike) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return images and labels in the form in which they are learnt.

    Parameters
    ----------
    images, labels : array_like
        As for :func:`learn`.

    Returns
    -------
    images : ndarray of uint8, shape (n, 28, 28)
    labels : ndarray of int64, shape (n,)

    Raises
    ------
    ValueError
        If they are none that :func:`learn` takes.

    Examples
    --------
    >>> images, labels = check(np.ones((2, 28, 28)), [4, 9])
    >>> images.max(), labels
    (np.uint8(255), array([4, 9]))
    """
    array, digits = np.asarray(images), np.asarray(labels)
    if array.ndim != 3 or array.shape[1:] != (SIDE, SIDE) or len(array) > MOST_DRAWINGS:
        raise ValueError(
            f"up to {MOST_DRAWINGS:,} images of shape (n, 28, 28) were expected. "
            f"Received: {array.shape}"
        )
    if digits.shape != array.shape[:1]:
        raise ValueError(f"{len(array)} labels were expected. Received: shape {digits.shape}")
    if not len(array):
        return np.zeros((0, SIDE, SIDE), np.uint8), np.zeros(0, np.int64)
    if digits.dtype.kind not in "iu" or not np.isin(digits, np.arange(CLASSES)).all():
        raise ValueError(f"labels must be whole numbers from 0 to 9. Received: {digits}")
    if array.dtype != np.uint8:
        if array.dtype.kind != "f" or not (array.min() >= -1e-6 and array.max() <= 1 + 1e-6):
            raise ValueError(
                f"images must be unsigned bytes or floats 0 to 1. Received: {array.dtype}"
            )
        array = np.round(255 * np.clip(array, 0, 1)).astype(np.uint8)
    return array, digits.astype(np.int64)


class _System:
    """The equations between what is wanted of drawings and a change of the last layer.

    Its rows are drawings, the misread ones first, and then copies of the misread ones.
    """

    def __init__(
        self,
        scores: Float32,
        white: Float32,
        place: NDArray[np.int64],
        digits: NDArray[np.int64],
        weights: Float64,
        num_drawn: int,
        min_energy: float | None,
    ) -> None:
        self.scores, self._white, self.place = scores.astype(np.float64), white, place
        self.digits, self.weights = digits[place], weights
        self.drawn = np.arange(len(place)) < num_drawn
        self._bound = -np.inf if min_energy is None else min_energy
        self.products = (white @ white.T).astype(np.float64)

    def solve(self, wrong: list[int]) -> tuple[Float32, set[int], float]:
        """Return the sum of whitened rows for each score, what was left out, and the drift."""
        dropped: set[int] = set()
        used, amounts, drift = self._bounded(dropped)
        while len(dropped) < len(wrong):
            after = self.scores + self.products[:, used] @ amounts
            fits, right = drift <= MOST_DRIFT, self._num_right(after)
            lost = int(self.drawn.sum()) - right
            if fits and not lost:
                break
            # The one for which most of the change was made goes first.
            costs = np.bincount(
                self.place[used], (amounts * (self.products[np.ix_(used, used)] @ amounts)).sum(1)
            )
            worst = max(set(wrong) - dropped, key=lambda place: (costs[place], -place))
            fewer = self._bounded({*dropped, worst})
            brings = self._num_right(self.scores + self.products[:, fewer[0]] @ fewer[1]) > right
            if fits and not brings:
                break
            dropped.add(worst)
            used, amounts, drift = fewer
        summed = self._white[used].T @ amounts.astype(np.float32)
        return np.asarray(summed), dropped, drift

    def _num_right(self, scores: Float64) -> int:
        """Count the drawings that are read as they were meant."""
        read = (scores.argmax(axis=1) == self.digits) & (energy(scores) >= self._bound)
        return int((read & self.drawn).sum())

    def _bounded(self, dropped: set[int]) -> tuple[NDArray[np.int64], Float64, float]:
        """Return rows, their amounts and the drift, with the largest margin that the bound allows.

        If none does, with the smallest.
        """
        used = np.flatnonzero(~np.isin(self.place, sorted(dropped)))
        products = self.products[np.ix_(used, used)]
        root = np.asarray(np.sqrt(self.weights[used])[:, None], np.float64)
        system = root * products * root.T + np.eye(len(used))
        inverse = np.asarray(np.linalg.inv(system), np.float64)
        for share in _MARGINS:
            amounts = self._amounts(used, products, root, inverse, share * MARGIN)
            drift = float(np.sqrt(max((amounts * (products @ amounts)).sum(), 0.0)))
            if drift <= MOST_DRIFT:
                break
        return used, amounts, drift

    def _amounts(
        self,
        used: NDArray[np.int64],
        products: Float64,
        root: Float64,
        inverse: Float64,
        margin: float,
    ) -> Float64:
        scores, digits, rows = self.scores[used], self.digits[used], np.arange(len(used))
        wanted, amounts, now = np.zeros_like(scores), np.zeros_like(scores), scores
        for _ in range(_ROUNDS):
            gap = np.maximum(now + margin - now[rows, digits][:, None], 0)
            gap[rows, digits] = 0
            half = gap.max(axis=1) / 2
            wanted = wanted - np.minimum(gap, half[:, None])
            wanted[rows, digits] += np.maximum(half, self._bound + _FLOOR - now[rows, digits])
            amounts = root * (inverse @ (wanted * root))
            now = scores + products @ amounts
        return np.asarray(amounts)


def _contradictions(white: Float32, digits: NDArray[np.int64]) -> dict[int, int]:
    """Return what is set aside, and for which other drawing that is nearly the same."""
    unit = white / (np.linalg.norm(white, axis=1, keepdims=True) + np.float32(1e-6))
    alike = unit @ unit.T > _ALIKE
    same = digits == digits[:, None]
    support = (alike & same).sum(axis=1)
    rank = support * len(digits) + np.arange(len(digits))
    stronger = np.where(alike & ~same, rank, -1)
    return {
        int(place): int(stronger[place].argmax())
        for place in np.flatnonzero(stronger.max(axis=1) > rank)
    }


def _newest_of_each(pictures: NDArray[np.uint8], digits: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say which drawings do not come again, pixel for pixel, with the same digit."""
    last = {
        (picture.tobytes(), int(digit)): place
        for place, (picture, digit) in enumerate(zip(pictures, digits, strict=True))
    }
    return np.isin(np.arange(len(digits)), list(last.values()))


def _metadata(network: Network, num_drawings: int, num_misread: int) -> dict[str, Any]:
    """Return what of a network's words about itself still holds, and what it learnt."""
    kept: dict[str, Any] = {
        name: network.metadata[name]
        for name in ("recipe", "recipe_settings", "seed", "created", "digitrec")
        if name in network.metadata
    }
    return {**kept, "personal": {"drawings": num_drawings, "misread": num_misread}}


def _forget(known: dict[bytes, Any], most: int) -> None:
    """Leave the newest in a dictionary."""
    for key in list(known)[: max(len(known) - most, 0)]:
        del known[key]


def _last_layer(network: Network) -> Float32:
    """Return the weights of the last layer, its biases as the last row."""
    return np.vstack([network.weights["dense/kernel"], network.weights["dense/bias"]])


def _features(network: Network, images: NDArray[np.uint8]) -> Float32:
    """Return features with a column of ones, whose weights are the biases."""
    found = network.features(images)
    return np.column_stack([found, np.ones(len(found), np.float32)])


def _rehearsed(length: int) -> NDArray[np.uint8]:
    """Return the images that are rehearsed; fewer where their features are long."""
    from digitrec import mnist  # noqa: PLC0415 - the packaged network needs neither
    from digitrec.training import drawings  # noqa: PLC0415 - as above

    share = min(1.0, _MOST_NUMBERS / (length * sum(_REHEARSED)))
    ready, kinds = drawings.load()
    digit = kinds < CLASSES
    pieces = [mnist.load_part("train").images, ready[digit], ready[~digit]]
    return np.concatenate(
        [
            piece[np.linspace(0, len(piece) - 1, max(int(share * num), 1)).astype(int)]
            for piece, num in zip(pieces, _REHEARSED, strict=True)
        ]
    )


def _fingerprint(network: Network) -> str:
    """Return what names the convolutions of a network, whatever its last layer is."""
    names = sorted(name for name in network.weights if name.startswith("conv"))
    parts = [network.weights[name] for name in names]
    content = repr(network.architecture).encode() + b"".join(part.tobytes() for part in parts)
    return hashlib.sha256(content).hexdigest()


@functools.cache
def _packaged() -> tuple[str, Memory]:
    """Return the name of the packaged network's convolutions, and its memory."""
    path = resources.data("memory.safetensors")
    try:
        content = path.read_bytes()
        with safetensors.safe_open(path, "np") as file:
            name = file.metadata()["network"]
        arrays = safetensors.numpy.load(content)
        directions = arrays["directions"].astype(np.float32)
        memory = Memory(directions, arrays["spread"], float(arrays["rest"][0]))
    except (OSError, safetensors.SafetensorError, KeyError, TypeError) as error:
        raise FileError(
            f"{path}: the packaged network's memory was expected ({error}); install digitrec again"
        ) from error
    return name, memory
