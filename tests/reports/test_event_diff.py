"""Old and new of one event, field by field."""

from dataclasses import replace

from tests.reports.summaries import FIRST, HOUR, create, event, standing, update
from timetable_sync.history.event_changes import all_of
from timetable_sync.model.change import Delete, Reason
from timetable_sync.model.event import Busy, Sensitivity
from timetable_sync.reports.event_diff import Field, changed_fields, compared, named, sides
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.state.event_json import of_standing

CLOCK = TimeFormat("Europe/London")


def fields(before: object, after: object) -> dict[str, Field]:
    return {field.label: field for field in compared(before, after, CLOCK)}  # type: ignore[arg-type]  # a test's shorthand


def test_a_moved_event_shows_both_times_and_only_they_changed() -> None:
    was = event()
    found = fields(standing(was), replace(was, start=FIRST + HOUR, end=FIRST + 2 * HOUR))
    assert found["Time"] == Field("Time", "Tue 24 Nov 2026 09:00 - 10:00", "Tue 24 Nov 2026 10:00 - 11:00", True)
    assert [field.label for field in found.values() if field.changed] == ["Time"]


def test_a_new_event_has_only_a_right_side() -> None:
    assert {field.before for field in compared(None, event(), CLOCK)} == {None}


def test_a_vanished_event_has_only_a_left_side() -> None:
    assert {field.after for field in compared(standing(event()), None, CLOCK)} == {None}


def test_a_field_that_is_not_ours_is_not_shown_as_changed() -> None:
    was = event()
    found = fields(standing(was, location="Somebody's room"), replace(was, location=None, categories=None, subject="New"))
    assert found["Location"] == Field("Location", "Somebody's room", "Somebody's room", False)


def test_a_text_cut_by_the_service_is_not_shown_as_changed() -> None:
    long = event(location="x" * 400)
    assert not fields(standing(long, location="x" * 255), long)["Location"].changed


def test_a_difference_that_no_calendar_lists_is_the_body() -> None:
    new = event(body="New text")
    assert changed_fields(standing(new), new) == ("body",)
    assert fields(standing(new), new)["Text"].after == "New text"


def test_nothing_is_said_of_the_body_where_it_is_not_ours() -> None:
    assert changed_fields(standing(event()), event()) == ()


def test_what_is_usual_is_left_out_and_what_is_not_is_told() -> None:
    assert "Shown as" not in fields(None, event())
    unusual = fields(None, event(busy=Busy.FREE, reminder=90, sensitivity=Sensitivity.PRIVATE))
    assert (unusual["Shown as"].after, unusual["Reminder"].after, unusual["Sensitivity"].after) == ("free", "90 minutes before", "private")


def test_a_reminder_switched_off_is_shown_as_off() -> None:
    assert fields(standing(event(), reminder=10_080), event())["Reminder"] == Field("Reminder", "1 week before", "off", True)


def test_a_whole_day_and_a_series_are_told() -> None:
    found = fields(standing(event(), all_day=True, series=True), event())
    assert found["Time"].before == "Tue 24 Nov 2026 09:00 - 10:00 (all day)"
    assert found["Series"] == Field("Series", "part of a series", "a single event", True)


def test_the_sides_of_each_kind_of_change() -> None:
    was, new = standing(event()), event("New")
    assert sides(create(new)) == (None, new)
    assert sides(update(was, new)) == (was, new)
    assert sides(Delete(was, Reason.LEFT)) == (was, None)


def test_an_event_is_named_as_it_stands() -> None:
    assert named(standing(event("Old")), event("New"), CLOCK) == "Tue 24 Nov 2026 09:00 - 10:00 Old"
    assert named(None, event("New"), CLOCK).endswith("New")
    assert named(None, None, CLOCK) == ""


def test_what_the_service_does_not_give_is_said_and_not_made_up() -> None:
    new = event(busy=Busy.FREE)
    old = standing(new, end=new.start, missing=frozenset({"end", "busy", "series"}))
    found = fields(old, new)
    assert changed_fields(old, new) == ("end", "busy")
    assert (found["Shown as"].before, found["Series"].before, found["Series"].changed) == ("not given", "not given", False)
    assert found["Time"].before == "Tue 24 Nov 2026 09:00, its end not given"
    assert named(old, new, CLOCK) == f"Tue 24 Nov 2026 09:00 {new.subject}"
    assert named(standing(new, missing=frozenset({"start"})), None, CLOCK) == f"at a time that is not given, {new.subject}"
    assert named(standing(new, missing=frozenset({"busy"})), None, CLOCK) == named(None, new, CLOCK)


def test_the_history_keeps_what_was_given_of_an_event() -> None:
    old = standing(event(), missing=frozenset({"end", "busy"}))
    kept = of_standing(old)
    assert set(of_standing(standing(event()))) - set(kept) == {"busy"}
    assert list(all_of(kept, CLOCK))
