"""What holds for every test of the repository."""

from collections.abc import Iterator

import hypothesis
import pytest

# On a busy machine a single example may take seconds; how long is for benchmarks to say.
hypothesis.settings.register_profile("digitrec", deadline=None)
hypothesis.settings.load_profile("digitrec")


_STARTS_TENSORFLOW = {"training.py", "export.py"}


def _cost(item: pytest.Item) -> int:
    if item.path.suffix == ".ipynb":
        return 3
    if item.get_closest_marker("browser"):
        return 2
    return 1 if item.get_closest_marker("slow") else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the fast tests first, so that an ordinary mistake is known within a minute."""
    for item in items:
        if isinstance(item, pytest.DoctestItem) and item.path.name in _STARTS_TENSORFLOW:
            item.add_marker("slow")
    items.sort(key=_cost)


@pytest.fixture(autouse=True, scope="session")
def own_folders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests away from the user's model, and from the queue of this machine's trainings."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITREC_QUEUE", str(tmp_path_factory.mktemp("queue")))
        patch.setenv("DIGITREC_HOME", str(tmp_path_factory.mktemp("home")))
        yield
