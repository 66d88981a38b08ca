"""An event's story, over real nights: created, moved, edited by a person, restored, cancelled."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.command_line import typed
from tests.night_world import Meeting, NightWorld


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NightWorld:
    made = NightWorld(tmp_path)
    text = made.configuration.read_text("utf-8")
    columns = 'cancelled = { column = "title", values = ["Cancelled"] }\n[calendars]'
    made.configuration.write_text(text.replace("[calendars]", columns), "utf-8")
    monkeypatch.chdir(tmp_path)
    return made


def weekly(weeks: int = 8, title: str = "Logic") -> list[Meeting]:
    days = [datetime(2026, 10, 14, tzinfo=UTC) + timedelta(weeks=week) for week in range(weeks)]
    return [("A1", "COMP101", f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 10:00", title, "R1") for day in days]


def live_through(world: NightWorld) -> None:
    """Five nights of one event: made, moved, edited and put back, deleted and made anew, cancelled."""
    address = world.calendar("COMP101")
    rows = weekly()
    world.timetable(rows)
    assert world.night().exit_code == 0
    rows[2] = ("A1", "COMP101", "2026-10-30 14:00", "2026-10-30 15:00", "Logic", "R7")
    world.timetable(rows)
    assert world.night().exit_code == 0
    at = datetime(2026, 10, 30, 14, tzinfo=UTC)
    (item,) = [item for item in world.backend.people.see(address) if item.start == at]
    world.backend.people.edit(address, item.id, subject="Party", start=at + timedelta(hours=1), end=at + timedelta(hours=2))
    assert world.night().exit_code == 0
    (item,) = [item for item in world.backend.people.see(address) if item.start == at]
    world.backend.people.delete(address, item.id)
    assert world.night().exit_code == 0
    rows[2] = ("A1", "COMP101", "2026-10-30 14:00", "2026-10-30 15:00", "Cancelled", "R7")
    world.timetable(rows)
    assert world.night().exit_code == 0


def test_explain_tells_what_happened_to_an_event_from_what_to_what_when_and_why(
    world: NightWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    live_through(world)
    assert typed("explain", "COMP101", "2026-10-30") == 0
    told = capsys.readouterr().out
    heads = [re.split(" {2,}", line.strip())[1:] for line in told.splitlines() if "   run " in line]
    assert heads == [
        ["run 1", "created: it is in the timetable"],
        ["run 2", "changed: the timetable changed"],
        ["run 3", "put back: someone edited it"],
        ["run 4", "made anew: someone deleted it"],
        ["run 5", "moved to Deleted Items: the timetable no longer has it here, or it was cancelled"],
    ]
    moved = "      time        Wed 28 Oct 2026 09:00 - 10:00  ->  Fri 30 Oct 2026 14:00 - 15:00"
    assert moved in told
    assert "      location    R1  ->  R7" in told
    assert "      time        Fri 30 Oct 2026 15:00 - 16:00  ->  Fri 30 Oct 2026 14:00 - 15:00" in told
    assert "      subject     Party  ->  Logic" in told
    assert "it is not in the calendar" in told
    assert "In the timetable now, 1 row: cancelled, Fri 30 Oct 2026 14:00 - 15:00" in told
    assert "3  A1        COMP101  2026-10-30 14:00  2026-10-30 15:00  Cancelled  R7" in told


def test_programs_get_the_same_story(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    live_through(world)
    assert typed("explain", "timetable/2026%2F27/A1/2026-W44/1", "--format", "json") == 0
    (event,) = json.loads(capsys.readouterr().out)["events"]
    assert [(change["action"], change["outcome"]) for change in event["changes"]] == [
        ("create", "done"),
        ("update", "done"),
        ("update", "done"),
        ("create", "done"),
        ("delete", "done"),
    ]
    assert (event["changes"][2]["before"]["subject"], event["changes"][2]["after"]["subject"]) == ("Party", "Logic")
    assert not event["stands"]
    assert event["timetable"]["cancelled"]
    assert [row["row"] for row in event["timetable"]["rows"]] == [3]


def test_a_row_that_is_set_aside_is_shown_with_its_reason(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    world.calendar("COMP101")
    world.timetable(weekly())
    world.night()
    rows = weekly()
    rows[1] = ("A1", "COMP101", "2026-10-21 09:00", "2026-10-21 08:00", "Logic", "R1")
    world.timetable(rows)
    assert typed("explain", "A1/2026-W43") == 0
    told = capsys.readouterr().out
    assert "In the timetable now, 1 row: but none of them can be used" in told
    assert "row 2 is set aside: end before start" in told
    assert "it is in the calendar" in told


def test_meetings_of_a_week_keep_their_numbers_when_their_rows_are_looked_up(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    world.calendar("COMP101")
    second = ("A1", "COMP101", "2026-10-15 11:00", "2026-10-15 12:00", "Logic", "R2")
    other_room = ("A1", "COMP101", "2026-10-15 11:00", "2026-10-15 12:00", "Logic", "R3")
    world.timetable([second, *weekly(), other_room])
    world.night()
    assert typed("explain", "A1/2026-W42/2", "--format", "json") == 0
    (event,) = json.loads(capsys.readouterr().out)["events"]
    assert [row["cells"]["room"] for row in event["timetable"]["rows"]] == ["R2", "R3"]


def test_a_timetable_that_is_away_leaves_the_story_and_says_so(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    live_through(world)
    world.database.unlink()
    assert typed("explain", "COMP101", "2026-10-30") == 4
    said = capsys.readouterr()
    assert "put back: someone edited it" in said.out
    assert "the rows that it comes from now could not be looked up" in said.err
    assert typed("explain", "COMP101", "2026-10-30", "--no-timetable") == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("COMP999", "2026-10-30"), 'no calendar with the name or address "COMP999" is on record'),
        (("COMP101", "2026-10-31"), "nothing of ours was ever in COMP101 on 31 Oct 2026"),
        (("COMP101", "30.10."), '"30.10." is not a day'),
        (("COMP101",), "COMP101 is a calendar: which day?"),
        (("nothing-like-it",), 'no event with "nothing-like-it" in its key is on record'),
    ],
)
def test_what_is_not_found_is_said_with_what_to_do(
    world: NightWorld, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    live_through(world)
    assert typed("explain", *words) == 2
    assert said in capsys.readouterr().err
