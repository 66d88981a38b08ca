"""The report as JSON, for programs. ``schema`` only grows: keys are added, never renamed, removed or given another meaning.

Written piece by piece, so that a long night takes no second copy in memory. docs/report-json.md describes every key.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, TextIO

from timetable_sync import __version__
from timetable_sync.model.event import Event
from timetable_sync.model.plan import Held, Skipped
from timetable_sync.model.snapshot import RemoteEvent
from timetable_sync.redaction import redact
from timetable_sync.reports.event_diff import changed_fields, sides
from timetable_sync.reports.formatting import KINDS, TimeFormat, kind_of
from timetable_sync.reports.notices import Matter, needs_you, worth_knowing
from timetable_sync.reports.sanitize import encodable
from timetable_sync.reports.summary import CalendarReport, ChangeReport, Outcome, RunSummary, Status, Trouble
from timetable_sync.reports.totals import count, verdicts
from timetable_sync.state.run_records import NIGHT, PURGE

#: Raised whenever keys are added.
SCHEMA: Final = 4

_ACTIONS: Final = {"created": "create", "updated": "update", "deleted": "delete"}


def write(summary: RunSummary, out: TextIO) -> None:
    """The whole document: one line for each calendar's head and one for each change, so that text tools can be used on it too."""
    clock = TimeFormat(summary.time_zone)
    calendars = (
        (_calendar(report), (_left_alone(left, clock) for left in report.left_alone), (_change(change, clock) for change in report.changes))
        for report in summary.calendars
    )
    _write(_head(summary, clock), calendars, out)


def rewrite(told: Mapping[str, Any], out: TextIO) -> None:
    """A document that was read, in the form that :func:`write` gives it."""
    head = {name: value for name, value in told.items() if name != "calendars"}
    calendars = (
        ({name: value for name, value in one.items() if name not in ("left_alone", "changes")}, one["left_alone"], one["changes"])
        for one in told["calendars"]
    )
    _write(head, calendars, out)


#: What is told of a calendar, of its events that were left alone, and of its changes.
_Calendar = tuple[dict[str, object], Iterable[dict[str, object]], Iterable[dict[str, object]]]


def _write(head: dict[str, object], calendars: Iterable[_Calendar], out: TextIO) -> None:
    # The object is left open: the calendars follow within it.
    out.write(_dumped(head).removesuffix("}") + ',\n"calendars": [')
    for at, (calendar, left_alone, changes) in enumerate(calendars):
        out.write(",\n" if at else "\n")
        out.write(_dumped(calendar).removesuffix("}"))
        _write_list("left_alone", left_alone, out)
        _write_list("changes", changes, out)
        out.write("}")
    out.write("\n]}\n")


def _write_list(name: str, items: Iterable[dict[str, object]], out: TextIO) -> None:
    out.write(f',\n "{name}": [')
    separator = "\n  "
    for item in items:
        out.write(separator + _dumped(item))
        separator = ",\n  "
    out.write("]")


def _dumped(value: dict[str, object]) -> str:
    # Lone surrogates are no Unicode text: some readers refuse a whole document for one of them.
    return encodable(json.dumps(value, ensure_ascii=False, allow_nan=False))


def _head(summary: RunSummary, clock: TimeFormat) -> dict[str, object]:
    figures = count(summary)
    return {
        "schema": SCHEMA,
        "program": f"timetable-sync {__version__}",
        "run": summary.run,
        "source": summary.source,
        "kind": PURGE if summary.purge else NIGHT,
        "dry_run": summary.dry_run,
        "started": clock.iso(summary.started),
        "finished": clock.iso(summary.finished),
        "time_zone": summary.time_zone,
        "window": {"start": clock.iso(summary.window.start), "end": clock.iso(summary.window.end)},
        "exit_code": summary.exit_code,
        "failure": _trouble(summary.failure),
        "cut_short": redact(summary.cut_short) or None,
        "timetable": {
            "rows": summary.rows,
            "lessons": summary.lessons,
            "events": summary.events,
            "in_no_calendar": summary.nowhere,
            "bad_rows": {
                "total": sum((summary.bad_rows or {}).values()),
                "by_reason": dict(summary.bad_rows or {}),
                "examples": [
                    {"row": row.row, "column": row.column, "reason": row.reason, "about": row.about} for row in summary.bad_row_examples
                ],
            },
        },
        "figures": {
            "calendars": {"total": len(summary.calendars)} | {_name(status): figures.statuses[status] for status in Status},
            "changes": {"total": figures.changes} | {_name(fate): figures.fates[fate] for fate in Outcome},
            "effective": {kind: figures.effective[kind] for kind in KINDS},
        },
        "held": [_held(verdict) for verdict in verdicts(summary)],
        "needs_you": [_matter(matter) for matter in needs_you(summary, figures, clock)],
        "worth_knowing": [_matter(matter) for matter in worth_knowing(summary, figures, clock)],
        "requests": dict(summary.requests or {}),
        "forgotten": [{"name": calendar.name, "address": calendar.address} for calendar in summary.forgotten],
    }


def _name(value: Status | Outcome) -> str:
    return value.value.replace(" ", "_")


def _trouble(trouble: Trouble | None) -> dict[str, object] | None:
    return None if trouble is None else {"message": redact(trouble.message), "advice": redact(trouble.advice)}


def _held(held: Held) -> dict[str, object]:
    return {
        "guard": held.guard,
        "calendar": None if held.calendar is None else held.calendar.address,
        "sentence": held.sentence,
        "count": held.count,
        "of": held.of,
        "limit": held.limit,
        "forced": held.forced,
    }


def _matter(matter: Matter) -> dict[str, object]:
    return {
        "about": matter.about,
        "calendar": None if matter.calendar is None else matter.calendar.address,
        "weight": matter.weight.value,
        "sentence": matter.sentence,
        "details": list(matter.details),
        "advice": [{"label": advice.label, "text": advice.text, "command": advice.command} for advice in matter.advice],
    }


def _calendar(report: CalendarReport) -> dict[str, object]:
    return {
        "name": report.calendar.name,
        "address": report.calendar.address,
        "status": _name(report.status),
        "standing": report.standing,
        "expected": report.expected,
        "foreign": report.foreign,
        "unchanged": report.unchanged,
        "created": report.created,
        "updated": report.updated,
        "deleted": report.deleted,
        "trouble": _trouble(report.trouble),
        "held": [_held(verdict) for verdict in report.held],
    }


def _left_alone(left: Skipped, clock: TimeFormat) -> dict[str, object]:
    return {
        "key": left.key,
        "why": left.why.value,
        "differs": list(changed_fields(left.before, left.after)),
        "before": _standing(left.before, clock),
        "after": _event(left.after, clock),
    }


def _change(report: ChangeReport, clock: TimeFormat) -> dict[str, object]:
    before, after = sides(report.change)
    return {
        "action": _ACTIONS[kind_of(report.change)],
        "key": report.change.key,
        "reason": report.change.reason.value,
        "fate": _name(report.fate),
        "when": clock.iso(report.change.when),
        "trouble": _trouble(report.trouble),
        "differs": list(changed_fields(before, after)),
        "before": _standing(before, clock),
        "after": _event(after, clock),
    }


def _standing(standing: RemoteEvent | None, clock: TimeFormat) -> dict[str, object] | None:
    if standing is None:
        return None
    found: dict[str, object] = {
        "item": standing.item.id,
        "start": clock.iso(standing.start),
        "end": clock.iso(standing.end),
        "subject": standing.subject,
        "location": standing.location,
        "categories": list(standing.categories),
        "busy": standing.busy.value,
        "reminder": standing.reminder,
        "sensitivity": standing.sensitivity.value,
        "all_day": standing.all_day,
        "series": standing.series,
        "created": _moment(standing.created, clock),
        "not_given": sorted(standing.missing),
    }
    return found | dict.fromkeys(standing.missing)


def _moment(moment: datetime | None, clock: TimeFormat) -> str | None:
    return None if moment is None else clock.iso(moment)


def _event(event: Event | None, clock: TimeFormat) -> dict[str, object] | None:
    if event is None:
        return None
    return {
        "start": clock.iso(event.start),
        "end": clock.iso(event.end),
        "zone": event.zone,
        "subject": event.subject,
        "location": event.location,
        "body": event.body,
        "body_kind": event.body_kind,
        "categories": None if event.categories is None else list(event.categories),
        "busy": event.busy.value,
        "reminder": event.reminder,
        "sensitivity": event.sensitivity.value,
    }
