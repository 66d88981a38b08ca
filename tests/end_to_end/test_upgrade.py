"""Calendars and a state database that an earlier version wrote: after the upgrade nothing is rewritten, and no more is read than before.

``earlier_state`` was made by the version whose schema is 0004, in five nights against its sandbox. 48 events were created; people edited
one and deleted one, and both were restored; eight changed in the timetable; HIST401 is held since the fourth night; GONE999 has no
mailbox. The fifth night, of 9 October 2026, 02:00, asked GetFolder five times and FindItem twice.
"""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.end_to_end.installation import WRITING, Installation
from tests.sandbox_process import SandboxProcess

EARLIER = Path(__file__).with_name("earlier_state")


@pytest.fixture
def earlier(tmp_path: Path) -> Iterator[Installation]:
    for file in EARLIER.iterdir():
        shutil.copy(file, tmp_path)
    (tmp_path / "state.db").chmod(0o600)
    with SandboxProcess(state=tmp_path / "sandbox.json") as sandbox:
        yield Installation(tmp_path, sandbox, tmp_path / "timetable.toml", f"sqlite:///{tmp_path / 'timetable.sqlite'}")


def rows(installation: Installation, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(installation.state)) as database:
        return database.execute(query).fetchall()


def test_the_night_after_an_upgrade_writes_nothing_and_reads_no_more_than_the_night_before(earlier: Installation) -> None:
    refused = earlier.run("--now", "2026-10-09T02:30")
    assert refused.returncode == 2
    assert "timetable-sync state upgrade" in refused.stderr
    upgrade = earlier.command("state", "upgrade")
    assert (upgrade.returncode, upgrade.stderr) == (0, "")
    before = earlier.sandbox.client.all_events()
    ledger = rows(earlier, "SELECT * FROM ledger")
    earlier.sandbox.client.reset_requests()

    night = earlier.run("--now", "2026-10-09T02:30")

    asked = earlier.sandbox.client.requests()
    assert night.returncode == 1  # GONE999 has no mailbox
    assert "3 unchanged, 1 held, 1 failed" in night.stdout
    assert not WRITING & asked.keys()
    assert (asked["GetFolder"], asked["FindItem"]) == (5, 2)
    assert earlier.sandbox.client.all_events() == before
    assert rows(earlier, "SELECT * FROM ledger") == ledger


def test_what_was_held_before_an_upgrade_is_held_since_the_same_night_after_it(earlier: Installation) -> None:
    earlier.command("state", "upgrade")
    assert "9 of 12 events would be deleted" in earlier.command("held").stdout
    earlier.run("--now", "2026-10-09T02:30")

    held = earlier.command("held")

    assert "HIST401" in held.stdout
    assert rows(earlier, "SELECT label, since_run FROM held") == [("HIST401", 4)]
