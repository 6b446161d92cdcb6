"""Networks and reports made by hand, for tests of the page."""

from typing import Any

import numpy as np

from digitrec.evaluation import Report, evaluate
from digitrec.network import Network


def small(favourite: int = 0, **metadata: Any) -> Network:
    """Return a network that answers the same digit to everything."""
    rng = np.random.default_rng(favourite)
    bias = np.zeros(10, np.float32)
    bias[favourite] = 9
    weights = {
        "conv1/kernel": rng.normal(0, 0.1, (5, 5, 1, 2)).astype(np.float32),
        "conv1/bias": np.zeros(2, np.float32),
        "conv2/kernel": rng.normal(0, 0.1, (5, 5, 2, 3)).astype(np.float32),
        "conv2/bias": np.zeros(3, np.float32),
        "dense/kernel": np.zeros((48, 10), np.float32),
        "dense/bias": bias,
    }
    return Network(weights, metadata=metadata)


class _Reading(Network):
    """Answers what the first pixel says."""

    def logits(self, images: Any) -> Any:
        pixels = np.asarray(images)[:, 0, 0]
        answers = np.rint(pixels * (1 if pixels.dtype == np.uint8 else 255)).astype(int)
        return np.where(np.arange(10) == answers[:, np.newaxis], 5, -5).astype(np.float32)


def report(right: int, samples: int = 20) -> Report:
    """Return a report of so many right answers; the others are taken for the next digit."""
    labels = np.arange(samples) % 10
    answers = np.where(np.arange(samples) < right, labels, (labels + 1) % 10)
    images = np.zeros((samples, 28, 28), np.uint8)
    images[:, 0, 0] = answers
    return evaluate(_Reading(small().weights), images, labels)
