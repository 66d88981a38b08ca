"""A whole university's nights: its week patterns are the very meetings that its dated view has.

A few nights by default, all 146 with TIMETABLE_SYNC_TEST_NIGHTS=all.
"""

import os
from pathlib import Path

import pytest

from tests.timetable.nights import NIGHTS, as_patterns, copied, dated, each_night, lessons_of

FEW = [range(1, 2), range(40, 41), range(80, 81), range(120, 121), range(NIGHTS, NIGHTS + 1)]
ALL = [range(1 + part * 15, min(NIGHTS, (part + 1) * 15) + 1) for part in range(10)]


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("nights", ALL if os.environ.get("TIMETABLE_SYNC_TEST_NIGHTS") == "all" else FEW, ids=str)
def test_week_patterns_are_the_meetings_of_the_dated_view(shared: Path, tmp_path: Path, nights: range) -> None:
    file = copied(shared / "data", tmp_path)
    for night in each_night(file, nights):
        meetings = lessons_of(dated(file))
        assert len(meetings) > 900, night
        assert lessons_of(as_patterns(file)) == meetings, night
