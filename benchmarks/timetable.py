"""A large timetable to fingerprints: reading, folding, expanding, rendering; in meetings a second, with the peak of memory.

    python -m benchmarks.timetable                                  100,000 and 1,000,000 meetings in 5,000 calendars, from SQLite
    python -m benchmarks.timetable --meetings 50000 --shape dated --best-of 3
    python -m benchmarks.timetable --database postgresql+psycopg://postgres@127.0.0.1/test
    python -m benchmarks.timetable --database mysql+pymysql://root@127.0.0.1/test

On a server, the timetable is put into a schema of its own, with columns of their proper types, and the schema is dropped at the end.

Each reading is a process of its own. The memory of the largest may be at most 1.3 times that of the smallest, or the exit code is 1.
Seconds are those of the clock, and those that the process was at work, which a busy machine does not lengthen as much. Beside them stands
how many times what the driver alone needs for the same rows that is, which depends far less on the machine.
"""

import argparse
import json
import resource
import signal
import subprocess
import sys
import time
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from benchmarks.bare_driver import fetched
from benchmarks.large_timetable import SHAPES, settings_for, tables_of
from benchmarks.pace import pace
from benchmarks.timetable_databases import Place, Unusable, checked, in_sqlite, on_server
from timetable_sync.model.window import Window
from timetable_sync.timetable.reader import read_timetable

WINDOW = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
MOST_MEMORY = 1.3


@dataclass(frozen=True, slots=True)
class Measured:
    """One reading. ``driver`` is what the driver alone was at work; ``peak`` is in mebibytes, of which ``before`` were there before."""

    rows: int
    meetings: int
    calendars: int
    seconds: float
    at_work: float
    driver: float
    before: float
    peak: float


def measure(url: str, shape: str) -> Measured:
    """Read all of it, to the fingerprint of each event and the digest of each calendar's, in this process; then fetch it alone."""
    # Loaded as the program is, which is the start of a night, and not its reading.
    make_url(url).get_dialect().import_dbapi()
    settings, before = settings_for(url, shape), peak_of_memory()
    with TemporaryDirectory() as folder:
        began, began_work = time.perf_counter(), time.process_time()
        with read_timetable(settings, WINDOW, spool=Path(folder)) as reading:
            calendars = reading.calendars()
            events = sum(reading.digest(calendar).entries for calendar in calendars)
            seconds, at_work = time.perf_counter() - began, time.process_time() - began_work
            if events != reading.lessons or reading.bad_rows.count:
                raise SystemExit(f"{reading.lessons} lessons made {events} events, {reading.bad_rows.count} rows were set aside")
            peak = peak_of_memory()
    _, driver = fetched(settings.timetable)
    return Measured(reading.rows, events, len(calendars), seconds, at_work, driver, before, peak)


def peak_of_memory() -> float:
    """The most that this process had in memory until now, in mebibytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Of this program alone; what getrusage says may be of the process that started it.
        return next(int(line.split()[1]) for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM")) / 1024
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kibibytes / (1024 * 1024 if sys.platform == "darwin" else 1024)


def measured_apart(place: Place, shape: str, best_of: int = 1) -> Measured:
    """The quickest of so many readings, each in a process of its own, and the driver at its quickest."""
    found = []
    for _ in range(best_of):
        # A URL may have a password, which is nothing for the list of processes.
        command = [sys.executable, "-m", "benchmarks.timetable", "--read", "--shape", shape]
        ran = subprocess.run(command, input=place.url, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise SystemExit(ran.stderr)
        found.append(Measured(**json.loads(ran.stdout)))
    return replace(min(found, key=lambda one: one.at_work), driver=min(one.driver for one in found))


def made(database: str | None, shape: str, meetings: int, calendars: int) -> AbstractContextManager[Place]:
    """A timetable on the server at the URL ``database``, or in SQLite, while it is open."""
    tables = tables_of(shape, meetings, calendars)
    return in_sqlite(tables) if database is None else on_server(database, tables)


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", metavar="URL", help="a PostgreSQL or MariaDB server's; a file of SQLite's, if left out")
    parser.add_argument("--meetings", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--calendars", type=int, default=5_000)
    parser.add_argument("--shape", choices=SHAPES, action="append", help="repeatable; all, if left out")
    parser.add_argument("--best-of", type=int, default=1, metavar="N", help="readings, of which the quickest counts; 1, if left out")
    parser.add_argument("--read", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read:
        print(json.dumps(asdict(measure(sys.stdin.read(), given.shape[0]))))
        return 0
    try:
        given.database is None or checked(given.database)
    except (Unusable, ArgumentError) as error:
        parser.error(f"--database: {error}")
    # Asked to end, it ends as at Ctrl-C: what it made on a server goes with it.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        return compare(given)
    except KeyboardInterrupt:
        return 130


def compare(given: argparse.Namespace) -> int:
    """Read each shape in each size, and print what it took; the exit code."""
    print(f"This machine takes {pace():.2f} s for a million steps of Python; a quick one that is idle 0.07.", flush=True)
    too_much = False
    for shape in given.shape or SHAPES:
        peaks = []
        for meetings in sorted(given.meetings):
            with made(given.database, shape, meetings, given.calendars) as place:
                found = measured_apart(place, shape, given.best_of)
            peaks.append(found.peak)
            print(shown(shape, place, found), flush=True)
        if len(peaks) > 1:
            share = peaks[-1] / peaks[0]
            too_much = too_much or share > MOST_MEMORY
            print(f"{shape:<9} memory of the largest: {share:.2f} times that of the smallest; at most {MOST_MEMORY} is allowed", flush=True)
    return int(too_much)


def shown(shape: str, place: Place, found: Measured) -> str:
    """A reading in one line."""
    return (
        f"{shape:<9} {found.meetings:>9,} meetings in {found.calendars:,} calendars from {found.rows:>9,} rows of {place.name}:"
        f" {found.seconds:6.1f} s ({found.at_work:.2f} s at work), {found.meetings / found.seconds:7,.0f} meetings a second"
        f" ({found.meetings / found.at_work:,.0f} at work), {found.at_work / found.driver:.1f} times the driver alone"
        f" ({found.driver:.3f} s at work), peak {found.peak:.0f} MiB of which {found.before:.0f} before reading"
    )


if __name__ == "__main__":
    sys.exit(main())
