"""Events of ours that were damaged, or that Exchange lists without some field: over HTTP, by commands as they are typed."""

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.installation import Installation
from timetable_sync.model.marker import PROPERTY_NAME, PROPERTY_SET

COMP, MATH, PHYS = (f"{name}@groups.example.ac.uk" for name in ("comp101", "math101", "phys101"))
NOW = ("--now", "2026-10-13T01:00")


@pytest.fixture
def filled(installation: Installation) -> Installation:
    """After a night: three lessons in each of three calendars. From now on the last one of each has another subject."""
    database = installation.folder / "timetable.db"
    with sqlite3.connect(database) as connection:
        connection.execute("INSERT INTO meeting SELECT 'A-PHYS101', 'PHYS101', starts, ends, title FROM meeting WHERE module = 'COMP101'")
    installation.sandbox.client.remove_mailbox(PHYS)
    installation.sandbox.client.add_mailbox(PHYS)
    assert installation.run(*NOW).returncode == 0
    with sqlite3.connect(database) as connection:
        connection.execute("UPDATE meeting SET title = 'Sets' WHERE starts LIKE '2026-10-28%'")
    return installation


def events(installation: Installation, address: str) -> list[Mapping[str, Any]]:
    return sorted(installation.sandbox.client.events(address), key=lambda one: str(one["start"]))


def plain(said: str) -> str:
    """Without line ends and the blanks before them."""
    return " ".join(said.split())


def damage(installation: Installation, address: str, item: str, text: str) -> None:
    installation.sandbox.client.edit_event(address, item, extended=[[PROPERTY_SET, f"name:{PROPERTY_NAME}", "String", text]])


def night(installation: Installation, tmp_path: Path) -> tuple[int, str, dict[str, Any]]:
    """The exit code, what was said, and the report."""
    installation.sandbox.client.reset_requests()
    report = tmp_path / "report.json"
    done = installation.run(*NOW, "--report", str(report))
    return done.returncode, done.stdout, json.loads(report.read_text("utf-8"))


def test_a_damaged_mark_and_a_missing_field_cost_their_calendars_nothing_else(filled: Installation, tmp_path: Path) -> None:
    client = filled.sandbox.client
    damaged, lacking = events(filled, COMP)[0], events(filled, MATH)[0]
    damage(filled, COMP, damaged["id"], "1 damaged")
    client.edit_event(MATH, lacking["id"], busy="Tentative", not_given=["LegacyFreeBusyStatus", "End", "Sensitivity", "DateTimeCreated"])

    code, said, report = night(filled, tmp_path)

    assert code == 1
    assert "COMP101 1 event with our mark cannot be read and was left: Wed 14 Oct 2026 09:00 - 10:00 Logic" in plain(said)
    assert "1 lesson was not written, as it may stand there already" in plain(said)
    statuses = {one["address"]: (one["status"], one["created"], one["updated"], one["deleted"]) for one in report["calendars"]}
    assert statuses == {COMP: ("changed", 0, 1, 0), MATH: ("changed", 0, 2, 0), PHYS: ("changed", 0, 1, 0)}
    # Nothing that does not pass is tried again.
    assert (client.requests()["FindItem"], "tried again" in said) == (3, False)
    for address in (COMP, MATH, PHYS):
        there = events(filled, address)
        assert [one["subject"].rpartition(" ")[2] for one in there] == ["Logic", "Logic", "Sets"]
        assert [one["busy"] for one in there] == ["Busy"] * 3
    assert events(filled, COMP)[0]["extended"] != damaged["extended"], "left as it is"

    code, said, report = night(filled, tmp_path)

    assert code == 1, "it is named until somebody has seen to it"
    assert filled.written() == set(), "what Exchange does not list even of our own version is not written every night"
    assert "MATH101: Wed 14 Oct 2026 09:00" in said, said

    client.delete_event(COMP, damaged["id"])
    client.edit_event(MATH, lacking["id"], not_given=[])
    code, said, report = night(filled, tmp_path)
    assert (code, [one["created"] for one in report["calendars"]]) == (0, [1, 0, 0])
    assert len(events(filled, COMP)) == 3


@pytest.mark.parametrize("ledger", ["known", "lost"])
def test_marks_of_a_newer_version_protect_their_events_from_being_doubled(filled: Installation, tmp_path: Path, ledger: str) -> None:
    for one in events(filled, COMP)[:2]:
        damage(filled, COMP, one["id"], "2 something newer")
    if ledger == "lost":
        filled.state.unlink()

    code, said, report = night(filled, tmp_path)

    assert (code, len(events(filled, COMP))) == (1, 3)
    comp = report["calendars"][0]
    assert (comp["created"], comp["updated"], comp["deleted"], comp["standing"]) == (0, 1, 0, 1)
    assert "2 events with our mark cannot be read and were left; 2 lessons were not written" in plain(said)
    assert [one["why"] for one in comp["left_alone"]] == ["it bears our mark and cannot be read"] * 2


def test_a_purge_leaves_and_names_them(filled: Installation) -> None:
    damaged = events(filled, COMP)[0]
    damage(filled, COMP, damaged["id"], "")

    seen = filled.command("purge", "COMP101", "--dry-run")
    done = filled.command("purge", "COMP101", "--yes", "2")

    for said in (seen.stdout, done.stdout):
        assert "1 event with our mark cannot be read and was left: Wed 14 Oct 2026 09:00 - 10:00" in plain(said)
    assert [one["id"] for one in events(filled, COMP)] == [damaged["id"]], done.stdout + done.stderr
    assert done.returncode == 1, done.stderr
