"""What is wrong with a timetable is found, kind by kind, with counts and examples; and which events are at the same time."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.preview.college import MOMENT, made
from timetable_sync.config.load import Loaded
from timetable_sync.model.event import Event
from timetable_sync.model.ledger_entry import LedgerEntry
from timetable_sync.model.snapshot import ItemRef
from timetable_sync.planning.horizon import window_of
from timetable_sync.preview.check import Checked, Limits, check_timetable, overlaps
from timetable_sync.preview.data_issues import DataIssue, IssueKind
from timetable_sync.preview.request import PreviewRequest
from timetable_sync.state.store import open_state
from timetable_sync.timetable.mapping_id import mapping_id
from timetable_sync.timetable.reader import read_timetable


@pytest.fixture
def loaded(tmp_path: Path) -> Loaded:
    return made(tmp_path)


def checked(loaded: Loaded, **limits: object) -> Checked:
    return check_timetable(loaded, PreviewRequest(MOMENT), replace(Limits(), **limits))  # type: ignore[arg-type]  # each test names its own


def found(of: Checked, kind: IssueKind) -> DataIssue:
    (finding,) = [finding for finding in of.findings if finding.kind is kind]
    return finding


def test_every_kind_is_in_the_result_once(loaded: Loaded) -> None:
    assert sorted(finding.kind for finding in checked(loaded).findings) == sorted(IssueKind)


def test_rows_that_are_set_aside_stand_there_by_reason(loaded: Loaded) -> None:
    finding = found(checked(loaded), IssueKind.BAD_ROWS)

    assert (finding.count, dict(finding.by_reason)) == (1, {"end before start": 1})
    assert finding.examples[0].text == "row 9, ends: end before start  G Backwards"
    assert finding.examples[0].facts == {"row": 9, "column": "ends", "reason": "end before start", "about": "G Backwards"}


def test_lessons_without_a_room_too_short_and_too_long_are_named(loaded: Loaded) -> None:
    result = checked(loaded)

    assert [example.facts["title"] for example in found(result, IssueKind.NO_ROOM).examples] == ["Placeholder", "Field day"]
    assert [example.facts["title"] for example in found(result, IssueKind.TOO_SHORT).examples] == ["Placeholder"]
    assert [example.facts["title"] for example in found(result, IssueKind.TOO_LONG).examples] == ["Field day"]
    assert found(result, IssueKind.TOO_LONG).examples[0].facts["start"] == "2026-10-14T09:30:00+01:00"


def test_lessons_in_no_calendar_are_listed_where_that_is_no_mistake(loaded: Loaded, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "timetable.db") as connection:
        connection.execute("INSERT INTO meeting VALUES ('N', '', '2026-10-16 12:00', '2026-10-16 13:00', 'Nowhere', 'R1')")
    connection.close()
    calendars = loaded.settings.calendars.model_copy(update={"lessons_without": "skip"})
    allowed = replace(loaded, settings=loaded.settings.model_copy(update={"calendars": calendars}))

    assert found(checked(loaded), IssueKind.BAD_ROWS).by_reason["without a calendar"] == 1
    finding = found(checked(allowed), IssueKind.NOWHERE)

    assert (finding.count, finding.examples[0].facts["title"], finding.examples[0].facts["calendars"]) == (1, "Nowhere", [])
    assert finding.examples[0].text.endswith("13:00  Nowhere  (N)")
    assert found(checked(allowed), IssueKind.BAD_ROWS).by_reason["without a calendar"] == 0


def test_what_is_short_and_long_is_for_the_user_to_say(loaded: Loaded) -> None:
    result = checked(loaded, short=timedelta(minutes=1), long=timedelta(hours=8, minutes=1))

    assert found(result, IssueKind.TOO_SHORT).count == 0
    assert found(result, IssueKind.TOO_LONG).count == 0


def test_a_timetable_without_a_column_of_rooms_is_not_asked_for_any(loaded: Loaded) -> None:
    columns = {name: column for name, column in loaded.settings.timetable.columns.items() if name != "rooms"}
    timetable = loaded.settings.timetable.model_copy(update={"columns": columns})
    event = loaded.settings.event.model_copy(update={"location": None})
    finding = found(
        checked(replace(loaded, settings=loaded.settings.model_copy(update={"timetable": timetable, "event": event}))), IssueKind.NO_ROOM
    )

    assert finding.count == 0
    assert "names no rooms" in finding.remark


def test_two_events_at_once_in_one_calendar_are_found_and_in_two_calendars_not(loaded: Loaded) -> None:
    finding = found(checked(loaded), IssueKind.OVERLAPS)

    assert finding.count == 1
    events = finding.examples[0].facts["events"]
    assert isinstance(events, list)
    assert [event["subject"] for event in events] == ["Logic", "Sets"]


def test_a_calendar_that_may_not_be_written_is_named_and_makes_the_result_wrong(loaded: Loaded) -> None:
    result = checked(loaded)

    assert [example.facts["calendar"] for example in found(result, IssueKind.UNMAPPED).examples] == ["PHYS102"]
    assert result.wrong


def test_events_on_the_day_the_clocks_change_are_named_with_those_in_the_very_hour(loaded: Loaded) -> None:
    finding = found(checked(loaded), IssueKind.CLOCK_CHANGE)

    assert "Sun 25 Oct 2026" in finding.remark
    assert "back by 1 h" in finding.remark
    assert (finding.count, dict(finding.by_reason)) == (1, {"in the hour of the change": 1})
    assert finding.examples[0].facts["touched"] is True


def test_counts_are_whole_where_examples_are_few(loaded: Loaded) -> None:
    finding = found(checked(loaded, examples=1), IssueKind.NO_ROOM)

    assert (finding.count, len(finding.examples)) == (2, 1)


def test_without_a_last_run_there_is_nothing_to_compare_keys_with_and_no_database_is_made(loaded: Loaded, tmp_path: Path) -> None:
    finding = found(checked(loaded), IssueKind.CHANGED_KEYS)

    assert finding.count == 0
    assert "nothing to compare with" in finding.remark
    assert not (tmp_path / "state.db").exists()


def stand(loaded: Loaded, mapping: str) -> None:
    """The ledger, as a night over the timetable would have left it."""
    window = window_of(MOMENT, loaded.settings.window, loaded.settings.timetable.time_zone)
    with open_state(loaded.settings.state) as state, read_timetable(loaded.settings, window, base=loaded.base) as reading:
        for calendar in reading.calendars():
            entries = [
                LedgerEntry(event.key, ItemRef(event.key, "1"), event.fingerprint(), mapping, event.start, event.end)
                for event in reading.events(calendar)
            ]
            state.learn("timetable", calendar, entries)


@pytest.mark.parametrize("same_mapping", [True, False])
def test_keys_that_changed_while_the_content_stayed_since_the_last_run(loaded: Loaded, tmp_path: Path, same_mapping: bool) -> None:
    stand(loaded, mapping_id(loaded.settings) if same_mapping else "aaaaaa")
    assert found(checked(loaded), IssueKind.CHANGED_KEYS).count == 0
    with sqlite3.connect(tmp_path / "timetable.db") as connection:
        # As sources do that make their ids anew; one class is moved besides, and is then no other key of the same content.
        connection.execute("UPDATE meeting SET activity = 'new-' || activity")
        connection.execute("UPDATE meeting SET starts = '2026-10-15 11:00', ends = '2026-10-15 12:00' WHERE title = 'Optics'")
    connection.close()

    finding = found(checked(loaded), IssueKind.CHANGED_KEYS)

    assert finding.count == 6
    assert finding.examples[0].facts["before"] == "timetable/2026%2F27/A%2F1/2026-W42/1"
    assert "was A%2F1/2026-W42/1, is new-A%2F1/2026-W42/1" in finding.examples[0].text


def test_a_state_database_that_cannot_be_read_is_a_remark_and_no_failure(loaded: Loaded, tmp_path: Path) -> None:
    (tmp_path / "state.db").write_bytes(b"this is no database at all, but as long as one may be" * 30)

    finding = found(checked(loaded), IssueKind.CHANGED_KEYS)

    assert finding.remark.startswith("not compared with the last run: ")


NOON = datetime(2026, 10, 13, 12, tzinfo=UTC)


def event(name: str, start: int, end: int) -> Event:
    return Event(name, NOON + timedelta(minutes=start), NOON + timedelta(minutes=end), "UTC", name)


def test_one_that_begins_when_another_ends_is_no_overlap() -> None:
    assert list(overlaps([event("a", 0, 60), event("b", 60, 120)])) == []


def test_a_short_one_within_a_long_one_does_not_hide_the_next() -> None:
    long, short, late = event("long", 0, 180), event("short", 30, 60), event("late", 120, 200)

    assert list(overlaps([long, short, late])) == [(long, short), (long, late)]


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(1, 50)), max_size=20))
def test_an_event_is_found_just_when_an_earlier_one_still_goes_on(times: list[tuple[int, int]]) -> None:
    events = [event(str(at), start, start + length) for at, (start, length) in enumerate(sorted(times))]
    wanted = [later.key for at, later in enumerate(events) if any(earlier.end > later.start for earlier in events[:at])]

    assert [later.key for _, later in overlaps(events)] == wanted
