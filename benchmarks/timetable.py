"""A large timetable from SQLite to fingerprints: reading, folding, expanding, rendering; in meetings a second, with the peak of memory.

    python -m benchmarks.timetable                                  100,000 and 1,000,000 meetings in 5,000 calendars
    python -m benchmarks.timetable --meetings 50000 --shape dated

Each reading is a process of its own. The memory of the largest may be at most 1.3 times that of the smallest, or the exit code is 1.
Seconds are those of the clock, and those that the process was at work, which a busy machine does not lengthen as much.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.large_timetable import SHAPES, make_database, settings_for
from timetable_sync.model.window import Window
from timetable_sync.timetable.reading import read_timetable

WINDOW = Window(datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 2, 1, tzinfo=UTC))
MOST_MEMORY = 1.3


@dataclass(frozen=True, slots=True)
class Measured:
    """One reading. ``peak`` is in mebibytes, of which ``before`` were there before it began."""

    rows: int
    meetings: int
    calendars: int
    seconds: float
    at_work: float
    before: float
    peak: float


def measure(file: Path, shape: str, folder: Path) -> Measured:
    """Read all of it, to the fingerprint of each event, in this process."""
    settings, before = settings_for(file, shape), peak_of_memory()
    began, began_work = time.perf_counter(), time.process_time()
    with read_timetable(settings, WINDOW, spool=folder) as reading:
        calendars = reading.calendars()
        events = sum(len(reading.fingerprints(calendar)) for calendar in calendars)
        seconds, at_work = time.perf_counter() - began, time.process_time() - began_work
        if events != reading.lessons or reading.bad_rows.count:
            raise SystemExit(f"{reading.lessons} lessons made {events} events, {reading.bad_rows.count} rows were set aside")
        return Measured(reading.rows, events, len(calendars), seconds, at_work, before, peak_of_memory())


def peak_of_memory() -> float:
    """The most that this process had in memory until now, in mebibytes."""
    status = Path("/proc/self/status")
    if status.exists():
        # Of this program alone; what getrusage says may be of the process that started it.
        return next(int(line.split()[1]) for line in status.read_text("ascii").splitlines() if line.startswith("VmHWM")) / 1024
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kibibytes / (1024 * 1024 if sys.platform == "darwin" else 1024)


def measured_apart(folder: Path, shape: str, meetings: int, calendars: int) -> Measured:
    """In a process of its own, over a database that is made for it in ``folder`` and removed."""
    file = folder / "timetable.db"
    make_database(file, shape, meetings, calendars)
    try:
        command = [sys.executable, "-m", "benchmarks.timetable", "--read", str(file), "--shape", shape]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise SystemExit(ran.stderr)
        return Measured(**json.loads(ran.stdout))
    finally:
        file.unlink()


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meetings", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--calendars", type=int, default=5_000)
    parser.add_argument("--shape", choices=SHAPES, action="append", help="repeatable; all, if left out")
    parser.add_argument("--read", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.read is not None:
        print(json.dumps(asdict(measure(given.read, given.shape[0], given.read.parent))))
        return 0
    too_much = False
    for shape in given.shape or SHAPES:
        peaks = []
        for meetings in sorted(given.meetings):
            with TemporaryDirectory() as folder:
                found = measured_apart(Path(folder), shape, meetings, given.calendars)
            peaks.append(found.peak)
            print(
                f"{shape:<9} {found.meetings:>9,} meetings in {found.calendars:,} calendars from {found.rows:>9,} rows:"
                f" {found.seconds:6.1f} s ({found.at_work:.1f} s at work), {found.meetings / found.seconds:7,.0f} meetings a second"
                f" ({found.meetings / found.at_work:,.0f} at work), peak {found.peak:.0f} MiB of which {found.before:.0f} before reading",
                flush=True,
            )
        if len(peaks) > 1:
            share = peaks[-1] / peaks[0]
            too_much = too_much or share > MOST_MEMORY
            print(f"{shape:<9} memory of the largest: {share:.2f} times that of the smallest; at most {MOST_MEMORY} is allowed", flush=True)
    return int(too_much)


if __name__ == "__main__":
    sys.exit(main())
