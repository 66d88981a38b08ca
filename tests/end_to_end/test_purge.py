"""``purge`` as it is typed, at a terminal and without one, against the sandbox's Exchange."""

import os
import pty
import sqlite3

import pytest

from tests.end_to_end.installation import Installation

NOW = ("--now", "2026-10-13T02:00")
COMP, MATH = "comp101@groups.example.ac.uk", "math101@groups.example.ac.uk"


@pytest.mark.slow
def test_what_we_wrote_is_moved_to_deleted_items_once_a_person_has_typed_the_calendars_name(installation: Installation) -> None:
    client = installation.sandbox.client
    client.add_appointment(COMP, subject="Staff meeting", start="2026-10-14T09:00:00Z", end="2026-10-14T10:00:00Z")
    assert installation.run(*NOW).returncode == 0
    client.reset_requests()

    # Nobody can be asked: nothing is written.
    with installation.start("COMP101", verb="purge", stdin=os.open(os.devnull, os.O_RDONLY)) as process:
        out, err = process.communicate(timeout=60)
    assert process.returncode == 2, out + err
    assert "To go ahead: timetable-sync purge COMP101 --yes 3" in err
    assert installation.written() == set()

    ours, theirs = pty.openpty()
    with installation.start("COMP101", verb="purge", stdin=theirs) as process:
        os.write(ours, b"COMP101\n")
        out, err = process.communicate(timeout=60)
    os.close(ours)
    os.close(theirs)
    assert process.returncode == 0, out + err
    assert "  3 events of ours, 14 Oct 2026 - 28 Oct 2026" in out
    assert "1 calendar   3 events of ours moved to Deleted Items" in out
    assert installation.written() == {"DeleteItem"}
    assert [event["subject"] for event in client.events(COMP)] == ["Staff meeting"]
    assert len(client.events(MATH)) == 3
    assert len(client.deleted_items(COMP)) == 3
    assert client.mails() == 0
    with sqlite3.connect(installation.state) as database:
        assert database.execute("SELECT count(*) FROM history WHERE reason = 'a purge took it out' AND outcome = 'done'").fetchone() == (3,)
        assert database.execute("SELECT count(*) FROM ledger WHERE address = ?", (COMP,)).fetchone() == (0,)
