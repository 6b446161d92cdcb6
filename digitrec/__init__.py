"""Draw a digit, and a small convolutional network says which it is.

The rooms are modules: ``mnist`` (the data), ``ink`` (drawings to 28×28 images), ``network``
(the trained network in NumPy), ``training``, ``evaluation``, ``plots``, ``jobs`` and ``app``.
Importing the package imports none of them.
"""

__version__ = "0.1.0"
