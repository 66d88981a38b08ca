"""The way to systemd's journal: lines with fields, over its socket. Imports nothing of ours, opens nothing before a line is sent.

https://systemd.io/JOURNAL_NATIVE_PROTOCOL/: a datagram of KEY=value lines; a value of several lines stands after its length.
"""

import os
import re
import socket
import struct
from collections.abc import Mapping
from typing import Final

SOCKET: Final = "/run/systemd/journal/socket"

#: A datagram that is longer may be refused; what says most stands first.
LONGEST: Final = 60_000
_LONGEST_VALUE: Final = 16_000

#: https://www.freedesktop.org/software/systemd/man/latest/systemd.journal-fields.html: so are our own fields told from others'.
PREFIX: Final = "TIMETABLE_SYNC_"
_LONGEST_NAME: Final = 64

#: Levels of Python's logging by name, as syslog numbers them (RFC 5424).
PRIORITIES: Final = {"critical": 2, "error": 3, "warning": 4, "info": 6, "debug": 7}


def is_journal(descriptor: int, environ: Mapping[str, str]) -> bool:
    """Whether this descriptor is the stream that systemd connected to the journal: ``JOURNAL_STREAM`` names its device and inode."""
    device, _, inode = environ.get("JOURNAL_STREAM", "").partition(":")
    try:
        facts = os.fstat(descriptor)
    except OSError:
        return False
    return (device, inode) == (str(facts.st_dev), str(facts.st_ino))


def field_name(fact: str) -> str:
    """The journal's name for a fact of ours: capitals, digits and underscores, at most 64 of them."""
    return (PREFIX + re.sub(r"[^A-Z0-9_]", "_", fact.upper()))[:_LONGEST_NAME]


def datagram(fields: Mapping[str, str]) -> bytes:
    """One entry. ``fields`` are in order of weight: what would make it too long is cut, or left out."""
    parts: list[bytes] = []
    length = 0
    for name, value in fields.items():
        data = value.encode("utf-8", "backslashreplace")[:_LONGEST_VALUE]
        if b"\n" in data:
            part = name.encode("ascii") + b"\n" + struct.pack("<Q", len(data)) + data + b"\n"
        else:
            part = name.encode("ascii") + b"=" + data + b"\n"
        if length + len(part) > LONGEST:
            break
        parts.append(part)
        length += len(part)
    return b"".join(parts)


def send(fields: Mapping[str, str], path: str = "") -> None:
    """One entry to the journal. Raises OSError where that cannot be had."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as way:
        # Whoever logs must not wait for a journal that is stuck.
        way.settimeout(1.0)
        way.sendto(datagram(fields), path or SOCKET)
