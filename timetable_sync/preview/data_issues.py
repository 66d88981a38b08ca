"""What is wrong with a timetable, by kind: how often, in what ways, and the first examples. Pure values."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class IssueKind(StrEnum):
    """What can be wrong. The values stand in the JSON document and never change."""

    BAD_ROWS = "bad_rows"
    UNMAPPED = "unmapped_calendars"
    OVERLAPS = "overlaps"
    CHANGED_KEYS = "changed_keys"
    NOWHERE = "in_no_calendar"
    NO_ROOM = "missing_rooms"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    CLOCK_CHANGE = "clock_change"


@dataclass(frozen=True, slots=True)
class Example:
    """One case. ``text`` is for people, on one line; ``facts`` are the same for programs, fit for JSON."""

    text: str
    facts: Mapping[str, object]


@dataclass(slots=True)
class DataIssue:
    """All cases of a kind. ``most`` is how many examples are kept; ``remark`` is worth knowing about the kind itself, or empty."""

    kind: IssueKind
    most: int
    count: int = 0
    by_reason: Counter[str] = field(default_factory=Counter)
    examples: list[Example] = field(default_factory=list)
    remark: str = ""
    _of: set[object] = field(default_factory=set, repr=False)

    def add(self, text: str, facts: Mapping[str, object], reason: str = "", *, of: object = None) -> None:
        """One more case. Of several that have the same ``of`` only the first is kept: five weeks of one class say no more than one."""
        self.count += 1
        if reason:
            self.by_reason[reason] += 1
        if self.wants(of):
            self.examples.append(Example(text, facts))
            if of is not None:
                self._of.add(of)

    def wants(self, of: object) -> bool:
        """Whether an example of this would be kept."""
        return len(self.examples) < self.most and of not in self._of


#: What a kind is called above its cases, and what becomes of them.
TITLES: Mapping[IssueKind, tuple[str, str]] = {
    IssueKind.BAD_ROWS: ("Rows set aside", "their events stay as they are"),
    IssueKind.UNMAPPED: ("Calendars that cannot be written", "their lessons are written nowhere"),
    IssueKind.OVERLAPS: ("Two events at once in one calendar", "both are written"),
    IssueKind.CHANGED_KEYS: ("Keys that changed while the content stayed", "each would be deleted and made anew"),
    IssueKind.NOWHERE: ("Lessons in no calendar", "they are written nowhere, which is no mistake"),
    IssueKind.NO_ROOM: ("Lessons without a room", "they are written without a place"),
    IssueKind.TOO_SHORT: ("Lessons that are very short", "they are written as they are"),
    IssueKind.TOO_LONG: ("Lessons that are very long", "they are written as they are"),
    IssueKind.CLOCK_CHANGE: ("Events on days when the clocks change", "look whether their hours are meant so"),
}
