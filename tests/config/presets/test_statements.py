"""The presets' SQL is understood: by SQLite, PostgreSQL and MariaDB, asked themselves, over tables as the products have them."""

import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from timetable_sync.config.presets.catalogue import PRODUCTS, dialect_for
from timetable_sync.config.presets.product import Parameters

#: None of these can be a name without quotes in SQL Server or Oracle:
#: https://learn.microsoft.com/sql/t-sql/language-elements/reserved-keywords-transact-sql,
#: https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/Oracle-SQL-Reserved-Words.html
_WORDS = """
access add all alter and any as asc audit authorization backup begin between break browse bulk by cascade case char check
checkpoint close cluster clustered coalesce collate column comment compress commit compute connect constraint contains convert
create cross current cursor database date dbcc deallocate decimal declare default delete deny desc disk distinct distributed
double drop dump else end errlvl escape except exclusive exec execute exists exit external fetch file fillfactor float for foreign
freetext from full function goto grant group having holdlock identified identity immediate in increment index initial inner insert
integer intersect into is join key kill left level like lineno load lock long maxextents merge minus mlslabel mode modify national
nchar noaudit nocheck nocompress nonclustered not nowait null nullif number of off offline offsets on online open option or order
outer over pctfree percent pivot plan precision primary print prior proc procedure public raiserror raw read readtext reconfigure
references rename replication resource restore restrict return revert revoke right rollback row rowcount rowguidcol rowid rownum
rows rule save schema select session session_user set setuser shutdown size smallint some start statistics successful synonym
sysdate system_user table tablesample textsize then to top tran transaction trigger truncate tsequal uid union unique unpivot
update updatetext use user validate values varchar varchar2 varying view waitfor whenever when where while with writetext
"""
RESERVED = set(_WORDS.split())

DATA = {"celcat": "celcat", "cmis": "cmis", "syllabusplus": "syllabusplus", "unitime": "unitime-woebegon"}


def statements(name: str, database: str, calendars: str, schema: str | None = "") -> Iterator[str]:
    timetable = PRODUCTS[name].timetable(Parameters(dialect_for(PRODUCTS[name], database, schema), calendars, "LIVE-26-27"))
    yield timetable["query"]
    yield from (child["query"] for child in timetable["children"].values())
    for part in timetable.get("weeks", {}).values():
        if isinstance(part, dict):
            yield part["query"]


@pytest.mark.shared
@pytest.mark.parametrize(("name", "calendars"), [(name, choice) for name in PRODUCTS for choice in PRODUCTS[name].calendars])
def test_every_statement_of_every_choice_is_answered_by_the_products_own_tables(shared: Path, name: str, calendars: str) -> None:
    with sqlite3.connect(f"file:{shared / 'data' / DATA[name]}.sqlite?mode=ro&immutable=1", uri=True) as connection:
        for statement in statements(name, "sqlite", calendars):
            connection.execute(f"SELECT count(*) FROM ({statement})").fetchone()
    connection.close()


@pytest.mark.parametrize("database", ["mssql", "oracle", "mysql", "postgresql", "sqlite"])
@pytest.mark.parametrize("name", PRODUCTS)
def test_no_alias_or_table_is_a_reserved_word(name: str, database: str) -> None:
    for calendars in PRODUCTS[name].calendars:
        for statement in statements(name, database, calendars, None):
            tables = re.findall(r"\b(?:FROM|JOIN) ([\w.]+) (\w+)", statement)
            used = {part for pair in tables for word in pair for part in word.lower().split(".")}
            used |= {alias.lower() for alias in re.findall(r" AS (\w+)", statement)}
            assert not used & RESERVED, statement


@pytest.mark.parametrize("name", PRODUCTS)
def test_oracle_is_never_asked_whether_something_is_or_is_not_an_empty_text(name: str) -> None:
    """There an empty text is NULL, so that nothing equals it and nothing differs from it."""
    for calendars in PRODUCTS[name].calendars:
        for statement in statements(name, "oracle", calendars):
            assert not re.search(r"(=|<>|!=)\s*''", statement)
