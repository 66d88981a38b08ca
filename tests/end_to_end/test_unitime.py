"""Three nights over UniTime's demonstration college, by the commands and the configuration of the documentation."""

import shutil
import sqlite3
from collections import Counter, defaultdict
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.end_to_end.installation import ROOT, Installation
from tests.sandbox_process import SandboxProcess

ZONE = ZoneInfo("America/Indiana/Indianapolis")
NOW = ("--now", "2007-09-10T06:00")


def yielded(database: Path) -> dict[str, Counter[tuple[datetime, datetime, str]]]:
    """What the query yields, by address: start, end and class, worked out here and by nothing of the package."""
    sql = (ROOT / "docs/examples/unitime-woebegon.sql").read_text("utf-8")
    found: dict[str, set[tuple[datetime, datetime, str]]] = defaultdict(set)
    with sqlite3.connect(database) as connection:
        connection.row_factory = sqlite3.Row
        for row in connection.execute(sql):
            start, end = (datetime.fromisoformat(row[name]).replace(tzinfo=ZONE).astimezone(UTC) for name in ("starts_at", "ends_at"))
            found[row["course"].replace(" ", "-").lower() + "@groups.example.ac.uk"].add((start, end, str(row["class_id"])))
    return {address: Counter(meetings) for address, meetings in found.items()}


def standing(installation: Installation, address: str) -> Counter[tuple[datetime, datetime, str]]:
    """What stands in a sandbox calendar, read without the package: times, and the class that the marker names."""
    found: Counter[tuple[datetime, datetime, str]] = Counter()
    for event in installation.sandbox.client.events(address):
        start, end = (datetime.fromisoformat(event[name].replace("Z", "+00:00")).astimezone(UTC) for name in ("start", "end"))
        ((_, _, _, marker),) = event["extended"]
        found[(start, end, marker.split(" ")[3].split("/")[2])] += 1
    return found


@pytest.mark.slow
@pytest.mark.shared
def test_unitime_lands_in_the_calendars_and_the_next_nights_have_nothing_to_do(shared: Path, tmp_path: Path) -> None:
    database = tmp_path / "woebegon.sqlite"
    shutil.copyfile(shared / "data" / "unitime-woebegon.sqlite", database)
    wanted = yielded(database)
    assert sum(map(len, wanted.values())) == 6_722
    with SandboxProcess() as sandbox:
        installation = Installation(tmp_path, sandbox, ROOT / "docs/examples/unitime-woebegon.toml", f"sqlite:///{database}")
        sandbox.client.add_mailboxes(sorted(wanted))
        first = installation.run(*NOW, environment={"TIMETABLE_SYNC_WINDOW__PAST": "60 days"})
        assert (first.returncode, first.stderr) == (0, "")
        assert "6,722 created" in first.stdout
        assert {address: standing(installation, address) for address in wanted} == wanted

        before = sandbox.client.all_events()
        sandbox.client.reset_requests()
        # The folders' times have no fractions of seconds: what changed just now is read again the next time.
        sandbox.client.advance_clock(180)
        second = installation.run(*NOW)
        assert second.returncode == 0
        assert set(sandbox.client.requests()) == {"token", "FindItem", "GetFolder"}
        assert sandbox.client.requests()["token"] == 1

        sandbox.client.reset_requests()
        quiet = installation.run(*NOW)
        assert quiet.returncode == 0
        assert sandbox.client.requests() == {"token": 1, "GetFolder": len(wanted)}

        installation.state.unlink()
        third = installation.run(*NOW)
        assert third.returncode == 0
        assert not {"CreateItem", "UpdateItem", "DeleteItem"} & set(sandbox.client.requests())
        assert sandbox.client.all_events() == before
        assert sandbox.client.mails() == 0
