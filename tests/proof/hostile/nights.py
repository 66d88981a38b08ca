"""Nights over bad timetables, and what has to hold after each."""

from io import StringIO
from pathlib import Path
from random import Random

from lxml import etree

from tests.night_world import NightWorld
from tests.proof.figures import Finding, Wrong
from tests.proof.hostile.rows import hostile, ordinary
from timetable_sync.reports import html, json_report, markdown, text
from timetable_sync.reports.summary import RunSummary

CALENDARS = ("COMP101", "MATH101", "PHYS101")

#: A timetable that gives rows for as long as somebody reads them.
ENDLESS = """
[timetable]
url = "sqlite:///timetable.db"
time_zone = "Europe/London"
period = "2026/27"
timeout = "2 seconds"
query = '''WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
SELECT ENDLESS'''
[timetable.columns]
activity = "activity"
calendar = "module"
start = "starts"
end = "ends"
title = "title"
rooms = { column = "room", many = true }
"""
ROWS = "i AS activity, 'COMP101' AS module, '2026-10-14 09:00' AS starts, '2026-10-14 10:00' AS ends, 'x' AS title, 'r' AS room FROM n"
NEVER = ROWS + " WHERE i < 0"


def night_of_bad_rows(folder: Path, chance: Random, many: int) -> list[Finding]:
    """What is wrong after two nights: one of bad rows beside good ones, one of the same again."""
    world, wrong = NightWorld(folder), list[Finding]()
    addresses = {module: world.calendar(module) for module in (*CALENDARS, "GOOD101")}
    good = ordinary("GOOD101", 10)
    world.timetable(good + hostile(chance, many, CALENDARS))
    for turn in ("first", "second"):
        summary = world.night()
        if summary.failure is not None:
            return [*wrong, Finding(Wrong.SAID, f"the {turn} night failed: {summary.failure.message[:300]}")]
        if summary.exit_code not in (0, 1):
            wrong.append(Finding(Wrong.SAID, f"the {turn} night ended with {summary.exit_code}"))
        wrong += [Finding(Wrong.SAID, one) for one in unreadable(summary)]
        standing = {module: world.backend.store.items(address) for module, address in addresses.items()}
        if (there := sorted(item.subject for item in standing["GOOD101"])) != sorted(str(title) for *_, title, _ in good):
            wrong.append(Finding(Wrong.WRONG_CONTENT, f"after the {turn} night the good calendar has {there}"))
        for module, items in standing.items():
            markers = [item.marker for item in items]
            if None in markers:
                wrong.append(Finding(Wrong.WRONG_CONTENT, f"after the {turn} night {module} has an event without a marker"))
            if len(set(markers)) < len(markers):
                wrong.append(Finding(Wrong.DUPLICATE, f"after the {turn} night {module} has an event twice"))
            if world.backend.store.deleted(addresses[module]):
                wrong.append(Finding(Wrong.WRONG_DELETE, f"the {turn} night deleted from {module}"))
    if changes := sum(len(report.changes) for report in summary.calendars):
        wrong.append(Finding(Wrong.NOT_CONVERGED, f"the second night still finds {changes} changes"))
    return wrong


def unreadable(summary: RunSummary) -> list[str]:
    """What is wrong with a night's reports: each must be UTF-8, hold no control character, and the page no script."""
    wrong = []
    for form in (text, markdown, json_report, html):
        out = StringIO()
        form.write(summary, out)
        shown = out.getvalue()
        try:
            shown.encode("utf-8")
        except UnicodeEncodeError as error:
            wrong.append(f"{form.__name__}: {error}")
        if odd := sorted({letter for letter in shown if letter < " " and letter != "\n"} | set(shown) & {"\u202e", "\x7f"}):
            wrong.append(f"{form.__name__}: {odd}")
        if form is html:
            page = etree.HTML(shown)
            if page.xpath("//script|//img|//svg|//iframe|//@onerror|//@onload|//link[@href]"):
                wrong.append("the page holds what could run")
    return wrong


def night_without_end(folder: Path, what: str) -> RunSummary:
    """One whose query gives rows for ever, or none and never ends."""
    return NightWorld(folder, timetable=ENDLESS.replace("ENDLESS", what)).night()


def full_calendar(folder: Path, many: int) -> RunSummary:
    """One calendar of so many events."""
    world = NightWorld(folder)
    world.calendar("COMP101")
    world.timetable(ordinary("COMP101", many))
    return world.night()
