"""One program run to its end beside the service: wall clock, CPU, memory, and what the service counted of it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.figures import Figures
from benchmarks.service import ROOT, Service


class ProgramFailed(Exception):
    """What was to be measured did not go well; the figures would say nothing."""


def measured(
    service: Service,
    module: str,
    arguments: Sequence[str],
    *,
    notes: Path,
    environment: Mapping[str, str] | None = None,
    part: float = 1.0,
    record: bool = False,
    good: Sequence[int] = (0,),
) -> Figures:
    """Run ``python -m module notes arguments``; it leaves its peak memory, and what else of :class:`Figures` it knows, in ``notes``.

    Raises ProgramFailed when its exit code is none of ``good``.
    """
    notes.unlink(missing_ok=True)
    service.tell(anew=True, record=record)
    command = [sys.executable, "-m", module, str(notes), *arguments]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
    with (notes.with_suffix(".out")).open("w+") as out:
        began, spawned = time.perf_counter(), time.time()
        # Popen.wait would reap the process without its CPU times.
        process = subprocess.Popen(
            command, cwd=ROOT, env={**inherited, **(environment or {})}, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in good:
            out.seek(0)
            raise ProgramFailed(f"{module} ended with {process.returncode}:\n{out.read()[-3_000:]}")
    told = service.tell()
    counts = dict(told["counts"])
    noted = json.loads(notes.read_text())
    traffic = counts.pop("bytes_in", 0) + counts.pop("bytes_out", 0)
    requests = sum(counts.values())
    return Figures(
        wall,
        usage.ru_utime + usage.ru_stime,
        noted["peak"],
        requests,
        traffic,
        counts,
        noted.get("phases", {}),
        part,
        told["span"],
        # The clock that the processes of one machine share.
        started=max(0.0, noted["begun"] - spawned) if "begun" in noted else 0.0,
        at_once=noted.get("at_once", 0),
    )
