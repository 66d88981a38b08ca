"""What people have been told of, so that nobody is told the same thing every night anew. Every method is one transaction of its own."""

from collections.abc import Sequence

import sqlalchemy as sa

from timetable_sync.state.engine import Database
from timetable_sync.state.event_json import plain
from timetable_sync.state.run_records import Matter
from timetable_sync.state.tables import matter, noted


class Matters:
    """``database`` is None where there is none yet: then nothing was told. Raises StateUnusable whenever the database fails."""

    def __init__(self, database: Database | None, *, read_only: bool) -> None:
        self._database = database
        self._read_only = read_only

    def known(self, source: str) -> list[Matter]:
        """Every matter on record, those that are over but not yet told of as well, by kind, calendar and detail."""
        if self._database is None:
            return []
        with self._database.reading() as connection:
            query = sa.select(matter).where(matter.c.source == source).order_by(matter.c.kind, matter.c.address, matter.c.detail)
            return [
                Matter(row.kind, row.address, row.detail, row.name, row.sentence, row.advice, row.since, row.seen, row.gone, dict(row.told))
                for row in connection.execute(query)
            ]

    def keep(self, source: str, matters: Sequence[Matter], notes: dict[str, str] | None = None) -> None:
        """These are the matters from now on, and nothing else is; ``notes`` are set beside them, in the same transaction."""
        with self._writable().writing() as connection:
            connection.execute(sa.delete(matter).where(matter.c.source == source))
            rows = [
                {
                    "source": source,
                    "kind": one.kind,
                    "address": plain(one.address),
                    "detail": plain(one.detail),
                    "name": plain(one.name),
                    "sentence": plain(one.sentence),
                    "advice": plain(one.advice),
                    "since": one.since,
                    "seen": one.seen,
                    "gone": one.gone,
                    "told": dict(one.told),
                }
                for one in matters
            ]
            if rows:
                connection.execute(sa.insert(matter), rows)
            for name, value in (notes or {}).items():
                connection.execute(sa.delete(noted).where(noted.c.source == source, noted.c.name == name))
                connection.execute(sa.insert(noted).values(source=source, name=name, value=value))

    def note(self, source: str, name: str) -> str | None:
        """What was set under this name."""
        if self._database is None:
            return None
        with self._database.reading() as connection:
            value: str | None = connection.scalar(sa.select(noted.c.value).where(noted.c.source == source, noted.c.name == name))
            return value

    def _writable(self) -> Database:
        if self._read_only or self._database is None:
            raise RuntimeError("the state was opened to be read only")
        return self._database
