"""UniTime on its own kinds of server: the demonstration college in MariaDB and PostgreSQL, with the types that UniTime has there."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine

from tests.databases import MARIADB, POSTGRESQL, database_of_our_own
from tests.presets.oracles import PRODUCTS
from tests.presets.reading import configured, lessons_of

pytestmark = pytest.mark.shared

TABLES = (
    "building", "class_", "class_instructor", "course_offering", "departmental_instructor", "event", "instr_offering_config",
    "instructional_offering", "itype_desc", "meeting", "non_university_location", "room", "scheduling_subpart", "sessions", "subject_area",
)  # fmt: skip

#: Numbers in MySQL and Oracle; PostgreSQL's own scripts of UniTime make them BOOLEAN.
FLAGS = {
    ("class_", "display_instructor"), ("class_", "display_in_sched_book"), ("class_instructor", "is_lead"),
    ("course_offering", "is_control"),
    ("departmental_instructor", "ignore_too_far"), ("event", "req_attd"), ("itype_desc", "organized"),
}  # fmt: skip


def columns_of(database: sqlite3.Connection, table: str, kind: str) -> list[tuple[str, str]]:
    """Name and type of each column, as UniTime has them on a server of this kind."""
    types = {"INTEGER": "NUMERIC(20,0)", "DATETIME": "TIMESTAMP NULL" if kind == "postgresql" else "DATETIME", "REAL": "DOUBLE PRECISION"}
    found = []
    for _, name, declared, *_ in database.execute(f"PRAGMA table_info({table})"):
        made = types.get(declared, declared)
        if (table, name) in FLAGS:
            made = "BOOLEAN" if kind == "postgresql" else "INT(1)"
        if (table, name) == ("itype_desc", "abbv"):
            made = "CHAR(7)"
        if declared == "BLOB":
            made = "BYTEA" if kind == "postgresql" else "LONGBLOB"
        found.append((name, made))
    return found


def typed(value: Any, kind: str) -> Any:
    if value is None or not isinstance(value, (str, int)):
        return value
    if kind == "BOOLEAN":
        return bool(value)
    if kind == "DATE" and isinstance(value, str):
        return date.fromisoformat(value[:10])
    return datetime.fromisoformat(value) if kind.startswith(("TIMESTAMP", "DATETIME")) and isinstance(value, str) else value


def load_into(url: str, file: Path) -> None:
    engine = create_engine(url)
    kind = engine.dialect.name
    with closing(sqlite3.connect(f"file:{file}?mode=ro&immutable=1", uri=True)) as database, engine.begin() as server:
        for table in TABLES:
            columns = columns_of(database, table, kind)
            quote = engine.dialect.identifier_preparer.quote_identifier
            server.exec_driver_sql(f"CREATE TABLE {table} ({', '.join(f'{quote(name)} {made}' for name, made in columns)})")
            rows = [
                tuple(typed(cell, made) for cell, (_, made) in zip(row, columns, strict=True))
                for row in database.execute(f"SELECT * FROM {table}")
            ]
            if rows:
                server.exec_driver_sql(f"INSERT INTO {table} VALUES ({', '.join(['%s'] * len(columns))})", rows)
    engine.dispose()


@pytest.fixture(params=["mariadb", "postgresql"])
def loaded_server(request: pytest.FixtureRequest, shared: Path) -> Iterator[str]:
    with database_of_our_own(MARIADB if request.param == "mariadb" else POSTGRESQL) as url:
        load_into(url, shared / "data" / "unitime-woebegon.sqlite")
        yield url


def test_all_class_meetings_are_read_from_a_real_server(loaded_server: str, shared: Path, tmp_path: Path) -> None:
    file, oracle, zone, period, _ = PRODUCTS["unitime"]

    seen, reading = lessons_of(configured(tmp_path, loaded_server, '"unitime"', zone, period))

    assert (reading.lessons, reading.events_in_window, len(seen.calendars)) == (6_722, 6_722, 21)
    assert (reading.bad_rows.count, reading.notes) == (0, ())
    assert seen.found == oracle(shared / "data" / file)


def test_one_term_and_every_choice_of_calendars_are_read_from_a_real_server(loaded_server: str, tmp_path: Path) -> None:
    zone = PRODUCTS["unitime"][2]
    for calendars in ("courses", "rooms", "staff"):
        preset = f'{{ name = "unitime", calendars = "{calendars}", campus = "woebegon" }}'
        seen, reading = lessons_of(configured(tmp_path, loaded_server, preset, zone, "2010 Fal"))
        # Classes without a room or an instructor have no calendar of theirs, and are then set aside.
        assert reading.lessons + reading.bad_rows.count == reading.rows
        assert 0 < reading.rows < 6_722
        assert {meeting.start.year for meeting in seen.found} == {2010}
