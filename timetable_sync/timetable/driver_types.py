"""How drivers read moments, days and times of day: each different one once, and as text what is none to Python.

PostgreSQL has "infinity", years beyond 9999 and the time 24:00. One such cell is text, and at worst a bad row: it must not end the
reading. A semester has some thousand different moments, so that what a driver takes longest over is seldom done.
"""

from collections.abc import Callable
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any, Never

from timetable_sync.timetable.times import Unreadable
from timetable_sync.timetable.values import Bits

#: Of one query's or connection's; more are not remembered.
_REMEMBERED = 20_000


class _Read(dict[bytes, Any]):
    """What the bytes that PostgreSQL sends mean, as ``load`` says, or their text where it cannot; remembered.

    Its items are asked for by the driver itself, which has bytes in a form that is equal to them, and hashes so.
    """

    def __init__(self, load: Callable[[bytes], object], refusals: tuple[type[Exception], ...]) -> None:
        super().__init__()
        self._load, self._refusals = load, refusals

    def __missing__(self, data: bytes) -> object:
        kept = bytes(data)
        try:
            meant = self._load(kept)
        except self._refusals:
            meant = kept.decode()
        if len(self) >= _REMEMBERED:
            self.clear()
        self[kept] = meant
        return meant


def teach_psycopg(connection: Any) -> None:
    """Let a connection of psycopg read them so."""
    from psycopg import DataError  # noqa: PLC0415  # need not be installed where no PostgreSQL is read
    from psycopg.types import datetime as loaders  # noqa: PLC0415  # as above

    def lenient(kind: type) -> type:
        class Lenient(kind):  # type: ignore[misc]  # made of six loaders that share a shape
            def __init__(self, oid: int, context: object = None) -> None:
                super().__init__(oid, context)
                # Not a method: the driver gets at what is remembered without a step in Python.
                self.load = _Read(super().load, (DataError, NotImplementedError)).__getitem__

        return Lenient

    for name, kind in {
        "timestamp": loaders.TimestampLoader,
        "timestamptz": loaders.TimestamptzLoader,
        "date": loaders.DateLoader,
        "time": loaders.TimeLoader,
        "timetz": loaders.TimetzLoader,
        "interval": loaders.IntervalLoader,
    }.items():
        connection.adapters.register_loader(name, lenient(kind))


def pymysql_conversions() -> dict[Any, Any]:
    """What PyMySQL is to be given as ``conv``. It reads as text itself what is none."""
    from pymysql.constants import FIELD_TYPE  # noqa: PLC0415  # need not be installed where no MySQL is read
    from pymysql.converters import conversions  # noqa: PLC0415  # as above

    found: dict[Any, Any] = {**conversions}
    for kind in (FIELD_TYPE.DATETIME, FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATE, FIELD_TYPE.TIME):
        found[kind] = lru_cache(_REMEMBERED)(found[kind])
    found[FIELD_TYPE.BIT] = Bits
    return found


class _Untold(tzinfo):
    """The zone of a moment that has one, of which the driver says nothing: asked for it, it refuses."""

    def utcoffset(self, moment: datetime | None) -> Never:
        raise Unreadable(
            "the driver of Oracle drops the zone of this moment; let the query convert it, "
            "as in CAST(starts_at AT TIME ZONE 'Europe/London' AS TIMESTAMP)"
        )

    dst = utcoffset

    def tzname(self, moment: datetime | None) -> None:
        return None


def teach_oracledb(connection: Any) -> None:
    """Let a connection of python-oracledb mark the moments of which it drops the zone: https://github.com/oracle/python-oracledb/issues/274.

    Of TIMESTAMP WITH LOCAL TIME ZONE it is the session's, and no more to be seen.
    """
    from oracledb import DB_TYPE_TIMESTAMP_LTZ, DB_TYPE_TIMESTAMP_TZ  # noqa: PLC0415  # need not be installed where no Oracle is read

    zone, before = _Untold(), connection.outputtypehandler

    def handler(cursor: Any, name: str, kind: Any, size: int, precision: int, scale: int) -> Any:
        if kind in (DB_TYPE_TIMESTAMP_TZ, DB_TYPE_TIMESTAMP_LTZ):
            return cursor.var(kind, arraysize=cursor.arraysize, outconverter=lambda moment: moment.replace(tzinfo=zone))
        return None if before is None else before(cursor, name, kind, size, precision, scale)

    connection.outputtypehandler = handler
