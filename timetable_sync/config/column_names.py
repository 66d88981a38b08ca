"""The names that a timetable's columns can have: those with a meaning of their own, and what a timetable cannot do without. Pure."""

import difflib
from collections.abc import Iterable, Mapping

#: Columns with a meaning of their own: what they are, and how the example writes them.
KNOWN_COLUMNS: Mapping[str, tuple[str, object]] = {
    "activity": (
        "The teaching activity. With its week and its number within the week it is an event's identity, so that a move stays an update.",
        "activity_id",
    ),
    "key": ("Instead of activity: an id that the source itself gives each meeting, if it stays from night to night.", "instance_id"),
    "calendar": ("Which calendar the lesson belongs to. A lesson may name several, in several rows.", "module_code"),
    "start": ("When it starts.", "starts_at"),
    "end": ("When it ends.", "ends_at"),
    "duration": ("Instead of end: how long it is; the unit is minutes, hours or seconds.", {"column": "length", "unit": "minutes"}),
    "date": ("The day, where start and end are times of day. Alone, without start: the lesson takes all of that day.", "meeting_date"),
    "end_date": ("The last day, where it is another one.", "last_date"),
    "weekday": (
        "The day of the week, for rows that hold for several weeks. monday: what Monday is, if it is a number.",
        {"column": "day_of_week", "monday": 0},
    ),
    "weeks": ("The weeks that the row holds for: see [timetable.weeks].", "week_pattern"),
    "year": ("For weeks that are ISO weeks: the year of these, where it differs from row to row.", "week_year"),
    "begins": ("For weeks of the form days: the day of the pattern's first character, where it differs from row to row.", "session_begin"),
    "all_day": ("Whether it takes the whole day, whatever its times; several with end or end_date.", "whole_day"),
    "zone": (
        "The time zone, where it differs from row to row: an IANA name, or what map makes one of.",
        {"column": "campus", "map": {"North": "Europe/London", "East": "Europe/Moscow"}},
    ),
    "title": ("What it is called.", "module_title"),
    "type": ("Lecture, seminar, exam: for rules and templates.", "activity_type"),
    "period": ("Year or semester, where it differs from row to row; otherwise set timetable.period.", "academic_year"),
    "rooms": ("Where it is. many: rows that differ in it alone are one lesson.", {"column": "room", "many": True}),
    "staff": ("Who teaches. split: several stand in one column, separated by this text.", {"column": "lecturers", "split": ";"}),
    "groups": ("Who attends.", {"column": "student_group", "many": True}),
    "cancelled": (
        "Whether it is cancelled. values: what means yes (without them 1, true, Y, yes). "
        'action: "delete" removes the event, "mark" leaves it, shown as cancelled and free.',
        {"column": "status", "values": ["X"], "action": "delete"},
    ),
}

#: What rules and templates see of every lesson, be it a column or not.
ALWAYS_THERE = ("activity", "calendar", "calendars", "cancelled", "duration", "end", "key", "mailbox", "nth", "period", "start", "week")

#: Columns that are not for templates: they have a place of their own in a lesson.
PLACED_COLUMNS = frozenset(
    {"key", "activity", "period", "calendar", "start", "end", "duration", "cancelled"}
    | {"date", "end_date", "weekday", "weeks", "year", "begins", "all_day", "zone"}
)


def column_name(text: str) -> str:
    """A name that templates can use. Raises ValueError."""
    if not text.isidentifier() or text.startswith("_"):
        raise ValueError("cannot be a name in templates; use letters, digits and _, with a letter first")
    return text


_EXCLUDING = (
    ("activity", "key", "make the events' identity"),
    ("end", "duration", "say when a lesson ends"),
    ("date", "weeks", "say on which days a row's lessons are"),
    ("year", "begins", "say where the weeks begin"),
)


def column_faults(columns: Mapping[str, object], children: Mapping[str, object] | None = None) -> list[str]:
    """What a timetable's columns lack, and what excludes each other. ``children`` are its child queries, in any state."""
    given = {*columns, *(children or ())}
    for child in (children or {}).values():
        named = child.get("columns") if isinstance(child, Mapping) else getattr(child, "columns", None)
        given.update(name for name in (named if isinstance(named, Mapping) else ()) if name in ("calendar", "calendars"))
    lacking = [] if given & {"calendar", "calendars"} else ["calendar"]
    all_day = "date" in columns and "start" not in columns
    lacking += [name for name in ("start", "title") if name not in columns and not (name == "start" and all_day)]
    if "end" not in columns and "duration" not in columns and not all_day:
        lacking.append("end (or duration)")
    if "activity" not in columns and "key" not in columns:
        lacking.append("activity (or key)")
    spare = [name for name in columns if name not in KNOWN_COLUMNS]
    faults: list[str] = []
    for name in lacking:
        meant = difflib.get_close_matches(name.partition(" ")[0], spare, 1, 0.7)
        faults.append(f"lacks {name}" + (f'; is that "{meant[0]}"?' if meant else ""))
    for one, other, what in _EXCLUDING:
        if one in columns and other in columns:
            faults.append(f"names both {one} and {other}; only one of them can {what}")
    return faults


def week_fault(columns: Mapping[str, object], weeks: Mapping[str, object] | None, children: Mapping[str, object] | None = None) -> str:
    """What does not fit between the columns, [timetable.weeks] and the child queries; or "". All of them as written."""
    axis = bool(weeks and weeks.get("axis")) or "year" in columns
    form = (weeks or {}).get("form", "list")
    fault = ""
    if "weekday" in columns and "weeks" not in columns:
        fault = "timetable.columns names weekday, which says no day without weeks"
    elif "weeks" in columns and "key" in columns:
        fault = "timetable.columns names key and weeks: a row for several weeks has no id for each of its meetings; name activity instead"
    elif "weeks" in columns and not axis and not (form == "days" and "begins" in columns):
        fault = (
            "timetable.columns names weeks, but there is no [timetable.weeks] to say which days they are"
            if weeks is None
            else "timetable.weeks lacks axis, so that nobody knows which days the weeks are"
        )
    elif "weeks" in columns and form != "days" and "weekday" not in columns:
        fault = "timetable.columns lacks weekday: weeks alone say no day"
    elif not axis and any((child.get("weeks") if isinstance(child, Mapping) else None) for child in (children or {}).values()):
        fault = "timetable.children has a query with weeks, but there is no timetable.weeks.axis to say which days they are"
    return fault


def child_faults(columns: Iterable[str]) -> list[str]:
    """Which names a child query's columns cannot have: those of which a lesson has just one."""
    taken = sorted(set(columns) & ((PLACED_COLUMNS | {"title"}) - {"calendar"}))
    return [f"cannot give {name}, which is something that a lesson has one of; name the column in [timetable.columns]" for name in taken]
