"""Moments as drivers give them: what they say themselves, each different one read once; what is none to Python is text."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from tests.timetable.configurations import configuration
from tests.timetable.servers import Server
from timetable_sync.model.window import Window
from timetable_sync.timetable import driver_types
from timetable_sync.timetable.reader import read_timetable
from timetable_sync.timetable.source import open_rows

#: Each as a literal of its type, by type; several times, as what is remembered must be what was read.
POSTGRESQL = (
    "timestamp '2026-11-24 09:00', timestamp '2026-11-24 09:00:30.25', timestamp '0001-01-01 00:00', timestamp '9999-12-31 23:59:59',"
    " timestamptz '2026-10-25 01:30+01', timestamptz '2026-10-25 01:30+00', timestamptz '2026-11-24 09:00-05:30',"
    " date '2026-11-24', date '9999-12-31', time '09:30', time '09:30:15.5', timetz '09:30+01', timetz '09:30-05:30',"
    " interval '90 minutes', interval '-1 day 02:00', interval '1 year 2 months', ARRAY[date '2026-11-24', NULL], NULL::timestamp,"
    " 101, 101.0::numeric, 1.5::float, true, 'text', '\\x4361'::bytea"
)
MARIADB = (
    "TIMESTAMP'2026-11-24 09:00:00', TIMESTAMP'2026-11-24 09:00:30.25', DATE'2026-11-24', TIME'09:30:00', TIME'-102:30:15.5',"
    " CAST('0000-00-00' AS DATE), CAST(NULL AS DATETIME), 101, 101.0, 1.5e0, 'text', x'4361'"
)


@pytest.fixture(params=[pytest.param("postgresql", marks=pytest.mark.postgresql), pytest.param("mariadb", marks=pytest.mark.mariadb)])
def server(request: pytest.FixtureRequest) -> Server:
    return Server(request.param, request.getfixturevalue(f"{request.param}_url"))


def read(url: str, query: str) -> list[tuple[object, ...]]:
    with open_rows(configuration(url, query).timetable, None) as rows:
        return [tuple(row) for batch in rows.batches() for row in batch]


def test_every_cell_is_what_the_driver_says(server: Server) -> None:
    row = f"SELECT {POSTGRESQL if server.kind == 'postgresql' else MARIADB}"
    query = " UNION ALL ".join([row] * 3)
    # Types as well: 101 and 101.0 are equal, and not the same text.
    assert [[repr(cell) for cell in row] for row in read(server.url, query)] == [[repr(cell) for cell in row] for row in server.ask(query)]


@pytest.mark.postgresql
@pytest.mark.parametrize("zone", ["UTC", "Europe/London", "America/New_York"])
def test_a_moment_with_a_zone_is_in_the_sessions_whatever_was_read_before(postgresql_url: str, zone: str) -> None:
    url = f"{postgresql_url}?options=-cTimeZone%3D{zone}"
    query = "SELECT t FROM generate_series(timestamptz '2026-10-25 00:00+00', '2026-10-25 03:00+00', '30 minutes') AS t"
    with create_engine(url, poolclass=NullPool).connect() as connection:
        expected = list(connection.exec_driver_sql(query).scalars())
    found = [row[0] for row in read(url, query)]
    assert [(str(moment), moment.fold) for moment in found if isinstance(moment, datetime)] == [(str(one), one.fold) for one in expected]


def test_more_moments_than_are_remembered_are_read_all_the_same(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver_types, "_REMEMBERED", 10)
    days = [date(2026, 9, 1) + timedelta(days=number % 35) for number in range(100)]
    server.table("d", "i INTEGER, day DATE", [(number, day.isoformat()) for number, day in enumerate(days)])
    assert read(server.url, "SELECT i, day FROM d ORDER BY i") == list(enumerate(days))


@pytest.mark.postgresql
def test_what_python_has_no_moment_for_is_the_text_of_its_cell(postgresql_url: str) -> None:
    beyond = "time '24:00', timetz '24:00+01', timestamp 'infinity', timestamptz '12026-01-01 09:00+00', date '0044-03-15 BC'"
    query = f"SELECT {beyond}, ARRAY[time '24:00'], time '09:00' UNION ALL SELECT {beyond}, ARRAY[time '23:00'], time '10:00'"
    first, second = read(postgresql_url, query)
    assert first[:5] == ("24:00:00", "24:00:00+01", "infinity", "12026-01-01 09:00:00+00", "0044-03-15 BC")
    assert second[:5] == first[:5]
    assert first[5:] == (["24:00:00"], time(9))
    assert second[5:] == ([time(23)], time(10))


@pytest.mark.postgresql
@pytest.mark.parametrize("style", ["German", "SQL, DMY", "Postgres, MDY"])
def test_a_server_that_writes_dates_in_another_way_ends_no_reading(postgresql_url: str, style: str) -> None:
    url = f"{postgresql_url}?options=-cDateStyle%3D{style.replace(' ', '%5C%20')}%20-cTimeZone%3DUTC"
    row = read(url, "SELECT timestamp '2026-11-24 09:00', date '2026-11-24', timestamptz '2026-11-24 09:00+00'")[0]
    assert (str(row[0]), row[1]) == ("2026-11-24 09:00:00", date(2026, 11, 24))
    # psycopg reads no moments with a zone in these.
    assert isinstance(row[2], str)


@pytest.mark.postgresql
def test_a_lesson_may_end_at_24_00(postgresql_url: str) -> None:
    columns = {"activity": "a", "calendar": "a", "date": "d", "start": "b", "end": "e", "title": "a"}
    query = "SELECT 'A1' AS a, date '2026-11-24' AS d, time '22:00' AS b, time '24:00' AS e"
    window = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
    with read_timetable(configuration(postgresql_url, query, columns=columns), window) as reading:
        (event,) = (event for calendar in reading.calendars() for event in reading.events(calendar))
    assert (event.start, event.end) == (datetime(2026, 11, 24, 22, tzinfo=UTC), datetime(2026, 11, 25, tzinfo=UTC))
