"""Reads week patterns (which weeks a row holds for) from cells, with the axis and the table of patterns that a timetable gives once.

Axis and table are read from the timetable's own database where they lie there. ``week_axis`` knows which days the weeks are.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

from timetable_sync.config.sections.timetable import Timetable
from timetable_sync.config.sections.weeks import Axis as AxisSettings
from timetable_sync.config.sections.weeks import WeekForm, Weeks
from timetable_sync.errors import TimetableUnusable
from timetable_sync.timetable.column_lookup import place_of
from timetable_sync.timetable.parse_time import day_in, whole_in
from timetable_sync.timetable.times import LocalClock, Unreadable
from timetable_sync.timetable.values import Bits, decoded, name_in, written
from timetable_sync.timetable.week_axis import Axis, IsoAxis, axis_of, even_axis

_NO = frozenset("Nn0 .-_")
#: Every dash there is, and what separates numbers.
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
_RANGE = re.compile(r"(?P<first>-?\d{1,4})(?:\s*(?:-|\.\.|to|bis)\s*(?P<last>-?\d{1,4}))?", re.ASCII)
_SEPARATORS = re.compile(r"[,;/&+]|\s+(?![-\s]|to\b|bis\b|\.\.)(?<![-\s])(?<!\bto\s)(?<!\bbis\s)")
#: The text of a number that was one with decimals: nobody means no by zeros and by a dot.
_FLOAT = re.compile(r"[01]+\.0+", re.ASCII)
_MOST = 1_000
_REMEMBERED = 8_192


#: The weeks of each pattern by its name, or what is wrong with them.
Table = Mapping[str, tuple[int, ...] | str]


class NumberForFlags(Exception):
    """A number where a character for each week is wanted: it has lost the zeros at its front, and all weeks would shift."""


def number_for_flags(key: str, column: str, cell: object) -> TimetableUnusable:
    """What is to be raised for one, of ``column``, which the configuration names at ``key``: no row of it can be believed."""
    number = int.from_bytes(cell, "big") if isinstance(cell, Bits) else cell
    return TimetableUnusable(
        f"{key}: the column {column} gives the number {number}, and flags of weeks are a text: a number has lost the zeros at its front",
        "Let the query give the text that holds them. Where there is a number alone, put the zeros back, as in "
        f"LPAD(CAST({column} AS CHAR), 52, '0') for 52 weeks; or is timetable.weeks.form another one?",
    )


class Patterns:
    """Reads as ``weeks`` says, or in another ``form``. ``table`` is for the form of that name.

    What it gives are weeks' numbers; of the form "days", places of days, of which the first is 0.
    """

    def __init__(self, weeks: Weeks, table: Table, form: WeekForm | None = None) -> None:
        self.form: WeekForm = form or weeks.form
        self._yes, self._table = frozenset(weeks.yes), table
        self._first = 0 if self.form == "days" else weeks.first
        self._remembered = lru_cache(_REMEMBERED)(self._of_text)

    def weeks(self, cell: object) -> tuple[int, ...] | None:
        """Sorted, each once. None for an empty cell. Raises Unreadable, NumberForFlags."""
        if cell is None:
            return None
        if self.form in ("flags", "days") and not isinstance(cell, str) and _has_numbers(cell):
            raise NumberForFlags
        if isinstance(cell, (list, tuple, set, frozenset)):
            text: str | None = ",".join(filter(None, map(written, cell)))
        elif isinstance(cell, str):
            text = cell
        elif isinstance(cell, (bytes, bytearray, memoryview)):
            text = decoded(bytes(cell))
        elif isinstance(cell, (int, float, Decimal)) and not isinstance(cell, bool):
            text = written(cell)
        else:
            raise Unreadable(f"{str(cell)[:40]} is no pattern of weeks")
        return self._remembered(text) if text is not None else None

    def _of_text(self, text: str) -> tuple[int, ...] | None:
        if self.form == "table":
            name = name_in(text)
            if name is None:
                return None
            if name not in self._table:
                raise Unreadable(f'"{name[:40]}" is not in the table of week patterns')
            found = self._table[name]
            if isinstance(found, str):
                raise Unreadable(f'"{name[:40]}": {found}')
            return found
        if self.form == "list":
            return numbers_in(text)
        # Blanks at the front are flags, blanks at the end padding.
        marks = text.rstrip()
        if not marks:
            return None
        if _FLOAT.fullmatch(marks):
            raise NumberForFlags
        if strange := set(marks) - self._yes - _NO:
            raise Unreadable(f'"{min(strange)}" in "{marks[:40]}" is neither yes nor no; timetable.weeks.yes says what means yes')
        return tuple(place for place, mark in enumerate(marks, self._first) if mark in self._yes)


def _has_numbers(cell: object) -> bool:
    several = cell if isinstance(cell, (list, tuple, set, frozenset)) else (cell,)
    return any(isinstance(one, (int, float, Decimal, Bits)) for one in several)


def numbers_in(text: str) -> tuple[int, ...] | None:
    """The numbers of a list such as "10,12-13", sorted; None for blank text. Raises Unreadable."""
    plain = text.translate(_DASHES).strip("\x00 \t\r\n\xa0[](){}")
    if not plain:
        return None
    found: set[int] = set()
    for part in filter(None, map(str.strip, _SEPARATORS.split(plain))):
        match = _RANGE.fullmatch(part)
        if match is None:
            raise Unreadable(f'"{text.strip()[:40]}" is no list of weeks, such as 10,12-13')
        first = int(match["first"])
        last = first if match["last"] is None else int(match["last"])
        if not 0 <= last - first < _MOST:
            raise Unreadable(f'"{part}" in "{text.strip()[:40]}" is no range of weeks')
        found.update(range(first, last + 1))
    return tuple(sorted(found)) if found else None


#: All rows of a query that is small: the names of its columns, and the rows. Given the SQL and the key that names it.
Ask = Callable[[str, str], tuple[Sequence[str], Sequence[Sequence[Any]]]]

#: Reads a number, or a day, from a cell.
_Number = Callable[[object], int | None]

_AXIS = "timetable.weeks.axis"
_TABLE = "timetable.weeks.table"


class Weekly:
    """``axis`` is None where rows bring their own beginning. ``patterns`` reads the timetable's weeks."""

    def __init__(self, weeks: Weeks, axis: Axis | None, table: Table) -> None:
        self.settings, self.axis, self._table = weeks, axis, table
        self.patterns = Patterns(weeks, table)

    def patterns_in(self, form: WeekForm | None) -> Patterns:
        """What reads weeks that are written in ``form``; None for the timetable's own."""
        return self.patterns if form in (None, self.settings.form) else Patterns(self.settings, self._table, form)


def read_weekly(timetable: Timetable, ask: Ask) -> Weekly | None:
    """The weeks of ``timetable``, or None where it has none; their days are those of its zone. Raises TimetableUnusable."""
    if timetable.weeks is None and "year" not in timetable.columns:
        return None
    weeks = timetable.weeks or Weeks()
    if weeks.axis is not None:
        axis: Axis | None = _axis(weeks, weeks.axis, ask, LocalClock(timetable.time_zone))
    else:
        axis = IsoAxis(None) if "year" in timetable.columns else None
    return Weekly(weeks, axis, _table(weeks, ask))


def _axis(weeks: Weeks, said: AxisSettings, ask: Ask, clock: LocalClock) -> Axis:
    if said.first is not None:
        return even_axis(weeks.first, said.first.toordinal(), said.length, mondays=said.mondays)
    if said.query is None:
        return IsoAxis(said.iso, said.iso_from)
    names, rows = ask(said.query, f"{_AXIS}.query")

    def day_of(cell: object) -> int | None:
        return day_in(cell, clock)

    days = _wide(said.wide, names, rows, day_of) if said.wide else _tall(weeks, said, names, rows, day_of)
    if not days:
        raise TimetableUnusable(f"{_AXIS}.query gives no week", "Run it by hand as the same database user, and mend it.")
    return axis_of(days, mondays=said.mondays)


def _wide(pattern: str, names: Sequence[str], rows: Sequence[Sequence[Any]], day_of: _Number) -> dict[int, int]:
    before, _, after = pattern.casefold().partition("{}")
    if len(rows) != 1:
        raise TimetableUnusable(f"{_AXIS}.query gives {len(rows)} rows, but wide wants just one", "Choose one of them with WHERE.")
    found = {}
    for place, name in enumerate(map(str.casefold, names)):
        number = name[len(before) : len(name) - len(after)]
        if name == f"{before}{number}{after}" and number.isdecimal() and len(number) <= 9:
            day = _checked(day_of, rows[0][place], names[place])
            if day is not None:
                found[int(number)] = day
    if not found:
        raise TimetableUnusable(f'{_AXIS}.query gives no column like "{pattern}"', f"It gives {', '.join(names)[:200]}.")
    return found


def _tall(weeks: Weeks, said: AxisSettings, names: Sequence[str], rows: Sequence[Sequence[Any]], day_of: _Number) -> dict[int, int]:
    dates = place_of(f"{_AXIS}.date", said.date, names, f"{_AXIS}.query")
    days = [day for row in rows if (day := _checked(day_of, row[dates], said.date)) is not None]
    if said.number is None:
        if len(days) < len(rows):
            # Weeks that are counted: all behind the one that is missing would be a week too early.
            raise TimetableUnusable(f"{_AXIS}.query gives a week without a day", "Mend it, or give numbers too, and name them by number.")
        return dict(enumerate(sorted(set(days)), weeks.first))
    numbers = place_of(f"{_AXIS}.number", said.number, names, f"{_AXIS}.query")
    found: dict[int, int] = {}
    for row in rows:
        week, day = _checked(whole_in, row[numbers], said.number), _checked(day_of, row[dates], said.date)
        if week is None or day is None:
            continue
        if found.setdefault(week, day) != day:
            raise TimetableUnusable(f"{_AXIS}.query gives two days for week {week}", "Choose one period's weeks with WHERE.")
    return found


def _table(weeks: Weeks, ask: Ask) -> Table:
    """A pattern of which a week cannot be read is a matter of the rows that have it; one of which a week is empty says so nowhere else."""
    if weeks.table is None:
        return {}
    names, rows = ask(weeks.table.query, f"{_TABLE}.query")
    ids = place_of(f"{_TABLE}.id", weeks.table.id, names, f"{_TABLE}.query")
    numbers = place_of(f"{_TABLE}.week", weeks.table.week, names, f"{_TABLE}.query")
    found: dict[str, set[int | None]] = {}
    broken: dict[str, str] = {}
    for row in rows:
        name = name_in(row[ids], f"{_TABLE}.id")
        if name is None:
            continue
        try:
            found.setdefault(name, set()).add(whole_in(row[numbers]))
        except Unreadable as error:
            broken.setdefault(name, f"a week of it cannot be read: {error}")
    # A pattern of no week may stand there with none, as an outer join has it; beside others, a week is missing.
    broken |= {name: "a week of it is empty" for name, some in found.items() if None in some and len(some) > 1}
    return {name: broken.get(name) or tuple(sorted(week for week in some if week is not None)) for name, some in found.items()}


def _checked(read: _Number, cell: object, column: str) -> int | None:
    """A cell of an axis: one that cannot be read puts all rows in the wrong place, so nothing is read."""
    try:
        return read(cell)
    except Unreadable as error:
        raise TimetableUnusable(f"the column {column} of timetable.weeks: {error}", "Mend the query, or what the database holds.") from None
