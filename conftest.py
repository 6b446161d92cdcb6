"""What holds for every test of the repository."""

import hypothesis
import pytest

# On a busy machine a single example may take seconds; how long is for benchmarks to say.
hypothesis.settings.register_profile("digitrec", deadline=None)
hypothesis.settings.load_profile("digitrec")


def _cost(item: pytest.Item) -> int:
    if item.path.suffix == ".ipynb":
        return 3
    if item.get_closest_marker("browser"):
        return 2
    return 1 if item.get_closest_marker("slow") else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the fast tests first, so that an ordinary mistake is known within a minute."""
    items.sort(key=_cost)
