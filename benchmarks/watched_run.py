"""``timetable-sync`` as it is typed, with a watch on the CPU time of its phases: the first argument names the file for it.

Stamps are asked for by other threads while the timetable is read. So reading it is what the reading thread alone used, and all else that
the process used meanwhile, and then for the ledger's digests, is named apart.
"""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from benchmarks.peak import peak_megabytes
from timetable_sync import night
from timetable_sync.apply.concurrency import ConcurrencyLimiter
from timetable_sync.apply.progress import Phases
from timetable_sync.cli.app import main
from timetable_sync.timetable.reader import Reading, read_timetable

READING = "reading the timetable"
MEANWHILE = "beside the timetable"


class CpuPhases(Phases):
    """Also notes how much CPU time the process had used when each phase began."""

    began: list[tuple[str, float]]

    def phase(self, name: str, total: int | None) -> None:
        """See Phases."""
        CpuPhases.began.append((name, time.process_time()))
        super().phase(name, total)


class WatchedLanes(ConcurrencyLimiter):
    """Is remembered, so that it can be asked how many requests were under way at once."""

    latest: ConcurrencyLimiter | None = None

    def __init__(self, most: int) -> None:
        super().__init__(most)
        WatchedLanes.latest = self


CpuPhases.began = [("start", 0.0)]
_read: list[float] = []


@contextmanager
def _watched_reading(*arguments: Any, **more: Any) -> Iterator[Reading]:
    began = time.thread_time()
    with read_timetable(*arguments, **more) as reading:
        _read.append(time.thread_time() - began)
        yield reading


def spent(began: list[tuple[str, float]], end: float, read: float) -> dict[str, float]:
    """Seconds of CPU by phase, from what the process had used when each began and at its end.

    ``read`` is what the reading thread used for the timetable: the rest of that phase is no part of it.
    """
    ends = [cpu for _, cpu in began[1:]] + [end]
    found: dict[str, float] = {}
    for (name, cpu), until in zip(began, ends, strict=True):
        found[name] = found.get(name, 0.0) + until - cpu
    if READING in found:
        found |= {READING: read, MEANWHILE: found[READING] - read}
    return found


def _watched() -> None:
    target = Path(sys.argv.pop(1))
    try:
        with (
            patch.object(night, "Phases", CpuPhases),
            patch.object(night, "ConcurrencyLimiter", WatchedLanes),
            patch.object(night, "read_timetable", _watched_reading),
        ):
            main()
    finally:
        phases = spent(CpuPhases.began, time.process_time(), sum(_read))
        at_once = 0 if WatchedLanes.latest is None else WatchedLanes.latest.peak
        target.write_text(json.dumps({"peak": peak_megabytes(), "phases": phases, "at_once": at_once}))


if __name__ == "__main__":
    _watched()
