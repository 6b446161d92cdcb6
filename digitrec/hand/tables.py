"""The tables of the hand, ``digits.toml`` and ``signs.toml``: how digits and signs look."""

import tomllib
from pathlib import Path
from typing import Any, NamedTuple


class Style(NamedTuple):
    """A way to write a digit: how common it is, and its variants as skeletons."""

    weight: float
    variants: tuple[str, ...]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / name).read_text(encoding="utf-8"))


DIGITS: dict[int, dict[str, Style]] = {
    int(digit): {
        name: Style(style["weight"], tuple(style["variants"])) for name, style in styles.items()
    }
    for digit, styles in _read("digits.toml").items()
}
"""The styles of every digit, by name."""

SIGNS: dict[str, dict[str, tuple[str, ...]]] = {
    kind: {name: tuple(variants) for name, variants in signs.items()}
    for kind, signs in _read("signs.toml").items()
}
"""By kind of sign and by name, the variants as text."""
