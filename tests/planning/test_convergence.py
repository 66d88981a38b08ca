"""Whatever has happened, one clean night makes every calendar equal to the timetable, and the next has nothing to do.

A state machine invents histories: the timetable changes; colleagues edit, copy, delete and add; nights are cut short, lose answers,
crash before they could record; the ledger is lost or comes back from an old copy; time passes; the mapping changes. Nights look at stamps
where that is enough; in the end every calendar is read. In all of it nothing foreign and nothing past is touched, and nothing that a
person made by copying an event of ours and changing it: what a person edited and no record knows may be such a copy, and stays.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.apply.virtual import Book, Run
from tests.planning.builders import COMP101, DAY, HOUR, MATH200, MONDAY
from timetable_sync.apply.executor import apply_plans
from timetable_sync.apply.read_calendars import KnownState, ReadContext, ReadResult, read_calendars
from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.calendars.memory import MemoryBackend, MemoryItem
from timetable_sync.errors import BackendError, CalendarError, EventRejected, OutcomeUnknown, StateUnusable, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Delete, Reason
from timetable_sync.model.event import Busy, Event
from timetable_sync.model.key import EventKey, digested, iso_week
from timetable_sync.model.last_full_read import LastFullRead
from timetable_sync.model.ledger_entry import Digest, LedgerEntry, digest_of
from timetable_sync.model.marker import Marker
from timetable_sync.model.plan import CalendarPlan, SkipReason, Unresolved
from timetable_sync.model.window import Window
from timetable_sync.planning.compare import Rules

CALENDARS = (COMP101, MATH200)
SOURCE, PERIOD = "timetable", "2026/27"
MAPPINGS = ("mapaaa", "mapbbb", "mapccc")
FUTURE = 14 * DAY

places = st.sampled_from(CALENDARS)
activities = st.sampled_from(["LEC", "LAB", "x" * 300])
moments = st.integers(-2 * 24, 30 * 24).map(lambda hours: MONDAY + hours * HOUR)
picks = st.integers(0, 1_000)


@dataclass(frozen=True)
class Lesson:
    calendar: Calendar
    activity: str
    start: datetime
    title: str


class Ledger:
    """A ledger as the state database keeps it, in a dictionary: by calendar and key; and the sightings, which go with it."""

    def __init__(self) -> None:
        self.entries: dict[str, dict[str, LedgerEntry]] = {calendar.address: {} for calendar in CALENDARS}
        self.sightings: dict[str, LastFullRead] = {}

    def copy(self) -> "Ledger":
        copy = Ledger()
        copy.entries = {address: dict(entries) for address, entries in self.entries.items()}
        copy.sightings = dict(self.sightings)
        return copy

    def fingerprints(self, calendar: Calendar, window: Window) -> dict[str, str]:
        return {key: entry.fingerprint for key, entry in self.of(calendar, window).items()}

    def digest(self, calendar: Calendar, window: Window) -> Digest:
        return digest_of(f"{key} {fingerprint}" for key, fingerprint in self.fingerprints(calendar, window).items())

    def will_be_written(self, calendar: Calendar) -> None:
        if calendar.address in self.sightings:
            self.sightings[calendar.address] = replace(self.sightings[calendar.address], intact=False)

    def of(self, calendar: Calendar, window: Window) -> dict[str, LedgerEntry]:
        return {key: entry for key, entry in self.entries[calendar.address].items() if window.holds(entry.start)}

    def learn(self, plan: CalendarPlan) -> None:
        known = self.entries[plan.calendar.address]
        known.update((entry.key, entry) for entry in plan.record)
        for key in plan.forget:
            del known[key]

    def written(self, calendar: Calendar, outcomes: Sequence[ChangeResult], mapping: str) -> None:
        known = self.entries[calendar.address]
        for outcome in outcomes:
            change = outcome.change
            if outcome.error is not None:
                continue
            if not isinstance(change, Delete):
                assert outcome.item is not None
                event = change.after
                known[event.key] = LedgerEntry(event.key, outcome.item, event.fingerprint(), mapping, event.start, event.end)
            elif change.reason is not Reason.DUPLICATE or (change.key in known and known[change.key].item.id == change.before.item.id):
                known.pop(change.key, None)


class Nights(RuleBasedStateMachine):
    """Histories of two calendars."""

    def __init__(self) -> None:
        super().__init__()
        self.backend = MemoryBackend(CALENDARS, batch=3)
        self.people = self.backend.people
        self.lessons: list[Lesson] = []
        self.ledger = Ledger()
        self.copy_of_ledger: Ledger | None = None
        self.mapping = 0
        self.now = MONDAY
        self.foreign: dict[tuple[str, str], MemoryItem] = {}
        self.unseen_bodies: set[str] = set()
        self.touched: set[str] = set()
        self.numbers = 0

    # The timetable

    def events(self, calendar: Calendar, without: Lesson | None = None) -> list[Event]:
        """As the timetable makes them: numbered within activity and week by their start."""
        weeks: dict[tuple[str, str], list[Lesson]] = {}
        for lesson in sorted(self.lessons, key=lambda lesson: (lesson.start, lesson.title)):
            if lesson.calendar == calendar and lesson is not without:
                weeks.setdefault((lesson.activity, iso_week(lesson.start.date())), []).append(lesson)
        return [
            self.event(lesson, EventKey(SOURCE, PERIOD, activity, week, nth).text())
            for (activity, week), lessons in weeks.items()
            for nth, lesson in enumerate(lessons, 1)
        ]

    def event(self, lesson: Lesson, key: str) -> Event:
        # The second mapping shows more in the subject; the third gives the same content as the second.
        subject = lesson.title if self.mapping == 0 else f"{lesson.calendar.name}: {lesson.title}"
        return Event(key, lesson.start, lesson.start + HOUR, "UTC", subject, "Aula 1", f"About {lesson.title}", "text", ("Timetable",))

    @initialize(many=st.lists(st.tuples(places, activities, moments), max_size=8))
    def begin(self, many: list[tuple[Calendar, str, datetime]]) -> None:
        for calendar, activity, start in many:
            self.add_lesson(calendar, activity, start)

    @rule(calendar=places, activity=activities, start=moments)
    def add_lesson(self, calendar: Calendar, activity: str, start: datetime) -> None:
        self.numbers += 1
        self.lessons.append(Lesson(calendar, activity, start, f"Lesson {self.numbers}"))

    @precondition(lambda self: self.lessons)
    @rule(pick=picks, start=moments)
    def move_lesson(self, pick: int, start: datetime) -> None:
        self.change_lesson(pick, lambda lesson: replace(lesson, start=start))

    @precondition(lambda self: self.lessons)
    @rule(pick=picks, days=st.integers(1, 3))
    def move_lesson_within_days(self, pick: int, days: int) -> None:
        self.change_lesson(pick, lambda lesson: replace(lesson, start=lesson.start + days * DAY))

    @precondition(lambda self: self.lessons)
    @rule(pick=picks)
    def retitle_lesson(self, pick: int) -> None:
        self.numbers += 1
        self.change_lesson(pick, lambda lesson: replace(lesson, title=f"Lesson {self.numbers}"))

    @precondition(lambda self: self.lessons)
    @rule(pick=picks)
    def cancel_lesson(self, pick: int) -> None:
        self.lessons.pop(pick % len(self.lessons))

    @rule(calendar=places)
    def empty_calendar(self, calendar: Calendar) -> None:
        self.lessons = [lesson for lesson in self.lessons if lesson.calendar != calendar]

    @rule(mapping=st.integers(0, 2))
    def change_mapping(self, mapping: int) -> None:
        self.mapping = mapping

    def change_lesson(self, pick: int, change: Callable[[Lesson], Lesson]) -> None:
        at = pick % len(self.lessons)
        self.lessons[at] = change(self.lessons[at])

    # People

    def ours(self) -> list[tuple[Calendar, MemoryItem]]:
        return [
            (calendar, item)
            for calendar in CALENDARS
            for item in self.people.see(calendar.address)
            if (calendar.address, item.id) not in self.foreign
        ]

    def any_of_ours(self, pick: int) -> tuple[Calendar, MemoryItem] | None:
        ours = self.ours()
        return ours[pick % len(ours)] if ours else None

    @rule(
        pick=picks,
        fields=st.sampled_from(
            [
                {"subject": "Party"},
                {"location": "Pub"},
                {"body": "Bring beer"},
                {"body": "Bring beer", "location": "Pub"},
                {"categories": ("Fun",)},
                {"busy": Busy.FREE},
                {"reminder": 5},
                {"all_day": True},
                {"end": MONDAY + 60 * DAY},
            ]
        ),
    )
    def person_edits(self, pick: int, fields: dict[str, object]) -> None:
        found = self.any_of_ours(pick)
        if found is not None:
            self.people.edit(found[0].address, found[1].id, **fields)
            self.touched.add(found[1].id)

    @rule(pick=picks, start=moments)
    def person_drags(self, pick: int, start: datetime) -> None:
        found = self.any_of_ours(pick)
        if found is not None:
            self.people.edit(found[0].address, found[1].id, start=start, end=start + HOUR)
            self.touched.add(found[1].id)

    @rule(pick=picks)
    def person_deletes(self, pick: int) -> None:
        found = self.any_of_ours(pick)
        if found is not None:
            self.people.delete(found[0].address, found[1].id)

    @rule(pick=picks, start=st.one_of(st.none(), moments), to=places)
    def person_copies(self, pick: int, start: datetime | None, to: Calendar) -> None:
        found = self.any_of_ours(pick)
        if found is not None:
            moved: dict[str, Any] = {} if start is None else {"start": start, "end": start + HOUR}
            self.touched.add(self.backend.store.add(to.address, replace(found[1], created=None, **moved)).id)

    @rule(pick=picks)
    def person_takes_the_marker_away(self, pick: int) -> None:
        found = self.any_of_ours(pick)
        if found is not None:
            self.add_foreign(found[0], self.people.edit(found[0].address, found[1].id, marker=None))

    @rule(calendar=places, start=moments)
    def person_adds_an_appointment(self, calendar: Calendar, start: datetime) -> None:
        self.add_foreign(calendar, self.people.add_appointment(calendar.address, start, start + HOUR, "Coffee"))

    @rule(calendar=places, start=moments, activity=activities)
    def another_source_writes(self, calendar: Calendar, start: datetime, activity: str) -> None:
        key = EventKey(SOURCE + "-exams", PERIOD, activity, iso_week(start.date()), 1).text()
        item = self.people.add_appointment(calendar.address, start, start + HOUR, "Exam", marker=Marker("mapaaa", "a" * 16, key).text())
        self.add_foreign(calendar, item)

    def add_foreign(self, calendar: Calendar, item: MemoryItem) -> None:
        self.foreign[calendar.address, item.id] = item

    # The ledger

    @rule()
    def ledger_is_lost(self) -> None:
        self.ledger = Ledger()

    @rule()
    def ledger_is_copied(self) -> None:
        self.copy_of_ledger = self.ledger.copy()

    @precondition(lambda self: self.copy_of_ledger is not None)
    @rule()
    def ledger_comes_back_from_an_old_copy(self) -> None:
        assert self.copy_of_ledger is not None
        self.ledger = self.copy_of_ledger.copy()

    # Nights

    @rule(hours=st.sampled_from([1, 24, 24, 72, 168]))
    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def a_clean_night(self) -> None:
        self.night()
        self.calendars_equal_the_timetable()

    @rule(
        faults=st.lists(
            st.tuples(
                st.sampled_from(
                    [
                        OutcomeUnknown("dropped"),
                        OutcomeUnknown("dropped"),
                        OutcomeUnknown("busy", wait=5.0),
                        TransientError("busy", wait=5.0),
                        TransientError("hiccup"),
                        EventRejected("no"),
                        CalendarError("no access"),
                    ]
                ),
                st.booleans(),
                st.integers(0, 4),
            ),
            max_size=4,
        ),
        unreadable=st.sampled_from([None, None, *CALENDARS]),
        stop_after=st.sampled_from([None, None, 0, 1, 2]),
        crash_after=st.sampled_from([None, None, 0, 1, 2]),
        at_once=st.sampled_from([1, 2]),
    )
    def a_bad_night(
        self,
        faults: list[tuple[BackendError, bool, int]],
        unreadable: Calendar | None,
        stop_after: int | None,
        crash_after: int | None,
        at_once: int,
    ) -> None:
        for error, done, after in faults:
            self.backend.faults.fail("apply", error, done=done and isinstance(error, OutcomeUnknown), after=after)
        if unreadable is not None:
            self.backend.faults.fail("snapshot", CalendarError("no access"), calendar=unreadable.address)
        self.night(stop_after=stop_after, crash_after=crash_after, at_once=at_once)
        self.backend.faults.clear()

    @precondition(lambda self: self.lessons)
    @rule(pick=picks, known=st.sampled_from(["week", "activity", "nothing"]))
    def a_night_with_a_bad_row(self, pick: int, known: str) -> None:
        """One row cannot be read: its lesson is not among the timetable's, and nothing of ours may vanish on account of it."""
        bad = self.lessons[pick % len(self.lessons)]
        row = Unresolved(
            bad.calendar.address,
            PERIOD,
            None if known == "nothing" else bad.activity,
            iso_week(bad.start.date()) if known == "week" else None,
        )
        shown, weeks = self.shown(bad.calendar), self.weeks(bad.calendar)

        self.night(without=bad, unsettled=[row])

        if known == "week":
            assert self.shown(bad.calendar) >= shown
        after = self.weeks(bad.calendar)
        for group, number in weeks.items():
            if known == "nothing" or (known == "activity" and group[1] in (bad.activity, digested(bad.activity))):
                assert after[group] >= number

    def shown(self, calendar: Calendar) -> set[Lesson]:
        """The lessons, the bad row's among them, that people find in the calendar where they ought to be."""
        there = {(item.start, item.subject.rpartition(": ")[2]) for of, item in self.ours() if of == calendar}
        return {
            lesson
            for lesson in self.lessons
            if lesson.calendar == calendar and self.window.holds(lesson.start) and (lesson.start, lesson.title) in there
        }

    def weeks(self, calendar: Calendar) -> Counter[tuple[str, str, str]]:
        """How many different events of ours there are of each activity and week."""
        keys = {self.key(item) for of, item in self.ours() if of == calendar and self.window.holds(item.start)}
        return Counter(key.group for key in map(EventKey.parse, keys) if key is not None)

    def night(
        self,
        *,
        stop_after: int | None = None,
        crash_after: int | None = None,
        at_once: int = 1,
        without: Lesson | None = None,
        unsettled: Sequence[Unresolved] = (),
    ) -> None:
        """One night, guards off. It may be stopped, or crash before it could record, after so many batches."""
        run, mapping, window = Run(), MAPPINGS[self.mapping], self.window
        outside = [item for calendar in CALENDARS for item in self.people.see(calendar.address) if not window.holds(item.start)]
        self.note_bodies_that_the_ledger_cannot_tell()
        theirs = self.made_by_people(without)
        batches = 0

        def record(calendar: Calendar, outcomes: Sequence[ChangeResult]) -> None:
            nonlocal batches
            if batches == crash_after:
                raise StateUnusable("the state database is down")
            self.ledger.written(calendar, outcomes, mapping)
            batches += 1
            if batches == stop_after:
                run.stop.set()

        found = self.read_calendars(run, without, unsettled, every=3 * DAY)
        plans = found.plans
        for plan in plans:
            self.ledger.learn(plan)
        self.ledger.sightings.update((sighting.address, sighting) for sighting in found.sightings)
        for plan in plans:
            if plan.changes:
                self.ledger.will_be_written(plan.calendar)
        if stop_after == 0:
            run.stop.set()
        apply_plans(self.backend, plans, record=Book(record), patience=run.patience, at_once=at_once, progress=run.progress)

        there = {item for calendar in CALENDARS for item in self.people.see(calendar.address)}
        assert there.issuperset(outside)
        assert there.issuperset(theirs)

    def read_calendars(
        self, run: Run, without: Lesson | None = None, unsettled: Sequence[Unresolved] = (), every: timedelta = timedelta(0)
    ) -> ReadResult:
        """``every`` is how often calendars are read in full: nought is always."""
        memory = KnownState(
            self.ledger.sightings,
            lambda calendar: digest_of(
                f"{event.key} {event.fingerprint()}" for event in self.events(calendar, without) if self.window.holds(event.start)
            ),
            {calendar.address: self.ledger.digest(calendar, self.window) for calendar in CALENDARS},
            self.ledger.fingerprints,
            self.now,
            every,
        )
        sides = ReadContext(
            lambda calendar: self.events(calendar, without),
            lambda calendar: self.ledger.entries[calendar.address],
            unsettled,
            Rules(SOURCE, MAPPINGS[self.mapping]),
            memory,
        )
        return read_calendars(self.backend, CALENDARS, self.window, sides, patience=run.patience, at_once=1, progress=run.progress)

    @property
    def window(self) -> Window:
        return Window(self.now, self.now + FUTURE)

    def note_bodies_that_the_ledger_cannot_tell(self) -> None:
        """Of an event that the ledger does not know, nobody knows if its body is still the one we wrote: no listing shows it."""
        for calendar, item in self.ours():
            known = self.ledger.of(calendar, self.window)
            if item.body == "Bring beer" and self.key(item) not in known:
                self.unseen_bodies.add(item.id)

    def made_by_people(self, without: Lesson | None) -> list[MemoryItem]:
        """What a person changed, does not show what we would write, and is in no record."""
        found = []
        for calendar, item in self.ours():
            events = {event.key: event for event in self.events(calendar, without)}
            known = self.ledger.entries[calendar.address].get(self.key(item))
            if item.id in self.touched and (known is None or known.item.id != item.id) and not self.as_written(item):
                event = events.get(self.key(item))
                if event is None or not self.shows(item, event):
                    found.append(item)
        return found

    def as_written(self, item: MemoryItem) -> bool:
        """Whether it shows what some mapping once made of some lesson: titles are numbers that no person writes."""
        assert item.marker is not None
        title = item.subject.rpartition(": ")[2]
        subjects = (title, *(f"{calendar.name}: {title}" for calendar in CALENDARS))
        event = self.event(Lesson(COMP101, "", item.start, title), "")
        fingerprints = {replace(event, subject=subject).fingerprint() for subject in subjects}
        return Marker.parse(item.marker).fingerprint in fingerprints and self.shows(item, replace(event, subject=item.subject))

    def shows(self, item: MemoryItem, event: Event) -> bool:
        return (item.start, item.end, item.subject, item.location, item.body) == (
            event.start,
            event.end,
            event.subject,
            event.location,
            event.body,
        ) and (item.categories, item.busy, item.reminder, item.all_day) == (event.categories, event.busy, event.reminder, False)

    def key(self, item: MemoryItem) -> str:
        assert item.marker is not None
        return Marker.parse(item.marker).key

    # What has to be true

    @invariant()
    def foreign_events_are_bit_for_bit_what_they_were(self) -> None:
        for (address, item_id), item in self.foreign.items():
            assert self.backend.store.get(address, item_id) == item

    def calendars_equal_the_timetable(self) -> None:
        for calendar in CALENDARS:
            wanted = {event.key: event for event in self.events(calendar) if self.window.holds(event.start)}
            there = [item for of, item in self.ours() if of == calendar and self.window.holds(item.start)]
            theirs = [item for item in there if not self.right(item, wanted) and item.id in self.touched]
            right = [item for item in there if item not in theirs]
            unrecorded = {self.key(item) for item in theirs}.difference(self.ledger.of(calendar, self.window))
            counted = Counter(self.key(item) for item in right)
            assert all(counted[key] == 1 or (key in unrecorded and not counted[key]) for key in wanted)
            assert set(counted) <= set(wanted)
            for item in right:
                self.equals(item, wanted[self.key(item)])
        for plan in self.read_calendars(Run()).plans:
            assert (plan.changes, plan.record, plan.forget, plan.bodies) == ((), (), (), ())
            assert {left.why for left in plan.left_alone} <= {SkipReason.COPY, SkipReason.UNRECORDED}

    def right(self, item: MemoryItem, wanted: Mapping[str, Event]) -> bool:
        event = wanted.get(self.key(item))
        seen = item if event is None or item.id not in self.unseen_bodies else replace(item, body=event.body or "")
        assert item.marker is not None
        return event is not None and self.shows(seen, event) and Marker.parse(item.marker).fingerprint == event.fingerprint()

    def equals(self, item: MemoryItem, event: Event) -> None:
        assert (item.start, item.end, item.subject, item.location) == (event.start, event.end, event.subject, event.location)
        assert (item.categories, item.busy, item.reminder, item.all_day) == (event.categories, event.busy, event.reminder, False)
        assert item.marker is not None
        assert Marker.parse(item.marker).fingerprint == event.fingerprint()
        assert item.body == event.body or item.id in self.unseen_bodies

    def teardown(self) -> None:
        self.night()
        self.calendars_equal_the_timetable()
        self.foreign_events_are_bit_for_bit_what_they_were()


Nights.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestAnyHistoryEndsWithCalendarsEqualToTheTimetable = Nights.TestCase
