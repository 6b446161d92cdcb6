"""Albums: folders of pictures whose digits are known, to measure a network with."""

import json
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from digitrec import sight
from digitrec.errors import FileError
from digitrec.network import Network, Prediction

INDEX = "index.jsonl"
"""The file of an album that lists its pictures."""

_MOST_BYTES = 64 * 1024 * 1024  # of an index; a hundred thousand pictures need a tenth of it


class Picture(NamedTuple):
    """One picture of an album.

    Parameters
    ----------
    path : Path
    label : str
        What it shows: one digit, or several.
    group : str
        What kind of picture it is.

    Examples
    --------
    >>> Picture(Path("seven.png"), "7", "photo").label
    '7'
    """

    path: Path
    label: str
    group: str = "pictures"


class Sighting(NamedTuple):
    """What was read in one picture of an album.

    Parameters
    ----------
    picture : Picture
    prediction : Prediction or None
        None where no ink was found.
    image : ndarray of float32, shape (28, 28), or None
        What the network saw.

    Examples
    --------
    >>> Sighting(Picture(Path("seven.png"), "7"), None, None).right
    False
    """

    picture: Picture
    prediction: Prediction | None
    image: NDArray[np.float32] | None

    @property
    def right(self) -> bool:
        """Whether the most probable digit is the label, refused or not."""
        return self.prediction is not None and str(self.prediction.digit) == self.picture.label

    @property
    def refused(self) -> bool:
        """Whether the network refused what was found."""
        return self.prediction is not None and self.prediction.refused

    @property
    def said(self) -> str:
        """What was read, in words for below the picture."""
        if self.prediction is None:
            return "found empty"
        verb = "refused, nearest" if self.prediction.refused else "read as"
        return f"{verb} {self.prediction.digit}"


class Summary(NamedTuple):
    """What became of some pictures; the shares are NaN where there are none.

    Parameters
    ----------
    samples : int
        How many there are.
    accuracy : float
        Share whose most probable digit is the label, refused or not; an empty one is wrong.
    answered_right : float
        Share that was read right and not refused.
    refused : float
        Share that the network refused.
    empty : float
        Share in which no ink was found.

    Examples
    --------
    >>> Summary(2, 1.0, 0.5, 0.5, 0.0).answered_right
    0.5
    """

    samples: int
    accuracy: float
    answered_right: float
    refused: float
    empty: float


@dataclass(frozen=True, eq=False)
class Album:
    """What a network read in every picture of an album.

    Parameters
    ----------
    sightings : tuple of Sighting
        In the order of the index.

    Examples
    --------
    >>> Album((Sighting(Picture(Path("seven.png"), "7"), None, None),)).all.empty
    1.0
    """

    sightings: tuple[Sighting, ...]

    @property
    def groups(self) -> dict[str, Summary]:
        """What became of each group, in the order in which the index names them."""
        names = dict.fromkeys(sighting.picture.group for sighting in self.sightings)
        return {
            name: _summary([s for s in self.sightings if s.picture.group == name]) for name in names
        }

    @property
    def all(self) -> Summary:
        """What became of every picture of one digit; of several digits a network knows nothing."""
        return _summary([s for s in self.sightings if len(s.picture.label) == 1])

    @property
    def worst(self) -> list[Sighting]:
        """What was read wrong, the surest first, what was found empty, and what was refused."""

        def badness(sighting: Sighting) -> tuple[int, float]:
            prediction = sighting.prediction
            if prediction is None:
                return 1, 0.0
            kind = 0 if not prediction.refused else 2 + sighting.right
            return kind, -prediction.confidence

        return sorted((s for s in self.sightings if not s.right or s.refused), key=badness)

    def table(self) -> str:
        """Return the summaries as lines of text, a group each.

        Returns
        -------
        str

        Examples
        --------
        >>> Album(()).table().splitlines()[1].split()[:5]
        ['all', 'of', 'one', 'digit', '0']
        """
        rows: list[tuple[str, ...]] = [
            ("", "pictures", "right", "answered right", "refused", "empty")
        ]
        for name, (samples, *shares) in [*self.groups.items(), ("all of one digit", self.all)]:
            told = ["–" if math.isnan(share) else f"{100 * share:.1f} %" for share in shares]
            rows.append((name, f"{samples:,}", *told))
        first = max(len(name) for name, *_ in rows)
        return "\n".join(
            f"{name:{first}}" + "".join(f"{value:>16}" for value in values)
            for name, *values in rows
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the summaries as JSON values; what is NaN becomes None.

        Returns
        -------
        dict
            "groups", a summary for each, and "all".

        Examples
        --------
        >>> Album(()).to_dict()["all"]["accuracy"] is None
        True
        """
        return {
            "groups": {name: _jsonable(summary) for name, summary in self.groups.items()},
            "all": _jsonable(self.all),
        }


def read(folder: str | os.PathLike[str]) -> list[Picture]:
    """Read what is in an album.

    Parameters
    ----------
    folder : path-like
        Holds ``index.jsonl``, whose lines are objects with "file", the name of a picture in the
        folder, "label", the digits that it shows, and optionally "group".

    Returns
    -------
    list of Picture

    Raises
    ------
    FileError
        If the index is missing or damaged, or a line of it does not say these; the message names
        the line.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     line = '{"file": "a.png", "label": "7", "group": "photo"}'
    ...     size = Path(folder, INDEX).write_text(line)
    ...     [(picture.path.name, picture.label, picture.group) for picture in read(folder)]
    [('a.png', '7', 'photo')]
    """
    index = Path(folder) / INDEX
    try:
        with index.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise FileError(
            f"a list of pictures was expected at {index}: {error.strerror or error}"
        ) from error
    if len(content) > _MOST_BYTES:
        raise FileError(f"{index}: at most {_MOST_BYTES:,} bytes were expected; split it")
    lines = enumerate(content.split(b"\n"), start=1)
    pictures = [_picture(index, number, line) for number, line in lines if line.strip()]
    if not pictures:
        raise FileError(f"{index}: at least one picture was expected, and it lists none")
    return pictures


def evaluate(network: Network, pictures: Sequence[Picture]) -> Album:
    """Let a network read the pictures of an album.

    Parameters
    ----------
    network : Network
    pictures : sequence of Picture
        As :func:`read` returns them.

    Returns
    -------
    Album

    Raises
    ------
    FileError
        If one of the pictures cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from digitrec.network import bundled
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "empty.png")
    ...     Image.new("L", (60, 60), "white").save(path)
    ...     evaluate(bundled(), [Picture(path, "7")]).all
    Summary(samples=1, accuracy=0.0, answered_right=0.0, refused=0.0, empty=1.0)
    """
    sightings = []
    for picture in pictures:
        seen = sight.look(network, picture.path)
        if seen is None:
            sightings.append(Sighting(picture, None, None))
        else:
            sightings.append(Sighting(picture, seen.prediction, seen.stages["centred"]))
    return Album(tuple(sightings))


def _picture(index: Path, number: int, line: bytes) -> Picture:
    where = f"{index}, line {number}"
    try:
        record = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise FileError(f"{where}: a JSON object was expected: {error}") from error
    fields = {} if not isinstance(record, dict) else {"group": "pictures"} | record
    for name in ("file", "label", "group"):
        if not isinstance(fields.get(name), str):
            raise FileError(f'{where}: an object with "{name}", a text, was expected')
    label = fields["label"]
    if not (label.isascii() and label.isdigit()):
        raise FileError(f'{where}: "label" must be one digit or several. Received: {label!r:.40}')
    return Picture(index.parent / fields["file"], label, fields["group"])


def _summary(sightings: Sequence[Sighting]) -> Summary:
    num = len(sightings)

    def share(count: int) -> float:
        return count / num if num else math.nan

    return Summary(
        num,
        share(sum(s.right for s in sightings)),
        share(sum(s.right and not s.refused for s in sightings)),
        share(sum(s.refused for s in sightings)),
        share(sum(s.prediction is None for s in sightings)),
    )


def _jsonable(summary: Summary) -> dict[str, Any]:
    return {name: None if math.isnan(value) else value for name, value in summary._asdict().items()}
