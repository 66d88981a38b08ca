"""Ctrl-C and SIGTERM in each phase of a real night: it ends promptly, on record, with its exit code, and the next night does the rest."""

import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.end_to_end.installation import Installation
from timetable_sync.sandbox.client import SandboxClient

NOW = ("--now", "2026-10-13T02:00")
ADDRESSES = ("comp101@groups.example.ac.uk", "math101@groups.example.ac.uk")
ENDING = "\ntimetable-sync: ending after what is in flight; once more ends at once\n"

#: Counts for minutes; what it finds in the end does not matter.
ENDLESS = """SELECT activity, module, starts, ends, title FROM meeting, (
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 4000000000) SELECT count(*) AS c FROM n)"""


@dataclass(frozen=True)
class Phase:
    """``begin`` makes the phase slow, the night is in it once ``reached``, and in the end ``said`` is to be read."""

    begin: Callable[[Installation], None]
    reached: Callable[[SandboxClient, Installation], bool]
    said: str


def slow_query(installation: Installation) -> None:
    text = installation.configuration.read_text("utf-8")
    installation.configuration.write_text(text.replace('query = "SELECT * FROM meeting"', f'query = """{ENDLESS}"""'), "utf-8")


def run_begun(_: SandboxClient, installation: Installation) -> bool:
    if not installation.state.exists():
        return False
    try:
        with sqlite3.connect(f"file:{installation.state}?mode=ro", uri=True) as database:
            return bool(database.execute("SELECT count(*) FROM run").fetchone()[0])
    except sqlite3.OperationalError:
        return False


def slow(operation: str) -> Callable[[Installation], None]:
    def begin(installation: Installation) -> None:
        installation.environment["TIMETABLE_SYNC_EWS__BATCH"] = "1"
        installation.sandbox.client.set_fault({"what": "latency", "seconds": 1.5, "operation": operation, "count": 0})

    return begin


def busy(installation: Installation) -> None:
    installation.sandbox.client.set_fault({"what": "busy", "backoff_ms": 600_000, "operation": "FindItem", "count": 0})


def asked(operation: str) -> Callable[[SandboxClient, Installation], bool]:
    return lambda client, _: bool(client.requests().get(operation))


PHASES = {
    "reading the timetable": Phase(slow_query, run_begun, "it was asked to stop while the timetable was read; nothing was written"),
    "asking for a token": Phase(slow("token"), asked("token"), "it was asked to stop"),
    "reading calendars": Phase(slow("FindItem"), asked("FindItem"), "it was asked to stop"),
    "waiting for a busy service": Phase(busy, asked("FindItem"), "it was asked to stop"),
    "writing": Phase(slow("CreateItem"), asked("CreateItem"), "it was asked to stop"),
}


def last_run(installation: Installation) -> dict[str, Any]:
    with sqlite3.connect(installation.state) as database:
        database.row_factory = sqlite3.Row
        return dict(database.execute("SELECT * FROM run ORDER BY id DESC LIMIT 1").fetchone())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("reading the timetable", signal.SIGINT),
        ("reading the timetable", signal.SIGTERM),
        ("asking for a token", signal.SIGTERM),
        ("reading calendars", signal.SIGINT),
        ("waiting for a busy service", signal.SIGTERM),
        ("writing", signal.SIGINT),
    ],
)
def test_a_signal_ends_the_night_promptly_and_on_record_and_the_next_night_does_the_rest(
    installation: Installation, name: str, number: signal.Signals
) -> None:
    client, phase = installation.sandbox.client, PHASES[name]
    phase.begin(installation)
    client.reset_requests()
    with installation.start(*NOW) as process:
        end = time.monotonic() + 60
        while not phase.reached(client, installation):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < end
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(number)
        # Otherwise it would be at work for minutes; on a machine with much to do, even little takes a while.
        out, err = process.communicate(timeout=30)
    assert process.returncode == 1, out + err
    assert err.startswith(ENDING)
    assert "Traceback" not in err
    assert phase.said in out + err
    record = last_run(installation)
    assert (record["exit_code"], record["finished"] is None) == (1, False)
    assert "it was asked to stop" in record["failure"] + record["summary"]
    stood = [event["id"] for address in ADDRESSES for event in client.events(address)]
    assert len(stood) < 6

    client.clear_faults()
    installation.environment.pop("TIMETABLE_SYNC_EWS__BATCH", None)
    if phase.begin is slow_query:
        text = installation.configuration.read_text("utf-8")
        installation.configuration.write_text(text.replace(f'query = """{ENDLESS}"""', 'query = "SELECT * FROM meeting"'), "utf-8")
    rest = installation.run(*NOW)
    assert rest.returncode == 0, rest.stdout + rest.stderr
    stands = [event["id"] for address in ADDRESSES for event in client.events(address)]
    assert len(stands) == 6
    assert set(stood) <= set(stands)
