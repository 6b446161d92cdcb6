"""The rooms of the house: ARCHITECTURE.md shows the law that import-linter holds."""

import re
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"][
    "contracts"
]
SECTION = (ROOT / "ARCHITECTURE.md").read_text().partition("## Rooms\n")[2].partition("\n## ")[0]


def table(heading: str) -> list[list[str]]:
    """Return the cells of the table that begins with a heading."""
    rows = SECTION.partition(f"{heading}\n")[2].partition("\n\n")[0].splitlines()[1:]
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]


def names(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def contracts(kind: str) -> list[dict[str, Any]]:
    return [contract for contract in CONTRACTS if contract["type"] == kind]


def test_the_steps_are_those_of_the_contract():
    (contract,) = contracts("layers")
    assert contract["exhaustive"]
    wanted = [layer.split(" | ") for layer in contract["layers"]]
    shown = table("| step | rooms |")
    assert [names(rooms) for _, rooms in shown] == wanted
    assert [int(step) for step, _ in shown] == list(range(len(shown), 0, -1))


def test_the_packages_of_some_rooms_are_those_of_the_contracts():
    wanted = {
        tuple(contract["protected_modules"]): [
            importer.removeprefix("digitrec.") for importer in contract["allowed_importers"]
        ]
        for contract in contracts("protected")
    }
    shown = {
        tuple(names(packages)): names(rooms) for packages, rooms in table("| packages | rooms |")
    }
    assert shown == wanted


def test_every_room_is_described_once():
    (contract,) = contracts("layers")
    rooms = [room for layer in contract["layers"] for room in layer.split(" | ")]
    described = [
        name.removesuffix("/") for row in table("| room | what it owns |") for name in names(row[0])
    ]
    assert sorted(described) == sorted(set(rooms) - {"__main__"})
