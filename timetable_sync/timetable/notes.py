"""What is worth knowing of a reading though nothing is wrong with it: sentences with numbers, for the report. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

_SHOWN = 5


def notes_of(
    differing: Counter[str],
    shortened: Counter[str],
    names: Mapping[str, Iterable[str]],
    source: str,
    without_mailbox: Mapping[str, int] | None = None,
) -> tuple[str, ...]:
    """The sentences. ``differing`` counts lessons by field, ``shortened`` events by field; ``names`` are calendars' names by address.

    ``source`` is the source's own note, or empty; ``without_mailbox`` counts lessons by the calendar's name.
    """
    return tuple(_sentences(differing, shortened, names, source, without_mailbox or {}))


def _sentences(
    differing: Counter[str],
    shortened: Counter[str],
    names: Mapping[str, Iterable[str]],
    source: str,
    without_mailbox: Mapping[str, int],
) -> Iterator[str]:
    if source:
        yield source
    for field, count in sorted(differing.items()):
        rows = "the rows of one lesson differ" if count == 1 else f"in {count} lessons the rows differ"
        yield f"{rows} in {field}; the first by the alphabet was taken (many = true would collect them, for {{{{ {field} | join(', ') }}}})"
    for field, count in sorted(shortened.items()):
        yield f"{count} {'event' if count == 1 else 'events'} with a {field} that is too long: it was cut"
    if without_mailbox:
        lessons = sum(without_mailbox.values())
        whose = f"{len(without_mailbox)} calendars have" if len(without_mailbox) > 1 else "one calendar has"
        yield f"{whose} no mailbox, for {lessons} {'lesson' if lessons == 1 else 'lessons'}: {_list(sorted(without_mailbox))}"
    shared = {address: sorted(some) for address, some in sorted(names.items())}
    shared = {address: some for address, some in shared.items() if len(some) > 1}
    for address, some in list(shared.items())[:_SHOWN]:
        yield f"{address} is the calendar of {_list(some)}: they are one calendar"
    if len(shared) > _SHOWN:
        yield f"{len(shared) - _SHOWN} more addresses are the calendar of several names"


def _list(names: list[str]) -> str:
    shown = names[:_SHOWN] + ([f"{len(names) - _SHOWN} more"] if len(names) > _SHOWN else [])
    return f"{', '.join(shown[:-1])} and {shown[-1]}" if len(shown) > 1 else shown[0]
