"""What the machine needs of a world: calendars that people and nights work in, a ledger that can be lost, and a clock."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from tests.proof.years.configurations import Configuration
from tests.proof.years.office import Lesson
from tests.proof.years.seen import Effect, Seen

#: What can go wrong in a night. "unclear" may be done or not, as a 503 before or after the work; "listing" is a calendar's reading that
#: breaks off, "timetable" the timetable's; the last five end the run.
Ill = Literal[
    "none", "busy", "unclear done", "unclear undone", "refused", "listing", "gone", "timetable", "stop", "deadline", "lease", "killed"
]


@dataclass(frozen=True, slots=True)
class Mishap:
    """``ill`` befalls the ``nth`` request (from 0) that it can befall."""

    ill: Ill = "none"
    nth: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """A night: its moment, what is asked of it, and what is to happen in it. ``meanwhile`` is done by people at the ``then``-th request."""

    configuration: Configuration
    now: datetime
    lessons: tuple[Lesson, ...]
    dry_run: bool = False
    forced: bool = False
    mishap: Mishap = field(default_factory=Mishap)
    meanwhile: Callable[[], None] | None = None
    then: int = 0


@dataclass(frozen=True, slots=True)
class Night:
    """What came of it: by its own account, and by its ``effects``. ``planned`` counts the changes that it reported."""

    exit_code: int
    effects: tuple[Effect, ...]
    planned: int
    left: int
    said: str


class World(Protocol):
    """One history's world."""

    def begin(self, addresses: Iterable[str], now: datetime) -> None:
        """A new history, with these calendars, all empty."""

    def set_clock(self, now: datetime) -> None:
        """What the calendars' clock says from now on."""

    def see(self, address: str) -> list[Seen]:
        """Everything in the calendar, by start."""

    def add(self, address: str, start: datetime, end: datetime, subject: str, marker: str | None = None) -> None:
        """A person's own appointment; or, with a marker, another installation's."""

    def edit(self, address: str, item: str, **fields: Any) -> None:
        """A person changes an event's fields."""

    def delete(self, address: str, item: str) -> None:
        """A person deletes an event."""

    def bring_back(self, address: str, number: int) -> None:
        """A person takes one of the deleted events out of Deleted Items again."""

    def copy(self, address: str, item: str, to: str, **fields: Any) -> None:
        """A person copies an event, its marker too."""

    def night(self, asked: Asked) -> Night:
        """One night."""

    def lose_ledger(self) -> None:
        """The state database is gone."""

    def keep_ledger(self) -> None:
        """A backup is made of it."""

    def restore_ledger(self) -> None:
        """It becomes the latest backup; there may be none."""

    def change_host(self) -> None:
        """The next nights run on the other host, with that host's own state database."""

    def mails(self) -> int:
        """How many mails were sent since :meth:`begin`."""
