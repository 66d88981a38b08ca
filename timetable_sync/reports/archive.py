"""Keeps a report of every run in a folder for a while, and takes calendars that were forgotten out of the reports kept there.

It changes and removes only files whose names are its own, of its own source. What a run counted stays counted.
"""

import json
import os
import re
import stat
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import datetime, timedelta
from html import escape
from io import StringIO
from pathlib import Path
from typing import Any

from timetable_sync.errors import UsageError
from timetable_sync.model.calendar import Calendar
from timetable_sync.reports import json_report
from timetable_sync.reports.formatting import TimeFormat
from timetable_sync.reports.render import check_target, replacing, write_report
from timetable_sync.reports.sanitize import legible
from timetable_sync.reports.summary import RunSummary

_ENDINGS = ("html", "json")


def prepare(directory: Path) -> None:
    """Make the folder if it is not there, and see that reports can be written to it. Raises UsageError; meant for before the run."""
    try:
        directory.mkdir(mode=0o750, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(
            f"report.directory: the folder {directory} cannot be made: {error.strerror}",
            "Name another folder, or make it and let this user write there.",
        ) from None
    check_target(directory / "report.html")


def names(summary: RunSummary) -> list[str]:
    """The files that a run's reports are kept in: source, local start, and the run's number where it has one."""
    started = TimeFormat(summary.time_zone).local(summary.started)
    run = f"_run-{summary.run}" if summary.run is not None else "_dry-run" if summary.dry_run else ""
    return [f"{summary.source}_{started:%Y-%m-%d_%H-%M-%S}{run}.{ending}" for ending in _ENDINGS]


def keep(summary: RunSummary, directory: Path) -> list[Path]:
    """Write the run's reports; gives their paths. Raises OSError."""
    paths = [directory / name for name in names(summary)]
    for path in paths:
        write_report(summary, path)
    return paths


def of_source(directory: Path, source: str) -> list[Path]:
    """Whatever is called there as this source's reports are."""
    ours = re.compile(rf"{re.escape(source)}_\d{{4}}-\d\d-\d\d_\d\d-\d\d-\d\d(?:_run-\d+|_dry-run)?\.(?:{'|'.join(_ENDINGS)})")
    return [path for path in sorted(directory.iterdir()) if ours.fullmatch(path.name) is not None]


def remove_old(directory: Path, source: str, age: timedelta, now: datetime) -> list[Path]:
    """Remove this source's reports that were last written more than ``age`` before ``now`` (aware); gives their paths.

    Links, folders and everything of another name are left alone, and so is what cannot be removed.
    """
    oldest = (now - age).timestamp() if age < now - datetime.min.replace(tzinfo=now.tzinfo) else float("-inf")
    removed = []
    for path in of_source(directory, source):
        with suppress(OSError):
            facts = path.lstat()
            if stat.S_ISREG(facts.st_mode) and facts.st_mtime < oldest:
                path.unlink()
                removed.append(path)
    return removed


# As templates/night.html.j2 writes them: no text of anybody's can end one, as all of them are escaped.
_BLOCK = re.compile(r'<details class="cal" id="(?P<anchor>c\d+)".*?\n</details>\n', re.DOTALL)
_NAME = re.compile(r"<summary><b><bdi>(?P<name>.*?)</bdi></b> ")
_MATTER = re.compile(r'<li class="(?:failed|held|note)">\n.*?\n</li>\n', re.DOTALL)
_DETAIL = re.compile(r"<li>(?P<name>[^<]*?): [^<]*</li>")
_UNCHANGED = re.compile(r"<li><b><bdi>(?P<name>.*?)</bdi></b> [^<]*</li>")


def strike_out(directory: Path, source: str, calendars: Collection[Calendar]) -> list[Path]:
    """Take ``calendars`` out of this source's reports in ``directory``; gives the paths of those that had something of them.

    A file that is no report, though it is called like one, stays as it is. Raises OSError.
    """
    struck = []
    for path in of_source(directory, source) if directory.is_dir() else ():
        if path.is_symlink() or not path.is_file():
            continue
        try:
            before = path.read_text("utf-8")
            after = (_document if path.suffix == ".json" else _page)(before, calendars)
        except (ValueError, LookupError, TypeError, AttributeError):
            continue
        if after != before:
            facts = path.stat()
            with replacing(path) as out:
                out.write(after)
            # It is as old as it was: by that, reports are removed.
            os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))
            struck.append(path)
    return struck


def _document(text: str, calendars: Collection[Calendar]) -> str:
    told: dict[str, Any] = json.loads(text)
    if not isinstance(told, dict) or not isinstance(told.get("calendars"), list):
        return text
    addresses = {calendar.address for calendar in calendars}
    names = {calendar.name for calendar in calendars} | {one["name"] for one in told["calendars"] if one["address"] in addresses}
    told["calendars"] = [one for one in told["calendars"] if one["address"] not in addresses]
    for list_of in ("held", "needs_you", "worth_knowing"):
        told[list_of] = [one for one in told.get(list_of, []) if one["calendar"] not in addresses]
    for matter in (*told["needs_you"], *told["worth_knowing"]):
        matter["details"] = [line for line in matter["details"] if line.partition(": ")[0] not in names]
    out = StringIO()
    json_report.rewrite(told, out)
    return out.getvalue()


def _page(text: str, calendars: Collection[Calendar]) -> str:
    shown = [f'<span class="address">{_written(calendar.address)}</span>' for calendar in calendars]
    names, anchors = {_written(calendar.name) for calendar in calendars}, set[str]()
    for block in _BLOCK.finditer(text):
        head = block[0].partition("</summary>")[0]
        if any(address in head for address in shown):
            anchors.add(block["anchor"])
            names.update(found["name"] for found in _NAME.finditer(head))
    text = _BLOCK.sub(lambda block: "" if block["anchor"] in anchors else block[0], text)
    text = _MATTER.sub(lambda matter: "" if _is_about(matter[0], anchors) else matter[0], text)
    for lines in (_DETAIL, _UNCHANGED):
        text = lines.sub(lambda line: "" if line["name"] in names else line[0], text)
    return text


def _is_about(matter: str, anchors: Iterable[str]) -> bool:
    return any(f'<a href="#{anchor}">' in matter for anchor in anchors)


def _written(name: str) -> str:
    # Jinja's way: https://markupsafe.palletsprojects.com/en/stable/escaping/
    return escape(legible(name), quote=False).replace('"', "&#34;").replace("'", "&#39;")
