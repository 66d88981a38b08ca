"""The world with calendars in a sandbox, over HTTP, with real tokens: every request of a night is sent as it would be to Exchange."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from tests.proof.years.judge import Wrong
from tests.proof.years.nights import Ending, Killed, Nights
from tests.proof.years.seen import Content, Effect, Seen
from tests.proof.years.worlds import Asked, Ill, Night
from tests.sandbox_process import CLIENT_ID, TENANT, make_certificate, ready_app
from timetable_sync.calendars.contract import NOT_AHEAD, Backend, ChangeResult
from timetable_sync.calendars.ews.backend import open_ews
from timetable_sync.config.secrets import SecretRef
from timetable_sync.config.sections.entra import Entra
from timetable_sync.config.sections.ews import Ews
from timetable_sync.entra.certificate import load_certificate
from timetable_sync.entra.token import TokenProvider
from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Change
from timetable_sync.model.last_full_read import CTag
from timetable_sync.model.marker import PROPERTY_NAME, PROPERTY_SET
from timetable_sync.model.snapshot import ItemRef, Snapshot
from timetable_sync.model.window import Window
from timetable_sync.sandbox.client import SandboxClient

_OURS = [PROPERTY_SET, f"name:{PROPERTY_NAME}", "String"]
_FOR_HOURS = 5 * 3600 * 1000
_FOR_MONTHS = 365 * 86_400
_WRITING = "[CUD]*Item"

#: What befalls a request; of those with two forms, the one or the other by the mishap's number.
_FAULTS: Mapping[Ill, tuple[dict[str, Any], ...]] = {
    "busy": ({"what": "busy", "backoff_ms": 1}, {"what": "http", "status": 429, "retry_after": 0}),
    "unclear done": (
        {"what": "http", "status": 503, "when": "after", "operation": _WRITING},
        {"what": "drop", "when": "after", "operation": _WRITING},
        {"what": "missing_items", "items": [0], "operation": _WRITING},
    ),
    "unclear undone": (
        {"what": "http", "status": 503, "when": "before", "operation": _WRITING},
        {"what": "drop", "when": "before", "operation": _WRITING},
    ),
    "refused": ({"what": "item_error", "code": "ErrorInvalidPropertySet", "items": [0], "operation": _WRITING},),
    "listing": (
        {"what": "drop", "when": "during", "operation": "FindItem"},
        {"what": "malformed", "operation": "FindItem"},
        {"what": "short_pages", "most": 1, "operation": "FindItem", "count": 0},
    ),
    "gone": ({"what": "fault", "code": "ErrorMailboxConfiguration", "operation": "FindItem"},),
    "deadline": ({"what": "busy", "backoff_ms": _FOR_HOURS},),
}


class _Hooked:
    """The backend, with people and ends that come between two of its requests."""

    def __init__(self, backend: Backend, world: "EwsWorld", asked: Asked, ending: Ending) -> None:
        self._backend, self._world, self._asked, self._ending = backend, world, asked, ending
        self._number = 0
        self.batch = backend.batch
        # Between two nights lie days, though no time passes here: what the one sent has long been done when the next begins.
        self.longest_request = timedelta(0)
        self.requests: Mapping[str, int] = {}

    def snapshot(self, calendar: Calendar, window: Window, ahead: timedelta = NOT_AHEAD) -> Snapshot:
        self._next()
        return self._backend.snapshot(calendar, window, ahead)

    def read_bodies(self, calendar: Calendar, items: Sequence[ItemRef]) -> Mapping[str, str]:
        self._next()
        return self._backend.read_bodies(calendar, items)

    def stamp(self, calendar: Calendar) -> CTag | None:
        self._next()
        return self._backend.stamp(calendar)

    def apply(self, calendar: Calendar, changes: Sequence[Change]) -> list[ChangeResult]:
        self._next()
        return self._backend.apply(calendar, changes)

    def close(self) -> None:
        self._backend.close()

    def _next(self) -> None:
        number, self._number = self._number, self._number + 1
        if self._asked.meanwhile is not None and number == self._asked.then:
            self._world.people_act(self._asked.meanwhile)
        if number == self._asked.mishap.nth:
            match self._asked.mishap.ill:
                case "stop":
                    self._ending.stop.set()
                case "lease":
                    self._ending.lease_lost = True
                case "killed":
                    raise Killed


class EwsWorld:
    """One process's world: ``folder`` is its own, and so is the sandbox that runs at ``url``. Each history has mailboxes of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self._client = SandboxClient(url)
        self._nights = Nights(folder)
        files = make_certificate(folder)
        ready_app(self._client, files)
        self._client.token_lifetime(_FOR_MONTHS)
        entra = Entra(
            tenant=TENANT,
            client=CLIENT_ID,
            certificate=SecretRef(file=files.cert_pem),
            key=SecretRef(file=files.key_pem),
            authority=url,
        )
        self._tokens = TokenProvider(entra, load_certificate(entra))
        # Before any clock is moved: a token is only given to those whose clock is right.
        self._tokens.token()
        self._settings = Ews(endpoint=self._client.ews_url, timeout=timedelta(seconds=60), batch=4)
        self._ahead = 0.0
        self._addresses: tuple[str, ...] = ()

    def begin(self, addresses: Iterable[str], now: datetime) -> None:
        self._client.clear_faults()
        self._client.advance_clock(-self._ahead)
        self._ahead, self._now = 0.0, now
        self._addresses = tuple(addresses)
        for address in self._addresses:
            self._client.remove_mailbox(address)
        self._client.add_mailboxes(self._addresses, "group")
        self._nights.ledgers.begin()
        self._mails = self._client.mails()
        self._effects: list[Effect] = []
        self._before: dict[str, list[Seen]] = {}

    def set_clock(self, now: datetime) -> None:
        skipped = (now - self._now).total_seconds()
        self._now = now
        if skipped:
            self._client.advance_clock(skipped)
            self._ahead += skipped

    def see(self, address: str) -> list[Seen]:
        return sorted((seen(view) for view in self._client.events(address)), key=lambda one: (one.start, one.id))

    def add(self, address: str, start: datetime, end: datetime, subject: str, marker: str | None = None) -> None:
        extended = {} if marker is None else {"extended": [[*_OURS, marker]]}
        self._client.add_appointment(address, subject, start, end, **extended)

    def edit(self, address: str, item: str, **fields: Any) -> None:
        self._client.edit_event(address, item, **fields)

    def delete(self, address: str, item: str) -> None:
        self._client.delete_event(address, item)

    def bring_back(self, address: str, number: int) -> None:
        deleted = self._client.deleted_items(address)
        if deleted:
            self._client.copy_event(address, deleted[number % len(deleted)]["id"], to=address)

    def copy(self, address: str, item: str, to: str, **fields: Any) -> None:
        self._client.copy_event(address, item, to=to, **fields)

    def night(self, asked: Asked) -> Night:
        ending = Ending()
        if fault := _FAULTS.get(asked.mishap.ill):
            chosen = fault[asked.mishap.nth % len(fault)]
            self._client.set_fault({"nth": 1 + asked.mishap.nth // 2, "mailbox": "*@groups.example.ac.uk", **chosen})
        self._effects, self._before = [], self._everything()
        gone = self._deleted()
        hooked = _Hooked(open_ews(self._settings, self._tokens), self, asked, ending)
        try:
            night = self._nights.run(asked, lambda: hooked, ending, self._all_effects)
        finally:
            self._client.clear_faults()
        deletes = sum(effect.after is None for effect in night.effects)
        if asked.meanwhile is None and self._deleted() - gone != deletes:
            raise Wrong(f"{deletes} events were deleted, and {self._deleted() - gone} came to Deleted Items")
        return night

    def people_act(self, act: Any) -> None:
        """In the midst of a night: what they do is not the night's doing."""
        self._effects += self._all_effects()[len(self._effects) :]
        act()
        self._before = self._everything()

    def lose_ledger(self) -> None:
        self._nights.ledgers.lose()

    def keep_ledger(self) -> None:
        self._nights.ledgers.keep()

    def restore_ledger(self) -> None:
        self._nights.ledgers.restore()

    def change_host(self) -> None:
        self._nights.ledgers.change_host()

    def mails(self) -> int:
        return self._client.mails() - self._mails

    def _deleted(self) -> int:
        return sum(len(self._client.deleted_items(address)) for address in self._addresses)

    def _everything(self) -> dict[str, list[Seen]]:
        return {address: self.see(address) for address in self._addresses}

    def _all_effects(self) -> tuple[Effect, ...]:
        """What is otherwise than it was: first what was changed and deleted, then what is new."""
        found, after = list(self._effects), self._everything()
        for address, items in after.items():
            there = {item.id: item for item in items}
            known = {item.id: item for item in self._before[address]}
            found += [Effect(address, item, there.get(item.id)) for item in known.values() if there.get(item.id) != item]
            found += [Effect(address, None, item) for item in items if item.id not in known]
        return tuple(found)


def seen(view: Mapping[str, Any]) -> Seen:
    """An event as the sandbox shows it."""
    markers = [one[3] for one in view["extended"] if one[:2] == _OURS[:2]]
    busy = {"Free": "free", "Busy": "busy"}.get(view["busy"], view["busy"])
    content = Content(
        datetime.fromisoformat(view["start"]),
        datetime.fromisoformat(view["end"]),
        view["subject"],
        view["location"] or "",
        view["body"] or "",
        tuple(view["categories"]),
        busy,
        view["reminder_minutes"] if view["reminder_is_set"] else None,
        view["sensitivity"].lower(),
    )
    return Seen(view["id"], content, view["all_day"], markers[0] if markers else None, json.dumps(view, sort_keys=True))
