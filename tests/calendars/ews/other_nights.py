"""Whole nights against an Exchange written apart from the sandbox: a small timetable, and what is to stand for it."""

import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from tests.calendars.ews.other_exchange.habits import Habits
from tests.calendars.ews.other_exchange.mailbox import Mailbox
from tests.calendars.ews.other_exchange.server import OtherExchange
from tests.sandbox_process import CLIENT_ID, TENANT, CertificateFiles
from timetable_sync.apply.progress import Silent
from timetable_sync.apply.retry import RetryPolicy
from timetable_sync.config.load import load
from timetable_sync.night import NightRequest, run_night
from timetable_sync.reports.summary import RunSummary

NOW = datetime(2026, 10, 13, 1, 0, tzinfo=UTC)
ROOT = Path(__file__).resolve().parents[3]
LOGIC, PHYSICS = "logic@groups.example.ac.uk", "physics@groups.example.ac.uk"

Meeting = tuple[str, str, str, str, str, str, str]
"""activity, module, start, end, title, type, room"""

#: Both sides of the clock change, midnights, an event under way when the night begins, texts that people write.
WEEKS: tuple[Meeting, ...] = (
    ("L1", "LOGIC", "2026-10-14 09:00", "2026-10-14 10:00", "Logic <& proofs>", "Lecture", "Hall 1"),
    ("L1", "LOGIC", "2026-10-21 09:00", "2026-10-21 10:00", "Logic <& proofs>", "Lecture", "Hall 1"),
    ("L1", "LOGIC", "2026-10-28 09:00", "2026-10-28 10:00", "Logic <& proofs>", "Lecture", "Hall 1; Hall 2"),
    ("L2", "LOGIC", "2026-10-15 00:00", "2026-10-16 00:00", "Séminaire «B»", "Exam", ""),
    ("L3", "LOGIC", "2026-10-13 01:30", "2026-10-13 05:00", "Night shift", "Lecture", "Hall 1"),
    ("L4", "LOGIC", "2026-10-16 09:00", "2026-10-16 10:00", "A very long title " * 20, "Lecture", "Hall 1"),
    ("P1", "PHYSICS", "2026-10-14 09:00", "2026-10-14 10:00", "Optics", "Lecture", "Hall 3"),
    ("P1", "PHYSICS", "2026-10-21 09:00", "2026-10-21 10:00", "Optics", "Lecture", "Hall 3"),
    ("P2", "PHYSICS", "2026-10-14 09:00", "2026-10-14 10:00", "Optics, the other group", "Lecture", "Hall 4"),
)

CONFIGURATION = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
period = "2026/27"
query = "SELECT * FROM meeting"
[timetable.columns]
activity = "activity"
calendar = "module"
start = "starts"
end = "ends"
title = "title"
type = "type"
rooms = { column = "room", many = true }
[calendars]
address = "{{ calendar | lower }}@groups.example.ac.uk"
allow = ["*@groups.example.ac.uk"]
[event]
location = "{{ rooms | join(', ') }}"
body = "<p>{{ title }}</p><ol><li>Bring <b>paper</b>pens</li><li>Be quiet</li></ol><hr><img src='cid:1' alt='logo'>"
body_kind = "html"
categories = ["Timetable", "{{ type }}"]
reminder = "15 minutes"
[[event.rules]]
when = { type = "Exam" }
reminder = "off"
sensitivity = "private"
busy = "working-elsewhere"
[guards]
deletes_in_calendar = { share = "100 %" }
deletes_in_run = "100 %"
"""

#: Short waits, but as many tries as ever: one that hangs up without a word may do so only after the next request was sent, and time and
#: again where the machine has much else to do.
_BRISK = RetryPolicy(first=0.01, longest=0.2, silence=60.0, late=0.1)


class OtherNights:
    """``folder`` takes timetable, configuration and state; ``exchange`` has the two mailboxes."""

    def __init__(self, folder: Path, habits: Habits, schema_folder: Path, files: CertificateFiles) -> None:
        self.folder = folder
        self.environment: dict[str, str] = {}
        self._configuration = folder / "timetable-sync.toml"
        self._database = folder / "timetable.db"
        certificate = x509.load_pem_x509_certificate(files.cert_pem.read_bytes())
        self.exchange = OtherExchange(habits, schema_folder, certificate, CLIENT_ID)
        for address in (LOGIC, PHYSICS):
            self.exchange.mailboxes[address] = Mailbox()
        self._configuration.write_text(
            f"""{CONFIGURATION}
[entra]
tenant = "{TENANT}"
client = "{CLIENT_ID}"
authority = "{self.exchange.url}"
certificate = {{ file = "{files.cert_pem}" }}
key = {{ file = "{files.key_pem}" }}
[ews]
endpoint = "{self.exchange.url}/EWS/Exchange.asmx"
batch = 4
[state]
url = "sqlite:///state.db"
""",
            "utf-8",
        )
        with sqlite3.connect(self._database) as database:
            database.execute("CREATE TABLE meeting (activity, module, starts, ends, title, type, room)")
        self.timetable(WEEKS)
        if habits.foreigners:
            self._foreigners()

    def timetable(self, meetings: tuple[Meeting, ...]) -> None:
        """From now on the timetable is this."""
        with sqlite3.connect(self._database) as database:
            database.execute("DELETE FROM meeting")
            database.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?, ?, ?)", meetings)

    def night(self) -> RunSummary:
        """One night in this process."""
        return run_night(
            load(self._configuration, self.environment),
            NightRequest(NOW),
            progress=Silent(),
            stop=threading.Event(),
            pace=_BRISK,
        )

    def run(self) -> subprocess.CompletedProcess[str]:
        """One night as a process of its own."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
        command = [sys.executable, "-m", "timetable_sync", "run", "--config", str(self._configuration), "--now", NOW.isoformat()]
        return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)

    def lose_ledger(self) -> None:
        """The state database is gone."""
        for file in self.folder.glob("state.db*"):
            file.unlink()

    def writes(self) -> Counter[str]:
        """How often was written since this was last asked."""
        found = Counter(
            {name: number for name, number in self.exchange.asked.items() if name in ("CreateItem", "UpdateItem", "DeleteItem")}
        )
        self.exchange.asked.clear()
        return found

    def standing(self) -> list[tuple[str, str, str]]:
        """What of ours stands: mailbox, time in UTC, the subject's first letters; in order."""
        return sorted(
            (address.partition("@")[0].upper(), f"{item.start:%m-%d %H:%M}-{item.end:%d %H:%M}", item.fields["Subject"][:12].strip())
            for address, mailbox in self.exchange.mailboxes.items()
            for item in mailbox.ours
        )

    def edit(self, address: str, nth: int, **fields: str) -> None:
        """Somebody changes fields of one of our events; ``body`` is one too."""
        item = self.exchange.mailboxes[address].ours[nth]
        if "body" in fields:
            item.body = (fields.pop("body"), "HTML")
        item.fields.update(fields)
        item.version, item.settled = self.exchange.operations.version(), False

    def _foreigners(self) -> None:
        """What people keep in the same calendars: a series with an exception, all-day events, messages in the wrong folder."""
        for mailbox in self.exchange.mailboxes.values():
            for day in range(30):
                start = NOW + timedelta(days=day - 2, hours=8)
                item = self.exchange.operations.new(
                    mailbox, start, start + timedelta(hours=1), Subject="Stand-up", LegacyFreeBusyStatus="NoData"
                )
                item.type = "Exception" if day == 7 else "Occurrence"
            begin = NOW.replace(hour=0) - timedelta(days=20)
            term = self.exchange.operations.new(mailbox, begin, begin + timedelta(days=60), Subject="Term", LegacyFreeBusyStatus="OOF")
            term.all_day = True
            for element in ("MeetingRequest", "Message", "MeetingCancellation", "Item"):
                self.exchange.operations.new(
                    mailbox, NOW + timedelta(days=3), NOW + timedelta(days=4), Subject="Moved here"
                ).element = element


def quiet(nights: OtherNights) -> None:
    """A night in which nothing happened writes nothing."""
    nights.writes()
    summary = nights.night()
    assert (summary.exit_code, nights.writes()) == (0, {}), [report.trouble for report in summary.calendars]


def expected(meetings: tuple[Meeting, ...]) -> list[tuple[str, str, str]]:
    """What is to stand for a timetable, by other eyes than the program's: London is one hour ahead until 25 October 2026."""
    found = []
    for _, module, starts, ends, title, _, _ in meetings:
        times = [datetime.fromisoformat(text + "Z") for text in (starts, ends)]
        start, end = (when - timedelta(hours=1) if when < datetime(2026, 10, 25, 2, tzinfo=UTC) else when for when in times)
        if start >= NOW:
            found.append((module, f"{start:%m-%d %H:%M}-{end:%d %H:%M}", title[:12].strip()))
    return sorted(found)


#: The second week's timetable: a title, a time and a room changed; one is gone, one is new.
CHANGED: tuple[Meeting, ...] = (
    WEEKS[0],
    (*WEEKS[1][:4], "Logic <& more>", *WEEKS[1][5:]),
    (*WEEKS[2][:2], "2026-10-29 11:00", "2026-10-29 12:00", *WEEKS[2][4:]),
    *WEEKS[3:6],
    (*WEEKS[6][:6], "Hall 33"),
    WEEKS[8],
    ("P3", "PHYSICS", "2026-11-02 09:00", "2026-11-02 10:00", "Waves", "Lecture", "Hall 3"),
)
