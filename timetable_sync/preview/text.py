"""Formats previews and data issues as text for people: words and columns, no decisions."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from timetable_sync.model.calendar import Calendar
from timetable_sync.model.event import Event
from timetable_sync.preview.check import Checked
from timetable_sync.preview.data_issues import TITLES, DataIssue
from timetable_sync.preview.event_view import OneEvent
from timetable_sync.preview.request import short
from timetable_sync.preview.sql import Statement
from timetable_sync.preview.timetable_view import CalendarLine, DayLine, TimetableView
from timetable_sync.reports.formatting import TimeFormat, counted, minutes_before, number
from timetable_sync.reports.sanitize import legible
from timetable_sync.timetable.columns import JOINT

_GAP = "  "


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = (), longest: int = 48) -> Iterator[str]:
    """A line for the headings and one a row. Columns in ``right`` stand to the right; cells are cut at ``longest``, but the last."""
    last = len(headings) - 1
    cells = [[_fitted(cell, longest if at < last else 0) for at, cell in enumerate(row)] for row in (headings, *rows)]
    widths = [max(len(row[at]) for row in cells) for at in range(len(headings))]
    for row in cells:
        placed = [cell.rjust(width) if at in right else cell.ljust(width) for at, (cell, width) in enumerate(zip(row, widths, strict=True))]
        yield _GAP.join(placed).rstrip()


def _fitted(cell: str, longest: int) -> str:
    text = legible(cell)
    return text if not longest or len(text) <= longest else text[: longest - 1].rstrip() + "\N{HORIZONTAL ELLIPSIS}"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def headline(outlook: TimetableView) -> Iterator[str]:
    """What was read, in two lines."""
    reading, clock = outlook.reading, TimeFormat(outlook.time_zone)
    yield f"Timetable {outlook.source}   {clock.days(outlook.window.start, outlook.window.end)}   {outlook.time_zone}"
    set_aside = f", {counted(reading.bad_rows.count, 'row')} set aside" if reading.bad_rows.count else ""
    yield (
        f"  {counted(reading.rows, 'row')}, {counted(reading.lessons, 'lesson')}; in these days "
        f"{counted(reading.events_in_window, 'event')} in {counted(len(reading.calendars()), 'calendar')}{set_aside}"
    )
    yield ""


def calendar_table(outlook: TimetableView, lines: Iterator[CalendarLine], limit: int) -> Iterator[str]:
    """A line a calendar."""
    clock = TimeFormat(outlook.time_zone)
    rows = [
        (
            line.calendar.name,
            line.calendar.address,
            number(line.events),
            "" if line.first is None else clock.moment(line.first),
            "" if line.last is None else clock.moment(line.last),
            line.written.value,
        )
        for line in _first(lines, limit)
    ]
    if not outlook.calendars:
        yield from _none(outlook, "calendar")
        return
    yield from table(("calendar", "address", "events", "first", "last", "written"), rows, right=(2,))
    yield from _more(len(rows), len(outlook.calendars), "calendar")


def day_table(outlook: TimetableView, lines: Sequence[DayLine], limit: int) -> Iterator[str]:
    """A line a day."""
    clock = TimeFormat(outlook.time_zone)
    rows = [
        (
            f"{_DAYS[line.day.weekday()]} {line.day.isoformat()}",
            number(line.events),
            number(line.calendars),
            "" if line.begins is None else clock.time(line.begins),
            "" if line.ends is None else clock.time(line.ends),
        )
        for line in _first(iter(lines), limit)
    ]
    if not rows:
        yield from _none(outlook, "event")
        return
    yield from table(("day", "events", "calendars", "from", "to"), rows, right=(1, 2))
    yield from _more(len(rows), len(lines), "day")


def event_table(outlook: TimetableView, events: Iterator[tuple[Calendar, Event]], limit: int) -> Iterator[str]:
    """A line an event, in the order given."""
    clock = TimeFormat(outlook.time_zone)
    shown = list(_first(events, limit))
    rows = [
        (clock.span(event.start, event.end), calendar.name, event.subject, event.location or "", short(event.key))
        for calendar, event in shown
    ]
    if not rows:
        yield from _none(outlook, "event")
        return
    yield from table(("when", "calendar", "subject", "location", "key"), rows)
    yield from _more(len(rows), len(rows) + sum(1 for _ in events), "event")


def event_in_full(outlook: TimetableView, found: OneEvent) -> Iterator[str]:
    """One event: lesson, calendars, rows."""
    clock = TimeFormat(outlook.time_zone)
    yield f"Event {found.key}"
    for calendar, event in found.standing:
        yield ""
        yield f"  in {legible(calendar.name)}, {calendar.address}"
        yield from _fields(
            [
                ("when", clock.span(event.start, event.end)),
                ("subject", event.subject),
                ("location", event.location),
                ("body", event.body),
                ("categories", None if event.categories is None else ", ".join(event.categories)),
                ("shown as", event.busy.value),
                ("reminder", minutes_before(event.reminder)),
                ("sensitivity", event.sensitivity.value),
                ("fingerprint", event.fingerprint()),
            ]
        )
    if found.lesson is not None:
        lesson = found.lesson
        yield ""
        yield "  the lesson"
        yield from _fields(
            [
                ("activity", lesson.activity),
                ("period", lesson.period),
                ("week", f"{lesson.week}, number {lesson.nth} in it"),
                ("cancelled", "yes, all its rows are" if lesson.cancelled else "no"),
                ("calendars", ", ".join(lesson.calendars)),
                *((name, ", ".join(value) if isinstance(value, tuple) else value) for name, value in found.values.items()),
            ]
        )
    for row in found.rows:
        yield ""
        yield f"  row {number(row.number)} of {row.query}"
        yield from _fields([(name, "NULL" if cell is None else _cell(cell)) for name, cell in row.cells.items()])
    if found.kin:
        yield ""
        yield "  rows of child queries"
        rows = [
            (
                row.query.removeprefix("timetable."),
                row.key.replace(JOINT, ", "),
                ", ".join(value.replace(JOINT, ", ") for value in row.values),
                "yes" if row.holds else "in other weeks",
            )
            for row in found.kin
        ]
        yield from (f"    {line}" for line in table(("query", "key", "gives", "counts"), rows))
    if found.too_many_rows:
        yield ""
        yield "  (this activity has more rows than are kept; not all of them are here)"


def several(outlook: TimetableView, found: Sequence[tuple[Calendar, Event]], limit: int) -> Iterator[str]:
    """Where more than one event fits what was asked for."""
    keys = len({event.key for _, event in found})
    yield f"{counted(keys, 'event')} fit; name one of them by its key:"
    yield ""
    yield from event_table(outlook, iter(found), limit)


def findings(checked: Checked) -> Iterator[str]:
    """What is wrong, kind by kind, and what was looked for without finding any."""
    clock = TimeFormat(checked.time_zone)
    yield f"Timetable {checked.source}   {clock.days(checked.window.start, checked.window.end)}   {checked.time_zone}"
    yield (
        f"  {counted(checked.rows, 'row')}, {counted(checked.lessons, 'lesson')}; in these days {counted(checked.events, 'event')} "
        f"in {counted(checked.calendars, 'calendar')}"
    )
    for finding in checked.findings:
        if finding.count:
            yield ""
            yield from _finding(finding)
    quiet = [finding for finding in checked.findings if not finding.count]
    if quiet:
        yield ""
        yield "Nothing of this kind"
        for finding in quiet:
            yield f"  {TITLES[finding.kind][0]}" + (f" ({finding.remark})" if finding.remark else "")
    if checked.notes:
        yield ""
        yield "Worth knowing"
        yield from (f"  {legible(note)}" for note in checked.notes)


def sql(dialect: str, found: Sequence[Statement]) -> Iterator[str]:
    """The statements, fit to be given to the database's own shell."""
    for at, statement in enumerate(found):
        if at:
            yield ""
        where = f", from {statement.origin}" if statement.origin else ""
        yield f"-- {statement.key}{where} ({dialect})"
        yield f"{statement.sql};"


def _finding(finding: DataIssue) -> Iterator[str]:
    title, then = TITLES[finding.kind]
    yield f"{title}: {number(finding.count)}" + (f" ({finding.remark})" if finding.remark else "")
    yield f"  {then}"
    for reason, count in sorted(finding.by_reason.items(), key=lambda item: (-item[1], item[0])):
        yield f"  {number(count):>7} {reason}"
    for example in finding.examples:
        yield f"    {legible(example.text)}"
    if finding.count > len(finding.examples):
        yield f"    ... {number(finding.count - len(finding.examples))} more"


def _fields(fields: Sequence[tuple[str, str | None]]) -> Iterator[str]:
    width = max(len(name) for name, _ in fields)
    for name, text in fields:
        yield f"    {legible(name):<{width}}  " + ("(not ours)" if text is None else legible(text))


def _cell(cell: Any) -> str:
    return cell if isinstance(cell, str) else str(cell)


def _first(items: Iterator[Any], limit: int) -> Iterator[Any]:
    return islice(items, limit) if limit else items


def _none(outlook: TimetableView, noun: str) -> Iterator[str]:
    patterns = ", ".join(outlook.asked.calendars)
    if patterns and not outlook.calendars:
        yield f"No calendar of the timetable has a name or address like {legible(patterns)}"
    else:
        yield f"No {noun} in these days" + (f" in {legible(patterns)}" if patterns else "")


def _more(shown: int, of: int, noun: str) -> Iterator[str]:
    if shown < of:
        yield f"... {counted(of - shown, 'more ' + noun)}: --limit 0 shows all"
