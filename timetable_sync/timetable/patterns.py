"""Read week patterns from cells: which weeks a row holds for. Pure; which days the weeks are, ``axis`` knows."""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from timetable_sync.errors import TimetableUnusable
from timetable_sync.settings.sections.weeks import WeekForm, Weeks
from timetable_sync.timetable.cells import Bits, decoded, name_in, written
from timetable_sync.timetable.times import Unreadable

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
