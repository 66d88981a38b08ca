"""A time zone by its IANA name, from a text that anybody may have written. Pure, but for the zone database."""

import re
from zoneinfo import ZoneInfo

# The longest that there is has 32 characters and two strokes. Beyond that ZoneInfo is not asked: it takes a name for a place in
# the package tzdata and imports what leads there, step by step, so that a long enough name ends in a RecursionError.
_NAME = re.compile(r"[A-Za-z0-9_+-]{1,40}(?:/[A-Za-z0-9_+-]{1,40}){0,3}")


def zone_named(name: str) -> ZoneInfo:
    """The zone of that name. Raises ValueError where there is none; never anything else, whatever the text."""
    if not _NAME.fullmatch(name):
        raise ValueError("no time zone has such a name")
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as refused:
        raise ValueError("no time zone has that name") from refused
