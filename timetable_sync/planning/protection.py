"""Which events stay as they are because a row of theirs was set aside: a typing mistake must not delete a lecture.

How far a bad row reaches depends on what is known of it:

- activity and week (or the source's own key): whatever stands of that activity in that week stays as it is;
- activity alone: in weeks where something stands that no good row accounts for, that may be the bad row's, and
  since meetings are numbered within the week, none of that week's can be told apart: they all stay;
- all of a lesson but which calendar it is in: whatever stands of that activity in that week stays, but for calendars that the lesson is in
  by another name, where all is known;
- activity and several weeks, as of a row that ends before it starts, where either time may be the mistake: each of them as above;
- neither: it may be any activity's, so this holds for all of them, and nothing is deleted: in the calendar it names, or
  everywhere if it names none.
"""

from collections.abc import Iterable, Mapping, Set
from itertools import product

from timetable_sync.model.key import EventKey, digested
from timetable_sync.model.plan import Unresolved


class Reach:
    """What bad rows leave open, of a whole run: put in order once, as there may be many of them and there are many calendars."""

    def __init__(self, unsettled: Iterable[Unresolved]) -> None:
        self._by_address: dict[str | None, _Open] = {}
        for row in unsettled:
            self._by_address.setdefault(row.calendar, _Open()).add(row)

    def at(self, address: str) -> "list[_Open]":
        """What is open in the calendar at ``address``, by what names it, and by what names none."""
        return [self._by_address[place] for place in (None, address) if place in self._by_address]


class _Open:
    """What is open in one calendar, or in any."""

    def __init__(self) -> None:
        self.no_deletes = False
        #: With the lessons that are known, where nothing else is open; None where more is.
        self._weeks: dict[tuple[str | None, str | None, str], set[str] | None] = {}
        self._activities: set[tuple[str | None, str | None]] = set()

    def add(self, row: Unresolved) -> None:
        if row.activity is None:
            self.no_deletes = True
            return
        for period, activity in product(_forms(row.period), _forms(row.activity)):
            if row.week is None:
                self._activities.add((period, activity))
                continue
            group = (period, activity, row.week)
            lessons = self._weeks.setdefault(group, set())
            if row.lesson is None:
                self._weeks[group] = None
            elif lessons is not None:
                lessons.add(row.lesson)

    def holds(self, group: tuple[str, str, str], there: Set[str], wanted: Set[str]) -> bool:
        """Whether a week's meetings stay, of which ``there`` stand and ``wanted`` are expected."""
        period, activity, week = group
        for one in (group, (None, activity, week)):
            if one in self._weeks and ((lessons := self._weeks[one]) is None or not lessons <= wanted):
                return True
        if (period, activity) in self._activities or (None, activity) in self._activities:
            # By their keys: no more may stand than are expected, and yet another one, where somebody deleted an event.
            return not there <= wanted
        return self.no_deletes and len(there) > len(wanted)


class Protection:
    """What must stay in the calendar at ``address``. Nothing is parsed for calendars that no bad row concerns."""

    def __init__(self, reach: Reach | Iterable[Unresolved], address: str) -> None:
        self._open = (reach if isinstance(reach, Reach) else Reach(reach)).at(address)

    @property
    def deletes_allowed(self) -> bool:
        """False where a row of unknown activity concerns this calendar."""
        return not any(one.no_deletes for one in self._open)

    def frozen(self, standing: Iterable[str], expected: Iterable[str]) -> frozenset[str]:
        """The keys, of those standing and those expected, that are not to be touched in any way."""
        if not self._open:
            return frozenset()
        there, wanted = _by_group(standing), _by_group(expected)
        frozen: set[str] = set()
        for group, keys in there.items():
            expected_now = wanted.get(group, frozenset[str]())
            if any(one.holds(group, keys, expected_now) for one in self._open):
                frozen |= keys | expected_now
        return frozenset(frozen)


def _forms(part: str | None) -> tuple[str | None, ...]:
    """As it may stand in a parsed key: itself, or its digest where it was too long."""
    return (None,) if part is None else (part, digested(part))


def _by_group(keys: Iterable[str]) -> Mapping[tuple[str, str, str], set[str]]:
    groups: dict[tuple[str, str, str], set[str]] = {}
    for text in keys:
        key = EventKey.parse(text)
        if key is not None:
            groups.setdefault(key.group, set()).add(text)
    return groups
