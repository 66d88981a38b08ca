"""The report as Markdown, for a ticket or a chat. Timetable text in it is text: it cannot become markup, a mention or a link."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, TextIO

from timetable_sync.reports.event_diff import LOCATION, SUBJECT, TIME, Field, compared, sides
from timetable_sync.reports.formatting import TimeFormat, kind_of
from timetable_sync.reports.notices import Advice, Matter, needs_you, verdict, worth_knowing
from timetable_sync.reports.sanitize import legible, shortened
from timetable_sync.reports.summary import CalendarReport, RunSummary
from timetable_sync.reports.text import calendar_line, fate_line, figure_lines, headline
from timetable_sync.reports.totals import count

# Any ASCII punctuation may be escaped by a backslash: https://spec.commonmark.org/0.31.2/#backslash-escapes
# Those left out (comma, full stop within a line, quotes ...) have no meaning inside a line.
_MARKUP = re.compile(r"([\\`*_{}\[\]<>()#|~&!$^=])")
# "1." and "-", "+" begin a list only at the start of a line, where our own words may put them.
_LIST = re.compile(r"^(\d{1,9})([.)])|^([-+])")
# Trackers and chats notify people for @name and link #12, and do so after escapes are undone: an invisible joiner stops both.
_MENTION = re.compile(r"(?<!\w)([@#])(?=\w)")
_ADDRESS = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
_JOINER: Final = "\N{WORD JOINER}"

_WHAT: Final = {"created": "new", "updated": "changed", "deleted": "gone"}
_LONGEST_CELL: Final = 500


def safe(text: str) -> str:
    """``text`` on one line, saying just what it says wherever Markdown is rendered, in a table as well."""
    text = _MENTION.sub(rf"\1{_JOINER}", legible(text))
    text = _ADDRESS.sub(r"\\\g<0>", _MARKUP.sub(r"\\\1", text))
    return _LIST.sub(lambda found: f"{found[1]}\\{found[2]}" if found[1] else f"\\{found[3]}", text)


def code(text: str) -> str:
    """``text`` as inline code, whatever backticks it holds (https://spec.commonmark.org/0.31.2/#code-spans)."""
    text = legible(text).replace("|", "\N{BROKEN BAR}")
    fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=0) + 1)
    blank = " " if text.startswith("`") or text.endswith("`") else ""
    return f"{fence}{blank}{text}{blank}{fence}"


def write(summary: RunSummary, out: TextIO) -> None:
    """Everything, every change included, as tables by calendar."""
    out.writelines(line + "\n" for line in _lines(summary))


def _lines(summary: RunSummary) -> Iterator[str]:
    clock, figures = TimeFormat(summary.time_zone), count(summary)
    needs = needs_you(summary, figures, clock)
    yield f"## {safe(headline(summary, clock))}"
    yield ""
    yield f"**{safe(verdict(summary, figures, needs))}**"
    yield ""
    yield from (f"- {safe(line)}" for line in figure_lines(summary, figures, clock))
    yield f"- times are {safe(clock.name)}"
    yield from _matters("Needs you", needs)
    yield from _matters("Worth knowing", worth_knowing(summary, figures, clock))
    told = [report for report in summary.calendars if report.changes or report.left_alone]
    if told:
        yield ""
        yield "### Every change, by calendar"
    for report in told:
        yield from _calendar(report, clock)


def _matters(title: str, matters: Sequence[Matter]) -> Iterator[str]:
    if matters:
        yield ""
        yield f"### {title}"
        yield ""
    for matter in matters:
        about = f"**{safe(matter.about)}** " if matter.about.strip() else ""
        yield f"- {about}{safe(matter.sentence)}"
        yield from (f"  - {safe(detail)}" for detail in matter.details)
        yield from (f"  - {_advice(advice)}" for advice in matter.advice)


def _advice(advice: Advice) -> str:
    text = code(advice.text) if advice.command else safe(advice.text)
    return f"{advice.label}: {text}" if advice.label else text


def _calendar(report: CalendarReport, clock: TimeFormat) -> Iterator[str]:
    yield ""
    yield f"#### {safe(report.calendar.name) or safe(report.calendar.address)}"
    yield ""
    yield f"{safe(report.calendar.address)}: {calendar_line(report)}"
    yield ""
    yield "| | was | becomes | why |"
    yield "|---|---|---|---|"
    for change in sorted(report.changes, key=lambda change: change.change.when):
        fields = compared(*sides(change.change), clock)
        yield f"| {_WHAT[kind_of(change.change)]} | {_old(fields)} | {_new(fields)} | {safe(fate_line(change))} |"
    for left in report.left_alone:
        fields = compared(left.before, left.after, clock)
        yield f"| left alone | {_old(fields)} | {_new(fields)} | {safe(left.why.value)} |"


def _old(fields: Sequence[Field]) -> str:
    return _cell([(field, field.before) for field in fields])


def _new(fields: Sequence[Field]) -> str:
    return _cell([(field, field.after) for field in fields])


def _cell(sides: Sequence[tuple[Field, str | None]]) -> str:
    """One side of an event; what changed is bold."""
    said = []
    for field, value in sides:
        told = field.changed or field.label in (TIME, SUBJECT, LOCATION) or None in (field.before, field.after)
        if value is None or not told:
            continue
        text = safe(shortened(value.strip(), _LONGEST_CELL)) or f"(no {field.label.lower()})"
        said.append(f"**{text}**" if field.changed else text)
    return " · ".join(said)
