"""A night ends while the service is still at work on events that it was asked to make: whoever comes next does not make them again."""

import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest

from tests.night_world import Meeting, NightWorld
from timetable_sync.apply.progress import Silent
from timetable_sync.apply.retry import RetryPolicy
from timetable_sync.calendars.contract import ChangeResult
from timetable_sync.calendars.memory import MemoryBackend
from timetable_sync.config.load import load
from timetable_sync.errors import OutcomeUnknown
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change, Create
from timetable_sync.purge import PurgeRequest, purge
from timetable_sync.reports.summary import RunSummary
from timetable_sync.reports.text import write
from timetable_sync.state.store import open_state

COMP, MATH = "comp101@groups.example.ac.uk", "math101@groups.example.ac.uk"


class Killed(BaseException):
    """The process ends here."""


class Slow(MemoryBackend):
    """Carries out what it was asked to make when it is told to :meth:`catch_up`, and gives no answer till then.

    ``meet`` is called instead of an answer.
    """

    longest_request = timedelta(hours=1)

    def __init__(self, meet: Callable[[], object]) -> None:
        super().__init__([COMP, MATH])
        self.meet: Callable[[], object] | None = meet
        self.waiting: list[tuple[Calendar, Sequence[Change]]] = []

    def apply(self, calendar: Calendar, changes: Sequence[Change]) -> list[ChangeResult]:
        if self.meet is None or calendar.address != COMP or not isinstance(changes[0], Create):
            return super().apply(calendar, changes)
        self.waiting.append((calendar, changes))
        self.meet()
        return [ChangeResult(change, error=OutcomeUnknown("the connection broke off", unanswered=True)) for change in changes]

    def catch_up(self) -> None:
        """What was asked for is done now, to whoever it matters still."""
        waiting, self.waiting, self.meet = self.waiting, [], None
        for calendar, changes in waiting:
            super().apply(calendar, changes)


class Hurried(threading.Event):
    """Waits take no time; the service gets on meanwhile."""

    def wait(self, timeout: float | None = None) -> bool:
        return self.is_set()


class Watcher(Silent):
    """Lets the service get on with its work where the run waits, and writes down what it is told."""

    def __init__(self, backend: Slow) -> None:
        self.backend = backend
        self.waits: list[str] = []

    def waiting(self, seconds: float, why: str) -> None:
        self.waits.append(why)
        self.backend.catch_up()


def kill() -> None:
    raise Killed


@pytest.fixture
def world(tmp_path: Path) -> NightWorld:
    made = NightWorld(tmp_path)
    made.backend = Slow(kill)
    made.timetable(lessons())
    return made


def lessons(*modules: str) -> list[Meeting]:
    return [
        (f"{module}-{day}", module, f"2026-10-{day} 09:00", f"2026-10-{day} 10:00", "Logic", "R1")
        for module in modules or ("COMP101", "MATH101")
        for day in (14, 15, 16)
    ]


def service(world: NightWorld) -> Slow:
    assert isinstance(world.backend, Slow)
    return world.backend


def killed(world: NightWorld) -> None:
    with pytest.raises(Killed):
        world.night()
    assert len(service(world).waiting) == 1


def next_night(world: NightWorld) -> tuple[RunSummary, list[str]]:
    watcher = Watcher(service(world))
    summary = world.night(progress=watcher, stop=Hurried())
    service(world).catch_up()
    return summary, watcher.waits


def times(world: NightWorld, address: str = COMP) -> Counter[str]:
    """How often each event stands there, Deleted Items included."""
    people = world.backend.people
    return Counter(item.marker or "" for item in (*people.see(address), *people.see_deleted(address)))


def said(summary: RunSummary) -> str:
    out = StringIO()
    write(summary, out)
    return out.getvalue()


def open_requests(world: NightWorld) -> int:
    with open_state(load(world.configuration, {}).settings.state, read_only=True) as state:
        return len(state.unanswered("timetable"))


def test_a_night_that_was_killed_leaves_what_it_asked_for_to_be_found(world: NightWorld) -> None:
    killed(world)
    summary, waits = next_night(world)

    assert list(times(world).values()) == list(times(world, MATH).values()) == [1, 1, 1]
    assert summary.exit_code == 0
    assert len(waits) == 1
    assert waits[0].startswith("COMP101 waits until ")
    assert "COMP101 waited until" in said(summary)
    assert "because a create of the last run was not answered" in said(summary)
    assert open_requests(world) == 0
    assert world.night().exit_code == 0
    assert "waited" not in said(world.night())


def test_a_night_that_was_asked_to_stop_while_it_waited_for_an_answer(world: NightWorld) -> None:
    """As by SIGTERM in the minute in which a create may still be carried out."""
    stop = threading.Event()
    service(world).meet = stop.set
    first = world.night(stop=stop)
    assert (first.exit_code, open_requests(world)) == (1, 1)

    summary, waits = next_night(world)

    assert list(times(world).values()) == [1, 1, 1]
    assert (summary.exit_code, len(waits), open_requests(world)) == (0, 1, 0)


def test_asked_to_stop_while_it_waits_the_next_night_leaves_it_to_the_one_after(world: NightWorld) -> None:
    killed(world)
    stop = threading.Event()

    class Stopping(Silent):
        def waiting(self, seconds: float, why: str) -> None:
            stop.set()

    cut = world.night(progress=Stopping(), stop=stop)
    assert cut.cut_short == "it was asked to stop"
    assert (cut.exit_code, open_requests(world)) == (1, 1)

    summary, _ = next_night(world)

    assert list(times(world).values()) == [1, 1, 1]
    assert summary.exit_code == 0


def test_a_dry_run_says_it_and_waits_for_nothing(world: NightWorld) -> None:
    killed(world)
    watcher = Watcher(service(world))
    summary = world.night(dry_run=True, progress=watcher)

    assert watcher.waits == []
    assert "COMP101 waits until" in said(summary)
    assert "this dry run read at once" in said(summary)
    assert open_requests(world) == 1


def test_a_night_of_other_calendars_waits_for_nothing_and_settles_nothing(world: NightWorld) -> None:
    killed(world)
    watcher = Watcher(service(world))
    assert world.night(calendars=("MATH*",), progress=watcher, stop=Hurried()).exit_code == 0
    assert (watcher.waits, open_requests(world)) == ([], 1)

    next_night(world)

    assert list(times(world).values()) == [1, 1, 1]


def test_a_calendar_that_left_the_timetable_before_anything_of_it_was_on_record_is_cleared(world: NightWorld) -> None:
    killed(world)
    world.timetable(lessons("MATH101"))
    summary, _ = next_night(world)

    assert world.backend.people.see(COMP) == []
    assert len(world.backend.people.see_deleted(COMP)) == 3
    assert [report.calendar.name for report in summary.calendars] == ["COMP101", "MATH101"]
    assert open_requests(world) == 0


def test_a_lost_state_waits_where_events_of_ours_have_just_appeared(world: NightWorld) -> None:
    service(world).meet = None
    world.night()
    world.timetable([*lessons(), ("COMP101-9", "COMP101", "2026-10-19 09:00", "2026-10-19 10:00", "Sets", "R1")])
    service(world).meet = kill
    killed(world)
    for left in world.folder.glob("state.db*"):
        left.unlink()

    summary, waits = next_night(world)

    assert sorted(times(world).values()) == [1, 1, 1, 1]
    assert len(waits) == 1
    assert "of which the state knows nothing" in said(summary)


def test_a_purge_waits_too_and_takes_out_what_came_meanwhile(world: NightWorld) -> None:
    killed(world)

    def purged(confirmed: dict[str, int] | None) -> RunSummary:
        return purge(
            load(world.configuration, {}),
            PurgeRequest(world.now, ("COMP101",), confirmed=confirmed),
            progress=Watcher(service(world)),
            stop=Hurried(),
            connect=lambda settings, token: world.backend,
            pace=RetryPolicy(first=0.001, longest=0.01, attempts=4),
        )

    assert "COMP101 waits until" in said(purged(None))
    service(world).catch_up()
    assert purged({COMP: 3}).exit_code == 0
    assert world.backend.people.see(COMP) == []
    assert open_requests(world) == 0


@pytest.mark.parametrize("statement", ["DELETE FROM lease", "UPDATE lease SET token = 'another run'"], ids=["gone", "another's"])
def test_a_run_whose_lease_is_lost_while_a_request_is_under_way_sends_none_any_more(world: NightWorld, statement: str) -> None:
    """It was paused meanwhile, or the database was put back or switched over."""

    def lose() -> None:
        with sqlite3.connect(world.folder / "state.db") as database:
            database.execute(statement)

    service(world).meet = lose
    world.configuration.write_text(world.configuration.read_text("utf-8") + "[run]\ncalendars_at_once = 1\n", "utf-8")
    summary = world.night()

    assert (summary.exit_code, world.backend.requests["apply"]) == (6, 0)
    assert summary.failure is not None
    assert "the lease was lost" in summary.failure.message
    with sqlite3.connect(world.folder / "state.db") as database:
        assert database.execute("SELECT exit_code FROM run").fetchall() == [(6,)]
        assert database.execute("SELECT count(*) FROM ledger").fetchall() == [(0,)]
        database.execute("DELETE FROM lease")
    assert open_requests(world) == 1
    assert next_night(world)[0].exit_code == 0
    assert list(times(world).values()) == list(times(world, MATH).values()) == [1, 1, 1]
