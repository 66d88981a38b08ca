"""Finds a column by its name among those that a query gives, and the nearest right name for a wrong one."""

from collections.abc import Collection, Sequence

from timetable_sync.config.validators import nearest
from timetable_sync.errors import TimetableUnusable

#: A message lists no more names than these.
_FEW = 40


def nearest_or_all(word: str, choices: Collection[str]) -> str:
    """``; did you mean "…"?`` for the most similar choice, or all choices where none is similar and they are not too many."""
    return nearest(word, choices) or (f"; there are: {', '.join(choices)}" if 0 < len(choices) <= _FEW else "")


def place_of(key: str, wanted: str, names: Sequence[str], query: str = "timetable.query") -> int:
    """The place of the column ``wanted``: as written, or, if that makes one, whatever its case, as databases fold it differently.

    ``key`` is where the configuration names it, ``query`` where the query stands. Raises TimetableUnusable.
    """
    matching = [place for place, name in enumerate(names) if name == wanted] or [
        place for place, name in enumerate(names) if name.casefold() == wanted.casefold()
    ]
    if len(matching) == 1:
        return matching[0]
    by_whom = "the query" if query == "timetable.query" else query
    if matching:
        raise TimetableUnusable(
            f'{key} names the column "{wanted}", which {by_whom} gives {len(matching)} times', f"Name each column once in {query}, with AS."
        )
    raise TimetableUnusable(
        f'{key} names the column "{wanted}", which {by_whom} does not give{_what_there_is(wanted, names)}',
        f"Mend the name, or add the column to {query}.",
    )


def _what_there_is(wanted: str, names: Sequence[str]) -> str:
    return nearest(wanted, names) + (f" (it gives {', '.join(names)})" if len(names) <= _FEW else "")
