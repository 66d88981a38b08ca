"""Which owned fields of a standing event are not as they ought to be."""

from timetable_sync.model.event import Event
from timetable_sync.model.snapshot import Standing
from timetable_sync.planning.text_match import same_text


def differences(event: Event, standing: Standing) -> tuple[str, ...]:
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
