"""The names that templates and rules can use beside the configured columns, and the nearest right name for a wrong one."""

import difflib
from collections.abc import Sequence

ALWAYS_THERE = ("activity", "calendar", "cancelled", "duration", "end", "key", "period", "start")


def nearest(word: str, choices: Sequence[str]) -> str:
    """``; did you mean "…"?`` for the most similar choice, or all choices where none is similar and there are few."""
    close = difflib.get_close_matches(word, choices, 1, 0.6)
    if close:
        return f'; did you mean "{close[0]}"?'
    return f"; there are: {', '.join(choices)}" if 0 < len(choices) <= 24 else ""
