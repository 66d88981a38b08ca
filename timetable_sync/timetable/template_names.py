"""What templates and rules see of a lesson: the names, where in its values each is, and which names a template cannot do without.

``{{ school | lower }}-{{ calendar }}`` writes both names as they are, so that without one of them something is missing from what it makes;
what is in a condition, a loop or a default is there for a name that may be empty.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from jinja2 import nodes

from timetable_sync.config.column_names import ALWAYS_THERE
from timetable_sync.timetable.columns import Field
from timetable_sync.timetable.lessons import Lesson
from timetable_sync.timetable.plain_templates import Kind
from timetable_sync.timetable.template_sandbox import WRITTEN
from timetable_sync.timetable.times import LocalClock

#: Filters that make nothing of nothing.
_KEEP_NOTHING = frozenset(
    {WRITTEN, "capitalize", "e", "escape", "forceescape", "format", "join", "lower", "replace", "reverse", "safe", "slug", "sort", "string"}
    | {"striptags", "title", "trim", "truncate", "unique", "upper", "urlencode"}
)


def written_outright(tree: nodes.Template) -> frozenset[str]:
    """The names, of a template of a :class:`~timetable_sync.timetable.template_sandbox.BoundedEnvironment`."""
    return _in_any(part for output in tree.body if isinstance(output, nodes.Output) for part in output.nodes)


def _in_any(parts: Iterable[nodes.Node]) -> frozenset[str]:
    return frozenset[str]().union(*map(_in, parts))


def _in(part: nodes.Node) -> frozenset[str]:
    match part:
        case nodes.Name():
            return frozenset({part.name})
        case nodes.Filter() if part.name in _KEEP_NOTHING and part.node is not None:
            return _in(part.node)
        case nodes.Concat():
            return _in_any(part.nodes)
        case nodes.Add():
            return _in_any((part.left, part.right))
        case nodes.Getitem() | nodes.Getattr() | nodes.Call():
            # A part of it, or what one of its methods makes of it: calendar[:7], calendar.lower().
            return _in(part.node)
        case _:
            return frozenset()


#: What can differ between two lessons of an activity that have the same values: their times, and what follows from them.
TIMED = frozenset({"duration", "end", "nth", "start", "week"})

_KINDS = {
    **dict.fromkeys(("activity", "calendar", "key", "mailbox", "period", "week"), Kind.TEXT),
    **dict.fromkeys(("duration", "nth"), Kind.NUMBER),
    "calendars": Kind.TEXTS,
}


class Variables:
    """The names are :data:`ALWAYS_THERE` and the columns that describe; of two with one name, the column.

    Values are kept as they are quick to compare (moments as numbers, sets as tuples); :meth:`reader` makes of one what a template sees.
    ``zone`` is the place of a lesson's own zone among the values of its columns, None where it has none.
    """

    def __init__(self, fields: Sequence[Field], *, zoned: bool = False) -> None:
        self.zone = len(fields) if zoned else None
        self._mailboxes: Mapping[str, str] = {}
        self.places = {name: place for place, name in enumerate((*ALWAYS_THERE, *(field.name for field in fields)))}
        self._columns = {field.name: field.several for field in fields}

    def set_mailboxes(self, mailboxes: Mapping[str, str]) -> None:
        """The mailbox of each calendar's name, as the configuration and its query know them."""
        self._mailboxes = mailboxes

    @property
    def names(self) -> tuple[str, ...]:
        """All of them."""
        return tuple(self.places)

    def values(self, lesson: Lesson, calendar: str) -> tuple[Any, ...]:
        """Of a lesson in the calendar of that name, in the order of :attr:`places`."""
        start: Any = lesson.start
        end: Any = lesson.end
        if self.zone is not None:
            start, end = (start, lesson.values[self.zone]), (end, lesson.values[self.zone])
        return (
            lesson.activity,
            calendar,
            lesson.calendars,
            lesson.cancelled,
            (lesson.end - lesson.start) // 60,
            end,
            lesson.activity,
            self._mailboxes.get(calendar, "") if self._mailboxes else "",
            lesson.nth,
            lesson.period,
            start,
            start,  # for the week: that of a key may be "own"
            *lesson.values,
        )

    def reader(self, name: str, clock: LocalClock) -> Callable[[Any], Any]:
        """What makes of a value what a template sees of ``name``: lists of texts, aware local datetimes, a truth, numbers, else text."""
        if name in self._columns:
            return list if self._columns[name] else _as_it_is
        readers: dict[str, Callable[[Any], Any]] = {
            "calendars": list,
            "start": clock.local if self.zone is None else lambda value: _clock_of(clock, value).local(value[0]),
            "end": clock.local if self.zone is None else lambda value: _clock_of(clock, value).local(value[0]),
            "week": clock.week if self.zone is None else lambda value: _clock_of(clock, value).week(value[0]),
        }
        return readers.get(name, _as_it_is)

    def kind(self, name: str) -> Kind | None:
        """What a template sees of ``name`` is always; None for what is none of these."""
        if name in self._columns:
            return Kind.TEXTS if self._columns[name] else Kind.TEXT
        return _KINDS.get(name)

    def text_of(self, name: str, value: Any, clock: LocalClock) -> tuple[str, ...]:
        """As a rule compares it: each member of a set, moments as in "2026-11-24 09:00", truths as "true" and "false"."""
        seen = self.reader(name, clock)(value)
        if isinstance(seen, list):
            return tuple(seen) or ("",)
        if isinstance(seen, bool):
            return ("true" if seen else "false",)
        return (seen.strftime("%Y-%m-%d %H:%M"),) if hasattr(seen, "strftime") else (str(seen),)


def _clock_of(clock: LocalClock, value: tuple[int, str]) -> LocalClock:
    return clock.elsewhere(value[1]) if value[1] else clock


def _as_it_is(value: Any) -> Any:
    return value
