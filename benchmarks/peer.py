"""The network others begin with: the Keras documentation's "Simple MNIST convnet".

Two 3×3 convolutions of 32 and 64 filters, 34,826 parameters, dropout, Adam, batches of 128, 54,000
images (https://keras.io/examples/vision/mnist_convnet). It has the shape of our own networks, so
that what it learnt can be carried, asked and measured as theirs is.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import keras
    import numpy as np
    from numpy.typing import NDArray

    from digitrec.network import Network

BATCH_SIZE = 128
NUM_IMAGES = 54_000


def build() -> "keras.Model":
    """Build the example with fresh random weights.

    Returns
    -------
    keras.Model
        Compiled as in the documentation. Takes floats 0 to 1 of shape (n, 28, 28, 1), gives
        probabilities of shape (n, 10).
    """
    import keras

    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            keras.layers.Conv2D(32, 3, activation="relu", name="conv1"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Conv2D(64, 3, activation="relu", name="conv2"),
            keras.layers.MaxPooling2D(2),
            keras.layers.Flatten(),
            keras.layers.Dropout(0.5),
            keras.layers.Dense(10, activation="softmax", name="dense"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def examples(num_images: int = NUM_IMAGES) -> "tuple[NDArray[np.float32], NDArray[np.int32]]":
    """Return the images it learns from, and their digits.

    Parameters
    ----------
    num_images : int
        How many, the first of MNIST's 60,000.

    Returns
    -------
    images : ndarray of float32, shape (num_images, 28, 28, 1)
        0 is paper, 1 is ink.
    labels : ndarray of int32, shape (num_images,)
    """
    import numpy as np

    from digitrec import mnist

    parts = mnist.load_part("train"), mnist.load_part("validation")
    images = np.concatenate([part.images for part in parts])[:num_images]
    labels = np.concatenate([part.labels for part in parts])[:num_images]
    return (images[..., None] / 255).astype(np.float32), labels.astype(np.int32)


def fit(model: Any, images: Any, labels: Any) -> None:
    """Let it see all of its images once."""
    model.fit(images, labels, batch_size=BATCH_SIZE, verbose=0)


def train(seed: int = 0, epochs: int = 12, num_images: int = NUM_IMAGES) -> "Network":
    """Train the example and carry what it learnt in NumPy.

    Parameters
    ----------
    seed : int
        Decides its first weights, the order of its images and its dropout.
    epochs : int
        Passes over the images.
    num_images : int
        How many images it learns from.

    Returns
    -------
    digitrec.network.Network
        Equal to the model in inference, within rounding; not calibrated, and it refuses nothing.
    """
    import keras

    from digitrec import training

    images, labels = examples(num_images)
    keras.utils.set_random_seed(seed)
    model = build()
    for _ in range(epochs):
        fit(model, images, labels)
    return training.to_network(model)
