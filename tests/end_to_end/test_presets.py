"""Whole products by their presets: what their databases hold stands in the calendars, and the second night has nothing to do."""

from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.end_to_end.installation import Installation
from tests.presets.oracles import PRODUCTS, Meeting
from tests.presets.reading import CONFIGURATION
from tests.sandbox_process import SandboxProcess

Standing = Counter[tuple[datetime, datetime, str, str, str]]

#: CELCAT's semester and UniTime's terms are whole; of the same semester in the two other products a few weeks, as time is dear.
DAYS = {"celcat": 300, "cmis": 75, "syllabusplus": 75, "unitime": 1_400}


def wanted(meetings: Counter[Meeting], until: datetime) -> dict[str, Standing]:
    """By address: what has to stand there of all that starts before ``until``."""
    found: dict[str, Standing] = defaultdict(Counter)
    for meeting, times in meetings.items():
        for group in meeting.groups:
            calendar = found[f"{group.replace(' ', '-').lower()}@groups.example.ac.uk"]
            if meeting.start < until:
                calendar[(meeting.start, meeting.end, meeting.title, ", ".join(meeting.rooms), ", ".join(meeting.staff))] += times
    return found


def standing(events: list[dict[str, Any]]) -> Standing:
    """A sandbox calendar, read without the package."""
    return Counter(
        (
            *(datetime.fromisoformat(event[name].replace("Z", "+00:00")).astimezone(UTC) for name in ("start", "end")),
            event["subject"],
            event["location"] or "",
            (event["body"] or "").strip(),
        )
        for event in events
    )


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.shared
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", PRODUCTS)
def test_a_product_lands_in_the_calendars_and_the_second_night_has_nothing_to_do(shared: Path, tmp_path: Path, name: str) -> None:
    file, oracle, zone, period, now = PRODUCTS[name]
    database = shared / "data" / file
    start = datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone))
    # A window lasts to the end of its last day.
    until = datetime.combine(start.date() + timedelta(days=DAYS[name] + 1), datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    calendars = wanted(oracle(database), until)
    configuration = tmp_path / "timetable-sync.toml"
    text = CONFIGURATION.format(url="sqlite:///replaced.db", preset=f'"{name}"', zone=zone, period=period, more="")
    configuration.write_text(text.replace("1400 days", f"{DAYS[name]} days"), "utf-8")
    with SandboxProcess() as sandbox:
        installation = Installation(tmp_path, sandbox, configuration, f"sqlite:///{database}")
        sandbox.client.add_mailboxes(sorted(calendars))

        first = installation.run("--now", now)

        assert (first.returncode, first.stderr) == (0, "")
        assert f"{sum(map(Counter.total, calendars.values())):,} created, 0 updated, 0 deleted" in first.stdout
        found = sandbox.client.all_events()
        assert {address: standing(events) for address, events in found.items() if address in calendars} == calendars

        sandbox.client.reset_requests()
        second = installation.run("--now", now)

        assert (second.returncode, second.stderr) == (0, "")
        assert "0 calendars changed: 0 created, 0 updated, 0 deleted" in second.stdout
        assert not installation.written()
        assert sandbox.client.all_events() == found
        assert sandbox.client.mails() == 0
