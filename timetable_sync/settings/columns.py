"""The names that a timetable's columns can have: those with a meaning of their own, and what a timetable cannot do without. Pure."""

import difflib
from collections.abc import Mapping

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
ALWAYS_THERE = ("activity", "calendar", "calendars", "cancelled", "duration", "end", "key", "nth", "period", "start", "week")


def column_name(text: str) -> str:
    """A name that templates can use. Raises ValueError."""
    if not text.isidentifier() or text.startswith("_"):
        raise ValueError("cannot be a name in templates; use letters, digits and _, with a letter first")
    return text


def column_faults(columns: Mapping[str, object]) -> list[str]:
    """What a timetable's columns lack, and what excludes each other."""
    lacking = [name for name in ("calendar", "start", "title") if name not in columns]
    if "end" not in columns and "duration" not in columns:
        lacking.append("end (or duration)")
    if "activity" not in columns and "key" not in columns:
        lacking.append("activity (or key)")
    spare = [name for name in columns if name not in KNOWN_COLUMNS]
    faults = []
    for name in lacking:
        meant = difflib.get_close_matches(name.partition(" ")[0], spare, 1, 0.7)
        faults.append(f"lacks {name}" + (f'; is that "{meant[0]}"?' if meant else ""))
    for one, other, what in (("activity", "key", "make the events' identity"), ("end", "duration", "say when a lesson ends")):
        if one in columns and other in columns:
            faults.append(f"names both {one} and {other}; only one of them can {what}")
    return faults
