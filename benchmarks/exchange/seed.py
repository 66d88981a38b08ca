"""Mailboxes filled from a file: a line of JSON a calendar, with its events as FindItem will list them."""

import json
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from benchmarks.exchange.operations import Store

_MARKER = (
    '<t:ExtendedProperty><t:ExtendedFieldURI PropertySetId="{set}" PropertyName="{name}" PropertyType="String"/>'
    "<t:Value>{value}</t:Value></t:ExtendedProperty>"
)


def read_seed(store: Store, file: Path) -> None:
    """Every event of ``file`` is there, numbered in each mailbox from 1 in the file's order."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            calendar = json.loads(line)
            for event in calendar["events"]:
                store.create(calendar["address"], _element(event).encode())
            store.mailbox(calendar["address"]).changes += 1


def _element(event: dict[str, Any]) -> str:
    categories = "".join(f"<t:String>{escape(one)}</t:String>" for one in event["categories"])
    return (
        f"<t:CalendarItem><t:Subject>{escape(event['subject'])}</t:Subject>"
        f"<t:Sensitivity>{event['sensitivity']}</t:Sensitivity>"
        + (f'<t:Body BodyType="Text">{escape(event["body"])}</t:Body>' if event["body"] is not None else "")
        + (f"<t:Categories>{categories}</t:Categories>" if categories else "")
        + "<t:ReminderIsSet>false</t:ReminderIsSet>"
        + _MARKER.format(set=event["set"], name=event["name"], value=escape(event["marker"]))
        + f"<t:Start>{event['start']}</t:Start><t:End>{event['end']}</t:End>"
        f"<t:LegacyFreeBusyStatus>{event['busy']}</t:LegacyFreeBusyStatus>"
        + (f"<t:Location>{escape(event['location'])}</t:Location>" if event["location"] else "")
        + "</t:CalendarItem>"
    )
