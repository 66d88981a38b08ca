"""A hold ends once what was held was written, or is no longer wanted: until then `held` and `status` show it, and no alert says over."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.alerts.listeners import MailServer, mail_server
from tests.cli.command_line import typed
from tests.history.test_looking_back import asked, maths, weekly
from tests.night_world import NightWorld
from timetable_sync.alerts.around_run import attended
from timetable_sync.apply.retry import RunInterrupted
from timetable_sync.config.load import load
from timetable_sync.errors import CalendarError, StateUnusable
from timetable_sync.model.change import Delete
from timetable_sync.reports.summary import RunSummary
from timetable_sync.state.store import State

COMP = "comp101@groups.example.ac.uk"
RELEASED: dict[str, Any] = {"calendars": ("COMP101",), "forced": ["deletes_in_calendar"]}


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def world(tmp_path: Path, mail: MailServer, monkeypatch: pytest.MonkeyPatch) -> NightWorld:
    monkeypatch.chdir(tmp_path)
    mails = '[mail]\nserver = "127.0.0.1"\nsecurity = "none"\nsender = "a@example.ac.uk"\nto = ["b@example.ac.uk"]\n'
    return NightWorld(tmp_path, f"{mails}port = {mail.port}\n")


def night(world: NightWorld, **asked_for: Any) -> RunSummary:
    """A night whose end is told."""
    with attended(load(world.configuration, {}).settings, {}) as attendant:
        summary = world.night(begun=attendant.begun, **asked_for)
        assert attendant.after(summary) == []
        return summary


def held(capsys: pytest.CaptureFixture[str]) -> list[tuple[str, str]]:
    """Whom guards hold now, by ``held`` and ``status`` alike."""
    found = [asked(capsys, command)["held"] for command in ("held", "status")]
    told = [[((thing["calendar"] or {"name": "the run"})["name"], thing["guard"]) for thing in things] for things in found]
    assert told[0] == told[1]
    return told[0]


def begin(world: NightWorld) -> None:
    """A good night, then one that holds COMP101: 8 of its 10 events would go."""
    world.calendar("COMP101"), world.calendar("MATH101")
    world.timetable([*weekly(), *maths()])
    night(world)
    world.timetable([*weekly(weeks=2), *maths()])
    assert night(world).exit_code == 5


ITS_OWN = [("COMP101", "deletes_in_calendar")]


def ends_before_it_writes(error: Exception) -> Callable[..., None]:
    def will_be_written(*_: object, **__: object) -> None:
        raise error

    return will_be_written


@pytest.mark.parametrize(
    "error", [RunInterrupted("the deadline passed"), StateUnusable("the state database is full"), RuntimeError("a mistake")]
)
def test_a_release_that_ends_before_it_writes_ends_no_hold(
    world: NightWorld, mail: MailServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    begin(world)
    with monkeypatch.context() as patched:
        patched.setattr(State, "will_be_written", ends_before_it_writes(error))
        for calendars in ((), ("COMP101",)):
            with suppress(RuntimeError):
                night(world, calendars=calendars, forced=["deletes_in_calendar"])
    # Who broke down tells nothing; the next one does.
    night(world, calendars=("MATH101",))
    assert held(capsys) == ITS_OWN
    assert not [subject for subject in mail.subjects if "COMP101" in subject and "over" in subject]

    assert night(world, **RELEASED).exit_code == 0
    assert held(capsys) == []
    assert mail.subjects[-1].startswith("timetable-sync: over: ")


def test_a_release_that_is_cut_short_while_it_reads_ends_no_hold(
    world: NightWorld, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(world)
    with monkeypatch.context() as patched:
        patched.setattr("timetable_sync.night.read_calendars", ends_before_it_writes(RunInterrupted("it was asked to stop")))
        assert world.night(**RELEASED).cut_short
    assert held(capsys) == ITS_OWN


@pytest.mark.parametrize("what", ["apply", "snapshot"])
def test_a_release_of_which_the_calendar_fails_ends_no_hold_and_what_is_left_is_what_is_held(
    world: NightWorld, mail: MailServer, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    begin(world)
    if what == "apply":
        # Three are done, five are not.
        left = iter(range(8))
        refused = CalendarError("the mailbox is full")
        world.backend.faults.fail_changes(
            refused, lambda change: isinstance(change, Delete) and next(left, 9) >= 3, calendar=COMP, times=None
        )
    else:
        world.backend.faults.fail("snapshot", CalendarError("the mailbox moves"), calendar=COMP)
    assert night(world, **RELEASED).exit_code == 1
    assert held(capsys) == ITS_OWN
    (thing,) = asked(capsys, "held")["held"]
    assert thing["calendars"][0]["deleted"] == len(thing["calendars"][0]["changes"]) == len(world.backend.people.see(COMP)) - 2
    assert not any("over" in subject for subject in mail.subjects)

    world.backend.faults.clear()
    assert night(world, **RELEASED).exit_code == 0
    assert held(capsys) == []


def test_what_is_held_is_over_once_the_timetable_wants_it_again(
    world: NightWorld, mail: MailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(world)
    world.timetable([*weekly(), *maths()])
    assert night(world, calendars=("COMP101",)).exit_code == 0
    assert held(capsys) == []
    assert mail.subjects[1:] == ["timetable-sync: over: COMP101 held"]


@pytest.mark.parametrize("keys", ['report_only = ["COMP*"]', 'pilot = ["MATH*"]'])
def test_what_is_held_is_over_once_the_configuration_does_not_want_it_written(
    world: NightWorld, capsys: pytest.CaptureFixture[str], keys: str
) -> None:
    begin(world)
    text = world.configuration.read_text("utf-8")
    world.configuration.write_text(text.replace("[event]", f"{keys}\n[event]", 1), "utf-8")
    assert night(world).exit_code == 0
    assert held(capsys) == []


def half_of_all(world: NightWorld) -> None:
    """A good night of eight calendars, then one that is held as a whole: each would lose three of ten events."""
    rows = [row for number in range(8) for row in weekly(f"A{number}", f"COMP{number}", 10)]
    for number in range(8):
        world.calendar(f"COMP{number}")
    world.timetable(rows)
    assert night(world).exit_code == 0
    world.timetable([row for number in range(8) for row in weekly(f"A{number}", f"COMP{number}", 7)])
    assert night(world).exit_code == 5


WHOLE = [("the run", "deletes_in_run"), ("the run", "shrunken_timetable")]


def test_a_runs_own_hold_outlasts_every_run_that_does_not_settle_it(
    world: NightWorld, mail: MailServer, capsys: pytest.CaptureFixture[str]
) -> None:
    half_of_all(world)
    assert held(capsys) == WHOLE
    # Of some calendars: it goes ahead there, and the others wait.
    assert night(world, calendars=("COMP1",)).exit_code == 0
    assert held(capsys) == WHOLE
    assert "COMP1 " not in _shown(capsys)
    # A dry run, one that finds no timetable, one that finds another one at work.
    night(world, dry_run=True)
    away = world.database.rename(world.folder / "away.db")
    night(world)
    away.rename(world.database)
    assert held(capsys) == WHOLE
    # One of whose calendars one cannot be read, which still waits.
    world.backend.faults.fail("snapshot", CalendarError("the mailbox moves"), calendar="comp2@groups.example.ac.uk", times=None)
    assert night(world, forced=["deletes_in_run", "shrunken_timetable"]).exit_code == 1
    assert [name for name, _ in held(capsys)] == ["the run", "the run"]
    assert "COMP2 " in _shown(capsys)
    assert "COMP3 " not in _shown(capsys)
    assert not any("over" in subject and "run held" in subject for subject in mail.subjects)

    world.backend.faults.clear()
    assert night(world).exit_code == 0
    assert held(capsys) == []
    assert any("over: " in subject for subject in mail.subjects)


def _shown(capsys: pytest.CaptureFixture[str]) -> str:
    assert typed("held") == 0
    return capsys.readouterr().out


def test_a_runs_hold_is_over_once_all_its_calendars_were_written_one_by_one(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    half_of_all(world)
    for number in range(8):
        assert held(capsys)[0] == ("the run", "deletes_in_run")
        assert night(world, calendars=(f"COMP{number}",)).exit_code == 0
    assert night(world).exit_code == 0
    assert held(capsys) == []


def test_a_runs_hold_is_over_once_the_timetable_is_whole_again(world: NightWorld, capsys: pytest.CaptureFixture[str]) -> None:
    half_of_all(world)
    world.timetable([row for number in range(8) for row in weekly(f"A{number}", f"COMP{number}", 10)])
    assert night(world, calendars=("COMP1",)).exit_code == 0
    assert ("the run", "deletes_in_run") in held(capsys)
    assert night(world).exit_code == 0
    assert held(capsys) == []


def test_a_run_of_some_calendars_does_not_narrow_what_one_of_all_of_them_held(
    world: NightWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    half_of_all(world)
    assert night(world, calendars=("COMP[0-5]",)).exit_code == 5
    (thing, _) = asked(capsys, "held")["held"]
    assert (thing["count"], thing["run"], len(thing["calendars"])) == (24, 2, 8)
    assert night(world, forced=["deletes_in_run", "shrunken_timetable"]).exit_code == 0
    assert held(capsys) == []


def test_an_empty_timetable_is_over_as_soon_as_there_is_one_and_ends_no_other_hold(
    world: NightWorld, capsys: pytest.CaptureFixture[str]
) -> None:
    begin(world)
    world.timetable([])
    assert night(world, calendars=("MATH101",)).exit_code == 5
    assert held(capsys) == [("the run", "empty_timetable"), *ITS_OWN]
    world.timetable([*weekly(weeks=2), *maths()])
    assert night(world, calendars=("MATH101",)).exit_code == 0
    assert held(capsys) == ITS_OWN
