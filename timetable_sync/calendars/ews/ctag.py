"""Reading a folder's id and its signs of change out of GetFolder's answer. Pure; a sign that is missing makes the others worthless."""

from datetime import UTC, datetime, timedelta

from lxml import etree

from timetable_sync.calendars.ews.names import M, T
from timetable_sync.calendars.ews.requests import COMMIT_TIME, DELETED_COUNT
from timetable_sync.model.last_full_read import CTag


def stamp_of(message: etree._Element, given: datetime | None) -> CTag | None:
    """The stamp in a GetFolderResponseMessage that was given at ``given`` by the server's clock; None where it holds nothing of use.

    It has no sign where that moment is not known, where the folder does not give all three of its own, or where its time cannot be read.
    """
    named = message.find(f"{M}Folders/*/{T}FolderId")
    folder = (named.get("Id") or "") if named is not None else ""
    found = _sign(message, given)
    if found is not None:
        return CTag(*found, folder)
    return CTag(None, timedelta(0), folder) if folder else None


def _sign(message: etree._Element, given: datetime | None) -> tuple[str, timedelta] | None:
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
    return "|".join((changed, deleted, count)), given - (when if when.tzinfo else when.replace(tzinfo=UTC))
