"""When a look at a calendar's stamp is enough, and when it has to be read in full. Pure.

A stamp is believed only together with a sighting: a complete reading that found the calendar equal to the timetable. It says that
nothing was changed in there since. That the timetable still asks for what the ledger says stands there, is found out on our side.
So nothing is hidden:

- somebody's edit, in the second in which the stamp was taken too: a sign is remembered only if the last change was then
  ``MARGIN`` old, so that whatever comes later has a later time;
- somebody's edit after the stamp, which may be minutes older than the comparison, as it is asked for while the timetable is still
  being read: it shows the next night, since an older sign is what is remembered. Neither a later reading nor what our side says of
  timetable and ledger makes a sign newer than it is;
- the window moving on: a sighting says how far ahead nothing of ours lies, neither there nor by the ledger, and is not used beyond;
- another mapping, or a window that reaches back further: the sighting does not fit;
- a service whose signs stand still: the sign of before our first write is kept, and as long as it has not moved since, none of this
  calendar is believed;
- all that we did not think of: every calendar is read in full every so many days, its own share of them each night.
"""

import zlib
from dataclasses import replace
from datetime import datetime, timedelta
from enum import Enum

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.last_full_read import CTag, LastFullRead
from timetable_sync.model.plan import CalendarPlan, SkipReason
from timetable_sync.model.snapshot import Snapshot
from timetable_sync.model.window import Window

#: The folder's time has no fractions of seconds, and the clock that Date is taken from may be another machine's.
MARGIN = timedelta(minutes=2)

_DAY = timedelta(days=1)


class ReadMode(Enum):
    """How to find out about a calendar."""

    STAMP = "its stamp, and read it only if that changed"
    READ = "read it"
    STAMP_AND_READ = "its stamp first, then read it"


def read_mode(
    address: str, sighting: LastFullRead | None, *, settled: bool, window: Window, mapping: str, now: datetime, every: timedelta
) -> ReadMode:
    """What to ask of the calendar at ``address``.

    ``settled`` says that the timetable asks for exactly what the ledger says stands in ``window``. ``now`` is aware; ``every`` is how
    often each calendar is read in full, nought for always.
    """
    if not every or not settled:
        # What is read now is changed next: a stamp would not outlive it. The very first shows whether stamps move when we write.
        return ReadMode.STAMP_AND_READ if every and sighting is None else ReadMode.READ
    if sighting is None or not sighting.intact or sighting.mapping != mapping:
        return ReadMode.STAMP_AND_READ
    due = _due(address, sighting, now, every)
    if sighting.sign is None:
        return ReadMode.STAMP_AND_READ if due else ReadMode.READ
    if window.start < sighting.since or window.end > sighting.until:
        return ReadMode.STAMP_AND_READ
    return ReadMode.READ if due else ReadMode.STAMP


def should_prefetch(address: str, sighting: LastFullRead | None, *, window: Window, mapping: str, now: datetime, every: timedelta) -> bool:
    """Whether the calendar's stamp is wanted unless the timetable turns out to ask for something else than what stands there.

    Arguments as for :func:`read_mode`.
    """
    return sighting is not None and ReadMode.READ is not read_mode(
        address, sighting, settled=True, window=window, mapping=mapping, now=now, every=every
    )


def _due(address: str, sighting: LastFullRead, now: datetime, every: timedelta) -> bool:
    age = now - sighting.seen
    if not timedelta(0) <= age < every:
        return True
    days = max(1, every // _DAY)
    # Each calendar has a day of its own among them, so that not all are read in the same night; it was not read on this one yet.
    its_day = (now.toordinal() + zlib.crc32(address.encode())) % days == 0
    return its_day and sighting.seen.toordinal() != now.toordinal()


def is_unchanged(sighting: LastFullRead | None, stamp: CTag | None) -> bool:
    """Whether nothing changed in the calendar since the sighting."""
    if sighting is None or stamp is None or sighting.sign is None:
        return False
    return sighting.intact and sighting.sign == stamp.sign


def full_read_of(
    plan: CalendarPlan,
    snapshot: Snapshot,
    before: LastFullRead | None,
    stamp: CTag | None,
    *,
    asked: bool,
    mapping: str,
    now: datetime,
    until: datetime,
) -> LastFullRead | None:
    """What to remember of a complete reading; None where it gives no reason to remember anything new.

    ``plan`` is what came of it, its bodies settled. ``stamp`` was taken before the reading, where it was ``asked`` for. Up to
    ``until`` nothing of ours lies beyond the window, neither in the calendar nor by the ledger.
    """
    seen = LastFullRead(snapshot.calendar.address, None, mapping, snapshot.window.start, until, now, plan.foreign)
    if stamp is not None and stamp.sign is None:
        stamp = None
    if plan.changes and before is None and stamp is not None:
        return replace(seen, sign=stamp.sign, intact=False)
    if plan.changes or any(left.why is not SkipReason.COPY for left in plan.left_alone):
        return None
    if not asked:
        # What changed before this reading and after the sign, if anything did, shows in the sign.
        return _kept(seen, before)
    if stamp is None:
        return seen
    if before is not None and not before.intact and before.sign == stamp.sign:
        # It stood still while we wrote. That stays remembered until it moves.
        return None
    return replace(seen, sign=stamp.sign) if stamp.age >= MARGIN else None


def _kept(seen: LastFullRead, before: LastFullRead | None) -> LastFullRead | None:
    if before is None or before.sign is None or not before.intact or before.mapping != seen.mapping:
        return None
    return replace(seen, sign=before.sign)


def quiet_plan(calendar: Calendar, events: int, sighting: LastFullRead) -> CalendarPlan:
    """The plan for a calendar in which nothing changed and nothing is to be changed; ``events`` of ours stand in it."""
    return CalendarPlan(calendar, events, events, events, sighting.foreign)
