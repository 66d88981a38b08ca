"""Items as the control API shows them: every field, by plain names, equal when and only when nothing differs. Changes nothing."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from timetable_sync.sandbox.items import Item


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
