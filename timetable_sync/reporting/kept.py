"""The folder in which a report of every run is kept for a while. Removes only files whose names are its own, of its own source."""

import re
import stat
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from timetable_sync.errors import UsageError
from timetable_sync.reporting.render import check_target, write_report
from timetable_sync.reporting.summary import RunSummary
from timetable_sync.reporting.times import Clock

_ENDINGS = ("html", "json")


def prepare(directory: Path) -> None:
    """Make the folder if it is not there, and see that reports can be written to it. Raises UsageError; meant for before the run."""
    try:
        directory.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"report.directory: the folder {directory} cannot be made: {error.strerror}",
            "Name another folder, or make it and let this user write there.",
        ) from None
    check_target(directory / "report.html")


def names(summary: RunSummary) -> list[str]:
    """The files that a run's reports are kept in: source, local start, and the run's number where it has one."""
    started = Clock(summary.time_zone).local(summary.started)
    run = f"_run-{summary.run}" if summary.run is not None else "_dry-run" if summary.dry_run else ""
    return [f"{summary.source}_{started:%Y-%m-%d_%H-%M-%S}{run}.{ending}" for ending in _ENDINGS]


def keep(summary: RunSummary, directory: Path) -> list[Path]:
    """Write the run's reports; gives their paths. Raises OSError."""
    paths = [directory / name for name in names(summary)]
    for path in paths:
        write_report(summary, path)
    return paths


def of_source(directory: Path, source: str) -> list[Path]:
    """Whatever is called there as this source's reports are."""
    ours = re.compile(rf"{re.escape(source)}_\d{{4}}-\d\d-\d\d_\d\d-\d\d-\d\d(?:_run-\d+|_dry-run)?\.(?:{'|'.join(_ENDINGS)})")
    return [path for path in sorted(directory.iterdir()) if ours.fullmatch(path.name) is not None]


def remove_old(directory: Path, source: str, age: timedelta, now: datetime) -> list[Path]:
    """Remove this source's reports that were last written more than ``age`` before ``now`` (aware); gives their paths.

    Links, folders and everything of another name are left alone, and so is what cannot be removed.
    """
    oldest = (now - age).timestamp() if age < now - datetime.min.replace(tzinfo=now.tzinfo) else float("-inf")
    removed = []
    for path in of_source(directory, source):
        with suppress(OSError):
            facts = path.lstat()
            if stat.S_ISREG(facts.st_mode) and facts.st_mtime < oldest:
                path.unlink()
                removed.append(path)
    return removed
