"""One read-only snapshot transaction, whatever the database: all that is read in it is of one moment, and nothing can be written.

- PostgreSQL: REPEATABLE READ READ ONLY; the snapshot is taken by the first statement
  (https://www.postgresql.org/docs/current/transaction-iso.html#XACT-REPEATABLE-READ).
- MariaDB and MySQL: REPEATABLE READ, START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY (https://mariadb.com/kb/en/start-transaction/).
  InnoDB only, as other engines know no snapshots.
- SQLite: BEGIN holds a shared lock, or one state of the write-ahead log, from the first statement on (https://www.sqlite.org/isolation.html).
- Oracle: SET TRANSACTION READ ONLY, whose queries all see what was committed when it began
  (https://docs.oracle.com/en/database/oracle/oracle-database/19/sqlrf/SET-TRANSACTION.html). Not tried on a server.
- SQL Server: SNAPSHOT, where the database allows it; it has no read-only transactions, so the user's rights have to do
  (https://learn.microsoft.com/sql/t-sql/statements/set-transaction-isolation-level-transact-sql). Not tried on a server.
- Any other database is read at its own default, which a note says.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError


def begin_snapshot(connection: Connection, seconds: float) -> str:
    """Begin it; the server is to give up its statements after ``seconds``. Gives a note for the report, or "". Raises SQLAlchemyError."""
    begin = _BEGINNINGS.get(connection.dialect.name)
    if begin is None:
        return f"the timetable was perhaps not read as it was at one moment: no way is known to do so with {connection.dialect.name}"
    return begin(connection, max(1, int(seconds))) or ""


def _postgresql(connection: Connection, seconds: int) -> None:
    connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    connection.exec_driver_sql(f"SET LOCAL statement_timeout = '{seconds}s'")


def _mysql(connection: Connection, seconds: int) -> None:
    connection.execution_options(isolation_level="REPEATABLE READ")
    maria = bool(getattr(connection.dialect, "is_mariadb", False))
    limit = f"max_statement_time = {seconds}" if maria else f"max_execution_time = {seconds * 1000}"
    # Servers from before these variables have no such limit; then ours alone holds (``query_interrupt``).
    try:
        connection.exec_driver_sql(f"SET SESSION {limit}")
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
    # For the session as well: DDL commits first, and is then judged by what the session says, not by the transaction that is gone.
    connection.exec_driver_sql("SET SESSION TRANSACTION READ ONLY")
    connection.exec_driver_sql("START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY")


def _sqlite(connection: Connection, seconds: int) -> None:
    # There is no server to give up after some seconds: ``query_interrupt`` does.
    connection.exec_driver_sql("PRAGMA query_only = ON")
    connection.exec_driver_sql("BEGIN")


def _oracle(connection: Connection, seconds: int) -> None:
    driver: Any = connection.connection.driver_connection
    if hasattr(driver, "call_timeout"):
        # Of one round trip: https://python-oracledb.readthedocs.io/en/latest/api_manual/connection.html
        driver.call_timeout = seconds * 1000
    connection.exec_driver_sql("SET TRANSACTION READ ONLY")


def _mssql(connection: Connection, seconds: int) -> str:
    allowed = connection.exec_driver_sql("SELECT snapshot_isolation_state FROM sys.databases WHERE database_id = DB_ID()").scalar()
    # Asking began a transaction, in which the isolation can no longer be chosen.
    connection.rollback()
    if allowed != 1:
        return (
            "the timetable was perhaps not read as it was at one moment: its database does not allow SNAPSHOT isolation "
            "(ALTER DATABASE … SET ALLOW_SNAPSHOT_ISOLATION ON)"
        )
    connection.execution_options(isolation_level="SNAPSHOT")
    return ""


_BEGINNINGS: dict[str, Callable[[Connection, int], str | None]] = {
    "postgresql": _postgresql,
    "mysql": _mysql,
    "mariadb": _mysql,
    "sqlite": _sqlite,
    "oracle": _oracle,
    "mssql": _mssql,
}
