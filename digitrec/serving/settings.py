"""What can be set about serving the pad: one file that a person can read, and another over it.

The file is ``serving.toml`` in this folder. Its comments are the documentation of every setting.
"""

import os
import re
import resource
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from digitrec.errors import DigitrecError

PACKAGED = Path(__file__).resolve().parent / "serving.toml"
"""The settings that hold where nothing else is said."""

PAD_BYTES = 120_000_000
"""Memory to reckon with for a visitor's pad, with what has to be free beside it."""

TRAINING_BYTES = 1_500_000_000
"""Memory that is kept for a training."""

PAD_DESCRIPTORS = 20
"""File descriptors to reckon with for a visitor's pad, with those of the browser's requests."""

_OTHER_DESCRIPTORS = 100  # of the server itself, and of the pads that are being started
_MOST_DESCRIPTORS = 16_384  # for 800 pads; what a stranger may hold on to has an end, too

_MOST_WAITING = 16
_LEAST: dict[str, int | float] = {
    "port": 0,
    "waiting_pads": 0,
    "most_pads": 1,
    "starting_at_once": 1,
    "abandoned_after": 1,
    "look_every": 1,
    "message_megabytes": 0.1,
    "request_megabytes": 0.1,
    "unread_megabytes": 1,
    "training_minutes": 1,
    "connections_per_address": 0,
    "connections_per_pad": 1,
    "idle_after": 1,
}
_MOST = {
    "port": 65535,
    "waiting_pads": 100,
    "most_pads": 10_000,
    "starting_at_once": 100,
    "message_megabytes": 1000,
    "request_megabytes": 1000,
    "unread_megabytes": 1000,
}
_AUTO = ("waiting_pads", "most_pads", "starting_at_once")
_WHOLE = {*_AUTO, "port", "connections_per_address", "connections_per_pad"}
_BASE_PATH = re.compile(r"/|(/[A-Za-z0-9._~-]+)+/?")


class SettingsError(DigitrecError):
    """A file of settings that cannot be followed.

    Examples
    --------
    >>> str(SettingsError("class.toml: there is no setting 'prot'."))
    "class.toml: there is no setting 'prot'."
    """


@dataclass(frozen=True)
class Settings:
    """How the pad is served; ``serving.toml`` says what each of these means.

    Examples
    --------
    >>> settings = read()
    >>> settings.host, settings.port
    ('127.0.0.1', 8866)
    """

    host: str
    port: int
    open_browser: bool
    waiting_pads: int
    most_pads: int
    starting_at_once: int
    abandoned_after: float
    look_every: float
    message_megabytes: float
    request_megabytes: float
    unread_megabytes: float
    log: bool
    training_minutes: float
    connections_per_address: int
    connections_per_pad: int
    idle_after: float
    base_path: str
    allowed_hosts: tuple[str, ...]


def read(path: str | os.PathLike[str] | None = None, **first: Any) -> Settings:
    """Return the settings of the package, with those of a file over them.

    Parameters
    ----------
    path : path-like, optional
        A TOML file with any of the settings.
    **first
        Settings that come before those of both files; None says nothing.

    Returns
    -------
    Settings
        With numbers wherever the files say "auto".

    Raises
    ------
    SettingsError
        If the file cannot be read or is no TOML, or a setting is unknown, of the wrong type or out
        of range.

    Examples
    --------
    >>> read(port=9000, most_pads=30).most_pads
    30
    >>> read(port=70_000)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    digitrec.serving.settings.SettingsError: port must be a whole number from 0 to 65535. ...
    """
    values = tomllib.loads(PACKAGED.read_text(encoding="utf-8"))
    types = {name: type(value) for name, value in values.items()}
    values["allowed_hosts"] = tuple(values["allowed_hosts"])
    if path is not None:
        found = _load(Path(path))
        values |= {name: _checked(name, value, types, f"{path}: ") for name, value in found.items()}
    said = {name: value for name, value in first.items() if value is not None}
    values |= {name: _checked(name, value, types, "") for name, value in said.items()}
    return Settings(**_reckoned(values))


def num_waiting(cores: int, free: int) -> int:
    """Return how many pads to keep ready for the next visitors.

    Parameters
    ----------
    cores : int
        Processor cores.
    free : int
        Free memory, bytes.

    Examples
    --------
    >>> num_waiting(2, 20 * 10**9), num_waiting(64, 500 * 10**9), num_waiting(8, 2 * 10**9)
    (4, 16, 4)
    >>> num_waiting(1, 0)
    1
    """
    return max(1, min(2 * cores, free // (4 * PAD_BYTES), _MOST_WAITING))


def num_pads(free: int) -> int:
    """Return how many pads there may be at once beside a training.

    Parameters
    ----------
    free : int
        Free memory, bytes.

    Examples
    --------
    >>> num_pads(22 * 10**9), num_pads(2 * 10**9), num_pads(0)
    (170, 4, 2)
    """
    return max(2, (free - TRAINING_BYTES) // PAD_BYTES)


def num_pads_open(descriptors: int) -> int:
    """Return how many pads there may be at once for the file descriptors that there are.

    Parameters
    ----------
    descriptors : int
        Those that the server may have.

    Examples
    --------
    >>> num_pads_open(256), num_pads_open(4096), num_pads_open(64)
    (7, 199, 2)
    """
    return max(2, (descriptors - _OTHER_DESCRIPTORS) // PAD_DESCRIPTORS)


def num_descriptors() -> int:
    """Return how many file descriptors the server may have, once it has raised its own limit.

    Examples
    --------
    >>> num_descriptors() > 10
    True
    """
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, _MOST_DESCRIPTORS)


def free_memory() -> int:
    """Return the memory that can still be used, in bytes; of a container, what it is allowed.

    Examples
    --------
    >>> free_memory() > 10**6
    True
    """
    found = []
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        available = next((line for line in lines if line.startswith("MemAvailable:")), "")
        found.append(1024 * int(available.split()[1]))
    with suppress(OSError, ValueError):
        group = Path("/sys/fs/cgroup")
        limit = int((group / "memory.max").read_text(encoding="ascii"))
        used = int((group / "memory.current").read_text(encoding="ascii"))
        found.append(max(0, limit - used))
    if found:
        return min(found)
    # macOS does not say what is free; half of what there is will be.
    return int(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")) // 2


def num_cores() -> int:
    """Return the processor cores that this process may use.

    Examples
    --------
    >>> num_cores() >= 1
    True
    """
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _load(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror or error}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: this is no TOML file ({error}).") from None


def _checked(name: str, value: Any, types: Mapping[str, type], where: str) -> Any:
    """Return a value that its setting can have, or complain about it in a line."""
    if name not in types:
        raise SettingsError(
            f"{where}there is no setting {name!r}; the settings are {', '.join(types)}."
        )
    if name in _AUTO and value == "auto":
        return value
    if name in _LEAST:
        whole = name in _WHOLE
        fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
        low, high = _LEAST[name], _MOST.get(name, 1_000_000)
        if not fits or not low <= value <= high:
            kind = f"a {'whole ' if whole else ''}number from {low} to {high}"
            other = ', or "auto"' if name in _AUTO else ""
            raise SettingsError(f"{where}{name} must be {kind}{other}. Received: {value!r}")
    elif name == "allowed_hosts":
        if not isinstance(value, list) or not all(isinstance(host, str) for host in value):
            raise SettingsError(
                f"{where}{name} must be a list of names, each in quotes. Received: {value!r}"
            )
        return tuple(value)
    elif not isinstance(value, types[name]):
        kind = "true or false" if types[name] is bool else "text in quotes"
        raise SettingsError(f"{where}{name} must be {kind}. Received: {value!r}")
    elif name == "base_path":
        path = str(value)
        if not _BASE_PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
            kind = 'a path such as "/digits/", of letters, digits and - . _ ~'
            raise SettingsError(f"{where}{name} must be {kind}. Received: {value!r}")
        return f"{path.rstrip('/')}/"
    return value


def _reckoned(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with a number for every "auto"."""
    cores, free = num_cores(), free_memory()
    numbers = {
        "waiting_pads": num_waiting(cores, free),
        "most_pads": min(num_pads(free), num_pads_open(num_descriptors())),
        "starting_at_once": cores,
    }
    known = {
        name: numbers[name] if value == "auto" and name in numbers else value
        for name, value in values.items()
    }
    # What waits is among what there may be at once.
    known["waiting_pads"] = min(known["waiting_pads"], known["most_pads"])
    return known
