"""Real processes: a run is ended, paused or robbed of its lease while the service is at work for it, and the next one begins at once.

What the first one asked for comes when the next one could have read already; nothing ever stands twice.
"""

import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
import sqlalchemy as sa

from tests.databases import POSTGRESQL, database_of_our_own
from tests.end_to_end.installation import Installation
from timetable_sync.sandbox.client import SandboxClient

pytestmark = pytest.mark.slow

NOW = ("--now", "2026-10-13T02:00")
COMP, MATH = "comp101@groups.example.ac.uk", "math101@groups.example.ac.uk"
WAITED = "because a create of the last run was not answered"

#: A run that does not wait as long as it should: the service gets on with its work instead.
HURRIED = """
import time
from timetable_sync.apply.retry import Retrier
from timetable_sync.cli.app import main
from timetable_sync.sandbox.client import SandboxClient
def pause(self, seconds, why):
    SandboxClient({url!r}).catch_up()
    time.sleep(min(seconds, {under_way}))
Retrier.pause = pause
main()
"""


@dataclass
class Scene:
    """An installation whose state is in ``url``."""

    installation: Installation
    url: str

    @property
    def client(self) -> SandboxClient:
        return self.installation.sandbox.client

    def tell(self, sql: str) -> None:
        """The state database, past our own code."""
        engine = sa.create_engine(self.url)
        with engine.begin() as connection:
            connection.exec_driver_sql(sql)
        engine.dispose()

    def next_run(self, meanwhile: Callable[[], None] = lambda: None, *, under_way: float = 0.0) -> tuple[int, str]:
        """A run that begins now: its exit code, and what it said. For so many seconds a request of another may be under way."""
        program = ("-c", HURRIED.format(url=self.installation.sandbox.url, under_way=under_way))
        with self.installation.start(*NOW, program=program) as process:
            while process.poll() is None:
                meanwhile()
                time.sleep(0.05)
            out, err = process.communicate(timeout=60)
        return process.returncode, out + err

    def times(self) -> list[int]:
        """How often each lesson stands, or lies in Deleted Items, once the service is done with all that it was asked for."""
        self.client.catch_up()
        found: Counter[tuple[str, str]] = Counter()
        for address in (COMP, MATH):
            for event in (*self.client.events(address), *self.client.deleted_items(address)):
                found[address, str(event["start"])] += 1
        return sorted(found.values())


@contextmanager
def state_of(kind: str, installation: Installation) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{installation.state}"
    else:
        with database_of_our_own(POSTGRESQL) as url:
            yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def scene(request: pytest.FixtureRequest, installation: Installation) -> Iterator[Scene]:
    """Events are made one by one."""
    installation.environment |= {"TIMETABLE_SYNC_EWS__BATCH": "1", "TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE": "1"}
    installation.sandbox.client.reset_requests()
    with state_of(request.param, installation) as url:
        installation.environment["TIMETABLE_SYNC_STATE__URL"] = url
        yield Scene(installation, url)
    installation.sandbox.client.clear_faults()


def until(reached: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 120
    while not reached():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)


def asked(client: SandboxClient, operation: str, times: int = 1) -> Callable[[], bool]:
    return lambda: client.requests().get(operation, 0) >= times


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["asked to end", "killed"])
def test_a_run_that_ends_while_the_service_is_at_work_for_it_is_not_doubled_by_the_next(scene: Scene, number: signal.Signals) -> None:
    scene.client.set_fault({"what": "drop", "operation": "CreateItem", "when": "later", "seconds": 3600})
    with scene.installation.start(*NOW) as first:
        until(asked(scene.client, "CreateItem"), first)
        if number is signal.SIGTERM:
            # It has read the calendar again, and waits whether the event is made yet.
            until(asked(scene.client, "FindItem", 3), first)
        first.send_signal(number)
        first.communicate(timeout=120)

    code, said = scene.next_run()

    assert code == 0, said
    assert scene.times() == [1] * 6
    assert WAITED in said


def test_a_run_that_is_paused_until_another_has_its_lease_is_not_doubled_and_sends_nothing_more(scene: Scene) -> None:
    scene.installation.environment["TIMETABLE_SYNC_STATE__LEASE"] = "2 seconds"
    scene.client.set_fault({"what": "drop", "operation": "CreateItem", "when": "later", "seconds": 3600})
    with scene.installation.start(*NOW) as first:
        until(asked(scene.client, "CreateItem"), first)
        first.send_signal(signal.SIGSTOP)
        try:
            end = time.monotonic() + 120
            while (ran := scene.next_run())[0] in (2, 6):  # the first one's lease, or its transaction, is not over yet
                assert time.monotonic() < end, ran
            scene.client.reset_requests()
        finally:
            first.send_signal(signal.SIGCONT)
        out, err = first.communicate(timeout=120)

    assert ran[0] == 0, ran
    assert scene.times() == [1] * 6
    assert WAITED in ran[1]
    assert (first.returncode, scene.installation.written()) == (6, set()), out + err


def test_a_run_whose_lease_is_gone_writes_nothing_more_beside_the_next(scene: Scene) -> None:
    """As after a failover that lost the row."""
    scene.client.set_fault({"what": "latency", "operation": "CreateItem", "seconds": 5, "count": 0})
    with scene.installation.start(*NOW) as first:
        until(asked(scene.client, "CreateItem"), first)
        scene.tell("DELETE FROM lease")
        code, said = scene.next_run(lambda: scene.client.clear_faults() if first.poll() is not None else None, under_way=6.0)
        out, err = first.communicate(timeout=120)

    assert code == 0, said
    assert scene.times() == [1] * 6
    assert first.returncode == 6, out + err
    assert "the lease was lost" in err


def test_a_state_file_that_was_put_back_stops_the_run_that_used_it(installation: Installation) -> None:
    """Its connections still have the file that was taken away, in which the lease is its own."""
    scene = Scene(installation, f"sqlite:///{installation.state}")
    installation.environment |= {"TIMETABLE_SYNC_EWS__BATCH": "1", "TIMETABLE_SYNC_RUN__CALENDARS_AT_ONCE": "1"}
    scene.client.reset_requests()
    scene.client.set_fault({"what": "latency", "operation": "CreateItem", "seconds": 3, "count": 0})
    with installation.start(*NOW) as first:
        until(asked(scene.client, "CreateItem"), first)
        backup = installation.folder / "backup.db"
        with sqlite3.connect(installation.state) as database, sqlite3.connect(backup) as copy:
            database.backup(copy)
            copy.execute("DELETE FROM lease")
        for left in ("state.db-wal", "state.db-shm"):
            (installation.folder / left).unlink(missing_ok=True)
        backup.replace(installation.state)
        out, err = first.communicate(timeout=120)

    assert first.returncode == 6, out + err
    assert scene.times() == [1]
