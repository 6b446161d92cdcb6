"""What every test and doctest shares."""

import os
import tempfile

import pytest


@pytest.fixture(autouse=True, scope="session")
def own_queue():
    """Keep the tests' trainings from waiting behind anybody else's, and the other way round."""
    with tempfile.TemporaryDirectory(prefix="digitrec-tests-") as folder:
        os.environ["DIGITREC_QUEUE"] = folder
        yield
        del os.environ["DIGITREC_QUEUE"]
