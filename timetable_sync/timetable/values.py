"""What a cell says, whatever type its driver gave it: text, several texts, yes or no. Pure; times are read in ``times``.

The same content gives the same text from every database: 101, 101.0 and Decimal("101.00") are "101"; bytes are UTF-8, or else
Windows-1252; arrays are their members; moments are ISO; true and false are words.
"""

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from itertools import chain
from math import isfinite

from timetable_sync.errors import TimetableUnusable
from timetable_sync.timetable.clean_text import clean_name, clean_prose

#: Larger ones are written with an exponent: Decimal("1E+999999") is a number too.
_LONGEST_NUMBER = Decimal(10) ** 27
#: ... and so is Decimal("1E-999999").
_MOST_PLACES = 27
#: From here on a float is one number for several: https://docs.python.org/3/library/sys.html#sys.float_info
_SEVERAL_FROM = 2**53
#: Digits that a decimal keeps when it is written: those of Python's own arithmetic.
_DIGITS = 28
_YES = frozenset({"1", "true", "t", "y", "yes"})


class Bits(bytes):
    """A number as MySQL gives its BIT: a byte of it may well look like a letter or a figure."""


def decoded(raw: bytes) -> str:
    """The text in ``raw``. Old databases hold Windows-1252 where they say nothing, and it has a character for nearly every byte."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def name_in(cell: object, where: str = "") -> str | None:
    """The name in ``cell``, cleaned, what looks like markup in it left alone; None for nothing.

    ``where`` says which column it is of where names identify: there, raises TimetableUnusable for a number that may stand for several.
    """
    if isinstance(cell, str):
        return clean_name(cell)
    if where and _rounded(cell):
        raise TimetableUnusable(
            f"{where}: {cell} is a number with more digits than its type keeps, so that it may stand for several",
            "Let the query give whole numbers or text, before they become numbers of that type.",
        )
    text = written(cell)
    return None if text is None else clean_name(text)


def _rounded(cell: object) -> bool:
    if isinstance(cell, float):
        return isfinite(cell) and abs(cell) >= _SEVERAL_FROM
    if isinstance(cell, Decimal):
        return cell.is_finite() and len(cell.as_tuple().digits) > _DIGITS and cell != cell.to_integral_value()
    return isinstance(cell, (list, tuple, set, frozenset)) and any(map(_rounded, cell))


def prose_in(cell: object) -> str | None:
    """The description in ``cell``, cleaned, without markup; None for nothing."""
    text = cell if cell.__class__ is str else written(cell)
    return clean_prose(text) if isinstance(text, str) else None


def several_in(cell: object, split: str | None, one: Callable[[object], str | None]) -> tuple[str, ...]:
    """The different texts in ``cell``, sorted: of an array, or of a text that ``split`` separates; ``one`` reads each."""
    if cell is None:
        return ()
    parts: Sequence[object] = list(cell) if isinstance(cell, (list, tuple, set, frozenset)) else (cell,)
    if split:
        parts = list(chain.from_iterable((part,) if _rounded(part) else (written(part) or "").split(split) for part in parts))
    if len(parts) == 1:
        text = one(parts[0])
        return () if text is None else (text,)
    return tuple(sorted({text for part in parts if (text := one(part)) is not None}))


def has_gaps(cell: object) -> bool:
    """Whether ``cell`` is an array of which a member says nothing."""
    return isinstance(cell, (list, tuple, set, frozenset)) and any(name_in(part) is None for part in cell)


def yes_or_no(values: Sequence[str | int | bool] | None) -> Callable[[object], bool]:
    """Judges cells: whether one holds any of ``values``; without values, whether it says 1, true, t, Y or yes. An empty cell says no.

    Case counts for configured values, as X and x can be two codes.
    """
    codes = _YES if values is None else frozenset(chain.from_iterable(_codes(value) for value in values))

    @lru_cache(1_000)
    def by_text(text: str) -> bool:
        cleaned = clean_name(text) or ""
        return (cleaned.casefold() if values is None else cleaned) in codes

    def judge(cell: object) -> bool:
        if cell is None:
            return False
        if isinstance(cell, bytes) and len(cell) == 1 and cell < b"\x20":  # BIT(1) of MySQL
            cell = cell[0]
        return by_text(written(cell) or "") or (isinstance(cell, bool) and by_text(str(int(cell))))

    return judge


def _codes(value: str | int | bool) -> list[str]:
    """As cells may hold it: a truth also as a number, as databases without truths do."""
    return [written(value) or "", str(int(value))] if isinstance(value, bool) else [clean_name(str(value)) or ""]


def written(cell: object) -> str | None:
    """``cell`` as text, not yet cleaned; None for nothing."""
    text: str | None
    match cell:
        case None:
            text = None
        case str():
            text = cell
        case bool():
            text = "true" if cell else "false"
        case float() | Decimal():
            text = _number(cell)
        case bytes() | bytearray() | memoryview():
            text = decoded(bytes(cell))
        case datetime():
            text = _moment(cell.replace(microsecond=0))
        case time():
            text = cell.isoformat("seconds" if cell.second else "minutes")
        case date():
            text = cell.isoformat()
        case list() | tuple() | set() | frozenset():
            parts = [part for part in map(written, cell) if part]
            text = ", ".join(parts if isinstance(cell, (list, tuple)) else sorted(parts))
        case dict():
            text = json.dumps(cell, ensure_ascii=False, sort_keys=True, default=str)
        case _:
            text = str(cell)
    return text


def _moment(moment: datetime) -> str:
    spec = "seconds" if moment.second else "minutes"
    try:
        return moment.isoformat(" ", spec)
    except ValueError:  # of a zone that its driver does not tell
        return moment.replace(tzinfo=None).isoformat(" ", spec)


def _number(value: float | Decimal) -> str | None:
    exact = Decimal(str(value))
    if not exact.is_finite():
        return None
    # Compared and not reckoned with, as abs() of 1E+9999999999 is an overflow.
    if not -_LONGEST_NUMBER < exact < _LONGEST_NUMBER or (exact and exact.adjusted() < -_MOST_PLACES):
        return str(exact)
    return format(exact.to_integral_value() if exact == exact.to_integral_value() else exact.normalize(), "f")
