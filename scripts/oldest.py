"""Print the oldest version of every dependency that pyproject.toml allows, for pip to keep to.

    python scripts/oldest.py > oldest.txt
    python -m pip install --constraint oldest.txt --editable ".[test]"

`make test-oldest` does this. What the dependencies themselves need is as new as pip finds it.
"""

import re
import sys
import tomllib
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent / "pyproject.toml"


def oldest(requirement: str) -> str:
    """Return what holds a requirement such as ``"numpy>=2.1; python_version < '4'"`` to its bound.

    Raises
    ------
    ValueError
        If the requirement is anything but a name, ``>=``, a version and perhaps a condition.

    Examples
    --------
    >>> oldest("numpy>=2.1; python_version < '4'")
    "numpy==2.1; python_version < '4'"
    """
    parts = re.fullmatch(r"([A-Za-z0-9._-]+)>=([0-9][0-9.]*)(\s*;.*)?", requirement)
    if parts is None:
        raise ValueError(f"Expected name>=version, received {requirement!r}.")
    name, version, condition = parts.groups("")
    return f"{name}=={version}{condition}"


def constraints(project: dict) -> list[str]:
    """Return a line for every dependency of ``project``, the table of that name."""
    wanted = [
        requirement
        for requirements in (project["dependencies"], *project["optional-dependencies"].values())
        for requirement in requirements
        if not requirement.startswith(f"{project['name']}[")  # an extra that brings another
    ]
    return [oldest(requirement) for requirement in wanted]


if __name__ == "__main__":
    with PROJECT.open("rb") as file:
        sys.stdout.writelines(f"{line}\n" for line in constraints(tomllib.load(file)["project"]))
