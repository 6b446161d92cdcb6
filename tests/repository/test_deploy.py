"""The files of `deploy/`, without starting them; `tests/browser/test_hub.py` does that."""

import os
import re
import runpy
import shutil
import sys
import warnings
from pathlib import Path

import pytest
import yaml
from traitlets.config import Config

from digitrec import resources

ROOT = Path(__file__).resolve().parents[2]
HUB = ROOT / "deploy" / "jupyterhub"
PASSWORD = "a password for the class"  # noqa: S105 - nobody's


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Give a way to read the hub's configuration as the hub does."""
    for name in ("node", "configurable-http-proxy"):
        program = tmp_path / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("DIGITREC_HUB_FOLDER", str(tmp_path / "hub"))

    def read(**settings):
        for name, value in settings.items():
            monkeypatch.setenv(f"DIGITREC_HUB_{name.upper()}", value)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # JupyterHub's own, when it is imported
            return configuration("jupyterhub_config.py")

    return read


def configuration(name: str) -> Config:
    found = Config()
    runpy.run_path(str(HUB / name), {"get_config": lambda: found})
    return found


def test_the_cluster_is_set_up_as_the_one_machine_that_is_tested(hub):
    here = hub(password=PASSWORD)
    there = yaml.safe_load((HUB / "values.yaml").read_text())
    login = there["hub"]["config"]
    assert login["JupyterHub"]["authenticator_class"] == here.JupyterHub.authenticator_class
    assert login["Authenticator"]["allow_all"] is here.Authenticator.allow_all is True
    assert set(login["SharedPasswordAuthenticator"]) == set(here.SharedPasswordAuthenticator)
    user = there["singleuser"]
    assert user["defaultUrl"] == here.Spawner.default_url
    assert user["memory"]["limit"] == here.Spawner.mem_limit
    assert user["cpu"]["limit"] == here.Spawner.cpu_limit
    assert there["cull"]["enabled"] is True
    (culler,) = here.JupyterHub.services
    assert f"--timeout={there['cull']['timeout']}" in culler["command"]
    assert f"--cull-every={there['cull']['every']}" in culler["command"]


def test_the_pad_is_where_the_hub_leads(hub):
    page = hub(password=PASSWORD).Spawner.default_url
    assert (resources.notebooks() / page.removeprefix("/voila/render/")).is_file()


@pytest.mark.parametrize("password", ["", "1234567"])
def test_there_is_no_hub_without_a_password(hub, password):
    with pytest.raises(SystemExit, match=r"^Set DIGITREC_HUB_PASSWORD to the password"):
        hub(password=password)


def test_a_hub_without_its_proxy_says_how_to_get_it(hub, tmp_path, monkeypatch):
    shutil.rmtree(tmp_path / "bin")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    with pytest.raises(SystemExit, match=r"npm install --prefix \S+ configurable-http-proxy$"):
        hub(password=PASSWORD)


def test_users_are_as_many_and_stay_as_long_as_somebody_says(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("DIGITREC_QUEUE", str(tmp_path / "queue"))
    monkeypatch.delenv("DIGITREC_TRAINING_MINUTES", raising=False)
    set_up = hub(password=PASSWORD, idle="45", servers="7")
    assert set_up.JupyterHub.active_server_limit == 7
    assert "--timeout=45" in set_up.JupyterHub.services[0]["command"]
    assert set_up.JupyterHub.last_activity_interval == 11
    assert set_up.Spawner.environment == {"DIGITREC_QUEUE": str(tmp_path / "queue")}
    assert (tmp_path / "hub").stat().st_mode & 0o777 == 0o700


def test_the_readme_names_everything_that_may_be_set():
    asked = set(re.findall(r"DIGITREC_\w+", (HUB / "jupyterhub_config.py").read_text()))
    written = (HUB / "README.md").read_text()
    assert asked == set(re.findall(r"^\| `(DIGITREC_\w+)`", written, re.M))


def test_a_user_keeps_what_was_changed_and_gets_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    names = {path.name for path in resources.notebooks().glob("*.ipynb")}
    server = configuration("singleuser_config.py")
    assert server.LabApp.news_url is None  # a text would be asked for news, whatever it says
    folder = Path(server.ServerApp.root_dir)
    assert folder.parent == tmp_path
    assert Path(os.environ["TMPDIR"]).stat().st_mode & 0o777 == 0o700
    assert {path.name for path in folder.iterdir()} == names
    first, second = sorted(names)[:2]
    (folder / first).write_text("mine")
    (folder / second).unlink()
    configuration("singleuser_config.py")
    assert (folder / first).read_text() == "mine"
    assert (folder / second).read_bytes() == (resources.notebooks() / second).read_bytes()


def test_the_image_is_built_from_what_docker_is_given():
    lines = (HUB / "Dockerfile").read_text().splitlines()
    copied = [name for line in lines if line.startswith("COPY") for name in line.split()[1:-1]]
    assert len(copied) >= 5
    for name in copied:
        assert (ROOT / name).exists(), name
    allowed = (HUB / "Dockerfile.dockerignore").read_text().splitlines()
    assert {line[1:] for line in allowed if line.startswith("!")} == set(copied)
    assert allowed.index("*") < min(allowed.index(f"!{name}") for name in copied)
