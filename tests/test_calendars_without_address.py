"""What a calendar's address is made of is missing or wrong tonight: whole nights in which no lecture is lost by it."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.night_world import Meeting, NightWorld
from timetable_sync.model.plan import SkipReason
from timetable_sync.reports.summary import RunSummary, Status

Mailbox = tuple[str | None, str | None]

COMP, MATH = "comp@groups.example.ac.uk", "math@groups.example.ac.uk"
NAMES: list[Mailbox] = [("COMP101", COMP), ("MATH7", MATH)]


def lecture(activity: str, module: str | None, title: str = "Logic", day: int = 14, school: str | None = None) -> Meeting:
    return (activity, module, f"2026-10-{day} 09:00", f"2026-10-{day} 10:00", title, school)


LECTURES = [lecture("C1", "COMP101"), lecture("C2", "COMP101", day=15), lecture("M1", "MATH7"), lecture("M2", "MATH7", day=15)]


class World(NightWorld):
    """Whose calendars' mailboxes stand in a table beside the timetable."""

    def __init__(self, folder: Path, said: str = "", address: str = "{{ mailbox }}", timetable: str | None = None) -> None:
        super().__init__(folder, timetable=timetable)
        with sqlite3.connect(self.database) as database:
            database.execute("CREATE TABLE mailbox (name, email)")
        text = self.configuration.read_text("utf-8").replace("{{ calendar | lower }}@groups.example.ac.uk", address)
        query = 'mailboxes_query = "SELECT name, email FROM mailbox"\n' if "mailboxes_query" not in said else ""
        self.configuration.write_text(text.replace("[event]", f"{query}{said}\n[event]"), "utf-8")
        for mailbox in (COMP, MATH, "bio@groups.example.ac.uk"):
            self.backend.store.open_calendar(mailbox)
        self.mailboxes(NAMES)

    def mailboxes(self, rows: Iterable[Mailbox]) -> None:
        with sqlite3.connect(self.database) as database:
            database.execute("DELETE FROM mailbox")
            database.executemany("INSERT INTO mailbox VALUES (?, ?)", rows)

    def standing(self, address: str = COMP) -> list[str]:
        """What is to be seen in a calendar."""
        return sorted(f"{item.start:%d} {item.subject}" for item in self.backend.store.items(address))


def world_of(folder: Path, meetings: Iterable[Meeting] = LECTURES, said: str = "", address: str = "{{ mailbox }}") -> World:
    """After its first night."""
    world = World(folder, said, address)
    world.timetable(meetings)
    assert world.night().exit_code == 0
    return world


def deleted(night: RunSummary) -> int:
    return sum(report.deleted for report in night.calendars)


GONE = [
    pytest.param([("MATH7", MATH)], id="its name is gone"),
    pytest.param([("COMP101", None), ("MATH7", MATH)], id="NULL"),
    pytest.param([("COMP101", " \xa0"), ("MATH7", MATH)], id="blank"),
    pytest.param([(None, COMP), ("MATH7", MATH)], id="no name"),
    pytest.param([("comp101", COMP), ("MATH7", MATH)], id="its case changed"),
    pytest.param([("COMP 101", COMP), ("MATH7", MATH)], id="a blank came in"),
    pytest.param([("COMP101", "comp"), ("MATH7", MATH)], id="no address"),
    pytest.param([("COMP101", f"{COMP}; {MATH}"), ("MATH7", MATH)], id="two addresses in one"),
]


@pytest.mark.parametrize("mailboxes", GONE)
def test_lessons_of_a_calendar_without_a_mailbox_stay_as_they_are_and_the_others_go_on(tmp_path: Path, mailboxes: list[Mailbox]) -> None:
    world = world_of(tmp_path)
    world.mailboxes(mailboxes)
    world.timetable([lecture("C1", "COMP101", "Sets"), *LECTURES[1:3], lecture("M2", "MATH7", "Sets", 15)])

    night = world.night()

    assert (night.exit_code, deleted(night), sum((night.bad_rows or {}).values())) == (1, 0, 2)
    assert world.standing() == ["14 Logic", "15 Logic"]
    assert world.standing(MATH) == ["14 Logic", "15 Sets"]
    world.mailboxes(NAMES)
    assert (world.night().exit_code, world.standing()) == (0, ["14 Sets", "15 Logic"])


def test_the_report_names_the_calendar_and_where_its_mailbox_should_come_from(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    world.mailboxes([("MATH7", MATH)])

    night = world.night()

    assert night.bad_rows == {"with no mailbox for its calendar": 2}
    assert {(bad.column, bad.reason) for bad in night.bad_row_examples} == {("calendars.mailboxes_query", '"COMP101" has no mailbox')}
    assert [said.message for said in night.worth_knowing] == ["one calendar has no mailbox, for 2 lessons: COMP101"]


@pytest.mark.parametrize("module", ["comp101", "COMP 101", "COMP-101"])
def test_a_calendars_name_that_is_written_otherwise_tonight_deletes_nothing(tmp_path: Path, module: str) -> None:
    world = world_of(tmp_path)
    world.timetable([lecture("C1", module), *LECTURES[1:]])

    assert (world.night().exit_code, world.standing()) == (1, ["14 Logic", "15 Logic"])


def test_a_lesson_in_two_calendars_goes_ahead_in_the_one_and_stays_in_the_other(tmp_path: Path) -> None:
    both = [lecture("J1", "COMP101"), lecture("J1", "MATH7")]
    world = world_of(tmp_path, [*both, *LECTURES])
    world.mailboxes([("MATH7", MATH)])
    world.timetable([*((activity, module, start, end, "Sets", room) for activity, module, start, end, _, room in both), *LECTURES])

    assert world.night().exit_code == 1
    assert world.standing() == ["14 Logic", "14 Logic", "15 Logic"]
    assert world.standing(MATH) == ["14 Logic", "14 Sets", "15 Logic"]


def test_a_lesson_that_moved_to_a_calendar_without_a_mailbox_stays_where_it_was(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    world.timetable([lecture("C1", "BIO9"), *LECTURES[1:]])

    night = world.night()

    assert (night.exit_code, deleted(night), len(world.standing())) == (1, 0, 2)


def test_meetings_that_are_numbered_anew_in_that_week_overwrite_nothing(tmp_path: Path) -> None:
    """A new meeting on Monday makes Wednesday's the second; Wednesday's calendar has no mailbox tonight."""
    world = world_of(tmp_path, [lecture("C1", "COMP101", "Wednesday")])
    world.mailboxes([("MATH7", MATH), ("SAME", COMP)])
    world.timetable([lecture("C1", "SAME", "Tuesday", 13), lecture("C1", "COMP101", "Wednesday")])

    assert (world.night().exit_code, world.standing()) == (1, ["14 Wednesday"])


def test_a_calendar_that_left_the_timetable_with_its_mailbox_is_cleared(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    world.mailboxes([("MATH7", MATH)])
    world.timetable(LECTURES[2:])

    assert (world.night().exit_code, world.standing()) == (0, [])


def test_a_lesson_that_is_gone_from_the_timetable_leaves_a_calendar_without_a_mailbox_too(tmp_path: Path) -> None:
    world = world_of(tmp_path)
    world.mailboxes([("MATH7", MATH)])
    world.timetable(LECTURES[1:])

    assert (world.night().exit_code, world.standing()) == (1, ["15 Logic"])


def test_of_lessons_that_are_over_or_cancelled_nothing_is_said(tmp_path: Path) -> None:
    world = World(tmp_path)
    text = world.configuration.read_text("utf-8")
    world.configuration.write_text(text.replace("rooms = {", 'cancelled = { column = "room", values = ["X"] }\nrooms = {'), "utf-8")
    world.timetable([("OLD", "BIO9", "2026-01-14 09:00", "2026-01-14 10:00", "Logic", None), lecture("X", "BIO9", school="X"), *LECTURES])

    night = world.night()

    assert (night.exit_code, night.bad_rows) == (0, None)


@pytest.mark.parametrize("rows", [[], [("COMP101", None), (None, MATH), ("", "")]])
@pytest.mark.parametrize("said", ["", 'lessons_without = "skip"'])
@pytest.mark.parametrize("address", ["{{ mailbox }}", "{{ mailbox or 'bio@groups.example.ac.uk' }}"])
def test_a_list_without_any_mailbox_makes_the_timetable_unusable(tmp_path: Path, rows: list[Mailbox], said: str, address: str) -> None:
    world = world_of(tmp_path, said=said, address=address)
    world.mailboxes(rows)

    night = world.night()

    assert (night.exit_code, world.standing(), world.standing(MATH)) == (4, ["14 Logic", "15 Logic"], ["14 Logic", "15 Logic"])
    assert night.failure is not None
    assert night.failure.message == "calendars.mailboxes_query gives no mailbox at all"


def test_a_list_of_mailboxes_that_breaks_off_ends_the_night(tmp_path: Path) -> None:
    failing = "SELECT name, CASE WHEN name = 'MATH7' THEN abs(-9223372036854775807 - 1) ELSE email END FROM mailbox ORDER BY name"
    world = world_of(tmp_path)
    text = world.configuration.read_text("utf-8")
    world.configuration.write_text(text.replace("SELECT name, email FROM mailbox", failing), "utf-8")

    assert (world.night().exit_code, len(world.standing()), len(world.standing(MATH))) == (4, 2, 2)


def test_half_a_list_sets_aside_as_many_and_holds_nothing_else(tmp_path: Path) -> None:
    """No guard takes for a shrunken timetable what stays where it is."""
    many = [lecture(f"C{number}", "COMP101", day=14 + number % 14) for number in range(30)]
    world = world_of(tmp_path, [*many, *LECTURES[2:]])
    world.mailboxes([("MATH7", MATH)])
    world.timetable([*many, LECTURES[2], lecture("M2", "MATH7", "Sets", 15)])

    night = world.night()

    assert (night.exit_code, night.held, len(world.standing()), world.standing(MATH)) == (1, (), 30, ["14 Logic", "15 Sets"])


class TestSkipping:
    """Which is a deliberate choice."""

    def test_a_lesson_leaves_a_calendar_without_a_mailbox(self, tmp_path: Path) -> None:
        world = world_of(tmp_path, said='lessons_without = "skip"')
        world.mailboxes([("MATH7", MATH)])

        night = world.night()

        assert (night.exit_code, night.bad_rows, world.standing()) == (0, None, [])
        assert [said.message for said in night.worth_knowing] == ["one calendar has no mailbox, for 2 lessons: COMP101"]

    @pytest.mark.parametrize("forced", [(), ("deletes_in_run", "deletes_in_calendar", "shrunken_timetable")])
    def test_if_none_at_all_has_one_the_timetable_is_refused_like_an_empty_one(self, tmp_path: Path, forced: tuple[str, ...]) -> None:
        world = world_of(tmp_path, said='lessons_without = "skip"')
        world.mailboxes([("BIO9", "bio@groups.example.ac.uk")])

        night = world.night(forced=forced)

        assert (night.exit_code, len(world.standing())) == (5, 2)
        assert [verdict.sentence for verdict in night.held] == [
            "the timetable is empty: none of its 4 lessons is in a calendar that has a mailbox"
        ]

    def test_of_lessons_that_name_no_calendar_alone_is_another_choice(self, tmp_path: Path) -> None:
        world = world_of(tmp_path, said='lessons_without = "skip_unnamed"')
        world.mailboxes([("MATH7", MATH)])
        world.timetable([*LECTURES[:2], lecture("M1", None), LECTURES[3]])

        night = world.night()

        assert (night.exit_code, night.nowhere, night.bad_rows) == (1, 1, {"with no mailbox for its calendar": 2})
        assert (len(world.standing()), len(world.standing(MATH))) == (2, 1)

    def test_what_is_no_address_is_a_mistake_all_the_same(self, tmp_path: Path) -> None:
        world = world_of(tmp_path, said='lessons_without = "skip"')
        world.mailboxes([("COMP101", "comp"), ("MATH7", MATH)])

        assert (world.night().exit_code, len(world.standing())) == (1, 2)


class TestWhatAnAddressIsMadeOf:
    """Without it another address comes out, which looks like one."""

    ADDRESSES = (
        "{{ rooms | join }}-{{ calendar | lower }}@groups.example.ac.uk",
        "{{ rooms | join ~ '-' ~ calendar | lower }}@groups.example.ac.uk",
    )

    @pytest.mark.parametrize("address", ADDRESSES)
    @pytest.mark.parametrize("school", [None, "", " "])
    def test_an_empty_part_is_no_part(self, tmp_path: Path, address: str, school: str | None) -> None:
        world = World(tmp_path, 'mailboxes_query = "SELECT 1, 2"', address)
        for mailbox in ("cs-comp101@groups.example.ac.uk", "-comp101@groups.example.ac.uk"):
            world.backend.store.open_calendar(mailbox)
        world.timetable([lecture("C1", "COMP101", school="CS"), lecture("C2", "COMP101", school="CS")])
        assert world.night().exit_code == 0
        world.timetable([lecture("C1", "COMP101", school=school), lecture("C2", "COMP101", school="CS")])

        night = world.night()

        assert (night.exit_code, night.bad_rows) == (1, {"with no mail address for its calendar": 1})
        assert "{{ rooms | default('', true) }}" in night.bad_row_examples[0].reason
        assert len(world.standing("cs-comp101@groups.example.ac.uk")) == 2


class TestCalendarsOfAQueryOfTheirOwn:
    """A row that should name a calendar, and does not."""

    TIMETABLE = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
query = "SELECT DISTINCT activity, starts, ends, title, room FROM meeting"
[timetable.columns]
activity = "activity"
start = "starts"
end = "ends"
title = "title"
rooms = "room"
[timetable.children.calendars]
query = "SELECT activity, module FROM meeting"
key = "activity"
value = "module"
"""
    BOTH = (lecture("J1", "COMP101"), lecture("J1", "MATH7"))

    def world(self, folder: Path, said: str = "", value: str = '"module"') -> World:
        world = World(folder, said, timetable=self.TIMETABLE.replace('value = "module"', f"value = {value}"))
        world.timetable([*self.BOTH, *LECTURES])
        assert world.night().exit_code == 0
        return world

    @pytest.mark.parametrize("nothing", [None, "", "\t"])
    def test_the_lesson_stays_in_that_calendar_and_goes_ahead_in_the_others(self, tmp_path: Path, nothing: str | None) -> None:
        world = self.world(tmp_path)
        world.timetable([lecture("J1", nothing, "Sets"), lecture("J1", "MATH7", "Sets"), *LECTURES])

        night = world.night()

        assert (night.exit_code, night.bad_rows) == (1, {"of children.calendars without a calendar": 1})
        assert world.standing() == ["14 Logic", "14 Logic", "15 Logic"]
        assert world.standing(MATH) == ["14 Logic", "14 Sets", "15 Logic"]

    def test_a_lesson_that_is_in_no_other_calendar_stays(self, tmp_path: Path) -> None:
        world = self.world(tmp_path)
        world.timetable([*self.BOTH, lecture("C1", None), *LECTURES[1:]])

        assert (world.night().exit_code, len(world.standing())) == (1, 3)

    @pytest.mark.parametrize(
        ("said", "value"), [('lessons_without = "skip_unnamed"', '"module"'), ("", '{ column = "module", many = true }')]
    )
    def test_where_it_may_lack_the_lesson_leaves(self, tmp_path: Path, said: str, value: str) -> None:
        world = self.world(tmp_path, said, value)
        world.timetable([lecture("J1", None), lecture("J1", "MATH7"), *LECTURES])

        assert (world.night().exit_code, len(world.standing()), len(world.standing(MATH))) == (0, 2, 3)

    def test_a_row_without_a_key_either_may_be_of_any_lesson(self, tmp_path: Path) -> None:
        world = self.world(tmp_path)
        with sqlite3.connect(world.database) as database:
            database.execute("DELETE FROM meeting WHERE activity = 'C1'")
        text = world.configuration.read_text("utf-8")
        world.configuration.write_text(text.replace("module FROM meeting", "module FROM meeting UNION ALL SELECT NULL, NULL"), "utf-8")

        assert (world.night().exit_code, len(world.standing())) == (1, 3)


class TestSeveralMailboxesOfOneName:
    """A matter of that calendar alone."""

    OTHER = "bio@groups.example.ac.uk"

    @pytest.mark.parametrize("name", ["COMP101", " COMP101", "COMP\u00ad101"])
    @pytest.mark.parametrize("first", [True, False])
    def test_it_fails_with_what_to_do_and_the_others_go_on(self, tmp_path: Path, name: str, first: bool) -> None:
        world = world_of(tmp_path)
        world.mailboxes([(name, self.OTHER), *NAMES] if first else [*NAMES, (name, self.OTHER)])
        world.timetable([lecture("C1", "COMP101", "Sets"), lecture("M1", "MATH7", "Sets"), LECTURES[3]])

        night = world.night()

        assert (night.exit_code, night.failure) == (1, None)
        assert [(report.calendar.name, report.status) for report in night.calendars] == [
            ("COMP101", Status.FAILED),
            ("MATH7", Status.CHANGED),
        ]
        trouble = night.calendars[0].trouble
        assert trouble is not None
        assert trouble.message == f"it has several mailboxes, of which one can be meant, so it was not touched: {self.OTHER}, {COMP}"
        assert "calendars.mailboxes" in trouble.advice
        # Nor is what left the timetable.
        assert (world.standing(), world.standing(self.OTHER), world.standing(MATH)) == (
            ["14 Logic", "15 Logic"],
            [],
            ["14 Sets", "15 Logic"],
        )

    def test_nothing_is_deleted_from_the_mailbox_that_it_had_before(self, tmp_path: Path) -> None:
        world = world_of(tmp_path)
        world.mailboxes([("COMP101", "new@groups.example.ac.uk"), ("COMP101", self.OTHER), ("MATH7", MATH)])
        world.timetable([lecture("C1", "COMP101"), *LECTURES[2:]])

        night = world.night()

        assert (night.exit_code, len(world.standing())) == (1, 2)
        assert ("COMP101", Status.FAILED) in [(report.calendar.name, report.status) for report in night.calendars]

    def test_a_mailbox_that_another_name_leads_to_goes_on_but_for_the_lessons_in_doubt(self, tmp_path: Path) -> None:
        world = world_of(tmp_path)
        world.mailboxes([*NAMES, ("COMP101", MATH)])
        world.timetable([*LECTURES[:2], lecture("M1", "MATH7", "Sets")])

        night = world.night()

        assert (night.exit_code, len(world.standing()), world.standing(MATH)) == (1, 2, ["14 Sets"])

    def test_one_that_is_new_fails_too(self, tmp_path: Path) -> None:
        world = world_of(tmp_path)
        world.mailboxes([*NAMES, ("BIO9", self.OTHER), ("BIO9", "x@groups.example.ac.uk")])
        world.timetable([*LECTURES, lecture("B1", "BIO9")])

        night = world.night()

        assert night.exit_code == 1
        assert [report.calendar.name for report in night.calendars if report.status is Status.FAILED] == ["BIO9"]

    @pytest.mark.parametrize("mailbox", [COMP, COMP.upper(), f"\t{COMP.title()} "])
    def test_one_that_is_written_in_two_ways_is_one(self, tmp_path: Path, mailbox: str) -> None:
        world = world_of(tmp_path)
        world.mailboxes([*NAMES, ("COMP101", mailbox), ("COMP101", None)])

        night = world.night()

        assert (night.exit_code, {report.status for report in night.calendars}) == (0, {Status.UNCHANGED})

    @pytest.mark.parametrize("mailbox", [COMP, OTHER])
    def test_a_name_in_another_case_is_another_name(self, tmp_path: Path, mailbox: str) -> None:
        world = world_of(tmp_path)
        world.mailboxes([("comp101", mailbox), *NAMES])

        assert (world.night().exit_code, len(world.standing())) == (0, 2)

    def test_of_a_name_that_the_timetable_does_not_have_nobody_is_told(self, tmp_path: Path) -> None:
        world = world_of(tmp_path)
        world.mailboxes([*NAMES, ("BIO9", self.OTHER), ("BIO9", COMP)])

        assert world.night().exit_code == 0

    def test_the_configuration_settles_it(self, tmp_path: Path) -> None:
        world = World(tmp_path, f'mailboxes = {{ COMP101 = "{COMP}" }}')
        world.mailboxes([*NAMES, ("COMP101", self.OTHER)])
        world.timetable(LECTURES)

        assert (world.night().exit_code, len(world.standing())) == (0, 2)


class TestAnAddressThatCannotBeHad:
    """It looks like one, but may not be written or leads nowhere: it may be a mistake, and half a move would lose the lesson."""

    @pytest.mark.parametrize("mistaken", ["cmop@groups.example.ac.uk", "comp@gruops.example.ac.uk"])
    def test_the_calendar_keeps_what_it_has_until_its_mailbox_can_be_had(self, tmp_path: Path, mistaken: str) -> None:
        world = world_of(tmp_path)
        world.mailboxes([("COMP101", mistaken), ("MATH7", MATH)])
        world.timetable([*LECTURES[:3], lecture("M2", "MATH7", "Sets", 15)])

        night = world.night()

        assert (night.exit_code, deleted(night)) == (1, 0)
        assert (world.standing(), world.standing(MATH)) == (["14 Logic", "15 Logic"], ["14 Logic", "15 Sets"])
        assert [report.calendar.address for report in night.calendars if report.status is Status.FAILED] == [mistaken]
        if mistaken.endswith("@groups.example.ac.uk"):
            world.backend.store.open_calendar(mistaken)
            assert (world.night().exit_code, world.standing(), len(world.standing(mistaken))) == (0, [], 2)

    def test_a_lesson_whose_calendars_name_is_misspelt_stays_and_is_named(self, tmp_path: Path) -> None:
        world = World(tmp_path, address="{{ calendar | lower }}@groups.example.ac.uk")
        for module in ("COMP101", "MATH7"):
            world.calendar(module)
        world.timetable(LECTURES)
        world.night()
        world.timetable([lecture("C1", "CMOP101"), *LECTURES[1:]])

        night = world.night()

        assert (night.exit_code, len(world.standing("comp101@groups.example.ac.uk"))) == (1, 2)
        assert [(left.why, left.key.split("/")[2]) for report in night.calendars for left in report.left_alone] == [
            (SkipReason.NOT_MOVED, "C1")
        ]

    def test_what_left_the_timetable_is_deleted_all_the_same(self, tmp_path: Path) -> None:
        world = world_of(tmp_path)
        world.mailboxes([("COMP101", "cmop@groups.example.ac.uk"), ("MATH7", MATH)])
        world.timetable(LECTURES[1:])

        assert (world.night().exit_code, world.standing()) == (1, ["15 Logic"])

    def test_a_calendar_that_was_written_before_and_fails_tonight_keeps_no_lesson_elsewhere(self, tmp_path: Path) -> None:
        world = world_of(tmp_path)
        world.backend.store.close_calendar(MATH)
        world.timetable([lecture("C1", "MATH7"), *LECTURES[1:]])

        assert (world.night().exit_code, world.standing()) == (1, ["15 Logic"])
