"""Which events stay as they are because a row of theirs was set aside: a typing mistake must not delete a lecture.

How far a bad row reaches depends on what is known of it:

- activity and week (or the source's own key): whatever stands of that activity in that week stays as it is;
- activity alone: in weeks where more stands than the good rows account for, the missing one may be the bad row's, and
  since meetings are numbered within the week, none of that week's can be told apart: they all stay;
- neither: nothing is deleted in the calendar it names, or anywhere if it names none.
"""

from collections.abc import Iterable, Mapping

from timetable_sync.model.key import EventKey, digested
from timetable_sync.model.unsettled import Unsettled


class Freeze:
    """What must stay, for one calendar.

    ``source`` is ours; ``unsettled`` of the whole run. Nothing is parsed for calendars that no bad row concerns.
    """

    def __init__(self, unsettled: Iterable[Unsettled], address: str) -> None:
        self._no_deletes = False
        self._weeks: set[tuple[str | None, str, str]] = set()
        self._activities: set[tuple[str | None, str]] = set()
        for row in unsettled:
            if row.calendar is not None and row.calendar != address:
                continue
            if row.activity is None:
                self._no_deletes = True
                continue
            for activity in (row.activity, digested(row.activity)):
                if row.week is None:
                    self._activities.add((row.period, activity))
                else:
                    self._weeks.add((row.period, activity, row.week))

    @property
    def deletes_allowed(self) -> bool:
        """False where a row of unknown activity concerns this calendar."""
        return not self._no_deletes

    def frozen(self, standing: Iterable[str], expected: Iterable[str]) -> frozenset[str]:
        """The keys, of those standing and those expected, that are not to be touched in any way."""
        if not self._weeks and not self._activities:
            return frozenset()
        there, wanted = _by_group(standing), _by_group(expected)
        frozen: set[str] = set()
        for group, keys in there.items():
            if self._holds(group, len(keys), len(wanted.get(group, ()))):
                frozen.update(keys)
                frozen.update(wanted.get(group, ()))
        return frozenset(frozen)

    def _holds(self, group: tuple[str, str, str], standing: int, expected: int) -> bool:
        period, activity, week = group
        if (period, activity, week) in self._weeks or (None, activity, week) in self._weeks:
            return True
        known = (period, activity) in self._activities or (None, activity) in self._activities
        return known and standing > expected


def _by_group(keys: Iterable[str]) -> Mapping[tuple[str, str, str], list[str]]:
    groups: dict[tuple[str, str, str], list[str]] = {}
    for text in keys:
        key = EventKey.parse(text)
        if key is not None:
            groups.setdefault(key.group, []).append(text)
    return groups
