"""A calendar: one mailbox's calendar folder, by the name that the timetable gives it and the address it has."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Calendar:
    """``address`` is the mailbox's SMTP address in lower case, and is its identity; ``name`` is what people call it."""

    address: str
    name: str
