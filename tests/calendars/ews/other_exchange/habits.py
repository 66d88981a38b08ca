"""What an Exchange may do in one way or another. Each switch is a freedom that schema and documentation leave, or that users report."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Literal

Version = tuple[int, int, int, int, str]
ONLINE: Version = (15, 20, 8922, 16, "V2018_01_08")
ON_PREMISES_2016: Version = (15, 1, 2507, 39, "V2017_07_11")
ON_PREMISES_2019: Version = (15, 2, 1544, 11, "V2017_07_11")


def in_utc(when: datetime) -> str:
    """As Exchange usually writes a time."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def with_fraction(when: datetime) -> str:
    """With seven digits behind the second, as .NET counts."""
    return when.strftime("%Y-%m-%dT%H:%M:%S.0000000Z")


def without_zone(when: datetime) -> str:
    """Without any zone: the request's TimeZoneContext names it."""
    return when.strftime("%Y-%m-%dT%H:%M:%S")


def with_offset(when: datetime) -> str:
    """In some place's own time."""
    return when.astimezone(timezone(timedelta(hours=5, minutes=30))).isoformat()


def laid_out(text: str, kind: str) -> str:
    """HTML as Exchange's converter writes it down as text: lists numbered, rules drawn, pictures named, lines ended its own way."""
    if kind != "HTML":
        return text
    for tag, drawn in (
        ("<ol>", "\r\n"),
        ("<li>Bring", "  1.  Bring"),
        ("<li>", "\r\n  2.  "),
        ("<hr>", "\r\n________________________________\r\n"),
        ("<img src='cid:1' alt='logo'>", "[logo]"),
        ("</p>", "\r\n\r\n"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ):
        text = text.replace(tag, drawn)
    for tag in ("<p>", "</li>", "</ol>", "<b>", "</b>"):
        text = text.replace(tag, "")
    return f"\r\n{text}\r\n\r\n \r\n"


@dataclass(frozen=True)
class Habits:
    """One Exchange's ways. The default is a plain one."""

    version: Version = ONLINE
    #: "prefixed": m: and t:; "odd": other prefixes; "default": every element says its namespace itself.
    namespaces: Literal["prefixed", "odd", "default"] = "prefixed"
    pretty: bool = False
    #: Elements, attributes and headers that no schema of ours knows yet.
    unknown: bool = False
    #: Empty texts as empty elements instead of none at all.
    empty_elements: bool = False
    total: bool = True
    time: Callable[[datetime], str] = in_utc
    #: What becomes of texts on the way back.
    text: Callable[[str], str] = str
    #: The property set's GUID as it comes back.
    guid: Callable[[str], str] = str
    other_properties: bool = False
    item_id: Callable[[int], str] = "AAMk{:08d}".format
    #: The version changes after the answer to a write ("settles": once, as by an assistant), or with each listing ("always").
    change_key: Literal["stays", "settles", "always"] = "stays"
    encoding: Literal["plain", "gzip", "chunked", "gzip+chunked"] = "plain"
    #: Each n-th answer's connection is closed without a word; 0: never.
    hang_up: int = 0
    #: So many items are listed at once; what is more, is cut off ("cut") or refused ("refuse").
    listing: int = 1000
    beyond: Literal["cut", "refuse"] = "cut"
    reverse: bool = False
    #: What is kept of a field that is written, by the name of its element.
    keeps: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    whole_minutes: bool = False
    #: How a body reads that is asked for as text: what Exchange's converter makes of it.
    body: Callable[[str, str], str] = laid_out
    #: An answer to an update names the item, or only the conflicts.
    names_updated: bool = True
    busy_unset: bool = False
    created: bool = True
    foreigners: bool = False


def utc(text: str) -> datetime:
    """A time of a request."""
    return datetime.fromisoformat(text).astimezone(UTC)
