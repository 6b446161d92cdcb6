"""The names under which the server answers, and those of pages elsewhere."""

import socket
from pathlib import Path

import pytest

from digitrec.serving import settings
from digitrec.serving.hosts import Hosts
from tests.serving.test_addresses import PAD, opened, run

OURS = (
    "localhost", "LOCALHOST", "127.0.0.1", "192.168.0.10", "10.0.0.7", "[::1]", "[fe80::1%eth0]",
    "8.8.8.8", "localhost.", "pad", "teacher-pc", "teacher-pc.local", "room7.lan", "pad.internal",
    "app.localhost", "pad.home.arpa", "pad.example.org", "PAD.example.org", "pad.example.org.", "",
)  # fmt: skip
FOREIGN = (
    "elsewhere.example", "pad.example.org.elsewhere.example", "127.0.0.1.elsewhere.example",
    "localhost.elsewhere.example", "xlocal.example", "example.org", "notlocal.x", "1.2.3.4.5",
    "a@127.0.0.1.x", "127.0.0.1 x.y",
)  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_names_that_nobody_elsewhere_can_own_are_ours(host: str) -> None:
    assert host in Hosts(["127.0.0.1", "pad.example.org"])


@pytest.mark.parametrize("host", FOREIGN)
def test_other_names_are_not(host: str) -> None:
    assert host not in Hosts(["127.0.0.1", "pad.example.org"])
    assert host in Hosts(["*"])


def test_this_machine_is_found_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "gethostname", lambda: "Room7")
    monkeypatch.setattr(socket, "getfqdn", lambda: "room7.school.example")
    assert "room7" in Hosts([])
    assert "room7.school.example" in Hosts([])
    assert "room8.school.example" not in Hosts([])


def test_names_are_set_in_a_file(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('allowed_hosts = ["pad.example.org"]')
    assert settings.read(mine).allowed_hosts == ("pad.example.org",)
    assert settings.read().allowed_hosts == ()
    for wrong in ('"pad.example.org"', "[1]"):
        mine.write_text(f"allowed_hosts = {wrong}")
        with pytest.raises(settings.SettingsError, match="allowed_hosts must be a list of names"):
            settings.read(mine)


@pytest.mark.slow
def test_under_the_name_of_a_page_elsewhere_nothing_is_served() -> None:
    async def look() -> None:
        async with opened(allowed_hosts=["pad.example.org"]) as one:
            for path in ("/health", "/", PAD, "/voila/static/voila.js", "/nothing"):
                answer = await one.ask(path, Host="elsewhere.example:8866")
                assert answer.code == 421, path
                assert "Set-Cookie" not in answer.headers
                assert b"<code>elsewhere.example</code>" in answer.body
                assert b"allowed_hosts" in answer.body
            assert one.kernels == []
            for host in ("localhost:1", "192.168.0.10:8866", "pad.example.org", "teacher-pc.local"):
                assert (await one.ask("/health", Host=host)).code == 200, host

    run(look())
