"""Reads property paths (FieldURI and ExtendedFieldURI) into what the store calls them, and times as EWS writes them, both ways.

Times are seconds since 1970, whole seconds only.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from timetable_sync.sandbox.ews.reader import Node
from timetable_sync.sandbox.ews.responses import EwsError, attribute
from timetable_sync.sandbox.items import PropertyKey

#: Exchange's calendar begins and ends there.
_EARLIEST = int(datetime(1601, 1, 1, tzinfo=UTC).timestamp())
_LATEST = int(datetime(4500, 9, 1, tzinfo=UTC).timestamp())


@lru_cache(maxsize=65536)
def seconds(written: str, zone: ZoneInfo | None) -> int:
    """What is written, as seconds since 1970; without an offset it is a wall clock's time in ``zone`` (or UTC)."""
    written = written.strip()
    roll = "T24:" in written
    try:
        moment = datetime.fromisoformat(written.replace("T24:", "T00:") if roll else written)
    except ValueError:
        raise EwsError("ErrorCalendarOutOfRange", "The date is out of range.") from None
    if roll:
        moment += timedelta(days=1)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone or UTC)
    found = int(moment.timestamp())
    if not _EARLIEST <= found <= _LATEST:
        raise EwsError("ErrorCalendarOutOfRange", "The date is out of range.")
    return found


@lru_cache(maxsize=65536)
def written(at: int, zone: ZoneInfo | None = None) -> str:
    """In UTC with a Z; or on the wall clock of ``zone`` with its offset, where the request has a zone's context."""
    moment = datetime.fromtimestamp(at, UTC)
    if zone is None or zone.key == "UTC":
        return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return moment.astimezone(zone).isoformat(timespec="seconds")


#: The property sets that have a name: https://learn.microsoft.com/en-us/exchange/client-developer/web-service-reference/extendedfielduri
_NAMED_SETS = {
    "Meeting": "6ed8da90-450b-101b-98da-00aa003f1305",
    "Appointment": "00062002-0000-0000-c000-000000000046",
    "Common": "00062008-0000-0000-c000-000000000046",
    "PublicStrings": "00020329-0000-0000-c000-000000000046",
    "Address": "00062004-0000-0000-c000-000000000046",
    "InternetHeaders": "00020386-0000-0000-c000-000000000046",
    "CalendarAssistant": "11000e07-b51b-40d6-af21-caa85edab1d0",
    "UnifiedMessaging": "4442858e-a9e3-4e80-b900-317a210cc15b",
    "Task": "00062003-0000-0000-c000-000000000046",
    "Sharing": "00062040-0000-0000-c000-000000000046",
}

PROPERTY_NAMES = ("DistinguishedPropertySetId", "PropertySetId", "PropertyTag", "PropertyName", "PropertyId", "PropertyType")


@dataclass(frozen=True, slots=True)
class Path:
    """A property: ``field`` is its URI, or ``extended`` its key; ``xml`` says it again in an answer."""

    field: str = ""
    index: str = ""
    extended: PropertyKey | None = None
    xml: str = ""


def _key(given: dict[str, str]) -> PropertyKey:
    named, guid, tag = given.get("DistinguishedPropertySetId"), given.get("PropertySetId"), given.get("PropertyTag")
    name, number, kind = given.get("PropertyName"), given.get("PropertyId"), given["PropertyType"]
    if tag:
        if named or guid or name is not None or number is not None:
            raise EwsError("ErrorInvalidExtendedProperty", "The combination of extended field attributes is not allowed.")
        value = int(tag, 16 if tag.lower().startswith("0x") else 10)
        if value >= 0x8000:
            raise EwsError("ErrorNoPropertyTagForCustomProperties", "Custom properties cannot be addressed by a property tag.")
        return "tag", f"0x{value:04x}", kind
    if bool(named) == bool(guid) or (name is None) == (number is None):
        raise EwsError("ErrorInvalidExtendedProperty", "The combination of extended field attributes is not allowed.")
    where = _NAMED_SETS[named] if named else str(guid).lower()
    return where, f"name:{name}" if name is not None else f"id:{int(number or 0)}", kind


def read_path(node: Node) -> Path:
    """The property that ``node`` names; raises EwsError for a combination that Exchange does not take."""
    if node.name == "FieldURI":
        uri = node.get("FieldURI")
        return Path(field=uri, xml=f"<t:FieldURI FieldURI={attribute(uri)}/>")
    if node.name == "IndexedFieldURI":
        uri, index = node.get("FieldURI"), node.get("FieldIndex")
        return Path(field=uri, index=index, xml=f"<t:IndexedFieldURI FieldURI={attribute(uri)} FieldIndex={attribute(index)}/>")
    return _extended(tuple(node.attributes.items()))


@lru_cache(maxsize=1024)
def _extended(attributes: tuple[tuple[str, str], ...]) -> Path:
    given = dict(attributes)
    again = " ".join(f"{name}={attribute(given[name])}" for name in PROPERTY_NAMES if name in given)
    return Path(extended=_key(given), xml=f"<t:ExtendedFieldURI {again}/>")


def path_in(node: Node) -> Path:
    """The property named by the first child that names one."""
    for child in node:
        if child.name in ("FieldURI", "IndexedFieldURI", "ExtendedFieldURI"):
            return read_path(child)
    raise LookupError(node.name)  # held by the schema
