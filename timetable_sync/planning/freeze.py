"""Which events stay as they are because a row of theirs was set aside: a typing mistake must not delete a lecture.

How far a bad row reaches depends on what is known of it:

- activity and week (or the source's own key): whatever stands of that activity in that week stays as it is;
- activity alone: in weeks where something stands that no good row accounts for, that may be the bad row's, and
  since meetings are numbered within the week, none of that week's can be told apart: they all stay;
- activity and several weeks, as of a row that ends before it starts, where either time may be the mistake: each of them as above;
- neither: it may be any activity's, so this holds for all of them, and nothing is deleted: in the calendar it names, or
  everywhere if it names none.
"""

from collections.abc import Iterable, Mapping
from itertools import product

from timetable_sync.model.key import EventKey, digested
from timetable_sync.model.unsettled import Unsettled


class Freeze:
    """What must stay, for one calendar.

    ``source`` is ours; ``unsettled`` of the whole run. Nothing is parsed for calendars that no bad row concerns.
    """

    def __init__(self, unsettled: Iterable[Unsettled], address: str) -> None:
        self._no_deletes = False
        self._weeks: set[tuple[str | None, str | None, str]] = set()
        self._activities: set[tuple[str | None, str | None]] = set()
        for row in unsettled:
            if row.calendar is not None and row.calendar != address:
                continue
            if row.activity is None:
                self._no_deletes = True
                continue
            for period, activity in product(_forms(row.period), _forms(row.activity)):
                if row.week is None:
                    self._activities.add((period, activity))
                else:
                    self._weeks.add((period, activity, row.week))

    @property
    def deletes_allowed(self) -> bool:
        """False where a row of unknown activity concerns this calendar."""
        return not self._no_deletes

    def frozen(self, standing: Iterable[str], expected: Iterable[str]) -> frozenset[str]:
        """The keys, of those standing and those expected, that are not to be touched in any way."""
        if not (self._weeks or self._activities or self._no_deletes):
            return frozenset()
        there, wanted = _by_group(standing), _by_group(expected)
        frozen: set[str] = set()
        for group, keys in there.items():
            if self._holds(group, keys, wanted.get(group, ())):
                frozen.update(keys)
                frozen.update(wanted.get(group, ()))
        return frozenset(frozen)

    def _holds(self, group: tuple[str, str, str], standing: Iterable[str], expected: Iterable[str]) -> bool:
        period, activity, week = group
        if (period, activity, week) in self._weeks or (None, activity, week) in self._weeks:
            return True
        there, wanted = set(standing), set(expected)
        if (period, activity) in self._activities or (None, activity) in self._activities:
            # By their keys: no more may stand than are expected, and yet another one, where somebody deleted an event.
            return not there <= wanted
        return self._no_deletes and len(there) > len(wanted)


def _forms(part: str | None) -> tuple[str | None, ...]:
    """As it may stand in a parsed key: itself, or its digest where it was too long."""
    return (None,) if part is None else (part, digested(part))


def _by_group(keys: Iterable[str]) -> Mapping[tuple[str, str, str], list[str]]:
    groups: dict[tuple[str, str, str], list[str]] = {}
    for text in keys:
        key = EventKey.parse(text)
        if key is not None:
            groups.setdefault(key.group, []).append(text)
    return groups
