"""The public face: what `import digitrec` gives, and what it costs."""

import subprocess
import sys

import pytest

import digitrec


@pytest.mark.parametrize("name", digitrec.__all__)
def test_every_public_name_is_there_and_listed(name):
    assert getattr(digitrec, name) is not None
    assert name in dir(digitrec)


def test_a_name_that_is_not_there_is_an_ordinary_error():
    with pytest.raises(AttributeError, match="module 'digitrec' has no attribute 'colour'"):
        digitrec.colour  # noqa: B018 - the error is wanted


def test_importing_the_package_imports_no_other():
    program = (
        "import sys; before = set(sys.modules); import digitrec;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}"
        " - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["digitrec"]
