"""Small networks of random weights, for tests that need any network at all."""

import dataclasses
from pathlib import Path

import numpy as np

from digitrec.network import Architecture, Calibration, Network


def make_network(
    architecture: Architecture | None = None,
    *,
    kernels: tuple[tuple[int, int], tuple[int, int]] = ((5, 5), (3, 3)),
    filters: tuple[int, int] = (3, 4),
    temperature: float = 1.0,
) -> Network:
    """A network of random weights; its dense layer takes what the rest leaves."""
    architecture = architecture or Architecture()
    random = np.random.default_rng(5)
    side, inputs = np.array([28, 28]), 1
    weights = {}
    for index, (kernel, outputs) in enumerate(zip(kernels, filters, strict=True)):
        name, stride = f"conv{index + 1}", architecture.strides[index]
        weights[f"{name}/kernel"] = random.normal(size=(*kernel, inputs, outputs)) / 3
        weights[f"{name}/bias"] = random.normal(size=outputs) / 3
        same = architecture.padding[index] == "same"
        side = -(-side // stride) if same else (side - np.array(kernel)) // stride + 1
        side, inputs = side // architecture.pools[index], outputs
    weights["dense/kernel"] = random.normal(size=(int(side.prod()) * inputs, 10)) / 9
    weights["dense/bias"] = random.normal(size=10)
    return Network(
        {name: array.astype(np.float32) for name, array in weights.items()},
        architecture,
        Calibration(temperature=temperature),
    )


def with_another_newcomer(source: str, path: Path) -> str:
    """Return the cell of a notebook that trains its newcomer as one that loads any network."""
    if "TrainingJob(" not in source:
        return source
    calibration = Calibration(temperature=1.0, min_energy=4.0)
    dataclasses.replace(make_network(), calibration=calibration).save(path)
    return f"newcomer = network.Network.load({str(path)!r})"
