"""``status``, ``history`` and ``held`` over real nights, typed as people type them; what is forgotten, and when."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command_line import typed
from tests.night_world import Meeting, NightWorld


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NightWorld:
    monkeypatch.chdir(tmp_path)
    return NightWorld(tmp_path)


def weekly(activity: str = "A1", module: str = "COMP101", weeks: int = 10) -> list[Meeting]:
    days = [datetime(2026, 10, 14, tzinfo=UTC) + timedelta(weeks=week) for week in range(weeks)]
    return [(activity, module, f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 10:00", "Logic", "R1") for day in days]


def maths(many: int = 12) -> list[Meeting]:
    return [row for number in range(many) for row in weekly(f"M{number}", "MATH101", 8)]


def hold_a_calendar(world: NightWorld) -> None:
    """A good night, then one that holds COMP101: 8 of its 10 events would go."""
    world.calendar("COMP101"), world.calendar("MATH101")
    world.timetable([*weekly(), *maths()])
    assert world.night().exit_code == 0
    world.timetable([*weekly(weeks=2), *maths()])
    assert world.night().exit_code == 5


def asked(capsys: pytest.CaptureFixture[str], *words: str) -> Any:
    assert typed(*words, "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schema"] == 1
    return found


def test_held_names_the_events_that_would_be_deleted_and_how_to_release_them(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    hold_a_calendar(world)
    assert typed("held", "COMP101") == 0
    told = capsys.readouterr().out
    assert "COMP101: 8 of 10 events would be deleted, the limit is 30 %, at least 5" in told
    assert "8 to be deleted" in told
    assert told.count("    - ") == 8
    assert "    - Wed 28 Oct 2026 09:00 - 10:00   COMP101" not in told  # the subject is the title here
    assert "    - Wed 28 Oct 2026 09:00 - 10:00   Logic" in told
    assert "timetable-sync run --calendar COMP101 --force-guard deletes_in_calendar" in told


def test_what_is_held_since_when_is_kept_from_night_to_night_and_released_once(
    world: NightWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    hold_a_calendar(world)
    world.night()
    (thing,) = asked(capsys, "held")["held"]
    assert (thing["since_run"], thing["run"], thing["count"], thing["calendars"][0]["deleted"]) == (2, 3, 8, 8)
    assert len(thing["calendars"][0]["changes"]) == 8
    released = world.night(calendars=("COMP101",), forced=["deletes_in_calendar"])
    assert (released.exit_code, released.calendars[0].deleted) == (0, 8)
    assert asked(capsys, "held")["held"] == []
    assert typed("held") == 0
    assert capsys.readouterr().out == "Nothing is held.\n"


def test_a_night_that_did_not_come_to_judge_leaves_what_is_held_on_record(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    hold_a_calendar(world)
    away = world.database.rename(world.folder / "away.db")
    assert world.night().exit_code == 4
    assert len(asked(capsys, "held")["held"]) == 1
    away.rename(world.database)
    assert world.night(calendars=("MATH101",)).exit_code == 0
    assert len(asked(capsys, "held")["held"]) == 1
    world.timetable([*weekly(), *maths()])
    assert world.night().exit_code == 0
    assert asked(capsys, "held")["held"] == []


def test_a_held_run_names_the_calendars_that_wait(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(8):
        world.calendar(f"COMP{number}")
    world.timetable([row for number in range(8) for row in weekly(f"A{number}", f"COMP{number}")])
    world.night()
    world.timetable([row for number in range(8) for row in weekly(f"A{number}", f"COMP{number}", 7)])
    assert world.night().exit_code == 5
    assert typed("held") == 0
    told = capsys.readouterr().out
    assert "The whole run: " in told
    assert "COMP3   3 to be deleted" in told
    assert typed("held", "COMP3") == 0
    assert capsys.readouterr().out.count("    - ") >= 3


def test_an_empty_timetable_is_held_and_nothing_releases_it(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    hold_a_calendar(world)
    world.timetable([])
    world.night()
    assert typed("held") == 0
    told = capsys.readouterr().out
    assert "The whole run: the timetable is empty" in told
    assert "Nothing releases this guard" in told
    assert "COMP101: 8 of 10" in told


def test_status_tells_last_night_next_start_what_is_held_and_the_certificate(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    hold_a_calendar(world)
    assert typed("status") == 0
    told = capsys.readouterr().out
    assert "last night    1 calendar held   run 2" in told
    assert "at work       nobody" in told
    assert "held          COMP101: 8 of 10 events" in told
    assert "299 days" in told
    found = asked(capsys, "status")
    assert found["last_success"]["run"] == 1
    assert [run["outcome"] for run in found["runs"]] == ["held", "done"]
    assert datetime.fromisoformat(str(found["next_start"])) > datetime.now(UTC)


def test_status_before_the_first_run_says_so(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("status") == 0
    assert "No run is on record" in capsys.readouterr().out
    assert not (world.folder / "state.db").exists()


def test_history_lists_runs_and_filters_them(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    hold_a_calendar(world)
    world.database.rename(world.folder / "away.db")
    world.night()

    def numbers(*words: str) -> list[int]:
        return [run["run"] for run in asked(capsys, "history", *words)["runs"]]

    assert numbers() == [3, 2, 1]
    assert numbers("--outcome", "held") == [2]
    assert numbers("--outcome", "failed", "--outcome", "done") == [3, 1]
    assert numbers("--calendar", "comp*") == [2, 1]
    assert numbers("--days", "1", "--most", "1") == [3]
    assert typed("history", "--outcome", "fine") == 2
    assert "There are: done, failed, held, killed, working." in capsys.readouterr().err


def test_history_shows_one_run_in_full(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    hold_a_calendar(world)
    found = asked(capsys, "history", "1")
    assert len(found["changes"]) == 106
    assert found["figures"]["changes"]["created"] == {"done": 106}
    assert typed("history", "2") == 0
    told = capsys.readouterr().out
    assert "COMP101: 8 of 10 events would be deleted" in told
    assert typed("history", "99") == 2
    assert "there is no run 99 on record" in capsys.readouterr().err


def test_a_run_that_was_killed_is_told_from_one_at_work(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    hold_a_calendar(world)
    with sqlite3.connect(world.folder / "state.db") as database:
        database.execute("UPDATE run SET finished = NULL, exit_code = NULL WHERE id = 2")
    assert typed("history") == 0
    assert "killed: it never came to its end" in capsys.readouterr().out


def test_old_runs_and_their_history_are_forgotten_at_the_end_of_a_night_and_quiet_nights_too(
    world: NightWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    hold_a_calendar(world)
    world.timetable([*weekly(), *maths()])
    world.night()
    with sqlite3.connect(world.folder / "state.db") as database:
        database.execute("UPDATE run SET started = datetime('now', '-731 days') WHERE id IN (1, 2)")
    assert world.night().exit_code == 0
    assert [run["run"] for run in asked(capsys, "history")["runs"]] == [4, 3]
    with sqlite3.connect(world.folder / "state.db") as database:
        assert database.execute("SELECT count(*) FROM history WHERE run_id < 3").fetchone() == (0,)
        assert database.execute("SELECT count(*) FROM ledger").fetchone() == (106,)
    assert typed("explain", "A1/2026-W42") == 0
    assert "No change of it is on record" in capsys.readouterr().out
