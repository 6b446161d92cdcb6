"""Print how well numbers of several digits are read; see ``several_digits.py``, which does it.

    python benchmarks/numbers.py INK ... [--numbers 200] [--most 6000] [--seed 5] [--json]

Python looks into a program's own folder first, so NumPy, which needs the standard library's module
``numbers``, would find this file instead. Here that folder is left out while it looks.
"""

import importlib
import runpy
import sys
from pathlib import Path

_FOLDER = Path(__file__).resolve().parent
_EVERYWHERE = list(sys.path)
sys.path[:] = [place for place in sys.path if Path(place).resolve() != _FOLDER]

if __name__ == "__main__":
    runpy.run_path(str(_FOLDER / "several_digits.py"), run_name="__main__")
else:
    del sys.modules[__name__]
    importlib.import_module(__name__)
    sys.path[:] = _EVERYWHERE
