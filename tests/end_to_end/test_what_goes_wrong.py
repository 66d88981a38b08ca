"""What can go wrong by itself: one clear line, the documented exit code, and no calendar written."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.installation import ROOT, Installation
from tests.sandbox_process import CLIENT_ID, TENANT, make_certificate, ready_app

NOW = ("--now", "2026-10-13T02:00")


def written(installation: Installation) -> int:
    return sum(len(events) for events in installation.sandbox.client.all_events().values())


def change(installation: Installation, old: str, new: str) -> None:
    text = installation.configuration.read_text("utf-8")
    assert old in text
    installation.configuration.write_text(text.replace(old, new), "utf-8")


def sql(installation: Installation, statement: str) -> None:
    with sqlite3.connect(installation.folder / "timetable.db") as database:
        database.execute(statement)


def misspelt(installation: Installation) -> None:
    change(installation, "query =", "qeury =")


def missing_column(installation: Installation) -> None:
    change(installation, "SELECT * FROM meeting", "SELECT *, romo FROM meeting")


def database_down(installation: Installation) -> None:
    installation.environment["TIMETABLE_SYNC_TIMETABLE__URL"] = "postgresql+psycopg://nobody@127.0.0.1:1/none"


def empty(installation: Installation) -> None:
    sql(installation, "DELETE FROM meeting")


def not_registered(installation: Installation) -> None:
    files = make_certificate(installation.folder / "other")
    installation.environment["TIMETABLE_SYNC_ENTRA__CERTIFICATE"] = f'{{ file = "{files.cert_pem}" }}'
    installation.environment["TIMETABLE_SYNC_ENTRA__KEY"] = f'{{ file = "{files.key_pem}" }}'


def expired(installation: Installation) -> None:
    from datetime import UTC, datetime, timedelta

    files = make_certificate(installation.folder / "old", days=2, not_before=datetime.now(UTC) - timedelta(days=9))
    ready_app(installation.sandbox.client, files, TENANT, CLIENT_ID)
    installation.environment["TIMETABLE_SYNC_ENTRA__CERTIFICATE"] = f'{{ file = "{files.cert_pem}" }}'
    installation.environment["TIMETABLE_SYNC_ENTRA__KEY"] = f'{{ file = "{files.key_pem}" }}'


def wrong_passphrase(installation: Installation) -> None:
    files = make_certificate(installation.folder / "locked", passphrase="right")
    installation.environment["TIMETABLE_SYNC_ENTRA__CERTIFICATE"] = f'{{ file = "{files.cert_pem}" }}'
    installation.environment["TIMETABLE_SYNC_ENTRA__KEY"] = f'{{ file = "{files.key_pem}" }}'
    installation.environment["TIMETABLE_SYNC_ENTRA__PASSPHRASE"] = '{ env = "THE_PASSPHRASE" }'
    installation.environment["THE_PASSPHRASE"] = "wrong-canary"


def forbidden(installation: Installation) -> None:
    installation.sandbox.client.set_fault({"what": "http", "status": 403, "operation": "*"})


def readable_key(installation: Installation) -> None:
    (installation.folder / "timetable-sync-key.pem").chmod(0o644)


@pytest.mark.parametrize(
    ("spoil", "code", "words"),
    [
        (misspelt, 2, 'did you mean "query"'),
        (missing_column, 4, "romo"),
        (database_down, 4, "postgresql"),
        (empty, 5, "empty"),
        (not_registered, 3, "700027"),
        (expired, 3, "expired"),
        (wrong_passphrase, 3, "passphrase"),
        (forbidden, 1, "403"),
        (readable_key, 2, "chmod 600"),
    ],
)
def test_it_is_said_in_a_line_with_its_exit_code_and_nothing_is_written(
    installation: Installation, spoil: Callable[[Installation], None], code: int, words: str
) -> None:
    spoil(installation)
    done = installation.run(*NOW)
    assert (done.returncode, "Traceback" in done.stderr) == (code, False), done.stderr + done.stdout
    assert words in done.stderr + done.stdout
    assert "wrong-canary" not in done.stderr + done.stdout
    installation.sandbox.client.clear_faults()
    assert written(installation) == 0


def test_without_a_configuration_it_says_where_it_looked(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
    done = subprocess.run(
        [sys.executable, "-m", "timetable_sync", "run"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "TIMETABLE_SYNC_CONFIG" in done.stderr
    assert "config example" in done.stderr


def test_a_calendar_without_a_mailbox_among_good_ones_is_named_and_the_others_are_done(installation: Installation) -> None:
    installation.sandbox.client.remove_mailbox("math101@groups.example.ac.uk")
    done = installation.run(*NOW)
    assert done.returncode == 1
    assert "math101@groups.example.ac.uk" in done.stdout
    assert len(installation.sandbox.client.events("comp101@groups.example.ac.uk")) == 3


def test_a_second_run_beside_a_first_is_refused(installation: Installation) -> None:
    installation.run(*NOW)
    client = installation.sandbox.client
    client.set_fault({"what": "latency", "seconds": 20, "operation": "FindItem"})
    client.reset_requests()
    command = [sys.executable, "-m", "timetable_sync", "run", "--config", str(installation.configuration), *NOW]
    environment = {**os.environ, **installation.environment}
    with subprocess.Popen(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as first:
        try:
            # Once it asks for a token it has its lease.
            while first.poll() is None and not client.requests().get("token"):
                time.sleep(0.05)
            second = installation.run(*NOW)
        finally:
            client.clear_faults()
            first.communicate(timeout=120)
    assert second.returncode == 6, second.stderr + second.stdout
    assert first.returncode == 0


def test_a_state_database_of_a_newer_version_is_refused_and_left_as_it_is(installation: Installation) -> None:
    installation.run(*NOW)
    before = written(installation)
    with sqlite3.connect(installation.state) as database:
        database.execute("UPDATE timetable_sync_schema SET version_num = '9999'")
    sql(installation, "UPDATE meeting SET title = 'Sets'")
    done = installation.run(*NOW)
    assert done.returncode == 2
    assert "newer" in done.stderr + done.stdout
    assert {event["subject"] for events in installation.sandbox.client.all_events().values() for event in events} == {"Logic"}
    assert written(installation) == before
