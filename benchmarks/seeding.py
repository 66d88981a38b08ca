"""As after a good night, without the night: calendars for the service, ledger and sightings for us.

Arguments: the configuration, the moment of the night, the file for ``exchange/seed.py``.
"""

import json
import os
import sys
from datetime import timedelta
from pathlib import Path

from benchmarks.exchange.elements import change_key, item_id
from timetable_sync.calendars.ews.requests import BUSY, SENSITIVITY, moment
from timetable_sync.cli.options import moment_of
from timetable_sync.config.load import load
from timetable_sync.model.event import Event
from timetable_sync.model.last_full_read import LastFullRead
from timetable_sync.model.ledger_entry import LedgerEntry
from timetable_sync.model.marker import PROPERTY_NAME, PROPERTY_SET, Marker
from timetable_sync.model.snapshot import ItemRef
from timetable_sync.planning.horizon import window_of
from timetable_sync.state.store import open_state
from timetable_sync.timetable.mapping_id import mapping_id
from timetable_sync.timetable.reader import read_timetable

#: The folder's time after one change, as the service counts it.
_CHANGED = "2020-01-01T00:00:01Z"


def _described(event: Event, mapping: str) -> dict[str, object]:
    return {
        "set": PROPERTY_SET,
        "name": PROPERTY_NAME,
        "marker": Marker(mapping, event.fingerprint(), event.key).text(),
        "subject": event.subject,
        "sensitivity": SENSITIVITY[event.sensitivity],
        "body": event.body,
        "categories": list(event.categories or ()),
        "start": moment(event.start),
        "end": moment(event.end),
        "busy": BUSY[event.busy],
        "location": event.location,
    }


def _main() -> None:
    configuration, text, target = sys.argv[1:]
    loaded = load(Path(configuration), os.environ)
    settings = loaded.settings
    now = moment_of(text, settings.timetable.time_zone)
    window = window_of(now, settings.window, settings.timetable.time_zone)
    mapping, source = mapping_id(settings), settings.timetable.source
    with (
        open_state(settings.state) as state,
        read_timetable(settings, window, base=loaded.base) as reading,
        Path(target).open("w", encoding="utf-8") as out,
    ):
        sightings = []
        for calendar in reading.calendars():
            events = reading.events(calendar)
            json.dump({"address": calendar.address, "events": [_described(event, mapping) for event in events]}, out)
            out.write("\n")
            known = [
                LedgerEntry(
                    event.key,
                    ItemRef(item_id(calendar.address, number), change_key(1)),
                    event.fingerprint(),
                    mapping,
                    event.start,
                    event.end,
                )
                for number, event in enumerate(events, 1)
            ]
            state.learn(source, calendar, known)
            sign = f"{_CHANGED}|0|{len(events)}"
            sightings.append(LastFullRead(calendar.address, sign, mapping, window.start, window.end + timedelta(days=30), now, 0))
        state.remember(source, sightings)


if __name__ == "__main__":
    _main()
