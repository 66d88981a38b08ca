"""Reading a folder's signs of change out of GetFolder's answer. Pure; a sign that is missing makes the whole worthless."""

from datetime import UTC, datetime

from lxml import etree

from timetable_sync.calendars.ews.names import M, T
from timetable_sync.calendars.ews.payloads import COMMIT_TIME, DELETED_COUNT
from timetable_sync.model.sighting import Stamp


def stamp_of(message: etree._Element, given: datetime | None) -> Stamp | None:
    """The stamp in a GetFolderResponseMessage that was given at ``given`` by the server's clock.

    None where that is not known, where the folder does not give all three signs, or where its time cannot be read.
    """
    count = message.findtext(f"{M}Folders/*/{T}TotalCount")
    tags: dict[str, str] = {}
    for extended in message.iterfind(f"{M}Folders/*/{T}ExtendedProperty"):
        uri = extended.find(f"{T}ExtendedFieldURI")
        tag = uri.get("PropertyTag") if uri is not None else None
        value = extended.findtext(f"{T}Value")
        if tag and value:
            tags[tag.lower()] = value
    changed, deleted = (tags.get(uri["PropertyTag"].lower()) for uri in (COMMIT_TIME, DELETED_COUNT))
    if given is None or not changed or not deleted or not count:
        return None
    try:
        when = datetime.fromisoformat(changed)
    except ValueError:
        return None
    return Stamp("|".join((changed, deleted, count)), given - (when if when.tzinfo else when.replace(tzinfo=UTC)))
