"""Each product's database through its preset: the very meetings that are in it, start, end, title, rooms, staff and groups."""

from pathlib import Path

import pytest

from tests.presets.oracles import PRODUCTS
from tests.presets.reading import configured, lessons_of

pytestmark = pytest.mark.shared


@pytest.mark.parametrize(
    ("name", "meetings", "calendars"),
    [("celcat", 48_182, 895), ("cmis", 48_182, 895), ("syllabusplus", 48_182, 895), ("unitime", 6_722, 21)],
)
def test_a_preset_reads_all_meetings_and_no_others(shared: Path, tmp_path: Path, name: str, meetings: int, calendars: int) -> None:
    file, oracle, zone, period, _ = PRODUCTS[name]
    wanted = oracle(shared / "data" / file)

    seen, reading = lessons_of(configured(tmp_path, f"sqlite:///{shared / 'data' / file}", f'"{name}"', zone, period))

    assert (reading.lessons, reading.events_in_window, len(seen.calendars)) == (meetings, meetings, calendars)
    assert (reading.bad_rows.count, reading.notes) == (0, ())
    assert seen.found.total() == meetings
    assert seen.found == wanted


def test_the_three_products_with_one_semester_hold_the_same_meetings(shared: Path) -> None:
    """So that the tests above compare them with each other as well."""
    celcat, cmis, syllabusplus = (PRODUCTS[name][1](shared / "data" / PRODUCTS[name][0]) for name in ("celcat", "cmis", "syllabusplus"))

    assert celcat.total() == 48_182
    assert celcat == cmis == syllabusplus
    assert len({group for meeting in celcat for group in meeting.groups}) == 895
