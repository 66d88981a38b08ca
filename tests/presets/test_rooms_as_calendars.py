"""Where rooms are calendars, meetings that have no room yet are no mistakes, whatever the product."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.presets.oracles import PRODUCTS
from tests.presets.reading import configured, lessons_of

pytestmark = pytest.mark.shared

#: What takes the room from three meetings of UniTime's demonstration college, which has one for each.
THREE = """
UPDATE meeting SET location_perm_id = NULL WHERE uniqueid IN
(SELECT m.uniqueid FROM meeting m JOIN event e ON e.uniqueid = m.event_id AND e.event_type = 0 ORDER BY m.uniqueid LIMIT 3)
"""


def test_meetings_without_a_room_are_counted_and_nothing_is_set_aside(shared: Path, tmp_path: Path) -> None:
    file, _, zone, period, _ = PRODUCTS["unitime"]
    copy = tmp_path / "college.sqlite"
    shutil.copyfile(shared / "data" / file, copy)
    with closing(sqlite3.connect(copy)) as database, database:
        assert database.execute(THREE).rowcount == 3
    rooms = '{ name = "unitime", calendars = "rooms" }'

    _, reading = lessons_of(configured(tmp_path, f"sqlite:///{copy}", rooms, zone, period))

    assert (reading.bad_rows.count, reading.nowhere_in_window, reading.lessons) == (0, 3, 6_722)
    assert reading.events_in_window == 6_719
