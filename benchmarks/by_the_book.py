"""What a user would write instead, with exchangelib as its documentation shows: one calendar after another, by one thread.

Arguments: a file for notes, the endpoint, the timetable, ``save`` (compare, then ``save()`` one by one), ``bulk`` (compare, then
``bulk_create``), ``wipe`` (delete all, then ``bulk_create``), ``read`` (what comparing needs, and nothing else is done) or ``list`` (as
many fields, of those that take no further request), and how many calendars. It asks for no token: what that costs is given to it. Uses
nothing of ours.
"""

import json
import sqlite3
import sys
import time
from contextlib import closing
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import exchangelib
from exchangelib import IMPERSONATION, ExtendedProperty
from exchangelib.items import SEND_TO_NONE
from exchangelib.transport import NOAUTH
from exchangelib.version import EXCHANGE_2016

from benchmarks.peak import peak_megabytes

#: It has no types.
_book: Any = exchangelib
_ZONE = _book.EWSTimeZone("Europe/London")
_FIRST, _LAST = (_book.EWSDateTime(*day, tzinfo=_ZONE) for day in ((2026, 9, 21), (2027, 3, 21)))


class TimetableKey(ExtendedProperty):
    """What an event is recognised by."""

    property_set_id: Any = "c4d0a5f2-2a3e-4a43-9d3e-2f5e1f0f6c11"
    property_name: Any = "TimetableKey"
    property_type = "String"


_book.CalendarItem.register("timetable_key", TimetableKey)

Row = dict[str, Any]


_QUERY = """
SELECT * FROM meeting WHERE module IN (SELECT DISTINCT module FROM meeting ORDER BY module LIMIT ?) ORDER BY module, starts
"""


def _wanted(timetable: Path, calendars: int) -> list[tuple[str, list[Row]]]:
    with closing(sqlite3.connect(timetable)) as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute(_QUERY, (calendars,))]
    return [(module.lower() + "@groups.example.ac.uk", list(found)) for module, found in groupby(rows, lambda row: str(row["module"]))]


def _moment(text: str) -> Any:
    return _book.EWSDateTime.from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/London")))


def _fields(row: Row) -> dict[str, Any]:
    return {
        "timetable_key": f"{row['activity']}/{row['starts']}",
        "subject": f"{row['module']} {row['kind']}: {row['title']}",
        "start": _moment(row["starts"]),
        "end": _moment(row["ends"]),
        "location": row["room"],
        "body": row["staff"],
        "categories": ["Timetable"],
        "reminder_is_set": False,
    }


def _compare_and_save(account: Any, rows: list[Row], *, bulk: bool) -> None:
    standing = {item.timetable_key: item for item in account.calendar.view(start=_FIRST, end=_LAST)}
    new = []
    for row in rows:
        fields = _fields(row)
        item = standing.pop(fields["timetable_key"], None)
        if item is None:
            new.append(_book.CalendarItem(account=account, folder=account.calendar, **fields))
            continue
        changed = [name for name in ("subject", "start", "end", "location") if getattr(item, name) != fields[name]]
        if changed:
            for name in changed:
                setattr(item, name, fields[name])
            item.save(update_fields=changed, send_meeting_invitations=SEND_TO_NONE)
    if bulk:
        account.bulk_create(folder=account.calendar, items=new, send_meeting_invitations=SEND_TO_NONE)
    else:
        for item in new:
            item.save(send_meeting_invitations=SEND_TO_NONE)
    for item in standing.values():
        item.delete(send_meeting_cancellations=SEND_TO_NONE)


_LISTED = ("subject", "start", "end", "legacy_free_busy_status", "reminder_is_set", "sensitivity")
_FIELDS = {
    # With any of the last three exchangelib lists nothing but ids, and then gets the items by these, many in one request.
    "read": (*_LISTED, "location", "categories", "timetable_key"),
    "list": (*_LISTED, "type", "is_all_day", "datetime_created"),
}


def _read(account: Any, rows: list[Row], fields: tuple[str, ...]) -> None:
    found = sum(1 for _ in account.calendar.view(start=_FIRST, end=_LAST).only(*fields))
    if found < len(rows):
        raise RuntimeError(f"{found} events were read, and {len(rows)} stand there")


def _wipe_and_rewrite(account: Any, rows: list[Row]) -> None:
    ids = [(item.id, item.changekey) for item in account.calendar.view(start=_FIRST, end=_LAST).only("id", "changekey")]
    if ids:
        account.bulk_delete(ids=ids, send_meeting_cancellations=SEND_TO_NONE)
    items = [_book.CalendarItem(account=account, folder=account.calendar, **_fields(row)) for row in rows]
    account.bulk_create(folder=account.calendar, items=items, send_meeting_invitations=SEND_TO_NONE)


def _main() -> None:
    notes, endpoint, timetable, how, calendars = sys.argv[1:]
    # Belongs to the start: it is the same however many calendars follow.
    wanted = _wanted(Path(timetable), int(calendars))
    begun, start = time.time(), time.process_time()
    config = _book.Configuration(
        service_endpoint=endpoint, auth_type=NOAUTH, credentials=None, version=_book.Version(EXCHANGE_2016, "Exchange2016")
    )
    for address, rows in wanted:
        account = _book.Account(
            primary_smtp_address=address, config=config, autodiscover=False, access_type=IMPERSONATION, default_timezone=_ZONE
        )
        if how == "wipe":
            _wipe_and_rewrite(account, rows)
        elif how in _FIELDS:
            _read(account, rows, _FIELDS[how])
        else:
            _compare_and_save(account, rows, bulk=how == "bulk")
    Path(notes).write_text(json.dumps({"peak": peak_megabytes(), "phases": {"start": start}, "begun": begun}))


if __name__ == "__main__":
    _main()
