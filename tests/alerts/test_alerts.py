"""Alerts after real nights, at a real mail server and a real HTTP listener: once for what lasts, once when it is over."""

import os
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.alerts.listeners import Listener, MailServer, listener, mail_server
from tests.night_world import Meeting, NightWorld
from timetable_sync.alerts.around_run import attended
from timetable_sync.config.load import load
from timetable_sync.errors import CalendarError
from timetable_sync.reports.summary import RunSummary
from timetable_sync.state.maintenance import VERSION_TABLE
from timetable_sync.state.run_records import Matter
from timetable_sync.state.store import open_state


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture
def web() -> Iterator[Listener]:
    with listener() as heard:
        yield heard


@pytest.fixture
def world(tmp_path: Path, mail: MailServer, web: Listener) -> NightWorld:
    secret = tmp_path / "hook.txt"
    secret.touch(0o600)
    secret.write_text(f"{web.address}/hook?sig=hunter2\n")
    return NightWorld(
        tmp_path,
        f"""
[mail]
server = "127.0.0.1"
port = {mail.port}
security = "none"
sender = "timetable-sync@example.ac.uk"
to = ["team@example.ac.uk", "deputy@example.ac.uk"]
[webhook]
secret_address = {{ file = "hook.txt" }}
""",
    )


def weekly(activity: str = "A1", module: str = "COMP101", weeks: int = 10) -> list[Meeting]:
    days = [datetime(2026, 10, 14, tzinfo=UTC) + timedelta(weeks=week) for week in range(weeks)]
    return [(activity, module, f"{day:%Y-%m-%d} 09:00", f"{day:%Y-%m-%d} 10:00", "Logic", "R1") for day in days]


def maths(many: int = 12) -> list[Meeting]:
    return [row for number in range(many) for row in weekly(f"M{number}", "MATH101", 8)]


def night(world: NightWorld, *, calendars: tuple[str, ...] = (), environ: dict[str, str] | None = None) -> tuple[RunSummary, list[str]]:
    """A night as the command line has it: attended."""
    loaded = load(world.configuration, environ or {})
    with attended(loaded.settings, os.environ) as attendant:
        summary = world.night(calendars=calendars, begun=attendant.begun)
        return summary, attendant.after(summary)


def begin(world: NightWorld) -> None:
    """A good first night."""
    world.calendar("COMP101"), world.calendar("MATH101")
    world.timetable([*weekly(), *maths()])
    assert night(world)[0].exit_code == 0


def test_a_failure_of_three_nights_is_told_once_and_once_that_it_is_over(world: NightWorld, mail: MailServer, web: Listener) -> None:
    begin(world)
    away = world.database.rename(world.folder / "away.db")
    for _ in range(3):
        assert night(world)[0].exit_code == 4
    assert len(mail.letters) == 1
    assert len(web.posts) == 1
    assert mail.subjects == ["timetable-sync: the run failed"]
    assert "timetable.db" in mail.text()
    assert web.json()["new"][0]["kind"] == "failed"
    away.rename(world.database)
    for _ in range(2):
        assert night(world)[0].exit_code == 0
    assert mail.subjects[1:] == ["timetable-sync: over: the run failed"]
    assert [post["headline"] for post in (web.json(0), web.json(1))] == ["the run failed", "over: the run failed"]
    assert len(web.posts) == 2


def test_what_is_held_is_told_once_with_numbers_what_to_type_and_the_report(world: NightWorld, mail: MailServer, web: Listener) -> None:
    begin(world)
    world.timetable([*weekly(weeks=2), *maths()])
    for _ in range(3):
        assert night(world)[0].exit_code == 5
    (letter,) = mail.letters
    assert letter["Subject"] == "timetable-sync: COMP101 held"
    assert letter["To"] == "team@example.ac.uk, deputy@example.ac.uk"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "COMP101  held: 8 of 10 events would be deleted" in mail.text()
    assert "release: timetable-sync run --calendar COMP101 --force-guard deletes_in_calendar" in mail.text()
    (report,) = letter.iter_attachments()
    assert report.get_content_type() == "text/html"
    assert "COMP101" in report.get_content()
    assert web.paths == ["/hook?sig=hunter2"]
    world.timetable([*weekly(), *maths()])
    assert night(world)[0].exit_code == 0
    assert mail.subjects[1:] == ["timetable-sync: over: COMP101 held"]


def test_a_second_matter_is_told_while_the_first_lasts_and_names_it(world: NightWorld, mail: MailServer) -> None:
    begin(world)
    world.timetable([*weekly(weeks=2), *maths()])
    night(world)
    world.timetable([*weekly(weeks=2), *maths(), *weekly("NEW", "MATH101", 1)])
    world.backend.faults.fail("snapshot", CalendarError("no such mailbox", "Make it."), calendar="math101@groups.example.ac.uk")
    assert night(world)[0].exit_code == 1
    assert mail.subjects == ["timetable-sync: COMP101 held", "timetable-sync: MATH101 failed"]
    assert "Told before, and still so\n  COMP101  held" in mail.text()


def test_a_run_of_some_calendars_ends_only_what_it_looked_at(world: NightWorld, mail: MailServer) -> None:
    begin(world)
    world.timetable([*weekly(weeks=2), *maths()])
    night(world)
    night(world, calendars=("MATH101",))
    assert len(mail.letters) == 1
    world.timetable([*weekly(), *maths()])
    night(world, calendars=("comp*",))
    assert mail.subjects[1:] == ["timetable-sync: over: COMP101 held"]


def test_each_way_is_told_once_though_another_one_fails(world: NightWorld, mail: MailServer, web: Listener) -> None:
    begin(world)
    mail.inbox.refuses = True
    world.timetable([*weekly(weeks=2), *maths()])
    for _ in range(2):
        summary, troubles = night(world)
        assert summary.exit_code == 5
        assert len(troubles) == 1
        assert "did not take the mail: 451 4.3.0 try again later" in troubles[0]
    assert len(web.posts) == 1
    mail.inbox.refuses = False
    web.status = 500
    world.timetable([*weekly(), *maths()])
    _, troubles = night(world)
    assert troubles == ["the alert by webhook was not sent: the webhook at 127.0.0.1 answered HTTP 500"]
    assert mail.subjects == ["timetable-sync: over: COMP101 held"]
    web.status = 204
    assert night(world)[1] == []
    assert [post["headline"] for post in map(web.json, range(3))] == ["COMP101 held", "over: COMP101 held", "over: COMP101 held"]
    assert len(mail.letters) == 1


def test_a_crash_between_the_night_and_its_alert_loses_nothing(world: NightWorld, mail: MailServer) -> None:
    begin(world)
    world.timetable([*weekly(weeks=2), *maths()])
    world.night()  # and nobody told
    world.timetable([*weekly(), *maths()])
    assert night(world)[0].exit_code == 0
    assert mail.subjects == ["timetable-sync: over: COMP101 held"]


def test_a_run_that_was_killed_is_told_by_the_next_one(world: NightWorld, mail: MailServer) -> None:
    begin(world)
    world.night()
    with sqlite3.connect(world.folder / "state.db") as database:
        database.execute("UPDATE run SET finished = NULL, exit_code = NULL WHERE id = 2")
    away = world.database.rename(world.folder / "away.db")
    night(world)
    assert "run 2, begun" in mail.text()
    assert "never came to its end" in mail.text()
    away.rename(world.database)


def test_without_the_state_database_people_are_told_all_the_same(world: NightWorld, mail: MailServer, tmp_path: Path) -> None:
    begin(world)
    with sqlite3.connect(world.folder / "state.db") as database:
        database.execute(f"UPDATE {VERSION_TABLE} SET version_num = '9999'")
    summary, troubles = night(world)
    assert (summary.exit_code, troubles) == (2, [])
    assert mail.subjects == ["timetable-sync: the run failed"]
    assert "this may be said again by the next run" in mail.text()


def test_a_state_whose_password_cannot_be_read_keeps_nobody_from_being_told_and_a_daemon_that_tries_again_tells_it_once(
    world: NightWorld, mail: MailServer
) -> None:
    begin(world)
    text = world.configuration.read_text("utf-8")
    world.configuration.write_text(text.replace("[state]\n", '[state]\npassword = { file = "away.txt" }\n'), "utf-8")
    settings = load(world.configuration, {}).settings
    with attended(settings, os.environ) as attendant:
        summary = world.night()
        assert attendant.after(summary) == []
    assert summary.failure is not None
    assert "away.txt cannot be read" in summary.failure.message
    assert mail.subjects == ["timetable-sync: the run failed"]
    with attended(settings, os.environ, told=summary.failure.message) as attendant:
        attendant.after(world.night())
    assert len(mail.subjects) == 1
    with attended(settings, os.environ, told="something else") as attendant:
        attendant.after(world.night())
    assert len(mail.subjects) == 2


def test_what_lasts_is_told_again_after_the_time_that_is_set(world: NightWorld, mail: MailServer) -> None:
    begin(world)
    remind = {"TIMETABLE_SYNC_ALERTS__REMIND": "7 days"}
    world.timetable([*weekly(weeks=2), *maths()])
    night(world, environ=remind)
    night(world, environ=remind)
    assert len(mail.letters) == 1
    with sqlite3.connect(world.folder / "state.db") as database:
        database.execute("""UPDATE matter SET told = '{"mail": "2026-01-01T00:00:00+00:00", "webhook": "2099-01-01T00:00:00+00:00"}'""")
    night(world, environ=remind)
    assert len(mail.letters) == 2
    assert "Still needs you\n  COMP101  held" in mail.text()


def test_a_digest_tells_of_nights_that_went_well(world: NightWorld, mail: MailServer) -> None:
    begin(world)
    assert mail.letters == []
    digest = {"TIMETABLE_SYNC_ALERTS__DIGEST": "weekly"}
    night(world, environ=digest)
    assert mail.subjects == ["timetable-sync: fine"]
    assert "The nights since the last digest" in mail.text()
    assert "run 1   done   106 created" in mail.text()
    night(world, environ=digest)
    assert len(mail.letters) == 1
    night(world, environ={"TIMETABLE_SYNC_ALERTS__DIGEST": "nightly"})
    assert len(mail.letters) == 2


def test_templates_can_be_replaced_and_one_that_fails_is_said(world: NightWorld, mail: MailServer, web: Listener) -> None:
    begin(world)
    (world.folder / "alert.jinja").write_text("{% for matter in new %}<{{ matter.name }}>{% endfor %} on {{ host }}\n")
    world.configuration.write_text(
        world.configuration.read_text() + '[alerts]\nsubject = "[{{ source }}]\\n{{ headline }}"\ntext = "alert.jinja"\n'
    )
    world.timetable([*weekly(weeks=2), *maths()])
    night(world)
    assert mail.subjects == ["[timetable] COMP101 held"]
    assert mail.text().startswith("<COMP101> on ")
    (world.folder / "alert.jinja").write_text("{{ nobody.knows }}")
    world.timetable([*weekly(), *maths()])
    summary, troubles = night(world)
    assert summary.exit_code == 0
    assert "alerts.text: the template fails: 'nobody' is undefined" in troubles[0]


def test_pings_say_start_success_and_fail_with_the_night_in_words(world: NightWorld, web: Listener) -> None:
    world.configuration.write_text(world.configuration.read_text() + f'[pings]\naddress = "{web.address}/uuid"\n[alerts]\non = []\n')
    begin(world)
    world.timetable([*weekly(weeks=2), *maths()])
    night(world)
    assert web.paths == ["/uuid/start", "/uuid", "/uuid/start", "/uuid/fail"]
    assert b"Night of" in web.posts[1][2]
    assert b"8 of 10 events would be deleted" in web.posts[3][2]
    web.status = 503
    summary, troubles = night(world)
    assert summary.exit_code == 5
    assert troubles == ["the ping was not sent: the watchdog at 127.0.0.1 answered HTTP 503"]


def test_a_night_that_finds_another_at_work_pings_nothing_as_the_other_ones_pings_count(world: NightWorld, web: Listener) -> None:
    """A start alone would begin a time that nothing ends: https://healthchecks.io/docs/measuring_script_run_time/"""
    world.configuration.write_text(world.configuration.read_text() + f'[pings]\naddress = "{web.address}/uuid"\n')
    settings = load(world.configuration, {}).settings
    with open_state(settings.state) as state, state.lease("run", settings.state.lease):
        summary, troubles = night(world)
    assert (summary.exit_code, troubles, web.paths) == (6, [], [])


def test_a_dry_run_pings_nothing(world: NightWorld, web: Listener) -> None:
    world.configuration.write_text(world.configuration.read_text() + f'[pings]\naddress = "{web.address}/uuid"\n')
    with attended(load(world.configuration, {}).settings, os.environ) as attendant:
        world.night(dry_run=True, begun=attendant.begun)
    assert web.paths == []


def test_a_certificate_is_told_of_at_each_stage_and_not_in_between(world: NightWorld, mail: MailServer) -> None:
    from timetable_sync.alerts.conditions import certificate
    from timetable_sync.alerts.lifecycle import due, reckoned, told

    del mail
    ends = datetime(2026, 12, 24, tzinfo=UTC)
    matters: list[Matter] = []
    stages: list[str] = []
    for day in range(40):
        now = ends - timedelta(days=35 - day)
        matters = reckoned(matters, certificate(ends, now), lambda matter: True, now)
        news = due(matters, "mail", ["certificate"], now, None)
        stages += [matter.sentence for matter in news.new]
        matters = told(matters, "mail", news, now)
    assert stages == [
        "the certificate expires in 30 days, on 24 Dec 2026",
        "the certificate expires in 7 days, on 24 Dec 2026",
        "the certificate expired on 24 Dec 2026",
    ]
    matters = reckoned(matters, [], lambda matter: True, ends)
    assert [matter.detail for matter in due(matters, "mail", ["certificate"], ends, None).over] == ["ended"]
    del world


def test_what_a_person_reads_in_the_morning(world: NightWorld, mail: MailServer) -> None:
    begin(world)
    world.timetable([*weekly(weeks=2), *maths()])
    night(world)
    lines = mail.text().splitlines()
    assert lines[0].startswith("Night of ")
    assert [line for line in lines[1:] if not line.startswith("Report:")] == [
        "",
        "Needs you",
        "  COMP101  held: 8 of 10 events would be deleted, the limit is 30 %, at least 5",
        "    look: timetable-sync held COMP101",
        "    release: timetable-sync run --calendar COMP101 --force-guard deletes_in_calendar",
        "",
        "How things stand: timetable-sync status",
    ]


def test_an_event_that_cannot_be_read_is_told_once_and_once_that_it_is_over(world: NightWorld, mail: MailServer, web: Listener) -> None:
    begin(world)
    address = "comp101@groups.example.ac.uk"
    item = world.backend.people.see(address)[0].id
    world.backend.people.edit(address, item, marker="1 damaged")

    for _ in range(2):
        assert night(world)[0].exit_code == 1

    (subject,) = mail.subjects
    assert "COMP101: 1 event with our mark cannot be read" in subject
    assert "1 event with our mark cannot be read and was left: Wed 14 Oct 2026 09:00 - 10:00 Logic" in " ".join(mail.text().split())
    world.backend.people.delete(address, item)
    assert night(world)[0].exit_code == 0
    assert len(mail.letters) == 2
