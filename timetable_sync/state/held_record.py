"""What is on record as held, beside what a run found: what goes on being held, what is over. Pure; ``holding`` reads and writes it.

A hold ends only once what was held was written, or is no longer wanted: a calendar that nobody looked at, a run that was cut short before
it wrote, or a release that came to nothing, end none.
"""

from collections.abc import Collection, Mapping, Sequence

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change
from timetable_sync.planning.guards import EMPTY, SHRUNKEN
from timetable_sync.state.portrait import plain
from timetable_sync.state.records import Holding

#: Of a verdict: its calendar's address, empty for the run, and its guard.
Place = tuple[str, str]

NONE: frozenset[str] = frozenset()


class HeldRecord:
    """``scopes`` has the recorded verdicts by place; ``keys`` what they are about and ``waiting`` where changes wait, by address.

    ``over`` are the verdicts whose hold has ended; ``standing`` those that are to be put on record; ``changes`` what waits, and ``losses``
    the keys that a release covers, of each calendar that the run looked at and that goes on being held.
    """

    def __init__(
        self, scopes: Mapping[Place, tuple[str, ...]], keys: Mapping[str, frozenset[str]], waiting: Collection[str], now: Holding
    ) -> None:
        self._keys, self._waiting, self._now = keys, waiting, now
        self._unmade = {plain(calendar.address): changes for calendar, changes in now.unmade.items()}
        self._own = {address for address, _ in scopes if address}
        found = {("" if one.calendar is None else plain(one.calendar.address), one.guard): one for one in now.verdicts}
        self.over = [place for place in scopes if place not in found and self._ended(*place)]
        # A run that was limited to some calendars does not narrow what was held of all of them.
        self.standing = {
            place: verdict
            for place, verdict in found.items()
            if now.whole or verdict.calendar is not None or scopes.get(place, verdict.scope) == verdict.scope
        }
        lasting = {*scopes, *found}.difference(self.over)
        self.changes: dict[Calendar, Sequence[Change]] = {}
        self.losses: dict[str, frozenset[str]] = {}
        for calendar, changes in now.unmade.items():
            address = plain(calendar.address)
            lost = self._left(address).union(*(one.keys.get(calendar.address, NONE) for one in found.values()))
            held_up = any(place == "" and guard != EMPTY and (lost or (place, guard) in found) for place, guard in lasting)
            if (changes or lost) and (held_up or any(place == address for place, _ in lasting)):
                self.losses[address] = lost
                self.changes |= {calendar: changes} if changes else {}

    def outdated(self) -> list[str]:
        """The addresses of calendars of which what is on record no longer holds."""
        return [one for one in {*self._waiting, *self._keys} if one in self._unmade or not self._waits(one)]

    def _left(self, address: str) -> frozenset[str]:
        """Of what was held there, what the run saw and did not do."""
        return self._keys.get(address, NONE).intersection(change.key for change in self._unmade.get(address, ()))

    def _waits(self, address: str) -> bool:
        """Whether something was held there that is neither written nor unwanted, as far as anybody knows."""
        if address in self._unmade:
            return bool(self._left(address))
        return self._now.within is None or address in self._now.within

    def _ended(self, address: str, guard: str) -> bool:
        if address:
            return not self._waits(address)
        if guard == EMPTY:
            return self._now.within is not None
        if any(self._waits(one) for one in self._waiting if one not in self._own):
            return False
        # What a run of some calendars sees of all of them is the timetable and the ledger, which is as it was before it wrote.
        known = self._now.whole or guard in self._now.released
        return guard != SHRUNKEN or known or not (self._now.shrunken or any(self._left(one) for one in self._own))
