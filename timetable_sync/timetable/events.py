"""A lesson's events: in which calendars it stands, and how it looks there. Made once for lessons that differ in their times alone.

Most meetings of an activity do, and lessons come activity by activity: so most of what is told of calendars and looks is what was told
of the lesson before. What can go wrong with a lesson is told anew for each.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from typing import Any, NamedTuple

from timetable_sync.config.schema import Settings
from timetable_sync.model.event import content_of, encoded, fingerprint_of_parts, times_of
from timetable_sync.model.key import beginning
from timetable_sync.model.plan import Unresolved
from timetable_sync.timetable.calendars import ADDRESS_KEY as ADDRESS
from timetable_sync.timetable.calendars import KEY as MAILBOXES
from timetable_sync.timetable.calendars import Addresses, Mailboxes, NoMailbox, SeveralMailboxes, Unaddressed, Wanted
from timetable_sync.timetable.columns import JOINT
from timetable_sync.timetable.event_fields import EventFields, Fields
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.spool import NewEvent, Spool
from timetable_sync.timetable.template_names import TIMED, Variables
from timetable_sync.timetable.templates import TemplateFailed
from timetable_sync.timetable.times import moment_of

#: As activities come one after the other, few are needed.
_REMEMBERED_LESSONS = 256
_REMEMBERED = 4_096

TEMPLATE_FAILS = "for which a template fails"

#: Told of a lesson that cannot be made an event: it, what that leaves open, the configuration's key, the reason in general and for it.
Refuse = Callable[[Lesson, Unresolved, str, str, str], None]


class _Place(NamedTuple):
    """An event of a lesson but for its times: the number of its calendar and of its look, its content, and what was cut."""

    calendar: int
    look: int
    content: bytes
    cut: tuple[str, ...]


class _Last(NamedTuple):
    """The lesson before: where it stands, and what the keys of its activity begin with."""

    lesson: Lesson
    inside: bool
    places: list[_Place]
    head: str


class Events:
    """Makes events of lessons. ``refuse`` is told of what cannot be made one.

    ``count`` is how many there are; ``names`` has the names of each calendar, by address; ``shortened`` counts events by what had to be cut
    in them. ``without_mailbox`` counts the window's lessons by the names of calendars that have none; ``doubtful`` has what the several
    mailboxes of a calendar would be, by its name; ``unaddressed`` counts the lessons that are set aside in any calendar for want of an
    address, those out of the window too. ``skips`` says that a calendar without a mailbox is none of these.
    """

    def __init__(
        self, settings: Settings, store: Spool, variables: Variables, looks: EventFields, addresses: Addresses, refuse: Refuse
    ) -> None:
        self._store, self._variables, self._looks, self._addresses, self._refuse = store, variables, looks, addresses, refuse
        self._source, self._time_zone = settings.timetable.source, settings.timetable.time_zone
        self._wanted = Wanted(settings.calendars)
        self._zone = variables.zone
        self._timed = bool(TIMED & (looks.used | addresses.used))
        self._made: dict[tuple[Any, ...], list[_Place]] = {}
        self._last: _Last | None = None
        self._kept = lru_cache(_REMEMBERED)(self._keep)
        self._times = lru_cache(_REMEMBERED)(_times)
        self.names: dict[str, set[str]] = {}
        self.skips = settings.calendars.lessons_without == "skip"
        self._mailboxes = Mailboxes({}, {})
        self._mailbox_key = ADDRESS if settings.calendars.mailboxes_query is None else MAILBOXES
        self.without_mailbox: Counter[str] = Counter()
        self.doubtful: dict[str, set[str]] = {}
        self.unaddressed = 0
        self.shortened: Counter[str] = Counter()
        self.count = 0

    def set_mailboxes(self, mailboxes: Mailboxes) -> None:
        """Those that the calendars' names have."""
        self._mailboxes = mailboxes
        self._variables.set_mailboxes(mailboxes.known)

    def address(self, lesson: Lesson, name: str) -> str:
        """That of the calendar that the lesson names so. Raises Unaddressed, TemplateFailed."""
        return self._address(name, self._variables.values(lesson, name))

    def somewhere(self, lesson: Lesson) -> Unresolved:
        """What is open where all of the lesson is known but a calendar."""
        key = f"{beginning(self._source, lesson.period, lesson.activity)}{lesson.week}/{lesson.nth}"
        return Unresolved(None, lesson.period, lesson.activity, lesson.week, key)

    def of(self, lesson: Lesson, *, inside: bool) -> list[NewEvent]:
        """Those of a lesson that has a calendar; none where it does not start ``inside`` the window, yet its calendars become known."""
        last = self._last
        # Lessons come activity by activity, and those of rows that say the same have the very same objects.
        if (
            last is not None
            and lesson.values is last.lesson.values
            and lesson.calendars is last.lesson.calendars
            and inside == last.inside
            and lesson.activity == last.lesson.activity
            and lesson.period == last.lesson.period
            and lesson.cancelled == last.lesson.cancelled
        ):
            places, head = last.places, last.head
        else:
            places, head = self._found(lesson, inside=inside)
        if not places:
            return []
        self.count += len(places)
        start, end = lesson.start, lesson.end
        times = self._times(start, end)
        name = f"{head}{lesson.week}/{lesson.nth}"
        events = []
        for calendar, look, content, cut in places:
            if cut:
                self.shortened.update(cut)
            events.append((calendar, look, start, name, end, fingerprint_of_parts(times, content)))
        return events

    def _found(self, lesson: Lesson, *, inside: bool) -> tuple[list[_Place], str]:
        """Where the lesson stands, and what the keys of its activity begin with."""
        key: tuple[Any, ...] = (inside, lesson.period, lesson.activity, lesson.cancelled, lesson.calendars, lesson.values)
        if self._timed:
            key += (lesson.start, lesson.end, lesson.nth)
        places, head = self._made.get(key), beginning(self._source, lesson.period, lesson.activity)
        if places is None:
            places, well = self._make(lesson, inside=inside)
            if not well:
                self._last = None
                return places, head
            if len(self._made) >= _REMEMBERED_LESSONS:
                self._made.clear()
            self._made[key] = places
        self._last = None if self._timed else _Last(lesson, inside, places, head)
        return places, head

    def _make(self, lesson: Lesson, *, inside: bool) -> tuple[list[_Place], bool]:
        """Where the lesson stands, and whether nothing was refused: what was is told of each lesson anew."""
        places: list[_Place] = []
        done: set[str] = set()
        well = addressed = True
        for name in lesson.calendars:
            if not self._wanted(name):
                continue
            values = self._variables.values(lesson, name)
            try:
                address = self._address(name, values)
            except (Unaddressed, TemplateFailed) as error:
                well = False
                if not (isinstance(error, NoMailbox) and self.skips):
                    addressed = False
                if inside:
                    self._not_found(lesson, name, error)
                continue
            self.names.setdefault(address, set()).add(name)
            # Two names of one address are one calendar, and the lesson stands in it once.
            if inside and address not in done:
                done.add(address)
                place = self._place_of(lesson, address, values)
                if place is None:
                    well = False
                else:
                    places.append(place)
        self.unaddressed += not addressed
        return places, well

    def _address(self, name: str, values: Sequence[Any]) -> str:
        if (several := self._mailboxes.doubtful.get(name)) is None:
            return self._addresses.address(values)
        place = self._variables.places["mailbox"]
        for mailbox in several:
            with suppress(Unaddressed, TemplateFailed):
                address = self._addresses.address((*values[:place], mailbox, *values[place + 1 :]))
                self.doubtful.setdefault(name, set()).add(address)
        raise SeveralMailboxes(f'"{name[:60]}" has {len(several)} mailboxes: {", ".join(several)[:200]}')

    def _not_found(self, lesson: Lesson, name: str, error: Unaddressed | TemplateFailed) -> None:
        """Told of lessons in the window alone: of others nothing is wanted in any calendar, whichever is meant."""
        kind = error.kind if isinstance(error, Unaddressed) else TEMPLATE_FAILS
        key, reason = ADDRESS, str(error)
        if isinstance(error, NoMailbox):
            self.without_mailbox[name] += 1
            if self.skips:
                return
            reason = f'"{name[:60]}" has no mailbox'
        if isinstance(error, NoMailbox | SeveralMailboxes):
            key = self._mailbox_key
        self._refuse(lesson, self.somewhere(lesson), key, kind, reason)

    def _place_of(self, lesson: Lesson, address: str, values: Sequence[Any]) -> _Place | None:
        try:
            fields = self._looks.fields(values)
        except TemplateFailed as error:
            left_open = Unresolved(address, lesson.period, lesson.activity, lesson.week)
            self._refuse(lesson, left_open, error.key, TEMPLATE_FAILS, str(error))
            return None
        look, content = self._kept(fields, None if self._zone is None else str(lesson.values[self._zone]))
        return _Place(self._store.calendar(address), look, content, fields.cut)

    def _keep(self, fields: Fields, zone: str | None) -> tuple[int, bytes]:
        """The number of a look in the spool, and its content for fingerprints."""
        subject, location, body, categories, busy, reminder, sensitivity, _ = fields
        joined = None if categories is None else JOINT.join(categories)
        content = content_of(
            zone or self._time_zone, subject, location, body, self._looks.body_kind, joined, busy.value, reminder, sensitivity.value
        )
        look = self._store.add_look((subject, location, body, joined, busy.value, reminder, sensitivity.value, zone))
        return look, encoded(content)


def _times(start: int, end: int) -> bytes:
    return times_of(moment_of(start).isoformat(), moment_of(end).isoformat())
