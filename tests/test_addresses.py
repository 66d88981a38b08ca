"""Whole nights in which addresses lead elsewhere than they did: renamed, made anew, one mailbox by two addresses."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.night_world import Meeting, NightWorld
from timetable_sync.calendars.memory import MemoryItem
from timetable_sync.config.load import load
from timetable_sync.errors import CalendarError, TransientError
from timetable_sync.model.calendar import Calendar
from timetable_sync.reports.summary import RunSummary, Status
from timetable_sync.state.store import open_state

OLD, NEW = "comp101@groups.example.ac.uk", "comp101@new.example.ac.uk"


def lectures(*modules: str, weeks: int = 8, title: str = "Logic") -> list[Meeting]:
    """On Wednesdays at nine; each module has activities of its own."""
    days = [datetime(2026, 10, 14, tzinfo=UTC) + timedelta(weeks=week) for week in range(weeks)]
    return [(f"A-{module}", module, f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 10:00", title, "R1") for module in modules for day in days]


class Moving(NightWorld):
    """A world whose calendars may change their addresses, with what a test looks at."""

    def __init__(self, folder: Path, more: str = "") -> None:
        super().__init__(folder, more)
        self.store = self.backend.store

    def domain(self, name: str, also: Sequence[str] = ()) -> None:
        """From now on calendars.address yields addresses of this domain, and no others are allowed, but ``also``."""
        text = self.configuration.read_text("utf-8")
        lines = [
            f'address = "{{{{ calendar | lower }}}}@{name}"'
            if line.startswith("address")
            else f"allow = {[f'*@{one}' for one in (name, *also)]}"
            if line.startswith("allow")
            else line
            for line in text.splitlines()
        ]
        self.configuration.write_text("\n".join(lines) + "\n", "utf-8")

    def rename(self, old: str, new: str, *, alias: bool = False) -> None:
        """The mailbox has another address; the old one is kept as an alias, or leads nowhere."""
        self.store.add_address(new, old)
        if not alias:
            self.store.close_calendar(old)

    def make_anew(self, address: str) -> None:
        self.store.close_calendar(address)
        self.store.open_calendar(address)

    def stands(self, address: str) -> list[MemoryItem]:
        return self.backend.people.see(address)

    def known(self) -> dict[str, int]:
        """How many entries the ledger has, by address."""
        with open_state(load(self.configuration, {}).settings.state) as state:
            return {one.address: len(state.ledger_entries("timetable", one)) for one in state.ledger_calendars("timetable")}

    def writes(self) -> int:
        return self.backend.requests["apply"]


@pytest.fixture
def world(tmp_path: Path) -> Moving:
    return Moving(tmp_path)


def by_name(night: RunSummary) -> dict[str, Status]:
    return {report.calendar.address: report.status for report in night.calendars}


def said(night: RunSummary) -> str:
    troubles = [report.trouble for report in night.calendars if report.trouble is not None]
    return "\n".join(trouble.message for trouble in (*troubles, *night.worth_knowing, *night.needs_you))


@pytest.mark.parametrize("alias", [True, False], ids=["the old address is kept as an alias", "the old address leads nowhere"])
@pytest.mark.parametrize("quiet", [True, False], ids=["nothing else is new", "the timetable is new as well"])
def test_a_changed_domain_writes_nothing_and_what_was_known_goes_along(world: Moving, *, alias: bool, quiet: bool) -> None:
    modules = ("COMP101", "COMP102", "MATH101")
    world.timetable(lectures(*modules))
    addresses = {module: world.calendar(module) for module in modules}
    for _ in range(3):
        world.night()
    before = {module: world.stands(address) for module, address in addresses.items()}
    for module, address in addresses.items():
        world.rename(address, f"{module.lower()}@new.example.ac.uk", alias=alias)
    world.domain("new.example.ac.uk")
    if not quiet:
        world.timetable(lectures(*modules, title="Logic and Sets"))
    written = world.writes()
    dry = world.night(dry_run=True)
    night = world.night()
    for one in (dry, night):
        assert (one.exit_code, one.held, one.failure) == (0, (), None)
        assert "3 calendars have another address now" in said(one)
        assert {report.calendar.address for report in one.calendars} == {f"{module.lower()}@new.example.ac.uk" for module in modules}
        assert sum(report.deleted + report.created for report in one.calendars) == 0
        assert sum(report.updated for report in one.calendars) == (0 if quiet else 24)
    assert world.known() == {f"{module.lower()}@new.example.ac.uk": 8 for module in modules}
    if quiet:
        assert world.writes() == written
        assert {module: world.stands(f"{module.lower()}@new.example.ac.uk") for module in modules} == before
    world.night()
    world.backend.requests.clear()
    quiet_night = world.night()
    assert (quiet_night.exit_code, dict(world.backend.requests)) == (0, {"stamp": 3})


def test_a_renamed_mailbox_costs_one_small_request_where_its_sign_shows_that_nothing_changed(world: Moving) -> None:
    world.timetable(lectures("COMP101"))
    world.calendar("COMP101")
    for _ in range(3):
        world.night()
    world.rename(OLD, NEW)
    world.domain("new.example.ac.uk")
    world.backend.requests.clear()
    assert world.night().exit_code == 0
    assert dict(world.backend.requests) == {"stamp": 1}


def test_what_somebody_deleted_and_may_stay_so_is_not_made_anew_by_a_rename(tmp_path: Path) -> None:
    world = Moving(tmp_path, '[drift]\ndeleted = "keep"\n')
    world.timetable(lectures("COMP101"))
    world.calendar("COMP101")
    world.night()
    world.backend.people.delete(OLD, world.stands(OLD)[0].id)
    world.rename(OLD, NEW)
    world.domain("new.example.ac.uk")
    for dry_run in (True, False, False):
        assert world.night(dry_run=dry_run).calendars[0].created == 0
    assert len(world.stands(NEW)) == 7


def test_a_mailbox_that_did_not_exist_when_it_was_first_named_is_known_by_its_folder_once_it_does(tmp_path: Path) -> None:
    """Every night reads in full, so that nobody asks for a stamp, which would tell the folder as well."""
    world = Moving(tmp_path, '[run]\nfull_reading = "0 days"\n')
    world.calendar("MATH101")
    world.timetable(lectures("COMP101", "MATH101", weeks=5))
    assert world.night().exit_code == 1
    world.calendar("COMP101")
    for _ in range(2):
        assert world.night().exit_code == 0
    before = world.stands(OLD)
    world.rename(OLD, NEW, alias=True)
    world.rename("math101@groups.example.ac.uk", "math101@new.example.ac.uk", alias=True)
    world.domain("new.example.ac.uk", ["groups.example.ac.uk"])
    assert world.night().exit_code == 0
    assert world.stands(NEW) == before


@pytest.mark.parametrize("known", [True, False], ids=["known from earlier nights", "in their first night"])
def test_two_addresses_of_one_mailbox_that_the_timetable_both_names_fail_and_nothing_is_written(world: Moving, *, known: bool) -> None:
    comp, other = world.calendar("COMP101"), "comp102@groups.example.ac.uk"
    if known:
        world.timetable(lectures("COMP101"))
        world.night()
    world.store.add_address(other, comp)
    world.calendar("MATH101")
    world.timetable(lectures("COMP101", "COMP102", "MATH101"))
    written, before = world.writes(), world.stands(comp)
    for dry_run in (True, False, False):
        night = world.night(dry_run=dry_run)
        assert (night.exit_code, by_name(night)[comp], by_name(night)[other]) == (1, Status.FAILED, Status.FAILED)
        assert comp in said(night)
        assert other in said(night)
    assert world.stands(comp) == before
    assert world.writes() == written + 1, "the third calendar is no matter of theirs"


@pytest.mark.parametrize("asked", [("COMP102",), ("COMP101",)])
def test_an_address_that_is_not_looked_at_tonight_is_compared_by_what_is_remembered_of_it(world: Moving, asked: tuple[str, ...]) -> None:
    comp, other = world.calendar("COMP101"), world.calendar("COMP102")
    world.timetable(lectures("COMP101", "COMP102"))
    world.night()
    both = world.stands(comp), world.stands(other)
    (changing,) = {comp, other} - {f"{asked[0].lower()}@groups.example.ac.uk"}
    staying = comp if changing == other else other
    # The one that is asked for leads to the other's mailbox now.
    world.store.close_calendar(staying)
    world.store.add_address(staying, changing)
    written = world.writes()
    night = world.night(calendars=asked)
    assert (night.exit_code, by_name(night)) == (1, {staying: Status.FAILED})
    assert changing in said(night)
    assert world.writes() == written
    assert both[0 if changing == comp else 1] == world.stands(changing)


def test_a_mailbox_that_was_made_anew_is_filled_and_what_stands_in_it_is_taken_as_it_is(world: Moving) -> None:
    world.timetable(lectures("COMP101", "MATH101"))
    comp, _ = world.calendar("COMP101"), world.calendar("MATH101")
    for _ in range(3):
        world.night()
    world.make_anew(comp)
    coffee = world.backend.people.add_appointment(comp, datetime(2026, 10, 15, 9, tzinfo=UTC), datetime(2026, 10, 15, 10, tzinfo=UTC))
    night = world.night()
    assert (night.exit_code, night.held, night.calendars[0].created) == (0, (), 8)
    assert "1 calendar was made anew" in said(night)
    assert coffee in world.stands(comp)
    assert len(world.stands(comp)) == 9
    world.night()
    assert world.night().calendars[0].status is Status.UNCHANGED


def test_a_mailbox_that_was_made_anew_is_seen_in_a_night_in_which_its_timetable_changed(world: Moving) -> None:
    """Then nobody asks for a stamp: what was known is not found there, so it is looked at."""
    world.timetable(lectures("COMP101"))
    comp = world.calendar("COMP101")
    for _ in range(3):
        world.night()
    world.make_anew(comp)
    world.timetable(lectures("COMP101", title="Sets"))
    night = world.night()
    assert "1 calendar was made anew" in said(night)
    assert (night.exit_code, night.calendars[0].created) == (0, 8)
    assert world.known() == {comp: 8}


def test_a_mailbox_of_which_an_unchanged_sign_says_that_nothing_changed_is_told_from_another_one_with_that_sign(
    world: Moving, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.timetable(lectures("COMP101"))
    comp = world.calendar("COMP101")
    for _ in range(3):
        world.night()
    sign = world.store.stamp(comp)
    world.make_anew(comp)
    monkeypatch.setattr(world.store, "stamp", lambda address: sign)
    assert world.night().calendars[0].created == 8


def test_an_old_address_that_is_kept_as_an_alias_is_no_calendar_any_more_whatever_it_answers(world: Moving) -> None:
    world.timetable(lectures("COMP101"))
    world.calendar("COMP101")
    world.night()
    world.rename(OLD, NEW, alias=True)
    world.domain("new.example.ac.uk", ["groups.example.ac.uk"])
    for error in (TransientError("busy"), CalendarError("this is not the primary address")):
        for operation in ("stamp", "snapshot"):
            world.backend.faults.fail(operation, error, calendar=OLD, times=None)
        night = world.night()
        assert (night.exit_code, by_name(night)) == (0, {NEW: Status.UNCHANGED})
    assert world.known() == {NEW: 8}


@pytest.mark.parametrize(
    "error", [TransientError("busy"), CalendarError("there is no such mailbox yet", gone=True)], ids=["busy", "not there"]
)
def test_where_the_new_address_cannot_be_looked_at_the_old_one_is_not_cleared(world: Moving, error: TransientError | CalendarError) -> None:
    """They may be one mailbox, and the group would be without lectures until the new address can be looked at."""
    world.timetable(lectures("COMP101", weeks=5))
    world.calendar("COMP101")
    world.night()
    before = world.stands(OLD)
    world.rename(OLD, NEW, alias=True)
    world.domain("new.example.ac.uk", ["groups.example.ac.uk"])
    for operation in ("stamp", "snapshot"):
        world.backend.faults.fail(operation, error, calendar=NEW, times=None)
    night = world.night()
    assert (night.exit_code, by_name(night)) == (1, {OLD: Status.UNCHANGED, NEW: Status.FAILED})
    assert world.stands(OLD) == before
    world.backend.faults.clear()
    assert (world.night().exit_code, world.known()) == (0, {NEW: 5})
    assert world.stands(NEW) == before


def test_an_old_name_of_a_mailbox_does_not_clear_it_in_a_run_that_is_for_the_old_name_alone(world: Moving) -> None:
    world.timetable(lectures("COMP101"))
    world.calendar("COMP101")
    world.night()
    world.rename(OLD, NEW, alias=True)
    world.domain("new.example.ac.uk", ["groups.example.ac.uk"])
    world.night()
    # Before this was told apart, both had been written.
    with open_state(load(world.configuration, {}).settings.state) as state:
        entries = state.ledger_entries("timetable", Calendar(NEW, "COMP101"))
        state.learn("timetable", Calendar(OLD, "COMP101"), list(entries.values()))
    before = world.stands(NEW)
    night = world.night(calendars=(OLD,))
    assert (night.exit_code, by_name(night)) == (1, {OLD: Status.FAILED})
    assert world.stands(NEW) == before
    assert world.night().exit_code == 0
    assert world.known() == {NEW: 8}


def test_two_calendars_that_changed_places_are_each_what_the_timetable_says(world: Moving) -> None:
    world.timetable(lectures("COMP101", "COMP102"))
    comp, other = world.calendar("COMP101"), world.calendar("COMP102")
    for _ in range(3):
        world.night()
    folders = world.store.folder(comp), world.store.folder(other)
    world.store.add_address("spare", comp)
    world.store.close_calendar(comp)
    world.store.add_address(comp, other)
    world.store.close_calendar(other)
    world.store.add_address(other, "spare")
    assert (world.store.folder(other), world.store.folder(comp)) == folders
    held = world.night()
    assert held.exit_code == 5
    assert world.known() == {comp: 8, other: 8}
    night = world.night(forced=("deletes_in_run", "deletes_in_calendar"))
    assert night.exit_code == 0
    assert {item.subject for item in world.stands(comp)} == {"Logic"}
    assert world.night().exit_code == 0


def test_with_the_ledger_lost_two_addresses_of_one_mailbox_do_no_harm(world: Moving) -> None:
    world.timetable(lectures("COMP101"))
    world.calendar("COMP101")
    world.night()
    world.rename(OLD, NEW, alias=True)
    world.domain("new.example.ac.uk", ["groups.example.ac.uk"])
    (world.folder / "state.db").unlink()
    written, before = world.writes(), world.stands(NEW)
    night = world.night()
    assert (night.exit_code, by_name(night)) == (0, {NEW: Status.UNCHANGED})
    assert (world.writes(), world.stands(NEW)) == (written, before)


def test_every_night_in_full_asks_once_where_an_address_leads_and_then_no_more(tmp_path: Path) -> None:
    world = Moving(tmp_path, '[run]\nfull_reading = "0 days"\n')
    world.timetable(lectures("COMP101"))
    comp = world.calendar("COMP101")
    world.night()
    for _ in range(3):
        world.backend.requests.clear()
        world.night()
        assert dict(world.backend.requests) == {"snapshot": 1}
    world.make_anew(comp)
    night = world.night()
    assert "1 calendar was made anew" in said(night)
    assert night.calendars[0].created == 8


def test_a_service_whose_folders_all_have_one_id_is_used_as_before(world: Moving, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world.store, "folder", lambda address: "10")
    modules = ["COMP101"]
    for module in ("COMP102", "COMP103", "MATH101"):
        world.calendar(modules[-1])
        world.timetable(lectures(*modules))
        if len(modules) != 2:
            assert world.night().exit_code == 0
        modules.append(module)
    world.calendar("MATH101")
    world.timetable(lectures(*modules))
    for asked in ((), ("COMP101", "COMP102"), ()):
        assert world.night(calendars=asked).exit_code == 0
    assert all(len(world.stands(f"{module.lower()}@groups.example.ac.uk")) == 8 for module in modules)
