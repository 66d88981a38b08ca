"""docs/timetable.md says what is so."""

import re
from pathlib import Path

from timetable_sync.config.column_names import ALWAYS_THERE
from timetable_sync.timetable.clean_text import slug

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "timetable.md").read_text("utf-8")
ROOM = Path(__file__).resolve().parents[2] / "timetable_sync" / "timetable"


def test_every_name_that_is_always_there_is_explained() -> None:
    table = TEXT[TEXT.index("| name | what it is |") : TEXT.index("A name that does not exist")]
    explained = {name for line in table.splitlines() for name in re.findall(r"`([a-z]+)`", line.split("|")[1] if "|" in line else "")}
    assert explained - {"subject"} == set(ALWAYS_THERE)


def test_the_slug_that_is_shown_is_the_one_that_is_made() -> None:
    assert f"`{slug('C S 101')}@groups.example.ac.uk` of `C S 101`" in TEXT


def test_every_reason_that_a_report_can_give_is_in_the_table() -> None:
    code = "".join((ROOM / name).read_text("utf-8") for name in ("calendars.py", "columns.py", "pipeline.py", "events.py"))
    for reason in (
        "end before start",
        "of no length",
        "of one key with different times",
        "for which a template fails",
        "with no mail address for its calendar",
        "with no mailbox for its calendar",
        "with several mailboxes for its calendar",
    ):
        assert f'"{reason}"' in code
        assert reason in TEXT
    for beginning in ("without a calendar", "without a title", "without a start", "without an activity", "without a key"):
        assert beginning in TEXT
