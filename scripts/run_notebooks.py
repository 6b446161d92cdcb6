"""Run notebooks and write them back with their outputs, and with nothing that differs by chance.

    python scripts/run_notebooks.py [NOTEBOOK ...]

Without arguments every notebook of the folder ``notebooks`` is run. What is dropped: timings, the
ids of widgets' models and their stored state, and the exact version of the Python that ran it.
"""

import argparse
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
KEPT = ("title", "description", "voila")


def clean(notebook: nbformat.NotebookNode) -> None:
    """Drop from an executed notebook what would be different after every run.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    """
    kept = {name: notebook.metadata[name] for name in KEPT if name in notebook.metadata}
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
            **kept,
        }
    )
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
        cell.metadata = nbformat.from_dict(
            {"tags": cell.metadata["tags"]} if cell.metadata.get("tags") else {}
        )
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            view = "application/vnd.jupyter.widget-view+json"
            if view in data:
                data[view] = {"model_id": "", "version_major": 2, "version_minor": 0}


def main() -> int:
    """Run what the command line names."""
    parser = argparse.ArgumentParser(description="Run notebooks and keep their outputs.")
    parser.add_argument("notebook", nargs="*", type=Path, help="default: all of them")
    for path in parser.parse_args().notebook or sorted(NOTEBOOKS.glob("*.ipynb")):
        sys.stdout.write(f"{path.name}\n")
        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook,
            timeout=1800,
            coalesce_streams=True,  # a pause between two lines is no part of the output
            resources={"metadata": {"path": str(path.resolve().parent)}},
        )
        client.execute()
        clean(notebook)
        nbformat.write(notebook, path)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
