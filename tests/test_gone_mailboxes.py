"""Whole nights with mailboxes that are gone for good: they fail by name, and what nobody asks for is forgotten after some nights."""

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.night_world import Meeting, NightWorld
from timetable_sync.apply.progress import Silent
from timetable_sync.config.load import load
from timetable_sync.errors import CalendarError, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.purge import PurgeRequest, purge
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.reports.notices import worth_knowing
from timetable_sync.reports.summary import RunSummary, Status
from timetable_sync.reports.totals import count
from timetable_sync.state.intents import Sending
from timetable_sync.state.store import State, open_state

GONE, STAYS = "comp101@groups.example.ac.uk", "math101@groups.example.ac.uk"
FORGOTTEN = "1 calendar was forgotten, as the timetable does not name it, and its mailbox is gone: COMP101"


def lectures(*modules: str, weeks: int = 8) -> list[Meeting]:
    days = [datetime(2026, 10, 14, tzinfo=UTC) + timedelta(weeks=week) for week in range(weeks)]
    return [(f"A-{module}", module, f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 10:00", "Logic", "R1") for module in modules for day in days]


class Leaving(NightWorld):
    """``forget_after`` is 3. COMP101's mailbox can be taken away, MATH101's stays."""

    def __init__(self, folder: Path, after: int = 3, more: str = "") -> None:
        super().__init__(folder, more)
        self.forget_after(after)
        self.calendar("COMP101"), self.calendar("MATH101"), self.calendar("MATH102")
        self.timetable(lectures("COMP101", "MATH101", "MATH102"))
        assert self.night().exit_code == 0

    def forget_after(self, nights: int) -> None:
        text = self.configuration.read_text("utf-8")
        lines = [line for line in text.splitlines() if not line.startswith("forget_after")]
        lines.insert(lines.index("[calendars]") + 1, f"forget_after = {nights}")
        self.configuration.write_text("\n".join(lines) + "\n", "utf-8")

    def take_away(self) -> None:
        """The mailbox is gone, and the timetable does not name it any more."""
        self.backend.store.close_calendar(GONE)
        self.timetable(lectures("MATH101", "MATH102"))

    def next_night(self, **asked: object) -> RunSummary:
        self.now += timedelta(days=1)
        return self.night(**asked)  # type: ignore[arg-type]  # as of a night

    def state(self) -> State:
        return open_state(load(self.configuration, {}).settings.state)

    def on_record(self) -> list[str]:
        with self.state() as state:
            return [one.address for one in state.recorded.on_record("timetable")]


@pytest.fixture
def world(tmp_path: Path) -> Leaving:
    made = Leaving(tmp_path)
    made.take_away()
    return made


def failed(night: RunSummary) -> list[str]:
    return [report.calendar.address for report in night.calendars if report.status is Status.FAILED]


def said(night: RunSummary) -> str:
    return "\n".join(matter.sentence for matter in worth_knowing(night, count(night), TimeFormat(night.time_zone)))


def advice(night: RunSummary) -> str:
    (report,) = [report for report in night.calendars if report.calendar.address == GONE]
    assert report.trouble is not None
    return report.trouble.advice


def test_a_calendar_that_nobody_asks_for_and_whose_mailbox_is_gone_is_forgotten_after_some_nights_in_a_row(world: Leaving) -> None:
    for left in ("2 more such nights. ", "1 more such night. "):
        night = world.next_night()
        assert (night.exit_code, failed(night), night.forgotten) == (1, [GONE], ())
        by_itself = f"It is forgotten by itself after {left}"
        assert advice(night) == f"{by_itself}If the mailbox is gone for good: timetable-sync forget COMP101"
    night = world.next_night()
    assert (night.exit_code, failed(night), [one.address for one in night.forgotten]) == (0, [], [GONE])
    assert FORGOTTEN in said(night)
    assert world.on_record() == [STAYS, "math102@groups.example.ac.uk"]
    quiet = world.next_night()
    assert (quiet.exit_code, quiet.forgotten, FORGOTTEN in said(quiet)) == (0, (), False)


def test_a_dry_run_says_what_would_be_forgotten_and_forgets_and_counts_nothing(world: Leaving) -> None:
    for _ in range(5):
        assert world.next_night(dry_run=True).forgotten == ()
    for _ in range(2):
        world.next_night()
    dry = world.next_night(dry_run=True)
    assert [one.address for one in dry.forgotten] == [GONE]
    assert FORGOTTEN.replace("was forgotten", "would be forgotten") in said(dry)
    assert GONE in world.on_record()


def test_nights_that_did_not_get_to_it_neither_count_nor_end_the_row(world: Leaving) -> None:
    world.next_night()
    assert world.next_night(calendars=("MATH*",)).forgotten == ()
    for operation in ("stamp", "snapshot"):
        world.backend.faults.fail(operation, TransientError("busy"), calendar=GONE, times=None)
    busy = world.next_night()
    assert (failed(busy), "forget" in advice(busy)) == ([GONE], False)
    world.backend.faults.clear()
    assert world.next_night().forgotten == ()
    assert [one.address for one in world.next_night().forgotten] == [GONE]


def test_several_runs_of_one_night_are_one(world: Leaving) -> None:
    for _ in range(2):
        for _ in range(4):
            world.now += timedelta(minutes=30)
            assert failed(world.night()) == [GONE]
        world.now += timedelta(hours=22)
    assert [one.address for one in world.night().forgotten] == [GONE]


@pytest.mark.parametrize("refused", [True, False], ids=["refuses", "answers"])
def test_a_mailbox_that_is_there_again_begins_the_count_anew(world: Leaving, *, refused: bool) -> None:
    for _ in range(2):
        world.next_night()
    if refused:
        for operation in ("stamp", "snapshot"):
            world.backend.faults.fail(operation, CalendarError("Exchange denies access"), calendar=GONE, times=None)
        assert failed(world.next_night()) == [GONE]
        world.backend.faults.clear()
    else:
        world.backend.store.open_calendar(GONE)
        world.next_night(dry_run=True)
        world.timetable(lectures("COMP101", "MATH101", "MATH102"))
        assert world.next_night().exit_code == 0
        world.take_away()
    for _ in range(2):
        assert (world.next_night().forgotten, GONE in world.on_record()) == ((), True)
    assert [one.address for one in world.next_night().forgotten] == [GONE]


def test_a_mailbox_that_only_refuses_is_never_forgotten(tmp_path: Path) -> None:
    world = Leaving(tmp_path, after=1)
    world.timetable(lectures("MATH101", "MATH102"))
    for operation in ("stamp", "snapshot"):
        world.backend.faults.fail(operation, CalendarError("Exchange denies access"), calendar=GONE, times=None)
    for _ in range(3):
        night = world.next_night()
        assert (failed(night), GONE in world.on_record()) == ([GONE], True)
        assert advice(night) == "If nothing is to be known of it any more: timetable-sync forget COMP101"


def test_of_one_that_may_not_be_written_any_more_it_is_said_how_it_is_forgotten(world: Leaving) -> None:
    """It would fail as long, and is not even asked."""
    text = world.configuration.read_text("utf-8").replace('allow = ["*@groups', 'allow = ["math*@groups')
    world.configuration.write_text(text, "utf-8")
    night = world.next_night()
    assert (night.exit_code, failed(night)) == (1, [GONE])
    assert advice(night).endswith("If nothing is to be known of it any more: timetable-sync forget COMP101")
    world.timetable(lectures("COMP101", "MATH101", "MATH102"))
    assert "forget" not in advice(world.next_night())


def test_one_of_which_only_an_unanswered_create_is_on_record_is_forgotten_too(world: Leaving) -> None:
    with world.state() as state:
        state.forget("timetable", [GONE])
        state.about_to_send("timetable", Sending(Calendar(GONE, "COMP101"), ("a",)))
    for _ in range(2):
        assert failed(world.next_night()) == [GONE]
    assert [one.address for one in world.next_night().forgotten] == [GONE]
    assert GONE not in world.on_record()


def test_a_purge_of_a_mailbox_that_is_gone_says_what_to_type_instead(world: Leaving) -> None:
    summary = purge(
        load(world.configuration, {}),
        PurgeRequest(world.now, ("COMP101",)),
        progress=Silent(),
        stop=threading.Event(),
        connect=lambda settings, token: world.backend,
    )
    assert (summary.exit_code, advice(summary)) == (1, "If the mailbox is gone for good: timetable-sync forget COMP101")


def test_what_the_timetable_asks_for_is_not_forgotten_and_no_command_says_so(tmp_path: Path) -> None:
    world = Leaving(tmp_path, after=1)
    world.backend.store.close_calendar(GONE)
    for _ in range(4):
        night = world.next_night()
        assert (night.exit_code, failed(night), night.forgotten) == (1, [GONE], ())
        assert "forget" not in advice(night)
    world.timetable(lectures("MATH101", "MATH102"))
    assert [one.address for one in world.next_night().forgotten] == [GONE], "its nights were counted"


def test_a_calendar_that_a_row_may_be_about_which_is_set_aside_is_not_forgotten(tmp_path: Path) -> None:
    world = Leaving(tmp_path, after=1)
    world.take_away()
    world.timetable([*lectures("MATH101", "MATH102"), ("A-COMP101", None, "2026-10-14 09:00", "2026-10-14 10:00", "Logic", "R1")])
    for _ in range(2):
        night = world.next_night()
        assert (night.exit_code, failed(night), night.forgotten) == (1, [GONE], ())
    world.timetable(lectures("MATH101", "MATH102"))
    assert [one.address for one in world.next_night().forgotten] == [GONE]


def test_nothing_is_forgotten_while_the_whole_run_is_held(tmp_path: Path) -> None:
    world = Leaving(tmp_path, after=1, more="[guards]\ndeletes_in_run = { share = '10 %', at_least = 5 }\n")
    world.take_away()
    world.timetable([lecture for lecture in lectures("MATH101", "MATH102") if (lecture[2] or "") < "2026-11"])
    held = world.next_night()
    assert (held.exit_code, failed(held), held.forgotten, GONE in world.on_record()) == (1, [GONE], (), True)
    assert [verdict.guard for verdict in held.held if verdict.calendar is None] == ["shrunken_timetable", "deletes_in_run"]
    world.timetable(lectures("MATH101", "MATH102"))
    assert [one.address for one in world.next_night().forgotten] == [GONE]


def test_what_is_gone_for_good_does_not_count_for_the_runs_guards_any_more(tmp_path: Path) -> None:
    """Else a college that lost a third of its mailboxes would be held for ever."""
    world = Leaving(tmp_path)
    world.take_away()
    for _ in range(2):
        world.next_night()
    night = world.next_night()
    assert (night.exit_code, night.held) == (0, ())


def test_never_means_never(tmp_path: Path) -> None:
    world = Leaving(tmp_path, after=0)
    world.take_away()
    for _ in range(4):
        night = world.next_night()
        assert (failed(night), night.forgotten) == ([GONE], ())
        assert advice(night) == "If the mailbox is gone for good: timetable-sync forget COMP101"


def test_a_forgotten_calendar_that_the_timetable_names_again_is_a_new_one_and_nothing_of_it_is_doubled(tmp_path: Path) -> None:
    """Its mailbox was restored, with what stood there: the marks say what is ours."""
    world = Leaving(tmp_path)
    before = world.backend.people.see(GONE)
    world.backend.store.add_address("in the dumpster", GONE)
    world.take_away()
    for _ in range(3):
        world.next_night()
    assert GONE not in world.on_record()
    world.backend.store.add_address(GONE, "in the dumpster")
    world.timetable(lectures("COMP101", "MATH101", "MATH102"))
    for _ in range(2):
        night = world.next_night()
        assert (night.exit_code, [report.status for report in night.calendars]) == (0, [Status.UNCHANGED] * 3)
    assert world.backend.people.see(GONE) == before
    assert len(before) == 8
