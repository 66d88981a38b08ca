"""Which keys of the last run are gone while the same content is there under new ones: a source that makes its ids anew. Pure.

One real feed changed all its ids on 269 nights, of which 15 had a real change. Such a night deletes every event and makes it anew.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

from timetable_sync.model.event import Event
from timetable_sync.model.ledger import LedgerEntry


def changed_keys(known: Mapping[str, LedgerEntry], events: Sequence[Event], mapping: str) -> Iterator[tuple[str, Event]]:
    """Old key and event, for one calendar. ``known`` are the ledger's entries in the window, ``events`` the timetable's.

    What was written under another mapping than ``mapping`` is recognised by its times, else by all of its content. Each old key is
    given once.
    """
    here = {event.key for event in events}
    gone = [entry for key, entry in known.items() if key not in here]
    if not gone:
        return
    by_content: dict[object, list[Event]] = defaultdict(list)
    for event in events:
        if event.key not in known:
            by_content[event.fingerprint()].append(event)
            by_content[(event.start, event.end)].append(event)
    taken: Counter[str] = Counter()
    for entry in sorted(gone, key=lambda entry: (entry.start, entry.key)):
        content: object = entry.fingerprint if entry.mapping == mapping else (entry.start, entry.end)
        for event in by_content.get(content, ()):
            if not taken[event.key]:
                taken[event.key] += 1
                yield entry.key, event
                break
