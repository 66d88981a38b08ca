"""Fixtures for all rooms: the shared test data and real database servers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.databases import MARIADB, POSTGRESQL, database_of_our_own, shared_data


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of the shared test data."""
    return shared_data()


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """An empty PostgreSQL database of this test session's own."""
    with database_of_our_own(POSTGRESQL) as url:
        yield url


@pytest.fixture(scope="session")
def mariadb_url() -> Iterator[str]:
    """An empty MariaDB database of this test session's own."""
    with database_of_our_own(MARIADB) as url:
        yield url
