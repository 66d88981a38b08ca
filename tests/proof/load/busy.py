"""A service that says nothing but busy: ten thousand times in a row, and for an hour.

A night's waiting is done by a clock that runs some hundred times as fast; its requests, its threads and its record are real ones.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.proof.figures import Figure, Say
from tests.proof.load.tenant import Tenant
from timetable_sync import logs, night
from timetable_sync.apply.progress import Silent
from timetable_sync.apply.retry import Retrier
from timetable_sync.config.load import load
from timetable_sync.reports.summary import RunSummary


@dataclass
class FastTime:
    """A clock of seconds of which ``factor`` pass in one; whoever sleeps by it can be woken by ``stop``."""

    factor: float
    stop: threading.Event = field(default_factory=threading.Event)
    began: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        return (time.monotonic() - self.began) * self.factor

    def sleep(self, seconds: float) -> None:
        self.stop.wait(seconds / self.factor)


@contextmanager
def _waiting_by(fast: FastTime) -> Iterator[None]:
    """Nights wait by this clock, their deadline included."""

    def patience(stop: threading.Event, deadline: float, *watched: Any, **more: Any) -> Retrier:
        return Retrier(stop, fast.now() + deadline - time.monotonic(), *watched, **more, clock=fast.now, sleep=fast.sleep)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(night, "Retrier", patience)
        yield


def _night(tenant: Tenant, fast: FastTime) -> RunSummary:
    # It would fill a screen with what these nights do.
    logs.configure(logs.QUIET)
    with _waiting_by(fast):
        return night.run_night(load(tenant.configuration, {}), night.NightRequest(datetime.now(UTC)), progress=Silent(), stop=fast.stop)


def ten_thousand(tenant: Tenant, many: int, workers: int, say: Say) -> Iterator[Figure]:
    """So many times in a row the whole service asks for fewer requests; then it answers. By the deadline's leave, all gets done.

    Asked again as rarely as a night does it, that takes days: so no deadline ends it.
    """
    tenant.afresh()
    tenant.configure(workers, "14 days")
    client = tenant.sandbox.client
    client.set_fault({"what": "http", "status": 429, "retry_after": 1, "count": many})
    fast = FastTime(3000)
    summary = _night(tenant, fast)
    (fault,) = client.faults()
    say(f"{fault['struck']:,} busy answers, {fast.now() / 3600:.1f} hours of waiting in {fast.now() / fast.factor:.0f} s")
    yield Figure("busy answers in a row", f"{fault['struck']:,}", fault["struck"] == many)
    yield Figure("  then: exit code", str(summary.exit_code), summary.exit_code == 0)
    wrong = tenant.wrong()
    yield Figure("  then: calendars that are right", f"{len(tenant.modules) - len(wrong)} of {len(tenant.modules)}", not wrong)
    yield Figure("  said as retries", f"{summary.retries:,}", summary.retries == many)


def for_an_hour(tenant: Tenant, workers: int, *, hint: bool, deadline: str = "45 minutes") -> Iterator[Figure]:
    """For an hour every answer says busy, with or without a time to wait; the deadline comes sooner. The next night does it all."""
    tenant.afresh()
    tenant.configure(workers, deadline)
    client = tenant.sandbox.client
    busy = {"what": "busy", "backoff_ms": 60_000} if hint else {"what": "http", "status": 429}
    client.set_fault({**busy, "count": 0})
    fast = FastTime(150)
    over = threading.Timer(3600 / fast.factor, client.clear_faults)
    over.start()
    summary = _night(tenant, fast)
    took = fast.now() / 60
    named = f"busy for an hour, {'asked to wait' if hint else 'without a hint'}, deadline {deadline}: "
    over.cancel()
    client.clear_faults()
    yield Figure(f"{named}ended after", f"{took:.0f} minutes", took < 55)
    yield Figure(f"{named}exit code", str(summary.exit_code), summary.exit_code == 1)
    why = summary.cut_short or (summary.failure.message if summary.failure else "") or "calendars failed"
    yield Figure(f"{named}it says", why, "deadline" in why or "busy" in why or "fewer requests" in why or why == "calendars failed")
    yield Figure(f"{named}on record", str(tenant.record()), tenant.record() == [(1, True)])
    tenant.configure(workers)
    again = tenant.run()
    wrong = tenant.wrong()
    yield Figure(
        f"{named}the next night", f"exit code {again.returncode}, {len(wrong)} calendars wrong", again.returncode == 0 and not wrong
    )


def for_an_hour_of_three(tenant: Tenant, workers: int) -> Iterator[Figure]:
    """The same hour within a deadline of three: what the night does about it, and that it is on record and goes on from there."""
    tenant.afresh()
    tenant.configure(workers, "3 hours")
    client = tenant.sandbox.client
    client.set_fault({"what": "busy", "backoff_ms": 60_000, "count": 0})
    fast = FastTime(150)
    over = threading.Timer(3600 / fast.factor, client.clear_faults)
    over.start()
    summary = _night(tenant, fast)
    took = fast.now() / 60
    over.join()
    yield Figure("busy for an hour of three: ended after", f"{took:.0f} minutes", took < 185)
    failed = [report.calendar.name for report in summary.calendars if report.trouble is not None]
    yield Figure(
        "busy for an hour of three: exit code, calendars put off too long",
        f"{summary.exit_code}, {len(failed)} of {len(tenant.modules)}",
        summary.exit_code == (1 if failed else 0),
    )
    yield Figure("busy for an hour of three: those are just the ones that are wrong", str(len(failed)), set(tenant.wrong()) == {*failed})
    again = tenant.run()
    wrong = tenant.wrong()
    yield Figure(
        "busy for an hour of three: the next night",
        f"exit code {again.returncode}, {len(wrong)} calendars wrong",
        again.returncode == 0 and not wrong,
    )
