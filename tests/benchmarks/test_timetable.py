"""The benchmark's timetable is one and the same in all its shapes and databases, and is read in full; its memory does not grow with it."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from benchmarks.bare_driver import fetched
from benchmarks.large_timetable import SHAPES, settings_for, tables_of
from benchmarks.timetable import MOST_MEMORY, WINDOW, made, measured_apart
from benchmarks.timetable_databases import SCHEMA, Place, Unusable, in_sqlite, on_server
from timetable_sync.model.ledger_entry import digest_of
from timetable_sync.timetable.reader import read_timetable

SERVERS = (pytest.param("postgresql", marks=pytest.mark.postgresql), pytest.param("mariadb", marks=pytest.mark.mariadb))


def events(url: str, shape: str) -> dict[str, object]:
    with read_timetable(settings_for(url, shape), WINDOW) as reading:
        assert (reading.lessons, reading.bad_rows.count) == (600, 0)
        return {calendar.address: reading.events(calendar) for calendar in reading.calendars()}


def schemas(url: str) -> set[str]:
    """Those of the benchmark's on the server."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        found = connection.exec_driver_sql("SELECT schema_name FROM information_schema.schemata").scalars()
        return {name for name in found if name.startswith(SCHEMA)}


def schema_of(place: Place) -> str:
    return str(re.findall(rf"{SCHEMA}\w+", place.url)[0])


def fetching(url: str) -> bool:
    """Whether somebody fetches rows from the database."""
    with create_engine(url, poolclass=NullPool).connect() as connection:
        asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'FETCH FORWARD%'"
        return bool(connection.exec_driver_sql(asked, execution_options={"no_parameters": True}).scalar_one())


def test_both_shapes_hold_the_same_events() -> None:
    found = []
    for shape in SHAPES:
        with in_sqlite(tables_of(shape, 600, 20)) as place, read_timetable(settings_for(place.url, shape), WINDOW) as reading:
            assert (reading.lessons, reading.bad_rows.count) == (600, 0)
            found.append({calendar.address: reading.events(calendar) for calendar in reading.calendars()})
    assert found[0] == found[1]
    assert len(found[0]) == 20
    assert min(event.start for events in found[0].values() for event in events) == datetime(2026, 9, 21, 7, tzinfo=UTC)


@pytest.mark.parametrize("kind", SERVERS)
def test_a_servers_timetable_is_that_of_sqlite_and_nothing_stays_of_it(kind: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(f"{kind}_url")
    for shape in SHAPES:
        with made(None, shape, 600, 20) as ours, made(server, shape, 600, 20) as theirs:
            assert ours.name.startswith("SQLite 3.")
            assert re.fullmatch(r"(PostgreSQL|MariaDB|MySQL) \d+(\.\d+)+", theirs.name)
            assert events(theirs.url, shape) == events(ours.url, shape)
            assert schema_of(theirs) in schemas(server)
        assert schema_of(theirs) not in schemas(server)


@pytest.mark.postgresql
def test_moments_are_of_the_databases_own_type(postgresql_url: str) -> None:
    with (
        on_server(postgresql_url, tables_of("dated", 12, 1)) as place,
        create_engine(place.url, poolclass=NullPool).connect() as connection,
    ):
        assert isinstance(connection.exec_driver_sql("SELECT starts FROM dated").scalars().first(), datetime)


@pytest.mark.parametrize("kind", SERVERS)
def test_nothing_stays_of_it_where_it_is_interrupted(kind: str, request: pytest.FixtureRequest) -> None:
    server = request.getfixturevalue(f"{kind}_url")
    with pytest.raises(KeyboardInterrupt), on_server(server, tables_of("dated", 12, 1)) as place:
        raise KeyboardInterrupt
    assert schema_of(place) not in schemas(server)


@pytest.mark.postgresql
@pytest.mark.parametrize(("at", "end"), [(schemas, os.killpg), (fetching, os.kill)], ids=["Ctrl-C while filling", "SIGTERM while reading"])
def test_a_program_that_is_asked_to_end_takes_its_tables_with_it(
    postgresql_url: str, at: Callable[[str], object], end: Callable[[int, int], None]
) -> None:
    command = [sys.executable, "-m", "benchmarks.timetable", "--database", postgresql_url, "--shape", "dated", "--meetings", "30000"]
    with subprocess.Popen(command, start_new_session=True, stderr=subprocess.PIPE, text=True) as program:
        deadline = time.monotonic() + 60
        while not at(postgresql_url):
            assert program.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.05)
        # A terminal's Ctrl-C goes to the one that reads as well.
        end(program.pid, signal.SIGINT if end is os.killpg else signal.SIGTERM)
        assert program.wait(60) == 130
    assert schemas(postgresql_url) == set()


def test_a_database_that_it_cannot_be_put_into_is_said_before_anything_is_made() -> None:
    with pytest.raises(Unusable, match=r"neither postgresql\+psycopg nor"), on_server("oracle+oracledb://nobody@127.0.0.1:1/x", ()):
        pass


@pytest.mark.parametrize("kind", ["sqlite", *SERVERS])
def test_the_driver_alone_fetches_the_rows_of_all_queries(kind: str, request: pytest.FixtureRequest) -> None:
    server = None if kind == "sqlite" else request.getfixturevalue(f"{kind}_url")
    for shape, rows in (("dated", 600), ("patterns", 4 * 50)):
        with made(server, shape, 600, 20) as place:
            assert fetched(settings_for(place.url, shape).timetable)[0] == rows


def test_a_reading_is_measured_in_a_process_of_its_own_beside_the_driver_alone() -> None:
    with in_sqlite(tables_of("patterns", 600, 20)) as place:
        found = measured_apart(place, "patterns")
    assert (found.meetings, found.rows, found.calendars) == (600, 50, 20)
    assert 0 < found.driver < found.at_work
    assert found.before <= found.peak


def test_a_fingerprint_from_the_spool_is_the_one_of_its_event() -> None:
    with in_sqlite(tables_of("dated", 600, 20)) as place, read_timetable(settings_for(place.url, "dated"), WINDOW) as reading:
        for calendar in reading.calendars():
            events = reading.events(calendar)
            digest = reading.digest(calendar)
            assert digest == digest_of(f"{event.key} {event.fingerprint()}" for event in events)
            assert digest == digest_of(f"{event.key} {replace(event).fingerprint()}" for event in events)


@pytest.mark.slow
@pytest.mark.parametrize("shape", SHAPES)
def test_three_times_the_meetings_take_no_more_memory_than_is_allowed(shape: str) -> None:
    found = []
    for meetings in (20_004, 60_000):
        with in_sqlite(tables_of(shape, meetings, 1_000)) as place:
            found.append(measured_apart(place, shape))
    small, large = found
    assert (small.meetings, large.meetings, large.calendars) == (20_004, 60_000, 1_000)
    assert large.peak <= MOST_MEMORY * small.peak
