"""The names that templates and rules can use beside the configured columns, and the nearest right name for a wrong one. Pure."""

from collections.abc import Collection

from timetable_sync.settings.columns import ALWAYS_THERE
from timetable_sync.settings.wellformed import nearest

__all__ = ["ALWAYS_THERE", "nearest", "nearest_or_all"]

_FEW = 40


def nearest_or_all(word: str, choices: Collection[str]) -> str:
    """``; did you mean "…"?`` for the most similar choice, or all choices where none is similar and they are not too many."""
    return nearest(word, choices) or (f"; there are: {', '.join(choices)}" if 0 < len(choices) <= _FEW else "")
