"""Draw the generated drawings that travel in the package, about a minute's work.

python scripts/pack_drawings.py
"""

from digitrec import files, resources
from digitrec.training import drawings


def main() -> None:
    """Write digitrec/data/drawings.png."""
    files.write(resources.data("drawings.png"), drawings.make())


if __name__ == "__main__":
    main()
