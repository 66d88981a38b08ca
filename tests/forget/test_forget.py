"""``forget`` over real nights: what is on record of a mailbox that is gone for good goes, whole, and nothing of others does."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import timetable_sync.cli.forget
from tests.cli.command_line import typed
from tests.night_world import Meeting, NightWorld
from timetable_sync.config.load import Loaded, load
from timetable_sync.forget import OnRecord, forget
from timetable_sync.state.store import State, open_state

GONE, STAYS = "comp101@groups.example.ac.uk", "math101@groups.example.ac.uk"
TABLES = ("ledger", "sighting", "visited", "history", "run_calendar", "verdict", "held", "held_change", "held_count", "held_loss", "matter")


def lectures(*modules: str, weeks: int = 8) -> list[Meeting]:
    days = [datetime.now(UTC) + timedelta(days=1, weeks=week) for week in range(weeks)]
    return [(f"A-{module}", module, f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 10:00", "Logic", "R1") for module in modules for day in days]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NightWorld:
    """COMP101 was filled, its mailbox is gone, and the timetable does not name it any more; a night has said so."""
    made = NightWorld(tmp_path)
    monkeypatch.chdir(tmp_path)
    made.now = datetime.now(UTC)
    made.calendar("COMP101"), made.calendar("MATH101")
    made.timetable(lectures("COMP101", "MATH101"))
    assert made.night().exit_code == 0
    made.timetable(lectures("MATH101"))
    assert made.night().exit_code == 5, "it is held, so that there is something of everything on record"
    made.backend.store.add_address("in the dumpster", GONE)
    made.backend.store.close_calendar(GONE)
    assert made.night().exit_code == 1
    return made


def state_of(world: NightWorld) -> State:
    return open_state(load(world.configuration, {}).settings.state)


def on_record(world: NightWorld) -> list[str]:
    with state_of(world) as state:
        return [one.address for one in state.recorded.on_record("timetable")]


def rows(world: NightWorld, address: str) -> dict[str, int]:
    with sqlite3.connect(world.folder / "state.db") as database:
        query = "SELECT count(*) FROM {} WHERE address = ?"
        return {table: database.execute(query.format(table), (address,)).fetchone()[0] for table in TABLES}


def test_it_shows_what_is_on_record_and_forgets_it_where_somebody_says_so_and_nothing_of_others(
    world: NightWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    others, before = rows(world, STAYS), rows(world, GONE)
    assert all(before[table] for table in ("ledger", "history", "run_calendar", "verdict", "held", "held_change", "held_loss", "visited"))
    world.backend.requests.clear()

    assert typed("forget", "COMP101") == 2
    said = capsys.readouterr()
    assert "COMP101   comp101@groups.example.ac.uk\n  8 events on record, " in said.out
    assert "  fails since run 3, " in said.out
    assert ": there is no calendar comp101@groups.example.ac.uk\n  there was no such mailbox in the last 1 night" in said.out
    assert "1 calendar with 8 events on record would be forgotten; not confirmed, so nothing was" in said.err
    assert "To go ahead: timetable-sync forget COMP101 --yes 8" in said.err
    assert typed("forget", "COMP101", "--dry-run") == 0
    assert typed("forget", "COMP101", "--yes", "7") == 2
    assert rows(world, GONE) == before

    assert typed("forget", "COMP101", "--yes", "8") == 0
    assert "COMP101 is forgotten: 8 events on record, and 8 entries of history" in capsys.readouterr().out
    assert set(rows(world, GONE).values()) == {0}
    assert rows(world, STAYS) == others
    assert dict(world.backend.requests) == {}
    night = world.night()
    assert (night.exit_code, [report.calendar.address for report in night.calendars]) == (0, [STAYS])
    for line in (("held",), ("status",), ("history",), ("history", "3")):
        assert typed(*line) == 0
        assert GONE not in capsys.readouterr().out
    assert typed("forget", "COMP101") == 2
    assert 'nothing is on record of a calendar with the name or address "COMP101"' in capsys.readouterr().err


def test_it_tells_programs_the_same(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("forget", GONE, "--dry-run", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    (one,) = told["calendars"]
    assert (told["schema"], told["dry_run"], told["forgotten"]) == (1, True, {})
    assert (one["name"], one["address"], one["events"], one["failing_run"], one["gone_nights"]) == ("COMP101", GONE, 8, 3, 1)
    assert typed("forget", GONE, "--yes", "8", "--format", "json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["forgotten"]["ledger"], told["forgotten"]["history"]) == (8, 8)


@pytest.mark.parametrize("calendars", [["COMP101"], ["comp*", "MATH101"], [GONE]], ids=" ".join)
def test_what_the_timetable_names_is_refused_and_nothing_is_forgotten(
    world: NightWorld, capsys: pytest.CaptureFixture[str], calendars: list[str]
) -> None:
    world.timetable(lectures("COMP101", "MATH101"))
    before = rows(world, GONE), rows(world, STAYS)
    assert typed("forget", *calendars, "--yes", "8") == 2
    said = capsys.readouterr().err
    assert "COMP101 (comp101@groups.example.ac.uk) is in the timetable" in said
    assert "Take it out of the timetable first. To take out what was written there: timetable-sync purge COMP101" in said
    assert (rows(world, GONE), rows(world, STAYS)) == before


def test_a_timetable_that_says_nothing_at_all_does_not_say_that_a_calendar_is_not_asked_for(
    world: NightWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.timetable([])
    assert typed("forget", "COMP101", "--yes", "8") == 2
    assert "the timetable is empty" in capsys.readouterr().err
    (world.folder / "timetable.db").unlink()
    assert typed("forget", "COMP101", "--yes", "8") == 4
    assert GONE in on_record(world)


def test_while_another_run_is_at_work_nothing_is_forgotten(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    with state_of(world) as state, state.lease("run", timedelta(minutes=1)):
        assert typed("forget", "COMP101", "--yes", "8") == 6
    assert "another run is at work" in capsys.readouterr().err
    assert rows(world, GONE)["ledger"] == 8


def test_what_came_on_record_since_it_was_shown_is_not_forgotten(
    world: NightWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A night was faster than who was asked."""

    def later(loaded: Loaded, confirmed: Sequence[OnRecord]) -> dict[str, int]:
        with sqlite3.connect(world.folder / "state.db") as database:
            database.execute("DELETE FROM ledger WHERE address = ?", (GONE,))
        return forget(loaded, confirmed)

    monkeypatch.setattr(timetable_sync.cli.forget, "carry_out", later)
    assert typed("forget", "COMP101", "--yes", "8") == 2
    assert "COMP101: 0 events are on record, 8 were confirmed; nothing was forgotten" in capsys.readouterr().err
    assert rows(world, GONE)["history"] == 8


def test_where_nothing_says_that_the_mailbox_is_gone_it_is_said_what_that_means(
    world: NightWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    world.backend.store.add_address(GONE, "in the dumpster")
    world.night()
    assert typed("forget", "COMP101") == 2
    said = capsys.readouterr().out
    assert "nothing says that its mailbox is gone: if it is there, what stands in it stays" in said
    assert "timetable-sync purge COMP101" in said
    assert "fails since" not in said


def test_of_two_with_one_name_each_is_forgotten_by_its_address(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    text = world.configuration.read_text("utf-8")
    world.configuration.write_text(text.replace("@groups", "@new").replace('allow = ["', 'allow = ["*@groups.example.ac.uk", "'), "utf-8")
    for module in ("comp101", "math101"):
        world.backend.store.open_calendar(f"{module}@new.example.ac.uk")
    world.timetable(lectures("COMP101", "MATH101"))
    night = world.night()
    (failed,) = [report for report in night.calendars if report.calendar.address == GONE]
    assert failed.trouble is not None
    assert failed.trouble.advice.endswith(f"timetable-sync forget {GONE}")
    assert typed("forget", "COMP101", "--yes", "8") == 2
    assert "COMP101 (comp101@new.example.ac.uk) is in the timetable" in capsys.readouterr().err
    assert typed("forget", GONE, "--yes", "8") == 0
    assert GONE not in on_record(world)
    assert "comp101@new.example.ac.uk" in on_record(world)
