"""When nights start, by cron expressions on a wall clock, also on the days when the clocks change. Pure.

The rule, the same as for times of the timetable: a start at a time that does not exist, as the clocks go forward, is read with the
offset before the change (01:30 becomes 02:30); one at a time that comes twice, as they go back, is the first of the two. So a start a
day is a start a day throughout the year. APScheduler's own trigger reckons in the zone and has other ideas on these two days; so it is
asked what comes next on a clock that never changes, and the answer is read as the wall clock's.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Literal
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from timetable_sync.config.schema import Settings
from timetable_sync.config.validators import cron_fields

Oddity = Literal["", "does not exist", "comes twice"]

#: The clocks change by no more than this anywhere.
_CHANGE = timedelta(hours=3)
#: Where a start is looked for that has been: first near, then further back.
_BACK = (timedelta(minutes=2), timedelta(hours=1), timedelta(days=1), timedelta(days=8), timedelta(days=70), timedelta(days=800))


@dataclass(frozen=True, slots=True)
class ScheduledStart:
    """``at`` is the moment, in UTC; ``wall`` what the expression says, in its zone. ``oddity`` says what is odd about that time."""

    at: datetime
    wall: datetime
    oddity: Oddity = ""


class Schedule:
    """The starts of some cron expressions in an IANA zone."""

    def __init__(self, expressions: list[str], zone: str) -> None:
        self.expressions = tuple(expressions)
        self.zone = zone
        self._zone = ZoneInfo(zone)
        self._triggers = [
            CronTrigger(**cron_fields(expression), timezone=UTC)  # type: ignore[no-untyped-call]  # APScheduler 3 carries no types
            for expression in expressions
        ]

    def coming(self, after: datetime) -> Iterator[ScheduledStart]:
        """All starts later than ``after`` (aware), in their order; without end, unless there is none."""
        last = after.astimezone(UTC)
        begin = last.astimezone(self._zone)
        # What did not exist on the wall a while ago may still be to come.
        back = timedelta(0) if (last - _CHANGE).astimezone(self._zone).utcoffset() == begin.utcoffset() else _CHANGE
        late: list[ScheduledStart] = []
        for start in self._by_the_wall(begin.replace(tzinfo=None) - back):
            if start.oddity == "does not exist":
                late.append(start)
                continue
            passed = [one for one in late if one.at <= start.at]
            late = late[len(passed) :]
            for one in (*passed, start):
                if one.at > last:
                    last = one.at
                    yield one
        for one in late:
            if one.at > last:
                last = one.at
                yield one

    def next(self, after: datetime) -> ScheduledStart | None:
        """The first start later than ``after`` (aware); None for a schedule that never comes."""
        return next(self.coming(after), None)

    def some(self, after: datetime, many: int) -> list[ScheduledStart]:
        """So many starts later than ``after`` (aware)."""
        return list(islice(self.coming(after), many))

    def latest(self, after: datetime, until: datetime) -> ScheduledStart | None:
        """The last start later than ``after`` and not later than ``until`` (both aware); None if there was none. Looks back two years."""
        for back in _BACK:
            begin = max(after, until - back)
            found = None
            for start in self.coming(begin):
                if start.at > until:
                    break
                found = start
            if found is not None or begin == after:
                return found
        return None

    def _by_the_wall(self, wall: datetime) -> Iterator[ScheduledStart]:
        """From this time on, by the wall clock; each time once."""
        nexts = [self._after(trigger, wall) for trigger in self._triggers]
        while times := [time for time in nexts if time is not None]:
            time = min(times)
            yield self._start(time)
            nexts = [self._after(trigger, time) if found == time else found for trigger, found in zip(self._triggers, nexts, strict=True)]

    @staticmethod
    def _after(trigger: CronTrigger, wall: datetime) -> datetime | None:
        later = wall.replace(tzinfo=UTC) + timedelta(microseconds=1)
        found: datetime | None = trigger.get_next_fire_time(None, later)  # type: ignore[no-untyped-call]  # as above
        return None if found is None else found.replace(tzinfo=None)

    def _start(self, time: datetime) -> ScheduledStart:
        first, second = (time.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1))
        at = first.astimezone(UTC)
        if at.astimezone(self._zone).replace(tzinfo=None) != time:
            return ScheduledStart(at, first, "does not exist")
        return ScheduledStart(at, first, "comes twice" if second.astimezone(UTC) != at else "")


def schedule_of(settings: Settings) -> Schedule:
    """Those of a configuration: ``[schedule]``, in its zone or the timetable's."""
    return Schedule(settings.schedule.cron, settings.schedule.time_zone or settings.timetable.time_zone)
