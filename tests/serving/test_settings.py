"""The settings of the server: what a file may say, and what is reckoned."""

import dataclasses
import os
import tomllib
from pathlib import Path

import nbformat
import pytest
from voila.execute import VoilaExecutor

from digitrec import resources
from digitrec.serving import settings
from digitrec.serving.run import configuration


def write(folder: Path, text: str) -> Path:
    path = folder / "mine.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_packaged_file_has_every_setting_and_says_what_it_means() -> None:
    text = settings.PACKAGED.read_text(encoding="utf-8")
    names = [field.name for field in dataclasses.fields(settings.Settings)]
    assert list(tomllib.loads(text)) == names
    for paragraph in text.strip().split("\n\n")[1:]:
        *comment, last = paragraph.splitlines()
        assert comment, f"nothing is said about {last}"
        assert all(line.startswith("# ") for line in comment)


SETTINGS_OF_0_1 = """
host = "0.0.0.0"
port = 80
open_browser = false
waiting_pads = 3
most_pads = 30
starting_at_once = 2
abandoned_after = 100
look_every = 10
message_megabytes = 9
request_megabytes = 2
log = false
"""


def test_a_file_written_for_version_0_1_is_still_read(tmp_path: Path) -> None:
    chosen = settings.read(write(tmp_path, SETTINGS_OF_0_1))
    wanted = tomllib.loads(SETTINGS_OF_0_1)
    assert {name: getattr(chosen, name) for name in wanted} == wanted


def test_every_setting_of_the_package_could_stand_in_a_file_of_ones_own() -> None:
    assert settings.read(settings.PACKAGED) == settings.read()


def test_a_file_comes_before_the_package_and_the_caller_before_the_file(tmp_path: Path) -> None:
    path = write(tmp_path, 'port = 9000\nwaiting_pads = 3\nhost = "::"\nlook_every = 2.5\n')
    found = settings.read(path, host="0.0.0.0", open_browser=None)  # noqa: S104 - not opened
    assert (found.port, found.waiting_pads, found.look_every) == (9000, 3, 2.5)
    assert found.host == "0.0.0.0"  # noqa: S104 - as above
    assert found.open_browser is True
    assert found.abandoned_after == settings.read().abandoned_after


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("prot = 9000", "there is no setting 'prot'; the settings are host, port"),
        ("port = true", "port must be a whole number from 0 to 65535. Received: True"),
        ("port = 65536", "port must be a whole number from 0 to 65535. Received: 65536"),
        ("port = 80.0", "port must be a whole number from 0 to 65535. Received: 80.0"),
        ('port = "auto"', "port must be a whole number from 0 to 65535. Received: 'auto'"),
        ("host = 127", "host must be text in quotes. Received: 127"),
        ("log = 1", "log must be true or false. Received: 1"),
        ("waiting_pads = -1", 'from 0 to 100, or "auto". Received: -1'),
        ('most_pads = "many"', "from 1 to 10000, or \"auto\". Received: 'many'"),
        ("abandoned_after = nan", "abandoned_after must be a number from 1"),
        ("message_megabytes = [1]", r"message_megabytes must be a number from 0.1 to 1000"),
        ("[port]\nhere = 1", "port must be a whole number"),
        ("connections_per_pad = 0", "connections_per_pad must be a whole number from 1"),
        ("connections_per_address = 2.5", "connections_per_address must be a whole number from 0"),
        ("idle_after = 0", "idle_after must be a number from 1"),
        ("base_path = 3", "base_path must be text in quotes. Received: 3"),
        ('base_path = "digits"', 'base_path must be a path such as "/digits/"'),
        ('base_path = ""', "base_path must be a path such as"),
        ('base_path = "//pad.example/"', "Received: '//pad.example/'"),
        ('base_path = "/a/../b/"', "Received: '/a/../b/'"),
        ('base_path = "/di gits/"', "Received: '/di gits/'"),
        ('base_path = "/(.*)/"', "Received: '/(.*)/'"),
        ("port = ", "this is no TOML file ("),
    ],
)
def test_what_cannot_be_followed_is_said_in_a_line(tmp_path: Path, text: str, said: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(settings.SettingsError) as caught:
        settings.read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("said", "path"),
    [("/", "/"), ("/digits", "/digits/"), ("/digits/", "/digits/"), ("/a.b/c-d", "/a.b/c-d/")],
)
def test_a_base_path_may_leave_out_the_slash_at_its_end(said: str, path: str) -> None:
    assert settings.read(base_path=said).base_path == path


def test_a_file_that_is_not_there_or_not_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(settings.SettingsError, match=r"none\.toml: No such file"):
        settings.read(tmp_path / "none.toml")
    path = tmp_path / "picture.toml"
    path.write_bytes(b"\x89PNG\xff")
    with pytest.raises(settings.SettingsError, match="this is no TOML file"):
        settings.read(path)


@pytest.mark.parametrize("cores", [1, 2, 4, 8, 64])
@pytest.mark.parametrize("free", [0, 10**8, 10**9, 4 * 10**9, 24 * 10**9, 10**12])
def test_the_pads_that_wait_fit(cores: int, free: int) -> None:
    waiting = settings.num_waiting(cores, free)
    assert 1 <= waiting <= max(1, 2 * cores)
    assert waiting == 1 or waiting * settings.PAD_BYTES <= free / 4
    most = settings.num_pads(free)
    assert most == 2 or most * settings.PAD_BYTES + settings.TRAINING_BYTES <= free


def test_more_cores_and_more_memory_never_mean_fewer_pads() -> None:
    sizes = [settings.num_waiting(4, free) for free in range(0, 10**10, 10**8)]
    assert sizes == sorted(sizes)
    assert [settings.num_waiting(cores, 10**11) for cores in (1, 2, 3)] == [2, 4, 6]


def test_auto_becomes_a_number_and_what_waits_is_within_the_most(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings, "free_memory", lambda: 22 * 10**9)
    monkeypatch.setattr(settings, "num_cores", lambda: 2)
    found = settings.read()
    assert (found.waiting_pads, found.most_pads, found.starting_at_once) == (4, 170, 2)
    assert settings.read(most_pads=2).waiting_pads == 2
    assert settings.read(waiting_pads=0).waiting_pads == 0


def test_a_machine_that_does_not_say_what_is_free_is_taken_to_have_half(monkeypatch):
    def silent(path, **_):
        raise FileNotFoundError(path)

    monkeypatch.setattr(settings.Path, "read_text", silent)
    whole = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    assert settings.free_memory() == whole // 2


def test_a_container_has_what_it_is_allowed(monkeypatch):
    files = {"meminfo": "MemAvailable: 9000 kB", "memory.max": "5000", "memory.current": "3000"}
    monkeypatch.setattr(settings.Path, "read_text", lambda path, **_: files[path.name])
    assert settings.free_memory() == 2000
    files["memory.max"] = "max"
    assert settings.free_memory() == 9000 * 1024


def test_a_machine_that_does_not_bind_processes_offers_all_its_cores(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    assert settings.num_cores() == os.cpu_count()


def test_what_a_slow_kernel_shows_is_waited_for_and_never_left_out() -> None:
    config = configuration(resources.notebooks(), settings.read())
    executor = VoilaExecutor(nbformat.v4.new_notebook(), config=config)
    assert executor.iopub_timeout >= 60
    assert executor.raise_on_iopub_timeout
