"""How drivers read moments, days and times of day: each different one once, and as text what is none to Python.

PostgreSQL has "infinity", years beyond 9999 and the time 24:00. One such cell is text, and at worst a bad row: it must not end the
reading. A semester has some thousand different moments, so that what a driver takes longest over is seldom done.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

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
    return found
