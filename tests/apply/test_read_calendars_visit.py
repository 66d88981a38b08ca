"""A visit: one cheap request where nothing changed, and a complete reading wherever something might have."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from tests.apply.virtual import Run, written
from tests.planning.builders import COMP101, DAY, HOUR, MONDAY, RULES, WINDOW, entry, event, standing
from timetable_sync.apply.read_calendars import KnownState, ReadContext, read_calendar
from timetable_sync.calendars.memory import MemoryBackend
from timetable_sync.errors import CalendarError, ServiceError
from timetable_sync.model.event import Event
from timetable_sync.model.last_full_read import CTag, LastFullRead
from timetable_sync.model.ledger_entry import LedgerEntry, digest_of
from timetable_sync.model.plan import CalendarPlan, SkipReason
from timetable_sync.model.window import Window

LECTURE = event(start=MONDAY + DAY)


class Visits:
    """One calendar, visited night after night; what is to be remembered is."""

    def __init__(self) -> None:
        self.backend = MemoryBackend([COMP101])
        (there,) = written(self.backend, [LECTURE])
        self.events: list[Event] = [LECTURE]
        self.ledger: dict[str, LedgerEntry] = {LECTURE.key: entry(there)}
        self.sightings: dict[str, LastFullRead] = {}
        self.now = MONDAY
        self.window = WINDOW

    def known(self, window: Window) -> dict[str, str]:
        return {key: entry.fingerprint for key, entry in self.ledger.items() if window.holds(entry.start)}

    def night(self, every: timedelta = 7 * DAY, early: dict[str, CTag | None] | None = None) -> CalendarPlan:
        memory = KnownState(
            self.sightings,
            lambda calendar: digest_of(f"{event.key} {event.fingerprint()}" for event in self.events if self.window.holds(event.start)),
            {COMP101.address: digest_of(f"{key} {fingerprint}" for key, fingerprint in self.known(self.window).items())},
            lambda calendar, window: self.known(window),
            self.now,
            every,
            early or {},
        )
        self.backend.requests.clear()
        sides = ReadContext(lambda calendar: self.events, lambda calendar: self.ledger, (), RULES, memory)
        found = read_calendar(self.backend, COMP101, self.window, sides, Run().patience)
        if found.sighting is not None:
            self.sightings[found.sighting.address] = found.sighting
        assert found.plan is not None
        return found.plan


@pytest.fixture
def visits() -> Visits:
    return Visits()


def test_the_first_reading_is_remembered_and_then_one_request_is_enough(visits: Visits) -> None:
    first = visits.night()
    assert visits.backend.requests == {"stamp": 1, "snapshot": 1}
    second = visits.night()
    assert visits.backend.requests == {"stamp": 1}
    assert replace(second, copies=first.copies) == first


def test_whatever_a_person_does_is_seen_the_next_night(visits: Visits) -> None:
    address = COMP101.address
    visits.night()
    (item,) = visits.backend.people.see(address)
    visits.backend.people.edit(address, item.id, subject="Party")
    assert visits.night().updates == 1
    visits.backend.people.delete(address, item.id)
    assert visits.night().creates == 1


def test_a_stamp_that_was_asked_for_early_is_not_asked_for_again(visits: Visits) -> None:
    visits.night()
    assert visits.night(early={COMP101.address: visits.backend.stamp(COMP101)}).unchanged == 1
    assert visits.backend.requests == {}


def test_a_calendar_that_had_no_stamp_to_give_is_read(visits: Visits) -> None:
    visits.night()
    assert visits.night(early={COMP101.address: None}).unchanged == 1
    assert visits.backend.requests == {"snapshot": 1}


def test_what_a_person_does_after_an_early_stamp_is_seen_the_next_night(visits: Visits) -> None:
    """Minutes lie between the stamp and the comparison: an edit in between is missed tonight, and by no means for ever."""
    visits.night()
    early = visits.backend.stamp(COMP101)
    (item,) = visits.backend.people.see(COMP101.address)
    visits.backend.people.edit(COMP101.address, item.id, subject="Party")
    assert visits.night(early={COMP101.address: early}).updates == 0
    assert visits.night().updates == 1


def test_what_a_person_does_between_an_early_stamp_and_the_reading_is_seen_at_the_latest_the_next_night(visits: Visits) -> None:
    early = visits.backend.stamp(COMP101)
    assert visits.night(early={COMP101.address: early}).updates == 0
    assert visits.backend.requests == {"snapshot": 1}
    (item,) = visits.backend.people.see(COMP101.address)
    visits.backend.people.edit(COMP101.address, item.id, subject="Party")
    assert visits.night().updates == 1


def test_a_changed_timetable_is_read_whatever_an_early_stamp_says(visits: Visits) -> None:
    visits.night()
    early = visits.backend.stamp(COMP101)
    visits.events = [replace(LECTURE, subject="Another")]
    assert visits.night(early={COMP101.address: early}).updates == 1


def test_a_changed_timetable_is_read_at_once_without_asking_for_a_stamp(visits: Visits) -> None:
    visits.night()
    visits.events = [replace(LECTURE, subject="Another")]
    assert visits.night().updates == 1
    assert visits.backend.requests == {"snapshot": 1}


def test_an_event_of_ours_that_somebody_dragged_beyond_the_window_is_met_when_the_window_comes_to_it(visits: Visits) -> None:
    """The window moving on hides nothing: a stamp says that nothing changed, not what lay beyond."""
    address, beyond = COMP101.address, WINDOW.end + 2 * DAY
    (item,) = visits.backend.people.see(address)
    visits.backend.people.copy(address, item.id, start=beyond, end=beyond + HOUR)
    visits.night()
    visits.window = Window(WINDOW.start, beyond - DAY)
    visits.night()
    assert visits.backend.requests == {"stamp": 1}
    visits.window = Window(WINDOW.start, beyond + DAY)
    assert [left.why for left in visits.night().left_alone] == [SkipReason.COPY]


def test_an_event_that_somebody_deleted_beyond_the_window_is_missed_when_the_window_comes_to_it(visits: Visits) -> None:
    """The window was longer once: the ledger knows of an event out there, and the calendar lacks it already when it is seen."""
    later = event("LATER", start=WINDOW.end + 2 * DAY)
    visits.ledger[later.key] = entry(standing(later))
    visits.events.append(later)
    visits.night()
    visits.window = Window(WINDOW.start, WINDOW.end + 3 * DAY)
    assert visits.night().creates == 1


def test_a_service_whose_stamps_stand_still_hides_nothing_from_the_first_night_on(visits: Visits, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the night writes has to move the stamp, or the calendar is read every night until it does."""
    monkeypatch.setattr(visits.backend, "stamp", lambda calendar: CTag("for ever", DAY))
    (item,) = visits.backend.people.see(COMP101.address)
    visits.backend.people.delete(COMP101.address, item.id)
    visits.ledger.clear()
    assert visits.night().creates == 1
    (there,) = written(visits.backend, visits.events)
    visits.ledger = {LECTURE.key: entry(there)}
    for number in range(15):
        visits.now += DAY
        (item,) = visits.backend.people.see(COMP101.address)
        visits.backend.people.edit(COMP101.address, item.id, subject=f"Party {number}")
        assert visits.night().updates == 1
        visits.backend.people.edit(COMP101.address, item.id, subject=LECTURE.subject)
        assert visits.night().updates == 0

    monkeypatch.setattr(visits.backend, "stamp", lambda calendar: CTag("moved at last", DAY))
    visits.night()
    visits.backend.requests.clear()
    visits.night()
    assert visits.backend.requests["snapshot"] == 0


def test_a_calendar_whose_stamp_is_refused_is_read(visits: Visits) -> None:
    visits.night()
    visits.backend.faults.fail("stamp", CalendarError("GetFolder is not for you"), times=None)
    assert visits.night().unchanged == 1
    assert visits.backend.requests == {"stamp": 1, "snapshot": 1}


def test_what_ends_the_run_ends_it_here_too(visits: Visits) -> None:
    visits.backend.faults.fail("stamp", ServiceError("blocked"))
    with pytest.raises(ServiceError):
        visits.night()


def test_a_night_that_reads_everything_asks_for_no_stamp_and_remembers_nothing(visits: Visits) -> None:
    visits.night(every=timedelta(0))
    assert visits.backend.requests == {"snapshot": 1}
    assert visits.sightings == {}


def test_after_its_days_a_calendar_is_read_whatever_its_stamp_says(visits: Visits) -> None:
    visits.night()
    read: list[datetime] = []
    for _ in range(7):
        visits.now += DAY
        visits.night()
        if visits.backend.requests["snapshot"]:
            read.append(visits.now)
            assert visits.backend.requests == {"snapshot": 1}
    assert len(read) == 1


def test_a_copy_that_somebody_made_does_not_keep_its_calendar_from_being_quiet(visits: Visits) -> None:
    (item,) = visits.backend.people.see(COMP101.address)
    visits.backend.people.copy(COMP101.address, item.id, subject="Mine")

    first = visits.night()

    assert [left.why for left in first.left_alone] == [SkipReason.COPY]
    visits.night()
    assert visits.backend.requests == {"stamp": 1}
