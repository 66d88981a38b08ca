"""What a preset is made of: a product, the parameters that a site gives, and the [timetable] that comes of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

from timetable_sync.settings.presets.dialects import Dialect

#: Of what can become calendars, that which a lesson may well have none of.
MAY_LACK = frozenset({"rooms", "staff"})


@dataclass(frozen=True, slots=True)
class Parameters:
    """``calendars`` is one of the product's choices. ``period`` and ``campus`` may be empty."""

    dialect: Dialect
    calendars: str
    period: str = ""
    campus: str = ""


@dataclass(frozen=True, slots=True)
class Product:
    """A timetabling product.

    ``databases`` are the kinds it runs on, the commonest first; ``schemas`` its tables' schema by kind of database, where it always is
    the same. ``calendars`` are the things that can become calendars, the usual one first; ``period`` says what timetable.period has to be,
    or is empty where it is free. ``timetable`` makes query, columns, weeks and children.
    """

    name: str
    title: str
    databases: tuple[str, ...]
    calendars: tuple[str, ...]
    timetable: Callable[[Parameters], Mapping[str, Any]]
    schemas: Mapping[str, str]
    period: str = ""
    has_campus: bool = False
    period_needed: bool = False


def sql(text: str) -> str:
    """A query without the indentation of the code that it stands in."""
    return dedent(text).strip()
