"""Two daemons, on two hosts as far as they can tell, with one PostgreSQL."""

import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.daemon.house import DaemonProcess, House, until
from tests.databases import POSTGRESQL, database_of_our_own
from tests.sandbox_process import SandboxProcess
from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.state.run_records import LeaseRecord
from timetable_sync.state.store import open_state

pytestmark = [pytest.mark.slow, pytest.mark.long, pytest.mark.postgresql]

LEASE = 6.0

#: Another machine: another name, and nothing can be told there of the processes here. Python imports it before all else.
ELSEWHERE = """
import os, socket
from timetable_sync.state import process
socket.gethostname = lambda: os.environ["HOST_OF_THE_TEST"]
process._place = lambda: os.environ["HOST_OF_THE_TEST"]
"""


@pytest.fixture
def house(tmp_path: Path, sandbox: SandboxProcess) -> Iterator[House]:
    with database_of_our_own(POSTGRESQL) as url:
        yield House(tmp_path, sandbox, state=url, modules=[f"COMP{number}" for number in range(101, 109)], also=ELSEWHERE)


def on(host: str, house: House) -> DaemonProcess:
    return DaemonProcess(house, host, environment={"HOST_OF_THE_TEST": host})


def at_work(house: House) -> LeaseRecord | None:
    with open_state(StateDatabase(url=house.state_url), read_only=True) as state:
        return state.recorded.lease()


def test_each_night_runs_once_and_the_other_host_takes_over_from_one_that_was_killed(house: House) -> None:
    house.configure("*/5 * * * * *", lease=f"{LEASE:.0f} seconds")
    with on("monday", house) as monday, on("tuesday", house) as tuesday:
        until(lambda: len(house.finished()) >= 3)
        quiet = house.finished()
        assert len({run.due for run in quiet}) == len(quiet), "each start has one night"
        assert {run.exit_code for run in quiet} == {0}
        assert "ready" in monday.said()
        assert "ready" in tuesday.said()

        # A night with much to do, and the host that does it goes down in the middle of it.
        house.sandbox.client.set_fault({"what": "latency", "operation": "CreateItem", "seconds": 1, "count": 0})
        house.lessons(4)
        once = datetime.now(UTC) + timedelta(seconds=8)
        house.configure(f"{once:%S %M %H} * * *", lease=f"{LEASE:.0f} seconds", schedule='time_zone = "UTC"')
        for daemon in (monday, tuesday):
            daemon.signal(signal.SIGHUP)
            daemon.wait_for("new configuration, from the next night on")
        until(lambda: len(house.titles()) >= 18)
        holder = until(lambda: at_work(house))
        daemons = {"monday": monday, "tuesday": tuesday}
        died = daemons.pop(holder.host)
        (other,) = daemons.values()
        many = len(other.said())
        died.kill()
        gone = time.monotonic()
        killed = house.runs()[-1]
        assert (killed.host, killed.finished) == (holder.host, None)
        stands = len(house.titles())
        assert stands < 32
        house.sandbox.client.clear_faults()

        never_ended = f"run {killed.id} began it on {killed.host} and never ended"
        until(lambda: never_ended in other.said()[many:])
        took = time.monotonic() - gone
        taken = until(lambda: next((run for run in house.runs() if run.id > killed.id), None))
        assert taken.host != killed.host
        assert taken.due == killed.due, "the night that was begun and not ended is the one that is made up for"
        assert took < LEASE + 3, f"it took {took:.1f} s"
        done = until(lambda: next((run for run in house.finished() if run.id == taken.id), None))
        assert done.exit_code == 0

        # The night that was killed with its daemon does nothing any more: nothing is there twice.
        assert house.titles() == ["Logic"] * 32
        assert house.ask("SELECT count(*) FROM ledger") == [(32,)]
        ended = [run for run in house.finished() if run.id != killed.id]
        assert len({run.due for run in ended}) == len(ended)
        assert other.end() == 0
