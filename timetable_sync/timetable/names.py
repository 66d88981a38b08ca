"""The names that templates and rules can use beside the configured columns, and the nearest right name for a wrong one. Pure."""

import difflib
from collections.abc import Iterable

#: What every template and rule can use: ``docs/timetable.md`` says what each is. A configured column of the same name comes first.
ALWAYS_THERE = ("activity", "calendar", "calendars", "cancelled", "duration", "end", "key", "nth", "period", "start", "week")


def nearest(word: str, choices: Iterable[str]) -> str:
    """``; did you mean "…"?`` for the most similar choice, or all choices where none is similar and there are few."""
    by_folded = {choice.casefold(): choice for choice in choices}
    close = difflib.get_close_matches(word.casefold(), by_folded, 1, 0.6)
    if close:
        return f'; did you mean "{by_folded[close[0]]}"?'
    return f"; there are: {', '.join(by_folded.values())}" if 0 < len(by_folded) <= 40 else ""
