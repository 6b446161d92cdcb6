import subprocess
import sys
import threading
from pathlib import Path

import pytest

from digitrec.jobs import queue as turns
from digitrec.jobs.queue import Turn


def test_first_come_first_served(tmp_path: Path) -> None:
    first, second, third = (Turn(tmp_path) for _ in range(3))
    assert [turn.ahead() for turn in (first, second, third)] == [0, 1, 2]
    assert [turn.ahead() for turn in (third, first, second)] == [2, 0, 1]
    second.leave()
    assert third.ahead() == 1
    first.leave()
    assert third.ahead() == 0
    third.leave()


def test_leaving_removes_the_ticket(tmp_path: Path) -> None:
    with Turn(tmp_path) as turn:
        assert list(tmp_path.glob("*.ticket"))
        turn.leave()
        assert not list(tmp_path.glob("*.ticket"))
    turn.leave()


def test_who_left_queues_up_anew(tmp_path: Path) -> None:
    with Turn(tmp_path) as patient, Turn(tmp_path) as fickle:
        patient.leave()
        assert fickle.ahead() == 0
        assert patient.ahead() == 1


def test_a_killed_process_gives_up_its_place(tmp_path: Path) -> None:
    code = "import sys, time; from digitrec.jobs.queue import Turn; t = Turn(sys.argv[1])\n"
    code += "print(t.ahead(), flush=True); time.sleep(60)"
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "0\n"
        mine = Turn(tmp_path)
        assert mine.ahead() == 1
        other.kill()
        other.wait()
        assert mine.ahead() == 0
        mine.leave()
    assert not list(tmp_path.glob("*.ticket"))


def test_tickets_of_no_process_hold_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "000000007.ticket").touch()
    (tmp_path / "notes.txt").touch()
    with Turn(tmp_path) as turn:
        assert turn.ahead() == 0
        assert [path.name for path in tmp_path.glob("*.ticket")] == ["000000008.ticket"]


def test_a_ticket_that_cannot_be_opened_holds_nobody_up(tmp_path: Path) -> None:
    (tmp_path / "000000007.ticket").mkdir()
    with Turn(tmp_path) as turn:
        assert turn.ahead() == 0


def test_many_threads_get_different_places(tmp_path: Path) -> None:
    taken = [Turn(tmp_path) for _ in range(8)]
    places: list[int] = []
    threads = [
        threading.Thread(target=lambda turn=turn: places.append(turn.ahead())) for turn in taken
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(places) == list(range(8))
    assert len(list(tmp_path.glob("*.ticket"))) == 8
    del taken, threads  # their locks go with them
    with Turn(tmp_path) as turn:
        assert turn.ahead() == 0


def test_the_folder_is_everybodys(tmp_path: Path) -> None:
    with Turn(tmp_path / "queue"):
        assert (tmp_path / "queue").stat().st_mode & 0o7777 == 0o1777
        for path in (tmp_path / "queue").iterdir():
            assert path.stat().st_mode & 0o666 == 0o666


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITREC_QUEUE", str(tmp_path))
    assert turns.folder() == tmp_path
    monkeypatch.delenv("DIGITREC_QUEUE")
    assert turns.folder().name == "digitrec-queue"


def test_a_file_in_place_of_the_folder_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "queue").touch()
    with pytest.raises(OSError, match="queue"):
        Turn(tmp_path / "queue").ahead()


def test_the_lock_is_not_inherited(tmp_path: Path) -> None:
    with (
        Turn(tmp_path) as mine,
        subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other,
    ):
        mine.leave()
        with Turn(tmp_path) as next_one:
            assert next_one.ahead() == 0
        other.kill()
