"""Moments as people read them."""

from datetime import UTC, datetime, timedelta

from timetable_sync.reports.formatting import TimeFormat

LONDON = TimeFormat("Europe/London")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_lesson_is_told_with_its_weekday_in_the_timetables_zone() -> None:
    assert LONDON.span(at("2026-07-01T08:00"), at("2026-07-01T09:30")) == "Wed 1 Jul 2026 09:00 - 10:30"


def test_nine_oclock_is_nine_oclock_before_and_after_the_clocks_change() -> None:
    assert LONDON.time(at("2026-10-23T08:00")) == "09:00"
    assert LONDON.time(at("2026-10-26T09:00")) == "09:00"


def test_an_hour_that_the_clock_shows_twice_is_told_apart() -> None:
    assert LONDON.time(at("2026-10-25T00:30")) == "01:30 BST"
    assert LONDON.time(at("2026-10-25T01:30")) == "01:30 GMT"


def test_an_event_over_several_days_names_both_days() -> None:
    assert LONDON.span(at("2026-11-24T09:00"), at("2026-11-26T09:00")) == "Tue 24 Nov 2026 09:00 - Thu 26 Nov 2026 09:00"


def test_seconds_are_shown_where_there_are_any() -> None:
    assert LONDON.time(at("2026-11-24T09:00:30")) == "09:00:30"


def test_a_window_that_ends_at_midnight_ends_with_the_day_before() -> None:
    assert LONDON.days(at("2026-11-24T02:00"), at("2027-05-23T23:00")) == "24 Nov 2026 - 23 May 2027"


def test_an_empty_window_does_not_end_before_it_starts() -> None:
    moment = at("2026-11-24T00:00")
    assert LONDON.days(moment, moment) == "24 Nov 2026 - 24 Nov 2026"


def test_an_unknown_zone_is_read_as_utc_and_says_so() -> None:
    clock = TimeFormat("Nowhere/Atall")
    assert (clock.name, clock.time(at("2026-07-01T08:00"))) == ("UTC", "08:00")


def test_the_dash_is_the_callers() -> None:
    start = at("2026-11-24T09:00")
    assert TimeFormat("UTC", dash="\N{EN DASH}").span(start, start + timedelta(hours=1)) == "Tue 24 Nov 2026 09:00\N{EN DASH}10:00"
