"""Purges over real nights: what we wrote goes, and only that."""

import io
import json
import sqlite3
import threading
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

import timetable_sync.cli.purge
from tests.cli.command_line import typed
from tests.night_world import Meeting, NightWorld
from timetable_sync.apply.progress import Silent
from timetable_sync.apply.retry import RetryPolicy
from timetable_sync.config.load import load
from timetable_sync.errors import CalendarError, TransientError, UsageError
from timetable_sync.purge import PurgeRequest, purge
from timetable_sync.reports.summary import RunSummary, Status
from timetable_sync.reports.text import write
from timetable_sync.state.run_records import PURGE
from timetable_sync.state.store import open_state

ADDRESS = "comp101@groups.example.ac.uk"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NightWorld:
    """A night was there: ten events in COMP101 beside one of others, twelve in MATH101."""
    made = NightWorld(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(
        timetable_sync.cli.purge,
        "carry_out",
        partial(purge, connect=lambda settings, token: made.backend, pace=RetryPolicy(0.001, 0.01, 4)),
    )
    made.calendar("COMP101"), made.calendar("MATH101")
    made.timetable([*weekly(), *weekly("M1", "MATH101", 12)])
    assert made.night().exit_code == 0
    nine = datetime(2026, 10, 14, 9, tzinfo=UTC)
    made.backend.people.add_appointment(ADDRESS, nine, nine + timedelta(hours=1), "Staff meeting")
    return made


def test_a_mailbox_that_is_found_by_two_addresses_is_purged_once(world: NightWorld) -> None:
    other = "logic@groups.example.ac.uk"
    world.backend.store.add_address(other, ADDRESS)
    seen = purged(world, ADDRESS, other)
    assert {report.calendar.address: report.deleted for report in seen.calendars} == {ADDRESS: 10, other: 0}
    done = purged(world, ADDRESS, other, confirmed={ADDRESS: 10, other: 0})
    assert (done.exit_code, [item.subject for item in world.backend.people.see(ADDRESS)]) == (0, ["Staff meeting"])


def weekly(activity: str = "A1", module: str = "COMP101", weeks: int = 10) -> list[Meeting]:
    days = [datetime(2026, 10, 14, tzinfo=UTC) + timedelta(weeks=week) for week in range(weeks)]
    return [(activity, module, f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 10:00", "Logic", "R1") for day in days]


def purged(world: NightWorld, *calendars: str, confirmed: Mapping[str, int] | None = None, since: datetime | None = None) -> RunSummary:
    return purge(
        load(world.configuration, {}),
        PurgeRequest(world.now, calendars, since, confirmed),
        progress=Silent(),
        stop=threading.Event(),
        connect=lambda settings, token: world.backend,
        pace=RetryPolicy(first=0.001, longest=0.01, attempts=4),
    )


def subjects(world: NightWorld, address: str = ADDRESS) -> list[str]:
    return [item.subject for item in world.backend.people.see(address)]


class Terminal(io.StringIO):
    """Standard input that somebody types at."""

    def isatty(self) -> bool:
        return True


def test_what_we_wrote_goes_to_deleted_items_and_everything_else_stays(world: NightWorld) -> None:
    summary = purged(world, "COMP101", confirmed={ADDRESS: 10})
    assert summary.exit_code == 0
    assert subjects(world) == ["Staff meeting"]
    assert [item.subject for item in world.backend.people.see_deleted(ADDRESS)] == ["Logic"] * 10
    assert len(subjects(world, "math101@groups.example.ac.uk")) == 12
    with open_state(load(world.configuration, {}).settings.state, read_only=True) as state:
        run = state.last_run("timetable")
        assert run is not None
        assert (run.kind, run.id, run.exit_code, run.calendars) == (PURGE, 2, 0, ("COMP101",))
        changes = state.changes("timetable", run_id=2)
        assert {(change.action, change.reason, change.outcome) for change in changes} == {("delete", "a purge took it out", "done")}
        assert len(changes) == 10
        assert [calendar.name for calendar in state.ledger_calendars("timetable")] == ["MATH101"]


def test_a_dry_run_writes_nothing_anywhere(world: NightWorld) -> None:
    before = world.backend.requests["apply"]
    summary = purged(world, "COMP101")
    assert (summary.exit_code, summary.run, summary.dry_run) == (0, None, True)
    assert summary.calendars[0].deleted == 10
    assert world.backend.requests["apply"] == before
    with sqlite3.connect(world.folder / "state.db") as database:
        assert database.execute("SELECT count(*) FROM run").fetchone() == (1,)


def test_the_past_goes_as_well_unless_it_is_left_out(world: NightWorld) -> None:
    world.now += timedelta(weeks=5)
    since = world.now
    assert purged(world, "COMP101", confirmed={ADDRESS: 5}, since=since).exit_code == 0
    assert len(subjects(world)) == 6
    assert purged(world, "COMP101", confirmed={ADDRESS: 5}).exit_code == 0
    assert subjects(world) == ["Staff meeting"]


def test_nothing_is_written_where_something_else_stands_than_was_confirmed(world: NightWorld) -> None:
    item = next(item for item in world.backend.people.see(ADDRESS) if item.marker is not None)
    world.backend.people.delete(ADDRESS, item.id)
    with pytest.raises(UsageError, match="9 of our events stand there, 10 were confirmed; nothing was written"):
        purged(world, "COMP101", confirmed={ADDRESS: 10})
    with pytest.raises(UsageError, match="12 of our events stand there, 0 were confirmed"):
        purged(world, "*", confirmed={ADDRESS: 9})
    assert len(subjects(world)) == 10


def test_addresses_that_are_not_allowed_and_calendars_that_are_only_reported_stay(world: NightWorld) -> None:
    text = world.configuration.read_text()
    world.configuration.write_text(text.replace("[event]", 'report_only = ["COMP*"]\n[event]'))
    summary = purged(world, "COMP101", confirmed={})
    assert [(report.status, report.deleted) for report in summary.calendars] == [(Status.REPORT_ONLY, 10)]
    world.configuration.write_text(text.replace('allow = ["*@', 'allow = ["math*@'))
    summary = purged(world, "COMP101", confirmed={})
    assert (summary.exit_code, [report.status for report in summary.calendars]) == (1, [Status.FAILED])
    assert "matches none of the patterns in calendars.allow" in str(summary.calendars[0].trouble)
    assert len(subjects(world)) == 11


def test_the_pilot_does_not_keep_what_was_written_before_it_was_narrowed(world: NightWorld) -> None:
    world.configuration.write_text(world.configuration.read_text().replace("[event]", 'pilot = ["MATH*"]\n[event]'))
    assert purged(world, "COMP101", confirmed={ADDRESS: 10}).exit_code == 0
    assert subjects(world) == ["Staff meeting"]


def test_without_the_state_database_a_whole_address_is_enough(world: NightWorld) -> None:
    (world.folder / "state.db").unlink()
    with pytest.raises(UsageError, match='no calendar with the name or address "COMP101" is on record'):
        purged(world, "COMP101", confirmed={ADDRESS: 10})
    assert purged(world, ADDRESS.upper(), confirmed={ADDRESS: 10}).exit_code == 0
    assert subjects(world) == ["Staff meeting"]


def test_events_of_another_source_and_of_a_series_stay(world: NightWorld) -> None:
    ours = [item for item in world.backend.people.see(ADDRESS) if item.marker is not None]
    world.backend.people.edit(ADDRESS, ours[0].id, series=True)
    marker = str(ours[1].marker).replace(" timetable/", " exams/")
    world.backend.people.edit(ADDRESS, ours[1].id, marker=marker)
    summary = purged(world, "COMP101", confirmed={ADDRESS: 8})
    assert (summary.exit_code, len(summary.calendars[0].left_alone), summary.calendars[0].foreign) == (0, 1, 2)
    assert len(subjects(world)) == 3


def test_the_next_night_makes_anew_what_the_timetable_still_has_and_a_stamp_does_not_hide_it(world: NightWorld) -> None:
    assert world.night().exit_code == 0
    assert purged(world, "COMP101", confirmed={ADDRESS: 10}).exit_code == 0
    summary = world.night()
    assert [(report.calendar.name, report.created) for report in summary.calendars if report.changes] == [("COMP101", 10)]
    assert world.night().calendars[0].status is Status.UNCHANGED


def test_a_purge_that_fails_on_its_way_is_on_record_and_done_by_the_next_one(world: NightWorld) -> None:
    world.backend.batch = 4
    world.backend.faults.fail("apply", CalendarError("no access", "Give it."), after=1, calendar=ADDRESS)
    assert purged(world, "COMP101", confirmed={ADDRESS: 10}).exit_code == 1
    left = len(subjects(world)) - 1
    assert 0 < left < 10
    world.backend.faults.clear()
    assert purged(world, "COMP101", confirmed={ADDRESS: left}).exit_code == 0
    assert subjects(world) == ["Staff meeting"]


def test_a_purge_that_is_cut_short_says_to_type_it_again(world: NightWorld) -> None:
    world.backend.batch = 4
    stop = threading.Event()

    class StopsAfterOne(Silent):
        def step(self, count: int = 1) -> None:
            if world.backend.requests["apply"] > applied:
                stop.set()

    applied = world.backend.requests["apply"]
    summary = purge(
        load(world.configuration, {}),
        PurgeRequest(world.now, ("COMP101", "MATH*"), confirmed={ADDRESS: 10, "math101@groups.example.ac.uk": 12}),
        progress=StopsAfterOne(),
        stop=stop,
        connect=lambda settings, token: world.backend,
    )
    assert summary.exit_code == 1
    told = io.StringIO()
    write(summary, told)
    assert "cut short: it was asked to stop; " in told.getvalue()
    assert "stay until the purge is run again" in told.getvalue()
    assert "next night" not in told.getvalue()
    assert "next run" not in told.getvalue()


def test_a_purge_whose_calendar_stays_busy_says_to_type_it_again(world: NightWorld) -> None:
    world.backend.faults.fail("apply", TransientError("busy", scope="calendar"), times=None, calendar=ADDRESS)
    summary = purged(world, "COMP101", confirmed={ADDRESS: 10})
    assert summary.exit_code == 1
    (report,) = summary.calendars
    assert report.trouble is not None
    assert report.trouble.advice == "Type it again: timetable-sync purge COMP101"


def test_it_works_alone(world: NightWorld) -> None:
    settings = load(world.configuration, {}).settings
    with open_state(settings.state) as state, state.lease("run", settings.state.lease):
        summary = purged(world, "COMP101", confirmed={ADDRESS: 10})
        assert summary.exit_code == 6
        # A look disturbs nobody.
        assert purged(world, "COMP101").exit_code == 0
    assert len(subjects(world)) == 11


def test_what_a_guard_held_there_is_held_no_longer(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    world.timetable([*weekly(weeks=2), *weekly("M1", "MATH101", 12)])
    assert world.night().exit_code == 5
    purged(world, "COMP101", confirmed={ADDRESS: 10})
    assert typed("held") == 0
    assert capsys.readouterr().out == "Nothing is held.\n"


def test_a_person_is_shown_what_would_go_and_types_the_calendars_name(
    world: NightWorld, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", Terminal("math101\n"))
    assert typed("purge", "comp101") == 2
    said = capsys.readouterr()
    assert said.out.splitlines()[:4] == [
        "COMP101   comp101@groups.example.ac.uk",
        "  10 events of ours, 14 Oct 2026 - 16 Dec 2026",
        "    - Wed 14 Oct 2026 09:00 - 10:00   Logic",
        "    - Wed 21 Oct 2026 09:00 - 10:00   Logic",
    ]
    assert "      and 5 more; -v shows all of them\n  1 event of others would stay\n" in said.out
    assert "10 events in 1 calendar would be moved to Deleted Items. Nothing was written yet." in said.err
    assert "not confirmed: nothing was written" in said.err
    assert len(subjects(world)) == 11
    monkeypatch.setattr("sys.stdin", Terminal("Comp101\n"))
    assert typed("purge", "--calendar", "COMP101") == 0
    told = capsys.readouterr().out
    assert "1 calendar   10 events of ours moved to Deleted Items" in told
    assert "What the timetable still has, the next night makes anew." in told
    assert subjects(world) == ["Staff meeting"]


def test_where_nobody_can_be_asked_the_number_has_to_be_named(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    assert typed("purge", "COMP101", "MATH101") == 2
    said = capsys.readouterr().err
    assert "22 events in 2 calendars would be moved to Deleted Items; not confirmed, so nothing was written" in said
    assert "To go ahead: timetable-sync purge COMP101 MATH101 --yes 22" in said
    assert typed("purge", "COMP101", "MATH101", "--yes", "21") == 2
    assert "--yes 21: it is 22 events in 2 calendars; nothing was written" in capsys.readouterr().err
    assert len(subjects(world)) == 11
    assert typed("purge", "COMP101", "MATH101", "--yes", "22", "--report", "gone.html", "--format", "json") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["kind"], document["figures"]["effective"]["deleted"], document["run"]) == ("purge", 22, 2)
    assert "Logic" in (world.folder / "gone.html").read_text("utf-8")
    assert subjects(world) == ["Staff meeting"]


def test_explain_history_and_status_tell_of_it(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    purged(world, "COMP101", confirmed={ADDRESS: 10})
    assert typed("explain", "A1/2026-W43", "--no-timetable") == 0
    told = capsys.readouterr().out
    assert "moved to Deleted Items: somebody had everything of ours taken out of this calendar (purge)" in told
    assert typed("history") == 0
    assert "purge; only COMP101" in capsys.readouterr().out
    assert typed("status") == 0
    told = capsys.readouterr().out
    assert "last night    done   run 1" in told


def test_an_empty_calendar_needs_no_confirmation(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    purged(world, "COMP101", confirmed={ADDRESS: 10})
    assert typed("purge", "COMP101") == 0
    told = capsys.readouterr()
    assert "nothing of ours" in told.out
    assert told.err == ""


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("purge",), "purge: which calendars?"),
        (("purge", "COMP101", "--yes", "1", "--dry-run"), "--yes does not go with --dry-run"),
        (("purge", "COMP101", "--from", "yesterday"), '--from: "yesterday" is not a day'),
        (("purge", "HIST*"), 'no calendar with the name or address "HIST*" is on record'),
    ],
)
def test_mistakes_are_said(world: NightWorld, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str) -> None:
    del world
    assert typed(*words) == 2
    assert said in capsys.readouterr().err
