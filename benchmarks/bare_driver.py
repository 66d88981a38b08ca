"""What the driver alone costs: the same queries, streamed in the same way, and every row thrown away. Nothing that reads can cost less."""

import time
from contextlib import closing
from typing import Any

from sqlalchemy.engine import make_url

from timetable_sync.config.sections.timetable import Timetable
from timetable_sync.timetable.source import AT_ONCE


def fetched(timetable: Timetable) -> tuple[int, float]:
    """How many rows all queries of ``timetable`` give, and the seconds that this process is at work to fetch them, without connecting."""
    url = make_url(timetable.url)
    dialect = url.get_dialect()()
    rows = 0
    given, named = dialect.create_connect_args(url)
    with closing(dialect.import_dbapi().connect(*given, **named)) as connection:
        began = time.process_time()
        for query in (timetable.query, *(child.query for child in timetable.children.values())):
            with closing(_streaming(connection, url.get_driver_name())) as cursor:
                cursor.execute(query)
                while batch := cursor.fetchmany(AT_ONCE):
                    rows += len(batch)
        return rows, time.process_time() - began


def _streaming(connection: Any, driver: str) -> Any:
    """A cursor that has no more rows in memory than are asked for."""
    if driver == "psycopg":
        return connection.cursor("bare")
    if driver == "pymysql":
        from pymysql.cursors import SSCursor  # noqa: PLC0415 - it need not be installed where another database is read

        return connection.cursor(SSCursor)
    return connection.cursor()
