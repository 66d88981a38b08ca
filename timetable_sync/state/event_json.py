"""What an event looked like, as JSON for the history. Pure: no database, no clock."""

import json
from datetime import UTC, datetime
from functools import lru_cache

from timetable_sync.errors import BackendError, CalendarError, ConflictError, EventRejected, OutcomeUnknown, ServiceError, TransientError
from timetable_sync.model.change import Change, Create, Delete, Update
from timetable_sync.model.event import Event
from timetable_sync.model.snapshot import RemoteEvent
from timetable_sync.redaction import redact
from timetable_sync.state.run_records import Json

#: Looks of events in JSON, and letters of a body in one that is remembered: a mebibyte or so.
_REMEMBERED = 1_024
_WORTH_REMEMBERING = 500

_OUTCOMES: tuple[tuple[type[BackendError], str], ...] = (
    (OutcomeUnknown, "unclear"),
    (TransientError, "not now"),
    (ConflictError, "stale"),
    (EventRejected, "refused"),
    (CalendarError, "calendar failed"),
    (ServiceError, "run failed"),
)


def of_change(change: Change) -> tuple[str, dict[str, Json] | None, dict[str, Json] | None]:
    """Action, before and after, as :class:`~timetable_sync.state.run_records.HistoryEntry` has them."""
    match change:
        case Create():
            return "create", None, of_event(change.after)
        case Update():
            return "update", of_standing(change.before), of_event(change.after)
        case Delete():
            return "delete", of_standing(change.before), None


def of_change_in_json(change: Change) -> tuple[str, str | None, str | None]:
    """As :func:`of_change`, before and after as JSON."""
    match change:
        case Create():
            return "create", None, _event_in_json(change.after)
        case Update():
            return "update", json.dumps(of_standing(change.before)), _event_in_json(change.after)
        case Delete():
            return "delete", json.dumps(of_standing(change.before)), None


def of_event(event: Event) -> dict[str, Json]:
    """The fields we own; those that are not ours are left out."""
    return {"start": _utc(event.start), "end": _utc(event.end), **_shown(*_parts(event))}


def _event_in_json(event: Event) -> str:
    """As :func:`of_event`. Most events of an activity differ in their times alone: so the rest is put into JSON once for many."""
    make = _remembered if event.body is None or len(event.body) <= _WORTH_REMEMBERING else _shown_in_json
    return f'{{"start": "{_utc(event.start)}", "end": "{_utc(event.end)}", {make(*_parts(event))}'


_Parts = tuple[str, str, str, int | None, str, str | None, str | None, str, tuple[str, ...] | None]


def _parts(event: Event) -> _Parts:
    return (
        event.zone,
        event.subject,
        event.busy.value,
        event.reminder,
        event.sensitivity.value,
        event.location,
        event.body,
        event.body_kind,
        event.categories,
    )


def _shown(
    zone: str,
    subject: str,
    busy: str,
    reminder: int | None,
    sensitivity: str,
    location: str | None,
    body: str | None,
    body_kind: str,
    categories: tuple[str, ...] | None,
) -> dict[str, Json]:
    fields: dict[str, Json] = {"zone": zone, "subject": subject, "busy": busy, "reminder": reminder, "sensitivity": sensitivity}
    if location is not None:
        fields["location"] = location
    if body is not None:
        fields["body"] = body
        fields["body_kind"] = body_kind
    if categories is not None:
        fields["categories"] = list(categories)
    return fields


def _shown_in_json(*parts: *_Parts) -> str:
    """What follows in an object that is begun."""
    return json.dumps(_shown(*parts))[1:]


_remembered = lru_cache(_REMEMBERED)(_shown_in_json)


def of_standing(standing: RemoteEvent) -> dict[str, Json]:
    """What the snapshot found, with the item's id, so that a deleted event can be looked for in Deleted Items.

    What the service did not give is left out; but for an end, of which every event has one here.
    """
    found: dict[str, Json] = {
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
    return {name: value for name, value in found.items() if name == "end" or name not in standing.missing} if standing.missing else found


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


@lru_cache(4_096)
def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
