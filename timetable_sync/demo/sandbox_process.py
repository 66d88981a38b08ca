"""The sandbox as a process of its own, which is ended whatever happens to the demo."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

from timetable_sync.demo.folder import DemoFolder
from timetable_sync.errors import TimetableSyncError, UsageError
from timetable_sync.sandbox.client import SandboxClient

_PATIENCE = 60.0


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
        _end(process)
        folder.sandbox_ready.unlink(missing_ok=True)


def _address(process: subprocess.Popen[bytes], ready: Path, log: Path) -> str:
    end = time.monotonic() + _PATIENCE
    while not ready.exists():
        if process.poll() is not None:
            said = log.read_text("utf-8", "replace").strip().splitlines()
            raise TimetableSyncError(f"the sandbox ended at once: {said[0] if said else 'without a word'}", f"Its words are in {log}.")
        if time.monotonic() > end:
            raise TimetableSyncError(f"the sandbox did not start within {_PATIENCE:.0f} seconds", f"Its words are in {log}.")
        time.sleep(0.02)
    return str(json.loads(ready.read_text("utf-8"))["url"])


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
