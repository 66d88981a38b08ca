"""Ends a query that takes too long, or that nobody waits for any more, while another thread is held up in it. Decides nothing else."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

_LOOK_EVERY = 0.2


class Interruption:
    """Whether, and why, the query was ended: ``too_long`` or ``stopped``."""

    def __init__(self) -> None:
        self.too_long = False
        self.stopped = False


@contextmanager
def interruptible(engine: Engine, connection: Connection, seconds: float, stop: threading.Event) -> Iterator[Interruption]:
    """While it is open, a query on ``connection`` is ended after ``seconds`` altogether, or once ``stop`` is set."""
    verdict, finished = Interruption(), threading.Event()
    end_query = _ender(engine, connection)
    deadline = time.monotonic() + seconds

    def watch() -> None:
        while not finished.wait(min(_LOOK_EVERY, seconds)):
            verdict.stopped = verdict.stopped or stop.is_set()
            verdict.too_long = verdict.too_long or time.monotonic() > deadline
            if verdict.stopped or verdict.too_long:
                # Again and again, as the query may not have begun, or the rows of another may be on their way.
                end_query()

    watcher = threading.Thread(target=watch, name="timetable-query-watcher", daemon=True)
    watcher.start()
    try:
        yield verdict
    finally:
        finished.set()
        watcher.join(timeout=10)


def _ender(engine: Engine, connection: Connection) -> Callable[[], None]:
    """What ends the query that ``connection`` is at, from another thread; where no way is known, nothing, and the server's limit holds."""
    driver: Any = connection.connection.driver_connection
    if isinstance(driver, sqlite3.Connection):
        return driver.interrupt
    if connection.dialect.name == "postgresql" and hasattr(driver, "cancel_safe"):
        cancel = driver.cancel_safe

        def cancel_query() -> None:
            with contextlib.suppress(Exception):  # it is over already, or the server is gone: the reading thread says which
                cancel(timeout=5)

        return cancel_query
    if connection.dialect.name == "oracle" and hasattr(driver, "cancel"):

        def cancel_call() -> None:
            with contextlib.suppress(Exception):  # as above
                driver.cancel()

        return cancel_call
    if connection.dialect.name in ("mysql", "mariadb") and hasattr(driver, "thread_id"):
        number = int(driver.thread_id())

        def kill_query() -> None:
            with contextlib.suppress(SQLAlchemyError), engine.connect() as another:
                another.exec_driver_sql(f"KILL QUERY {number}")

        return kill_query
    return lambda: None
