import os
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


def test_the_folder_is_its_users_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Turn(tmp_path / "deep" / "queue"):
            assert (tmp_path / "deep" / "queue").stat().st_mode & 0o7777 == 0o700
            for path in (tmp_path / "deep" / "queue").iterdir():
                assert path.stat().st_mode & 0o077 == 0
    finally:
        os.umask(before)


def test_a_link_in_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "queue").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(PermissionError, match=r"queue is a link; .*DIGITREC_QUEUE"):
        Turn(tmp_path / "queue").ahead()
    (tmp_path / "nowhere").symlink_to(tmp_path / "not there")
    with pytest.raises(PermissionError, match="nowhere is a link"):
        Turn(tmp_path / "nowhere").ahead()
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_folder_of_another_user_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "queue").mkdir(mode=0o700)
    mine = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: mine + 1)
    with pytest.raises(PermissionError, match="belongs to another user"):
        Turn(tmp_path / "queue").ahead()
    assert list((tmp_path / "queue").iterdir()) == []


@pytest.mark.parametrize("mode", [0o1777, 0o770, 0o702])
def test_a_folder_that_others_can_change_is_refused(tmp_path: Path, mode: int) -> None:
    (tmp_path / "queue").mkdir()
    (tmp_path / "queue").chmod(mode)
    with pytest.raises(PermissionError, match="can be changed by other users"):
        Turn(tmp_path / "queue").ahead()
    assert list((tmp_path / "queue").iterdir()) == []


def test_a_link_in_place_of_a_lock_empties_no_file(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("a week's work")
    queue = tmp_path / "queue"
    queue.mkdir(mode=0o700)
    (queue / "door.lock").symlink_to(precious)
    with pytest.raises(OSError, match=r"door\.lock"):
        Turn(queue).ahead()
    (queue / "door.lock").unlink()
    (queue / "000000001.ticket").symlink_to(precious)
    with Turn(queue) as turn:
        assert turn.ahead() == 0
    assert precious.read_text() == "a week's work"


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DIGITREC_QUEUE", str(tmp_path))
    assert turns.folder() == tmp_path
    monkeypatch.delenv("DIGITREC_QUEUE")
    assert turns.folder().name == f"digitrec-queue-{os.geteuid()}"


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
