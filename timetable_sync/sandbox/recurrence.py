"""When the occurrences of a daily or weekly series take place, on the wall clock of its zone. Knows no store and no XML."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from timetable_sync.sandbox.ews.windows_zones import zone_of
from timetable_sync.sandbox.items import Item, occurrence_id

_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_GROUPS = {"Day": _DAYS, "Weekday": _DAYS[:5], "WeekendDay": _DAYS[5:]}

#: A series without an end is looked at no further than this many occurrences.
_FURTHEST = 5000

#: Exchange's calendar ends there.
_LAST_DAY = date(4500, 8, 31).toordinal()


def _days(master: Item) -> Iterator[date]:
    rule = master.fields["Recurrence"]
    first = date.fromisoformat(rule["first"])
    step = max(1, int(rule.get("interval", 1)))
    if rule["pattern"] == "Daily":
        yield from _within(first.toordinal() + n * step for n in range(_FURTHEST))
        return
    names = {name for word in rule["days"] for name in _GROUPS.get(word, [word])}
    monday = first.toordinal() - first.weekday()
    offsets = [offset for offset, name in enumerate(_DAYS) if name in names]
    days = (monday + 7 * week * step + offset for week in range(_FURTHEST) for offset in offsets)
    yield from _within(day for day in days if day >= first.toordinal())


def _within(ordinals: Iterable[int]) -> Iterator[date]:
    for ordinal in ordinals:
        if ordinal > _LAST_DAY:
            return
        yield date.fromordinal(ordinal)


def occurrences(master: Item) -> Iterator[Item]:
    """The series' occurrences, in order, without the deleted ones; changed ones as they were changed."""
    rule = master.fields["Recurrence"]
    zone: ZoneInfo = zone_of(master.get("StartTimeZone")) or ZoneInfo("UTC")
    wall = datetime.fromtimestamp(master.start, UTC).astimezone(zone).time()
    length = master.end - master.start
    deleted = {int(one) for one in master.fields.get("DeletedIndexes", ())}
    changed = master.fields.get("Exceptions", {})
    last = date.fromisoformat(rule["last"]) if rule.get("last") else None
    for index, day in enumerate(_days(master), start=1):
        if (last is not None and day > last) or index > int(rule.get("count") or _FURTHEST):
            return
        if index in deleted:
            continue
        start = int(datetime.combine(day, wall, zone).timestamp())
        yield _occurrence(master, index, start, start + length, changed.get(str(index)))


def _occurrence(master: Item, index: int, start: int, end: int, change: dict[str, object] | None) -> Item:
    fields = {name: value for name, value in master.fields.items() if name not in ("Recurrence", "Exceptions", "DeletedIndexes")}
    fields["CalendarItemType"] = "Exception" if change else "Occurrence"
    fields["OriginalStart"] = start
    change = dict(change or {})
    start, end = int(str(change.pop("start", start))), int(str(change.pop("end", end)))
    fields.update(change)
    return Item(
        id=occurrence_id(master.id, index),
        number=master.number,
        start=start,
        end=end,
        fields=fields,
        extended=master.extended,
        change_key=master.change_key,
        created=master.created,
        modified=master.modified,
        modified_by=master.modified_by,
    )


def occurrence(master: Item, index: int) -> Item | None:
    """The ``index``-th occurrence, or None where the series has none or it was deleted."""
    wanted = occurrence_id(master.id, index)
    return next((one for one in occurrences(master) if one.id == wanted), None)
