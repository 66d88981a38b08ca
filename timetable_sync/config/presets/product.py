"""What a preset is made of: a product, the parameters that a site gives, and the words of its database's SQL.

:class:`Dialect` is what databases call differently. Everything else in the presets is SQL that all of them understand.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from textwrap import dedent
from typing import Any

#: By SQLAlchemy's names of the kinds of database: how they are called, and a URL to start from.
DATABASES = {
    "mssql": ("SQL Server", "mssql+pymssql://timetable_reader@db.example.ac.uk/timetable"),
    "mysql": ("MySQL, MariaDB", "mysql+pymysql://timetable_reader@db.example.ac.uk/timetable"),
    "oracle": ("Oracle", "oracle+oracledb://timetable_reader@db.example.ac.uk/?service_name=timetable"),
    "postgresql": ("PostgreSQL", "postgresql+psycopg://timetable_reader@db.example.ac.uk/timetable"),
    "sqlite": ("SQLite", "sqlite:///timetable.db"),
}


@dataclass(frozen=True, slots=True)
class Dialect:
    """``name`` is SQLAlchemy's. ``schema`` stands before every table, or is empty where the user's own is meant."""

    name: str
    schema: str

    def table(self, name: str) -> str:
        """The table, in its schema."""
        return f"{self.schema}.{name}" if self.schema else name

    def concat(self, *parts: str) -> str:
        """Texts one after another; of parts that may be NULL, databases make different things."""
        if self.name in ("mysql", "mariadb"):
            return f"CONCAT({', '.join(parts)})"
        return (" + " if self.name == "mssql" else " || ").join(parts)

    def is_true(self, flag: str) -> str:
        """A flag that is a number in some databases, and a BOOLEAN, which no number equals, in PostgreSQL."""
        return flag if self.name == "postgresql" else f"{flag} = 1"

    @staticmethod
    def text(value: str) -> str:
        """A text as a literal."""
        return "'" + value.replace("'", "''") + "'"

    @staticmethod
    def filled(column: str) -> str:
        """NULL for blanks, also for those that a CHAR column is padded with."""
        return f"NULLIF(LTRIM(RTRIM({column})), '')"


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
