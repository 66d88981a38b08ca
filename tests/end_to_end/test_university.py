"""Real nights of a whole university: after each, every calendar equals the timetable, and nothing else was written."""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.end_to_end.installation import ROOT, Installation
from tests.sandbox_process import SandboxProcess

ZONE = ZoneInfo("Australia/Sydney")
#: How many: a number, or "all" that there are. A night takes from ten seconds to half a minute.
NIGHTS = os.environ.get("TIMETABLE_SYNC_TEST_NIGHTS", "2")
#: Seconds after which no further night is begun once there were two; "all" means all, for as long as that takes.
LONG_ENOUGH = 900.0
Calendars = dict[str, list[dict[str, Any]]]
Meeting = tuple[datetime, datetime, str, str]


def timetable(database: Path) -> dict[tuple[str, str, str, int], Meeting]:
    """Tonight's meetings by course, class, ISO week and place in the week, worked out here and by nothing of the package."""
    merged: dict[tuple[str, str, datetime, datetime], tuple[set[str], set[str]]] = {}
    with sqlite3.connect(database) as connection:
        rows = connection.execute(
            "SELECT course_id, name, title, activity, date || ' ' || start, date || ' ' || finish, location FROM v_occ_tonight"
        )
        for course, name, title, kind, starts, ends, room in rows:
            start, end = (datetime.fromisoformat(text).replace(tzinfo=ZONE).astimezone(UTC) for text in (starts, ends))
            titles, rooms = merged.setdefault((course, name, start, end), (set(), set()))
            titles.add(f"{plain(title)} ({plain(kind)})")
            rooms.add(plain(room))
    found: dict[tuple[str, str, str, int], Meeting] = {}
    counts: dict[tuple[str, str, str], int] = {}
    for (course, name, start, end), (titles, rooms) in sorted(merged.items(), key=lambda meeting: meeting[0][1:]):
        year, week, _ = start.astimezone(ZONE).isocalendar()
        group = (course, name, f"{year}-W{week:02d}")
        counts[group] = counts.get(group, 0) + 1
        found[(*group, counts[group])] = (start, end, min(titles), ", ".join(sorted(rooms - {""})))
    return found


def plain(text: str | None) -> str:
    return " ".join((text or "").replace("\u2011", "-").replace("\u00a0", " ").split())


def standing(calendars: Calendars) -> dict[str, list[Meeting]]:
    """What stands in the sandbox, by address, the colleague's appointment left out."""
    return {
        address: sorted(
            (
                datetime.fromisoformat(event["start"].replace("Z", "+00:00")).astimezone(UTC),
                datetime.fromisoformat(event["end"].replace("Z", "+00:00")).astimezone(UTC),
                event["subject"],
                event["location"] or "",
            )
            for event in events
            if event["subject"] != "Coffee with the dean"
        )
        for address, events in calendars.items()
    }


def writes(before: Calendars, after: Calendars) -> int:
    """How many items were made, changed or removed between two readings of the sandbox."""
    versions: list[dict[str, str]] = [
        {item["id"]: item["change_key"] for items in calendars.values() for item in items} for calendars in (before, after)
    ]
    changed = sum(versions[0].get(item) != version for item, version in versions[1].items())
    return changed + len(versions[0].keys() - versions[1].keys())


def address_of(course: str) -> str:
    return course.lower() + "@groups.example.ac.uk"


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.shared
@pytest.mark.timeout(6 * 3_600 if NIGHTS == "all" else 2_400)
def test_real_nights_of_a_university_each_write_the_differences_and_no_more(
    shared: Path, tmp_path: Path, tried: Callable[[str], None]
) -> None:
    database = tmp_path / "nights.sqlite"
    shutil.copyfile(shared / "data" / "university-nights-2024S2.sqlite", database)
    with sqlite3.connect(database) as connection:
        courses = [course for (course,) in connection.execute("SELECT DISTINCT course_id FROM lesson_version")]
        # From a night on whose publication is whole: the first with nine tenths of the largest number of meetings.
        first, last = connection.execute(
            "SELECT min(n), (SELECT max(n) FROM snapshot) FROM snapshot WHERE occurrences > 0.9 * (SELECT max(occurrences) FROM snapshot)"
        ).fetchone()
    nights = range(first, last + 1)[: None if NIGHTS == "all" else int(NIGHTS)]
    with SandboxProcess() as sandbox:
        installation = Installation(tmp_path, sandbox, ROOT / "docs/examples/university-nights.toml", f"sqlite:///{database}")
        # A real semester has nights that guards rightly hold; here it is the comparing and writing that is looked at.
        installation.environment["TIMETABLE_SYNC_GUARDS__DELETES_IN_CALENDAR"] = '{ share = "100 %" }'
        installation.environment["TIMETABLE_SYNC_GUARDS__DELETES_IN_RUN"] = '{ share = "100 %" }'
        installation.environment["TIMETABLE_SYNC_GUARDS__SHRUNKEN_TIMETABLE"] = "100 %"
        sandbox.client.add_mailboxes([address_of(course) for course in courses])
        moment = datetime(2024, 8, 1, 9, tzinfo=UTC)
        colleague = address_of(courses[0])
        item = sandbox.client.add_appointment(colleague, "Coffee with the dean", moment, moment + timedelta(hours=1))
        appointment = next(event for event in sandbox.client.events(colleague) if event["id"] == item)
        known: dict[tuple[str, str, str, int], Meeting] = {}
        before = sandbox.client.all_events()
        done_with, began = 0, time.monotonic()
        for number in nights:
            if NIGHTS != "all" and done_with >= 2 and time.monotonic() - began > LONG_ENOUGH:
                break
            with sqlite3.connect(database) as connection:
                connection.execute("UPDATE tonight SET n = ?", (number,))
            wanted = timetable(database)
            differences = sum(known.get(key) != meeting for key, meeting in wanted.items()) + len(known.keys() - wanted.keys())
            done = installation.run("--now", "2024-07-01T02:00", "--format", "json", "-q")
            assert done.returncode == 0, (number, done.stdout[-2_000:], done.stderr[-2_000:])
            after = sandbox.client.all_events()
            assert writes(before, after) == differences, number
            known, before = wanted, after
            by_address: dict[str, list[Meeting]] = {address_of(course): [] for course in courses}
            for key, meeting in wanted.items():
                by_address[address_of(key[0])].append(meeting)
            assert standing(after) == {address: sorted(meetings) for address, meetings in by_address.items()}, number
            done_with += 1
        tried(f"{done_with} of {len(nights)} nights")
        assert next(event for event in sandbox.client.events(colleague) if event["id"] == item) == appointment
        assert sandbox.client.mails() == 0
