"""Nights in which a mailbox does not exist are counted by the day of the timetable's zone, and by the service's own word alone."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from timetable_sync.errors import BackendError, CalendarError, EventRejected, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.folder import KnownFolder
from timetable_sync.planning.gone import Gone, count_nights

CALENDAR = Calendar("comp101@groups.example.ac.uk", "COMP101")
KNOWN = KnownFolder(CALENDAR, "a folder", datetime(2026, 6, 1, tzinfo=UTC))
NO_SUCH = CalendarError("there is no such mailbox", gone=True)
LAST = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
COUNTED = replace(KNOWN, gone_nights=4, gone_last=LAST)


def after(error: BackendError, known: KnownFolder | None, now: datetime, zone: str = "Europe/London") -> Gone:
    return count_nights({} if known is None else {CALENDAR.address: known}, {CALENDAR: error}, now, zone)


def test_the_first_night_counts_and_what_else_is_remembered_stays() -> None:
    assert after(NO_SUCH, KNOWN, LAST) == Gone({CALENDAR.address: 1}, (replace(KNOWN, gone_nights=1, gone_last=LAST),))
    assert after(NO_SUCH, None, LAST) == Gone({CALENDAR.address: 1}, (KnownFolder(CALENDAR, gone_nights=1, gone_last=LAST),))


@pytest.mark.parametrize(("zone", "nights"), [("Europe/London", 5), ("UTC", 4)])
def test_a_night_is_a_day_of_the_timetables_zone(zone: str, nights: int) -> None:
    """Half past eleven in the evening there, then half past midnight."""
    assert after(NO_SUCH, COUNTED, datetime(2026, 7, 1, 23, 30, tzinfo=UTC), zone).nights == {CALENDAR.address: nights}


def test_a_clock_that_was_set_back_does_not_stop_the_count() -> None:
    assert after(NO_SUCH, COUNTED, datetime(2026, 6, 30, 1, tzinfo=UTC)).nights == {CALENDAR.address: 5}


@pytest.mark.parametrize("error", [TransientError("busy"), CalendarError("busy (tried 7 times)", passing=True), EventRejected("one event")])
def test_what_says_nothing_of_the_mailbox_changes_nothing(error: BackendError) -> None:
    assert after(error, COUNTED, LAST) == Gone({}, ())


def test_a_mailbox_that_refuses_is_there() -> None:
    refusing, anew = frozenset({CALENDAR.address}), replace(COUNTED, gone_nights=0, gone_last=None)
    assert after(CalendarError("access denied"), COUNTED, LAST) == Gone({}, (anew,), refusing)
    assert after(CalendarError("access denied"), KNOWN, LAST) == Gone({}, (), refusing)
