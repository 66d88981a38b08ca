"""What an event looked like, as JSON for the history. Pure: no database, no clock."""

from datetime import UTC, datetime

from timetable_sync.errors import BackendError, CalendarFailed, ItemRefused, Passing, RunFailed, Stale, Unclear
from timetable_sync.model.change import Change, Create, Delete, Update
from timetable_sync.model.event import Event
from timetable_sync.model.snapshot import Standing
from timetable_sync.redaction import redact
from timetable_sync.state.records import Json

_OUTCOMES: tuple[tuple[type[BackendError], str], ...] = (
    (Unclear, "unclear"),
    (Passing, "not now"),
    (Stale, "stale"),
    (ItemRefused, "refused"),
    (CalendarFailed, "calendar failed"),
    (RunFailed, "run failed"),
)


def of_change(change: Change) -> tuple[str, dict[str, Json] | None, dict[str, Json] | None]:
    """Action, before and after, as :class:`~timetable_sync.state.records.HistoryEntry` has them."""
    match change:
        case Create():
            return "create", None, of_event(change.after)
        case Update():
            return "update", of_standing(change.before), of_event(change.after)
        case Delete():
            return "delete", of_standing(change.before), None


def of_event(event: Event) -> dict[str, Json]:
    """The fields we own; those that are not ours are left out."""
    fields: dict[str, Json] = {
        "start": _utc(event.start),
        "end": _utc(event.end),
        "zone": event.zone,
        "subject": event.subject,
        "busy": event.busy.value,
        "reminder": event.reminder,
        "sensitivity": event.sensitivity.value,
    }
    if event.location is not None:
        fields["location"] = event.location
    if event.body is not None:
        fields["body"] = event.body
        fields["body_kind"] = event.body_kind
    if event.categories is not None:
        fields["categories"] = list(event.categories)
    return fields


def of_standing(standing: Standing) -> dict[str, Json]:
    """What the snapshot found, with the item's id, so that a deleted event can be looked for in Deleted Items."""
    return {
        "start": _utc(standing.start),
        "end": _utc(standing.end),
        "subject": standing.subject,
        "location": standing.location,
        "categories": list(standing.categories),
        "busy": standing.busy.value,
        "reminder": standing.reminder,
        "sensitivity": standing.sensitivity.value,
        "item": standing.item.id,
    }


def of_error(error: BackendError | None) -> str:
    """The word for an outcome: ``done`` without an error."""
    if error is None:
        return "done"
    return next((word for kind, word in _OUTCOMES if isinstance(error, kind)), "failed")


def plain(text: str, longest: int = 1000) -> str:
    """Text that both databases can hold, without what looks like a secret.

    PostgreSQL takes no U+0000, and neither takes lone surrogates.
    """
    return redact(text).encode("utf-8", "replace").decode("utf-8").replace("\x00", "\N{REPLACEMENT CHARACTER}")[:longest]


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
