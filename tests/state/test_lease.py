"""The lease: one run at a time, on one host or on several, and none for ever. With real processes where it is about processes."""

import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

import timetable_sync
from tests.state.making import CALENDAR, MAPPING, MONDAY, SOURCE, WINDOW, created, entry
from timetable_sync import host_clock
from timetable_sync.config.sections.records import StateDatabase
from timetable_sync.errors import AnotherRunAtWork, LeaseLost, StateUnusable
from timetable_sync.model.plan import Held
from timetable_sync.state import lease, ledger
from timetable_sync.state.intents import Sending
from timetable_sync.state.lease import Lease
from timetable_sync.state.maintenance import upgrade_state
from timetable_sync.state.run_records import CalendarRecord, Holding, RunBeginning
from timetable_sync.state.store import State, open_state

CHECKOUT = Path(timetable_sync.__file__).parent.parent
LONG = timedelta(minutes=5)
Query = Callable[[str], list[tuple[object, ...]]]


def lease_of(state: State, lasts: timedelta, *, clock: Callable[[], float] | None = None) -> Lease:
    database = state._database  # where a test gives a clock of its own
    assert database is not None
    return Lease(database, "test", lasts) if clock is None else Lease(database, "test", lasts, clock=clock)


@contextmanager
def another_process(url: str, lasts: float = 300) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the lease until it is told to end, or killed."""
    code = (
        "import sys\n"
        "from datetime import timedelta\n"
        "from timetable_sync.config.sections.records import StateDatabase\n"
        "from timetable_sync.state.store import open_state\n"
        f"with open_state(StateDatabase(url={url!r})) as state, state.lease('the other', timedelta(seconds={lasts})):\n"
        "    print('held', flush=True)\n"
        "    sys.stdin.readline()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(event: threading.Event) -> bool:
    return event.wait(30)


def test_one_at_a_time(state: State) -> None:
    with state.lease("first", LONG) as held:
        assert not held.lost.is_set()
        with pytest.raises(AnotherRunAtWork) as caught, state.lease("second", LONG):
            pytest.fail("two leases at once")
        assert caught.value.exit_code == 6
    with state.lease("third", LONG) as again:
        again.check()


def test_who_holds_it_is_named(state: State) -> None:
    import os
    import socket

    with state.lease("run --calendar COMP*", LONG), pytest.raises(AnotherRunAtWork) as caught, state.lease("second", LONG):
        pytest.fail("two leases at once")
    message = caught.value.message
    assert f"process {os.getpid()} on {socket.gethostname()} (run --calendar COMP*)" in message
    assert f"since {datetime.now(UTC):%d %b %Y}" in message
    assert "until" in message
    assert "\n" not in message


def test_a_second_process_is_kept_out_until_the_first_ends(settings: StateDatabase, url: str) -> None:
    with open_state(settings) as state:
        with another_process(url) as other:
            with pytest.raises(AnotherRunAtWork, match=f"process {other.pid} on .* \\(the other\\)"), state.lease("us", LONG):
                pytest.fail("two leases at once")
            other.communicate("end\n", timeout=30)
            assert other.returncode == 0
        with state.lease("us", LONG) as held:
            held.check()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a dead process's lease runs out by itself")
def test_a_killed_process_on_this_host_is_succeeded_at_once(settings: StateDatabase, url: str) -> None:
    with open_state(settings) as state, another_process(url) as other:
        other.send_signal(signal.SIGKILL)
        other.wait()
        with state.lease("us", LONG) as held:
            held.check()


def test_of_many_processes_that_want_a_dead_ones_lease_one_gets_it(settings: StateDatabase, url: str, query: Query) -> None:
    open_state(settings).close()
    with another_process(url) as dead:
        dead.kill()
        dead.wait()
    code = (
        "import sys, time\n"
        "from datetime import timedelta\n"
        "from timetable_sync.errors import AnotherRunAtWork\n"
        "from timetable_sync.config.sections.records import StateDatabase\n"
        "from timetable_sync.state.store import open_state\n"
        f"state = open_state(StateDatabase(url={url!r}))\n"
        "print('ready', flush=True)\n"
        "sys.stdin.readline()\n"
        "try:\n"
        "    with state.lease('me', timedelta(minutes=5)):\n"
        "        print('got it', flush=True)\n"
        "        sys.stdin.readline()\n"
        "except AnotherRunAtWork:\n"
        "    print('kept out', flush=True)\n"
    )
    rivals = [
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=CHECKOUT)
        for _ in range(3)
    ]
    try:
        for rival in rivals:
            assert rival.stdout is not None
            assert rival.stdout.readline() == "ready\n"
        for rival in rivals:
            assert rival.stdin is not None
            rival.stdin.write("go\n")
            rival.stdin.flush()
        said = [rival.stdout.readline() for rival in rivals if rival.stdout is not None]
    finally:
        for rival in rivals:
            rival.kill()
            rival.communicate()
    assert sorted(said) == ["got it\n", "kept out\n", "kept out\n"]


def test_a_holder_on_another_host_is_succeeded_once_its_lease_runs_out(state: State, query: Query) -> None:
    with state.lease("us", LONG):
        query("UPDATE lease SET place = 'another machine', host = 'elsewhere', pid = 4194303")
        with pytest.raises(AnotherRunAtWork, match="process 4194303 on elsewhere"), state.lease("them", LONG):
            pytest.fail("two leases at once")
        query("UPDATE lease SET until = since")
        with state.lease("them", LONG) as taken:
            taken.check()


def test_a_lease_that_is_renewed_outlasts_its_time(state: State) -> None:
    with state.lease("us", timedelta(seconds=2)) as held:
        time.sleep(4.5)
        assert not held.lost.is_set()
        held.check()
        with pytest.raises(AnotherRunAtWork), state.lease("them", LONG):
            pytest.fail("two leases at once")


def test_a_stopped_process_loses_its_lease_and_is_told(settings: StateDatabase, url: str) -> None:
    with open_state(settings) as state, another_process(url, lasts=1) as other:
        other.send_signal(signal.SIGSTOP)
        deadline = time.monotonic() + 30
        while True:
            try:
                with state.lease("us", LONG) as held:
                    held.check()
                    other.send_signal(signal.SIGCONT)
                    break
            except AnotherRunAtWork:
                assert time.monotonic() < deadline
                time.sleep(0.1)


def test_a_run_whose_lease_was_taken_is_told(state: State, query: Query) -> None:
    with lease_of(state, timedelta(seconds=1)) as held:
        held.check()
        query("UPDATE lease SET token = 'somebody else'")
        assert wait_for(held.lost)
        with pytest.raises(LeaseLost) as caught:
            held.check()
        assert caught.value.exit_code == 6
    assert query("SELECT token FROM lease") == [("somebody else",)], "what is not ours is not given back"


def test_a_run_whose_lease_was_struck_out_is_told(state: State, query: Query) -> None:
    with lease_of(state, timedelta(seconds=1)) as held:
        query("DELETE FROM lease")
        assert wait_for(held.lost)


def test_a_lease_that_cannot_be_renewed_is_lost_when_it_runs_out(state: State, query: Query) -> None:
    with lease_of(state, timedelta(seconds=1)) as held:
        query("ALTER TABLE lease RENAME TO lease_elsewhere")
        assert not held.lost.is_set()
        assert wait_for(held.lost)
    query("ALTER TABLE lease_elsewhere RENAME TO lease")


def test_one_failed_renewal_loses_nothing(state: State, query: Query) -> None:
    with lease_of(state, timedelta(seconds=3)) as held:
        query("ALTER TABLE lease RENAME TO lease_elsewhere")
        time.sleep(1.5)
        query("ALTER TABLE lease_elsewhere RENAME TO lease")
        time.sleep(3)
        assert not held.lost.is_set()


def test_a_machine_that_slept_past_the_end_knows_it_before_it_writes(state: State) -> None:
    now = [1000.0]
    with lease_of(state, LONG, clock=lambda: now[0]) as held:
        held.check()
        now[0] += 301
        with pytest.raises(LeaseLost):
            held.check()
        assert held.lost.is_set()


def test_it_is_given_back_when_the_run_fails(state: State, query: Query) -> None:
    with pytest.raises(ZeroDivisionError), state.lease("us", LONG):
        raise ZeroDivisionError
    assert query("SELECT * FROM lease") == []


def test_no_thread_is_left_behind(state: State) -> None:
    before = threading.active_count()
    with state.lease("us", LONG):
        assert threading.active_count() == before + 2
    for thread in threading.enumerate():
        if thread.name.startswith("lease"):
            thread.join(10)
    assert threading.active_count() == before


def test_a_dry_run_holds_none_and_waits_for_none(settings: StateDatabase, state: State) -> None:
    with state.lease("us", LONG), open_state(settings, read_only=True) as looking, looking.lease("dry run", LONG) as none:
        none.check()
        assert not none.lost.is_set()


def test_a_lease_that_does_not_last_is_a_mistake(state: State) -> None:
    with pytest.raises(ValueError, match="must last"):
        state.lease("us", timedelta(0))


@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(days=-1)], ids=["forward", "back"])
def test_a_wall_clock_that_is_set_gives_no_living_lease_away(state: State, monkeypatch: pytest.MonkeyPatch, step: timedelta) -> None:
    with state.lease("us", LONG) as held:
        monkeypatch.setattr(lease, "_here", lambda: datetime.now(UTC) + step)
        with pytest.raises(AnotherRunAtWork), state.lease("them", LONG):
            pytest.fail("two leases at once")
        held.check()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere one boot is not told from another")
@pytest.mark.parametrize("booted", [False, True], ids=["of this boot", "of an earlier one"])
def test_a_wall_clock_that_is_set_back_makes_no_lease_last_for_ever(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, booted: bool) -> None:
    settings = StateDatabase(url=sqlite_url)
    engine = sa.create_engine(sqlite_url)
    with open_state(settings) as state, state.lease("one that cannot be told to be dead", LONG), engine.begin() as connection:
        place, runs_out = ("an earlier boot", "9e9") if booted else (host_clock.boot(), f"{host_clock.seconds()}")
        connection.exec_driver_sql(f"UPDATE lease SET born = '', place = '{place}', runs_out = {runs_out}")
        connection.commit()
        monkeypatch.setattr(lease, "_here", lambda: datetime.now(UTC) - timedelta(days=365))
        with open_state(settings) as other, other.lease("them", LONG) as taken:
            taken.check()
    engine.dispose()


def test_seconds_of_another_namespace_of_time_count_for_nothing(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = StateDatabase(url=sqlite_url)
    with open_state(settings) as state, state.lease("us", LONG), open_state(settings) as other:
        monkeypatch.setattr(host_clock, "name", lambda: f"{host_clock.boot()} time:[1]")
        monkeypatch.setattr(host_clock, "seconds", lambda: 9e9)
        with pytest.raises(AnotherRunAtWork), other.lease("them", LONG):
            pytest.fail("two leases at once")


@pytest.mark.skipif(sys.platform != "linux", reason="not here: only Linux has namespaces of time")
def test_a_container_with_a_time_of_its_own_takes_no_living_lease_and_takes_nobody_for_dead(settings: StateDatabase, url: str) -> None:
    """There the machine booted a day earlier, and each process was born a day later; wall and process ids are the same."""
    code = (
        "from datetime import timedelta\n"
        "from timetable_sync.config.sections.records import StateDatabase\n"
        "from timetable_sync.state.store import open_state\n"
        f"with open_state(StateDatabase(url={url!r})) as state, state.lease('the other', timedelta(minutes=5)):\n"
        "    print('got it')\n"
    )
    apart = ["unshare", "--user", "--map-root-user", "--time", "--boottime", "86400", "--fork"]
    if subprocess.run([*apart, "true"], check=False, capture_output=True).returncode != 0:
        pytest.skip("not here: this machine lets nobody have a namespace of time")
    with open_state(settings) as state, state.lease("us", LONG) as held:
        other = subprocess.run([*apart, sys.executable, "-c", code], check=False, capture_output=True, text=True, cwd=CHECKOUT)
        assert other.stdout == ""
        assert "AnotherRunAtWork" in other.stderr
        held.check()


WRITES: dict[str, Callable[[State], object]] = {
    "the record of a batch": lambda state: state.written(state.runs(SOURCE)[0].id, SOURCE, CALENDAR, [created("b")], MAPPING),
    "what the ledger learns": lambda state: state.learn(SOURCE, CALENDAR, [entry("b")]),
    "what is to be written": lambda state: state.will_be_written(SOURCE, [CALENDAR]),
    "a run that begins": lambda state: state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW)),
    "old runs that go": lambda state: state.forget_before(SOURCE, MONDAY),
}
LOSSES = {
    "taken": "UPDATE lease SET token = 'somebody else'",
    "gone, as after a failover": "DELETE FROM lease",
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_who_lost_the_lease_writes_nothing_more(state: State, query: Query, write: Callable[[State], object], loss: str) -> None:
    with state.lease("us", LONG) as held:
        state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))
        state.learn(SOURCE, CALENDAR, [entry("a")])
        query(loss)
        with pytest.raises(LeaseLost):
            write(state)
        with pytest.raises(LeaseLost):
            held.check()
        assert query("SELECT key FROM ledger") == [(entry("a").key,)]
        assert query("SELECT count(*) FROM history") == [(0,)]
        assert query("SELECT count(*) FROM run") == [(1,)]


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_who_lost_the_lease_says_so_in_its_own_record_and_of_what_is_held_nothing(state: State, query: Query, loss: str) -> None:
    held = Held("deletes_in_calendar", CALENDAR, "41 of 90 events would be deleted", 41, 90, 27)
    with state.lease("us", LONG):
        run = state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))
        query(loss)
        state.finish_run(run, finished=MONDAY, exit_code=6, source=SOURCE, holding=Holding(whole=True, verdicts=[held]))
    assert query("SELECT exit_code FROM run") == [(6,)]
    assert query("SELECT * FROM held") == []


def test_a_run_that_has_our_number_in_a_database_that_was_put_back_keeps_its_record(state: State, query: Query) -> None:
    with state.lease("us", LONG):
        run = state.begin_run(RunBeginning(SOURCE, MONDAY, WINDOW))
        query("DELETE FROM lease")
        query("UPDATE run SET pid = pid + 1")
        state.finish_run(run, finished=MONDAY, exit_code=6, calendars=[CalendarRecord(CALENDAR, "changed")])
    assert query("SELECT exit_code FROM run") == [(None,)]
    assert query("SELECT * FROM run_calendar") == []


def test_a_file_that_was_put_back_under_a_run_stops_it(tmp_path: Path, sqlite_url: str) -> None:
    settings = StateDatabase(url=sqlite_url)
    with open_state(settings) as state:
        state.learn(SOURCE, CALENDAR, [entry("a")])
    shutil.copy(tmp_path / "state.db", tmp_path / "backup.db")
    with open_state(settings) as state, state.lease("us", LONG) as held:
        (tmp_path / "backup.db").replace(tmp_path / "state.db")
        with pytest.raises(LeaseLost):
            state.learn(SOURCE, CALENDAR, [entry("b")])
        with pytest.raises(LeaseLost):
            held.check()


def test_who_takes_the_lease_sees_all_that_was_written_before(settings: StateDatabase, state: State, query: Query) -> None:
    """Else a request could be sent of which the next run, which has read the intents by then, knows nothing."""
    seen: list[int] = []

    def next_run() -> None:
        with open_state(settings) as other, other.lease("them", LONG):
            seen.append(other.ledger_count(SOURCE))

    with state.lease("us", LONG):
        taker = threading.Thread(target=next_run)
        with state._writing() as connection:
            ledger.record(connection, SOURCE, CALENDAR, [entry("a")])
            over = "UPDATE lease SET until = since, runs_out = 0"
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql(over)
            else:
                query(over)
            taker.start()
            time.sleep(0.5)
            assert seen == []
        taker.join(60)
    assert seen == [1]


@pytest.mark.postgresql
def test_a_lease_that_ran_out_by_the_databases_clock_is_lost_though_nobody_has_it_yet(postgresql_schema: str) -> None:
    """As for a virtual machine that stood still, and whose own clocks did too."""
    engine = sa.create_engine(postgresql_schema)
    with open_state(StateDatabase(url=postgresql_schema)) as state, state.lease("us", LONG), engine.begin() as another:
        another.exec_driver_sql("UPDATE lease SET until = since")
        another.commit()
        with pytest.raises(LeaseLost):
            state.about_to_send(SOURCE, Sending(CALENDAR))
    engine.dispose()


@pytest.mark.postgresql
def test_whatever_isolation_the_role_has_a_token_is_read_as_it_is(postgresql_schema: str, postgresql_url: str) -> None:
    url = sa.make_url(postgresql_schema)
    url = url.update_query_dict({"options": f"{url.query['options']} -cdefault_transaction_isolation=serializable"})
    engine = sa.create_engine(postgresql_schema)
    with (
        open_state(StateDatabase(url=url.render_as_string(hide_password=False))) as state,
        state.lease("us", LONG) as held,
        state._writing() as connection,
        engine.begin() as another,
    ):
        another.exec_driver_sql("UPDATE lease SET token = 'somebody else'")
        another.commit()
        assert isinstance(held, Lease)
        with pytest.raises(LeaseLost):
            held.verify(connection)
    engine.dispose()


@pytest.mark.postgresql
def test_on_postgresql_the_databases_clock_decides(postgresql_schema: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_state(StateDatabase(url=postgresql_schema)) as state, state.lease("us", LONG):
        monkeypatch.setattr(lease, "_here", lambda: datetime(2099, 1, 1, tzinfo=UTC))
        with pytest.raises(AnotherRunAtWork), state.lease("a host whose clock is wrong", LONG):
            pytest.fail("two leases at once")


@pytest.mark.postgresql
def test_a_lost_connection_is_replaced_before_the_lease_runs_out(postgresql_schema: str, postgresql_url: str) -> None:
    with open_state(StateDatabase(url=postgresql_schema)) as state, lease_of(state, timedelta(seconds=3)) as held:
        engine = sa.create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE application_name = 'timetable-sync' AND datname = current_database()"
            )
        engine.dispose()
        time.sleep(4)
        held.check()


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nobody can tell that it lives")
def test_an_upgrade_does_not_pass_by_a_run_that_lives_though_its_lease_ran_out(settings: StateDatabase, state: State, query: Query) -> None:
    """It is paused, or the wall clock was set, by which leases of older versions go."""
    with state.lease("us", LONG):
        query("UPDATE lease SET until = since")
        query("UPDATE timetable_sync_schema SET version_num = '0000'")
        with pytest.raises(AnotherRunAtWork):
            upgrade_state(settings)


def test_an_upgrade_waits_for_no_run_of_an_older_version(settings: StateDatabase, state: State, query: Query) -> None:
    with state.lease("us", LONG):
        query("UPDATE timetable_sync_schema SET version_num = '0000'")
        with pytest.raises(AnotherRunAtWork):
            upgrade_state(settings)
        assert query("SELECT version_num FROM timetable_sync_schema") == [("0000",)]


def test_a_database_that_vanishes_is_said_when_the_lease_is_taken(settings: StateDatabase, state: State, query: Query) -> None:
    query("DROP TABLE lease")
    with pytest.raises(StateUnusable), state.lease("us", LONG):
        pytest.fail("a lease without a table")
