"""Runs ``timetable-sync run`` and the sandbox in processes of their own, which end whatever happens to the demo."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from timetable_sync.demo.folder import DemoFolder
from timetable_sync.errors import TimetableSyncError, UsageError
from timetable_sync.sandbox.client import SandboxClient

#: Seconds that a night may take, that it may take to end once it is asked to, and the same of the sandbox's start and end.
_NIGHT_WITHIN, _NIGHT_ENDS_WITHIN = 600.0, 30.0
_SANDBOX_WITHIN, _SANDBOX_ENDS_WITHIN = 60.0, 15.0


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
        printed, complained = process.communicate(timeout=_NIGHT_WITHIN)
    except BaseException:
        _end(process, _NIGHT_ENDS_WITHIN)
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


def refuse_without_its_extra() -> None:
    """Raises UsageError where the sandbox's web server is not installed."""
    if find_spec("aiohttp") is None:
        raise UsageError("the demo needs the sandbox, which is not installed here", "Install it: pip install 'timetable-sync[sandbox]'")


@contextmanager
def running_sandbox(folder: DemoFolder) -> Iterator[SandboxClient]:
    """A running sandbox that keeps its state in ``folder``. Raises TimetableSyncError where it does not start."""
    folder.sandbox_ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "timetable_sync.sandbox", "--port", "0"]
    command += ["--ready-file", str(folder.sandbox_ready), "--state", str(folder.sandbox_state)]
    with folder.sandbox_log.open("wb") as log:
        # A session of its own: Ctrl-C goes to the demo, which ends the sandbox itself, after what is in flight.
        process = subprocess.Popen(  # noqa: S603 - our own module
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
        )
    try:
        client = SandboxClient(_address(process, folder.sandbox_ready, folder.sandbox_log))
        try:
            yield client
        finally:
            client.close()
    finally:
        _end(process, _SANDBOX_ENDS_WITHIN)
        folder.sandbox_ready.unlink(missing_ok=True)


def _address(process: subprocess.Popen[bytes], ready: Path, log: Path) -> str:
    end = time.monotonic() + _SANDBOX_WITHIN
    while not ready.exists():
        if process.poll() is not None:
            said = log.read_text("utf-8", "replace").strip().splitlines()
            raise TimetableSyncError(f"the sandbox ended at once: {said[0] if said else 'without a word'}", f"Its words are in {log}.")
        if time.monotonic() > end:
            raise TimetableSyncError(f"the sandbox did not start within {_SANDBOX_WITHIN:.0f} seconds", f"Its words are in {log}.")
        time.sleep(0.02)
    return str(json.loads(ready.read_text("utf-8"))["url"])


def _end(process: subprocess.Popen[Any], within: float) -> None:
    """As a service manager would: it ends after what is in flight, and is killed where that takes longer than so many seconds."""
    if process.poll() is None:
        process.terminate()
    try:
        process.communicate(timeout=within)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
