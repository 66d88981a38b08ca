"""The process that all others are forked from: everything imported, one thread, nothing opened. Run as a program, it takes jobs as lines.

A fork of it is a process like any other, that can be killed like any other; it only spares the second that the imports take. What
kills at a commit lives in here, in the tests: the product has nothing of the kind.
"""

import datetime
import importlib
import json
import os
import pkgutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect

#: Rooms that no night needs.
_ELSEWHERE = ("timetable_sync.sandbox", "timetable_sync.demo", "timetable_sync.doctor", "timetable_sync.__main__")

_WRITES = ("INSERT", "UPDATE", "DELETE", "CREATE", "ALTER", "DROP")


def import_all() -> None:
    """All that a night imports sooner or later."""
    import timetable_sync

    for found in pkgutil.walk_packages(timetable_sync.__path__, "timetable_sync."):
        if not found.name.startswith(_ELSEWHERE):
            importlib.import_module(found.name)
    for driver in ("psycopg", "sqlite3"):
        importlib.import_module(driver)


def strike_at_commit(nth: int, moment: str, counted: str, number: int = signal.SIGKILL) -> None:
    """From now on the ``nth`` commit of something written kills this process, ``before`` or ``after`` it. 0 kills at none.

    Another ``number`` is another signal, as SIGSTOP.

    The number of such commits so far stands in the file ``counted``.
    """
    written: set[int] = set()
    lock = threading.Lock()
    many = 0

    @sa.event.listens_for(sa.Engine, "before_cursor_execute")
    def note(connection: sa.Connection, _cursor: object, statement: str, *_: object) -> None:
        if statement.lstrip()[:6].upper().startswith(_WRITES):
            written.add(id(connection.connection.dbapi_connection))

    committing: Callable[[Any, Any], None] = DefaultDialect.do_commit

    def commit(dialect: Any, connection: Any) -> None:
        nonlocal many
        # Pooled connections come in a proxy.
        mine = id(getattr(connection, "dbapi_connection", connection))
        if mine not in written:
            committing(dialect, connection)
            return
        with lock:
            written.discard(mine)
            many += 1
            due = many == nth
        if due and moment == "before":
            os.kill(os.getpid(), number)
        committing(dialect, connection)
        if due:
            os.kill(os.getpid(), number)
        descriptor = os.open(counted, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.write(descriptor, str(many).encode())
        os.close(descriptor)

    # What a process does to itself: it is forked for one command.
    DefaultDialect.do_commit = commit  # type: ignore[method-assign]


def step_the_wall_clock(told: Path) -> None:
    """From now on this process's wall clock is off by the seconds that stand in the file ``told``, which may change at any time."""
    right, right_time = datetime.datetime, time.time

    def off() -> float:
        return float(told.read_text("utf-8") or 0)

    class AnyDatetime(type):
        def __instancecheck__(cls, instance: object) -> bool:
            return isinstance(instance, right)

    class Stepped(datetime.datetime, metaclass=AnyDatetime):
        def __new__(cls, *given: Any, **named: Any) -> Any:
            return right(*given, **named)

        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> Any:
            return right.fromtimestamp(right_time() + off(), tz)

    for name, module in list(sys.modules.items()):
        if name.startswith("timetable_sync.") and vars(module).get("datetime") is right:
            vars(module)["datetime"] = Stepped
    time.time = lambda: right_time() + off()


def live_elsewhere(up: float) -> None:
    """This process is on another host, or on this one after it was booted anew: ``up`` seconds ago."""
    from timetable_sync import host_clock
    from timetable_sync.state import process

    right, began = time.clock_gettime, time.monotonic()

    def seconds(clock: int) -> float:
        return up + time.monotonic() - began if clock == time.CLOCK_BOOTTIME else right(clock)

    time.clock_gettime = seconds
    for module, function in ((host_clock, "boot"), (process, "_place")):
        vars(module)[function] = lambda: f"elsewhere {began}"


def trust_the_ledger_alone() -> None:
    """A mistake, planted: what the ledger does not know is not there, whatever mark it bears. A killed night's last batch is such."""
    from timetable_sync.apply import read_calendars
    from timetable_sync.planning.compare import compare

    def wrongly(events: Any, snapshot: Any, ledger: Any, *more: Any) -> Any:
        known = {entry.item.id for entry in ledger.values()}
        return compare(events, replace(snapshot, ours=tuple(one for one in snapshot.ours if one.item.id in known)), ledger, *more)

    # As that module knows it: it is where visits are planned.
    vars(read_calendars)["compare"] = wrongly


def wait_for_nothing() -> None:
    """A mistake, planted: what an earlier run sent is taken for done."""
    from timetable_sync.apply.unanswered import UnansweredCreates

    def wrongly(*_: Any) -> dict[str, Any]:
        return {}

    UnansweredCreates.wait_for = wrongly  # type: ignore[method-assign, assignment]  # the mistake


def know_no_fence() -> None:
    """A mistake, planted: nobody looks whether the lease is still this run's."""
    from timetable_sync.state.lease import Lease

    def wrongly(*_: Any, **__: Any) -> None:
        return

    Lease.verify = wrongly  # type: ignore[method-assign]  # the mistake


def _become(job: dict[str, Any]) -> None:
    """This process is from now on that of one command."""
    os.environ.clear()
    os.environ.update(job["environment"])
    os.chdir(job["folder"])
    nothing = os.open(os.devnull, os.O_RDONLY)
    out = os.open(job["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    for old, new in ((nothing, 0), (out, 1), (out, 2)):
        os.dup2(old, new)
    sys.argv = ["timetable-sync", *job["arguments"]]
    if job.get("planted"):
        globals()[job["planted"]]()
    if "commit" in job:
        strike_at_commit(job["commit"], job["moment"], job["counted"], job.get("signal", signal.SIGKILL))
    if "wall" in job:
        step_the_wall_clock(Path(job["wall"]))
    if "elsewhere" in job:
        live_elsewhere(job["elsewhere"])


def take_jobs() -> bool:
    """In every fork, True: there it is to be carried out. False once there are no more."""
    print(json.dumps({"ready": os.getpid()}), flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            _become(job)
            return True
        print(json.dumps({"began": pid}), flush=True)
        # It stays a zombie until it was heard that it ended, so that nobody else gets its number meanwhile.
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        print(json.dumps({"over": pid}), flush=True)
        sys.stdin.readline()
        _, status = os.waitpid(pid, 0)
        print(json.dumps({"ended": os.waitstatus_to_exitcode(status)}), flush=True)
    return False


if __name__ == "__main__":
    import_all()
    if threading.active_count() != 1 or len(list(Path("/proc/self/task").iterdir())) != 1:
        sys.exit("something that was imported has begun a thread: nothing can be forked from here")
    if take_jobs():
        from timetable_sync.cli.app import main

        main()
