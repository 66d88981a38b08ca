"""Compares an event with what a calendar service lists of it, and names the owned fields that differ.

Services cut long texts in listings: one that was cut counts as equal.
"""

from timetable_sync.model.event import Event
from timetable_sync.model.snapshot import RemoteEvent

#: FindItem cuts strings after 255 UTF-16 units; one less when a surrogate pair would be cut in two.
_CUT_FROM = 254


def utf16_length(text: str) -> int:
    """Length in UTF-16 units, which is how Exchange counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def same_text(expected: str, listed: str) -> bool:
    """Whether ``listed`` is ``expected``, perhaps cut by the listing. Blanks at the ends do not count: services trim them."""
    expected, listed = expected.strip(), listed.strip()
    if expected == listed:
        return True
    return expected.startswith(listed) and utf16_length(listed) >= _CUT_FROM


def differences(event: Event, standing: RemoteEvent) -> tuple[str, ...]:
    """Names of the listed fields that differ. Fields that are None in ``event`` are not ours; the body is not listed.

    What the service does not give differs from whatever is wanted.
    """
    missing = standing.missing
    all_day = standing.all_day or "all_day" in missing
    found = []
    if event.start != standing.start or all_day:
        found.append("start")
    if event.end != standing.end or all_day or "end" in missing:
        found.append("end")
    if not same_text(event.subject, standing.subject):
        found.append("subject")
    if event.location is not None and not same_text(event.location, standing.location):
        found.append("location")
    # As sets: a service keeps a category that is named twice once, and would seem edited night after night.
    if event.categories is not None and set(event.categories) != set(standing.categories):
        found.append("categories")
    if event.busy != standing.busy or "busy" in missing:
        found.append("busy")
    if event.reminder != standing.reminder or "reminder" in missing:
        found.append("reminder")
    if event.sensitivity != standing.sensitivity or "sensitivity" in missing:
        found.append("sensitivity")
    return tuple(found)
