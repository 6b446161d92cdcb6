"""Print how large digitrec is with each of its extras, installed into a fresh environment.

make sizes
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRAS = ("", "figures", "train", "dashboard", "notebooks")


def installed(extra: str) -> tuple[int, int]:
    """Return the bytes that an installation takes, and of how many packages it is.

    Everything below the environment's folder counts, the compiled modules too, as pip makes them;
    pip itself is not in it.
    """
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=False)
        wanted = f"{ROOT}[{extra}]" if extra else str(ROOT)
        install = [sys.executable, "-m", "uv", "pip", "install", "--python", f"{folder}/bin/python"]
        subprocess.run([*install, "--quiet", "--compile-bytecode", wanted], check=True)
        files = [path for path in Path(folder).rglob("*") if path.is_file()]
        # Some kinds of environments show one folder under two names.
        taken = {path.resolve(): path.stat().st_size for path in files if not path.is_symlink()}
        return sum(taken.values()), len(list(Path(folder).glob("lib/*/site-packages/*.dist-info")))


if __name__ == "__main__":
    for extra in sys.argv[1:] or EXTRAS:
        size, packages = installed(extra)
        name = f"digitrec[{extra}]" if extra else "digitrec"
        print(f"{name:22}{size / 1e6:8,.0f} MB{packages:6} packages", flush=True)  # noqa: T201
