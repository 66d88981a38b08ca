"""Nights as a person starts them: ``timetable-sync run`` in a process of its own. Judges nothing."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from timetable_sync.demo.folder import DemoFolder
from timetable_sync.errors import TimetableSyncError

_PATIENCE = 600.0
_END_PATIENCE = 30.0


@dataclass(frozen=True, slots=True)
class Night:
    """What a run said: its exit code, what it printed, its JSON report, and where its HTML report lies."""

    code: int
    printed: str
    report: dict[str, Any]
    html: Path

    @property
    def effective(self) -> tuple[int, int, int]:
        """Events created, updated and deleted; in a dry run, those that would be."""
        counts = self.report["figures"]["effective"]
        return int(counts["created"]), int(counts["updated"]), int(counts["deleted"])


def typed(now: datetime, *, dry_run: bool = False) -> list[str]:
    """What is typed in the demo's folder, after ``timetable-sync``. ``now`` is local to the college."""
    asked = ["run", "--now", f"{now:%Y-%m-%dT%H:%M}"]
    return [*asked, "--dry-run", "--report", "plan.html", "--report", "plan.json"] if dry_run else asked


def night(folder: DemoFolder, now: datetime, *, dry_run: bool = False) -> Night:
    """One run; it is ended when we are. Raises TimetableSyncError with the run's own words where it left no report."""
    before = _reports(folder)
    process = subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "timetable_sync", *typed(now, dry_run=dry_run)],
        cwd=folder.root,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
    )
    try:
        printed, complained = process.communicate(timeout=_PATIENCE)
    except BaseException:
        _end(process)
        raise
    new = sorted(_reports(folder) - before)
    if not new:
        said = " ".join(complained.split()) or "it said nothing"
        raise TimetableSyncError(f"the run ended with exit code {process.returncode} and left no report: {said}")
    return Night(process.returncode, printed.rstrip(), json.loads(new[-1].read_text("utf-8")), new[-1].with_suffix(".html"))


def _reports(folder: DemoFolder) -> set[Path]:
    return {*folder.reports.glob("*.json")} | {*folder.root.glob("plan.json")}


def _environment() -> dict[str, str]:
    """The environment, less what would change the demo's configuration or lead its requests away from this machine."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
    return inherited | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}


def _end(process: subprocess.Popen[str]) -> None:
    """As a service manager would: it ends after what is in flight."""
    if process.poll() is None:
        process.terminate()
    try:
        process.communicate(timeout=_END_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
