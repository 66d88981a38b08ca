"""Write lessons as timetables hold them: in every shape, and in every form of column. For tests; shares no code with what reads them."""

import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product, zip_longest
from pathlib import Path
from typing import Any

FIRST_MONDAY = date(2026, 9, 21)
FIRST_WEEK = 5
WEEKS = 20


@dataclass(frozen=True)
class Taught:
    """A lesson as a person would say it: minutes are after midnight, and an end of 1,440 is midnight."""

    activity: str
    day: date
    start: int
    end: int
    calendars: frozenset[str]
    rooms: frozenset[str]
    staff: frozenset[str]

    @property
    def week(self) -> int:
        return FIRST_WEEK + (self.day - FIRST_MONDAY).days // 7


@dataclass(frozen=True)
class Clockwork:
    """A form of times of day: how one is written, and what the configuration says of its column. ``slots`` have a second column."""

    name: str
    write: Callable[[int], object]
    column: Mapping[str, object]


def _hhmm(minutes: int) -> str:
    return f"{minutes // 60 % 24:02d}:{minutes % 60:02d}"


CLOCKWORKS = (
    Clockwork("HH:MM", _hhmm, {}),
    Clockwork("HHMM", lambda minutes: _hhmm(minutes).replace(":", ""), {}),
    Clockwork("a number like 930", lambda minutes: int(_hhmm(minutes).replace(":", "")), {}),
    Clockwork("a moment on a dummy date", lambda minutes: f"1899-12-30 {_hhmm(minutes)}:00", {}),
    Clockwork("with am and pm", lambda minutes: f"{(minutes // 60 - 1) % 12 + 1}:{minutes % 60:02d} {'ap'[minutes // 60 % 24 >= 12]}m", {}),
    Clockwork("minutes since midnight", lambda minutes: minutes % 1440, {"unit": "minutes"}),
    Clockwork("seconds since midnight", lambda minutes: minutes % 1440 * 60, {"unit": "seconds"}),
    Clockwork("slots of five minutes", lambda minutes: minutes % 1440 // 5, {"unit": "slots"}),
    Clockwork("slots since eight", lambda minutes: minutes % 1440 // 5 - 96, {"unit": "slots", "offset": 480}),
)

#: How a weekday is written, Monday being 0, and what the configuration says of its column.
WEEKDAYS: Mapping[str, tuple[Callable[[int], object], Mapping[str, object]]] = {
    "from 0": (lambda day: day, {"monday": 0}),
    "from 1": (lambda day: day + 1, {"monday": 1}),
    "Sunday is 0": (lambda day: (day + 1) % 7, {"monday": 1, "sunday": 0}),
    "Sunday is 1": (lambda day: (day + 1) % 7 + 1, {"monday": 2}),
    "Monday is 64": (lambda day: 64 >> day, {"monday": 64, "bits": True}),
    "Monday is bit 1": (lambda day: 1 << day, {"monday": 1, "bits": True}),
    "English": (lambda day: ("Monday", "Tue", "Weds", "thursday", "FRI", "Sa", "Sunday")[day], {}),
    "German": (lambda day: ("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag", "Samstag", "Sonntag")[day], {}),
    "its own": (lambda day: "ABCDEFG"[day], {"names": list("ABCDEFG")}),
}


def as_list(weeks: Iterable[int], dash: str = "-") -> str:
    """Numbers and ranges."""
    runs: list[list[int]] = []
    for week in sorted(weeks):
        if runs and runs[-1][-1] == week - 1:
            runs[-1].append(week)
        else:
            runs.append([week])
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}{dash}{run[-1]}" for run in runs)


def as_flags(weeks: Iterable[int], yes: str = "Y", no: str = "N") -> str:
    """A character a week."""
    chosen = set(weeks)
    return "".join(yes if week in chosen else no for week in range(FIRST_WEEK, FIRST_WEEK + WEEKS))


PATTERNS: Mapping[str, tuple[str, Callable[[Iterable[int]], object]]] = {
    "a list": ("list", as_list),
    "a list with U+2011": ("list", lambda weeks: as_list(weeks, "\u2011")),
    "a list with U+2013": ("list", lambda weeks: as_list(weeks, " \u2013 ")),
    "Y and N": ("flags", as_flags),
    "1 and 0": ("flags", lambda weeks: as_flags(weeks, "1", "0")),
    "a table": ("table", lambda weeks: f"weeks {as_list(weeks)}"),
}


def axis_of(kind: str) -> Mapping[str, object]:
    """The configuration of an axis, over the tables that :class:`Book` makes."""
    axes: Mapping[str, Mapping[str, object]] = {
        "a first day": {"first": FIRST_MONDAY.isoformat(), "length": WEEKS},
        "a table": {"query": "SELECT n, begins FROM week", "number": "n", "date": "begins"},
        "a table in order": {"query": "SELECT begins FROM week", "date": "begins"},
        "a table of days within weeks": {"query": "SELECT n, within FROM week", "number": "n", "date": "within", "mondays": True},
        "a wide row": {"query": "SELECT * FROM wide", "wide": "Week{}_Date"},
    }
    return axes[kind]


AXES = ("a first day", "a table", "a table in order", "a table of days within weeks", "a wide row")


class Book:
    """A SQLite file with the tables of a timetable."""

    def __init__(self, file: Path) -> None:
        self.file = file
        file.unlink(missing_ok=True)
        days = [FIRST_MONDAY + timedelta(weeks=week) for week in range(WEEKS)]
        numbers = range(FIRST_WEEK, FIRST_WEEK + WEEKS)
        rows = [(n, str(day), str(day + timedelta(n % 7))) for n, day in zip(numbers, days, strict=True)]
        self.add("week", "n begins within", rows[::-1])
        self.add("wide", " ".join(f"week{n}_date" for n in numbers), [tuple(f"{day} 00:00:00" for day in days)])

    def add(self, table: str, columns: str, rows: Sequence[Sequence[object]]) -> None:
        """One table more; ``columns`` are separated by blanks."""
        names = columns.split()
        with closing(sqlite3.connect(self.file)) as database, database:
            database.execute(f"CREATE TABLE {table} ({', '.join(names)})")
            database.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(names))})", rows)


def _ordered(*sets: Iterable[str]) -> list[list[str]]:
    return [sorted(some) for some in sets]


def write_dated(book: Book, lessons: Sequence[Taught], clockwork: Clockwork | None, *, shape: str, length: bool) -> dict[str, Any]:
    """One row a meeting ("dated"), or one for each of its calendars, rooms and staff ("product"), or complementing rows.

    With a ``clockwork``, day and times stand apart. ``length``: instead of an end. Gives the further keys of [timetable].
    """
    rows: list[tuple[object, ...]] = []
    for lesson in lessons:
        times = _times(lesson, clockwork, length=length)
        calendars, rooms, staff = _ordered(lesson.calendars, lesson.rooms, lesson.staff)
        if shape == "dated":
            sets: Iterable[Sequence[str | None]] = [("|".join(calendars), "|".join(rooms), "|".join(staff))]
        elif shape == "product":
            sets = product(calendars, rooms or [""], staff or ["          "])
        else:
            sets = zip_longest(calendars, rooms, staff[::-1])
        rows += [(lesson.activity.ljust(12), *times, f"Title of {lesson.activity}", *some) for some in sets]
    book.add("meeting", "activity day starts ends length title calendar room lecturer", rows)
    many = {"split": "|"} if shape == "dated" else {"many": True}
    columns: dict[str, Any] = _common(clockwork, length=length) | {
        "calendar": {"column": "calendar", **many},
        "rooms": {"column": "room", **many},
        "staff": {"column": "lecturer", **many},
    }
    if clockwork is not None:
        columns["date"] = "day"
    return {"query": "SELECT * FROM meeting", "columns": columns}


def write_patterns(
    book: Book, lessons: Sequence[Taught], clockwork: Clockwork, *, pattern: str, axis: str, weekday: str, length: bool, children: bool
) -> dict[str, Any]:
    """One row for all weeks. With ``children``, calendars, rooms and staff stand in tables of their own, with weeks of their own.

    Without, rows whose sets differ from week to week are rows of their own. Gives the further keys of [timetable].
    """
    form, weeks_as = PATTERNS[pattern]
    day_as, day_column = WEEKDAYS[weekday]
    groups: dict[tuple[object, ...], list[Taught]] = defaultdict(list)
    for lesson in lessons:
        sets = () if children else (lesson.calendars, lesson.rooms, lesson.staff)
        groups[lesson.activity, lesson.day.weekday(), lesson.start, lesson.end, *sets].append(lesson)
    rows: list[tuple[object, ...]] = []
    kin: dict[str, list[tuple[object, ...]]] = {"calendars": [], "rooms": [], "staff": []}
    named: set[frozenset[int]] = set()
    for number, group in enumerate(groups.values()):
        weeks = frozenset(lesson.week for lesson in group)
        named.add(weeks)
        first = group[0]
        times = _times(first, clockwork, length=length)
        head = (number, first.activity, day_as(first.day.weekday()), weeks_as(weeks), *times, f"Title of {first.activity}")
        if not children:
            calendars, rooms, staff = ("|".join(some) for some in _ordered(first.calendars, first.rooms, first.staff))
            rows.append((*head, calendars, rooms, staff))
            continue
        rows.append((*head, None, None, None))
        for name, made in kin.items():
            for text in sorted({text for lesson in group for text in getattr(lesson, name)}, reverse=True):
                own = frozenset(lesson.week for lesson in group if text in getattr(lesson, name))
                named.add(own)
                made.append((f"{number}  ", text, None if own == weeks else weeks_as(own)))
    book.add("event", "id activity weekday weeks day starts ends length title calendar room lecturer", rows)
    book.add("pattern", "name n", [(f"weeks {as_list(weeks)}", week) for weeks in named for week in weeks])
    said: dict[str, Any] = {"form": form, "first": FIRST_WEEK, "axis": axis_of(axis)}
    if form == "table":
        said["table"] = {"query": "SELECT * FROM pattern", "id": "name", "week": "n"}
    columns = _common(clockwork, length=length) | {"weekday": {"column": "weekday", **day_column}, "weeks": "weeks"}
    further: dict[str, Any] = {"query": "SELECT * FROM event", "columns": columns, "weeks": said}
    if not children:
        split = {"calendar": "calendar", "rooms": "room", "staff": "lecturer"}
        columns |= {name: {"column": column, "split": "|"} for name, column in split.items()}
        return further
    for name, made in kin.items():
        book.add(f"event_{name}", "event_id value weeks", made)
    further["children"] = {
        name: {"query": f"SELECT * FROM event_{name}", "key": "event_id", "parent": "id", "value": "value", "weeks": "weeks"}
        for name in kin
    }
    return further


def _common(clockwork: Clockwork | None, *, length: bool) -> dict[str, Any]:
    said = {} if clockwork is None else dict(clockwork.column)
    columns: dict[str, Any] = {"activity": "activity", "title": "title", "start": {"column": "starts", **said}}
    if length:
        return columns | {"duration": "length"}
    overnight = {} if clockwork is None else {"overnight": "midnight"}
    return columns | {"end": {"column": "ends", **said, **overnight}}


def _times(lesson: Taught, clockwork: Clockwork | None, *, length: bool) -> tuple[object, ...]:
    day, long = str(lesson.day), lesson.end - lesson.start if length else None
    if clockwork is not None:
        return day, clockwork.write(lesson.start), None if length else clockwork.write(lesson.end), long
    midnight = datetime.combine(lesson.day, time())
    start, end = (midnight + timedelta(minutes=minutes) for minutes in (lesson.start, lesson.end))
    return None, f"{start:%Y-%m-%d %H:%M}", None if length else f"{end:%Y-%m-%d %H:%M}", long
