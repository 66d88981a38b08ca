"""What every backend promises, as one suite. A backend's tests subclass it and say, in a fixture ``world``, where its calendars are.

``World`` is the backend under test and, beside it, people's hands on the same calendars: what a test looks at is never what the
backend says of itself, but what lies there.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import pytest

from timetable_sync.calendars.contract import Backend, ChangeResult
from timetable_sync.errors import CalendarError, ConflictError, OutcomeUnknown, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create, Delete, Reason, Update
from timetable_sync.model.event import Busy, Event, Sensitivity
from timetable_sync.model.key import EventKey
from timetable_sync.model.marker import NOT_UNDERSTOOD, Marker
from timetable_sync.model.snapshot import ItemRef, RemoteEvent
from timetable_sync.model.window import Window

MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEEK = Window(MONDAY, MONDAY + timedelta(days=7))
HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class Seen:
    """One item as it lies in the service, by somebody else's eyes. ``body`` is what was written, ``marker`` the property's text."""

    id: str
    start: datetime
    end: datetime
    subject: str
    location: str
    body: str
    categories: tuple[str, ...]
    busy: Busy
    reminder: int | None
    sensitivity: Sensitivity
    marker: str | None
    zone: str
    """The zone that people read it in, by any of its names."""


class World(Protocol):
    """A backend, two calendars that exist, and people's hands on them. An address without mailbox is ``nobody``."""

    backend: Backend
    calendar: Calendar
    other: Calendar
    nobody: Calendar

    def seen(self, calendar: Calendar) -> list[Seen]: ...
    def deleted(self, calendar: Calendar) -> list[Seen]: ...
    def add_appointment(self, calendar: Calendar, start: datetime, end: datetime, subject: str) -> str: ...
    def edit(self, calendar: Calendar, item: str, **fields: Any) -> None: ...
    def delete(self, calendar: Calendar, item: str) -> None: ...
    def copy(self, calendar: Calendar, item: str) -> str: ...
    def also_as(self, calendar: Calendar) -> Calendar:
        """The same calendar by another address."""
        ...

    def make_anew(self, calendar: Calendar) -> None:
        """Its mailbox is gone for good; another one, empty, has its address."""
        ...

    def unclear_next_write(self, *, done: bool) -> None: ...
    def busy_next_request(self, seconds: float) -> None: ...
    def let_time_pass(self) -> None: ...
    def same_zone(self, seen: str, zone: str) -> bool: ...


def event(number: int = 1, start: datetime = MONDAY, *, source: str = "uni", **fields: Any) -> Event:
    """An event with a key of its own."""
    key = EventKey(source, "2026/27", f"COMP{number:04d}", "2026-W48", 1).text()
    given: dict[str, Any] = {"end": start + HOUR, "zone": "Europe/London", "subject": f"COMP{number:04d} Lecture"} | fields
    return Event(key=key, start=start, **given)


def marker(of: Event) -> str:
    """The marker that an event bears."""
    return Marker("abcdef", of.fingerprint(), of.key).text()


def creating(*events: Event) -> list[Change]:
    """Changes that make these events."""
    return [Create(one, marker(one), Reason.TIMETABLE) for one in events]


def updating(before: RemoteEvent, after: Event) -> Update:
    """The change that makes ``before`` into ``after``."""
    return Update(before, after, marker(after), Reason.TIMETABLE)


def deleting(before: RemoteEvent) -> Delete:
    """The change that deletes ``before``."""
    return Delete(before, Reason.LEFT)


def errors(outcomes: list[ChangeResult]) -> list[type[Exception] | None]:
    """The classes of what went wrong, in order."""
    return [None if outcome.error is None else type(outcome.error) for outcome in outcomes]


TEXTS = {
    "plain": "COMP1511 Lecture",
    "255 characters": "x" * 255,
    "emoji": "Field trip \U0001f33b to the Gr\u00fcnewald \U0001f469\u200d\U0001f52c",
    "markup": "<b>R&D</b> \"quoted\" 'single' ]]> &amp; &#65;",
    "other scripts": "\u041b\u0435\u043a\u0446\u0438\u044f \u6570\u5b66 \u0645\u062d\u0627\u0636\u0631\u0629",
    "accents that combine": "Se\u0301minaire",
}


class BackendContract:
    """Each test is one promise."""

    @pytest.fixture
    def made(self, world: World) -> Iterator[RemoteEvent]:
        """One event that stands in the calendar, with everything that can be owned."""
        full = event(1, location="Room 1", body="Dr. Who", categories=("Timetable",), reminder=15)
        assert errors(world.backend.apply(world.calendar, creating(full))) == [None]
        yield world.backend.snapshot(world.calendar, WEEK).ours[0]

    # Reading

    def test_an_empty_calendar_is_a_snapshot_of_nothing(self, world: World) -> None:
        snapshot = world.backend.snapshot(world.calendar, WEEK)
        assert (snapshot.calendar, snapshot.window, snapshot.ours, snapshot.foreign) == (world.calendar, WEEK, (), 0)

    def test_a_calendar_that_does_not_exist_is_no_empty_calendar(self, world: World) -> None:
        for read in (
            lambda: world.backend.snapshot(world.nobody, WEEK),
            lambda: world.backend.stamp(world.nobody),
            lambda: world.backend.read_bodies(world.nobody, [ItemRef("some", "thing")]),
        ):
            with pytest.raises(CalendarError) as failed:
                read()
            assert world.nobody.address in failed.value.message
            assert failed.value.gone

    def test_an_event_is_in_the_window_when_it_starts_in_it(self, world: World) -> None:
        second = timedelta(seconds=1)
        events = [
            event(1, WEEK.start - second),
            event(2, WEEK.start),
            event(3, WEEK.end - second),
            event(4, WEEK.end),
            event(5, WEEK.start - HOUR, end=WEEK.start + HOUR),
            event(6, WEEK.end - HOUR, end=WEEK.end + HOUR),
        ]
        assert errors(world.backend.apply(world.calendar, creating(*events))) == [None] * 6
        there = {one.marker.key for one in world.backend.snapshot(world.calendar, WEEK).ours}
        assert there == {events[1].key, events[2].key, events[5].key}

    def test_adjoining_windows_hold_every_event_once(self, world: World) -> None:
        events = [event(number, MONDAY + number * HOUR / 2, end=MONDAY + number * HOUR / 2 + 3 * HOUR) for number in range(20)]
        world.backend.apply(world.calendar, creating(*events))
        middle = MONDAY + 5 * HOUR
        parts = [Window(MONDAY - HOUR, middle), Window(middle, MONDAY + 20 * HOUR)]
        keys = [one.marker.key for part in parts for one in world.backend.snapshot(world.calendar, part).ours]
        assert sorted(keys) == sorted(one.key for one in events)

    def test_foreign_appointments_are_counted_and_never_taken_for_ours(self, world: World, made: RemoteEvent) -> None:
        world.add_appointment(world.calendar, MONDAY + HOUR, MONDAY + 2 * HOUR, "Coffee")
        world.add_appointment(world.calendar, WEEK.start - HOUR, WEEK.start + HOUR, "Began before the window")
        snapshot = world.backend.snapshot(world.calendar, WEEK)
        assert [one.item.id for one in snapshot.ours] == [made.item.id]
        assert snapshot.foreign == 1

    def test_an_event_of_another_source_comes_with_its_marker(self, world: World) -> None:
        theirs = event(1, source="another-faculty")
        world.backend.apply(world.calendar, creating(theirs))
        ours = world.backend.snapshot(world.calendar, WEEK).ours
        assert [one.marker.text() for one in ours] == [marker(theirs)]

    @pytest.mark.parametrize("text", ["2 a newer marker", "1 damaged", " "])
    def test_an_event_with_a_marker_that_is_not_understood_is_set_apart_and_the_others_are_read(
        self, world: World, made: RemoteEvent, text: str
    ) -> None:
        world.backend.apply(world.calendar, creating(event(2)))
        world.edit(world.calendar, made.item.id, marker=text)
        snapshot = world.backend.snapshot(world.calendar, WEEK)
        assert [one.marker.key for one in snapshot.ours] == [event(2).key]
        (unreadable,) = snapshot.unreadable
        assert (unreadable.marker, unreadable.item.id, unreadable.missing) == (NOT_UNDERSTOOD, made.item.id, frozenset())
        assert (unreadable.start, unreadable.end, unreadable.subject) == (made.start, made.end, made.subject)
        assert snapshot.foreign == 0
        after = Window(made.start + HOUR, WEEK.end)
        assert world.backend.snapshot(world.calendar, after).unreadable == ()

    @pytest.mark.parametrize("missing", ["end", "busy", "reminder", "sensitivity", "all_day", "series"])
    def test_a_field_that_the_service_does_not_give_is_named(self, world: World, made: RemoteEvent, missing: str) -> None:
        world.edit(world.calendar, made.item.id, missing=[missing])
        snapshot = world.backend.snapshot(world.calendar, WEEK)
        (seen,) = snapshot.ours
        assert (seen.missing, seen.marker, seen.start, seen.subject) == (frozenset({missing}), made.marker, made.start, made.subject)
        usual = (made.start, Busy.FREE, None, Sensitivity.NORMAL, False, True)
        named = ("end", "busy", "reminder", "sensitivity", "all_day", "series")
        assert getattr(seen, missing) == usual[named.index(missing)]
        assert snapshot.unreadable == ()

    @pytest.mark.parametrize("missing", ["start", "version"])
    def test_an_event_that_cannot_be_acted_on_is_set_apart_with_its_key(self, world: World, made: RemoteEvent, missing: str) -> None:
        world.edit(world.calendar, made.item.id, missing=[missing])
        snapshot = world.backend.snapshot(world.calendar, WEEK)
        assert (snapshot.ours, snapshot.foreign) == ((), 0)
        (unreadable,) = snapshot.unreadable
        assert (unreadable.marker, unreadable.subject) == (made.marker, made.subject)
        assert "start" in unreadable.missing if missing == "start" else unreadable.item.change_key == ""

    def test_more_than_a_thousand_events_are_all_read(self, world: World) -> None:
        count = 1100
        events = [event(number, MONDAY + number * timedelta(minutes=9)) for number in range(count)]
        for at in range(0, count, world.backend.batch):
            world.backend.apply(world.calendar, creating(*events[at : at + world.backend.batch]))
        snapshot = world.backend.snapshot(world.calendar, Window(MONDAY, MONDAY + timedelta(days=60)))
        assert sorted(one.marker.key for one in snapshot.ours) == sorted(one.key for one in events)

    def test_a_window_of_many_years_is_read_whole(self, world: World) -> None:
        events = [event(year, MONDAY + timedelta(days=365 * year), end=MONDAY + timedelta(days=365 * year + 400)) for year in range(6)]
        world.backend.apply(world.calendar, creating(*events))
        snapshot = world.backend.snapshot(world.calendar, Window(MONDAY, MONDAY + timedelta(days=365 * 6)))
        assert [one.marker.key for one in snapshot.ours] == [one.key for one in events]

    def test_a_copy_that_somebody_made_is_a_second_event_with_the_same_marker(self, world: World, made: RemoteEvent) -> None:
        copy = world.copy(world.calendar, made.item.id)
        ours = world.backend.snapshot(world.calendar, WEEK).ours
        assert {one.item.id for one in ours} == {made.item.id, copy}
        assert {one.marker for one in ours} == {made.marker}

    def test_what_somebody_edited_is_seen_as_it_stands(self, world: World, made: RemoteEvent) -> None:
        world.edit(world.calendar, made.item.id, subject="Moved!", start=MONDAY + HOUR, end=MONDAY + 3 * HOUR, location="Elsewhere")
        seen = world.backend.snapshot(world.calendar, WEEK).ours[0]
        assert (seen.subject, seen.start, seen.end, seen.location) == ("Moved!", MONDAY + HOUR, MONDAY + 3 * HOUR, "Elsewhere")
        assert seen.item.id == made.item.id
        assert seen.item.change_key != made.item.change_key
        assert seen.marker == made.marker

    def test_calendars_do_not_mix(self, world: World, made: RemoteEvent) -> None:
        world.backend.apply(world.other, creating(event(7)))
        assert [one.item.id for one in world.backend.snapshot(world.calendar, WEEK).ours] == [made.item.id]
        assert [one.subject for one in world.seen(world.other)] == ["COMP0007 Lecture"]

    # Fields

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
    def test_texts_arrive_as_they_were_written(self, world: World, text: str) -> None:
        one = event(1, subject=text, location=text, body=text, categories=(text,))
        assert errors(world.backend.apply(world.calendar, creating(one))) == [None]
        seen = world.seen(world.calendar)[0]
        assert (seen.subject, seen.location, seen.body, seen.categories) == (text, text, text, (text,))
        standing = world.backend.snapshot(world.calendar, WEEK).ours[0]
        assert (standing.subject, standing.location, standing.categories) == (text, text, (text,))
        assert world.backend.read_bodies(world.calendar, [standing.item])[standing.item.id].strip() == text

    def test_what_somebody_wrote_at_length_may_be_listed_cut(self, world: World, made: RemoteEvent) -> None:
        long = "Building " + "x" * 300
        world.edit(world.calendar, made.item.id, location=long)
        listed = world.backend.snapshot(world.calendar, WEEK).ours[0].location
        assert long.startswith(listed)
        assert len(listed) >= 254

    @pytest.mark.parametrize("busy", list(Busy))
    def test_every_busy_status_arrives(self, world: World, busy: Busy) -> None:
        world.backend.apply(world.calendar, creating(event(1, busy=busy)))
        assert world.seen(world.calendar)[0].busy == busy
        assert world.backend.snapshot(world.calendar, WEEK).ours[0].busy == busy

    @pytest.mark.parametrize("sensitivity", list(Sensitivity))
    def test_every_sensitivity_arrives(self, world: World, sensitivity: Sensitivity) -> None:
        world.backend.apply(world.calendar, creating(event(1, sensitivity=sensitivity)))
        assert world.seen(world.calendar)[0].sensitivity == sensitivity
        assert world.backend.snapshot(world.calendar, WEEK).ours[0].sensitivity == sensitivity

    @pytest.mark.parametrize("reminder", [None, 0, 1440])
    def test_reminders_arrive(self, world: World, reminder: int | None) -> None:
        world.backend.apply(world.calendar, creating(event(1, reminder=reminder)))
        assert world.seen(world.calendar)[0].reminder == reminder
        assert world.backend.snapshot(world.calendar, WEEK).ours[0].reminder == reminder

    def test_a_reminder_can_be_taken_off_and_put_on(self, world: World, made: RemoteEvent) -> None:
        for reminder in (None, 30):
            before = world.backend.snapshot(world.calendar, WEEK).ours[0]
            world.backend.apply(world.calendar, [updating(before, event(1, reminder=reminder))])
            assert world.seen(world.calendar)[0].reminder == reminder

    def test_categories_are_a_sorted_set(self, world: World) -> None:
        world.backend.apply(world.calendar, creating(event(1, categories=("Exam", "Timetable"))))
        assert world.backend.snapshot(world.calendar, WEEK).ours[0].categories == ("Exam", "Timetable")

    def test_times_arrive_to_the_second_on_both_sides_of_a_clock_change(self, world: World) -> None:
        # 02:30 in Berlin on 25 Oct 2026 comes twice: at 00:30 and at 01:30 UTC.
        first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
        events = [event(1, first, zone="Europe/Berlin"), event(2, second, zone="Europe/Berlin")]
        world.backend.apply(world.calendar, creating(*events))
        seen = sorted((one.start, one.end) for one in world.seen(world.calendar))
        assert seen == [(first, first + HOUR), (second, second + HOUR)]
        standing = world.backend.snapshot(world.calendar, Window(first - HOUR, second + HOUR)).ours
        assert [one.start for one in standing] == [first, second]

    def test_events_keep_the_zone_that_people_read_them_in(self, world: World) -> None:
        world.backend.apply(world.calendar, creating(event(1, zone="Australia/Sydney")))
        assert world.same_zone(world.seen(world.calendar)[0].zone, "Australia/Sydney")

    def test_an_event_over_several_days_arrives(self, world: World) -> None:
        world.backend.apply(world.calendar, creating(event(1, end=MONDAY + timedelta(days=4))))
        assert world.backend.snapshot(world.calendar, WEEK).ours[0].end == MONDAY + timedelta(days=4)

    def test_a_body_in_html_arrives_and_reads_as_text(self, world: World) -> None:
        html = "<p>Dr. Who &amp; <b>friends</b></p>"
        world.backend.apply(world.calendar, creating(event(1, body=html, body_kind="html")))
        assert "<b>friends</b>" in world.seen(world.calendar)[0].body
        item = world.backend.snapshot(world.calendar, WEEK).ours[0].item
        assert " ".join(world.backend.read_bodies(world.calendar, [item])[item.id].split()) == "Dr. Who & friends"

    def test_where_a_link_leads_is_read_with_the_text(self, world: World) -> None:
        html = '<p>Room 1.2, <a href="https://meet.example.ac.uk/1">Join</a></p><p>C++</p>'
        world.backend.apply(world.calendar, creating(event(1, body=html, body_kind="html")))
        item = world.backend.snapshot(world.calendar, WEEK).ours[0].item
        read = world.backend.read_bodies(world.calendar, [item])[item.id]
        assert " ".join(read.split()) == "Room 1.2, Join<https://meet.example.ac.uk/1> C++"

    def test_the_bodies_of_many_events_are_each_their_own(self, world: World) -> None:
        events = [event(number, MONDAY + number * HOUR, body=f"body {number}") for number in range(120)]
        for at in range(0, 120, world.backend.batch):
            world.backend.apply(world.calendar, creating(*events[at : at + world.backend.batch]))
        standing = world.backend.snapshot(world.calendar, WEEK).ours
        bodies = world.backend.read_bodies(world.calendar, [one.item for one in standing])
        wanted = {one.key: one.body for one in events}
        assert {one.marker.key: bodies[one.item.id].strip() for one in standing} == wanted

    def test_the_body_of_an_event_that_is_gone_is_left_out(self, world: World, made: RemoteEvent) -> None:
        other = world.backend.apply(world.calendar, creating(event(2, body="two")))[0].item
        assert other is not None
        world.delete(world.calendar, made.item.id)
        assert list(world.backend.read_bodies(world.calendar, [made.item, other])) == [other.id]

    # Writing

    def test_outcomes_come_one_a_change_in_order_and_name_the_items(self, world: World) -> None:
        changes = creating(*(event(number, MONDAY + number * HOUR) for number in reversed(range(10))))
        outcomes = world.backend.apply(world.calendar, changes)
        assert [outcome.change for outcome in outcomes] == changes
        standing = {one.item: one.marker.key for one in world.backend.snapshot(world.calendar, WEEK).ours}
        assert [standing[outcome.item] for outcome in outcomes if outcome.item] == [change.key for change in changes]

    def test_nothing_to_do_is_done(self, world: World) -> None:
        assert world.backend.apply(world.calendar, []) == []

    def test_more_than_a_batch_or_a_mixed_one_is_the_callers_mistake(self, world: World, made: RemoteEvent) -> None:
        with pytest.raises(ValueError, match="at most"):
            world.backend.apply(world.calendar, creating(*(event(number) for number in range(world.backend.batch + 1))))
        with pytest.raises(ValueError, match="several kinds"):
            world.backend.apply(world.calendar, [*creating(event(2)), deleting(made)])
        assert len(world.seen(world.calendar)) == 1

    def test_an_update_makes_the_same_item_into_what_it_is_to_be(self, world: World, made: RemoteEvent) -> None:
        after = event(
            1,
            MONDAY + 24 * HOUR,
            subject="New",
            location="Room 2",
            body="Dr. Where",
            categories=("Exam",),
            busy=Busy.FREE,
            sensitivity=Sensitivity.PRIVATE,
        )
        outcome = world.backend.apply(world.calendar, [updating(made, after)])[0]
        assert outcome.error is None
        seen = world.seen(world.calendar)
        assert len(seen) == 1
        assert (seen[0].id, seen[0].marker) == (made.item.id, marker(after))
        assert (seen[0].start, seen[0].end, seen[0].subject, seen[0].location) == (after.start, after.end, "New", "Room 2")
        assert (seen[0].body, seen[0].categories, seen[0].busy, seen[0].reminder) == ("Dr. Where", ("Exam",), Busy.FREE, None)
        assert seen[0].sensitivity == Sensitivity.PRIVATE
        standing = world.backend.snapshot(world.calendar, WEEK).ours[0]
        assert standing.item == outcome.item

    def test_fields_that_are_not_ours_stay_as_people_made_them(self, world: World, made: RemoteEvent) -> None:
        world.edit(world.calendar, made.item.id, location="Their room", body="Their notes", categories=("Theirs",))
        before = world.backend.snapshot(world.calendar, WEEK).ours[0]
        assert errors(world.backend.apply(world.calendar, [updating(before, event(1, subject="New"))])) == [None]
        seen = world.seen(world.calendar)[0]
        assert (seen.subject, seen.location, seen.body.strip(), seen.categories) == ("New", "Their room", "Their notes", ("Theirs",))

    def test_fields_that_are_ours_and_empty_are_emptied(self, world: World, made: RemoteEvent) -> None:
        after = event(1, location="", body="", categories=())
        assert errors(world.backend.apply(world.calendar, [updating(made, after)])) == [None]
        seen = world.seen(world.calendar)[0]
        assert (seen.location, seen.body, seen.categories) == ("", "", ())

    def test_a_deleted_event_lies_in_deleted_items(self, world: World, made: RemoteEvent) -> None:
        outcome = world.backend.apply(world.calendar, [deleting(made)])[0]
        assert (outcome.error, outcome.item) == (None, None)
        assert world.seen(world.calendar) == []
        assert [one.subject for one in world.deleted(world.calendar)] == [made.subject]

    def test_other_peoples_appointments_stay_bit_for_bit(self, world: World, made: RemoteEvent) -> None:
        appointment = world.add_appointment(world.calendar, MONDAY, MONDAY + HOUR, "Coffee")
        before = [one for one in world.seen(world.calendar) if one.id == appointment]
        updated = world.backend.apply(world.calendar, [updating(made, event(1, subject="New"))])[0].item
        assert updated is not None
        world.backend.apply(world.calendar, creating(event(2)))
        world.backend.apply(world.calendar, [deleting(made._replace(item=updated))])
        assert [one for one in world.seen(world.calendar) if one.id == appointment] == before

    def test_an_update_of_what_was_edited_since_is_stale_and_changes_nothing(self, world: World, made: RemoteEvent) -> None:
        world.edit(world.calendar, made.item.id, subject="Edited meanwhile")
        outcomes = world.backend.apply(world.calendar, [updating(made, event(1, subject="New"))])
        assert errors(outcomes) == [ConflictError]
        assert [one.subject for one in world.seen(world.calendar)] == ["Edited meanwhile"]

    def test_what_is_gone_is_stale_and_the_others_are_done(self, world: World, made: RemoteEvent) -> None:
        world.backend.apply(world.calendar, creating(event(2), event(3)))
        gone, kept, kept_too = sorted(world.backend.snapshot(world.calendar, WEEK).ours, key=lambda one: one.marker.key)
        world.delete(world.calendar, gone.item.id)
        changes: list[Change] = [
            updating(kept, event(2, subject="New")),
            updating(gone, event(1, subject="New")),
            updating(kept_too, event(3, subject="New")),
        ]
        assert errors(world.backend.apply(world.calendar, changes)) == [None, ConflictError, None]
        fresh = {one.item.id: one for one in world.backend.snapshot(world.calendar, WEEK).ours}
        deletes: list[Change] = [deleting(gone), deleting(fresh[kept.item.id]), deleting(fresh[kept_too.item.id])]
        assert errors(world.backend.apply(world.calendar, deletes)) == [ConflictError, None, None]
        assert world.seen(world.calendar) == []

    def test_a_calendar_that_does_not_exist_fails_every_change(self, world: World) -> None:
        assert errors(world.backend.apply(world.nobody, creating(event(1), event(2)))) == [CalendarError, CalendarError]

    @pytest.mark.parametrize("done", [True, False])
    def test_what_nobody_knows_is_unclear_for_every_change(self, world: World, *, done: bool) -> None:
        changes = creating(event(1), event(2))
        world.unclear_next_write(done=done)
        assert errors(world.backend.apply(world.calendar, changes)) == [OutcomeUnknown, OutcomeUnknown]
        assert len(world.backend.snapshot(world.calendar, WEEK).ours) == (2 if done else 0)

    @pytest.mark.parametrize("done", [True, False])
    def test_updates_and_deletes_can_be_unclear_too(self, world: World, made: RemoteEvent, *, done: bool) -> None:
        world.unclear_next_write(done=done)
        assert errors(world.backend.apply(world.calendar, [updating(made, event(1, subject="New"))])) == [OutcomeUnknown]
        before = world.backend.snapshot(world.calendar, WEEK).ours[0]
        assert before.subject == ("New" if done else made.subject)
        world.unclear_next_write(done=done)
        assert errors(world.backend.apply(world.calendar, [deleting(before)])) == [OutcomeUnknown]
        assert len(world.seen(world.calendar)) == (0 if done else 1)

    def test_a_busy_service_has_not_done_it_and_says_for_how_long(self, world: World) -> None:
        world.busy_next_request(2.5)
        outcomes = world.backend.apply(world.calendar, creating(event(1), event(2)))
        for outcome in outcomes:
            # A backend may doubt that nothing was begun.
            assert isinstance(outcome.error, (TransientError, OutcomeUnknown))
            assert (outcome.error.wait, outcome.error.busy) == (2.5, True)
        assert world.seen(world.calendar) == []
        world.busy_next_request(1.0)
        with pytest.raises(TransientError):
            world.backend.snapshot(world.calendar, WEEK)

    def test_looking_ahead_says_where_beyond_the_window_the_next_of_ours_starts(self, world: World) -> None:
        after = WEEK.end + timedelta(days=2)
        world.backend.apply(world.calendar, creating(event(1), event(2, start=after)))
        world.add_appointment(world.calendar, WEEK.end + HOUR, WEEK.end + 2 * HOUR, "Coffee")

        near = world.backend.snapshot(world.calendar, WEEK, timedelta(days=1))
        far = world.backend.snapshot(world.calendar, WEEK, timedelta(days=7))

        assert (near.ours, near.foreign) == (far.ours, far.foreign)
        assert (len(far.ours), far.foreign) == (1, 0)
        assert near.clear_until == WEEK.end + timedelta(days=1)
        assert far.clear_until == after

    # Signs of change, and the rest

    def test_the_stamp_stays_while_nothing_changes_and_changes_with_everything(self, world: World, made: RemoteEvent) -> None:
        first = world.backend.stamp(world.calendar)
        if first is None:
            pytest.skip("this service gives no stamp")
        world.backend.snapshot(world.calendar, WEEK)
        world.backend.apply(world.other, creating(event(9)))
        second = world.backend.stamp(world.calendar)
        assert second is not None
        assert second.sign == first.sign
        assert second.age >= first.age
        stamps = [first.sign]

        def look() -> None:
            stamp = world.backend.stamp(world.calendar)
            assert stamp is not None
            stamps.append(stamp.sign)
            world.let_time_pass()

        world.let_time_pass()
        world.edit(world.calendar, made.item.id, subject="Edited")
        look()
        appointment = world.add_appointment(world.calendar, MONDAY, MONDAY + HOUR, "Coffee")
        look()
        world.edit(world.calendar, appointment, subject="Tea")
        look()
        world.delete(world.calendar, appointment)
        look()
        world.backend.apply(world.calendar, creating(event(2)))
        look()
        assert len(set(stamps)) == 6

    def test_a_folder_keeps_its_id_whatever_is_done_in_it_and_no_other_folder_has_it(self, world: World, made: RemoteEvent) -> None:
        first, other = world.backend.stamp(world.calendar), world.backend.stamp(world.other)
        if first is None or other is None:
            pytest.skip("this service does not name its folders")
        world.backend.apply(world.calendar, [deleting(made)])
        again = world.backend.stamp(world.calendar)
        assert again is not None
        assert first.folder == again.folder != other.folder

    def test_a_folder_has_one_id_by_whatever_address_it_is_found(self, world: World, made: RemoteEvent) -> None:
        twin = world.also_as(world.calendar)
        first, second = world.backend.stamp(world.calendar), world.backend.stamp(twin)
        if first is None or not first.folder:
            pytest.skip("this service does not name its folders")
        assert second is not None
        assert (second.folder, second.sign) == (first.folder, first.sign)
        assert [one.item for one in world.backend.snapshot(twin, WEEK).ours] == [made.item]
        assert errors(world.backend.apply(twin, creating(event(2)))) == [None]
        assert world.backend.snapshot(twin, WEEK).ours == world.backend.snapshot(world.calendar, WEEK).ours

    def test_a_mailbox_that_was_made_anew_has_a_folder_of_its_own_and_none_of_the_items(self, world: World, made: RemoteEvent) -> None:
        first = world.backend.stamp(world.calendar)
        world.make_anew(world.calendar)
        second = world.backend.stamp(world.calendar)
        if first is None or second is None or not first.folder:
            pytest.skip("this service does not name its folders")
        assert second.folder != first.folder
        assert errors(world.backend.apply(world.calendar, creating(event(1)))) == [None]
        (again,) = world.backend.snapshot(world.calendar, WEEK).ours
        assert (again.marker.key, again.item.id == made.item.id) == (made.marker.key, False)

    def test_a_reading_says_when_it_was_by_the_services_clock_and_what_comes_later_is_later(self, world: World, made: RemoteEvent) -> None:
        at = world.backend.snapshot(world.calendar, WEEK).at
        if at is None or made.created is None:
            pytest.skip("this service does not tell the time")
        world.let_time_pass()
        world.backend.apply(world.calendar, creating(event(2)))
        later = world.backend.snapshot(world.calendar, WEEK)
        assert later.at is not None
        assert later.at >= at
        (new,) = [one for one in later.ours if one.item != made.item]
        assert new.created is not None
        assert new.created >= at.replace(microsecond=0)

    def test_several_threads_work_on_several_calendars(self, world: World) -> None:
        def work(calendar: Calendar) -> int:
            for at in range(5):
                outcomes = world.backend.apply(calendar, creating(*(event(at * 10 + n, MONDAY + n * HOUR) for n in range(10))))
                assert errors(outcomes) == [None] * 10
                world.backend.snapshot(calendar, WEEK)
            return len(world.backend.snapshot(calendar, WEEK).ours)

        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(work, [world.calendar, world.other])) == [50, 50]

    def test_it_can_be_closed_twice(self, world: World) -> None:
        world.backend.close()
        world.backend.close()
