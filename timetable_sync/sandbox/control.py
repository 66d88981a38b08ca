"""The control API: what a test or a demonstration tells the sandbox, and what it is shown of the items, as JSON. It speaks no EWS.

Items are shown with every field, by plain names, equal when and only when nothing differs.
"""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from timetable_sync.sandbox import people
from timetable_sync.sandbox.delays import Held, Later
from timetable_sync.sandbox.entra.manifest import read_keys
from timetable_sync.sandbox.faults import Faults
from timetable_sync.sandbox.items import Item
from timetable_sync.sandbox.mailbox import Mailbox
from timetable_sync.sandbox.world import World


def moment(seconds: int) -> str:
    """In UTC, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


#: Where an item keeps its view among its finished fragments: no shape has this number.
_VIEW = -1


class JsonText(str):
    """Text that is JSON already."""


def views(items: Iterable[Item]) -> JsonText:
    """The views of many items, as a JSON list; each is made once and kept until its item changes."""
    found = []
    for item in items:
        text = item.rendered.get(_VIEW)
        if text is None:
            text = item.rendered[_VIEW] = json.dumps(view(item), ensure_ascii=False)
        found.append(text)
    return JsonText(f"[{','.join(found)}]")


def view(item: Item) -> dict[str, Any]:
    """The whole item. ``fields`` and ``extended`` are what is stored; the rest says the same in plain names.

    ``extended`` is a list of property set (or "tag"), name ("name:…", "id:…" or the tag), type and value.
    """
    raw = item.as_json()
    return {
        "id": item.id,
        "change_key": item.change_key,
        "start": moment(item.start),
        "end": moment(item.end),
        "created": moment(item.created),
        "modified": moment(item.modified),
        "modified_by": item.modified_by,
        "subject": item.fields.get("Subject", ""),
        "location": item.fields.get("Location", ""),
        "body": item.fields.get("Body", ""),
        "body_type": item.get("BodyType"),
        "categories": list(item.fields.get("Categories", ())),
        "busy": item.get("LegacyFreeBusyStatus"),
        "sensitivity": item.get("Sensitivity"),
        "importance": item.get("Importance"),
        "reminder_is_set": item.get("ReminderIsSet"),
        "reminder_minutes": item.get("ReminderMinutesBeforeStart"),
        "all_day": item.get("IsAllDayEvent"),
        "time_zone": item.get("StartTimeZone"),
        "cancelled": item.get("IsCancelled"),
        "type": "RecurringMaster" if item.is_master else item.get("CalendarItemType"),
        "attendees": item.attendees,
        "extended": raw["extended"],
        "fields": raw["fields"],
    }


Data = dict[str, Any]


class Control:
    """Every call by its name; each takes a JSON object and gives JSON, and raises ValueError where the call makes no sense."""

    def __init__(self, world: World, faults: Faults) -> None:
        self.world = world
        self.faults = faults
        self._snapshots: dict[str, str] = {}
        self.peak = 0
        self.later = Later()
        self.held = Held()

    def call(self, name: str, data: Data) -> Any:
        """Carry out one call; raises LookupError for a name that is none."""
        found: Callable[[Data], Any] | None = getattr(self, "_do_" + name.replace("-", "_"), None)
        if found is None:
            raise LookupError(name)
        return found(data)

    def _mailbox(self, data: Data, name: str = "address") -> Mailbox:
        mailbox = self.world.mailbox(str(data[name]))
        if mailbox is None:
            raise ValueError(f"no mailbox {data[name]}")
        return mailbox

    # -- directory and mailboxes

    def _do_register_app(self, data: Data) -> Any:
        application = self.world.directory.register(data)
        return {"tenant": application.tenant, "client_id": application.client_id, "keys": len(application.keys)}

    def _do_check_manifest(self, data: Data) -> Any:
        return {"keys": len(read_keys(data["manifest"]))}

    def _do_revoke_key(self, data: Data) -> Any:
        return self.world.directory.revoke(str(data["thumbprint"]))

    def _do_add_service_account(self, data: Data) -> Any:
        return self.world.accounts.add(data).name

    def _do_offer_sign_ins(self, data: Data) -> Any:
        return self.world.accounts.offer(list(data["sign_ins"]))

    def _do_service_accounts(self, _: Data) -> Any:
        return self.world.accounts.as_json()

    def _do_refuse_ews(self, data: Data) -> Any:
        mailbox = self._mailbox(data)
        mailbox.refused = str(data.get("code", "ErrorAccessDenied"))
        mailbox.dirty = True

    def _do_application(self, data: Data) -> Any:
        one = self.world.directory.applications[str(data["client_id"]).lower()]
        keys = [{"key_id": key.key_id, "thumbprint": key.sha1.hex().upper(), "end": key.not_after} for key in one.keys]
        return {"object_id": one.object_id, "roles": list(one.roles), "keys": keys}

    def _do_refuse_tokens(self, _: Data) -> Any:
        return self.world.tokens.refuse_all()

    def _do_token_lifetime(self, data: Data) -> Any:
        self.world.entra.lifetime = int(data["seconds"])

    def _do_add_mailboxes(self, data: Data) -> Any:
        for one in data["mailboxes"]:
            self.world.add_mailbox(one["address"], one.get("kind", "group"))
        return len(self.world.mailboxes)

    def _do_remove_mailbox(self, data: Data) -> Any:
        return self.world.remove_mailbox(str(data["address"]))

    def _do_add_alias(self, data: Data) -> Any:
        self.world.add_alias(self._mailbox(data), str(data["alias"]), str(data.get("refused", "")))

    def _do_remove_alias(self, data: Data) -> Any:
        return self.world.remove_alias(str(data["alias"]))

    def _do_rename_mailbox(self, data: Data) -> Any:
        self.world.rename(self._mailbox(data), str(data["to"]), keep=bool(data.get("keep", True)))

    def _do_make_mailbox_anew(self, data: Data) -> Any:
        self.world.make_anew(self._mailbox(data))

    def _do_mailboxes(self, _: Data) -> Any:
        return [
            {"address": one.address, "aliases": list(one.aliases), "kind": one.kind, "sid": one.sid, "events": len(one.items)}
            for one in self.world.mailboxes.values()
        ]

    # -- looking

    def _do_events(self, data: Data) -> Any:
        return views(self._mailbox(data))

    def _do_all_events(self, _: Data) -> Any:
        calendars = (f"{json.dumps(one.address)}:{views(one)}" for one in self.world.mailboxes.values())
        return JsonText("{" + ",".join(calendars) + "}")

    def _do_deleted_items(self, data: Data) -> Any:
        return views(self._mailbox(data).deleted.values())

    def _do_mails(self, _: Data) -> Any:
        return self.world.mails

    def _do_requests(self, _: Data) -> Any:
        return dict(self.world.requests)

    def _do_reset_requests(self, _: Data) -> Any:
        self.world.requests.clear()
        self.world.log.clear()
        self.peak = 0

    def _do_log(self, _: Data) -> Any:
        return list(self.world.log)

    def _do_peak(self, _: Data) -> Any:
        return self.peak

    # -- people

    def _do_add_appointment(self, data: Data) -> Any:
        return people.add(self._mailbox(data), data["fields"]).id

    def _do_edit_event(self, data: Data) -> Any:
        return view(people.edit(self._mailbox(data), data["item_id"], data["fields"]))

    def _do_delete_event(self, data: Data) -> Any:
        people.delete(self._mailbox(data), data["item_id"], keep=not data.get("hard", False))

    def _do_copy_event(self, data: Data) -> Any:
        target = self._mailbox(data, "to") if data.get("to") else self._mailbox(data)
        return people.copy_to(self._mailbox(data), data["item_id"], target, data.get("fields", {})).id

    def _do_make_series(self, data: Data) -> Any:
        return people.make_series(self._mailbox(data), data["item_id"], data.get("rule", {})).id

    def _do_add_attendee(self, data: Data) -> Any:
        return view(people.add_attendee(self._mailbox(data), data["item_id"], data["attendee"], data.get("name", "")))

    # -- faults and time

    def _do_set_fault(self, data: Data) -> Any:
        return self.faults.set(data["fault"])

    def _do_clear_faults(self, _: Data) -> Any:
        self.faults.clear()
        self.held.let_go()

    def _do_faults(self, _: Data) -> Any:
        return self.faults.as_json()

    def _do_catch_up(self, _: Data) -> Any:
        return self.later.catch_up()

    def _do_let_go(self, _: Data) -> Any:
        self.held.let_go()

    def _do_held(self, _: Data) -> Any:
        return {"silent": self.held.silent, "dripping": self.held.dripping}

    def _do_set_budgets(self, data: Data) -> Any:
        self.world.budgets.set(data["policy"])

    def _do_budgets(self, _: Data) -> Any:
        return self.world.budgets.as_json()

    def _do_advance_clock(self, data: Data) -> Any:
        self.world.clock.advance(float(data["seconds"]))
        return self.world.clock.text()

    def _do_clock(self, _: Data) -> Any:
        return self.world.clock.now()

    # -- keeping

    def _do_snapshot(self, data: Data) -> Any:
        name = str(data.get("name", "snapshot"))
        self._snapshots[name] = self.world.as_json()
        return name

    def _do_restore(self, data: Data) -> Any:
        name = str(data.get("name", "snapshot"))
        if name not in self._snapshots:
            raise ValueError(f"no snapshot {name!r}")
        self.world.load(self._snapshots[name])
        return name
