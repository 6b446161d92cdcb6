"""The server's log: lines from other processes arrive whole, and harm neither side."""

import asyncio
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
