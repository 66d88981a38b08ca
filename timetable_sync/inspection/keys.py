"""Keys of events as people read and type them: without source and period, as long as that is clear. Pure."""

from urllib.parse import unquote

from timetable_sync.model.key import EventKey


def short(key: str) -> str:
    """The part of a key that tells events of one source and period apart: ``A-1/2026-W48/1``."""
    parts = key.split("/")
    return "/".join(parts[2:]) if len(parts) == 5 else key


def activity_of(key: str) -> str:
    """The part of a key that is the activity."""
    parts = key.split("/")
    return parts[2] if len(parts) == 5 else key


def activities_meant(given: str) -> frozenset[str]:
    """The activities that what somebody typed can mean: a whole key, one without source and period, or an activity itself."""
    parts = given.split("/")
    found = {given, unquote(given)}
    whole = EventKey.parse(given)
    if whole is not None:
        found.add(whole.activity)
    if len(parts) >= 3:
        # Activities hold slashes as well; in a key these are escaped, but people type what they see in their own system.
        found |= {"/".join(parts[:-2]), unquote("/".join(parts[:-2]))}
    return frozenset(found)


def is_meant(given: str, key: str) -> bool:
    """Whether ``given`` names the event of this ``key``: by the key, by its :func:`short` form, or by its activity."""
    if given in (key, short(key)):
        return True
    parsed = EventKey.parse(key)
    return parsed is not None and given in (parsed.activity, f"{parsed.activity}/{parsed.week}/{parsed.nth}")
