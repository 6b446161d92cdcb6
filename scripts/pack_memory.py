"""Have the packaged network look at what it is to remember, some seconds' work.

python scripts/pack_memory.py
"""

from digitrec import files, resources
from digitrec.network import bundled
from digitrec.personal import Memory


def main() -> None:
    """Write digitrec/data/memory.safetensors."""
    network = bundled()
    content = Memory.make(network).to_bytes(network)
    files.write(resources.data("memory.safetensors"), content)


if __name__ == "__main__":
    main()
