"""Which place in a row each field of the configuration has, and what a row's cells say. One row at a time; merges nothing.

A good row becomes a tuple, as the spool keeps it and ``lessons`` folds it: at :class:`At` places, then a text for each of
:attr:`Columns.fields`, "" for nothing; what can be several texts is joined by :data:`JOINT`, which no cleaned text holds.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from timetable_sync.config.column_names import PLACED_COLUMNS
from timetable_sync.config.sections.columns import Column
from timetable_sync.config.sections.timetable import Timetable
from timetable_sync.model.key import OWN
from timetable_sync.timetable.column_lookup import place_of
from timetable_sync.timetable.times import LocalClock, Unreadable, duration
from timetable_sync.timetable.values import has_gaps, name_in, prose_in, several_in, yes_or_no

#: A control character (unit separator): cleaning removes it from every text.
JOINT = "\x1f"

#: Between the parts of a key of several columns (record separator).
PART = "\x1e"

#: Between the parts of a row in the spool (group separator).
BETWEEN = "\x1d"

#: What a child query calls them, or one of its columns.
CALENDARS = frozenset({"calendar", "calendars"})
#: Several values, whatever the configuration says of them.
_ALWAYS_SEVERAL = frozenset({"rooms", "staff", "groups"})
_LONGEST_HINT = 120

#: Of a column's texts, and of their letters, so that memory stays small whatever the timetable holds.
_REMEMBERED = 8_192
_WORTH_REMEMBERING = 200
_CALLED = {"end_date": "last day", "begins": "beginning of its weeks"}


class At(IntEnum):
    """Where in a row's tuple."""

    PERIOD = 0
    ACTIVITY = 1
    WEEK = 2
    START = 3
    END = 4
    NUMBER = 5
    CANCELLED = 6
    CALENDARS = 7
    FIELDS = 8


MeetingRow = tuple[Any, ...]

#: A row in the spool: what it is counted with (period, activity, week), start, end, number, and all the rest as one text. In this form
#: its way through the file costs half, and it is quickly seen whether a row says the same as the one before.
StoredRow = tuple[str, int, int, int, str]


def stored(row: MeetingRow) -> StoredRow:
    """A row as it waits. Sorted by their first three parts, rows are sorted by what were five, as no text sorts before a separator."""
    period, activity, week, start, end, number, cancelled, *texts = row
    return head_of(period, activity, week), start, end, number, rest_of(cancelled=cancelled, texts=texts)


def head_of(period: str, activity: str, week: str) -> str:
    """A stored row's first part: what it is counted with."""
    return f"{period}{BETWEEN}{activity}{BETWEEN}{week}"


def counted_with(head: str) -> tuple[str, str, str]:
    """Period, activity and week of a stored row's first part, as :func:`head_of` put them together."""
    # From the end: the configuration's period is the one text here that was not cleaned.
    period, activity, week = head.rsplit(BETWEEN, 2)
    return period, activity, week


def cancelled_in(rest: str) -> bool:
    """Whether a stored row is cancelled, of its last part."""
    return rest[0] == "1"


def texts_in(rest: str) -> list[str]:
    """The calendars, then the fields, of a stored row's last part."""
    return rest.split(BETWEEN)[1:]


def rest_of(*, cancelled: bool, texts: Sequence[str]) -> str:
    """A stored row's last part."""
    return f"{cancelled:d}{BETWEEN}{BETWEEN.join(texts)}"


def article(field: str) -> str:
    """The field with its article, as reasons name it."""
    if field == "weeks":
        return "weeks"
    return f"an {field}" if field in ("activity", "end") else f"a {_CALLED.get(field, field)}"


class RowRefused(Exception):
    """A row that cannot be used.

    ``field`` is the configuration's name of the column, ``kind`` the reason in general, ``reason`` for this row, ``about`` what
    identifies it to a person. ``known`` is what can be known of it all the same, as far as the calendars; None for what cannot.
    ``weeks`` are those that it may be meant for, as in ``known``; None stands for any. ``column`` is the query's, where it is none of the
    field's own.
    """

    def __init__(
        self, field: str, kind: str, reason: str, about: str, known: MeetingRow, weeks: tuple[str | None, ...], column: str = ""
    ) -> None:
        super().__init__(reason)
        self.field, self.kind, self.reason, self.about, self.known, self.weeks = field, kind, reason, about, known, weeks
        self.column = column


@dataclass(frozen=True, slots=True)
class Field:
    """A column that only describes: ``several`` where a lesson can have more than one of it."""

    name: str
    several: bool


def fields_of(timetable: Timetable) -> tuple[Field, ...]:
    """What the configured columns and the child queries describe, by name. What a child query gives can be several."""
    found = {
        name: name in _ALWAYS_SEVERAL or column.many or column.split is not None
        for name, column in timetable.columns.items()
        if name not in PLACED_COLUMNS
    }
    for name, child in timetable.children.items():
        given = [*child.columns, *([] if child.value is None else [name])]
        found.update(dict.fromkeys((field for field in given if field not in CALENDARS), True))
    return tuple(Field(name, several) for name, several in sorted(found.items()))


def stored_fields_of(timetable: Timetable) -> tuple[Field, ...]:
    """What a row has beside: the fields that templates see, then the zone, where rows have their own, and the key of each child query."""
    zone = (Field("zone", several=False),) if "zone" in timetable.columns else ()
    return (*fields_of(timetable), *zone, *(Field(f"children.{name}.key", several=True) for name in timetable.children))


def gives_calendars(timetable: Timetable) -> bool:
    """Whether a child query does."""
    return any(
        (child.value is not None and name in CALENDARS) or CALENDARS & child.columns.keys() for name, child in timetable.children.items()
    )


class Texts(dict[str, str]):
    """What the cells of one column say, cleaned, "" for nothing; texts among them are remembered, as most are met many times.

    ``read`` reads a cell. Cells that are no texts are not remembered: 1, 1.0 and True are one key, and three texts.
    """

    def __init__(self, read: Callable[[object], str]) -> None:
        super().__init__()
        self.read = read

    def __missing__(self, cell: str) -> str:
        text = self.read(cell)
        if len(cell) <= _WORTH_REMEMBERING:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[cell] = text
        return text

    def of(self, cell: object) -> str:
        """What any cell says."""
        return self[cell] if isinstance(cell, str) else self.read(cell)


def _one(read: Callable[[object], str | None]) -> Callable[[object], str]:
    return lambda cell: read(cell) or ""


def _joined(split: str | None, read: Callable[[object], str | None]) -> Callable[[object], str]:
    return lambda cell: JOINT.join(several_in(cell, split, read))


def names_of(clock: LocalClock, where: str) -> Callable[[object], str | None]:
    """What reads names from the cells of the column ``where``; moments that have a zone in that of ``clock``."""
    return lambda cell: name_in(clock.here(cell), where)


def prose_of(clock: LocalClock) -> Callable[[object], str | None]:
    """What reads descriptions from cells; moments that have a zone in that of ``clock``."""
    return lambda cell: prose_in(clock.here(cell))


class Columns:
    """Reads rows. Raises TimetableUnusable where the configuration names a column that the query does not give.

    ``names`` are those of the query's columns. ``calendar_may_lack`` says that a row without a calendar is none the worse for it.
    """

    def __init__(self, timetable: Timetable, names: Sequence[str], clock: LocalClock, *, calendar_may_lack: bool = False) -> None:
        self._timetable = timetable
        self._clock = clock
        columns = timetable.columns
        self._names = names
        # Behind the query's columns: nothing, for fields that there are not; then what columns with a map stand for.
        self._maps: list[tuple[int, Mapping[str, str]]] = []
        places = {field: self._place_of(field, column) for field, column in columns.items()}
        self.own_ids = "key" in columns
        self._identity_field = "key" if self.own_ids else "activity"
        self._identity = places[self._identity_field]
        self._places, nothing = places, len(names)
        self._start, self._calendar = places.get("start", nothing), places.get("calendar", nothing)
        self._end, self._duration, self._period = places.get("end"), places.get("duration"), places.get("period")
        self._unit = (columns["duration"].unit or "minutes") if "duration" in columns else ""
        calendar = columns.get("calendar")
        self._split = None if calendar is None else calendar.split
        # Rows that complement each other name the calendar in one of them; that is for the configuration to say. Elsewhere
        # a row without one is a mistake: taken for "nothing more", it would delete the lesson from the calendar it was meant for.
        self._calendar_may_lack = calendar_may_lack or calendar is None or calendar.many or gives_calendars(timetable)
        self._cancelled = places.get("cancelled")
        self._says_yes = yes_or_no(columns["cancelled"].values if "cancelled" in columns else None)
        self.fields = fields_of(timetable)
        names_in = {field: names_of(clock, f"timetable.columns.{field}") for field in ("period", self._identity_field, "calendar")}
        self._period_texts, self._activity_texts = Texts(_one(names_in["period"])), Texts(_one(names_in[self._identity_field]))
        joined = _joined(self._split, names_in["calendar"])
        # Of an array as of rows: a member that is empty is a calendar whose name is not known.
        lenient = self._calendar_may_lack
        self._calendar_texts = Texts(joined if lenient else lambda cell: "" if has_gaps(cell) else joined(cell))
        prose = prose_of(clock)
        self._described = [
            (places[field.name], Texts(_joined(columns[field.name].split, prose) if field.several else _one(prose)))
            if field.name in columns
            else (nothing, Texts(_joined(None, prose)))
            for field in self.fields
        ]

    def read(self, number: int, row: Sequence[Any]) -> MeetingRow:
        """The row's meaning. Raises RowRefused."""
        # Cells that are texts are looked up here, and in _texts, not by a method: a tenth of the time of reading a row.
        activity = self._activity_texts[cell] if (cell := row[self._identity]).__class__ is str else self._activity_texts.of(cell)
        if not activity:
            raise self._refused(number, row, self._identity_field, f"without {article(self._identity_field)}")
        try:
            start = self._clock.start(row[self._start])
        except Unreadable as error:
            raise self._refused(number, row, "start", "with a start that cannot be read", str(error)) from None
        if start is None:
            raise self._refused(number, row, "start", "without a start")
        end = self._ending(number, row, start)
        calendars = self._calendar_texts[cell] if (cell := row[self._calendar]).__class__ is str else self._calendar_texts.of(cell)
        if not calendars and not self._calendar_may_lack:
            raise self._refused(number, row, "calendar", "without a calendar")
        return (
            self._period_of(row),
            activity,
            OWN if self.own_ids else self._clock.week(start),
            start,
            end,
            number,
            0 if self._cancelled is None else int(self._says_yes(row[self._cancelled])),
            calendars,
            *self._texts(row),
        )

    def read_all(self, number: int, row: Sequence[Any]) -> list[MeetingRow]:
        """All meetings of the row. Raises RowRefused."""
        return [self.read(number, row)]

    def stored_batch(self, first: int, batch: Sequence[Sequence[Any]]) -> list[StoredRow] | None:
        """All meetings of all rows of ``batch``, of which the first has the number ``first``; None where they are to be read one by one."""
        return None

    def _known(self, row: Sequence[Any]) -> tuple[LocalClock, int | None]:
        """The clock of a row that cannot be used, and the moment that it would have begun at, where anybody knows."""
        try:
            return self._clock, self._clock.start(row[self._start])
        except Unreadable:
            return self._clock, None

    def _place_of(self, field: str, column: Column) -> int:
        place = place_of(f"timetable.columns.{field}", column.column, self._names)
        if not column.map:
            return place
        self._maps.append((place, column.map))
        return len(self._names) + len(self._maps)

    def _period_of(self, row: Sequence[Any]) -> str:
        return ("" if self._period is None else self._period_texts.of(row[self._period])) or self._timetable.period

    def _texts(self, row: Sequence[Any]) -> list[str]:
        return [texts[cell] if (cell := row[place]).__class__ is str else texts.read(cell) for place, texts in self._described]

    def _ending(self, number: int, row: Sequence[Any], start: int) -> int:
        field = "duration" if self._end is None else "end"
        end = None
        try:
            if self._end is not None:
                end = self._clock.end(row[self._end], start)
            if end is None and self._duration is not None:
                field = "duration"
                length = duration(row[self._duration], self._unit)
                end = None if length is None else self._clock.after(start, length)
        except Unreadable as error:
            raise self._refused(number, row, field, f"with {article(field)} that cannot be read", str(error)) from None
        if end is None:
            raise self._refused(number, row, field, f"without {article(field)}")
        if end == start:
            raise self._refused(number, row, field, "of no length")
        if end < start:
            # Which of the two is the mistake nobody knows: the start, then the week is the end's; or both, then any.
            raise self._refused(number, row, field, "end before start", weeks=() if self.own_ids else (self._clock.week(end), None))
        return end

    def _refused(
        self,
        number: int,
        row: Sequence[Any],
        field: str,
        kind: str,
        reason: str = "",
        weeks: tuple[str | None, ...] = (),
        column: str = "",
    ) -> RowRefused:
        """What is known of a bad row: each cell is read anew, and one that cannot be read is unknown. ``weeks`` other than the start's."""
        activity = self._activity_texts.of(row[self._identity]) or None
        calendars, described = self._calendar_texts.of(row[self._calendar]), self._texts(row)
        clock, start = self._known(row)
        week = OWN if self.own_ids else None if start is None else clock.week(start)
        titles = [text for field_, text in zip(self.fields, described, strict=True) if field_.name == "title"]
        about = " ".join(part for part in (activity, *titles) if part)[:_LONGEST_HINT]
        known = (self._period_of(row), activity, week, start, None, number, None, calendars, *described)
        return RowRefused(field, kind, reason or kind, about, known, tuple(dict.fromkeys((week, *weeks))), column)
