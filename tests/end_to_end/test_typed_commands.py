"""Every command that is printed about what is held, typed as it stands there, does what it says."""

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.alerts.listeners import MailServer, mail_server
from tests.end_to_end.college import College, commands
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.slow


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def college(
    tmp_path: Path, sandbox: SandboxProcess, mail: MailServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> College:
    sandbox.client.clear_faults()
    for mailbox in sandbox.client.mailboxes():
        sandbox.client.remove_mailbox(mailbox["address"])
    return College(tmp_path, sandbox, mail, monkeypatch, capsys)


LOOK, RELEASE = "timetable-sync held COMP101", "timetable-sync run --calendar COMP101 --force-guard deletes_in_calendar"
HELD, STATUS = "timetable-sync held", "timetable-sync status"


@pytest.mark.parametrize(("all_of_them", "left"), [(90, 49), (40, 20), (20, 9)])
@pytest.mark.parametrize("others", [0, 3])
def test_a_held_calendar_is_released_by_the_line_that_is_printed_alone_or_among_many(
    college: College, mail: MailServer, all_of_them: int, left: int, others: int
) -> None:
    rest = {f"MATH{number}": range(90) for number in range(others)}
    college.timetable({"COMP101": range(all_of_them), **rest})
    assert college.night() == 0
    college.timetable({"COMP101": range(left), **rest})
    assert college.night() == 5
    printed = college.printed()
    run = [] if others else [HELD, "timetable-sync run --force-guard shrunken_timetable"]
    assert printed == sorted([LOOK, RELEASE, STATUS, *run])
    assert college.standing("COMP101") == all_of_them

    assert college.types(STATUS) == 0
    assert f"COMP101: {all_of_them - left} of {all_of_them} events would be deleted" in college.said
    assert commands(college.said) == [HELD] * (1 if others else 2)
    for line in (HELD, LOOK):
        assert college.types(line) == 0
        assert RELEASE in commands(college.said)

    assert college.night(RELEASE.removeprefix("timetable-sync run ")) == 0
    assert college.standing("COMP101") == left
    for line in (HELD, STATUS):
        college.types(line)
        assert "nothing" in college.said.lower()
    assert [subject.rpartition("over: ")[1] for subject in mail.subjects] == ["", "over: "]
    assert college.night() == 0


def test_a_release_of_the_run_releases_the_run_and_no_calendars_own_hold(college: College) -> None:
    college.timetable({"COMP101": range(40)})
    college.night()
    college.timetable({"COMP101": range(20)})
    assert college.night() == 5

    assert college.types("timetable-sync run --force-guard shrunken_timetable") == 5
    assert college.standing("COMP101") == 40
    college.types(HELD)
    assert "The whole run" not in college.said
    assert commands(college.said) == [RELEASE]
    assert college.types(RELEASE) == 0
    assert college.standing("COMP101") == 20


def test_a_held_run_is_released_by_one_line_that_names_all_of_its_guards(college: College, mail: MailServer) -> None:
    modules = [f"COMP{number}" for number in range(6)]
    college.timetable({module: range(10) for module in modules})
    college.night()
    college.timetable({module: range(6) for module in modules})
    assert college.night() == 5
    release = "timetable-sync run --force-guard deletes_in_run --force-guard shrunken_timetable"
    assert college.printed() == [HELD, release, STATUS]
    college.types(HELD)
    assert set(commands(college.said)) == {release}

    assert college.types(release) == 0
    assert [college.standing(module) for module in modules] == [6] * 6
    college.types(HELD)
    assert college.said == "Nothing is held.\n"
    assert len(mail.subjects) == 2
    assert "over: the run held, and 1 more" in mail.subjects[1]


def test_a_run_of_some_calendars_that_is_held_is_released_for_these_alone(college: College) -> None:
    modules = [f"COMP{number}" for number in range(6)]
    college.timetable({**{module: range(10) for module in modules}, "MATH1": range(10)})
    college.night()
    college.timetable({**{module: range(6) for module in modules}, "MATH1": range(5)})
    assert college.night("--calendar 'COMP*'") == 5
    (release,) = [line for line in college.printed() if "--force-guard" in line]
    assert release == "timetable-sync run --calendar 'COMP*' --force-guard deletes_in_run --force-guard shrunken_timetable"

    assert college.types(release) == 0
    assert [college.standing(module) for module in modules] == [6] * 6
    assert college.standing("MATH1") == 10
    college.types(HELD)
    assert college.said == "Nothing is held.\n"


def test_more_than_was_shown_is_held_again_and_named_and_shown_it_is_let_through(college: College, mail: MailServer) -> None:
    rest = {f"MATH{number}": range(90) for number in range(3)}
    college.timetable({"COMP101": range(40), **rest})
    college.night()
    college.timetable({"COMP101": range(20), **rest})
    college.night()
    college.timetable({"COMP101": range(18), **rest})

    assert college.types(RELEASE) == 5
    assert "22 of 40 events would be deleted, the limit is 30 %, at least 5; the release covers 20 of them" in college.said
    assert college.said.count("new: ") == 2
    assert college.standing("COMP101") == 40
    assert len(mail.subjects) == 1
    assert RELEASE in commands(college.said)
    assert college.types(RELEASE) == 0
    assert college.standing("COMP101") == 18


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("Data Science 1", "'Data Science 1'"),
        ("Übung; rm -rf ~", "'Übung; rm -rf ~'"),
        ("A* [x]?", "odd@groups.example.ac.uk"),
        ('O\'Neill "Logic"', "odd@groups.example.ac.uk"),
        ("\N{LEFT DOUBLE QUOTATION MARK}Logic\N{RIGHT DOUBLE QUOTATION MARK}", "odd@groups.example.ac.uk"),
        ("-q", "odd@groups.example.ac.uk"),
        ("comp101", "odd@groups.example.ac.uk"),
        ("comp101@groups.example.ac.uk", "odd@groups.example.ac.uk"),
    ],
)
def test_the_printed_line_means_one_calendar_whatever_it_is_called(
    college: College, sandbox: SandboxProcess, name: str, typed: str
) -> None:
    """The others lose as much, and one of them has the same name in another case, or as its address."""
    names = {name: "odd@groups.example.ac.uk", "COMP101": "comp101@groups.example.ac.uk", "Algebra": "algebra@groups.example.ac.uk"}
    _with_mailboxes(college, names)
    sandbox.client.add_mailboxes(list(names.values()))
    college.timetable({one: range(20) for one in names})
    assert college.night() == 0
    college.timetable({one: range(9) for one in names})
    assert college.night() == 5
    release = f"timetable-sync run --calendar {typed} --force-guard deletes_in_calendar"
    assert release in commands(college.said)

    college.types(release)
    events = {address: len(sandbox.client.events(address)) for address in names.values()}
    assert events == {"odd@groups.example.ac.uk": 9, "comp101@groups.example.ac.uk": 20, "algebra@groups.example.ac.uk": 20}


def _with_mailboxes(college: College, names: Mapping[str, str]) -> None:
    configuration = college.folder / "timetable-sync.toml"
    mailboxes = ", ".join(f"{_toml(one)} = {_toml(address)}" for one, address in names.items())
    text = configuration.read_text("utf-8").replace("{{ calendar | lower }}@groups.example.ac.uk", "{{ mailbox }}")
    configuration.write_text(text.replace("[entra]", f"mailboxes = {{ {mailboxes} }}\n[entra]", 1), "utf-8")


def _toml(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


#: What ends otherwise than with 0: a question that nobody answers, a certificate that is good for long, a calendar of the timetable.
CODES = {"timetable-sync purge COMP101": 2, "timetable-sync certificate roll": 2, "timetable-sync forget COMP101": 2}


def test_every_command_of_the_page_for_the_morning_can_be_typed_in_such_a_morning(college: College) -> None:
    rest = {f"MATH{number}": range(90) for number in range(3)}
    college.timetable({"COMP101": range(90), **rest})
    college.night()
    college.timetable({"COMP101": range(49), **rest})
    college.night()
    page = (Path(__file__).resolve().parents[2] / "docs" / "operating.md").read_text("utf-8")
    lines = list(dict.fromkeys(commands(page)))
    assert {HELD, LOOK, RELEASE, STATUS} <= set(lines)

    for line in lines:
        code = college.types(line.replace("318", "2").replace("2026-11-30", f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"))
        assert code == CODES.get(line, 0), (line, college.said, college.complained)
    assert college.standing("COMP101") == 49


def test_the_pages_that_look_back_print_commands_that_can_be_typed(college: College, sandbox: SandboxProcess) -> None:
    configuration = college.folder / "timetable-sync.toml"
    text = configuration.read_text("utf-8").replace("{{ calendar | lower }}", "{{ calendar | lower | replace(' ', '-') }}")
    configuration.write_text(text, "utf-8")
    sandbox.client.add_mailbox("data-science@groups.example.ac.uk")
    college.timetable({"Data Science": range(20)})
    college.night()

    assert college.types("timetable-sync explain 'Data Science'") == 2
    (explain,) = commands(college.complained)
    assert explain == "timetable-sync explain 'Data Science' 2026-11-24"
    assert college.types(explain.replace("2026-11-24", f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}")) == 0
    assert college.types(f"timetable-sync purge 'Data Science' --from {datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}") == 2
    (purge,) = commands(college.complained)
    assert college.types(purge) == 0
    assert college.standing("data-science") == 10


def test_a_renamed_source_is_held_and_released_by_the_printed_line(college: College) -> None:
    college.timetable({"COMP101": range(20), "MATH1": range(20)})
    college.night()
    configuration = college.folder / "timetable-sync.toml"
    configuration.write_text(configuration.read_text("utf-8").replace("[timetable]", '[timetable]\nsource = "new"', 1), "utf-8")

    assert college.night() == 5
    release = "timetable-sync run --force-guard renamed_source"
    assert college.printed() == [HELD, release, STATUS]
    assert "give it its old name again" in college.said
    assert college.standing("COMP101") == 20
    college.types(HELD)
    assert commands(college.said) == [release]
    assert college.types(release) == 0
    assert college.standing("COMP101") == 40
    assert college.types(HELD) == 0
    assert college.said == "Nothing is held.\n"


def test_another_installation_is_held_off_and_let_pass_by_the_printed_line(college: College) -> None:
    configuration = college.folder / "timetable-sync.toml"
    other = college.folder / "other.toml"
    other.write_text(configuration.read_text("utf-8").replace("state.db", "other.db"), "utf-8")
    college.timetable({"COMP101": range(20), "MATH1": range(20)})
    assert college.types(f"timetable-sync run --config {other}") == 0
    assert college.night() == 0
    college.timetable({"COMP101": range(22), "MATH1": range(20)})
    assert college.types(f"timetable-sync run --config {other}") == 0
    assert college.standing("COMP101") == 22

    college.timetable({"COMP101": range(20), "MATH1": range(19)})
    for _ in range(2):
        assert college.night() == 5
        assert (college.standing("COMP101"), college.standing("MATH1")) == (22, 19)
    release = "timetable-sync run --calendar COMP101 --force-guard another_installation"
    assert college.printed() == [LOOK, release, STATUS]
    assert college.types(release) == 0
    assert college.types(HELD) == 0
    assert college.said == "Nothing is held.\n"
    assert college.night() == 0


def test_what_another_configuration_prints_names_it(college: College, mail: MailServer) -> None:
    """As of a department beside the university, in /etc/timetable-sync/physics.toml: both have a COMP101 that is held."""
    text = (college.folder / "timetable-sync.toml").read_text("utf-8")
    physics = college.folder / "physics of matter.toml"
    own = text.replace("[timetable]", '[timetable]\nsource = "physics"', 1).replace("state.db", "physics.db")
    physics.write_text(own.replace("}}@groups", "}}-physics@groups"), "utf-8")
    named = f"--config '{physics}'"
    for number in (20, 9):
        college.timetable({"COMP101-physics": (), "COMP101": range(number)})
        college.night()
        college.night(named)
    printed = college.printed()
    assert printed == sorted(
        [f"{line} {named}" for line in (LOOK, RELEASE, HELD, STATUS, "timetable-sync run --force-guard shrunken_timetable")]
    )

    for line in (f"{HELD} {named}", f"{STATUS} {named}"):
        assert college.types(line) == 0
        assert all(command.endswith(named) for command in commands(college.said))
    assert college.types(f"{RELEASE} {named}") == 0
    assert (college.standing("COMP101"), college.standing("COMP101-physics")) == (20, 9)
    college.types(HELD)
    assert RELEASE in commands(college.said)


@pytest.mark.parametrize("name", ["COMP101", "Data Science 1", "comp101@groups.example.ac.uk"])
def test_a_mailbox_that_is_gone_for_good_is_forgotten_by_the_printed_line(college: College, sandbox: SandboxProcess, name: str) -> None:
    gone = "odd@groups.example.ac.uk"
    _with_mailboxes(college, {name: gone, "MATH1": "comp101@groups.example.ac.uk"})
    sandbox.client.add_mailboxes([gone, "comp101@groups.example.ac.uk"])
    college.timetable({"MATH1": range(20), name: range(5)})
    assert college.night() == 0
    college.timetable({"MATH1": range(20)})
    sandbox.client.remove_mailbox(gone)
    sandbox.client.remove_mailbox("math1@groups.example.ac.uk")
    assert college.night() == 1
    assert "there is no such mailbox" in college.said
    (line,) = [line for line in college.printed() if "forget" in line]

    assert college.types(line) == 2
    assert "fails since run 2" in college.said
    (typed,) = commands(college.complained)
    assert typed == f"{line} --yes 5"
    assert college.types(typed) == 0
    assert "forgotten: 5 events on record, and 5 entries of history" in college.said
    assert college.types(line) == 2
    assert college.night() == 0
    assert college.standing("COMP101") == 20
    kept = [path.read_text("utf-8") for path in (college.folder / "reports").iterdir()]
    assert (len(kept), any(gone in text for text in kept)) == (6, False)


def test_what_was_forgotten_by_itself_is_told_in_one_line_of_one_mail(college: College, sandbox: SandboxProcess, mail: MailServer) -> None:
    configuration = college.folder / "timetable-sync.toml"
    text = configuration.read_text("utf-8")
    configuration.write_text(text.replace("[entra]", "forget_after = 2\n[entra]", 1), "utf-8")
    college.timetable({"COMP101": range(0, 50, 10), "COMP102": range(0, 50, 10), "MATH1": range(20)})
    assert college.night() == 0
    college.timetable({"MATH1": range(20)})
    for module in ("COMP101", "COMP102"):
        sandbox.client.remove_mailbox(f"{module.lower()}@groups.example.ac.uk")
    assert college.night() == 1
    assert len(mail.subjects) == 1
    said = "2 calendars were forgotten, as the timetable does not name them, and their mailboxes are gone: COMP101, COMP102"
    assert college.night(f"--now {datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}") == 0
    assert college.said.count(said) == 1
    assert len(mail.subjects) == 2
    assert "2 calendars were forgotten" in mail.subjects[1]
    assert mail.text().count(said) == 1
    told = json.loads((college.folder / "report.json").read_text("utf-8"))
    addresses = [one["address"] for one in told["forgotten"]]
    assert addresses == ["comp101@groups.example.ac.uk", "comp102@groups.example.ac.uk"]
    first, second, _ = sorted((college.folder / "reports").glob("*.json"))
    assert not any(address in path.read_text("utf-8") for address in addresses for path in (first, second))
    assert college.night(f"--now {datetime.now(UTC) + timedelta(days=1):%Y-%m-%dT%H:%M}") == 0
    assert len(mail.subjects) == 2
