"""Small hand-made networks whose answers a test can decide."""

import numpy as np
from hypothesis import strategies as st

from digitrec.evaluation import evaluate
from digitrec.network import Architecture, Calibration, Network


def reader(min_energy=None):
    """Return a network whose logits are 20 times the first ten pixels of an image."""
    one = np.ones((1, 1, 1, 1), np.float32)
    weights = {
        "conv1/kernel": one,
        "conv1/bias": np.zeros(1, np.float32),
        "conv2/kernel": one,
        "conv2/bias": np.zeros(1, np.float32),
        "dense/kernel": 20 * np.eye(784, 10, dtype=np.float32),
        "dense/bias": np.zeros(10, np.float32),
    }
    return Network(weights, Architecture(pools=(1, 1)), Calibration(min_energy=min_energy))


def images_saying(digits, strengths=1.0):
    """Return images that the reader reads as these digits, more surely the stronger they are."""
    images = np.zeros((len(digits), 784), np.float32)
    images[np.arange(len(digits)), digits] = strengths
    return images.reshape(-1, 28, 28)


def report_of(labels, predicted, strengths=1.0, min_energy=None):
    return evaluate(reader(min_energy), images_saying(predicted, strengths), np.array(labels))


@st.composite
def cases(draw):
    num = draw(st.integers(1, 60))
    digits = st.lists(st.integers(0, 9), min_size=num, max_size=num)
    strengths = draw(st.lists(st.floats(0.05, 1), min_size=num, max_size=num))
    return draw(digits), draw(digits), np.array(strengths, np.float32)
