"""The name of the mapping: it changes when templates, rules, columns or this code would make other events of the same rows. Pure."""

import hashlib
import json
from base64 import b32encode

from timetable_sync.config.schema import Settings
from timetable_sync.config.sections.timetable import Timetable

#: Raised by hand whenever the code between row and event changes what it makes.
MAPPING_CODE = 1


def mapping_id(settings: Settings) -> str:
    """Six characters of a-z and 2-7. Stands in every marker: it tells "the mapping changed" from "the timetable changed".

    What has its default is left out, so that a key that a later version adds does not make a new mapping by being there.
    """
    parts = [
        MAPPING_CODE,
        settings.event.model_dump(mode="json", exclude_defaults=True),
        {name: column.model_dump(mode="json", exclude_defaults=True) for name, column in settings.timetable.columns.items()},
        settings.timetable.time_zone,
        *_more(settings.timetable),
    ]
    digest = hashlib.blake2b(json.dumps(parts, sort_keys=True).encode(), digest_size=4).digest()
    return b32encode(digest).decode("ascii")[:6].lower()


def _more(timetable: Timetable) -> list[object]:
    """How week patterns and child queries are read; the queries themselves are where the timetable is, and not what it means."""
    weeks = {} if timetable.weeks is None else timetable.weeks.model_dump(mode="json", exclude_defaults=True)
    children = {name: child.model_dump(mode="json", exclude_defaults=True) for name, child in timetable.children.items()}
    for said in (*weeks.values(), *children.values()):
        if isinstance(said, dict):
            said.pop("query", None)
    return [part for part in (weeks, children) if part]
