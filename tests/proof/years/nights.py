"""Whole nights in this process: a timetable and a state database of SQLite, the configurations that a history goes through."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from unittest.mock import patch

from tests.proof.years import office
from tests.proof.years.configurations import Configuration
from tests.proof.years.ledgers import Ledgers
from tests.proof.years.prepared import Prepared
from tests.proof.years.seen import Effect
from tests.proof.years.worlds import Asked, Night
from timetable_sync.apply.progress import Silent
from timetable_sync.apply.retry import RetryPolicy
from timetable_sync.calendars.registry import CountingBackend
from timetable_sync.config.load import Loaded, load
from timetable_sync.errors import LeaseLost
from timetable_sync.night import NightRequest, run_night
from timetable_sync.planning.guards import RELEASABLE
from timetable_sync.state.lease import Lease

_ELSEWHERE = """
[calendars]
address = "{{ calendar | lower }}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]
[ews]
endpoint = "https://localhost/EWS/Exchange.asmx"
sign_in = "basic"
user = "service"
password = { env = "TIMETABLE_SYNC_NOBODY_ASKS" }
"""


class Killed(BaseException):
    """Nobody foresees this one, as nobody foresees the kill of a process."""


class Ending:
    """What ends a night before its time: it is asked to stop, or its lease is lost."""

    def __init__(self) -> None:
        self.stop = threading.Event()
        self.lease_lost = False

    def check(self) -> None:
        """In the place of the lease's own check: raises LeaseLost once it is lost."""
        if self.lease_lost:
            raise LeaseLost("the lease was lost")


class Nights:
    """Nights of one history after the other. ``folder`` is this process's own.

    Sign-in is not configured as usual: how a night gets its backend is said with each night, and to read a certificate takes longer than
    all the rest of it.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._configured = lru_cache(4096)(self._load)
        self._prepared = Prepared()
        self._written: object = None
        self.ledgers = Ledgers(folder / "state.db")

    def run(self, asked: Asked, connect: Callable[[], CountingBackend], ending: Ending, effects: Callable[[], tuple[Effect, ...]]) -> Night:
        """One night; ``effects`` is asked when it is over."""
        self._write_timetable(asked)
        request = NightRequest(asked.now, asked.dry_run, forced=frozenset(RELEASABLE if asked.forced else ()))
        try:
            with self._prepared.once(), _leased(ending):
                summary = run_night(
                    self._configured(asked.configuration),
                    request,
                    progress=Silent(),
                    stop=ending.stop,
                    connect=lambda settings, token: connect(),
                    pace=RetryPolicy(first=0.0001, longest=0.0002, attempts=4, late=0.0002),
                )
        except Killed:
            return Night(137, effects(), 0, 0, "killed")
        ended = summary.failure.message if summary.failure else summary.cut_short
        troubles = [one.trouble.message for one in summary.calendars if one.trouble]
        said = "; ".join(text for text in [ended, *troubles, *(one.sentence for one in summary.held)] if text)
        planned = sum(len(one.changes) for one in summary.calendars)
        left = sum(len(one.left_alone) for one in summary.calendars)
        return Night(summary.exit_code, effects(), planned, left, said)

    def _write_timetable(self, asked: Asked) -> None:
        broken = asked.mishap.nth + 1 if asked.mishap.ill == "timetable" else None
        if self._written != (asked.lessons, broken):
            office.write(self._folder / "timetable.db", asked.lessons, breaks_off_before=broken)
            self._written = asked.lessons, broken

    def _load(self, configuration: Configuration) -> Loaded:
        file = self._folder / "timetable-sync.toml"
        file.write_text(configuration.toml() + _ELSEWHERE, "utf-8")
        return load(file, {})


@contextmanager
def _leased(ending: Ending) -> Iterator[None]:
    with patch.object(Lease, "check", ending.check):
        yield
