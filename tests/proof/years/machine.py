"""The state machine: what may happen in a history, in any order, and what has to be so after each night and at the end."""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from hypothesis import note
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.proof.years.configurations import Configuration
from tests.proof.years.expectation import address_of, span_of, unusable
from tests.proof.years.judge import Judge, Wrong, equal_to_timetable
from tests.proof.years.office import Lesson, Office
from tests.proof.years.seen import Seen
from tests.proof.years.worlds import Asked, Mishap, Night, World

MODULES = ("A", "B", "C")
ACTIVITIES = ("maths", "music", "law")
ADDRESSES = tuple(address_of(module) for module in (*MODULES, "far"))

#: Nights from which histories begin: before the clocks go back, before they go forward, before an ISO year of 53 weeks ends.
BEGINNINGS = (datetime(2026, 10, 23, 1, tzinfo=UTC), datetime(2027, 3, 26, 1, tzinfo=UTC), datetime(2026, 12, 30, 1, tzinfo=UTC))

minutes = st.sampled_from([0, 30, 60, 90, 120, 9 * 60, 12 * 60, 23 * 60 + 30])
days = st.sampled_from([0, 1, 2, 3, 4, 7, 8, 9, -1])
lengths = st.sampled_from([60, 30, 120, 24 * 60])
modules = st.sampled_from([("A",), ("B",), ("A", "B"), ("C",)])
titles = st.sampled_from(["One", "Two"])
rooms = st.sampled_from(["R1", "R2", ""])
number = st.integers(0, 30)
waits = st.sampled_from([timedelta(hours=1), timedelta(days=1), timedelta(0), timedelta(minutes=1), timedelta(days=2)])
mishaps = st.builds(
    Mishap,
    st.sampled_from(["busy", "unclear done", "unclear undone", "refused", "listing", "gone", "stop", "deadline", "lease", "killed"]),
    st.integers(0, 5),
)
policies = st.sampled_from(["restore", "keep", "report"])
shifts = st.sampled_from(
    [
        timedelta(hours=1),
        timedelta(days=1),
        timedelta(days=-2),
        timedelta(days=5),
        timedelta(days=9),
        timedelta(days=-9),
        timedelta(minutes=-30),
    ]
)


class Years(RuleBasedStateMachine):
    """One history. ``world`` is given by who runs the machine; ``tally`` counts what histories did."""

    world: ClassVar[World]
    tally: ClassVar[Counter[str]] = Counter()

    @initialize(beginning=st.sampled_from(BEGINNINGS), narrow=st.booleans(), planned=st.sampled_from([9, 4, 14, 0]))
    def begin(self, beginning: datetime, narrow: bool, planned: int) -> None:
        self.now = beginning
        self.office = Office()
        self.judge = Judge()
        self.configuration = Configuration(narrow=narrow)
        self.resting: list[Lesson] = []
        self.world.begin(ADDRESSES, beginning)
        self.tally["histories"] += 1
        for nth in range(planned):
            start = self._midnight() + timedelta(days=nth % 5, hours=9 + nth // 5 * 2)
            self.office.add(
                Lesson(ACTIVITIES[nth % 2], MODULES[: 1 + nth % 3 // 2], start, start + timedelta(hours=1), f"Lesson {nth}", "R1")
            )
        if planned:
            self.a_night(timedelta(0))

    # The timetable

    @rule(
        activity=st.sampled_from(ACTIVITIES),
        of=modules,
        day=days,
        minute=minutes,
        length=lengths,
        title=titles,
        room=rooms,
        times=st.sampled_from([1, 2, 6, 9]),
    )
    def lessons_are_added(
        self, activity: str, of: tuple[str, ...], day: int, minute: int, length: int, title: str, room: str, times: int
    ) -> None:
        start = self._midnight() + timedelta(days=day, minutes=minute)
        for _ in range(times):
            self.office.add(Lesson(activity, of, start, start + timedelta(minutes=length), title, room))
            start += timedelta(hours=3) if times > 2 else timedelta(days=1)

    @rule()
    def a_lesson_is_added_at_this_very_moment(self) -> None:
        start = self.now.astimezone(ZoneInfo(self.configuration.zone)).replace(tzinfo=None)
        self.office.add(Lesson("law", ("A",), start, start + timedelta(hours=1), "Now", ""))

    @rule(which=number, by=shifts)
    def a_lesson_is_moved(self, which: int, by: timedelta) -> None:
        if lesson := self._lesson(which):
            self.office.change(lesson, start=lesson.start + by, end=lesson.end + by)

    @rule(which=number, day=st.sampled_from([0, -1, 1]))
    def a_lesson_is_moved_to_the_windows_end(self, which: int, day: int) -> None:
        if lesson := self._lesson(which):
            zone = ZoneInfo(self.configuration.zone)
            start = span_of(self.configuration, self.now).end.astimezone(zone).replace(tzinfo=None) + timedelta(days=day)
            self.office.change(lesson, start=start, end=start + (lesson.end - lesson.start))

    @rule(which=number, title=titles, room=rooms)
    def a_lesson_is_renamed(self, which: int, title: str, room: str) -> None:
        if lesson := self._lesson(which):
            self.office.change(lesson, title=title, room=room)

    @rule(which=number, of=modules)
    def a_lesson_gets_other_calendars(self, which: int, of: tuple[str, ...]) -> None:
        if lesson := self._lesson(which):
            self.office.change(lesson, modules=of)

    @rule(which=number)
    def a_lesson_is_cancelled_or_takes_place_after_all(self, which: int) -> None:
        if lesson := self._lesson(which):
            self.office.change(lesson, cancelled=not lesson.cancelled)

    @rule(which=number)
    def a_lesson_is_taken_out(self, which: int) -> None:
        if lesson := self._lesson(which):
            self.office.remove(lesson)

    @rule(which=number, times=st.integers(2, 7))
    def several_lessons_are_taken_out(self, which: int, times: int) -> None:
        for nth in range(times):
            self.a_lesson_is_taken_out(which + nth)

    @rule(one=number, other=number)
    def two_lessons_are_swapped(self, one: int, other: int) -> None:
        first, second = self._lesson(one), self._lesson(other)
        if first and second and first is not second:
            self.office.swap(first, second)

    @rule(which=number)
    def a_row_is_mistyped_or_mended(self, which: int) -> None:
        if lesson := self._lesson(which):
            self.office.change(lesson, spoilt=not lesson.spoilt)

    @rule(module=st.sampled_from(MODULES))
    def a_calendar_leaves(self, module: str) -> None:
        for lesson in list(self.office.lessons):
            if lesson.modules == (module,):
                self.office.remove(lesson)
                self.resting.append(lesson)
            elif module in lesson.modules:
                self.office.change(lesson, modules=tuple(one for one in lesson.modules if one != module))

    @precondition(lambda self: self.resting)
    @rule()
    def what_left_comes_back(self) -> None:
        self.office.add(*self.resting)
        self.resting = []

    # People

    @rule(
        which=number,
        fields=st.sampled_from(
            [{"subject": "Edited"}, {"location": "Elsewhere"}, {"body": "Bring a pen"}, {"all_day": True}, {"categories": ()}]
        ),
    )
    def someone_edits_an_event(self, which: int, fields: dict[str, Any]) -> None:
        if found := self._item(which):
            address, item = found
            self._people(lambda: self.world.edit(address, item.id, **fields))

    @rule(which=number, by=shifts)
    def someone_moves_an_event(self, which: int, by: timedelta) -> None:
        if found := self._item(which):
            address, item = found
            self._people(lambda: self.world.edit(address, item.id, start=item.start + by, end=item.content.end + by))

    @rule(which=number, to_end=st.booleans())
    def someone_moves_an_event_to_the_windows_edge(self, which: int, to_end: bool) -> None:
        if found := self._item(which):
            address, item = found
            span = span_of(self.configuration, self.now)
            start = span.end if to_end else span.start
            self._people(lambda: self.world.edit(address, item.id, start=start, end=start + timedelta(hours=1)))

    @rule(which=number)
    def someone_deletes_an_event(self, which: int) -> None:
        if found := self._item(which):
            address, item = found
            self._people(lambda: self.world.delete(address, item.id))
            self.judge.person_deleted(address, item, self.world.see(address))

    @rule(address=st.sampled_from(ADDRESSES[:3]), which=number)
    def someone_takes_an_event_out_of_deleted_items(self, address: str, which: int) -> None:
        self._people(lambda: self.world.bring_back(address, which))

    @rule(which=number, to=st.sampled_from(ADDRESSES[:3]), by=st.one_of(st.just(timedelta(0)), shifts))
    def someone_copies_an_event(self, which: int, to: str, by: timedelta) -> None:
        if found := self._item(which):
            address, item = found
            self._people(lambda: self.world.copy(address, item.id, to, start=item.start + by, end=item.content.end + by))

    @rule(address=st.sampled_from(ADDRESSES[:3]), day=days, minute=minutes)
    def someone_makes_an_appointment(self, address: str, day: int, minute: int) -> None:
        start = self.now.replace(hour=0, minute=0) + timedelta(days=day, minutes=minute)
        self._people(lambda: self.world.add(address, start, start + timedelta(hours=1), "Coffee"))

    @rule(which=number, instead=st.booleans())
    def someone_makes_an_appointment_at_an_events_time(self, which: int, instead: bool) -> None:
        if found := self._item(which):
            address, item = found
            self._people(lambda: self.world.add(address, item.start, item.content.end, "Instead of it"))
            if instead:
                self._people(lambda: self.world.delete(address, item.id))
                self.judge.person_deleted(address, item, self.world.see(address))

    @rule(address=st.sampled_from(ADDRESSES[:3]), day=days)
    def another_installation_writes(self, address: str, day: int) -> None:
        start = self.now.replace(minute=0) + timedelta(days=day)
        marker = "1 abcdef abcdefghijklmnop rooms/2026%2F27/maths/2026-W43/1"
        self._people(lambda: self.world.add(address, start, start + timedelta(hours=1), "Booked", marker))

    # The ledger, the configuration, the clock

    @rule()
    def the_ledger_is_lost(self) -> None:
        self.world.lose_ledger()
        self.judge.ledger_changed()

    @rule()
    def the_ledger_is_backed_up(self) -> None:
        self.world.keep_ledger()

    @rule()
    def the_ledger_is_restored_from_its_backup(self) -> None:
        self.world.restore_ledger()
        self.judge.ledger_changed()

    @rule()
    def the_other_host_takes_over(self) -> None:
        self.world.change_host()
        self.judge.ledger_changed()

    @rule(future=st.sampled_from([2, 7, 10]), past=st.sampled_from([0, 24]))
    def the_window_is_changed(self, future: int, past: int) -> None:
        self.configuration = replace(self.configuration, future=future, past=past)

    @rule(edited=policies, deleted=policies)
    def the_drift_policy_is_changed(self, edited: Any, deleted: Any) -> None:
        self.configuration = replace(self.configuration, edited=edited, deleted=deleted)

    @rule(coded=st.booleans(), body=st.booleans(), mark=st.booleans())
    def the_templates_are_changed(self, coded: bool, body: bool, mark: bool) -> None:
        self.configuration = replace(self.configuration, coded=coded, body=body, mark=mark)

    @rule(zone=st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata"]))
    def the_time_zone_is_changed(self, zone: str) -> None:
        self.configuration = replace(self.configuration, zone=zone)

    @rule(narrow=st.booleans(), stamps=st.booleans())
    def guards_and_stamps_are_changed(self, narrow: bool, stamps: bool) -> None:
        self.configuration = replace(self.configuration, narrow=narrow, stamps=stamps)

    @rule(wait=st.one_of(waits, st.just(timedelta(days=7))))
    def time_passes(self, wait: timedelta) -> None:
        self.now += wait
        self.world.set_clock(self.now)

    # Nights

    @rule(wait=waits)
    def a_night(self, wait: timedelta) -> None:
        self.time_passes(wait)
        self._night(Asked(self.configuration, self.now, tuple(self.office.lessons)))

    @rule(wait=waits, mishap=mishaps)
    def a_night_with_a_mishap(self, wait: timedelta, mishap: Mishap) -> None:
        self.time_passes(wait)
        self._night(Asked(self.configuration, self.now, tuple(self.office.lessons), mishap=mishap))

    @rule(wait=waits, nth=st.integers(0, 9))
    def a_night_whose_timetable_breaks_off(self, wait: timedelta, nth: int) -> None:
        self.time_passes(wait)
        self._night(Asked(self.configuration, self.now, tuple(self.office.lessons), mishap=Mishap("timetable", nth)))

    @rule(wait=waits)
    def a_forced_night(self, wait: timedelta) -> None:
        self.time_passes(wait)
        self._night(Asked(self.configuration, self.now, tuple(self.office.lessons), forced=True))

    @rule()
    def a_dry_run(self) -> None:
        self._night(Asked(self.configuration, self.now, tuple(self.office.lessons), dry_run=True))

    @rule(wait=waits, then=st.integers(0, 4), which=number, by=shifts, delete=st.booleans())
    def a_night_while_people_work(self, wait: timedelta, then: int, which: int, by: timedelta, delete: bool) -> None:
        self.time_passes(wait)

        def meanwhile() -> None:
            if found := self._item(which):
                address, item = found
                if delete:
                    self._people(lambda: self.world.delete(address, item.id))
                else:
                    self._people(lambda: self.world.edit(address, item.id, start=item.start + by, end=item.content.end + by))

        self._night(Asked(self.configuration, self.now, tuple(self.office.lessons), meanwhile=meanwhile, then=then))

    @rule()
    def all_is_well_in_the_end(self) -> None:
        """Every history ends so; in the midst of one, it shows that what was right stays so."""
        for lesson in [one for one in self.office.lessons if unusable(one, self.configuration)]:
            self.office.remove(lesson)
        usual = self.configuration
        self.configuration = replace(usual, edited="restore", deleted="restore")
        self.time_passes(timedelta(minutes=5))
        asked = Asked(self.configuration, self.now, tuple(self.office.lessons), forced=True)
        unheard_of = self._unheard_of()
        # A release lets through what a night held and showed.
        self._night(replace(asked, forced=False))
        night = self._night(asked)
        if night.exit_code != 0:
            raise Wrong(f"a night without a mishap ended with {night.exit_code}: {night.said}")
        unsure = equal_to_timetable(self.judge, asked, self._everything(), unheard_of)
        self.time_passes(timedelta(minutes=5))
        night = self._night(replace(asked, now=self.now, forced=False))
        if night.exit_code != 0 or night.planned or night.left > unsure or night.effects:
            raise Wrong(f"after a night that set everything right there was more to do: {night}")
        if self.world.mails():
            raise Wrong("mail was sent")
        self.configuration = usual

    def teardown(self) -> None:
        if sys.exc_info()[0] is None and hasattr(self, "office"):
            self.all_is_well_in_the_end()

    # What rules have in common

    def _night(self, asked: Asked) -> Night:
        before = self._everything()
        night = self.world.night(asked)
        self.tally["nights"] += 1
        self.tally["written"] += len(night.effects)
        note(f"night of {asked.now:%a %d %b %H:%M}: exit {night.exit_code}, {len(night.effects)} effects {night.said}")
        self.judge.night(asked, before, night.effects)
        if not asked.dry_run:
            self.judge.night_read(before, self._everything())
        whole = not asked.dry_run and night.exit_code == 0 and asked.meanwhile is None and asked.mishap.ill == "none"
        if whole:
            self.judge.whole_night(asked, self._everything())
        elif not asked.dry_run:
            self.judge.some_night(asked, before, self._everything())
        return night

    def _people(self, act: Callable[[], None]) -> None:
        act()
        self.tally["people"] += 1

    def _everything(self) -> dict[str, list[Seen]]:
        return {address: self.world.see(address) for address in ADDRESSES}

    def _unheard_of(self) -> set[str]:
        """Calendars that neither the timetable names nor the ledger knows: no night looks into them, whatever a person copies there."""
        named = {address_of(module) for lesson in self.office.lessons for module in lesson.modules}
        return set(ADDRESSES) - named - self.judge.known(span_of(self.configuration, self.now))

    def _lesson(self, which: int) -> Lesson | None:
        lessons = self.office.lessons
        return lessons[which % len(lessons)] if lessons else None

    def _item(self, which: int) -> tuple[str, Seen] | None:
        items = [(address, item) for address in ADDRESSES for item in self.world.see(address)]
        return items[which % len(items)] if items else None

    def _midnight(self) -> datetime:
        return self.now.astimezone(ZoneInfo(self.configuration.zone)).replace(tzinfo=None, hour=0, minute=0)
