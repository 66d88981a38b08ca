"""Which folder each address leads to, and what follows for the calendars: renamed, made anew, one mailbox by two addresses. Pure.

A service may find a mailbox by several addresses, and by another address tomorrow. What the ledger has under an address stands in a
folder, and goes with that folder, wherever it is found. So:

- two addresses that the timetable names and that lead to one folder: nobody can say whose it is. Both fail, and nothing is written.
- a folder that was known under an address that the timetable does not name any more is the calendar of the one address that it does name:
  a rename. What the old address answers now, if anything, makes no difference: the entries are of the folder.
- an address that leads to another folder than before: what is known of the old one goes to the address that leads there now, or, where
  none does, is forgotten (the mailbox was made anew); and what stands in the new one is taken as it is.

An address that was not looked at, or gave no answer, leads where it led last. One that does not exist leads nowhere.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from timetable_sync.errors import CalendarError
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.folder import FolderSeen, KnownFolder

#: Of a mailbox, while there is no other one: so many addresses may have one folder, and more have not.
_MOST_NAMES = 2

_ONE_ADDRESS = "See that calendars.address yields one address for each mailbox."


class ExpectedFolders:
    """The folder that each address is expected to lead to; empty for one that was visited and whose folder is not known."""

    def __init__(self, folders: Mapping[str, str]) -> None:
        self.by_address = folders
        self._taken = frozenset(folder for folder in folders.values() if folder)

    def meets(self, address: str, folder: str) -> bool:
        """Whether it is no news that ``address`` leads to ``folder`` (empty where the service does not tell)."""
        known = self.by_address.get(address)
        return not folder or (folder == known if known else folder not in self._taken)


@dataclass(frozen=True, slots=True)
class FoldersFound:
    """What tonight says of addresses.

    ``looks`` are by address, of those that answered; ``gone`` do not exist. ``wanted`` are those that the timetable names, ``visited``
    those whose turn it is tonight.
    """

    looks: Mapping[str, FolderSeen]
    gone: Collection[str]
    wanted: Collection[str]
    visited: Collection[str]


@dataclass(frozen=True, slots=True)
class Resolution:
    """What follows. All of it by address.

    ``moved``: what is known under an address is known under another one now. ``forgotten``: it is of a folder that is not there any more.
    ``dropped``: no calendar of its own, any more. ``failed``: nobody can say, and nothing may be written.
    """

    moved: Mapping[str, str] = field(default_factory=dict)
    forgotten: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    failed: Mapping[str, CalendarError] = field(default_factory=dict)

    def known_as(self, address: str) -> list[str]:
        """The addresses under which was known what is now known under ``address``; its own comes last, and counts most."""
        own = [] if address in self.moved or address in self.forgotten else [address]
        return [*sorted(old for old, new in self.moved.items() if new == address), *own]

    @property
    def changed(self) -> frozenset[str]:
        """The addresses under which something else is known now than before."""
        return frozenset(self.moved.values()) | self.forgotten | self.moved.keys()


def resolve(before: Mapping[str, KnownFolder], found: FoldersFound) -> Resolution:
    """What follows from where the addresses lead tonight, ``before`` being what is remembered of them."""
    leads = {address: one.folder for address, one in before.items() if one.folder and not one.gone_nights and address not in found.gone}
    leads |= {address: look.folder for address, look in found.looks.items() if look.folder}
    if not _tells(before, found, leads):
        return Resolution()
    groups = defaultdict[str, list[str]](list)
    for address in sorted(leads):
        groups[leads[address]].append(address)
    owners, dropped, failed = dict[str, str](), set[str](), dict[str, CalendarError]()
    for folder, group in groups.items():
        wanted, seen = [one for one in group if one in found.wanted], [one for one in group if one in found.looks]
        if len(wanted) > 1:
            failed |= {one: _of_two(one, wanted, found) for one in wanted if one in found.visited}
            dropped.update(one for one in seen if one not in wanted)
        elif wanted and wanted[0] not in found.looks:
            failed |= {one: _of_another(one, wanted[0]) for one in seen}
        elif owner := next(iter(wanted or seen), ""):
            owners[folder] = owner
            dropped.update(one for one in seen if one != owner)
    moved, forgotten = dict[str, str](), set[str]()
    for address, folder in _known(before, found.looks).items():
        owner, now = owners.get(folder, address), leads.get(address)
        if address in failed:
            continue
        if owner != address and (address not in found.wanted or now != folder):
            moved[address] = owner
        elif now is not None and now != folder:
            forgotten.add(address)
    dropped.update(one for one in (*moved, *forgotten) if one not in found.wanted and one not in moved.values())
    return Resolution(moved, frozenset(forgotten), frozenset(dropped), failed)


def _tells(before: Mapping[str, KnownFolder], found: FoldersFound, leads: Mapping[str, str]) -> bool:
    """Whether folders are told apart by their ids. They are not where a service gives all of them one, such as one within their mailbox.

    Addresses that do not exist any more are no sign of that, however many a mailbox had.
    """
    folders = {one.folder for one in before.values()} | set(leads.values())
    there = {address for address, one in before.items() if not one.gone_nights and address not in found.gone} | found.looks.keys()
    return len(folders - {""}) != 1 or len(there) <= _MOST_NAMES


def _known(before: Mapping[str, KnownFolder], looks: Mapping[str, FolderSeen]) -> dict[str, str]:
    """By address, the folder that what is known under it is of. Where that was not known, it is the one that the address leads to now."""
    now = {address: look.folder for address, look in looks.items() if look.folder}
    return now | {address: one.folder for address, one in before.items() if one.folder}


def _of_two(address: str, wanted: Collection[str], found: FoldersFound) -> CalendarError:
    other = next(one for one in wanted if one != address)
    that = other if other in found.looks else f"{other} did when it was last looked at"
    return CalendarError(
        f"{address} leads to the same mailbox as {that}, and the timetable names both; nothing was written to it", _ONE_ADDRESS
    )


def _of_another(address: str, owner: str) -> CalendarError:
    return CalendarError(
        f"{address} leads to the mailbox of {owner}, which was not looked at tonight; nothing was written to it", _ONE_ADDRESS
    )


def now_known(before: Mapping[str, KnownFolder], resolution: Resolution) -> dict[str, KnownFolder]:
    """What is remembered of addresses once it went along to those that calendars have now."""
    known = {address: one for address, one in before.items() if address not in resolution.changed}
    for address in sorted(resolution.changed):
        for name in resolution.known_as(address):
            if name in before:
                known[address] = replace(before[name], calendar=Calendar(address, before[name].calendar.name))
    return known


def learnt(
    known: Mapping[str, KnownFolder], calendars: Iterable[Calendar], looks: Mapping[str, FolderSeen], strange: Collection[str] = ()
) -> Iterator[KnownFolder]:
    """What is to be remembered of ``calendars`` that were looked at; ``known`` is what is remembered already, like ``looks`` by address.

    At the addresses ``strange`` something stands that seems to be another installation's. It has to seem so again in the next run, until
    somebody lets it pass: what came there since the look before that stays new.
    """
    for calendar in calendars:
        if (look := looks.get(calendar.address)) is not None:
            one = known.get(calendar.address, KnownFolder(calendar))
            yield KnownFolder(calendar, look.folder or one.folder, (None if calendar.address in strange else look.at) or one.seen)
