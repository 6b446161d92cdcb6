"""The server's log: lines from other processes arrive whole, and harm neither side."""

import asyncio
import logging
import re
import subprocess
import sys
from pathlib import Path

import pytest

from digitrec import journal

SPEAKER = "import sys; from digitrec import journal; [journal.say(line) for line in sys.argv[1:]]"


def heard_from(folder: Path, *said: list[str]) -> list[str]:
    """Return what a journal hears of several processes that speak at the same time."""
    heard: list[str] = []

    async def listen() -> None:
        listening = journal.Journal(folder, heard.append)
        speakers = [
            await asyncio.create_subprocess_exec(sys.executable, "-c", SPEAKER, *lines)
            for lines in said
        ]
        for speaker in speakers:
            assert await speaker.wait() == 0
        await asyncio.sleep(0.1)
        listening.close()

    asyncio.run(listen())
    return heard


def test_lines_of_many_processes_arrive_whole(tmp_path: Path) -> None:
    said = [[f"A training of {name} begins."] * 20 for name in "abc"]
    assert sorted(heard_from(tmp_path, *said)) == sorted(line for lines in said for line in lines)


def test_a_line_is_one_line_and_cannot_move_the_cursor(tmp_path: Path) -> None:
    heard = heard_from(tmp_path, ["one\ntwo\x1b[2Jthree", "x" * 10_000])
    assert heard == ["one two [2Jthree", "x" * 120]


def test_nobody_need_listen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in ("", str(tmp_path / "none"), str(tmp_path)):
        monkeypatch.setenv(journal.VARIABLE, path)
        journal.say("A training begins.")
    pipe = tmp_path / "left"
    subprocess.run(["mkfifo", str(pipe)], check=True)  # its listener has gone
    monkeypatch.setenv(journal.VARIABLE, str(pipe))
    journal.say("A training begins.")


def test_a_line_is_shown_with_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    journal.show("A visitor\tcomes.")
    shown = capsys.readouterr().out
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d A visitor comes\.\n", shown)


def test_no_more_lines_than_so_many_a_minute_and_then_their_number(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, heard = [100.0], []
    monkeypatch.setattr(journal.time, "monotonic", lambda: now[0])
    bound = journal.Bound(heard.append, most=3)
    for number in range(1000):
        bound(f"Line {number}")
    now[0] += 60
    bound("Later")
    assert heard == ["Line 0", "Line 1", "Line 2", "997 lines were left out here.", "Later"]


def test_an_error_is_said_without_what_was_sent(tmp_path: Path) -> None:
    heard: list[str] = []
    library = logging.Logger("library")
    library.addHandler(journal.Faults(heard.append))
    library.error("%s sent nonsense", "10.0.0.7")
    library.warning("%s was refused", "10.0.0.7")
    for path in (tmp_path / "none", tmp_path):
        try:
            path.read_text()
        except OSError:
            library.exception("10.0.0.7 asked for %s", path)
    here = r"serving/test_journal\.py:\d+"
    assert re.fullmatch(rf"Something went wrong: an error of library at {here}\.", heard[0])
    assert [line.partition(" at ")[0] for line in heard[1:]] == [
        "Something went wrong: FileNotFoundError (No such file or directory)",
        "Something went wrong: IsADirectoryError (Is a directory)",
    ]
    assert "10.0.0.7" not in "".join(heard)
    assert str(tmp_path) not in "".join(heard)


def test_of_what_kernels_print_the_kinds_of_errors_are_heard(tmp_path: Path) -> None:
    printed = (
        "KeyError: '10.0.0.7'\n  File x\nhello\nOSError: no room\nValueErrors\n" + "x" * 10_000
    )
    heard: list[str] = []

    async def listen() -> None:
        complaints = journal.Complaints(tmp_path, heard.append)
        program = f"import sys; sys.stderr.write({printed!r})"
        speaker = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, stderr=complaints.end
        )
        assert await speaker.wait() == 0
        await asyncio.sleep(0.1)
        complaints.close()

    asyncio.run(listen())
    assert heard == ["A pad reports KeyError", "A pad reports OSError: no room"]
