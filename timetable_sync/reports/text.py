"""The report as plain text: one screen for a terminal or a cron mail, or with every change for a file."""

from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from timetable_sync.reports.event_diff import Field, compared, sides
from timetable_sync.reports.formatting import KINDS, TimeFormat, counted, kind_of, number
from timetable_sync.reports.notices import Advice, Matter, needs_you, worth_knowing
from timetable_sync.reports.sanitize import legible, shortened
from timetable_sync.reports.summary import CalendarReport, ChangeReport, Outcome, RunSummary, Status
from timetable_sync.reports.totals import Figures, count, kinds

_BOLD, _RED, _YELLOW, _PLAIN = "\x1b[1m", "\x1b[31m", "\x1b[33m", "\x1b[0m"
_SIGNS: Final = {"created": "+", "updated": "~", "deleted": "-"}

#: What fits on one screen, and how long a sentence may be there.
_MATTERS_ON_SCREEN = 12
_DETAILS_ON_SCREEN = 4
_LONGEST_ON_SCREEN = 400
#: A subject is up to 255 characters; a body may be a page.
_LONGEST_IN_FILE = 1_000


def write(summary: RunSummary, out: TextIO) -> None:
    """Everything, every change included."""
    clock, figures = TimeFormat(summary.time_zone), count(summary)
    _lines(out, _screen(summary, figures, clock, brief=False, colour=False))
    _lines(out, _by_calendar(summary, clock))


def write_screen(summary: RunSummary, out: TextIO, *, colour: bool = False) -> None:
    """What happened, what needs a person and what is worth knowing; long lists are cut, and say so."""
    _lines(out, _screen(summary, count(summary), TimeFormat(summary.time_zone), brief=True, colour=colour))


def _lines(out: TextIO, lines: Iterator[str]) -> None:
    out.writelines(line.rstrip() + "\n" for line in lines)


def headline(summary: RunSummary, clock: TimeFormat) -> str:
    """ "Night of 24 Nov 2026, 02:00:04 - 02:03:51   run 318"."""
    what = kind_in_words(summary)
    times = f"{clock.time(summary.started, seconds=True)} - {clock.time(summary.finished, seconds=True)}"
    run = f"   run {summary.run}" if summary.run is not None else ""
    return f"{what} {clock.day(summary.started)}, {times}{run}"


def kind_in_words(summary: RunSummary) -> str:
    """ "Night of", to be followed by a day."""
    if summary.purge:
        return "Dry run of a purge," if summary.dry_run else "Purge of"
    return "Dry run of" if summary.dry_run else "Night of"


def figure_lines(summary: RunSummary, figures: Figures, clock: TimeFormat) -> list[str]:
    """The three lines of numbers."""
    if summary.purge:
        return _purge_lines(summary, figures)
    window = clock.days(summary.window.start, summary.window.end)
    changed = figures.statuses[Status.PLANNED if summary.dry_run else Status.CHANGED]
    kinds_said = ", ".join(f"{number(figures.effective[kind])} {'to be ' if summary.dry_run else ''}{kind}" for kind in KINDS)
    verb = "would be changed" if summary.dry_run else "changed"
    rest = [f"{number(figures.statuses[status])} {status.value}" for status in (Status.UNCHANGED, Status.HELD, Status.FAILED)]
    rest += [
        f"{number(figures.statuses[status])} {status.value}"
        for status in (Status.REPORT_ONLY, Status.CUT_SHORT)
        if figures.statuses[status]
    ]
    return [
        f"{counted(len(summary.calendars), 'calendar')}   {counted(summary.events, 'event')}   window {window}",
        f"{counted(changed, 'calendar')} {verb}: {kinds_said}",
        ", ".join(rest),
    ]


def _purge_lines(summary: RunSummary, figures: Figures) -> list[str]:
    """Of a purge: what of ours went, and that everything else stays."""
    gone = counted(figures.effective["deleted"], "event")
    others = sum(report.foreign for report in summary.calendars)
    verb = "would be moved" if summary.dry_run else "moved"
    lines = [
        f"{counted(len(summary.calendars), 'calendar')}   {gone} of ours {verb} to Deleted Items",
        f"{counted(others, 'event')} of others {'stays' if others == 1 else 'stay'} as {'it is' if others == 1 else 'they are'}",
    ]
    rest = [(Status.REPORT_ONLY, "report only"), (Status.FAILED, "failed"), (Status.CUT_SHORT, "cut short")]
    said = [f"{number(figures.statuses[status])} {word}" for status, word in rest if figures.statuses[status]]
    return [*lines, ", ".join(said)] if said else lines


def _screen(summary: RunSummary, figures: Figures, clock: TimeFormat, *, brief: bool, colour: bool) -> Iterator[str]:
    def painted(line: str, *signs: str) -> str:
        return "".join(signs) + line + _PLAIN if colour else line

    yield painted(headline(summary, clock), _BOLD)
    for line in figure_lines(summary, figures, clock):
        yield "  " + line
    if summary.dry_run:
        yield "  nothing was written"
    needs = needs_you(summary, figures, clock)
    if needs:
        yield ""
        yield painted("Needs you", _BOLD, _RED if summary.exit_code else _YELLOW)
        yield from _matters(needs, brief=brief)
    knowing = worth_knowing(summary, figures, clock)
    if knowing:
        yield ""
        yield painted("Worth knowing", _BOLD)
        yield from _matters(knowing, brief=brief)
    if not brief and summary.requests:
        yield ""
        yield f"Requests: {', '.join(f'{legible(name)} {number(made)}' for name, made in summary.requests.items())}"


def _matters(matters: Sequence[Matter], *, brief: bool) -> Iterator[str]:
    shown = matters[:_MATTERS_ON_SCREEN] if brief and len(matters) > _MATTERS_ON_SCREEN + 1 else matters
    width = min(20, max((len(legible(matter.about)) for matter in shown), default=0))
    for matter in shown:
        about = legible(matter.about).ljust(width) + "  " if matter.about else ""
        sentence = legible(matter.sentence)
        yield f"  {about}{shortened(sentence, _LONGEST_ON_SCREEN) if brief else sentence}"
        indent = " " * (len(about) + 2 if len(about) <= 22 else 24)
        details = matter.details
        if brief and len(details) > _DETAILS_ON_SCREEN + 1:
            details = (*details[:_DETAILS_ON_SCREEN], f"and {number(len(details) - _DETAILS_ON_SCREEN)} more")
        yield from (f"{indent}  {shortened(legible(detail), _LONGEST_ON_SCREEN) if brief else legible(detail)}" for detail in details)
        yield from (f"{indent}{line}" for line in _advice(matter.advice))
    if len(shown) < len(matters):
        yield f"  and {number(len(matters) - len(shown))} more; a report names them all: --report FILE.html"


def _advice(advice: Sequence[Advice]) -> Iterator[str]:
    width = max((len(one.label) for one in advice if one.label), default=0)
    for one in advice:
        yield (f"{one.label + ':':<{width + 1}} " if one.label else "") + legible(one.text)


def _by_calendar(summary: RunSummary, clock: TimeFormat) -> Iterator[str]:
    told = [report for report in summary.calendars if report.changes or report.left_alone]
    if told:
        yield ""
        yield "Every change, by calendar"
    for report in told:
        yield ""
        yield f"{legible(report.calendar.name)}   {legible(report.calendar.address)}   {calendar_line(report)}"
        for change in sorted(report.changes, key=lambda change: change.change.when):
            yield from _change(change, clock)
        for left in report.left_alone:
            yield from _event("=", compared(left.before, left.after, clock))
            yield f"      left alone: {left.why.value}"


def calendar_line(report: CalendarReport) -> str:
    """ "changed: 3 created, 1 deleted"; kinds without a change are left out."""
    numbers = ", ".join(f"{number(many)} {'to be ' if planned(report) else ''}{kind}" for kind in KINDS if (many := kinds(report)[kind]))
    return f"{report.status.value}: {numbers}" if numbers else report.status.value


def planned(report: CalendarReport) -> bool:
    """Whether the calendar's changes were not (all) carried out, so that numbers say what was to be."""
    return report.status not in (Status.CHANGED, Status.UNCHANGED)


def _change(report: ChangeReport, clock: TimeFormat) -> Iterator[str]:
    yield from _event(_SIGNS[kind_of(report.change)], compared(*sides(report.change), clock))
    yield f"      {fate_line(report)}"


def fate_line(report: ChangeReport) -> str:
    """The reason, and what became of the change where that is not the ordinary."""
    said = report.change.reason.value
    if report.fate not in (Outcome.DONE, Outcome.PLANNED):
        said += f"; {report.fate.value}"
    if report.trouble is not None:
        said += f": {legible(report.trouble.message)}"
    return said


def _event(sign: str, fields: Sequence[Field]) -> Iterator[str]:
    """The first line names the event; then each changed field old and new, or what else a new or vanished event says."""
    first = [legible((field.after if field.before is None else field.before) or "") for field in fields[:2]]
    yield f"  {sign} {'   '.join(first)}"
    one_sided = fields[0].before is None or fields[0].after is None
    width = max(len(field.label) for field in fields)
    for field in fields:
        label = f"      {field.label.lower():<{width}}"
        if field.changed:
            yield f"{label}  {_value(field.before)}  ->  {_value(field.after)}"
        elif one_sided and field not in fields[:2]:
            yield f"{label}  {_value(field.after if field.before is None else field.before)}"


def _value(value: str | None) -> str:
    return shortened(legible(value), _LONGEST_IN_FILE) if value else "(none)"
