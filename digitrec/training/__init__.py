"""Training: recipes, augmentation, the network in Keras, and the ``Network`` it becomes.

Importing this room is cheap; TensorFlow, through Keras, is imported by the functions that train.
"""

from digitrec.training.fitting import STEPS_AT_ONCE, Progress, build, to_keras, to_network, train
from digitrec.training.recipes import RECIPES, Recipe

__all__ = [
    "RECIPES",
    "STEPS_AT_ONCE",
    "Progress",
    "Recipe",
    "build",
    "to_keras",
    "to_network",
    "train",
]
