"""What holds for every test of the repository."""

import contextlib
import itertools
import os
import secrets
from collections.abc import Iterator, Sequence

import hypothesis
import psutil
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

# On a busy machine a single example may take seconds; how long is for benchmarks to say.
hypothesis.settings.register_profile("digitrec", deadline=None)
hypothesis.settings.load_profile("digitrec")

if "PYTEST_XDIST_WORKER" in os.environ:
    # Each of several workers, and each program that it starts, computes on one core; before NumPy.
    for _library in ("OMP", "OPENBLAS"):
        os.environ.setdefault(f"{_library}_NUM_THREADS", "1")
    for _kind in ("INTRAOP", "INTEROP"):
        os.environ.setdefault(f"TF_NUM_{_kind}_THREADS", "1")

_IN_A_BROWSER = ("tests/browser/", "tests/benchmarks/test_page.py")
_WITH_TRAININGS = (  # the longest first, so that no worker is left alone with it
    "tests/browser/test_hub.py", "tests/browser/test_pad_training.py",
    "tests/browser/test_course_03.py", "tests/benchmarks/test_page.py",
)  # fmt: skip
_STARTS_TENSORFLOW = {"fitting.py", "export.py"}
_TAKES_SECONDS = {"digitrec.adaptation.learn"}  # it measures on all that MNIST has for that


def _cost(item: pytest.Item) -> int:
    if item.path.suffix == ".ipynb":
        return 3
    for place, file in enumerate(_WITH_TRAININGS):
        if item.nodeid.startswith(file):
            return 4 + place
    if item.get_closest_marker("browser"):
        return 1
    return 2 if item.get_closest_marker("slow") else 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the fast tests first, so that an ordinary mistake is known within a minute."""
    for item in items:
        if isinstance(item, pytest.DoctestItem) and (
            item.path.name in _STARTS_TENSORFLOW or item.name in _TAKES_SECONDS
        ):
            item.add_marker("slow")
    items.sort(key=_cost)


def _group(name: str) -> str:
    if name.startswith(_IN_A_BROWSER) and not name.startswith(_WITH_TRAININGS):
        return "browser"
    return name.partition("::")[0]


class _ByFile(LoadScopeScheduling):
    """Gives a worker what is next: the tests of one file that cost the same.

    All that draw in a browser go to one worker: two browsers with their servers would keep two
    cores so busy that pages come late. Only those that mostly wait for a training, or for a hub to
    end what nobody uses, come last and beside them.

    xdist's own groups are lost with pytest 9.2, without a word: xdist writes them into names of
    tests that can no longer be written to. Without groups every worker makes every fixture.
    """

    def add_node_collection(self, node: WorkerController, collection: Sequence[str]) -> None:
        files = itertools.groupby(collection, _group)
        self._groups = {
            name: f"{place}:{file}" for place, (file, names) in enumerate(files) for name in names
        }
        super().add_node_collection(node, collection)

    def _split_scope(self, nodeid: str) -> str:
        return self._groups[nodeid]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> _ByFile | None:
    """Deal out groups where groups are asked for."""
    return _ByFile(config, log) if config.getvalue("dist") == "loadgroup" else None


def _ours(mark: str) -> list[psutil.Process]:
    """Return the other processes of these tests: each passes its environment on."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            # The tracker of multiprocessing ends with the process that it serves.
            if process.environ().get("DIGITREC_TESTS") == mark and not any(
                "resource_tracker" in part for part in process.cmdline()
            ):
                found.append(process)
    return [process for process in found if process.pid != os.getpid()]


@pytest.fixture(autouse=True, scope="session")
def own_corner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the tests away from this machine's queue of trainings, and see that they end whole."""
    mark = secrets.token_hex(8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITREC_QUEUE", str(tmp_path_factory.mktemp("queue")))
        patch.setenv("DIGITREC_TESTS", mark)
        yield
    _, left = psutil.wait_procs(_ours(mark), timeout=60)
    if left:
        pytest.fail(f"Processes outlived their tests: {[str(process) for process in left]}")
