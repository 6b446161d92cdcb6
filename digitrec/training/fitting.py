"""Training: recipes, the network in Keras, and turning the result into a ``Network``.

Importing this module is cheap; only the functions that train import TensorFlow, through Keras.
"""

import dataclasses
import datetime
import math
import os
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

import digitrec
from digitrec import evaluation, hand, mnist
from digitrec.errors import needs
from digitrec.network import SIDE, Architecture, Calibration, Network, energy
from digitrec.training import augment, drawings
from digitrec.training.recipes import RECIPES, Recipe

if TYPE_CHECKING:
    import keras

__all__ = ["RECIPES", "Progress", "Recipe", "build", "to_keras", "to_network", "train"]

STEPS_AT_ONCE = 8
"""Batches that Keras runs between two reports of progress: less overhead, still many a second."""

_REFUSED_DRAWINGS = 0.02  # share of the drawn digits that the network may refuse
_REPORT_SECONDS = 0.1  # at least between two reports; the page looks no more often
_DRAWINGS_AT_ONCE = 500  # some seconds of work between two reports

Examples = tuple[NDArray[np.uint8], NDArray[np.float32]]


@dataclass(frozen=True)
class Progress:
    """How far a training is.

    Parameters
    ----------
    stage : str
        "drawing" (generated drawings are being made), "starting TensorFlow", "training" or
        "evaluating"; when a network is adapted, "learning" and "evaluating".
    epoch, num_epochs, batch, num_batches : int
        The current epoch and batch, counted from 1, and how many there are. 0 before the first.
        When a network is adapted, there are no epochs, and the batches are single images.
    loss, accuracy : float or None
        Mean over this epoch's batches so far.
    validation_accuracy : float or None
        After the last finished epoch.
    seconds_left : float or None
        Estimate for the rest of the training.

    Examples
    --------
    >>> Progress.from_dict(Progress("training", 1, 3).to_dict()).num_epochs
    3
    """

    stage: str
    epoch: int = 0
    num_epochs: int = 0
    batch: int = 0
    num_batches: int = 0
    loss: float | None = None
    accuracy: float | None = None
    validation_accuracy: float | None = None
    seconds_left: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values.

        Examples
        --------
        >>> Progress("evaluating").to_dict()["stage"]
        'evaluating'
        """
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Progress":
        """Return the progress that :meth:`to_dict` wrote.

        Examples
        --------
        >>> Progress.from_dict({"stage": "evaluating"}).epoch
        0
        """
        return cls(**values)


def train(
    recipe: Recipe | str = "quick",
    *,
    seed: int | None = None,
    on_progress: Callable[[Progress], None] | None = None,
    on_epoch: Callable[[int, Network], None] | None = None,
) -> Network:
    """Train a new network on MNIST.

    Parameters
    ----------
    recipe : Recipe or str
        A recipe, or the name of one of ``RECIPES``.
    seed : int, optional
        Decides the first weights, the order of the images and the distortions. If it is left
        out, a new one is drawn. The network's metadata holds it.
    on_progress : callable, optional
        Called with a :class:`Progress` several times a second. An exception ends the training.
    on_epoch : callable, optional
        Called after every epoch with its number, counted from 1, and the network so far, which is
        not calibrated and refuses nothing. An exception ends the training.

    Returns
    -------
    Network
        Its metadata holds the recipe, the seed, the accuracies and the test report.

    Raises
    ------
    ValueError
        If there is no such recipe, or the seed is not from 0 to 2**32 - 1.

    Examples
    --------
    >>> train("slow")
    Traceback (most recent call last):
    ...
    ValueError: there is no recipe 'slow'; choose one of: quick, classic, best
    """
    if isinstance(recipe, str):
        if recipe not in RECIPES:
            raise ValueError(f"there is no recipe {recipe!r}; choose one of: {', '.join(RECIPES)}")
        recipe = RECIPES[recipe]
    seed = secrets.randbelow(2**32) if seed is None else seed
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise ValueError(f"seed must be a whole number from 0 to 2**32 - 1. Received: {seed!r}")
    report = on_progress or (lambda _: None)
    rng = np.random.default_rng(seed)
    images, targets = _gather(recipe, rng, report)
    report(Progress("starting TensorFlow", num_epochs=recipe.epochs))
    keras = _import_keras()
    keras.utils.set_random_seed(seed)
    model = build(recipe)
    started = time.monotonic()
    see = on_epoch or (lambda _epoch, _network: None)
    accuracy = _fit(model, recipe, (images, targets), rng, report, see)
    seconds = time.monotonic() - started
    report(Progress("evaluating", recipe.epochs, recipe.epochs, validation_accuracy=accuracy))
    network = _rounded(to_network(model))
    validation = mnist.load_part("validation")
    logits = network.logits(validation.images)
    accuracy = float((logits.argmax(axis=1) == validation.labels).mean())
    network = _calibrated(network, logits, validation.labels)
    test = mnist.load_part("test")
    result = evaluation.evaluate(network, test.images, test.labels)
    metadata = {
        "recipe": recipe.name,
        "recipe_settings": dataclasses.asdict(recipe),
        "seed": seed,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "digitrec": digitrec.__version__,
        "seconds": round(seconds, 1),
        "validation_accuracy": accuracy,
        "test_accuracy": result.accuracy,
        "evaluation": result.to_dict(),
    }
    return dataclasses.replace(network, metadata=metadata)


def build(recipe: Recipe) -> "keras.Model":
    """Build a recipe's network in Keras, with new random weights.

    Parameters
    ----------
    recipe : Recipe

    Returns
    -------
    keras.Model
        Not compiled. Takes grey values 0 to 255 of shape (n, 28, 28, 1), gives logits (n, 10).

    Examples
    --------
    >>> model = build(RECIPES["classic"])
    >>> [layer.name for layer in model.layers][:4]
    ['scale', 'conv1', 'pool1', 'relu1']
    """
    keras = _import_keras()
    layers = keras.layers
    stack = [keras.Input((SIDE, SIDE, 1)), layers.Rescaling(1 / 255, name="scale")]
    for index in (0, 1):
        stack += [
            layers.Conv2D(
                recipe.filters[index],
                recipe.kernel_sizes[index],
                padding=recipe.padding[index],
                use_bias=not recipe.batch_normalisation,
                name=f"conv{index + 1}",
            ),
            # Pooling first halves the work after it. It commutes with ReLU, and with a
            # normalisation that has no scale and so cannot turn a map upside down.
            layers.MaxPooling2D(2, name=f"pool{index + 1}"),
        ]
        if recipe.batch_normalisation:
            stack.append(
                layers.BatchNormalization(scale=False, momentum=0.9, name=f"norm{index + 1}")
            )
        stack.append(layers.ReLU(name=f"relu{index + 1}"))
    stack.append(layers.Flatten(name="flatten"))
    if recipe.dropout:
        stack.append(layers.Dropout(recipe.dropout, name="dropout"))
    return keras.Sequential([*stack, layers.Dense(10, name="dense")])


def to_network(model: "keras.Model") -> Network:
    """Turn a model made by :func:`build` into a network, folding its normalisation away.

    Parameters
    ----------
    model : keras.Model

    Returns
    -------
    Network
        Equal to the model in inference, within rounding.

    Examples
    --------
    >>> to_network(build(RECIPES["quick"])).weights["conv2/kernel"].shape
    (5, 5, 16, 32)
    """
    layers = {layer.name: layer for layer in model.layers}
    weights: dict[str, NDArray[np.float32]] = {}
    for name in ("conv1", "conv2", "dense"):
        kernel, *bias = (np.array(array, np.float64) for array in layers[name].get_weights())
        shift = bias[0] if bias else np.zeros(kernel.shape[-1])
        norm = layers.get(name.replace("conv", "norm"))
        if norm is not None and norm is not layers[name]:
            beta, mean, variance = (np.array(array, np.float64) for array in norm.get_weights())
            factor = 1 / np.sqrt(variance + norm.epsilon)
            kernel, shift = kernel * factor, beta + (shift - mean) * factor
        weights[f"{name}/kernel"] = kernel.astype(np.float32)
        weights[f"{name}/bias"] = shift.astype(np.float32)
    padding = (layers["conv1"].padding, layers["conv2"].padding)
    return Network(weights, Architecture(padding=padding))


def to_keras(network: Network) -> "keras.Model":
    """Turn a network into a Keras model, for use in other programs.

    Parameters
    ----------
    network : Network

    Returns
    -------
    keras.Model
        Takes floats 0 to 1 of shape (n, 28, 28, 1), gives the probabilities (n, 10) that
        :meth:`Network.probabilities` gives, its temperature included.

    Examples
    --------
    >>> from digitrec.network import bundled
    >>> to_keras(bundled()).output_shape
    (None, 10)
    """
    keras = _import_keras()
    layers = keras.layers
    stack = [keras.Input((SIDE, SIDE, 1), name="image")]
    shape = network.architecture
    for index, name in enumerate(("conv1", "conv2")):
        kernel = network.weights[f"{name}/kernel"]
        stack.append(
            layers.Conv2D(
                kernel.shape[3],
                kernel.shape[:2],
                strides=shape.strides[index],
                padding=shape.padding[index],
                activation="relu",
                name=name,
            )
        )
        if shape.pools[index] > 1:
            stack.append(layers.MaxPooling2D(shape.pools[index], name=f"pool{index + 1}"))
    stack += [layers.Flatten(name="flatten"), layers.Dense(10, name="dense")]
    stack += [
        layers.Rescaling(1 / network.calibration.temperature, name="temperature"),
        layers.Softmax(name="softmax"),
    ]
    model = keras.Sequential(stack)
    for name in ("conv1", "conv2", "dense"):
        model.get_layer(name).set_weights(
            [network.weights[f"{name}/kernel"], network.weights[f"{name}/bias"]]
        )
    return model


def _import_keras() -> Any:
    # Set before the import, or TensorFlow prints notes about its start for every user.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with needs("a network in Keras", "train"):
        import keras  # noqa: PLC0415 - costs seconds and 500 MB, and only training needs it

    return keras


def _gather(
    recipe: Recipe, rng: np.random.Generator, report: Callable[[Progress], None]
) -> Examples:
    """Return the images to train on, MNIST's first, and the answers the network should give."""
    part = mnist.load_part("train")
    images, labels = part.images, part.labels
    if recipe.num_images < len(part):
        chosen = np.sort(rng.permutation(len(part))[: recipe.num_images])
        images, labels = images[chosen], labels[chosen]
    pieces = [(images, labels)]
    nums = recipe.num_drawings, recipe.num_others
    if nums[0] <= drawings.NUM_DIGITS and nums[1] <= drawings.NUM_OTHERS:
        ready, kinds = drawings.load()
        for num, wanted in zip(
            nums, (kinds < hand.NOT_A_DIGIT, kinds == hand.NOT_A_DIGIT), strict=True
        ):
            chosen = rng.permutation(np.flatnonzero(wanted))[:num]
            pieces.append((ready[chosen], kinds[chosen]))
    else:
        wanted = np.concatenate([np.arange(nums[0]) % 10, np.full(nums[1], hand.NOT_A_DIGIT)])
        num_pieces = math.ceil(len(wanted) / _DRAWINGS_AT_ONCE)
        for number, piece in enumerate(np.array_split(wanted, num_pieces)):
            report(
                Progress("drawing", num_epochs=recipe.epochs, batch=number, num_batches=num_pieces)
            )
            pieces.append(hand.images(piece, rng))
    images, labels = (np.concatenate(parts) for parts in zip(*pieces, strict=True))
    targets = np.eye(hand.NOT_A_DIGIT + 1, 10, dtype=np.float32)
    # For anything but a digit all ten answers should be alike (outlier exposure: Hendrycks, Mazeika
    # and Dietterich, "Deep anomaly detection with outlier exposure", 2019).
    targets[hand.NOT_A_DIGIT] = recipe.others_weight / 10
    return images, targets[labels]


def _fit(
    model: "keras.Model",
    recipe: Recipe,
    examples: Examples,
    rng: np.random.Generator,
    report: Callable[[Progress], None],
    on_epoch: Callable[[int, Network], None],
) -> float:
    """Train the model in place and return its last accuracy on the validation images."""
    keras = _import_keras()
    images, targets = examples
    num_mnist = recipe.num_images
    num_seen = num_mnist + round(recipe.drawings_share * (len(images) - num_mnist))
    num_batches = math.ceil(num_seen / recipe.batch_size)
    rate: Any = recipe.learning_rate
    if recipe.one_cycle:
        rate = _one_cycle(rate, num_batches * recipe.epochs)
    model.compile(
        keras.optimizers.Adam(rate),
        _loss,
        metrics=[_accuracy],
        steps_per_execution=min(STEPS_AT_ONCE, num_batches),
    )
    watch = _watch(recipe, num_batches, report)
    validation = mnist.load_part("validation")
    accuracy = 0.0
    for epoch in range(recipe.epochs):
        shown = np.arange(len(images))
        if num_seen < len(images):
            shown[num_mnist:] = num_mnist + rng.permutation(len(images) - num_mnist)
            shown = shown[:num_seen]
        seen = images[shown]
        mnists, drawn = slice(num_mnist), slice(num_mnist, None)
        if recipe.drawing_distortion:
            seen[drawn] = augment.distort(seen[drawn], rng, strength=recipe.drawing_distortion)
        if epoch < recipe.epochs - recipe.clean_epochs:
            if recipe.distortion:
                seen[mnists] = augment.distort(seen[mnists], rng, strength=recipe.distortion)
            if recipe.degraded:
                seen = augment.degrade(seen, rng, share=recipe.degraded)
        order = rng.permutation(num_seen)
        model.fit(
            seen[order][..., None],
            targets[shown[order]],
            batch_size=recipe.batch_size,
            initial_epoch=epoch,
            epochs=epoch + 1,
            shuffle=False,
            verbose=0,
            callbacks=[watch],
        )
        network = to_network(model)
        on_epoch(epoch + 1, network)
        guesses = network.logits(validation.images).argmax(axis=1)
        accuracy = float((guesses == validation.labels).mean())
        watch.finished_epoch(accuracy)
    return accuracy


def _loss(targets: Any, logits: Any) -> Any:
    """Return the cross-entropy, for targets that need not sum to 1."""
    keras = _import_keras()
    return -keras.ops.sum(targets * keras.ops.log_softmax(logits), axis=-1)


def _accuracy(targets: Any, logits: Any) -> Any:
    """Return the share of a batch's digits that are right; other drawings do not count."""
    ops = _import_keras().ops
    is_digit = ops.cast(ops.max(targets, axis=-1) > 0.5, "float32")
    is_right = ops.cast(ops.argmax(targets, axis=-1) == ops.argmax(logits, axis=-1), "float32")
    return ops.sum(is_digit * is_right) / ops.maximum(ops.sum(is_digit), 1.0)


def _one_cycle(peak: float, num_steps: int) -> Any:
    keras = _import_keras()
    schedule: Any = keras.optimizers.schedules.LearningRateSchedule

    class OneCycle(schedule):  # type: ignore[misc] # Keras has no types
        def __call__(self, step: Any) -> Any:
            done = keras.ops.cast(step, "float32") / num_steps
            # Up for a quarter, down for the rest; never quite zero, or those steps would be wasted.
            return peak * keras.ops.minimum(done / 0.25 + 0.04, (1 - done) / 0.75 + 0.002)

        def get_config(self) -> dict[str, Any]:
            return {}

    return OneCycle()


def _watch(recipe: Recipe, num_batches: int, report: Callable[[Progress], None]) -> Any:
    callback: Any = _import_keras().callbacks.Callback

    class Watch(callback):  # type: ignore[misc] # Keras has no types
        def __init__(self) -> None:
            super().__init__()
            self.epoch = 0
            self.validation_accuracy: float | None = None
            self.started: float | None = None
            self.reported = 0.0
            self.progress = Progress("training")

        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 - Keras's
            self.epoch = epoch
            self.started = self.started or time.monotonic()

        def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
            now = time.monotonic()
            # Keras counts whole groups of steps, and the last one may reach past the end.
            batch = min(batch + 1, num_batches)
            done = (self.epoch * num_batches + batch) / (num_batches * recipe.epochs)
            spent = now - (self.started or now)
            self.progress = Progress(
                "training",
                self.epoch + 1,
                recipe.epochs,
                batch,
                num_batches,
                float(logs["loss"]),
                float(logs["_accuracy"]),
                self.validation_accuracy,
                spent * (1 - done) / done,
            )
            if now - self.reported >= _REPORT_SECONDS or batch == num_batches:
                self.reported = now
                report(self.progress)

        def finished_epoch(self, accuracy: float) -> None:
            self.validation_accuracy = accuracy
            report(dataclasses.replace(self.progress, validation_accuracy=accuracy))

    return Watch()


def _rounded(network: Network) -> Network:
    """Remove from the last layer what no probability shows, and round weights to 16 bits."""
    weights = dict(network.weights)
    for name in ("dense/kernel", "dense/bias"):
        # The softmax does not see what all ten logits have in common, so training leaves it to
        # chance. But the energy, by which the network refuses drawings, would see it.
        weights[name] = weights[name] - weights[name].mean(axis=-1, keepdims=True)
    halves = {name: array.astype(np.float16).astype(np.float32) for name, array in weights.items()}
    return dataclasses.replace(network, weights=halves)


def _calibrated(
    network: Network, mnists: NDArray[np.float32], answers: NDArray[np.uint8]
) -> Network:
    """Choose the temperature and the bound for refusing, given its logits of MNIST's images.

    Visitors write in more ways than MNIST's writers, so drawings count for the temperature as
    well, and the bound is set on drawings alone.
    """
    from scipy.optimize import minimize_scalar  # noqa: PLC0415 - only training needs it

    images, labels = (array[: drawings.NUM_DIGITS : 2] for array in drawings.load())
    drawn = network.logits(images).astype(np.float64)
    logits = np.concatenate([mnists.astype(np.float64), drawn])
    right = np.arange(len(logits)), np.concatenate([answers, labels]).astype(int)

    def loss(log_temperature: float) -> float:
        scaled = logits / math.exp(log_temperature)
        return float((energy(scaled) - scaled[right]).mean())

    best = minimize_scalar(loss, bounds=(-2, 2), method="bounded").x
    bound = np.quantile(energy(drawn), _REFUSED_DRAWINGS)
    return dataclasses.replace(
        network, calibration=Calibration(round(math.exp(best), 4), round(float(bound), 4))
    )
