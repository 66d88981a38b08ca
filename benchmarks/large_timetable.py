"""A large timetable: dated rows, or the same meetings as week patterns with child queries. No chance plays a part.

Where it is put, ``timetable_databases`` says.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum, auto
from typing import Any

from timetable_sync.config.schema import Settings

#: An activity meets every week.
WEEKS = 12
FIRST_MONDAY = date(2026, 9, 21)
_SLOTS = [f"{hour:02d}:{minute:02d}" for hour in range(8, 18) for minute in (0, 30)]

_DATED: dict[str, Any] = {
    "query": "SELECT * FROM dated",
    "columns": {
        "activity": "activity",
        "calendar": "module",
        "start": "starts",
        "end": "ends",
        "title": "title",
        "type": "kind",
        "rooms": {"column": "room", "many": True},
        "staff": {"column": "lecturer", "many": True},
    },
}
_PATTERNS: dict[str, Any] = {
    "query": "SELECT * FROM pattern",
    "columns": {
        "activity": "activity",
        "weekday": {"column": "weekday", "monday": 1},
        "weeks": "weeks",
        "start": "starts",
        "end": "ends",
        "title": "title",
        "type": "kind",
    },
    "weeks": {"form": "list", "axis": {"first": FIRST_MONDAY.isoformat(), "length": WEEKS}},
    "children": {
        "calendars": {"query": "SELECT activity, module FROM in_module", "key": "activity", "value": "module"},
        "rooms": {"query": "SELECT activity, room FROM in_room", "key": "activity", "value": "room"},
        "staff": {"query": "SELECT activity, lecturer FROM by_lecturer", "key": "activity", "value": "lecturer"},
    },
}
SHAPES = {"dated": _DATED, "patterns": _PATTERNS}


class Kind(Enum):
    """What a column holds."""

    TEXT = auto()
    NUMBER = auto()
    MOMENT = auto()
    TIME = auto()


@dataclass(frozen=True, slots=True)
class Table:
    """A table to be made, with rows to be read once. Moments and times of day are text in an ISO form."""

    name: str
    columns: dict[str, Kind]
    rows: Iterator[Sequence[str | int]]


def tables_of(shape: str, meetings: int, calendars: int) -> Iterator[Table]:
    """The tables of ``meetings`` (a multiple of :data:`WEEKS`, else a few fewer) in at most ``calendars`` modules."""
    activities = meetings // WEEKS
    if shape == "dated":
        yield Table("dated", _columns("activity module starts ends title kind room lecturer", Kind.MOMENT), _dated(activities, calendars))
        return
    columns = _columns("activity weekday weeks starts ends title kind", Kind.TIME)
    yield Table("pattern", columns, (_pattern(number) for number in range(activities)))
    yield _child("in_module", "module", activities, lambda number: _module(number, calendars))
    yield _child("in_room", "room", activities, _room)
    yield _child("by_lecturer", "lecturer", activities, _lecturer)


def _columns(names: str, when: Kind) -> dict[str, Kind]:
    kinds = {"starts": when, "ends": when, "weekday": Kind.NUMBER}
    return {name: kinds.get(name, Kind.TEXT) for name in names.split()}


def _child(name: str, column: str, activities: int, value: Callable[[int], str]) -> Table:
    return Table(name, _columns(f"activity {column}", Kind.TEXT), ((_activity(number), value(number)) for number in range(activities)))


def settings_for(url: str, shape: str) -> Settings:
    """The configuration that reads it from the database at ``url``."""
    timetable = {"url": url, "time_zone": "Europe/London", "period": "2026/27", **SHAPES[shape]}
    return Settings.model_validate(
        {
            "timetable": timetable,
            "calendars": {"address": "{{ calendar | lower }}@groups.example.ac.uk", "allow": ["*@groups.example.ac.uk"]},
            "event": {
                "subject": "{{ calendar }} {{ type }}: {{ title }}",
                "location": "{{ rooms | join(', ') }}",
                "body": "{{ staff | join(', ') }}",
                "categories": ["Timetable"],
            },
            "entra": {"tenant": "example.ac.uk", "client": "11111111-1111-1111-1111-111111111111", "certificate": {"file": "c.pem"}},
        }
    )


def _dated(activities: int, calendars: int) -> Iterator[tuple[str, ...]]:
    """Week after week, as a table in the order of its dates is: rows of one activity lie far apart."""
    for week in range(WEEKS):
        for number in range(activities):
            activity, weekday, _, starts, ends, title, kind = _pattern(number)
            day = (FIRST_MONDAY + timedelta(days=7 * week + int(weekday) - 1)).isoformat()
            yield activity, _module(number, calendars), f"{day} {starts}", f"{day} {ends}", title, kind, _room(number), _lecturer(number)


def _pattern(number: int) -> tuple[str, int, str, str, str, str, str]:
    starts = _SLOTS[number * 7 % len(_SLOTS)]
    ends = (datetime.fromisoformat(f"2026-01-01 {starts}") + timedelta(minutes=50 + number % 2 * 60)).strftime("%H:%M")
    return (
        _activity(number),
        1 + number % 5,
        f"1-{WEEKS}",
        starts,
        ends,
        f"Introduction to subject {number // 17}",
        ("Lecture", "Lab")[number % 2],
    )


def _activity(number: int) -> str:
    return f"ACT-{number * 2_654_435_761 % 4_294_967_296:08X}-{number:06d}"


def _module(number: int, calendars: int) -> str:
    return f"MOD{number % calendars:05d}"


def _room(number: int) -> str:
    return f"Building {number % 40}, room {number % 1_500}"


def _lecturer(number: int) -> str:
    return f"Dr Ada Example {number % 3_000}"
