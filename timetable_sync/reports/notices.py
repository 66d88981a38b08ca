"""What a person has to see to, and what is worth knowing, as values that every report renders. Decides nothing but the wording.

Texts of calendars and the timetable in them are raw: whoever shows them makes them safe.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.change import Reason
from timetable_sync.model.plan import Held, SkipReason
from timetable_sync.planning.guards import RELEASABLE
from timetable_sync.redaction import redact
from timetable_sync.reports.commands import look, mend, release
from timetable_sync.reports.event_diff import named, sides
from timetable_sync.reports.formatting import TimeFormat, counted, kind_of, lasted, number
from timetable_sync.reports.summary import BadRowReport, CalendarReport, ChangeReport, Outcome, RunSummary, Status, Trouble
from timetable_sync.reports.totals import Figures, verdicts

_A_DRY_RUN: Final = "A dry run puts nothing on record: a run holds it, and says what lets it through."
_MANY: Final = 20
_BY_HAND: Final = (
    "Delete it by hand, unless a newer version of the program wrote it: then use that one. The next night makes what is wanted."
)
_FORGOTTEN: Final = 10

_VERBS: Final = {"created": "create", "updated": "update", "deleted": "delete"}

_NAMED: Final = {
    SkipReason.EDITED_REPORTED: "edited by someone and left as {it}",
    SkipReason.DELETED_REPORTED: "deleted by someone and not made anew",
    SkipReason.SERIES: "made a series by someone and left as {it}",
    SkipReason.NOT_KEPT: "written, and kept otherwise by the calendar service; left as {it}",
    SkipReason.COPY: "made by someone as a copy of an event of ours; left as {it}, and not named again",
    SkipReason.UNRECORDED: "edited by someone, or made as a copy of an event of ours, and no record tells which; left as {it}",
    SkipReason.NOT_MOVED: "left where {it}, as the calendar of the lesson cannot be had",
}
_COUNTED: Final = {
    SkipReason.EDITED_KEPT: "edited by someone and kept so",
    SkipReason.DELETED_KEPT: "deleted by someone and kept so",
}
#: Reasons that are no change of the timetable: who, then what was done, then what would be done.
_UNASKED: Final = {
    Reason.EDITED: ("event", "had been edited by someone and {was} restored", "edited by someone would be restored"),
    Reason.DELETED: ("event", "had been deleted by someone and {was} made anew", "deleted by someone would be made anew"),
    Reason.DUPLICATE: ("duplicate", "{was} moved to Deleted Items", "would be moved to Deleted Items"),
    Reason.MAPPING: (
        "event",
        "{was} rewritten, as the configuration makes events otherwise than before",
        "would be rewritten, as the configuration makes events otherwise than before",
    ),
}


class Weight(StrEnum):
    """How grave a matter is."""

    FAILED = "failed"
    HELD = "held"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do next: a sentence, or a command to type."""

    text: str
    label: str = ""
    command: bool = False


@dataclass(frozen=True, slots=True)
class Matter:
    """One thing to know. ``about`` is what it concerns (a calendar's name, or empty), ``details`` are single lines; few need be shown."""

    sentence: str
    about: str = ""
    weight: Weight = Weight.NOTE
    advice: tuple[Advice, ...] = ()
    details: tuple[str, ...] = ()
    calendar: Calendar | None = None


def needs_you(summary: RunSummary, figures: Figures, clock: TimeFormat) -> list[Matter]:
    """What a person has to see to, gravest first: the run's own failure, guards, failed calendars, refused events, the rest."""
    found = []
    if summary.failure is not None:
        found.append(_from_trouble(summary.failure, about="the run", weight=Weight.FAILED))
    if summary.cut_short:
        found.append(_cut_short(summary, figures))
    held = [verdict for verdict in verdicts(summary) if not verdict.forced]
    found += [_held(verdict, held, summary, clock) for verdict in sorted(held, key=lambda verdict: verdict.calendar is not None)]
    for report in summary.calendars:
        found += _troubles(report, clock, purge=summary.purge)
        found += _unreadable(report, clock)
    found += [_from_trouble(trouble, weight=Weight.HELD) for trouble in summary.needs_you]
    return found


def worth_knowing(summary: RunSummary, figures: Figures, clock: TimeFormat) -> list[Matter]:
    """What a person may want to know, and need not act upon."""
    found = []
    if summary.bad_rows:
        found.append(_bad_rows(summary, figures))
    found += _reasons(summary, figures)
    found += _left_alone(summary, figures, clock)
    if figures.not_written:
        calendars = counted(figures.statuses[Status.REPORT_ONLY], "calendar", "is")
        found.append(Matter(f"{calendars} report only: {counted(figures.not_written, 'change', 'was')} found and not written"))
    for verdict in verdicts(summary):
        if verdict.forced:
            about = verdict.calendar.name if verdict.calendar is not None else ""
            sentence = f"--force-guard {verdict.guard} released what it would have held: {verdict.sentence}"
            found.append(Matter(sentence, about, calendar=verdict.calendar))
    found += [_from_trouble(trouble) for trouble in summary.worth_knowing]
    if summary.forgotten:
        found.append(Matter(forgotten(summary)))
    if summary.retries:
        found.append(_tried_again(summary))
    return found


def forgotten(summary: RunSummary) -> str:
    """The calendars that were forgotten, in one line; the JSON report names all of them."""
    names, many = [calendar.name for calendar in summary.forgotten], len(summary.forgotten)
    some = [*names[:_FORGOTTEN], *([f"{number(many - _FORGOTTEN)} more"] if many > _FORGOTTEN else [])]
    verb = "would be" if summary.dry_run else "was" if many == 1 else "were"
    why = "it, and its mailbox is" if many == 1 else "them, and their mailboxes are"
    return f"{counted(many, 'calendar')} {verb} forgotten, as the timetable does not name {why} gone: {', '.join(some)}"


def _tried_again(summary: RunSummary) -> Matter:
    """What was in the way and was got over, or not: then it is said above as well."""
    sentence = f"{counted(summary.retries, 'request')} had to be tried again, after {lasted(summary.waited)} of waiting in all"
    details = [redact(reason) + (f" ({number(count)} times)" if count > 1 else "") for reason, count in summary.reasons]
    return Matter(sentence, details=tuple(details))


def verdict(summary: RunSummary, figures: Figures, needs: list[Matter]) -> str:
    """The night in one sentence."""
    changes = figures.effective_changes
    if summary.purge and summary.failure is None and not needs:
        return f"{counted(changes, 'event')} of ours {'would be moved' if summary.dry_run else 'moved'} to Deleted Items."
    if summary.failure is not None:
        return "The run failed." if not changes else f"The run failed after {counted(changes, 'change')}."
    if summary.dry_run:
        rest = " Some things need you." if needs else ""
        what = f"{counted(changes, 'change')} would be made." if changes else "There is nothing to change."
        return f"A dry run: nothing was written. {what}{rest}"
    if needs:
        return (
            f"{counted(changes, 'change', 'was')} made. {counted(len(needs), 'matter')} below {'needs' if len(needs) == 1 else 'need'} you."
        )
    aside = sum((summary.bad_rows or {}).values())
    but = f", but for {counted(aside, 'row')} set aside" if aside else ""
    if not changes:
        return f"Every calendar stood as the timetable says{but}; nothing was written."
    return f"Every calendar stands as the timetable says{but}."


def _from_trouble(trouble: Trouble, *, about: str = "", weight: Weight = Weight.NOTE) -> Matter:
    return Matter(redact(trouble.message), about, weight, _advice(trouble))


def _advice(*troubles: Trouble) -> tuple[Advice, ...]:
    return tuple(Advice(redact(text)) for text in dict.fromkeys(trouble.advice for trouble in troubles) if text)


def _cut_short(summary: RunSummary, figures: Figures) -> Matter:
    waiting = [report for report in summary.calendars if report.status is Status.CUT_SHORT]
    details = tuple(f"{report.calendar.name}: {counted(_not_begun(report), 'change')} not begun" for report in waiting)
    rest = ""
    if figures.fates[Outcome.NOT_BEGUN]:
        calendars = counted(sum(_not_begun(report) > 0 for report in summary.calendars), "calendar")
        waiting_for = "stay until the purge is run again" if summary.purge else "wait for the next night"
        rest = f"; {counted(figures.fates[Outcome.NOT_BEGUN], 'change')} in {calendars} {waiting_for}"
    return Matter(f"cut short: {redact(summary.cut_short)}{rest}", "the run", Weight.FAILED, details=details)


def _not_begun(report: CalendarReport) -> int:
    return sum(change.fate is Outcome.NOT_BEGUN for change in report.changes)


def _held(verdict: Held, held: Sequence[Held], summary: RunSummary, clock: TimeFormat) -> Matter:
    calendar = verdict.calendar
    said = "held" if calendar is not None else f"nothing was written, held by {verdict.guard}"
    about = "the run" if calendar is None else calendar.name
    first = [Advice(text)] if (text := mend(verdict.guard)) else []
    rest = [Advice(_A_DRY_RUN)] if summary.dry_run else [Advice(look(verdict), "look", command=True), _release(verdict, held)]
    return Matter(f"{said}: {verdict.sentence}", about, Weight.HELD, (*first, *rest), _fresh(verdict, summary, clock), calendar)


def _release(verdict: Held, held: Iterable[Held]) -> Advice:
    """One command for all guards that hold the same: each of them alone would let nothing through."""
    guards = [other.guard for other in held if other.calendar == verdict.calendar]
    if not set(guards) <= set(RELEASABLE):
        return Advice("Nothing releases this guard. Mend the query, or what it reads.")
    return Advice(release(verdict, guards), "release", command=True)


def _fresh(verdict: Held, summary: RunSummary, clock: TimeFormat) -> tuple[str, ...]:
    """What a release that was asked for does not cover, by name."""
    lines = [
        ("" if verdict.calendar is not None else f"{report.calendar.name}: ") + f"new: {named(*sides(change.change), clock)}"
        for report in summary.calendars
        if (keys := verdict.fresh.get(report.calendar.address))
        for change in report.changes
        if change.change.key in keys
    ]
    return (*lines[:_MANY], f"and {number(len(lines) - _MANY)} more") if len(lines) > _MANY + 1 else tuple(lines)


def _troubles(report: CalendarReport, clock: TimeFormat, *, purge: bool) -> Iterator[Matter]:
    """What went wrong in one calendar: changes that share a cause are told together, events by name."""
    by_cause: dict[Trouble, list[ChangeReport]] = {}
    for change in report.changes:
        if change.trouble is not None:
            by_cause.setdefault(change.trouble, []).append(change)
    if report.trouble is not None and report.trouble not in by_cause:
        said = "failed: " if report.status is Status.FAILED else ""
        yield _about(report, f"{said}{redact(report.trouble.message)}", report.trouble)
    elif report.status is Status.FAILED and not by_cause:
        yield _about(report, "failed")
    for at, (trouble, changes) in enumerate(by_cause.items(), 1):
        # What ended the calendar's night came last, and left the rest.
        left = _left_by_it(report) if at == len(by_cause) else 0
        yield _shared_cause(report, trouble, changes, clock, reader="purge, run again," if purge else "next night", left=left)


def _unreadable(report: CalendarReport, clock: TimeFormat) -> Iterator[Matter]:
    if said := unreadable(report, clock):
        sentence, advice, details = said
        yield _about(report, sentence, Trouble("", advice), details=details if len(details) > 1 else ())


def unreadable(report: CalendarReport, clock: TimeFormat) -> tuple[str, str, tuple[str, ...]] | None:
    """What is said of a calendar's events that cannot be read, what to do, and their names; None where there are none."""
    found = [left for left in report.left_alone if left.why is SkipReason.UNREADABLE]
    if not found:
        return None
    # Several lessons may be one of them.
    names = tuple({id(left.before): named(left.before, None, clock) for left in found}.values())
    kept = sum(left.after is not None for left in found)
    rest = f"was left: {names[0]}" if len(names) == 1 else "were left"
    if kept:
        rest += f"; {counted(kept, 'lesson', 'was')} not written, as {'it' if kept == 1 else 'each'} may stand there already"
    return f"{counted(len(names), 'event')} with our mark cannot be read and {rest}", _BY_HAND, names


def _left_by_it(report: CalendarReport) -> int:
    return sum(change.fate is Outcome.NOT_BEGUN and change.trouble is None for change in report.changes)


def _shared_cause(
    report: CalendarReport, trouble: Trouble, changes: Sequence[ChangeReport], clock: TimeFormat, *, reader: str, left: int
) -> Matter:
    fates = {change.fate for change in changes}
    how_many = f"{number(len(changes))} of {counted(len(report.changes), 'change')}"
    if len(report.changes) == 1:
        how_many = "its only change"
    if fates == {Outcome.UNCLEAR}:
        said = f"{how_many} may or may not have been made (the {reader} will read the calendar and know)"
    elif fates == {Outcome.NOT_BEGUN}:
        said = f"{how_many} not made"
    else:
        said = f"{how_many} failed"
    if left:
        said += f", and {number(left)} {'was' if left == 1 else 'were'} not begun"
    details = [f"{_VERBS[kind_of(change.change)]} {named(*sides(change.change), clock)}" for change in changes]
    # A calendar of which everything failed is one matter, not a list of its events.
    return _about(
        report,
        f"{said}: {redact(trouble.message)}",
        trouble,
        details=details if len(changes) < len(report.changes) or len(changes) == 1 else (),
    )


def _about(report: CalendarReport, sentence: str, *troubles: Trouble, details: Iterable[str] = ()) -> Matter:
    return Matter(sentence, report.calendar.name, Weight.FAILED, _advice(*troubles), tuple(details), report.calendar)


def _bad_rows(summary: RunSummary, figures: Figures) -> Matter:
    by_reason = sorted((summary.bad_rows or {}).items(), key=lambda item: -item[1])
    total = sum(count for _, count in by_reason)
    reasons = ", ".join(f"{number(count)} {reason}" for reason, count in by_reason)
    stay = "its event stays as it was" if total == 1 else "their events stay as they were"
    if figures.left[SkipReason.UNSETTLED]:
        many = figures.left[SkipReason.UNSETTLED]
        stay = f"{counted(many, 'event', 'stays')} as {'it was' if many == 1 else 'they were'}"
    details = [_bad_row(example) for example in summary.bad_row_examples]
    if details and total > len(details):
        details.append(f"and {counted(total - len(details), 'more row')} of these kinds")
    return Matter(f"{counted(total, 'row')} set aside ({reasons}); {stay}", details=tuple(details))


def _bad_row(row: BadRowReport) -> str:
    about = f" ({row.about})" if row.about else ""
    column = f", column {row.column}" if row.column else ""
    return f"row {number(row.row)}{column}: {row.reason}{about}"


def _reasons(summary: RunSummary, figures: Figures) -> Iterator[Matter]:
    """Changes that the timetable did not ask for."""
    for reason, (noun, done, planned) in _UNASKED.items():
        if count := figures.reasons[reason]:
            was = "was" if count == 1 else "were"
            yield Matter(f"{counted(count, noun)} {planned if summary.dry_run else done.format(was=was)}")


def _left_alone(summary: RunSummary, figures: Figures, clock: TimeFormat) -> Iterator[Matter]:
    for why, said in _COUNTED.items():
        if count := figures.left[why]:
            yield Matter(f"{counted(count, 'event', 'was')} {said}")
    for why, said in _NAMED.items():
        if count := figures.left[why]:
            details = tuple(
                f"{report.calendar.name}: {named(left.before, left.after, clock)}"
                for report in summary.calendars
                for left in report.left_alone
                if left.why is why
            )
            yield Matter(f"{counted(count, 'event', 'was')} {said.format(it='it is' if count == 1 else 'they are')}", details=details)
