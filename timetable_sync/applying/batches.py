"""How a calendar's changes are cut into requests: one kind each, soonest first. Pure."""

from collections.abc import Sequence

from timetable_sync.model.change import Change, Create, Delete, Update


def batches(changes: Sequence[Change], size: int) -> list[tuple[Change, ...]]:
    """``changes`` in lists of at most ``size`` of one kind, each list and all lists ordered by the moment they matter.

    A kind's changes fill their lists, so that few requests are made: at most one list a kind is not full.
    """
    found = []
    for kind in (Update, Create, Delete):
        of_kind = sorted((change for change in changes if isinstance(change, kind)), key=lambda change: (change.when, change.key))
        found += [tuple(of_kind[at : at + size]) for at in range(0, len(of_kind), size)]
    return sorted(found, key=lambda batch: batch[0].when)
