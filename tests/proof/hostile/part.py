"""Bad timetables in full."""

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from tests.proof.figures import Amount, Figure, Part, Say, Tried
from tests.proof.hostile.nights import NEVER, ROWS, full_calendar, night_of_bad_rows, night_without_end

NIGHTS, ROWS_A_NIGHT, FULL = 100, 300, 100_000


def prove(amount: Amount, say: Say) -> Iterator[Figure | Tried]:
    """All of it."""
    chance, nights, wrong = Random(amount.seed), amount.of(NIGHTS, 2), 0  # noqa: S311 - chance for tests, no secret
    for _ in range(nights):
        tried = again(f"bad rows, seed {chance.randrange(2**32)}", say)
        yield tried
        wrong += bool(tried.found)
    yield Figure(f"nights of {ROWS_A_NIGHT} bad rows, twice each", f"{nights}, {wrong} wrong", wrong == 0)
    for what, query in (("rows without end", ROWS), ("a query that never ends", NEVER)):
        with TemporaryDirectory(prefix="hostile-") as folder:
            summary = night_without_end(Path(folder), query)
        said = "" if summary.failure is None else summary.failure.message
        yield Figure(what, f"exit {summary.exit_code}: {said[-60:]}", summary.exit_code == 4)
    with TemporaryDirectory(prefix="hostile-") as folder:
        many = amount.of(FULL, 1_000)
        done = sum(len(report.changes) for report in full_calendar(Path(folder), many).calendars)
    yield Figure("one calendar of so many events", f"{done:,} of {many:,}", done == many)


def again(name: str, _: Say) -> Tried:
    """A night of bad rows, by its seed. Raises ValueError for what is no such name."""
    named = re.fullmatch(r"bad rows, seed (\d+)", name)
    if named is None:
        raise ValueError(f"no case is called {name!r}")
    with TemporaryDirectory(prefix="hostile-") as folder:
        found = night_of_bad_rows(Path(folder), Random(int(named[1])), ROWS_A_NIGHT)  # noqa: S311 - chance for tests, no secret
    return Tried(name, f"{len(found)} wrong", tuple(found))


PART = Part("hostile", "rows made to do harm, queries without end, a calendar far too full", prove, again)
