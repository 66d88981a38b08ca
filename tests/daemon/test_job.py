"""What a daemon hands to its night arrives as it was, and holds no secret."""

from datetime import UTC, datetime
from pathlib import Path

from tests.config.configuration import SHORTEST, read
from timetable_sync.daemon.job import Job, written
from timetable_sync.daemon.job import read as taken

MORE = """\
[event]
subject = "{{ calendar }}: {{ title }}"
[[event.rules]]
when = { title = "Exam*" }
reminder = "1 day"
[guards]
deletes_in_calendar = { share = "12.5 %", at_least = 7 }
[run]
deadline = "90 minutes"
[state]
url = "postgresql+psycopg://timetable_sync@db.example.ac.uk/state"
password = { env = "STATE_PASSWORD" }
[schedule]
cron = ["0 2 * * *", "0 13 * * sat"]
time_zone = "Europe/Berlin"
jitter = "10 minutes"
"""


def test_every_value_arrives_as_it_was(tmp_path: Path) -> None:
    loaded = read(tmp_path, SHORTEST + MORE, {"TIMETABLE_SYNC_WINDOW__FUTURE": "100 days", "STATE_PASSWORD": "open sesame"})
    due = datetime(2026, 11, 24, 2, tzinfo=UTC)

    line = written(Job(loaded, due))

    assert line.count(b"\n") == 1
    assert b"open sesame" not in line
    assert taken(line) == Job(loaded, due)
    assert taken(written(Job(loaded, None))).due is None
