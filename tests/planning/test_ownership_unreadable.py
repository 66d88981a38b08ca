"""Events of ours that lack something, or of which nobody can say which they are: written back, or left and never made twice."""

from dataclasses import replace
from typing import Any

import pytest

from tests.planning.builders import COMP101, DAY, HOUR, MONDAY, RULES, WINDOW, entry, event, key, ledger, standing
from timetable_sync.model.change import Create, Delete, Reason, Update
from timetable_sync.model.event import Busy, Event
from timetable_sync.model.ledger_entry import LedgerEntry
from timetable_sync.model.marker import NOT_UNDERSTOOD
from timetable_sync.model.plan import CalendarPlan, SkipReason
from timetable_sync.model.snapshot import ItemRef, RemoteEvent, Snapshot
from timetable_sync.planning.compare import Policy, Rules, compare

FIELDS = ["end", "busy", "reminder", "sensitivity", "all_day"]
USUAL: dict[str, Any] = {"busy": Busy.FREE, "reminder": None}


def lacking(of: Event, *missing: str, **fields: Any) -> RemoteEvent:
    """``of`` as a service lists it that does not give some fields."""
    there = standing(of, missing=frozenset(missing))._replace(**{name: USUAL[name] for name in missing if name in USUAL}, **fields)
    return there._replace(end=there.start) if "end" in missing else there


def unreadable(of: Event, **fields: Any) -> RemoteEvent:
    """``of`` with a damaged mark."""
    return standing(of, marker=NOT_UNDERSTOOD, **fields)


def planned(
    events: list[Event],
    ours: list[RemoteEvent] | None = None,
    unread: list[RemoteEvent] | None = None,
    known: dict[str, LedgerEntry] | None = None,
    rules: Rules = RULES,
    foreign: int = 0,
) -> CalendarPlan:
    there = Snapshot(COMP101, WINDOW, tuple(ours or ()), foreign, unreadable=tuple(unread or ()))
    return compare(events, there, known or {}, rules)


def left(plan: CalendarPlan) -> list[tuple[str, SkipReason]]:
    return [(one.key, one.why) for one in plan.left_alone]


# What lacks a field was edited


@pytest.mark.parametrize("missing", FIELDS)
def test_a_field_that_is_not_given_is_written_back(missing: str) -> None:
    lecture = event(reminder=15)
    there = lacking(lecture, missing)

    (change,) = planned([lecture], [there], known={lecture.key: entry(standing(lecture, version="v0"))}).changes

    assert isinstance(change, Update)
    assert (change.before, change.reason) == (there, Reason.EDITED)


@pytest.mark.parametrize(("policy", "why"), [("keep", SkipReason.EDITED_KEPT), ("report", SkipReason.EDITED_REPORTED)])
def test_it_is_kept_or_reported_where_that_is_what_becomes_of_edits(policy: Policy, why: SkipReason) -> None:
    lecture = event()
    rules = replace(RULES, edited=policy)

    found = planned([lecture], [lacking(lecture, "end")], known={lecture.key: entry(standing(lecture, version="v0"))}, rules=rules)

    assert (found.changes, left(found)) == ((), [(lecture.key, why)])


@pytest.mark.parametrize("missing", ["end", "busy"])
def test_what_the_service_does_not_give_of_the_version_that_we_wrote_is_not_written_every_night(missing: str) -> None:
    lecture = event()
    there = lacking(lecture, missing)

    found = planned([lecture], [there], known=ledger(there))

    assert (found.changes, left(found)) == ((), [(lecture.key, SkipReason.NOT_KEPT)])


@pytest.mark.parametrize("missing", ["busy", "reminder", "sensitivity", "all_day", "series"])
def test_what_is_left_out_as_it_is_usual_is_right_in_the_version_that_we_wrote(missing: str) -> None:
    lecture = event(busy=Busy.FREE)
    there = lacking(lecture, missing, series=missing == "series")

    found = planned([lecture], [there], known=ledger(there))

    assert (found.changes, left(found), found.unchanged, found.record) == ((), [], 1, ())


def test_what_may_be_a_series_is_not_touched_and_named() -> None:
    lecture, gone = event(), event("GONE")
    there = [lacking(lecture, "series", "busy", series=True), lacking(gone, "series", series=True)._replace(item=ItemRef("item-2", "v1"))]

    found = planned([lecture], there)

    assert (found.changes, left(found)) == ((), [(lecture.key, SkipReason.UNREADABLE), (gone.key, SkipReason.UNREADABLE)])
    assert found.losses == frozenset()


def test_a_lesson_that_left_takes_its_event_along_whatever_that_lacks() -> None:
    there = lacking(event(), *FIELDS)

    assert planned([], [there], known=ledger(there)).changes == (Delete(there, Reason.LEFT),)


# Whose mark is damaged


def test_nothing_is_made_where_an_event_with_a_damaged_mark_has_the_same_start_end_and_subject() -> None:
    lecture, other = event(), event("B", MONDAY + DAY)
    damaged = unreadable(lecture)

    found = planned([lecture, other], [standing(other, "item-2")], [damaged], foreign=3)

    assert (found.changes, left(found), found.left_alone[0].before) == ((), [(lecture.key, SkipReason.UNREADABLE)], damaged)
    assert (found.standing, found.expected, found.unchanged, found.foreign) == (1, 2, 1, 3)


@pytest.mark.parametrize("other", [{"start": MONDAY + HOUR}, {"end": MONDAY + 3 * HOUR}, {"subject": "Analysis"}])
def test_an_event_at_another_time_or_of_another_subject_is_made(other: dict[str, object]) -> None:
    lecture = event()

    found = planned([lecture], [], [unreadable(lecture, **other)])

    assert [type(change) for change in found.changes] == [Create]
    assert left(found) == [("", SkipReason.UNREADABLE)]


@pytest.mark.parametrize("missing", [{"missing": frozenset({"end"}), "end": MONDAY}, {"subject": ""}])
def test_what_is_not_given_of_it_counts_as_equal(missing: dict[str, object]) -> None:
    lecture = event()

    assert planned([lecture], [], [unreadable(lecture, **missing)]).changes == ()


def test_the_ledger_knows_it_by_its_id_wherever_somebody_moved_it() -> None:
    lecture, gone = event(), event("GONE")
    moved = unreadable(lecture, start=MONDAY + 2 * DAY, end=MONDAY + 2 * DAY + HOUR, subject="Moved")
    old = standing(gone, "item-2")

    found = planned([lecture], [], [moved, unreadable(gone, item="item-2")], known=ledger(standing(lecture), old))

    assert (found.changes, left(found)) == ((), [(lecture.key, SkipReason.UNREADABLE), (gone.key, SkipReason.UNREADABLE)])
    # It stays on record: a calendar of which nothing is known is not visited any more. And it is not missed by the guards.
    assert (found.forget, found.expected) == ((), 2)


def test_a_calendar_whose_marks_are_all_of_a_newer_version_is_not_doubled() -> None:
    lessons = [event(f"L{day}", MONDAY + day * DAY) for day in range(5)]

    found = planned(lessons, [], [unreadable(lesson, item=f"item-{day}") for day, lesson in enumerate(lessons)])

    assert (found.changes, len(left(found)), found.expected) == ((), 5, 5)


@pytest.mark.parametrize("name", [ItemRef("", ""), ItemRef("item-1", "")])
def test_nothing_is_made_for_the_key_of_an_event_that_cannot_be_acted_on(name: ItemRef) -> None:
    lecture = event()
    there = standing(lecture, missing=frozenset({"start"}), start=MONDAY + DAY, subject="Elsewhere")._replace(item=name)

    assert left(planned([lecture], [], [there])) == [(lecture.key, SkipReason.UNREADABLE)]
    assert planned([lecture], [], [there]).changes == planned([], [], [there]).changes == ()
    # Another one of that key is ours as ever.
    assert planned([lecture], [standing(lecture, "item-2")], [there]).unchanged == 1


def test_one_of_another_source_is_foreign() -> None:
    theirs = standing(event(), marker=standing(event()).marker._replace(key=key(source="theirs")), missing=frozenset({"start"}))

    found = planned([event()], [], [theirs])

    assert (left(found), found.foreign, found.creates) == ([], 1, 1)


def test_a_mark_of_which_the_key_alone_is_damaged_is_no_lesson_that_left() -> None:
    lecture = event()
    there = standing(lecture)
    there = there._replace(marker=there.marker._replace(key="timetable/2026%2F27/LEC"))

    found = planned([lecture], [there])

    assert (found.changes, left(found)) == ((), [(lecture.key, SkipReason.UNREADABLE)])
