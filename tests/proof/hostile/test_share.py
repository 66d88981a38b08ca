"""CI's share of bad timetables; that only allowed mailboxes are ever touched."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.night_world import NightWorld
from tests.proof.hostile.nights import NEVER, ROWS, full_calendar, night_of_bad_rows, night_without_end

SEED = random.SystemRandom().randrange(2**32)


def test_nights_of_bad_rows_lose_nothing_double_nothing_and_can_be_read_about(tmp_path: Path, tried: Callable[[str], None]) -> None:
    tried(f"120 rows, seed {SEED}")
    assert night_of_bad_rows(tmp_path, random.Random(SEED), 120) == [], f"seed {SEED}"  # noqa: S311 - chance for tests, no secret


@pytest.mark.parametrize("query", [ROWS, NEVER], ids=["rows without end", "a query that never ends"])
def test_a_query_without_end_is_ended_by_its_time(tmp_path: Path, query: str) -> None:
    summary = night_without_end(tmp_path, query)
    assert summary.exit_code == 4
    assert summary.failure is not None
    assert "took longer than 2 seconds to read" in summary.failure.message


def test_a_calendar_of_very_many_events_is_written_whole(tmp_path: Path) -> None:
    (report,) = full_calendar(tmp_path, 1_000).calendars
    assert len(report.changes) == 1_000


@pytest.mark.parametrize(
    "named",
    [
        "vc@example.ac.uk",
        "VC@EXAMPLE.AC.UK",
        "vc@example.ac.uk ",
        "vc@example.ac.uk\x00@groups.example.ac.uk",
        "vc@example.ac.uk,x@groups.example.ac.uk",
        "vc@example.ac.uk\n@groups.example.ac.uk",
        "vc@groups.example.ac.uk.evil.example",
        "vc@groups-example.ac.uk",
        "vc@\u0261roups.example.ac.uk",
        "v\u0441@example.ac.uk",
        '"vc@example.ac.uk"@groups.example.ac.uk',
    ],
)
def test_no_mailbox_but_those_allowed_is_touched_whatever_the_timetable_names(tmp_path: Path, named: str) -> None:
    world = NightWorld(tmp_path)
    text_of = world.configuration.read_text("utf-8")
    world.configuration.write_text(text_of.replace("{{ calendar | lower }}@groups.example.ac.uk", "{{ calendar }}"), "utf-8")
    world.backend.store.open_calendar("vc@example.ac.uk")
    world.timetable([("A", named, "2026-10-14 09:00", "2026-10-14 10:00", "Logic", "R1")])

    summary = world.night()

    assert all(not report.changes for report in summary.calendars)
    assert sum(world.backend.requests.values()) == 0
    assert summary.exit_code != 0
