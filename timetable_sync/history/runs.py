"""Runs as people and programs read them. Pure."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from timetable_sync.model.plan import Held
from timetable_sync.reports.formatting import KINDS, TimeFormat, counted, lasted, number
from timetable_sync.state.run_records import PURGE, CalendarRecord, LeaseRecord, RunRecord

_CODES: Final = {
    0: "done",
    1: "some failed",
    2: "configuration or state",
    3: "credentials refused",
    4: "timetable unusable",
    5: "something held",
    6: "another run at work",
}
#: What a person may ask for: by exit code, or by what became of the run.
OUTCOMES: Final = ("done", "failed", "held", "killed", "working")


def outcome(run: RunRecord, lease: LeaseRecord | None) -> str:
    """One of :data:`OUTCOMES`. A run without an end was killed, unless it is the one that holds the lease."""
    if run.exit_code is None:
        return "working" if lease is not None and (lease.host, lease.pid) == (run.host, run.pid) else "killed"
    if run.exit_code == 5:
        return "held"
    return "failed" if run.exit_code else "done"


def in_words(run: RunRecord, lease: LeaseRecord | None) -> str:
    """How the run came out, in a few words."""
    how = outcome(run, lease)
    if how == "killed":
        return "killed: it never came to its end"
    if how == "working":
        return "at work now"
    if run.failure:
        return f"failed: {run.failure}"
    if cut := run.summary.get("cut_short"):
        return f"cut short: {cut}"
    said = [_CODES.get(run.exit_code or 0, f"exit code {run.exit_code}")]
    statuses = run.summary.get("calendars", {})
    said += [f"{counted(int(statuses[status]), 'calendar')} {status}" for status in ("held", "failed") if statuses.get(status)]
    if rows := run.counts.get("bad_rows"):
        said.append(f"{counted(int(rows), 'row')} set aside")
    return ", ".join(said[1:] if len(said) > 1 and run.exit_code else said)


def done(run: RunRecord, kind: str) -> int:
    """How many events were created, updated or deleted (``kind``)."""
    return int(run.summary.get("changes", {}).get(kind, {}).get("done", 0))


def changes_in_words(run: RunRecord) -> str:
    """ "312 created, 205 updated", or "nothing to do"."""
    said = [f"{number(many)} {kind}" for kind in KINDS if (many := done(run, kind))]
    return ", ".join(said) or "nothing"


def took(run: RunRecord) -> str:
    """How long, or empty while nobody knows."""
    return "" if run.finished is None else lasted((run.finished - run.started).total_seconds())


def what(run: RunRecord) -> str:
    """What was asked of the run, where that was no ordinary night."""
    said = ["purge"] if run.kind == PURGE else []
    said += [f"only {', '.join(run.calendars)}"] if run.calendars else []
    said += [f"{', '.join(run.forced)} released"] if run.forced else []
    return "; ".join(said)


def as_json(run: RunRecord, lease: LeaseRecord | None, clock: TimeFormat) -> dict[str, Any]:
    """For programs."""
    return {
        "run": run.id,
        "kind": run.kind,
        "source": run.source,
        "started": clock.iso(run.started),
        "finished": None if run.finished is None else clock.iso(run.finished),
        "outcome": outcome(run, lease),
        "exit_code": run.exit_code,
        "failure": run.failure or None,
        "window": {"start": clock.iso(run.window.start), "end": clock.iso(run.window.end)},
        "version": run.version,
        "host": run.host,
        "pid": run.pid,
        "only_calendars": list(run.calendars),
        "forced_guards": list(run.forced),
        "counts": dict(run.counts),
        "figures": dict(run.summary),
    }


def calendar_json(record: CalendarRecord) -> dict[str, Any]:
    """One calendar's part in a run."""
    return {
        "name": record.calendar.name,
        "address": record.calendar.address,
        "status": record.status.replace(" ", "_"),
        "created": record.created,
        "updated": record.updated,
        "deleted": record.deleted,
        "message": record.message,
        "advice": record.advice,
    }


def verdict_json(verdict: Held) -> dict[str, Any]:
    """What a guard said."""
    return {
        "guard": verdict.guard,
        "calendar": None if verdict.calendar is None else verdict.calendar.address,
        "sentence": verdict.sentence,
        "count": verdict.count,
        "of": verdict.of,
        "limit": verdict.limit,
        "forced": verdict.forced,
    }


def chosen(
    runs: Iterable[RunRecord], lease: LeaseRecord | None, *, outcomes: Iterable[str] = (), since: datetime | None = None
) -> list[RunRecord]:
    """Those runs that came out as asked, and began at ``since`` (aware) or later."""
    wanted = frozenset(outcomes)
    earliest = since or datetime.min.replace(tzinfo=UTC)
    return [run for run in runs if run.started >= earliest and (not wanted or outcome(run, lease) in wanted)]
