"""A night under systemd: every line is an entry of the journal, with the run's id, and each calendar has one."""

import socket
from pathlib import Path

import pytest

from tests.end_to_end.installation import Installation
from tests.test_journal import entry

NOW = ("--now", "2026-10-13T02:00")

#: Standard error becomes what systemd makes of it: a stream that JOURNAL_STREAM names; the socket is the test's.
UNDER_SYSTEMD = """
import os, sys
from timetable_sync import journal
journal.SOCKET = sys.argv.pop(1)
facts = os.fstat(2)
os.environ["JOURNAL_STREAM"] = f"{facts.st_dev}:{facts.st_ino}"
from timetable_sync.cli.app import main
sys.exit(main())
"""


@pytest.mark.slow
def test_every_line_of_a_night_is_an_entry_with_the_runs_id_and_each_calendar_has_one(installation: Installation, tmp_path: Path) -> None:
    program, path = tmp_path / "under_systemd.py", tmp_path / "journal"
    program.write_text(UNDER_SYSTEMD, "utf-8")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as heard:
        heard.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_000_000)
        heard.bind(str(path))
        with installation.start(*NOW, "--quiet", program=(str(program), str(path))) as process:
            entries: list[dict[str, str]] = []
            heard.settimeout(60)
            while not any("run recorded" in one["MESSAGE"] for one in entries):
                entries.append(entry(heard))
            out, err = process.communicate(timeout=60)
            heard.setblocking(False)
            while True:
                try:
                    entries.append(entry(heard))
                except BlockingIOError:
                    break
    assert (process.returncode, out, err) == (0, "", "")
    assert len({one["TIMETABLE_SYNC_RUN_ID"] for one in entries}) == 1
    assert {one["TIMETABLE_SYNC_RUN"] for one in entries} == {"1"}
    calendars = [one for one in entries if "TIMETABLE_SYNC_CALENDAR" in one]
    assert [(one["TIMETABLE_SYNC_CALENDAR"], one["TIMETABLE_SYNC_CREATED"], one["PRIORITY"]) for one in calendars] == [
        ("COMP101", "3", "6"),
        ("MATH101", "3", "6"),
    ]
    assert calendars[0]["MESSAGE"].startswith("calendar changed  calendar=COMP101  address=comp101@groups.example.ac.uk")
