"""Where the packaged files are."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def data(name: str) -> Path:
    """Return the path of a packaged data file.

    Parameters
    ----------
    name : str
        The file's name inside ``digitrec/data``.

    Examples
    --------
    >>> data("model.safetensors").name
    'model.safetensors'
    """
    return _PACKAGE / "data" / name


def notebooks() -> Path:
    """Return the folder of the notebooks: the checkout's, or the installed copy.

    Raises
    ------
    FileNotFoundError
        If neither exists, as when only the ``digitrec`` folder was copied.

    Examples
    --------
    >>> (notebooks() / "06_drawing_pad.ipynb").exists()
    True
    """
    for folder in (_PACKAGE / "notebooks", _PACKAGE.parent / "notebooks"):
        if (folder / "06_drawing_pad.ipynb").is_file():
            return folder
    raise FileNotFoundError(
        f"the notebooks were expected in {_PACKAGE / 'notebooks'}, but are not there; "
        "install digitrec again, or run it from a full checkout"
    )
