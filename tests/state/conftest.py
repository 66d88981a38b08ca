"""An empty state database for each test, in SQLite and in PostgreSQL."""

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.state.store import State, open_state


@pytest.fixture
def postgresql_schema(postgresql_url: str) -> Iterator[str]:
    """The URL of an empty PostgreSQL schema of the test's own."""
    name = f"state_{uuid.uuid4().hex[:12]}"
    engine = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    yield sa.make_url(postgresql_url).update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    with engine.connect() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    engine.dispose()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'state.db'}"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of either kind."""
    name = "sqlite_url" if request.param == "sqlite" else "postgresql_schema"
    found: str = request.getfixturevalue(name)
    return found


@pytest.fixture
def settings(url: str) -> StateDatabase:
    return StateDatabase(url=url)


@pytest.fixture
def state(settings: StateDatabase) -> Iterator[State]:
    with open_state(settings) as opened:
        yield opened


@pytest.fixture
def query(url: str) -> Iterator[Callable[[str], list[tuple[object, ...]]]]:
    """Looks into the database past our own code."""
    engine = sa.create_engine(url)

    def ask(sql: str) -> list[tuple[object, ...]]:
        with engine.begin() as connection:
            result = connection.exec_driver_sql(sql)
            return [tuple(row) for row in result] if result.returns_rows else []

    yield ask
    engine.dispose()
