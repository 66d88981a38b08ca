"""Numbers, plurals, durations and the names of kinds as all reports say them. Only words, no decisions."""

from typing import Final

from timetable_sync.model.change import Change, Create, Update

_PLURALS: Final = {"is": "are", "was": "were", "has": "have", "stays": "stay"}

KINDS: Final = ("created", "updated", "deleted")


def number(count: int) -> str:
    """51,691."""
    return f"{count:,}"


def counted(count: int, noun: str, verb: str = "") -> str:
    """ "1 event was" or "51,691 events were", for ``counted(n, "event", "was")``."""
    words = [number(count), noun if count == 1 else noun + "s"]
    if verb:
        words.append(verb if count == 1 else _PLURALS[verb])
    return " ".join(words)


def lasted(seconds: float) -> str:
    """ "3 min 47 s"."""
    whole = max(0, round(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def kind_of(change: Change) -> str:
    """One of :data:`KINDS`."""
    if isinstance(change, Create):
        return "created"
    return "updated" if isinstance(change, Update) else "deleted"


def minutes_before(minutes: int | None) -> str:
    """A reminder: "15 minutes before", "1 day before", "off"."""
    if minutes is None:
        return "off"
    for size, unit in ((10_080, "week"), (1_440, "day"), (60, "hour")):
        if minutes and minutes % size == 0:
            return f"{counted(minutes // size, unit)} before"
    return f"{counted(minutes, 'minute')} before"
