"""Mailboxes with their addresses in a sandbox, the timetable that names some of these, and nights over HTTP between which both change."""

import random
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.plain_configuration import TIMETABLE
from tests.proof.years.ews_world import seen
from tests.proof.years.ledgers import Ledgers
from tests.proof.years.prepared import Prepared
from tests.proof.years.seen import Seen
from tests.sandbox_process import CLIENT_ID, TENANT, make_certificate, ready_app
from timetable_sync import logs
from timetable_sync.apply.progress import Silent
from timetable_sync.apply.retry import RetryPolicy
from timetable_sync.calendars.ews.backend import open_ews
from timetable_sync.calendars.registry import CountingBackend
from timetable_sync.config.load import Loaded, load
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.entra import Entra
from timetable_sync.config.sections.ews import Ews
from timetable_sync.entra.certificate import load_certificate
from timetable_sync.entra.token import TokenProvider
from timetable_sync.night import NightRequest, run_night
from timetable_sync.planning.guards import RELEASABLE
from timetable_sync.reports.summary import RunSummary, Status
from timetable_sync.sandbox.client import SandboxClient

#: Whose mailboxes and addresses may be at.
DOMAINS = ("groups.example.ac.uk", "new.example.ac.uk")

#: A calendar that the timetable does not name, and whose mailbox has not existed for so many nights, is forgotten.
FORGET_AFTER = 2

#: Whose calendar is no other module's, nor ever gone: so a service's folders are always two or more.
LEFT_ALONE = "M0"

WRITING = ("CreateItem", "UpdateItem", "DeleteItem", "MoveItem")

_DAY = timedelta(days=1)
_FIRST_NIGHT = datetime(2026, 10, 13, 1, tzinfo=UTC)
#: A lesson's activity is a number: so many days after this one. The clocks do not change any more.
_FIRST_LESSON = datetime(2026, 11, 9, 9, tzinfo=UTC)

_TOML = (
    TIMETABLE
    + """
[calendars]
address = "{{{{ mailbox }}}}"
mailboxes_query = "SELECT module, address FROM mailbox"
allow = ["*@*.example.ac.uk"]
forget_after = {forget_after}
[ews]
endpoint = "https://localhost/EWS/Exchange.asmx"
sign_in = "basic"
user = "service"
password = {{ env = "TIMETABLE_SYNC_NOBODY_ASKS" }}
[run]
full_reading = "{full} days"
[state]
url = "sqlite:///state.db"
"""
)

Lessons = dict[int, str]
"""A module's: title by activity."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A night: of ``modules`` alone, if there are any; ``ailing`` are addresses that give nothing tonight."""

    dry_run: bool = False
    forced: bool = False
    modules: tuple[str, ...] = ()
    ailing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """All that stands, by the mailbox's primary address: events, and how many are in Deleted Items."""

    events: Mapping[str, list[Seen]]
    deleted: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Night:
    """A night that is over: what was asked, where each address led, what stood before and after, and which mailboxes were written to.

    ``leads`` has the primary address that each address leads to, in lower case. ``named`` and ``lessons`` are the timetable's, by module.
    ``anew`` are mailboxes that were made anew since the night before, ``known`` addresses at which nights before saw all to be right.
    """

    asked: Asked
    leads: Mapping[str, str]
    named: Mapping[str, str]
    lessons: Mapping[str, Lessons]
    anew: frozenset[str]
    known: frozenset[str]
    before: Standing
    after: Standing
    written: Counter[str]
    mails: int
    summary: RunSummary


@dataclass
class Timetable:
    """What it has: each module's lessons, and the address of its calendar."""

    lessons: dict[str, Lessons] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)

    def write(self, file: Path) -> None:
        """The database that nights read is this."""
        with sqlite3.connect(file) as database:
            database.execute("CREATE TABLE IF NOT EXISTS meeting (activity, module, starts, ends, title)")
            database.execute("CREATE TABLE IF NOT EXISTS mailbox (module, address)")
            database.execute("DELETE FROM meeting")
            database.execute("DELETE FROM mailbox")
            rows = [
                (str(activity), module, f"{begins(activity):%Y-%m-%d %H:%M}", f"{begins(activity):%Y-%m-%d} 10:00", title)
                for module, lessons in self.lessons.items()
                for activity, title in lessons.items()
            ]
            database.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?)", rows)
            database.executemany("INSERT INTO mailbox VALUES (?, ?)", self.named.items())
        database.close()


def begins(activity: int) -> datetime:
    """When a lesson starts."""
    return _FIRST_LESSON + activity * _DAY


class Scene:
    """``folder`` is its own, and so is the sandbox that runs at ``url``."""

    def __init__(self, folder: Path, url: str) -> None:
        self.client = SandboxClient(url)
        self._folder = folder
        files = make_certificate(folder)
        ready_app(self.client, files)
        self.client.token_lifetime(365 * 86_400)
        entra = Entra(
            tenant=TENANT,
            client=CLIENT_ID,
            certificate=SecretRef(file=files.cert_pem),
            key=SecretRef(file=files.key_pem),
            authority=url,
        )
        self._tokens = TokenProvider(entra, load_certificate(entra))
        # Before any clock is moved: a token is only given to those whose clock is right.
        self._tokens.token()
        self._ews = Ews(endpoint=self.client.ews_url, timeout=timedelta(seconds=60))
        self._loaded = {full: self._load(full) for full in (0, 7)}
        self._prepared = Prepared()
        self._nights = 0
        self.ledgers = Ledgers(folder / "state.db")
        logs.configure(logs.QUIET)

    def begin(self, chance: random.Random) -> None:
        """A new history: no mailbox, an empty timetable, nothing on record."""
        self.client.clear_faults()
        for one in self.client.mailboxes():
            self.client.remove_mailbox(one["address"])
        self.client.advance_clock(-86_400 * self._nights)
        self.timetable = Timetable()
        self.anew, self.known = set[str](), set[str]()
        self._nights, self._activities, self._names = 0, 0, 0
        self._full = chance.choice((0, 7))
        self.ledgers.begin()

    def new_lesson(self, module: str) -> None:
        """One more, that no module had before."""
        self._activities += 1
        self.timetable.lessons.setdefault(module, {})[self._activities] = "Logic"

    def new_address(self, domain: str) -> str:
        """One that nothing was found by before."""
        self._names += 1
        return f"calendar{self._names}@{domain}"

    def open(self, address: str) -> None:
        """A new mailbox, empty but for a person's own event."""
        self.client.add_mailbox(address)
        self.coffee(address)

    def coffee(self, address: str) -> None:
        """A person's own event, at the time of a lesson."""
        at = begins(1 + self._names % 5)
        self.client.add_appointment(address, "Coffee", at, at + timedelta(hours=1))

    def primaries(self, *, all_of_them: bool = False) -> list[str]:
        """Every mailbox, by its primary address, but for that of :data:`LEFT_ALONE` unless it is asked for as well."""
        left_alone = "" if all_of_them else self.timetable.named[LEFT_ALONE].lower()
        there = [one for one in self.client.mailboxes() if left_alone not in (one["address"].lower(), *one["aliases"])]
        return [str(one["address"]) for one in there]

    def modules(self) -> list[str]:
        """Those of the timetable, but for :data:`LEFT_ALONE`."""
        return sorted(self.timetable.named.keys() - {LEFT_ALONE})

    def aliases(self) -> dict[str, str]:
        """Every other address that a mailbox is found by, and that mailbox."""
        return {str(alias): str(one["address"]) for one in self.client.mailboxes() for alias in one["aliases"]}

    def leads(self) -> dict[str, str]:
        """Where each address leads."""
        return {one.lower(): one for one in self.primaries(all_of_them=True)} | self.aliases()

    def night(self, asked: Asked) -> Night:
        """One night, a day after the one before."""
        self._nights += 1
        self.client.advance_clock(86_400)
        self.timetable.write(self._folder / "timetable.db")
        for address in asked.ailing:
            self.client.set_fault({"what": "fault", "operation": "*", "code": "ErrorMailboxMoveInProgress", "mailbox": address, "count": 0})
        before, mails = self._standing(), self.client.mails()
        self.client.reset_requests()
        request = NightRequest(
            _FIRST_NIGHT + self._nights * _DAY, asked.dry_run, asked.modules, frozenset(RELEASABLE if asked.forced else ())
        )
        with self._prepared.once():
            summary = run_night(
                self._loaded[self._full],
                request,
                progress=Silent(),
                stop=threading.Event(),
                connect=lambda settings, token: self._connected(),
                pace=RetryPolicy(first=0.0001, longest=0.0002, attempts=4, late=0.0002),
            )
        leads = self.leads()
        written = Counter(leads[one["mailbox"].lower()] for one in self.client.log() if one["operation"] in WRITING)
        self.client.clear_faults()
        timetable, anew = self.timetable, frozenset(self.anew)
        self.anew.clear()
        return Night(
            asked,
            leads,
            dict(timetable.named),
            {module: dict(lessons) for module, lessons in timetable.lessons.items()},
            anew,
            frozenset(self.known),
            before,
            self._standing(),
            written,
            self.client.mails() - mails,
            summary,
        )

    def remember(self, night: Night) -> None:
        """What the ledger has from now on."""
        if not night.asked.dry_run:
            right = (Status.UNCHANGED, Status.CHANGED)
            self.known.update(one.calendar.address.lower() for one in night.summary.calendars if one.status in right)

    def lose_ledger(self) -> None:
        """The state database is gone."""
        self.known.clear()
        self.ledgers.lose()

    def _connected(self) -> CountingBackend:
        backend = open_ews(self._ews, self._tokens)
        # Between two nights lie days, though no time passes here: what the one sent has long been done when the next begins.
        backend.longest_request = timedelta(0)
        return backend

    def _standing(self) -> Standing:
        events = {address: [seen(view) for view in views] for address, views in self.client.all_events().items()}
        return Standing(events, {address: len(self.client.deleted_items(address)) for address in events})

    def _load(self, full: int) -> Loaded:
        file = self._folder / f"every-{full}-days.toml"
        file.write_text(_TOML.format(period="2026/27", full=full, forget_after=FORGET_AFTER), "utf-8")
        return load(file, {})


Step = Callable[[Scene, random.Random], str]
"""Changes something between two nights; says what, in words, empty where there was nothing to be changed."""
