import pytest

from digitrec import resources


def test_an_installation_without_its_notebooks_says_what_to_do(monkeypatch, tmp_path):
    monkeypatch.setattr(resources, "_PACKAGE", tmp_path / "digitrec")
    with pytest.raises(FileNotFoundError, match="install digitrec again"):
        resources.notebooks()
