"""Dated rows read a batch at a time: they say what they say one by one, or the batch is left to that."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timetable.configurations import COLUMNS, configuration
from timetable_sync.timetable.columns import RowRefused, stored
from timetable_sync.timetable.dated_rows import Dated
from timetable_sync.timetable.occurrences import Meetings
from timetable_sync.timetable.times import LocalClock

NAMES = ("activity", "module", "starts", "ends", "title", "type", "room", "minutes", "year", "off")
GOOD: tuple[Any, ...] = ("A1", "COMP101", "2026-11-24 09:00", "2026-11-24 10:00", "Logic", "Lecture", "R1", 50, "2025/26", "no")

#: Clocks go forward on 29 March and back on 25 October 2026; the last ones cannot be used.
MOMENTS = st.sampled_from(
    [
        "2026-11-24 09:00",
        "2026-11-24T10:00:30",
        "2026-10-25 01:30",
        "2026-10-25 01:10",
        "2026-03-29 01:30",
        "2026-11-24 09:00+05:00",
        b"2026-11-24 11:00",
        datetime(2026, 11, 24, 12),  # noqa: DTZ001 - as drivers give them
        datetime(2026, 10, 25, 1, 30, fold=1),  # noqa: DTZ001 - the same
        datetime(2026, 11, 24, 12, tzinfo=UTC),
        None,
        "",
        "soon",
        date(2026, 11, 24),
    ]
)
TEXTS = st.sampled_from(["A1", " B  2 ", "<b>x</b>", "R1;R2", "", None, 7, 7.0, True, b"\xe9t\xe9", ["R2", "R1"]])
ROW = st.tuples(
    TEXTS,
    TEXTS,
    MOMENTS,
    MOMENTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.sampled_from([None, 0, 50, "1:30", "long"]),
    TEXTS,
    st.sampled_from([None, "yes", 1]),
)
#: Mostly good ones: a batch of many odd rows has nearly always one that cannot be used.
ROWS = st.lists(st.one_of(st.just(GOOD), ROW), min_size=1, max_size=4)

LAYOUTS: dict[str, dict[str, Any]] = {
    "starts and ends": COLUMNS,
    "lengths": {**{name: column for name, column in COLUMNS.items() if name != "end"}, "duration": "minutes"},
    "periods and cancellations": {**COLUMNS, "period": "year", "cancelled": "off"},
    "ids of their own": {**{name: column for name, column in COLUMNS.items() if name != "activity"}, "key": "activity"},
    "calendars split": {**COLUMNS, "calendar": {"column": "module", "split": ";"}},
}


def one_by_one(columns: Dated | Meetings, rows: list[tuple[Any, ...]]) -> list[Any] | None:
    try:
        return [stored(meeting) for number, row in enumerate(rows, 5) for meeting in columns.read_all(number, row)]
    except RowRefused:
        return None


@pytest.mark.parametrize("may_lack", [False, True], ids=["calendar needed", "calendar may lack"])
@pytest.mark.parametrize("layout", LAYOUTS)
@given(rows=ROWS)
def test_a_batch_says_what_its_rows_say_and_nothing_where_one_is_refused(layout: str, may_lack: bool, rows: list[tuple[Any, ...]]) -> None:
    timetable = configuration(columns=LAYOUTS[layout]).timetable
    for kind in (
        Dated(timetable, NAMES, LocalClock("Europe/London"), calendar_may_lack=may_lack),
        Meetings(timetable, NAMES, LocalClock("Europe/London"), None, calendar_may_lack=may_lack),
    ):
        assert kind.stored_batch(5, rows) == one_by_one(kind, rows)


def test_a_bad_row_sets_aside_itself_alone() -> None:
    columns = Dated(configuration().timetable, NAMES, LocalClock("Europe/London"))
    assert columns.stored_batch(1, [GOOD, ("A2", "", *GOOD[2:])]) is None
    assert columns.stored_batch(1, [GOOD]) == [stored(columns.read(1, GOOD))]
