"""What a timetable says once of its weeks: the axis and the table of patterns, read from its own database where they lie there."""

from collections.abc import Callable, Sequence
from typing import Any

from timetable_sync.errors import TimetableUnusable
from timetable_sync.settings.sections.timetable import Timetable
from timetable_sync.settings.sections.weeks import Axis as AxisSettings
from timetable_sync.settings.sections.weeks import WeekForm, Weeks
from timetable_sync.timetable.axis import Axis, IsoAxis, axis_of, even_axis
from timetable_sync.timetable.cells import name_in
from timetable_sync.timetable.daytimes import day_in, whole_in
from timetable_sync.timetable.patterns import Patterns, Table
from timetable_sync.timetable.places import place_of
from timetable_sync.timetable.times import Clock, Unreadable

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
        axis: Axis | None = _axis(weeks, weeks.axis, ask, Clock(timetable.time_zone))
    else:
        axis = IsoAxis(None) if "year" in timetable.columns else None
    return Weekly(weeks, axis, _table(weeks, ask))


def _axis(weeks: Weeks, said: AxisSettings, ask: Ask, clock: Clock) -> Axis:
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
