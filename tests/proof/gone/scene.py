"""Many calendars that were right in the evening, a timetable that changes something in each, and what befalls some of them at night."""

import json
import os
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.plain_configuration import plain_configuration
from tests.sandbox_process import SandboxProcess, make_certificate, ready_app

ROOT = Path(__file__).resolve().parents[3]

_CONFIGURATION = """
[run]
calendars_at_once = 10
[state]
url = "sqlite:///state.db"
"""

#: Makes waits short where nobody wants to wait for a mailbox that is being moved; as it is typed, a night tries for about a minute.
_HURRY = """
from functools import partialmethod
from timetable_sync.apply.retry import RetryPolicy
RetryPolicy.__init__ = partialmethod(RetryPolicy.__init__, first=0.02, longest=0.1, late=0.02)
from timetable_sync.cli.app import main
main()
"""

Stands = tuple[str, str, str]
"""Address, subject, start as the sandbox shows it."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls a calendar: a word for it, what the report has to say and to advise, and how it is brought about."""

    kind: str
    says: str
    advises: str
    fault: dict[str, Any] | None = None


_NO_MAILBOX = ("there is no such mailbox", "Compare calendars.address with the mailboxes that exist")
_MOVING = ("the mailbox is being moved", "The next night tries again")

#: Three are gone, one of them while the night is at work.
GONE = (
    Trouble("gone", *_NO_MAILBOX),
    Trouble("gone", *_NO_MAILBOX),
    Trouble("gone", *_NO_MAILBOX, {"what": "fault", "operation": "[CUD]*Item", "code": "ErrorNonExistentMailbox"}),
)
#: Two are being moved, one of them from the midst of the night on.
MOVING = (
    Trouble("being moved", *_MOVING, {"what": "fault", "operation": "*", "code": "ErrorMailboxMoveInProgress"}),
    Trouble("being moved", *_MOVING, {"what": "item_error", "operation": "[CUD]*Item", "code": "ErrorMailboxMoveInProgress"}),
)
FULL = (
    Trouble(
        "over quota",
        "the mailbox is full",
        "Make room in it",
        {"what": "item_error", "operation": "CreateItem", "code": "ErrorQuotaExceeded"},
    ),
)
#: One event each of five calendars, for five reasons.
REFUSED = tuple(
    Trouble("refused", says, advises, {"what": "item_error", "operation": "CreateItem", "code": code, "items": [0]})
    for code, says, advises in (
        ("ErrorInvalidPropertySet", "Exchange does not accept one of the event's fields", "Look at this event's row"),
        ("ErrorItemSavePropertyError", "Exchange could not save the event", "Look at this event's row"),
        ("ErrorMessageSizeExceeded", "the event is too large", "Shorten event.body"),
        ("ErrorCalendarInvalidTimeZone", "Exchange does not know its time zone", "Check timetable.time_zone"),
        ("ErrorInvalidExtendedPropertyValue", "Exchange does not accept the event's marker", "Look at this event's row"),
    )
)
TROUBLES = (*GONE, *MOVING, *FULL, *REFUSED)


@dataclass
class Scene:
    """``folder`` takes it; ``many`` calendars, ``chance`` says whom it befalls."""

    folder: Path
    sandbox: SandboxProcess
    many: int
    chance: random.Random
    hurry: bool = False
    befallen: dict[str, Trouble] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ready_app(self.sandbox.client, make_certificate(self.folder))
        self.modules = [f"COMP{number}" for number in range(1001, 1001 + self.many)]
        self.first = datetime.now(UTC).replace(hour=11, minute=0, second=0, microsecond=0) + timedelta(days=3)
        client = self.sandbox.client
        client.add_mailboxes([_address(module) for module in self.modules])
        for module in self.modules:
            client.add_appointment(_address(module), "Coffee", self.first.isoformat(), (self.first + timedelta(hours=1)).isoformat())
        (self.folder / "timetable-sync.toml").write_text(plain_configuration(self.sandbox.url) + _CONFIGURATION, "utf-8")

    def evening(self) -> None:
        """Everything stands, and nothing ails anybody."""
        self.timetable("Logic", new=False)
        done = self.run()
        if done.returncode or self.wrong():
            raise RuntimeError(f"the evening is not as it should be: {self.wrong()[:5]} {done.stdout} {done.stderr}")

    def befall(self) -> None:
        """Something else in each calendar's timetable, and all troubles at once."""
        self.timetable("Sets", new=True)
        client = self.sandbox.client
        for module, trouble in zip(self.chance.sample(self.modules, len(TROUBLES)), TROUBLES, strict=True):
            self.befallen[module] = trouble
            if trouble.fault is None:
                client.remove_mailbox(_address(module))
            else:
                client.set_fault({"count": 0, "mailbox": _address(module), **trouble.fault})

    def relieve(self) -> None:
        """It is over; who was gone comes back empty."""
        client = self.sandbox.client
        client.clear_faults()
        client.add_mailboxes([_address(module) for module in self.modules])

    def timetable(self, title: str, *, new: bool) -> None:
        """A lesson in each module that is called so; and two more, if ``new``."""
        self.lessons = [(module, f"{module} {title}", self.first + timedelta(days=1)) for module in self.modules]
        if new:
            self.lessons += [(module, f"{module} New {at}", self.first + timedelta(days=at)) for module in self.modules for at in (2, 3)]
        with sqlite3.connect(self.folder / "timetable.db") as database:
            database.execute("CREATE TABLE IF NOT EXISTS meeting (activity, module, starts, ends, title)")
            database.execute("DELETE FROM meeting")
            database.executemany("INSERT INTO meeting VALUES (?, ?, ?, ?, ?)", [_row(*lesson) for lesson in self.lessons])

    def run(self) -> "subprocess.CompletedProcess[str]":
        """``timetable-sync run`` as a process; its JSON report is ``night.json``."""
        program = ["-c", _HURRY] if self.hurry else ["-m", "timetable_sync"]
        environment = {name: value for name, value in os.environ.items() if not name.startswith("TIMETABLE_SYNC_")}
        return subprocess.run(
            [sys.executable, *program, "run", "--report", "night.json", "--report", "night.txt"],
            cwd=self.folder,
            env={**environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=3000,
            check=False,
        )

    def report(self) -> dict[str, Any]:
        """What the last run said."""
        found: dict[str, Any] = json.loads((self.folder / "night.json").read_text("utf-8"))
        return found

    def stands(self) -> dict[str, "Counter[Stands]"]:
        """What stands, people's appointments too, by address."""
        return {
            address: Counter((address, str(event["subject"]), str(event["start"])) for event in events)
            for address, events in self.sandbox.client.all_events().items()
        }

    def ought(self, module: str) -> "Counter[Stands]":
        """What ought to stand in a module's calendar, the coffee included."""
        address = _address(module)
        coffee = (address, "Coffee", f"{self.first:%Y-%m-%dT%H:%M:%SZ}")
        lessons = [(address, title, f"{start:%Y-%m-%dT%H:%M:%SZ}") for named, title, start in self.lessons if named == module]
        return Counter([coffee, *lessons])

    def wrong(self) -> list[str]:
        """The modules whose calendars are not as they ought to be; who came back has no coffee any more, which is no fault of ours."""
        stands = self.stands()
        wrong = []
        for module in self.modules:
            ought = self.ought(module)
            if self.befallen.get(module) in GONE[:2]:
                ought = Counter({one: many for one, many in ought.items() if one[1] != "Coffee"})
            if stands.get(_address(module), Counter()) != ought:
                wrong.append(module)
        return wrong

    def of(self, *troubles: Trouble) -> list[str]:
        """The modules whom these befell."""
        return [module for module, trouble in self.befallen.items() if trouble in troubles]


def _address(module: str) -> str:
    return f"{module.lower()}@groups.example.ac.uk"


def _row(module: str, title: str, start: datetime) -> tuple[str, str, str, str, str]:
    local = start.astimezone(ZoneInfo("Europe/London"))
    activity = f"{module}-{start:%j}"
    return activity, module, f"{local:%Y-%m-%d %H:%M}", f"{local + timedelta(hours=1):%Y-%m-%d %H:%M}", title
