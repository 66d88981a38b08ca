"""What can go wrong by itself: one clear line, the documented exit code, and nothing written to any calendar.

Each on its own in an installation whose calendars are filled and whose timetable has changed since, so that there is much to write; the
program is a process, the services are asked over HTTP.
"""

import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.installation import Installation
from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles, make_certificate, ready_app
from timetable_sync.sandbox.client import SandboxClient

NOW = ("--now", "2026-10-13T02:00")
COMP, MATH = "comp101@groups.example.ac.uk", "math101@groups.example.ac.uk"


@dataclass
class Scene:
    """An installation in which much is to be written, and what its calendars held before."""

    installation: Installation
    before: dict[str, Any]

    @property
    def client(self) -> SandboxClient:
        return self.installation.sandbox.client

    @property
    def folder(self) -> Path:
        return self.installation.folder

    def reword(self, old: str, new: str) -> None:
        """Change the configuration."""
        text = self.installation.configuration.read_text("utf-8")
        assert old in text
        self.installation.configuration.write_text(text.replace(old, new), "utf-8")

    def sql(self, statement: str) -> None:
        """Change the timetable."""
        with sqlite3.connect(self.folder / "timetable.db") as database:
            database.execute(statement)

    def sign_in_with(self, files: CertificateFiles) -> None:
        """From now on, this is the certificate."""
        self.installation.environment["TIMETABLE_SYNC_ENTRA__CERTIFICATE"] = f'{{ file = "{files.cert_pem}" }}'
        self.installation.environment["TIMETABLE_SYNC_ENTRA__KEY"] = f'{{ file = "{files.key_pem}" }}'

    def holds(self) -> dict[str, Any]:
        """Everything in every calendar and in Deleted Items, and the mails that were sent."""
        return holdings(self.client)


def holdings(client: SandboxClient) -> dict[str, Any]:
    deleted = {mailbox["address"]: client.deleted_items(mailbox["address"]) for mailbox in client.mailboxes()}
    return {"calendars": client.all_events(), "deleted": deleted, "mails": client.mail_list()}


@pytest.fixture
def scene(installation: Installation) -> Iterator[Scene]:
    """After a first night: a lesson is renamed, one is gone, one is new; a colleague's appointment stands beside them."""
    client = installation.sandbox.client
    client.add_appointment(COMP, "Coffee", "2026-10-14T08:00:00Z", "2026-10-14T09:00:00Z")
    first = installation.run(*NOW)
    assert first.returncode == 0, first.stdout + first.stderr
    scene = Scene(installation, holdings(client))
    scene.sql("UPDATE meeting SET title = 'Sets' WHERE module = 'MATH101' AND starts LIKE '2026-10-14%'")
    scene.sql("DELETE FROM meeting WHERE module = 'COMP101' AND starts LIKE '2026-10-28%'")
    scene.sql("INSERT INTO meeting VALUES ('B1', 'MATH101', '2026-10-15 09:00', '2026-10-15 10:00', 'New')")
    client.reset_requests()
    yield scene
    client.clear_faults()


def misspelt(scene: Scene) -> None:
    scene.reword("query =", "qeury =")


def database_down(scene: Scene) -> None:
    scene.installation.environment["TIMETABLE_SYNC_TIMETABLE__URL"] = "postgresql+psycopg://nobody@127.0.0.1:1/none"


def missing_column(scene: Scene) -> None:
    scene.reword("SELECT * FROM meeting", "SELECT *, romo FROM meeting")


def missing_mapped_column(scene: Scene) -> None:
    scene.reword('title = "title"', 'title = "titel"')


def empty(scene: Scene) -> None:
    scene.sql("DELETE FROM meeting")


def not_registered(scene: Scene) -> None:
    scene.sign_in_with(make_certificate(scene.folder / "other"))


def expired(scene: Scene) -> None:
    files = make_certificate(scene.folder / "old", days=2, not_before=datetime.now(UTC) - timedelta(days=9))
    ready_app(scene.client, files, TENANT, CLIENT_ID)
    scene.sign_in_with(files)


def wrong_passphrase(scene: Scene) -> None:
    scene.sign_in_with(make_certificate(scene.folder / "locked", passphrase="right-canary"))
    scene.installation.environment["TIMETABLE_SYNC_ENTRA__PASSPHRASE"] = '{ env = "THE_PASSPHRASE" }'
    scene.installation.environment["THE_PASSPHRASE"] = "wrong-canary"


def forbidden(scene: Scene) -> None:
    scene.client.set_fault({"what": "http", "status": 403, "operation": "*", "count": 0})


def newer_state(scene: Scene) -> None:
    with sqlite3.connect(scene.installation.state) as database:
        database.execute("UPDATE timetable_sync_schema SET version_num = '9999'")


def readable_key(scene: Scene) -> None:
    (scene.folder / "timetable-sync-key.pem").chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "code", "line", "advice"),
    [
        (
            misspelt,
            2,
            r"FOLDER/timetable-sync\.toml:6: timetable\.qeury is not a key; did you mean \"query\"\?",
            "Every key with its meaning: timetable-sync config example",
        ),
        (
            database_down,
            4,
            r"the timetable at postgresql://127\.0\.0\.1:1/none cannot be reached: connection failed: .*Connection refused.*",
            "See that the database is up and reachable from here, and check timetable.url. Nothing was changed anywhere.",
        ),
        (
            missing_column,
            4,
            r"the timetable at FOLDER/timetable\.db refuses timetable\.query: no such column: romo",
            "Run the query by hand as the same database user, and mend timetable.query.",
        ),
        (
            missing_mapped_column,
            4,
            r"timetable\.columns\.title names the column \"titel\", which the query does not give; did you mean \"title\"\? .*",
            "Mend the name, or add the column to timetable.query.",
        ),
        (
            not_registered,
            3,
            r"Entra ID refused the certificate sign-in \(AADSTS700027\): no key with thumbprint [0-9A-F]{40} is registered .*",
            "Compare the thumbprint with those in Entra ID under App registrations",
        ),
        (
            expired,
            3,
            r"the certificate FOLDER/old/timetable-sync\.pem expired on \d+ \w+ \d{4}, \d\d:\d\d UTC .*",
            "Make a new one (timetable-sync certificate new) and register it",
        ),
        (
            wrong_passphrase,
            3,
            r"the passphrase does not open the key in FOLDER/locked/timetable-sync-key\.pem",
            "Check what entra.passphrase refers to",
        ),
        (forbidden, 1, r"127\.0\.0\.1 forbids the app to use EWS \(HTTP 403\)", "EWS may be switched off for this app"),
        (
            newer_state,
            2,
            r"state database FOLDER/state\.db was made by a newer timetable-sync: its schema is 9999, this version knows \d{4}",
            "Use that newer version here, or give state.url another database.",
        ),
        (
            readable_key,
            2,
            r"entra\.key: others can read or change FOLDER/timetable-sync-key\.pem \(mode 0644\), so it is refused",
            "chmod 600",
        ),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_it_is_said_in_a_line_with_its_exit_code_and_nothing_is_written(
    scene: Scene, spoil: Callable[[Scene], None], code: int, line: str, advice: str
) -> None:
    spoil(scene)
    done = scene.installation.run(*NOW)
    assert (done.returncode, done.stdout) == (code, ""), done.stderr
    said, next_step = done.stderr.rstrip("\n").split("\n")
    assert re.fullmatch("timetable-sync: " + line.replace("FOLDER", re.escape(str(scene.folder))), said), said
    assert next_step.startswith("  "), next_step
    assert advice in next_step
    assert "canary" not in done.stderr
    assert scene.installation.written() == set()
    assert scene.holds() == scene.before


def test_without_all_that_the_same_night_does_write(scene: Scene) -> None:
    """That nothing was written says something only where otherwise much is."""
    assert scene.installation.run(*NOW).returncode == 0
    assert scene.installation.written() == {"CreateItem", "UpdateItem", "DeleteItem"}
    assert scene.holds() != scene.before


def test_without_a_configuration_it_says_where_it_looked(scene: Scene) -> None:
    nowhere = scene.folder / "nowhere"
    nowhere.mkdir()
    with scene.installation.start(*NOW, cwd=nowhere, configured=False) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (2, "")
    said, next_step = err.rstrip("\n").split("\n")
    assert said.startswith("timetable-sync: ")
    for place in ("TIMETABLE_SYNC_CONFIG", "./timetable-sync.toml", "/etc/timetable-sync/timetable-sync.toml"):
        assert place in err
    assert "config example" in next_step
    assert sum(scene.client.requests().values()) == 0
    assert scene.holds() == scene.before


def test_an_empty_timetable_is_held_and_said_so(scene: Scene) -> None:
    empty(scene)
    done = scene.installation.run(*NOW)
    assert (done.returncode, done.stderr) == (5, "")
    assert "the run  nothing was written, held by empty_timetable: the timetable is empty: the query gave no rows\n" in done.stdout
    assert "Nothing releases this guard. Mend the query, or what it reads.\n" in done.stdout
    # Stamps are asked for while the timetable is read; no calendar is.
    assert set(scene.client.requests()) <= {"token", "GetFolder"}
    assert scene.holds() == scene.before


def test_a_calendar_without_a_mailbox_among_good_ones_is_named_and_the_others_are_done(scene: Scene) -> None:
    scene.client.remove_mailbox(COMP)
    done = scene.installation.run(*NOW)
    assert (done.returncode, done.stderr) == (1, "")
    assert f"COMP101  failed: {COMP}: there is no such mailbox (ErrorNonExistentMailbox)\n" in done.stdout
    assert "1 calendar changed: 1 created, 1 updated, 0 deleted" in done.stdout
    assert sorted(event["subject"] for event in scene.client.events(MATH)) == ["Logic", "Logic", "New", "Sets"]
    assert set(scene.client.all_events()) & {COMP, MATH} == {MATH}


def test_a_second_run_beside_a_first_is_refused_and_writes_nothing(scene: Scene) -> None:
    client = scene.client
    # The first is kept at work until the second has ended, however long that takes.
    client.set_fault({"what": "busy", "backoff_ms": 500, "operation": "FindItem", "count": 0})
    with scene.installation.start(*NOW) as first:
        # Once it asks for a token it has its lease.
        while first.poll() is None and not client.requests().get("token"):
            time.sleep(0.05)
        second = scene.installation.run(*NOW)
        between, asked = scene.holds(), client.requests()
        client.clear_faults()
        first.communicate(timeout=120)
    assert (second.returncode, second.stdout) == (6, "")
    said, next_step = second.stderr.rstrip("\n").split("\n")
    assert re.fullmatch(r"timetable-sync: another run is at work: process \d+ on .* \(run\), since .*; its lease lasts until .*", said), (
        said
    )
    assert next_step.startswith("  ")
    assert (between, set(asked) | {"GetFolder"}) == (scene.before, {"token", "GetFolder", "FindItem"})
    assert asked["token"] == 1
    assert first.returncode == 0
    assert scene.installation.written() == {"CreateItem", "UpdateItem", "DeleteItem"}
