"""Databases for tests: where the shared test data lies, and a PostgreSQL and a MariaDB database of a test session's own.

A server that does not answer skips the tests that need it, visibly; where ``CI`` is "true" it fails them.
"""

import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool

#: Where the servers are asked for, unless the environment says otherwise.
POSTGRESQL = os.environ.get("TIMETABLE_SYNC_TEST_POSTGRESQL", "postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
MARIADB = os.environ.get("TIMETABLE_SYNC_TEST_MARIADB", "mysql+pymysql://root@127.0.0.1:3306/test")

_CHECKOUT = Path(__file__).resolve().parent.parent


def missing(what: str) -> NoReturn:
    """Skips the test, or fails it where everything has to be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what}, and in CI it has to be there")
    pytest.skip(what)


def shared_folder() -> Path:
    """Where the shared test data lies, if it is there."""
    return Path(os.environ.get("TIMETABLE_SYNC_TEST_DATA") or _CHECKOUT.parent / "shared")


def shared_data() -> Path:
    """The folder of the shared test data; its databases are in ``data/``."""
    folder = shared_folder()
    if not (folder / "data").is_dir():
        missing(f"the shared test data is not in {folder} (TIMETABLE_SYNC_TEST_DATA names another folder)")
    return folder


@contextmanager
def database_of_our_own(server: str) -> Iterator[str]:
    """The URL of a new, empty database on ``server``, dropped afterwards."""
    url = make_url(server)
    name = f"timetable_sync_test_{uuid.uuid4().hex[:12]}"
    drop = f"DROP DATABASE {name}" + (" WITH (FORCE)" if url.get_backend_name() == "postgresql" else "")
    try:
        _tell(server, f"CREATE DATABASE {name}")
    except (SQLAlchemyError, ModuleNotFoundError) as error:
        missing(f"no {url.get_backend_name()} database server answers at {url.host}:{url.port} ({str(error).splitlines()[0][:120]})")
    try:
        yield url.set(database=name).render_as_string(hide_password=False)
    finally:
        _tell(server, drop)


def emptied(server: str, url: str) -> None:
    """The database of ``url``, one of :func:`database_of_our_own`, is lost with all that is in it, and made anew."""
    made, name = make_url(server), make_url(url).database
    _tell(server, f"DROP DATABASE {name}" + (" WITH (FORCE)" if made.get_backend_name() == "postgresql" else ""))
    _tell(server, f"CREATE DATABASE {name}")


def _tell(server: str, sql: str) -> None:
    # CREATE DATABASE cannot stand in a transaction; the time-out keeps a machine without the server from waiting.
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 5})
    with engine.connect() as connection:
        connection.exec_driver_sql(sql)
