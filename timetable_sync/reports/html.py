"""The report as one HTML page that needs nothing else: no script, no picture, no font, no request. Templates lie in ``templates``.

Everything from the timetable goes through the templates' autoescaping; nothing is ever marked safe here.
"""

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, NamedTuple, TextIO

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from timetable_sync import __version__
from timetable_sync.reports.event_diff import LOCATION, SUBJECT, TEXT, TIME, Field, compared, sides
from timetable_sync.reports.formatting import KINDS, TimeFormat, counted, kind_of, lasted, number
from timetable_sync.reports.notices import Weight, needs_you, verdict, worth_knowing
from timetable_sync.reports.sanitize import legible, legible_lines, shortened
from timetable_sync.reports.summary import CalendarReport, ChangeReport, Outcome, RunSummary, Status
from timetable_sync.reports.text import kind_in_words, planned
from timetable_sync.reports.totals import Figures, count, kinds

#: With more changes than this, calendars are closed at first: a page of which all is open is slow to lay out and dull to scroll.
_OPEN_UP_TO = 1_000
_LONGEST_TEXT = 600

#: What names an event and its place stands on both sides of a change; anything else only where it changed.
_ALWAYS: Final = (TIME, SUBJECT, LOCATION)

_WORDS: Final = {"created": "new", "updated": "changed", "deleted": "gone"}
_LETTERS: Final = {"created": "c", "updated": "u", "deleted": "d"}
_SIGNS: Final = {"created": "+", "updated": "~", "deleted": "\N{MINUS SIGN}"}
_GRAVEST_FIRST: Final = (Status.FAILED, Status.HELD, Status.CUT_SHORT, Status.CHANGED, Status.PLANNED, Status.REPORT_ONLY, Status.UNCHANGED)


class Line(NamedTuple):
    """One line of one side of an event. ``label`` is empty where the line speaks for itself."""

    kind: str
    label: str
    text: str
    changed: bool


class Entry(NamedTuple):
    """One change, or one event left alone, as the template shows it."""

    letter: str
    word: str
    why: str
    fate: str
    trouble: str
    old: list[Line] | None
    new: list[Line] | None


class Block(NamedTuple):
    """One calendar. ``entries`` are made while the page is written."""

    anchor: str
    report: CalendarReport
    status: str
    numbers: list[tuple[str, str, str]]
    held: list[str]
    trouble: str
    entries: Iterable[Entry]


def write(summary: RunSummary, out: TextIO) -> None:
    """The whole page, every change included."""
    clock, figures = TimeFormat(summary.time_zone, dash="\N{EN DASH}"), count(summary)
    needs = needs_you(summary, figures, clock)
    told = sorted((report for report in summary.calendars if _has_news(report)), key=_rank)
    anchors = {report.calendar.address: f"c{at}" for at, report in enumerate(told, 1)}
    stream = _template().stream(
        summary=summary,
        clock=clock,
        what=kind_in_words(summary),
        figures=figures,
        version=__version__,
        tone=_tone(summary, bool(needs)),
        verdict=verdict(summary, figures, needs),
        lasted=lasted((summary.finished - summary.started).total_seconds()),
        tiles=_tiles(summary, figures),
        needs=needs,
        knowing=worth_knowing(summary, figures, clock),
        anchors=anchors,
        blocks=(_block(report, anchors[report.calendar.address], clock) for report in told),
        told=len(told),
        quiet=[report for report in summary.calendars if not _has_news(report)],
        opened=figures.changes <= _OPEN_UP_TO,
    )
    stream.enable_buffering(200)
    out.writelines(str(piece) for piece in stream)


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("timetable_sync.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Every value passes here, so that no control character or lone surrogate can reach the page by an oversight.
        finalize=lambda value: legible_lines(value) if type(value) is str else value,
    )
    environment.filters.update(number=number, line=legible)
    environment.globals.update(counted=counted)
    return environment.get_template("night.html.j2")


def _has_news(report: CalendarReport) -> bool:
    return bool(report.changes or report.left_alone or report.trouble or report.status is not Status.UNCHANGED)


def _rank(report: CalendarReport) -> tuple[int, str]:
    return _GRAVEST_FIRST.index(report.status), report.calendar.name.casefold()


def _tone(summary: RunSummary, needs: bool) -> str:
    if summary.failure is not None:
        return Weight.FAILED.value
    return Weight.HELD.value if needs or summary.exit_code else "good"


def _tiles(summary: RunSummary, figures: Figures) -> list[tuple[str, str, str]]:
    """Number, what it counts, and the class that colours it."""
    to_be = "to be " if summary.dry_run else ""
    tiles = [(number(len(summary.calendars)), "calendars", ""), (number(summary.events), "events", "")]
    tiles += [(number(figures.effective[kind]), f"{to_be}{kind}", _LETTERS[kind] if figures.effective[kind] else "") for kind in KINDS]
    for status, always in ((Status.HELD, True), (Status.FAILED, True), (Status.CUT_SHORT, False), (Status.REPORT_ONLY, False)):
        many = figures.statuses[status]
        if many or always:
            tiles.append((number(many), status.value, status.value.replace(" ", "-") if many else ""))
    return tiles


def _block(report: CalendarReport, anchor: str, clock: TimeFormat) -> Block:
    many = kinds(report)
    to_be = "to be " if planned(report) else ""
    return Block(
        anchor=anchor,
        report=report,
        status=report.status.value,
        numbers=[
            (_LETTERS[kind], _SIGNS[kind] + number(many[kind]), f"{number(many[kind])} {to_be}{kind}") for kind in KINDS if many[kind]
        ],
        held=[verdict.sentence for verdict in report.held],
        trouble=report.trouble.message if report.trouble is not None else "",
        entries=_entries(report, clock),
    )


def _entries(report: CalendarReport, clock: TimeFormat) -> Iterator[Entry]:
    for change in sorted(report.changes, key=lambda change: change.change.when):
        yield _changed(change, report, clock)
    for left in report.left_alone:
        fields = compared(left.before, left.after, clock)
        yield Entry("k", "left alone", left.why.value, "", "", _side(fields, old=True), _side(fields, old=False))


def _changed(change: ChangeReport, report: CalendarReport, clock: TimeFormat) -> Entry:
    fields = compared(*sides(change.change), clock)
    kind = kind_of(change.change)
    # The calendar's own badge says so already where all of its changes were held or only planned.
    told = change.fate in (Outcome.DONE, Outcome.PLANNED) or (change.fate is Outcome.HELD and report.status is Status.HELD)
    return Entry(
        letter=_LETTERS[kind],
        word=_WORDS[kind],
        why=change.change.reason.value,
        fate="" if told else change.fate.value,
        trouble=change.trouble.message if change.trouble is not None else "",
        old=_side(fields, old=True),
        new=_side(fields, old=False),
    )


def _side(fields: list[Field], *, old: bool) -> list[Line] | None:
    """One side's lines, or None where that side has no event."""
    lines = []
    for field in fields:
        value = field.before if old else field.after
        if value is None:
            return None
        told = field.changed or field.label in _ALWAYS or None in (field.before, field.after)
        if told and (value or field.changed):
            lines.append(_line(field, value))
    return lines


def _line(field: Field, value: str) -> Line:
    kind = {TIME: "t", SUBJECT: "s", TEXT: "x"}.get(field.label, "")
    text = shortened(value, _LONGEST_TEXT) if value else f"(no {field.label.lower()})"
    return Line(kind, "" if kind in ("t", "s") else field.label, text, field.changed)
