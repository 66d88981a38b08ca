"""``timetable-sync`` as it is typed, with a watch on the CPU time of its phases: the first argument names the file for it."""

import json
import sys
import time
from pathlib import Path
from unittest.mock import patch

from benchmarks.peak import peak_megabytes
from timetable_sync import night
from timetable_sync.applying.phases import Phases
from timetable_sync.cli.app import main


class CpuPhases(Phases):
    """Also notes how much CPU time the process had used when each phase began."""

    began: list[tuple[str, float]]

    def phase(self, name: str, total: int | None) -> None:
        """See Phases."""
        CpuPhases.began.append((name, time.process_time()))
        super().phase(name, total)


CpuPhases.began = [("start", 0.0)]


def _watched() -> None:
    target = Path(sys.argv.pop(1))
    try:
        with patch.object(night, "Phases", CpuPhases):
            main()
    finally:
        ends = [cpu for _, cpu in CpuPhases.began[1:]] + [time.process_time()]
        spent = {name: end - cpu for (name, cpu), end in zip(CpuPhases.began, ends, strict=True)}
        target.write_text(json.dumps({"peak": peak_megabytes(), "phases": spent}))


if __name__ == "__main__":
    _watched()
