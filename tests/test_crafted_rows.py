"""Whole nights over rows as no timetable should have them, and all do: what is set aside says why, and the calendar keeps its event."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.night_world import NightWorld
from timetable_sync.calendars.memory.store import MemoryItem
from timetable_sync.reports.summary import RunSummary

#: Week patterns on an axis of twelve weeks from 5 October 2026, and dated rows beside them in a world of their own.
PATTERNS = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
period = "2026/27"
query = "SELECT * FROM pattern"
[timetable.columns]
activity = "activity"
calendar = "module"
weekday = "weekday"
weeks = "weeks"
start = "starts"
end = "ends"
title = "title"
rooms = { column = "room", many = true }
[timetable.weeks.axis]
first = "2026-10-05"
length = 12
"""

GOOD: dict[str, Any] = {
    "activity": "A1",
    "module": "COMP101",
    "weekday": "3",
    "weeks": "1-4",
    "starts": "09:00",
    "ends": "10:00",
    "title": "Logic",
    "room": "R1",
}
OTHER = GOOD | {"activity": "A2", "weekday": 4, "title": "Sets"}


class Patterns(NightWorld):
    """A world whose timetable holds week patterns."""

    def __init__(self, folder: Path, timetable: str = PATTERNS) -> None:
        super().__init__(folder, timetable=timetable)
        self.address = self.calendar("COMP101")

    def rows(self, *rows: dict[str, Any]) -> None:
        """From now on the timetable is this."""
        with closing(sqlite3.connect(self.database)) as database, database:
            database.execute("DROP TABLE IF EXISTS pattern")
            database.execute(f"CREATE TABLE pattern ({', '.join(GOOD)})")
            database.executemany(f"INSERT INTO pattern VALUES ({', '.join('?' * len(GOOD))})", [tuple(row.values()) for row in rows])

    def events(self) -> list[MemoryItem]:
        """What stands, in order."""
        return sorted(self.backend.people.see(self.address), key=lambda item: item.start)


#: Dated rows with ids of their own; the column weeks holds the day.
OWN_IDS = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
period = "2026/27"
query = "SELECT *, weeks || ' ' || starts AS starts_at, weeks || ' ' || ends AS ends_at FROM pattern"
[timetable.columns]
key = "activity"
calendar = "module"
start = "starts_at"
end = "ends_at"
title = "title"
rooms = { column = "room", many = true }
"""


def done(night: RunSummary) -> tuple[int, int, int, int]:
    """Exit code, and how many were created, updated, deleted."""
    reports = night.calendars
    created, updated, deleted = (sum(getattr(report, what) for report in reports) for what in ("created", "updated", "deleted"))
    return night.exit_code, created, updated, deleted


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"ends": "08:00"}, "end before start"),
        ({"ends": "09:00"}, "of no length"),
        ({"ends": "00:00"}, "end before start"),
        ({"starts": None}, "without a start"),
        ({"ends": None}, "without an end"),
        ({"starts": "nine"}, "with a start that cannot be read"),
        ({"weeks": "3-13"}, "with a week that is not on the axis"),
        ({"weeks": "0"}, "with a week that is not on the axis"),
        ({"weeks": "every week"}, "with weeks that cannot be read"),
        ({"weeks": "4-1"}, "with weeks that cannot be read"),
        ({"weeks": " "}, "without weeks"),
        ({"weekday": None}, "without a weekday"),
        ({"weekday": 8}, "with a weekday that cannot be read"),
        ({"module": "\u00a0"}, "without a calendar"),
        ({"title": " "}, "without a title"),
        ({"activity": None}, "without an activity"),
    ],
    ids=str,
)
def test_a_pattern_that_cannot_be_used_is_set_aside_with_its_reason_and_its_events_stay(
    tmp_path: Path, cells: dict[str, Any], kind: str
) -> None:
    world = Patterns(tmp_path)
    world.rows(GOOD, OTHER)
    assert world.night().exit_code == 0
    before = world.events()
    assert [event.subject for event in before] == ["Logic", "Sets"] * 3
    world.rows(GOOD | cells, OTHER | {"title": "Set theory"})
    night = world.night()
    # A lesson without a title is set aside in each of its weeks, the one that is over too; of a row, it is the row.
    assert night.bad_rows == {kind: 4 if kind == "without a title" else 1}
    assert night.exit_code == 1
    after = world.events()
    assert after[::2] == before[::2]
    assert [event.subject for event in after[1::2]] == ["Set theory"] * 3


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ({"activity": None}, "without a key"),
        ({"activity": "\u00a0"}, "without a key"),
        ({"ends": "08:00"}, "end before start"),
        ({"ends": "09:00"}, "of no length"),
        ({"ends": "00:00"}, "end before start"),
        ({"starts": None}, "without a start"),
        ({"ends": None}, "without an end"),
        ({"weeks": "2026-13-45"}, "with a start that cannot be read"),
        ({"module": None}, "without a calendar"),
        ({"title": "<br />"}, "without a title"),
    ],
    ids=str,
)
def test_a_dated_row_that_cannot_be_used_is_set_aside_with_its_reason_and_its_event_stays(
    tmp_path: Path, cells: dict[str, Any], kind: str
) -> None:
    world = Patterns(tmp_path, OWN_IDS)
    good, other = GOOD | {"weeks": "2026-10-15"}, OTHER | {"weeks": "2026-10-16"}
    world.rows(good, other)
    assert done(world.night()) == (0, 2, 0, 0)
    before = world.events()
    world.rows(good | cells, other | {"title": "Set theory"})
    night = world.night()
    assert night.bad_rows == {kind: 1}
    assert done(night) == (1, 0, 1, 0)
    after = world.events()
    assert (after[0], after[1].subject) == (before[0], "Set theory")


def test_rows_in_another_order_than_yesterday_change_nothing(tmp_path: Path) -> None:
    world = Patterns(tmp_path)
    rows = [GOOD | {"room": room, "weeks": weeks} for room in ("R2", "R1", None) for weeks in ("3,1", "2-4")] + [OTHER]
    world.rows(*rows)
    assert done(world.night()) == (0, 6, 0, 0)
    world.rows(*reversed(rows))
    assert done(world.night()) == (0, 0, 0, 0)


def test_a_time_in_the_spring_gap_is_read_by_the_rule(tmp_path: Path) -> None:
    world = Patterns(tmp_path, PATTERNS.replace("2026-10-05", "2026-12-28").replace("length = 12", "length = 20"))
    world.rows(GOOD | {"weekday": "Sunday", "weeks": "12-14", "starts": "01:30", "ends": "0400"})
    assert world.night().exit_code == 0
    begins = [event.start for event in world.events()]
    # On 28 March 2027 there is no 01:30: it becomes 02:30, which is the same moment as 01:30 was.
    assert begins == [datetime(2027, 3, day, 1, 30, tzinfo=UTC) for day in (21, 28)] + [datetime(2027, 4, 4, 0, 30, tzinfo=UTC)]


def test_of_both_passes_of_an_autumn_hour_the_first_is_meant_and_the_second_only_for_an_end(tmp_path: Path) -> None:
    world = Patterns(tmp_path)
    sunday = GOOD | {"weekday": 7, "weeks": "3"}
    world.rows(sunday | {"starts": "01:30", "ends": "03:00"}, sunday | {"activity": "A3", "starts": "00:30", "ends": "01:30"})
    assert world.night().exit_code == 0
    spans = [(event.start, event.end) for event in world.events()]
    first_pass = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert spans == [(datetime(2026, 10, 24, 23, 30, tzinfo=UTC), first_pass), (first_pass, datetime(2026, 10, 25, 3, 0, tzinfo=UTC))]


@pytest.mark.parametrize(("overnight", "ends", "hours"), [("midnight", "00:00", 3), ("any", "00:00", 3), ("any", "02:00", 5)])
def test_an_end_at_or_after_midnight_is_the_next_days_where_the_configuration_says_so(
    tmp_path: Path, overnight: str, ends: str, hours: int
) -> None:
    world = Patterns(tmp_path, PATTERNS.replace('end = "ends"', f'end = {{ column = "ends", overnight = "{overnight}" }}'))
    world.rows(GOOD | {"starts": "21:00", "ends": ends})
    assert world.night().exit_code == 0
    assert {(event.end - event.start).total_seconds() / 3600 for event in world.events()} == {hours}


def test_with_midnight_alone_allowed_two_at_night_is_still_a_mistake(tmp_path: Path) -> None:
    world = Patterns(tmp_path, PATTERNS.replace('end = "ends"', 'end = { column = "ends", overnight = "midnight" }'))
    world.rows(GOOD | {"starts": "21:00", "ends": "02:00"}, OTHER)
    assert world.night().bad_rows == {"end before start": 1}


def test_html_blanks_of_every_kind_and_a_title_without_end_are_text_like_any_other(tmp_path: Path) -> None:
    world = Patterns(tmp_path)
    blanks = "\u00a0\u2009\u3000\t\r\n \u202f"
    title = f"{blanks}<b>Logic</b>{blanks}&amp;<br />sets\u2011theory{blanks}"
    world.rows(
        GOOD | {"title": title, "room": "          ", "activity": f"A1{blanks}", "module": f" COMP101{blanks}"},
        OTHER | {"title": "x" * 5_000},
    )
    assert world.night().exit_code == 0
    assert {event.subject for event in world.events()} == {"Logic & sets-theory", "x" * 255}
    assert {event.location for event in world.events()} == {"", "R1"}
    assert done(world.night()) == (0, 0, 0, 0)


def test_a_pattern_of_no_week_at_all_is_no_lesson_and_no_mistake(tmp_path: Path) -> None:
    flags = PATTERNS.replace("[timetable.weeks.axis]", '[timetable.weeks]\nform = "flags"\n[timetable.weeks.axis]')
    world = Patterns(tmp_path, flags)
    world.rows(GOOD | {"weeks": "NNNNNN"}, OTHER | {"weeks": "NYNYN  "})
    night = world.night()
    assert (night.exit_code, night.lessons) == (0, 2)
