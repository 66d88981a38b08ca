"""The benchmark's timetable is one and the same in all its shapes, and is read in full; its memory does not grow with it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.large_timetable import SHAPES, make_database, settings_for
from benchmarks.timetable import MOST_MEMORY, WINDOW, measured_apart
from timetable_sync.timetable.reading import read_timetable


def test_both_shapes_hold_the_same_events(tmp_path: Path) -> None:
    found = []
    for shape in SHAPES:
        file = tmp_path / f"{shape}.db"
        make_database(file, shape, 600, 20)
        with read_timetable(settings_for(file, shape), WINDOW) as reading:
            assert (reading.lessons, reading.bad_rows.count) == (600, 0)
            found.append({calendar.address: reading.events(calendar) for calendar in reading.calendars()})
    assert found[0] == found[1]
    assert len(found[0]) == 20
    assert min(event.start for events in found[0].values() for event in events) == datetime(2026, 9, 21, 7, tzinfo=UTC)


def test_a_fingerprint_from_the_spool_is_the_one_of_its_event(tmp_path: Path) -> None:
    file = tmp_path / "dated.db"
    make_database(file, "dated", 600, 20)
    with read_timetable(settings_for(file, "dated"), WINDOW) as reading:
        for calendar in reading.calendars():
            events = reading.events(calendar)
            fingerprints = reading.fingerprints(calendar)
            assert fingerprints == {event.key: event.fingerprint() for event in events}
            assert fingerprints == {event.key: replace(event).fingerprint() for event in events}


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_three_times_the_meetings_take_no_more_memory_than_is_allowed(tmp_path: Path, shape: str) -> None:
    small, large = (measured_apart(tmp_path, shape, meetings, 1_000) for meetings in (20_004, 60_000))
    assert (small.meetings, large.meetings, large.calendars) == (20_004, 60_000, 1_000)
    assert large.peak <= MOST_MEMORY * small.peak
